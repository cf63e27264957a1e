// OpenTelemetry's own decoder, used as strictly as it can be: what it makes of a document is
// compared with it, member by member. What vanished has a name that it does not know, what changed
// has the wrong type.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { collector } = require('@opentelemetry/otlp-transformer/build/src/generated/root')
    .opentelemetry.proto;

export const traces = collector.trace.v1.ExportTraceServiceRequest;
export const metrics = collector.metrics.v1.ExportMetricsServiceRequest;
export const logs = collector.logs.v1.ExportLogsServiceRequest;

const idBytes = { traceId: 16, spanId: 8, parentSpanId: 8 };
const decodable = (value, path = '') => {
    if (Array.isArray(value)) return value.map((each, i) => decodable(each, `${path}[${i}]`));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => {
        const at = `${path}.${key}`;
        if (key in idBytes) {
            const form = new RegExp(`^[0-9a-f]{${2 * idBytes[key]}}$`);
            if (!form.test(each)) throw Error(`${at}: ${each}`);
            return [key, Buffer.from(each, 'hex').toString('base64')];
        }
        if (key.endsWith('UnixNano') && !/^[0-9]{1,19}$/.test(each)) throw Error(`${at}: ${each}`);
        // OpenTelemetry's SDK writes small ones as numbers, which is allowed.
        if (key === 'intValue' && Number.isSafeInteger(each)) return [key, String(each)];
        return [key, decodable(each, at)];
    }));
};
const compare = (ours, theirs, path = '') => {
    if (ours === null || typeof ours !== 'object') {
        if (ours !== theirs) throw Error(`${path}: ${JSON.stringify(ours)} was read as ` +
            JSON.stringify(theirs));
        return;
    }
    for (const key of Object.keys(ours)) {
        if (theirs === null || typeof theirs !== 'object' || !(key in theirs))
            throw Error(`${path}.${key} is not known`);
        compare(ours[key], theirs[key], `${path}.${key}`);
    }
};

// The document, if it is a request of that kind; throws otherwise.
export const judge = (document, kind = traces) => {
    const input = decodable(document);
    const message = kind.fromObject(input);
    const wrong = kind.verify(message);
    if (wrong) throw Error(wrong);
    compare(input, kind.toObject(message, { longs: String, bytes: String, arrays: true }));
    return document;
};
