// The same line from pino: node pino.js <lines> <file>
'use strict'
const pino = require('../node_modules/pino')

const [lines, file] = [Number(process.argv[2]), process.argv[3]]
const route = '/users/{id}'

function measure (name, count, logger, destination) {
  const cpu = process.cpuUsage()
  const begin = process.hrtime.bigint()
  for (let i = 0; i < count; i++) logger.info({ route, status: 200, took_us: i }, 'request')
  destination.flushSync()
  const took = Number(process.hrtime.bigint() - begin)
  const used = process.cpuUsage(cpu)
  process.stderr.write(JSON.stringify({
    case: name,
    ns: took / count,
    cpu_ns: (used.user + used.system) * 1000 / count
  }) + '\n')
}

const ids = { request_id: '0123456789abcdef0123456789abcdef', slot: 3, module: 'payments' }
const at = (more) => pino.destination({ dest: file, append: false, sync: true, ...more })

// Warm: the first thousands of lines are the compiler's.
// 4096 is what pino's own pages show, and what it is quickest with here.
let to = at({ minLength: 4096 })
const first = pino(to)
for (let i = 0; i < 100000; i++) first.info({ route, status: 200, took_us: i }, 'request')
to.flushSync()

to = at({ minLength: 4096 })
measure('line, buffered', lines, pino(to), to)
measure('line of a child, buffered', lines, pino(to).child(ids), to)
to = at({})
measure('line, written at once', lines / 8, pino(to), to)
measure('line below the level', lines, pino({ level: 'warn' }, to), to)
