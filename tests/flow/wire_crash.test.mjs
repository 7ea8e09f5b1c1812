// Layer 2 while workers are killed and clients leave.

import assert from 'node:assert/strict';
import { request } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';

import { children, freePort, sqlite, startServer, waitFor } from './lib/procs.mjs';
import { Layer2 } from './lib/wire.mjs';

test('a worker killed under load: what was acknowledged is there, once, and the rest converges', async (t) => {
  const port = await freePort();
  const own = await startServer(t, { port });
  const s = await Layer2.open(own.url);
  const todo = new Map();
  const acked = new Set();
  for (let seq = 2; seq <= 1501; seq++) todo.set(seq, Layer2.item(seq));
  let kills = 0;
  let doubles = 0;
  const killer = async () => {
    while (todo.size && kills < 6) {
      const before_ = acked.size;
      await waitFor('some progress', () => acked.size > before_ + 30 || todo.size === 0);
      const worker = children(own.pid).find((c) => c.role === 'worker');
      if (worker) {
        process.kill(worker.pid, 'SIGKILL');
        kills++;
      }
    }
  };
  const sender = async () => {
    while (todo.size) {
      const items = [...todo.values()].sort(() => Math.random() - 0.5).slice(0, 20);
      const answer = await s.batch(items).catch(() => undefined);
      if (answer?.status !== 200) {
        await new Promise((next) => setTimeout(next, 20));
        continue;
      }
      for (const r of answer.json.results) {
        assert.ok(['accepted', 'duplicate', 'retry'].includes(r.status), JSON.stringify(r));
        if (r.status === 'retry') continue;
        if (r.status === 'duplicate') doubles++;
        acked.add(r.seq);
        todo.delete(r.seq);
      }
    }
  };
  await Promise.all([killer(), sender(), sender(), sender()]);
  assert.ok(kills >= 3, `${kills} kills`);
  assert.ok(doubles > 0, 'a duplicate was sent');
  const ledger = await waitFor('the ledger answers', () => s.ledger());
  assert.deepEqual(ledger.delivered, [[1, 1501]]);
  const [row] = await sqlite(join(own.data, 'worksight.db'), `SELECT count(*) AS n, count(DISTINCT seq) AS d, (SELECT sum(observations) FROM rollup) AS r FROM metric WHERE session_id = ${s.id}`);
  assert.deepEqual(row, { n: 1500, d: 1500, r: 1500 });
});

test('a client that leaves in the middle of a request stores nothing and breaks nothing', async (t) => {
  const server = await startServer(t);
  const s = await Layer2.open(server.url);
  await Promise.all(
    Array.from({ length: 10 }, () => new Promise((done) => {
      const r = request(`${s.path}/batch/`, { method: 'POST', headers: { Authorization: `Bearer ${s.token}`, 'Content-Length': 1000 } });
      r.on('error', done);
      r.on('close', done);
      r.write('{"items":[');
      setImmediate(() => r.destroy());
    })),
  );
  const answer = await s.batch([Layer2.item(2)]);
  assert.deepEqual(answer.json.results.map((r) => r.status), ['accepted']);
});
