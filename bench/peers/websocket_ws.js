'use strict'
// npm's ws, one process, as its documentation writes it: /echo, and /room for everybody.
const http = require('http')
const { WebSocketServer, WebSocket } = require('ws')

const server = http.createServer((request, response) => response.end('ok'))
const sockets = new WebSocketServer({ server })

sockets.on('connection', (socket, request) => {
  const echoes = request.url === '/echo'
  socket.on('message', (data, isBinary) => {
    if (echoes) return socket.send(data, { binary: isBinary })
    sockets.clients.forEach(client => {
      if (client.readyState === WebSocket.OPEN) client.send(data, { binary: isBinary })
    })
  })
})
server.listen(Number(process.env.PORT), '127.0.0.1')
