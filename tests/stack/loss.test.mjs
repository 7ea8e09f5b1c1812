// D-01, A2, A3: the database is killed while agents deliver. What was acked is
// there, once; what was not is told 503 and arrives when it is sent again.
// WS_STACK_SCRIPT and WS_STACK_DIR name the database's rig.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { run, sqlite, startServer, waitFor } from '../flow/lib/procs.mjs';
import { Layer1, hex, metricBody } from '../flow/lib/wire.mjs';

const CLIENTS = 6;
const KILLS = 3;

const script = process.env.WS_STACK_SCRIPT;
const dir = process.env.WS_STACK_DIR;
const cleanups = [];
const file = { after: (fn) => cleanups.push(fn) };
let server;

before(async () => {
  server = await startServer(file, { args: ['--workers', '2'] });
});
after(async () => {
  for (const fn of cleanups.reverse()) await fn();
});

async function rig(what) {
  // The daemon keeps no pipe of ours: run() waits for the script alone.
  const { code, err } = await run(script, [what, dir], { timeoutMs: 120000 });
  assert.equal(code, 0, err);
}

test(`${KILLS} kill -9 of the database under load: every acked item is there once`, async (t) => {
  const session = await Layer1.open(server.url);
  const acked = new Map();
  const told = {};
  let stop = false;

  async function client() {
    while (!stop) {
      const key = hex(8);
      for (;;) {
        const answer = await fetch(`${server.url}/api/sessions/${session.id}/ai-metrics/`, {
          method: 'POST',
          headers: { Authorization: `Bearer ${session.token}`, 'Content-Type': 'application/json', 'X-Idempotency-Key': key },
          body: JSON.stringify(metricBody()),
        });
        const body = await answer.json();
        told[answer.status] = (told[answer.status] ?? 0) + 1;
        if (answer.status === 201 || answer.status === 200) {
          acked.set(key, body.ai_metric_id);
          break;
        }
        assert.equal(answer.status, 503, JSON.stringify(body));
        assert.ok(answer.headers.get('retry-after'), 'it says when to come again');
        await new Promise((next) => setTimeout(next, 20));
      }
    }
  }
  const clients = Array.from({ length: CLIENTS }, client);
  for (let i = 0; i < KILLS; i++) {
    const before = acked.size;
    await waitFor('items are acked', () => acked.size > before + 100, { ms: 60000 });
    await rig('kill');
    const refused = told[503] ?? 0;
    await waitFor('the loss is told', () => (told[503] ?? 0) > refused, { ms: 60000 });
    await rig('start');
  }
  const end = acked.size;
  await waitFor('items are acked again', () => acked.size > end + 100, { ms: 60000 });
  stop = true;
  await Promise.all(clients);

  const [row] = await sqlite(
    join(server.data, 'worksight.db'),
    `SELECT count(*) AS n, count(DISTINCT "key") AS k, (SELECT sum(observations) FROM rollup WHERE session_id = ${session.id}) AS r, (SELECT metrics FROM session_stat WHERE session_id = ${session.id}) AS m FROM metric WHERE session_id = ${session.id}`,
  );
  t.diagnostic(`acked ${acked.size}, rows ${row.n}, answers ${JSON.stringify(told)}`);
  assert.deepEqual(row, { n: acked.size, k: acked.size, r: acked.size, m: acked.size });
});
