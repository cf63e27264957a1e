'use strict'
// The same hello on Node's http: alone ("off"), or with pino's line and prom-client's histogram for
// each request ("all"), as their manuals have them.
const http = require('http')
const watched = process.argv[2] === 'all'
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
  const began = watched && process.hrtime.bigint()
  response.setHeader('Content-Type', 'text/plain')
  response.setHeader('Content-Length', 12)
  response.end('Hello, world')
  if (!watched) return
  const seconds = Number(process.hrtime.bigint() - began) / 1e9
  took.labels(request.method, '/', String(response.statusCode)).observe(seconds)
  const { method, url } = request
  pino.info({ method, url, status: response.statusCode, seconds }, 'request')
}).listen(Number(process.env.PORT), '127.0.0.1')
