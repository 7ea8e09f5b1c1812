// blob verify: a whole place is clean; what is missing, damaged or nobody's is
// named.

import assert from 'node:assert/strict';
import { readdirSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { serverCommand, startServer, tempDir } from './lib/procs.mjs';
import { Layer1, png } from './lib/wire.mjs';

test('clean, while a server runs; then each kind of damage is named', async (t) => {
  const data = tempDir(t, 'ws-verify-');
  const server = await startServer(t, { data });
  const session = await Layer1.open(server.url);
  for (const mark of [1, 2, 3]) {
    const got = await session.screenshot({}, { image: png(9, 9, mark), headers: { 'X-Idempotency-Key': `k${mark}` } });
    assert.equal(got.status, 201, got.text);
  }
  const verify = async () => {
    const got = await serverCommand(data, ['blob', 'verify', '--json']);
    return { ...got, json: JSON.parse(got.out) };
  };
  const clean = await verify();
  assert.equal(clean.code, 0, clean.err);
  assert.deepEqual(
    [clean.json.ok, clean.json.rows, clean.json.objects, clean.json.objects_listed, clean.json.problems],
    [true, 3, 3, true, []],
  );

  const folder = join(data, 'blobs', String(session.id));
  const [a, b] = readdirSync(folder).sort();
  unlinkSync(join(folder, a));
  writeFileSync(join(folder, b), png(9, 9, 77));
  const old = new Date(Date.now() - 7200000);
  writeFileSync(join(folder, 'ab'), 'x');
  utimesSync(join(folder, 'ab'), old, old);
  writeFileSync(join(folder, 'cd'), 'young: its row may still come');

  const bad = await verify();
  assert.equal(bad.code, 1);
  assert.deepEqual(
    [bad.json.ok, bad.json.rows, bad.json.missing, bad.json.damaged, bad.json.orphans],
    [false, 3, 1, 1, 1],
  );
  const said = Object.fromEntries(bad.json.problems.map((p) => [p.problem, p.object]));
  assert.deepEqual(said, {
    missing: `${session.id}/${a}`,
    damaged: `${session.id}/${b}`,
    orphan: `${session.id}/ab`,
  });

  const ancient = new Date(Date.now() - 3 * 86400000);
  utimesSync(join(folder, 'ab'), ancient, ancient);
  const remove = async (...args) => {
    const got = await serverCommand(data, ['blob', 'verify', '--json', '--delete-orphans', ...args]);
    return JSON.parse(got.out).removed;
  };
  assert.equal(await remove('4d'), 0, 'too young for that');
  assert.equal(await remove('2d', '--dry-run'), 0);
  assert.ok(readdirSync(folder).includes('ab'));
  assert.equal(await remove('2d'), 1);
  assert.ok(!readdirSync(folder).includes('ab') && readdirSync(folder).includes('cd'));
});

test('used wrongly: exit 2; no database: exit 1', async (t) => {
  const data = tempDir(t, 'ws-verify-');
  for (const args of [['blob'], ['blob', 'count']])
    assert.equal((await serverCommand(data, args)).code, 2);
  for (const args of [['--delete-orphans', '1h'], ['--delete-orphans', 'all'], ['--dry-run']])
    assert.equal((await serverCommand(data, ['blob', 'verify', ...args])).code, 2, args.join(' '));
  const none = await serverCommand(data, ['blob', 'verify']);
  assert.equal(none.code, 1);
  assert.match(none.err, /doctor/);
});
