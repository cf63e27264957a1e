// A service that OpenTelemetry's SDK instruments, on one side of ours or on the other. What it
// exports, and which traces it samples, is said by OTEL_… as to any other service.
//
// neighbour.cjs client URL COUNT: asks that often, and writes each answer, a line for each.
// neighbour.cjs server: writes its port, and answers what it was told, until its input ends.
const { context, createTraceState, propagation, trace } = require('@opentelemetry/api');
const { OTLPTraceExporter } = require('@opentelemetry/exporter-trace-otlp-http');
const { registerInstrumentations } = require('@opentelemetry/instrumentation');
const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http');
const { resourceFromAttributes } = require('@opentelemetry/resources');
const { BatchSpanProcessor, NodeTracerProvider } = require('@opentelemetry/sdk-trace-node');

const [role, url, count] = process.argv.slice(2);
const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': role }),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
});
provider.register();
registerInstrumentations({ instrumentations: [new HttpInstrumentation()] });
const http = require('node:http');

const ask = () => new Promise((done, failed) => {
    http.get(url, (answer) => {
        let text = '';
        answer.on('data', (piece) => { text += piece; });
        answer.on('end', () => (answer.statusCode === 200
            ? done(text) : failed(Error(`${answer.statusCode} ${text}`))));
    }).on('error', failed);
});

const begun = () => {
    const bag = propagation.createBaggage({ user: { value: 'Zoë, 7' }, plan: { value: 'gold' } });
    return propagation.setBaggage(context.active(), bag);
};
const main = async () => {
    if (role === 'client') {
        const tracer = trace.getTracer('neighbour');
        for (let i = 0; i < Number(count); ++i) {
            const span = tracer.startSpan('ask', {}, begun());
            const here = span.spanContext();
            // An SDK has it from who was before: here nobody was.
            here.traceState = createTraceState('vendor=1,other=x');
            const text = await context.with(trace.setSpan(begun(), span), ask);
            span.end();
            console.log(text);
        }
    } else {
        const server = http.createServer((request, answer) => {
            const here = trace.getActiveSpan().spanContext();
            const bag = propagation.getActiveBaggage()?.getAllEntries() ?? [];
            answer.setHeader('content-type', 'application/json');
            answer.end(JSON.stringify({ traceId: here.traceId, sampled: here.traceFlags & 1,
                state: here.traceState?.serialize() ?? '',
                baggage: Object.fromEntries(bag.map(([key, entry]) => [key, entry.value])) }));
        });
        server.listen(0, '127.0.0.1', () => console.log(server.address().port));
        await new Promise((done) => process.stdin.on('close', done).resume());
        server.closeAllConnections();
        server.close();
    }
    await provider.shutdown();
};
main().catch((wrong) => { console.error(wrong); process.exitCode = 1; });
