'use strict'
const { fibonacci, serve } = require('./fibonacci')

serve((port) => {
  const app = require('fastify')({ logger: false })
  app.get('/', async () => `Fibonacci(40) = ${fibonacci(40)}`)
  app.get('/fibonacci/:n', {
    schema: {
      params: { type: 'object', properties: { n: { type: 'integer', minimum: 0, maximum: 45 } } }
    }
  }, async (req) => ({ n: req.params.n, fibonacci: fibonacci(req.params.n) }))
  app.get('/healthz', async () => 'ok')
  app.get('/workers', async () => ({ pid: process.pid }))
  app.listen({ port, host: '127.0.0.1' })
})
