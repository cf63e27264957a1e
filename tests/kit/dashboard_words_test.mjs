// Parts of the dashboard's page that need no page: numbers in words, and events out of a stream
// that comes in any pieces.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

async function part(name) {
  const file = new URL(`../../cohort/dashboard/assets/${name}.js`, import.meta.url);
  return import(`data:text/javascript;base64,${readFileSync(file).toString("base64")}`);
}

const words = await part("words");
const { eventReader } = await part("feed");
const gap = "\u00a0";

for (const missing of [null, undefined, NaN, "7"]) {
  for (const say of [words.count, words.rate, words.milliseconds, words.bytes, words.percent,
                     words.duration])
    assert.equal(say(missing), "–", `${say.name}(${missing})`);
}
assert.equal(words.rate(0.25), "0.3");
assert.equal(words.count(12345), "12.3k");
assert.equal(words.bytes(21 * 1024 * 1024), "21M");
assert.equal(words.bytes(1023), "1023B");
assert.equal(words.percent(0.0004), `0.04${gap}%`);
assert.equal(words.percent(1), `100${gap}%`);
assert.equal(words.milliseconds(1500), `1.50${gap}s`);
assert.equal(words.milliseconds(0.001), `<${gap}0.01${gap}ms`);
assert.equal(words.milliseconds(0.5), `0.50${gap}ms`);
assert.equal(words.duration(93784), "1d2h");
assert.equal(words.duration(3600), "1h");
assert.equal(words.duration(0.2), "0s");
assert.equal(words.errorShare(1, 4), 0.25);
assert.equal(words.errorShare(0, 0), 0);
assert.equal(words.errorShare(null, 4), null);
assert.equal(words.moment("nonsense"), null);
assert.equal(words.clock(null), "–");
assert.equal(words.moment(1_700_000_000).getTime(), words.moment(1_700_000_000_000).getTime());
assert.equal(words.toneOfEvent({ kind: "stage", words: "booting → serving (ready)" }), "good");
assert.equal(words.logLine('{"timestamp":"2026-01-02T10:00:00.000Z","level":"warn",' +
                           '"message":"slow","pid":7,"workerId":3,"took":12}'),
             "2026-01-02T10:00:00.000Z warn  slow  workerId=3  took=12");
assert.equal(words.logLine('{"level":50,"time":1,"msg":"of pino"}'), "1 error of pino");
assert.equal(words.logLine("Traceback"), "Traceback");
assert.equal(words.logLine("null"), "null");
assert.equal(words.short("x".repeat(81)).length, 80);
assert.equal(words.short("short"), "short");
assert.equal(words.toneOfEvent({ kind: "end", words: "pid 7 ended: killed by SIGKILL" }), "bad");
assert.equal(words.toneOfEvent({ kind: "scaled", words: "from 2, to 4, changed" }), "warn");

const stream = ": a comment\r\nevent: state\r\ndata: {\"a\":1}\r\n\r\n" +
  "event: state\ndata: one\ndata: two\n\ndata:bare\n\nevent: empty\n\n";
const expected = [["state", "{\"a\":1}"], ["state", "one\ntwo"], ["message", "bare"]];
for (let first = 0; first <= stream.length; ++first) {
  for (let second = first; second <= stream.length; ++second) {
    const heard = [];
    const read = eventReader((event, data) => heard.push([event, data]));
    for (const piece of [stream.slice(0, first), stream.slice(first, second),
                         stream.slice(second)])
      read(piece);
    assert.deepEqual(heard, expected, `cut at ${first} and ${second}`);
  }
}
assert.throws(() => eventReader(() => {})("x".repeat(17 << 20)), /without an end/);
