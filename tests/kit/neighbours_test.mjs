// A cohort between two services that OpenTelemetry's SDK instruments: one asks it, it asks the
// other. All three send to one collector, and what the traces look like there is compared with what
// was answered.
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { judge } from './otlp_judge.mjs';

const program = process.argv[2];
const neighbour = fileURLToPath(new URL('neighbour.cjs', import.meta.url));
const patience = 120_000;
const problems = [];
const expect = (is, words) => { if (!is) problems.push(words); };

// The collector: spans, and who sent them.
let spans = [];
let arrived = () => {};
const collector = createServer((request, answer) => {
    const pieces = [];
    request.on('data', (piece) => pieces.push(piece));
    request.on('end', () => {
        try {
            const bytes = Buffer.concat(pieces);
            const packed = request.headers['content-encoding'] === 'gzip';
            const text = (packed ? gunzipSync(bytes) : bytes).toString();
            for (const each of judge(JSON.parse(text)).resourceSpans) {
                const service = each.resource.attributes
                    .find(({ key }) => key === 'service.name').value.stringValue;
                for (const scope of each.scopeSpans)
                    spans.push(...scope.spans.map((span) => ({ ...span, service })));
            }
        } catch (wrong) {
            problems.push(String(wrong));
        }
        answer.writeHead(200, { 'content-type': 'application/json' }).end('{}');
        arrived();
    });
});
await new Promise((done) => collector.listen(0, '127.0.0.1', done));
const endpoint = `http://127.0.0.1:${collector.address().port}`;

// Until it holds, looked at whenever something arrives.
const until = (holds, words) => new Promise((done) => {
    const late = setTimeout(() => { problems.push(`in vain: ${words}`); end(); }, patience);
    const end = () => { clearTimeout(late); arrived = () => {}; done(); };
    arrived = () => { if (holds()) end(); };
    arrived();
});

const start = (command, words, env) => {
    const child = spawn(command, words, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env,
        OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
        OTEL_METRICS_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none',
        OTEL_BSP_SCHEDULE_DELAY: '100', ...env } });
    const lines = [];
    const waiting = [];
    const look = () => {
        for (const each of [...waiting]) {
            const found = lines.find(each.likes);
            if (found !== undefined) {
                waiting.splice(waiting.indexOf(each), 1);
                each.done(found);
            }
        }
    };
    createInterface({ input: child.stdout }).on('line', (line) => { lines.push(line); look(); });
    const ended = new Promise((done) => child.on('close', (code) => {
        for (const each of waiting) each.failed(Error(`${command} ended: ${lines.join('\n')}`));
        done(code);
    }));
    const line = (likes) => new Promise((done, failed) => {
        waiting.push({ likes, done, failed });
        look();
    });
    return { child, lines, ended, line };
};

// Asked through a cohort between two of them: the answers of the far one. With nobody in
// `front` we ask it without any context. `each`: spans of one trace.
const run = async (count, env) => {
    const ofOurs = env.front === 'nobody';
    spans = [];
    const far = start(process.execPath, [neighbour, 'server'], env.far ?? {});
    const near = start(program, ['--workers', '2', '--bind', '127.0.0.1:0', '--name', 'between'],
        { NEIGHBOUR: `http://127.0.0.1:${await far.line(() => true)}`, ...env.between });
    const listening = JSON.parse(await near.line((line) => line.includes('listening on port')));
    const url = `http://${listening.endpoint.replace(/^.*\/\//, '')}/through`;
    let answers;
    if (ofOurs) {
        answers = [];
        for (let i = 0; i < count; ++i) answers.push(await (await fetch(url)).json());
    } else {
        const first = start(process.execPath, [neighbour, 'client', url, String(count)],
            env.client ?? {});
        expect(await first.ended === 0, 'the client failed');
        answers = first.lines.map((line) => JSON.parse(line));
    }
    expect(answers.length === count, `${answers.length} answers`);
    const wanted = answers.filter((each) => each.sampled).length * (env.each ?? 5);
    await until(() => spans.length >= wanted, `${wanted} spans`);
    far.child.stdin.end();
    near.child.kill('SIGTERM');
    expect(await far.ended === 0 && await near.ended === 0, 'somebody ended badly');
    expect(spans.length === wanted, `${spans.length} spans, not ${wanted}`);
    return answers;
};

// The spans of one trace, from the first to the last of a chain without branches.
const chain = (traceId) => {
    const left = spans.filter((each) => each.traceId === traceId);
    const ordered = [];
    let next = left.find((each) => !each.parentSpanId);
    while (next) {
        ordered.push(next);
        const id = next.spanId;
        next = left.find((each) => each.parentSpanId === id);
    }
    expect(ordered.length === left.length, `branches, or a gap: ${JSON.stringify(left)}`);
    return ordered;
};
const shape = (traceId) => chain(traceId).map((each) => `${each.service} ${each.kind}`).join(', ');
const ours = 'between 2, between 3, server 2';
const all = `client 1, client 3, ${ours}`;

// One trace over three services, and what travels with it.
{
    const [told] = await run(1, {});
    expect(told.sampled === 1, 'not sampled');
    expect(shape(told.traceId) === all, shape(told.traceId));
    expect(told.state === 'vendor=1,other=x', `tracestate: ${told.state}`);
    expect(JSON.stringify(told.baggage) === '{"user":"Zoë, 7","plan":"gold"}',
        JSON.stringify(told.baggage));
    const server = chain(told.traceId)[2];
    expect(server?.name === 'GET /through' && server?.traceState === told.state,
        JSON.stringify(server));
}

// A share: who begins a trace decides for all, whether that is they or we.
const mixed = (answers) => {
    const yes = answers.filter((each) => each.sampled).length;
    expect(yes > 0 && yes < answers.length, `${yes} of ${answers.length} are sampled`);
};
{
    const half = { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.5' };
    const answers = await run(40, { client: half });
    mixed(answers);
    for (const each of answers.filter(({ sampled }) => sampled))
        expect(shape(each.traceId) === all, shape(each.traceId));
    const begun = await run(40, { between: { ...half,
        OTEL_TRACES_SAMPLER: 'parentbased_traceidratio' }, front: 'nobody', each: 3 });
    mixed(begun);
    for (const each of begun.filter(({ sampled }) => sampled))
        expect(shape(each.traceId) === ours, shape(each.traceId));
}

// Where we record nothing, the others' spans are linked as if nobody were in between.
{
    const [told] = await run(1, { between: { OTEL_SDK_DISABLED: 'true' }, each: 3 });
    expect(shape(told.traceId) === 'client 1, client 3, server 2', shape(told.traceId));
    expect(told.state === 'vendor=1,other=x', `tracestate: ${told.state}`);
}

collector.closeAllConnections();
collector.close();
for (const problem of problems.slice(0, 10)) console.log(problem);
console.log(`${problems.length} problems`);
process.exitCode = problems.length ? 1 : 0;
