'use strict'
const express = require('express')
const { fibonacci, serve } = require('./fibonacci')

serve((port) => {
  const app = express()
  app.get('/', (req, res) => res.type('text').send(`Fibonacci(40) = ${fibonacci(40)}`))
  app.get('/fibonacci/:n', (req, res) => {
    const n = Number(req.params.n)
    const good = Number.isInteger(n) && n >= 0 && n <= 45
    if (!good) return res.status(400).json({ title: 'n is 0 to 45' })
    res.json({ n, fibonacci: fibonacci(n) })
  })
  app.get('/healthz', (req, res) => res.type('text').send('ok'))
  app.get('/workers', (req, res) => res.json({ pid: process.pid }))
  app.listen(port, '127.0.0.1')
})
