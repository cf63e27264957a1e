'use strict'
// The same hello on Node's http: alone ("off"), or with pino's line, prom-client's histogram and a
// span of OpenTelemetry's SDK for each request ("all"), as their manuals have them. Which spans are
// recorded, and where they are sent, is the environment's to say (OTEL_…).
const watched = process.argv[2] === 'all'
if (watched) {
  // Before http is there: the instrumentation wraps it.
  const { NodeTracerProvider, BatchSpanProcessor } = require('@opentelemetry/sdk-trace-node')
  const { OTLPTraceExporter } = require('@opentelemetry/exporter-trace-otlp-http')
  const { registerInstrumentations } = require('@opentelemetry/instrumentation')
  const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http')
  const { resourceFromAttributes } = require('@opentelemetry/resources')
  new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'observe' }),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())]
  }).register()
  registerInstrumentations({ instrumentations: [new HttpInstrumentation()] })
}
const http = require('http')
const pino = watched && require('pino')(require('pino').destination({ fd: 1, minLength: 4096 }))
const prom = watched && require('prom-client')
if (watched) prom.collectDefaultMetrics()
const took = watched && new prom.Histogram({
  name: 'http_server_request_duration_seconds',
  help: 'How long requests took',
  labelNames: ['http_request_method', 'http_route', 'http_response_status_code'],
  buckets: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
})
http.createServer((request, response) => {
  if (watched && request.url === '/metrics') {
    prom.register.metrics().then((page) => {
      response.setHeader('Content-Length', Buffer.byteLength(page))
      response.end(page)
    })
    return
  }
  const began = watched && process.hrtime.bigint()
  response.setHeader('Content-Type', 'text/plain')
  response.setHeader('Content-Length', 12)
  response.end('Hello, world')
  if (!watched) return
  const seconds = Number(process.hrtime.bigint() - began) / 1e9
  const { method, url } = request
  took.labels(method, url, String(response.statusCode)).observe(seconds)
  pino.info({ method, url, status: response.statusCode, seconds }, 'request')
}).listen(Number(process.env.PORT), '127.0.0.1')
