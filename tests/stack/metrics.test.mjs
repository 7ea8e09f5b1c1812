// What Prometheus itself says of /metrics.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { run, startServer } from '../flow/lib/procs.mjs';
import { Layer2, ask } from '../flow/lib/wire.mjs';
import { command } from '../flow/lib/people.mjs';

test('promtool finds nothing wrong with /metrics', async (t) => {
  const server = await startServer(t);
  const session = await Layer2.open(server.url);
  await session.batch([Layer2.item(2)]);
  const key = (await command(server.data, ['apikey', 'create', '--role', 'auditor', '--name', 'promtool'])).out.trim();
  const text = (await ask(`${server.url}/metrics`, { method: 'GET', token: key })).text;
  assert.match(text, /^worksight_facts_total\{verdict="accepted"\} 1$/m);
  const checked = await run('promtool', ['check', 'metrics'], { input: text });
  assert.equal(checked.code, 0, checked.err + checked.out);
  assert.equal(checked.err.trim(), '');
});
