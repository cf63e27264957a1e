'use strict'
// The payment of bench/validation/ours.cpp: Ajv compiles the schema of bodies, fast-json-stringify
// that of answers.
const payment = {
  type: 'object',
  additionalProperties: false,
  required: ['to', 'cents', 'lines'],
  properties: {
    to: { type: 'string', minLength: 1, maxLength: 80 },
    cents: { type: 'integer', minimum: 1, maximum: 1000000 },
    note: { type: 'string', pattern: '^[a-z ]*$' },
    in: { type: 'string', enum: ['EUR', 'USD'] },
    tags: { type: 'array', maxItems: 10, items: { type: 'string', maxLength: 20 } },
    lines: {
      type: 'array',
      maxItems: 100,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['name', 'count', 'price'],
        properties: {
          name: { type: 'string', minLength: 1, maxLength: 80 },
          count: { type: 'integer', minimum: 1, maximum: 1000 },
          price: { type: 'number', minimum: 0 }
        }
      }
    }
  }
}
const app = require('fastify')({
  logger: false,
  ajv: { customOptions: { coerceTypes: false, removeAdditional: false } }
})
app.get('/healthz', async () => 'ok')
app.post('/echo', { schema: { body: payment, response: { 200: payment } } },
  async (request) => request.body)
app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' })
