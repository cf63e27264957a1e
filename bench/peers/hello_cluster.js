'use strict'
// The hello server as Node's cluster documentation has it: a worker that exits is forked again.
const cluster = require('cluster')

if (cluster.isPrimary) {
  for (let i = 0; i < Number(process.env.WORKERS || 2); i++) cluster.fork()
  cluster.on('exit', () => cluster.fork())
} else {
  require('./hello_http.js')
}
