// S-04: more than the server can take is refused early with 503 and
// Retry-After, heartbeats are heard meanwhile, and in the end all is there.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import { sqlite, startServer } from './lib/procs.mjs';
import { Layer2 } from './lib/wire.mjs';

const BATCHES = 60;
const ITEMS = 250;

test('a full queue answers 503 with Retry-After, and nothing is lost or doubled', async (t) => {
  const server = await startServer(t, { args: ['--commit-queue', '500', '--readers', '4'] });
  const sessions = await Promise.all(Array.from({ length: BATCHES }, () => Layer2.open(server.url)));
  let busy = 0;
  let delivering = true;
  const beats = [];
  const deliver = async (s) => {
    const items = Array.from({ length: ITEMS }, (_, i) => Layer2.item(i + 2));
    for (;;) {
      const answer = await s.batch(items);
      if (answer.status === 200) {
        assert.ok(answer.json.results.every((r) => ['accepted', 'duplicate'].includes(r.status)));
        return;
      }
      assert.equal(answer.status, 503, answer.text);
      assert.match(answer.headers.get('retry-after'), /^\d+$/);
      assert.equal(typeof answer.json.error, 'string');
      busy++;
      await new Promise((next) => setTimeout(next, 5 + Math.random() * 50));
    }
  };
  const beat = async () => {
    while (delivering) beats.push((await sessions[0].post('heartbeat')).status);
  };
  const beating = beat();
  await Promise.all(sessions.map(deliver));
  delivering = false;
  await beating;
  assert.ok(busy > 0, 'the queue was full at least once');
  assert.ok(beats.length > 5 && beats.every((status) => status === 200), 'heartbeats were heard all the time');
  const [row] = await sqlite(
    join(server.data, 'worksight.db'),
    'SELECT count(*) AS n, (SELECT sum(accepted) FROM ledger) AS l, (SELECT sum(observations) FROM rollup) AS r FROM metric',
  );
  assert.deepEqual(row, { n: BATCHES * ITEMS, l: BATCHES * (ITEMS + 1), r: BATCHES * ITEMS });
});
