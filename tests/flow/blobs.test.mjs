// Bytes before rows: what a kill or a full disk leaves behind.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { sqlite, startServer, tempDir, waitFor } from './lib/procs.mjs';
import { Layer2, png, sha256 } from './lib/wire.mjs';

test('a picture without a row goes a day later, one with a row stays, and comes back when it is sent', async (t) => {
  const data = tempDir(t, 'ws-blobs-');
  const first = await startServer(t, { data });
  const s = await Layer2.open(first.url);
  const image = png(20, 10);
  assert.equal((await s.screenshot({ seq: '2' }, { image })).status, 201);
  const [{ blob }] = await sqlite(join(data, 'worksight.db'), 'SELECT blob FROM screenshot');
  const kept = join(data, 'blobs', blob);
  const folder = join(kept, '..');
  await first.stop();

  // As a kill between blob and row leaves them: the same request's next try.
  const other = png(30, 10);
  const name = `${(3).toString(16).padStart(16, '0')}${sha256(other).slice(0, 16)}0`;
  const orphan = join(folder, name);
  const young = join(folder, `${'f'.repeat(32)}0`);
  const strange = join(data, 'blobs', 'ffff', `${'e'.repeat(32)}0`);
  mkdirSync(join(strange, '..'));
  for (const path of [orphan, young, strange]) writeFileSync(path, other);
  const old = Date.now() / 1000 - 25 * 3600;
  for (const path of [kept, orphan, strange]) utimesSync(path, old, old);

  const second = await startServer(t, { data });
  await waitFor('the orphan is gone', () => !existsSync(orphan), { ms: 20000 });
  assert.ok(existsSync(kept) && existsSync(young), 'a row or a young age keeps a file');
  assert.ok(existsSync(strange), 'the folder of an unknown session is left alone');
  s.path = `${second.url}/api/sessions/${s.id}`;
  s.server = second.url;
  assert.equal((await s.screenshot({ seq: '3' }, { image: other })).status, 201);
  assert.deepEqual(readFileSync(orphan), other);
});
