// A stand-in for a cohort's dashboard: the real page, and states that move. For work on the page,
// and for what a real cohort cannot be asked to do on the spot: texts that look like markup,
// streams that break, numbers that are missing.
//
//   node dashboard_fixture.mjs [--token T] [--port N] [--tame]
//
// POST /fixture/{cut|hush|speak|kill/SLOT|blank|demote|forget} makes things happen.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";

const option = (name) => {
  const place = process.argv.indexOf(name);
  return place === -1 ? "" : process.argv[place + 1];
};
const token = option("--token");
const assets = fileURLToPath(new URL("../../cohort/dashboard/assets/", import.meta.url));
const types = { html: "text/html; charset=utf-8", css: "text/css", js: "text/javascript" };
const policy = "default-src 'none';script-src 'self';style-src 'self';img-src 'self' data:;" +
  "connect-src 'self';base-uri 'none';form-action 'none';frame-ancestors 'none'";
const markup = process.argv.includes("--tame") ? "/health"
  : "<img src=x onerror=alert(1)><b>not bold</b>";
const began = Date.now();

let hushed = false, blank = false, mayOrder = true, forgotten = false, tick = 0;
const events = [], crashes = [], history = [];
const workers = Array.from({ length: 4 }, (_, slot) => ({
  slot, id: slot + 1, pid: 4100 + slot, generation: 3, state: "serving", ready: true, born: began,
  deaths: 0, last_death: null, level: "info",
}));

function note(slot, kind, words) {
  events.push({ at: new Date().toISOString(), slot, kind, words });
  events.splice(0, events.length - 50);
}

function kill(slot) {
  const worker = workers[slot];
  crashes.push({ at: new Date().toISOString(), slot, pid: worker.pid, cause: "SIGSEGV",
                 words: "killed by signal 11 (SIGSEGV)",
                 report: "/var/log/cohort/payments.1.crash" });
  worker.last_death = { at: new Date().toISOString(), cause: "SIGSEGV",
                        words: "killed by signal 11 (SIGSEGV)" };
  note(slot, "end", `worker ${worker.id} (pid ${worker.pid}) ended: killed by signal 11 (SIGSEGV)`);
  Object.assign(worker, { state: "booting", ready: false, deaths: worker.deaths + 1,
                          pid: worker.pid + 10, id: worker.id + 4, born: Date.now() });
  setTimeout(() => {
    Object.assign(worker, { state: "serving", ready: true });
    note(slot, "stage", `slot ${slot} serves again`);
  }, 1500);
}

const wave = (of, width, more) => width + more * Math.sin((tick + of * 7) / 9);

function measure() {
  tick += 1;
  const ready = workers.filter((each) => each.ready).length;
  history.push({ requests_per_s: 310 * ready + wave(0, 0, 90), ready, p99_ms: wave(1, 7.5, 2),
                 errors_per_s: tick % 40 < 3 ? 6 : 0.2 });
  history.splice(0, history.length - 300);
}

const row = (worker) => ({
  ...worker, born: undefined, deaths: undefined, level: undefined, restarts_hour: worker.deaths,
  uptime_s: (Date.now() - worker.born) / 1000,
  utilisation: blank ? null : wave(worker.slot, 0.4, 0.2),
  lag_p99_ms: blank ? null : wave(worker.slot, 1.4, 0.6), in_flight: Math.round(wave(3, 6, 4)),
  connections: 31 + worker.slot, requests_per_s: worker.ready ? wave(worker.slot, 310, 20) : 0,
  errors_per_s: 0.05, pss_bytes: 21e6 + worker.slot * 1e5, cpu: wave(worker.slot, 0.35, 0.1),
  fds: 58 + worker.slot, oddness: worker.slot === 2 ? 3.4 : 0.2, odd: worker.slot === 2,
  log_errors: blank ? null : worker.deaths,
  last_error: worker.deaths > 0 ? {
    at: new Date(Date.parse(worker.last_death.at) + 2000).toISOString(),
    words: `upstream gone ${markup}`,
  } : null,
});

function state() {
  const column = (name) => history.map((each) => each[name]);
  const now = history.at(-1);
  const serving = workers.filter((each) => each.ready).length;
  return {
    cohort: { name: "payments", version: "0.1.0", pid: 4021, generation: 3,
              uptime_s: (Date.now() - began) / 1000 + 93784,
              state: serving === 4 ? "serving" : "degraded",
              reason: serving === 4 ? "" : `${4 - serving} of 4 workers do not serve`,
              workers_ready: serving, workers_wanted: 4, requests_per_s: now.requests_per_s,
              errors_per_s: now.errors_per_s, p50_ms: 1.2, p99_ms: now.p99_ms, connections: 130 },
    history: { every_s: 1, requests_per_s: column("requests_per_s"), ready: column("ready"),
               errors_per_s: column("errors_per_s"), p99_ms: column("p99_ms") },
    workers: workers.map(row),
    routes: blank ? [] : [
      ["POST", "/payments", 0.62, 210, 9.1], ["GET", "/payments/{id}", 0.3, 980, 2],
      ["GET", markup, 0.05, 44, 1.1],
    ].map(([method, route, time_share, requests_per_s, p99_ms]) =>
      ({ method, route, time_share, requests_per_s, p99_ms, p50_ms: p99_ms / 4, errors_per_s: 0 })),
    events, crashes,
    dropped: { log_lines: 0, log_lines_cut: 0, spans: blank ? 0 : 12, metric_series: 0,
               subscribers: 0, clock_steps: 0 },
    refused: { rate_limited: blank ? 0 : 3, credentials: blank ? 0 : 1204, cross_origin: 0,
               of_a_later_version: blank ? 0 : 1 },
    throttled_s: blank ? null : 0,
    memory: blank ? {} : { shared_bytes: 6.1e6, shared_room: 64e6 },
  };
}

function act(slot, verb, body) {
  const worker = workers[slot];
  const name = `payments.${slot}`;
  if (verb === "drain") {
    Object.assign(worker, { state: "held", ready: false });
    note(slot, "stage", `slot ${slot}: serving → held (asked to drain)`);
    return { exit: 0, reason: `${name} is empty until it is resumed`, data: {} };
  }
  if (verb === "resume") {
    Object.assign(worker, { state: "serving", ready: true, born: Date.now() });
    return { exit: 0, reason: `${name} serves`, data: {} };
  }
  if (verb === "dump")
    return { exit: 0, reason: `${name} (pid ${worker.pid}) has 1 thread`,
             data: { slots: [{ slot, report: `thread 1 "api" waits\n  ${markup}` }] } };
  if (verb === "level")
    return { exit: 0, reason: `${name} logs from ${body.level} on`, data: {} };
  return { exit: 7, reason: `${name} cannot do that: another reload is under way`, data: {} };
}

/** What `why` tells of a slot. */
const ends = (slot) => crashes.filter((each) => String(each.slot) === slot).map((each) => ({
  pid: each.pid, worker: 2, reason: each.words, lived_ms: 12000, served_ms: 11000,
  file: "/var/log/cohort/payments.1.crash", story: forgotten ? undefined
    : `stack of thread 1 "api"\n  #0 ${markup} at handler.cpp:40\n  #1 main`,
}));

const streams = new Set();

function happen(what, slot) {
  if (what === "cut")
    streams.forEach((each) => each.destroy());
  else if (what === "kill")
    kill(Number(slot));
  else if (what === "demote")
    mayOrder = false;
  else if (what === "forget")
    forgotten = true;
  else if (what === "blank")
    blank = !blank;
  else
    hushed = what === "hush";
}

const json = (answer, status, what) => {
  answer.writeHead(status, { "Content-Type": "application/json" });
  answer.end(JSON.stringify(what));
};

const server = createServer(async (request, answer) => {
  let text = "";
  for await (const piece of request)
    text += piece;
  const path = new URL(request.url, "http://here").pathname;
  const [, first, second, third, fourth, fifth] = path.split("/");
  if (first === "fixture") {
    happen(second, third);
    return json(answer, 200, {});
  }
  if (first !== "api") {
    const name = path === "/" ? "index.html" : path.slice(1);
    if (!/^[a-z]+\.(html|css|js)$/.test(name))
      return json(answer, 404, { reason: "there is nothing" });
    answer.writeHead(200, { "Content-Type": types[name.split(".")[1]],
                            "Content-Security-Policy": policy });
    return answer.end(readFileSync(assets + name));
  }
  if (token && request.headers.authorization !== `Bearer ${token}`)
    return json(answer, 401, { title: "Unauthorized", status: 401 });
  if (third === "stream") {
    answer.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    streams.add(answer);
    answer.on("close", () => streams.delete(answer));
    return answer.write(`event: state\ndata: ${JSON.stringify(state())}\n\n`);
  }
  if (third === "access")
    return json(answer, 200, { may: mayOrder ? ["look", "order"] : ["look"] });
  if (third === "workers" && fifth === "logs")
    return json(answer, 200, { exit: 0, reason: "", data: { file: "/var/log/payments.log",
      lines: [`{"timestamp":"2026-01-01T00:00:00.000Z","level":"error","message":"gone",` +
              `"from":${JSON.stringify(markup)}}`, "plain words"] } });
  if (third === "why" && fifth !== undefined) {
    answer.writeHead(200, { "Content-Type": "text/plain" });
    return answer.end(`all of worker ${fifth}`);
  }
  if (third === "why")
    return json(answer, 200, { exit: 0, reason: "", data: { slots: [{ ends: ends(fourth) }] } });
  if (request.method === "POST" && third === "workers")
    return json(answer, 200, act(Number(fourth), fifth, text ? JSON.parse(text) : {}));
  return json(answer, 200, state());
});

for (let before = 0; before < 240; ++before)
  measure();
note(null, "reloaded", "generation 3 serves: configuration was changed");
setInterval(() => {
  measure();
  if (!hushed)
    streams.forEach((each) => each.write(`event: state\ndata: ${JSON.stringify(state())}\n\n`));
}, 1000);
server.listen(Number(option("--port")), "127.0.0.1", () =>
  console.log(`listening on 127.0.0.1:${server.address().port}`));
