// Our telemetry before OpenTelemetry's own code: what we send to the decoder of its JavaScript
// implementation, and the contexts that we hand on to its propagators.
import { spawn, execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { ROOT_CONTEXT, propagation, trace } from '@opentelemetry/api';
import { W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { judge } from './otlp_judge.mjs';

const program = process.argv[2];
const problems = [];
const expect = (is, words) => { if (!is) problems.push(words); };

// The judge must be able to say no.
const sample = (change) => {
    const span = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331',
        name: 'x', kind: 2, startTimeUnixNano: '1', endTimeUnixNano: '2', attributes: [],
        status: { code: 2 }, flags: 1 };
    change(span);
    return { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] };
};
const refused = (document) => { try { judge(document); return false; } catch { return true; } };
expect(!refused(sample(() => {})), 'the judge refuses a good span');
for (const wrong of [
    (s) => { s.nmae = 'x'; }, (s) => { s.end_time_unix_nano = '1'; },
    (s) => { s.traceId = '0af7'; }, (s) => { s.kind = 'SPAN_KIND_SERVER'; },
    (s) => { s.attributes = [{ key: 'a', value: 'bare' }]; },
    (s) => { s.attributes = [{ key: 'a', value: { boolValue: 'yes' } }]; },
    (s) => { s.startTimeUnixNano = '-1'; },
    (s) => { s.attributes = [{ key: 'a', value: { intValue: '1', stringValue: '1' } }]; },
]) expect(refused(sample(wrong)), `the judge accepts ${wrong}`);

// A collector: the first request is refused for now, the last batch in part.
const documents = [];
let requests = 0;
const server = createServer((request, answer) => {
    const pieces = [];
    request.on('data', (piece) => pieces.push(piece));
    request.on('end', () => {
        try {
            expect(request.url === '/v1/traces', `posted to ${request.url}`);
            expect(request.headers['content-type'] === 'application/json', 'no JSON');
            expect(request.headers['content-encoding'] === 'gzip', 'not compressed');
            expect(request.headers['api-key'] === 'a b', 'the header is missing');
            if (++requests === 1) {
                answer.writeHead(503, { 'retry-after': '0' }).end();
                return;
            }
            documents.push(judge(JSON.parse(gunzipSync(Buffer.concat(pieces)).toString())));
        } catch (wrong) {
            problems.push(String(wrong));
        }
        answer.writeHead(200, { 'content-type': 'application/json' });
        answer.end(documents.length === 2
            ? '{"partialSuccess":{"rejectedSpans":"1","errorMessage":"test"}}' : '{}');
    });
});
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const said = await new Promise((done) => {
    const child = spawn(program, ['send'], { env: { ...process.env,
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${server.address().port}`,
        OTEL_EXPORTER_OTLP_HEADERS: 'api-key=a%20b', OTEL_SERVICE_NAME: 'telemetry',
        OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=test',
        OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: '12' } });
    let text = '';
    child.stdout.on('data', (piece) => { text += piece; });
    child.stderr.pipe(process.stderr);
    child.on('close', () => done(text));
});
server.close();
// The log writes there, too.
const counts = JSON.parse(said.trim().split('\n').find((line) => line.startsWith('{"delivered"')));

const spans = documents.flatMap((each) => each.resourceSpans[0].scopeSpans[0].spans);
expect(spans.length === 1007, `${spans.length} spans`);
expect(documents.length === 2, `${documents.length} documents`);
expect(counts.delivered === 1006 && counts.rejected === 1 && counts.retries === 1 &&
    counts.lost === 0, JSON.stringify(counts));
const resource = Object.fromEntries((documents[0]?.resourceSpans[0].resource.attributes ?? [])
    .map((each) => [each.key, each.value.stringValue]));
expect(resource['service.name'] === 'telemetry', JSON.stringify(resource));
expect(resource['deployment.environment'] === 'test', JSON.stringify(resource));
const rich = spans.find((each) => each.name === 'GET /users/{id}');
const attributes = Object.fromEntries((rich?.attributes ?? []).map((e) => [e.key, e.value]));
expect(rich?.events.length === 2 && rich.status.message === 'it broke', 'the rich span is poor');
expect(attributes.text?.stringValue === 'café "\\\n\u0001 \ufffd', JSON.stringify(attributes));
expect(attributes.least?.intValue === '-9223372036854775808', JSON.stringify(attributes));
expect(attributes.tiny?.doubleValue === -5e-324, JSON.stringify(attributes));
expect(spans.some((each) => each.droppedEventsCount === 8), 'nothing was dropped');

// Contexts: what their propagators write we hand on unchanged, and theirs read it from us.
const traceparents = new W3CTraceContextPropagator();
const bags = new W3CBaggagePropagator();
const setter = { set: (carrier, key, value) => { carrier[key] = value; } };
const getter = { keys: Object.keys, get: (carrier, key) => carrier[key] ?? undefined };
let state = 20261129;
const random = (below) => {
    state ^= state << 13; state ^= state >>> 17; state ^= state << 5;
    return (state >>> 0) % below;
};
const hex = (digits) => Array.from({ length: digits }, () => random(16).toString(16)).join('');
const letters = Array.from('aZ09 !#$&\'()*+,-./:;<=>?@[]^_`{|}~"\\%é\u{1f600}');
const word = (most) => Array.from({ length: random(most) }, () => letters[random(letters.length)])
    .join('');
const carriers = Array.from({ length: 2000 }, (_, i) => {
    const entries = Array.from({ length: random(6) },
        (_, j) => [`k${j}`, { value: word(20) + '.' }]);
    let context = trace.setSpanContext(ROOT_CONTEXT,
        { traceId: hex(31) + '1', spanId: hex(15) + '1', traceFlags: i % 2, isRemote: true });
    const bag = propagation.createBaggage(Object.fromEntries(entries));
    context = propagation.setBaggage(context, bag);
    const carrier = {};
    traceparents.inject(context, carrier, setter);
    bags.inject(context, carrier, setter);
    const members = Array.from({ length: random(8) }, (_, j) => `t${j}@v=${hex(1 + random(20))}`);
    carrier.tracestate = members.join(random(2) ? ',' : ' , ');
    return carrier;
});
const ours = execFileSync(program, ['contexts'], { encoding: 'utf8', maxBuffer: 1 << 28,
    input: carriers.map((each) => JSON.stringify(each) + '\n').join('') }).trimEnd().split('\n')
    .map((line) => JSON.parse(line));
const read = (carrier) => {
    const spanContext = trace.getSpanContext(traceparents.extract(ROOT_CONTEXT, carrier, getter));
    const bag = propagation.getBaggage(bags.extract(ROOT_CONTEXT, carrier, getter));
    return JSON.stringify([spanContext?.traceId, spanContext?.spanId, spanContext?.traceFlags,
        spanContext?.traceState?.serialize(), bag?.getAllEntries()]);
};
carriers.forEach((carrier, i) => {
    if (read(carrier) !== read(ours[i]))
        problems.push(`${JSON.stringify(carrier)}\n  became ${JSON.stringify(ours[i])}\n  read ` +
            `${read(carrier)}\n  and ${read(ours[i])}`);
});

for (const problem of problems.slice(0, 10)) console.log(problem);
console.log(`${spans.length} spans, ${carriers.length} contexts, ${problems.length} problems`);
process.exitCode = problems.length ? 1 : 0;
