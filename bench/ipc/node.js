// The same conversation as ipc_bench.cpp, over child_process.fork and process.send.
//
//     node node.js one_way|round_trip json|advanced <bytes> <window> <count>
'use strict';
const { fork } = require('node:child_process');

function child() {
  let received = 0;
  let cpu = process.cpuUsage();
  process.on('message', (message) => {
    if (message.kind === 1) { ++received; return; }
    if (message.kind === 2) { process.send(message); return; }
    const used = process.cpuUsage(cpu);
    cpu = process.cpuUsage();
    process.send({ kind: 3, received, cpu_us: used.user + used.system });
    received = 0;
  });
}

function parent([mode, serialization, bytes, window, count]) {
  const peer = fork(__filename, ['child'], { serialization });
  const text = 'x'.repeat(bytes);
  let want = 0, sent = 0, answered = 0, end, done;

  const echo = () => peer.send({ kind: 2, id: sent++, text });
  // As fast as the channel lets us: on until send() says that the backlog is full, then again
  // when it has been written.
  const pour = () => {
    while (sent < want) {
      let refused = false;
      const flowing = peer.send({ kind: 1, id: sent++, text }, () => { if (refused) pour(); });
      if (!flowing) { refused = true; return; }
    }
    peer.send({ kind: 3 });
  };
  peer.on('message', (message) => {
    if (message.kind === 3) {
      if (mode === 'one_way') end = process.hrtime.bigint();
      done(message.cpu_us);
    } else if (++answered === want) {
      end = process.hrtime.bigint();
      peer.send({ kind: 3 });
    } else if (sent < want) {
      echo();
    }
  });
  const run = async (n) => {
    want = n; sent = 0; answered = 0;
    const cpu = process.cpuUsage();
    const begin = process.hrtime.bigint();
    const childCpu = await new Promise((resolve) => {
      done = resolve;
      if (mode === 'one_way') pour();
      else while (sent < Math.min(window, want)) echo();
    });
    const used = process.cpuUsage(cpu);
    return { seconds: Number(end - begin) / 1e9, cpu: used.user + used.system + childCpu };
  };
  (async () => {
    await run(Math.floor(count / 5));
    const { seconds, cpu } = await run(count);
    console.log(JSON.stringify({
      per_second: Math.round(count / seconds),
      cpu_us_each: Number((cpu / count).toFixed(3)),
    }));
    peer.disconnect();
  })();
}

if (process.argv[2] === 'child') child();
else parent(process.argv.slice(2).map((a, i) => (i < 2 ? a : Number(a))));
