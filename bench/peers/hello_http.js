'use strict'
// Node's own http, one process, as its documentation writes it.
const json = '{"items":"' + 'x'.repeat(4096 - 12) + '"}'

require('http').createServer((request, response) => {
  const large = request.url === '/json'
  response.setHeader('Content-Type', large ? 'application/json' : 'text/plain; charset=utf-8')
  response.end(large ? json : 'Hello, world')
}).listen(Number(process.env.PORT), '127.0.0.1')
