// health.test.mjs - what a real agent says of itself is what people see: its
// workers, and processor, memory and room as the machine itself counts them.

import assert from 'node:assert/strict';
import { readFileSync, statfsSync } from 'node:fs';
import { test } from 'node:test';

import { Person, addUser } from './lib/people.mjs';
import { children, startAgent, startServer, waitFor } from './lib/procs.mjs';

/** PSS of one process in bytes, as root or as its owner may read it. */
function pss(pid) {
  return 1024 * Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]);
}

test('health: processor, memory and room of a real agent', { timeout: 90000 }, async (t) => {
  const server = await startServer(t);
  await addUser(server.data, 'ana', 'admin,reviewer');
  const ana = await Person.login(server.url, 'ana');
  const agent = startAgent(t, {
    server: server.url,
    args: ['--source', 'synth', '--every', '500ms', '--heartbeat-every', '1s'],
  });
  const health = await waitFor('all numbers are known', async () => {
    if (agent.end) throw new Error(agent.err);
    const [session] = await ana.all('/api/v1/sessions');
    const h = session && (await ana.get(`/api/v1/sessions/${session.id}/health`));
    return h && h.cpu_share !== null && h.pss_bytes !== null && h;
  }, { ms: 60000 });
  assert.ok(health.cpu_share > 0 && health.cpu_share < 4, `${health.cpu_share} of a core`);
  assert.deepEqual(health.workers.filter((w) => !w.alive), []);
  const room = statfsSync(agent.state);
  const free = room.bavail * room.bsize;
  assert.ok(Math.abs(health.disk_free_bytes - free) < free / 10, `${health.disk_free_bytes} of ${free}`);
  if (process.getuid() !== 0) return; // nobody else may compare the memory
  const real = [agent.pid, ...children(agent.pid).map((child) => child.pid)].map(pss).reduce((a, b) => a + b);
  assert.ok(Math.abs(health.pss_bytes - real) < real / 2, `${health.pss_bytes} said, ${real} used`);
});
