// Ten thousand clients that keep their connection and say nothing more: the
// width of the limit itself, from forty addresses of the loopback.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { children } from './lib/procs.mjs';
import { Raw, serve } from './lib/raw.mjs';

const MANY = 10000;
const PER_ADDRESS = 250;
const AT_ONCE = 500; // in the making: the listen queue is not the question

const memoryMib = (pid) => Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]) / 1024;

test('10,000 idle connections: honest clients are served, and they take at most 32 MiB', { timeout: 60000 }, async (t) => {
  const server = await serve(t, { args: ['--max-connections', `${MANY + 10}`, '--workers', '1'] });
  const [{ pid }] = children(server.pid);
  const honest = async () => {
    const answer = await fetch(`${server.url}/login`, { signal: AbortSignal.timeout(3000) });
    assert.equal(answer.status, 200);
    await answer.arrayBuffer();
  };
  await honest();
  const before = memoryMib(pid);
  const idle = [];
  t.after(() => idle.forEach((raw) => raw.close()));
  const open = async (i) => {
    const localAddress = `127.0.0.${2 + Math.floor(i / PER_ADDRESS)}`;
    const raw = await Raw.open(server.port, { localAddress });
    idle.push(raw);
    raw.send('GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n');
    assert.equal((await raw.answer()).status, 200);
  };
  for (let i = 0; i < MANY; i += AT_ONCE) await Promise.all(Array.from({ length: AT_ONCE }, (_, k) => open(i + k)));
  for (let i = 0; i < 20; i++) await honest();
  assert.equal(idle.filter((raw) => raw.ended).length, 0, 'all of them are still open');
  const more = memoryMib(pid) - before;
  t.diagnostic(`${idle.length} idle connections: ${more.toFixed(1)} MiB`);
  assert.ok(more <= 32, `${more.toFixed(1)} MiB`);
});
