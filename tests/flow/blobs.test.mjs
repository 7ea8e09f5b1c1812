// Bytes before rows: what a kill or a full disk leaves behind.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { run, sqlite, startServer, tempDir, waitFor } from './lib/procs.mjs';
import { smallDisk, fill } from './lib/small_disk.mjs';
import { Layer2, ask, hex, metricBody, png, recordingBody, sessionBody, sha256 } from './lib/wire.mjs';

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

test('a full disk answers 507 to all that would be stored, and takes it when there is room', async (t) => {
  const data = tempDir(t, 'ws-full-');
  if (!(await smallDisk(t, data, 2))) return t.skip('this user may not mount a file system');
  const server = await startServer(t, { data });
  const s = await Layer2.open(server.url);
  const picture = (n) => Buffer.concat([png(20, 10, n), Buffer.alloc(200_000, n)]);
  let n = 0;
  let last;
  do last = await s.screenshot({ seq: `${2 + n}` }, { image: picture(n++) });
  while (last.status === 201 && n < 20);
  assert.equal(last.status, 507, last.text);
  assert.match(last.json.type, /no-room$/);
  assert.equal(typeof last.json.error, 'string');

  const filler = join(data, 'filler');
  fill(filler);
  const metrics = Array.from({ length: 200 }, (_, i) =>
    Layer2.item(100 + i, 'metric', metricBody({ error_message: 'x'.repeat(4000) })));
  const body = metricBody({ error_message: 'y'.repeat(50_000) });
  assert.equal((await s.batch(metrics)).status, 507);
  assert.equal((await s.metric('full', body)).status, 507);
  assert.equal((await s.post('recordings', recordingBody({ seq: 50, note: 'z'.repeat(50_000) }))).status, 507);
  assert.equal((await s.screenshot({ seq: '60' })).status, 507);
  const opening = sessionBody({ session_uid: hex(16), note: 'z'.repeat(50_000) });
  const open = () => ask(`${server.url}/api/sessions/`, { body: JSON.stringify(opening) });
  assert.equal((await open()).status, 507);
  assert.equal((await s.post('heartbeat', { head_seq: 299 })).status, 200, 'a heartbeat is heard, in memory');
  assert.equal((await fetch(`${server.url}/readyz`)).status, 503);
  assert.equal((await fetch(`${server.url}/healthz`)).status, 200);

  rmSync(filler);
  await run('mount', ['-o', 'remount,size=32m', data]);
  const kept = new Set((await s.batch(metrics)).json.results.map((r) => r.status));
  assert.deepEqual([...kept], ['accepted'], 'what was answered 507 was not stored');
  assert.equal((await s.metric('full', body)).status, 201);
  assert.equal((await s.post('recordings', recordingBody({ seq: 50, note: 'z'.repeat(50_000) }))).status, 201);
  assert.equal((await s.screenshot({ seq: `${1 + n}` }, { image: picture(n - 1) })).status, 201);
  assert.equal((await open()).status, 201);
  const rows = await sqlite(join(data, 'worksight.db'), 'SELECT blob, bytes FROM screenshot');
  assert.equal(rows.length, n, 'each picture that was acknowledged, and the last one');
  for (const row of rows) assert.equal(statSync(join(data, 'blobs', row.blob)).size, row.bytes);
  assert.deepEqual(await sqlite(join(data, 'worksight.db'), 'PRAGMA integrity_check'), [{ integrity_check: 'ok' }]);
});
