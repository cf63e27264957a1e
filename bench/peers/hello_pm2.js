'use strict'
// The hello server with the "graceful shutdown" of pm2's manual: ready is said when it listens, and
// SIGINT lets requests finish.
const server = require('http').createServer((request, response) => {
  response.setHeader('Content-Type', 'text/plain; charset=utf-8')
  response.end('Hello, world')
}).listen(Number(process.env.PORT), '127.0.0.1', () => process.send('ready'))

process.on('SIGINT', () => server.close(() => process.exit(0)))
