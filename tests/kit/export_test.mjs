// What a cohort sends by OTLP while its workers are killed and its collector fails in every way
// that there is: each document before OpenTelemetry's decoder, metrics against the page that
// Prometheus scrapes, and every line of the log accounted for.
//
// export_test.mjs metrics_sample
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { judge, logs, metrics, traces } from './otlp_judge.mjs';

const kinds = { traces, metrics, logs };

const program = process.argv[2];
const problems = [];
const expect = (is, words) => { if (!is && problems.length < 20) problems.push(words); };
const patience = 120_000;
let isOver = false;
const eventually = async (what, holds) => {
    const until = Date.now() + patience;
    for (;;) {
        const found = await holds();
        if (found) return found;
        if (isOver || Date.now() > until)
            throw Error([`never: ${what}`, ...problems].join('\n'));
        await new Promise((done) => setTimeout(done, 50));
    }
};

// The judge must be able to say no.
const refused = (document, signal) => {
    try { judge(document, kinds[signal]); return false; } catch { return true; }
};
const point = (more) => ({ resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'x', sum: {
    aggregationTemporality: 2, isMonotonic: true,
    dataPoints: [{ timeUnixNano: '1', ...more }] } }] }] }] });
const record = (more) => ({ resourceLogs: [{ scopeLogs: [{ logRecords: [{
    observedTimeUnixNano: '1', ...more }] }] }] });
expect(!refused(point({ asInt: '1' }), 'metrics'), 'the judge refuses a good data point');
expect(refused(point({ as_int: '1' }), 'metrics'), 'the judge knows as_int');
expect(refused(point({ asInt: '1', asDouble: 1 }), 'metrics'), 'the judge takes both values');
expect(refused(point({ startTimeUnixNano: 1 }), 'metrics'), 'the judge takes numbers for times');
expect(!refused(record({ severityNumber: 9 }), 'logs'), 'the judge refuses a good record');
expect(refused(record({ severityNumber: 'INFO' }), 'logs'), 'the judge takes words for numbers');
expect(refused(record({ traceId: 'abc' }), 'logs'), 'the judge takes any id');
expect(refused(record({ body: 'bare' }), 'logs'), 'the judge takes a bare body');

// A collector that does with requests what `plans` says, signal by signal; then it takes them.
const plans = { traces: [], metrics: [], logs: [] };
const taken = { traces: [], metrics: [], logs: [] };
const turned = { traces: [], metrics: [], logs: [] };  // refused for good
let rejected = 0;
const outcomes = {
    later: (answer) => answer.writeHead(503, { 'retry-after': '0' }).end(),
    often: (answer) => answer.writeHead(429, { 'retry-after': '0' }).end(),
    hang: () => {},
    reset: (answer) => answer.socket.destroy(),
    no: (answer) => answer.writeHead(400).end('no'),
};
const receive = (request, answer) => {
    const pieces = [];
    request.on('data', (piece) => pieces.push(piece));
    request.on('end', () => {
        const signal = request.url.slice('/v1/'.length);
        try {
            const text = gunzipSync(Buffer.concat(pieces)).toString();
            const document = judge(JSON.parse(text), kinds[signal]);
            const plan = plans[signal].shift();
            if (plan === 'no') turned[signal].push(document);
            if (plan !== undefined && plan !== 'part') return outcomes[plan](answer);
            taken[signal].push(document);
            if (plan === 'part') ++rejected;
            answer.writeHead(200, { 'content-type': 'application/json' });
            return answer.end(plan === 'part'
                ? '{"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"test"}}' : '{}');
        } catch (wrong) {
            problems.push(`${request.url}: ${wrong}`);
            return answer.writeHead(400).end();
        }
    });
};
const listen = (port) => new Promise((done) => {
    const one = createServer(receive);
    one.listen(port, '127.0.0.1', () => done(one));
});
let collector = await listen(0);
const port = collector.address().port;

const child = spawn(program, ['--listen', '127.0.0.1:0', '--workers', '2', '--name', 'sample'], {
    env: { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
        OTEL_EXPORTER_OTLP_TIMEOUT: '2000', OTEL_METRIC_EXPORT_INTERVAL: '500',
        OTEL_BSP_SCHEDULE_DELAY: '100', OTEL_BLRP_SCHEDULE_DELAY: '100',
        OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: '64', OTEL_SERVICE_NAME: 'sample' },
    stdio: ['ignore', 'pipe', 'inherit'],
});
let log = '';
child.stdout.on('data', (piece) => { log += piece; });
const ended = new Promise((done) => child.on('close', () => { isOver = true; done(); }));
process.on('exit', () => child.kill('SIGKILL'));
const site = `http://127.0.0.1:${await eventually('the cohort listens', () =>
    /listening on (?:port |\S*:)(\d+)/.exec(log)?.[1])}`;
expect(log.includes(`telemetry: spans to http://127.0.0.1:${port}/v1/traces, metrics to `),
    'the log does not say what is sent whither');
// How it is answered who killed his worker is tested elsewhere.
const get = (path) => fetch(`${site}${path}`, { signal: AbortSignal.timeout(60_000) })
    .then((answer) => answer.text()).catch(() => '');

// Lines of the log, in all that goes wrong.
const records = (documents) => documents.flatMap((each) => each.resourceLogs)
    .flatMap((each) => each.scopeLogs).flatMap((each) => each.logRecords);
const attributes = (of) => Object.fromEntries((of.attributes ?? []).map((each) =>
    [each.key, Object.values(each.value)[0]]));
const numbers = (documents) => records(documents).map((each) => attributes(each).number)
    .filter((each) => each !== undefined).map(Number);
let said = 0;
const say = async (times) => {
    await Promise.all(Array.from({ length: times }, () => get(`/say/${++said}`)));
};
const arrived = () => new Set([...numbers(taken.logs), ...numbers(turned.logs)]).size;
for (const plan of [['later', 'often', 'later'], ['reset'], ['hang'], ['part'], ['no'], []]) {
    plans.logs.push(...plan);
    await say(40);
    await get(`/last/${++said}`);  // of a worker that is dead then
    await eventually(`${said} lines arrive after ${plan}`, () => arrived() === said);
    expect(plans.logs.length === 0, `not asked: ${plans.logs}`);
}
collector.closeAllConnections();
collector.close();
await say(40);
collector = await listen(port);
await eventually('the lines that were written without a collector', () => arrived() === said);
expect(numbers(taken.logs).length + numbers(turned.logs).length === said, 'a line came twice');

const words = records(taken.logs).filter((each) => attributes(each).number !== undefined);
const some = words.at(-1);
expect(some.body.stringValue === 'said' && some.severityNumber === 13 &&
    some.severityText === 'warn', JSON.stringify(some));
expect(Math.abs(Number(some.timeUnixNano) / 1e6 - Date.now()) < 600_000 &&
    Math.abs(Number(some.observedTimeUnixNano) - Number(some.timeUnixNano)) < 5e9,
    `the time is ${some.timeUnixNano}, ${some.observedTimeUnixNano}`);
expect(words.filter((each) => each.body.stringValue === 'last words').length >= 5,
    'the last words of the dead are missing');
const others = records(taken.logs).filter((each) => !attributes(each)['cohort.worker']);
expect(others.some((each) => /SIGKILL|died|ended/.test(JSON.stringify(each))),
    'the primary does not say who died');

// Lines name the spans that they belong to, which have arrived, too.
const spans = () => taken.traces.flatMap((each) => each.resourceSpans)
    .flatMap((each) => each.scopeSpans).flatMap((each) => each.spans);
await eventually('the span of a line', () => spans().some((each) =>
    each.traceId === some.traceId && each.spanId === some.spanId));
const access = records(taken.logs).filter((each) => each.body.stringValue === 'request');
expect(access.length > 100 && access.every((each) => each.traceId && each.spanId),
    'an access is in no trace');

// Metrics: the same as on the page, and nothing ever falls.
for (let round = 0; round < 3; ++round) {
    await Promise.all(Array.from({ length: 20 }, () => get('/pay/EUR')));
    plans.metrics.push(...[['later'], ['no'], ['hang']][round]);
    await get(`/die/${round}`);
}
const prometheus = { 'process.memory.usage': 'process_resident_memory_bytes',
    'process.memory.virtual': 'process_virtual_memory_bytes',
    'process.unix.file_descriptor.count': 'process_open_fds' };
const flat = (documents) => {
    const values = new Map();
    for (const metric of documents.flatMap((each) => each.resourceMetrics)
        .flatMap((each) => each.scopeMetrics).flatMap((each) => each.metrics)) {
        const kind = ['sum', 'gauge', 'histogram'].find((each) => metric[each]);
        const grows = kind === 'histogram' || metric.sum?.isMonotonic === true;
        const unit = { s: '_seconds', By: '_bytes' }[metric.unit] ?? '';
        let name = prometheus[metric.name] ?? metric.name.replaceAll('.', '_');
        if (!name.replace(/_total$/, '').endsWith(unit)) name += unit;
        if (kind === 'sum' && grows && !name.endsWith('_total')) name += '_total';
        for (const each of metric[kind].dataPoints) {
            const labels = Object.entries(attributes(each)).map(([key, value]) =>
                `${key === 'cohort.slot' ? 'slot' : key.replaceAll('.', '_')}="${value}"`);
            const series = (suffix, more = []) =>
                `${name}${suffix}{${[...labels, ...more].sort().join(',')}}`;
            const start = each.startTimeUnixNano;
            if (kind !== 'histogram') {
                const value = Number(each.asInt ?? each.asDouble);
                values.set(series(''), { value, grows, start });
                continue;
            }
            expect(each.bucketCounts.length === each.explicitBounds.length + 1 &&
                each.bucketCounts.reduce((all, one) => all + Number(one), 0) === Number(each.count),
                `the buckets of ${name}`);
            values.set(series('_count'), { value: Number(each.count), grows, start });
            values.set(series('_sum'), { value: each.sum, grows, start });
            let below = 0;
            each.explicitBounds.forEach((bound, i) => {
                below += Number(each.bucketCounts[i]);
                values.set(series('_bucket', [`le="${bound}"`]), { value: below, grows, start });
            });
        }
    }
    return values;
};
const page = async () => {
    const values = new Map();
    for (const line of (await get('/metrics')).split('\n')) {
        const found = /^([a-z0-9_]+)(?:\{(.*)\})? (\S+)$/.exec(line);
        if (!found || found[2]?.includes('le="+Inf"')) continue;
        const labels = [...(found[2] ?? '').matchAll(/([a-z0-9_]+)="((?:[^"\\]|\\.)*)"/g)]
            .filter((each) => each[2] !== '').map((each) => `${each[1]}="${each[2]}"`);
        values.set(`${found[1]}{${labels.sort().join(',')}}`, Number(found[3]));
    }
    return values;
};
const before = await eventually('60 payments on the page', async () => {
    const seen = await page();
    return seen.get('payments_total{currency="EUR"}') === 60 && seen;
});
const since = taken.metrics.length;
await eventually('metrics that were read after that', () => taken.metrics.length >= since + 3);
const last = flat([taken.metrics[since + 2]]);
const after = await page();
let compared = 0;
for (const [series, seen] of last) {
    if (!before.has(series) || !after.has(series)) {
        expect(!seen.grows || after.has(series), `${series} is not on the page`);
        continue;
    }
    ++compared;
    const near = seen.grows
        ? before.get(series) <= seen.value && seen.value <= after.get(series)
        : before.get(series) !== after.get(series) || seen.value === before.get(series);
    expect(near, `${series}: ${before.get(series)}, ${seen.value}, ${after.get(series)}`);
}
for (const series of before.keys())
    expect(last.has(series) || !after.has(series), `${series} was not sent`);
expect(compared > 150, `${compared} series were compared`);
// What is lost is counted, and nothing else is.
const lost = await eventually('the counters are where they should be', async () => {
    const seen = await page();
    const of = (name, type) =>
        seen.get(`${name}_total{${type ? `error_type="${type}"` : ''}}`) ?? 0;
    return of('otel_sdk_exporter_log_exported', 'refused') === records(turned.logs).length &&
        of('otel_sdk_exporter_log_exported', 'rejected') === rejected &&
        of('otel_sdk_exporter_log_exported', '') >= words.length &&
        of('otel_sdk_exporter_metric_data_point_exported', 'refused') > 0 && of;
});
// A reading has the time until the next one, which knows more.
expect(lost('otel_sdk_exporter_metric_data_point_exported', 'given_up') > 0, 'nothing was late');
for (const name of ['span', 'log']) {
    expect(lost(`otel_sdk_exporter_${name}_exported`, 'given_up') === 0, `${name}s were given up`);
    expect(lost(`otel_sdk_processor_${name}_processed`, 'queue_full') === 0, `${name}s were lost`);
}

// Who sends dies, too: its successor goes on where it stopped, and so do the counters.
const titleOf = (pid) => {
    try { return readFileSync(`/proc/${pid}/cmdline`, 'utf8'); } catch { return ''; }
};
// Other tests may run a cohort of that name: ours is a descendant of the child.
const parentOf = (pid) => {
    try { return /^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]; }
    catch { return '0'; }
};
const isOurs = (pid) => pid !== '0' && (Number(pid) === child.pid || isOurs(parentOf(pid)));
const exporter = readdirSync('/proc').filter((each) => /^[0-9]+$/.test(each)).find((each) =>
    titleOf(each).startsWith('cohort: dashboard') && isOurs(each));
process.kill(Number(exporter), 'SIGKILL');
await say(40);
await eventually('lines from the next one', () => arrived() === said);
const sent = taken.metrics.length;
await eventually('readings from the next one', () => taken.metrics.length > sent + 1);
let past = new Map();
const starts = new Set();
for (const document of taken.metrics) {
    const now = flat([document]);
    for (const [series, seen] of now) {
        if (!seen.grows) continue;
        starts.add(seen.start);
        expect(!past.has(series) || past.get(series).value <= seen.value, `${series} has fallen`);
    }
    for (const series of past.keys())
        expect(now.has(series) || !past.get(series).grows, `${series} has vanished`);
    past = now;
}
expect(starts.size === 1, `counters began ${starts.size} times`);
const exemplars = taken.metrics.flatMap((each) => JSON.stringify(each)
    .match(/"traceId":"0af7651916cd43dd8448eb211c80319c"/g) ?? []);
expect(exemplars.length > 0, 'no exemplar has come');

// What is left at the end is sent before the cohort is gone.
await get(`/say/${++said}`);
child.kill('SIGTERM');
await ended;
expect(arrived() === said, `${said - arrived()} lines were lost at the end`);
expect(!log.split('\n').some((line) => line.includes('exception escaped')), 'somebody crashed');
collector.closeAllConnections();
collector.close();

for (const problem of problems.slice(0, 20)) console.log(problem);
console.log(`${records(taken.logs).length} lines, ${taken.metrics.length} readings of ` +
    `${past.size} values, ${spans().length} spans, ${problems.length} problems`);
process.exitCode = problems.length ? 1 : 0;
