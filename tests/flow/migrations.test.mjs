// The database of a newer program: one that only added to it goes on beside
// older ones, one that changed what they know shuts them out.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Proc, program, serverCommand, sqliteChange, startServer, tempDir } from './lib/procs.mjs';
import { Layer1 } from './lib/wire.mjs';

/** A data folder whose database a newer program has migrated. */
async function migrated(t, ...more) {
  const data = tempDir(t, 'ws-newer-');
  const made = await serverCommand(data, ['migrate']);
  assert.equal(made.code, 0, made.err);
  const sql = ["INSERT INTO schema_migrations (version, name, applied_at) VALUES (999, 'later', 1)", ...more].join('; ');
  await sqliteChange(join(data, 'worksight.db'), sql);
  return data;
}

test('migrations: a newer schema that only added is served by this program', { timeout: 30000 }, async (t) => {
  const data = await migrated(t);
  const status = await serverCommand(data, ['migrate', 'status']);
  assert.equal(status.code, 0, status.err);
  assert.match(status.out, /1 more that this program does not know: it goes on beside newer ones/);
  const server = await startServer(t, { data });
  assert.equal((await fetch(`${server.url}/readyz`)).status, 200);
  assert.equal((await (await Layer1.open(server.url)).metric('k')).status, 201);
});

test('migrations: a newer schema that shuts this program out is left alone, and it says so', { timeout: 30000 }, async (t) => {
  const data = await migrated(t, 'INSERT INTO schema_least (version, least) VALUES (999, 999)');
  for (const auto of ['on', 'off']) {
    const server = new Proc(program('worksight-server'), ['serve', '--listen', '127.0.0.1:0', '--data', data, '--auto-migrate', auto]);
    t.after(() => server.kill());
    const { code } = await server.exited;
    assert.notEqual(code, 0);
    assert.match(server.err, /a newer worksight-server changed this database/, server.err);
  }
  for (const args of [['migrate'], ['migrate', 'status'], ['user', 'list']]) {
    const done = await serverCommand(data, args);
    assert.equal(done.code, 1, `${args}: ${done.out}${done.err}`);
  }
  const doctor = await serverCommand(data, ['doctor']);
  assert.match(doctor.out, /install the newer worksight-server/);
});
