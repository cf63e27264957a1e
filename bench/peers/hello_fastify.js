'use strict'
const json = '{"items":"' + 'x'.repeat(4096 - 12) + '"}'
const app = require('fastify')({ logger: false })
app.get('/', async () => 'Hello, world')
app.get('/healthz', async () => 'ok')
app.get('/json', async (request, reply) => reply.type('application/json').send(json))
app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' })
