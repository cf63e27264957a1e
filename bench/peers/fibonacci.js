// The same work as examples/02_fibonacci, for the Node peers.
'use strict'
const cluster = require('node:cluster')

const fibonacci = (n) => (n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2))

// A single process without the cluster module for 1 worker, as people run it; else one worker a
// core, replaced when it dies.
function serve (start) {
  const workers = Number(process.env.WORKERS || 1)
  if (workers === 1 && !process.env.CLUSTER) return start(Number(process.env.PORT))
  if (cluster.isPrimary) {
    for (let i = 0; i < workers; i++) cluster.fork()
    let leaving = false
    cluster.on('exit', () => { if (!leaving) cluster.fork() })
    process.on('SIGTERM', () => {
      leaving = true
      for (const worker of Object.values(cluster.workers)) worker.process.kill('SIGTERM')
      process.exit(0)
    })
    return
  }
  start(Number(process.env.PORT))
}

module.exports = { fibonacci, serve }
