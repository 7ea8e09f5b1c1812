// What is too old goes, by itself and by command; what was delivered is known.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { onMysql } from './lib/mysql.mjs';
import { serverCommand, sqlite, sqliteChange, startServer, tempDir, waitFor } from './lib/procs.mjs';
import { Layer2, metricBody, png } from './lib/wire.mjs';

const blobs = (data) =>
  readdirSync(join(data, 'blobs')).flatMap((s) => readdirSync(join(data, 'blobs', s)));
const file = (data) => join(data, 'worksight.db');
const count = async (data, table) => (await sqlite(file(data), `SELECT count(*) AS n FROM ${table}`))[0].n;

/** Three pictures without a seq and four metrics with one; the first two of
 *  each are then old. The server is stopped. */
async function filled(t) {
  const data = tempDir(t, 'ws-retention-');
  const server = await startServer(t, { data });
  const session = await Layer2.open(server.url);
  const got = await session.batch([2, 3, 4, 5].map((seq) => Layer2.item(seq)));
  assert.ok(got.json.results.every((r) => r.status === 'accepted'), got.text);
  for (const mark of [1, 2, 3]) {
    const key = createHash('sha256').update(`${mark}`).digest('hex');
    const pixels = png(20, 20, mark);
    const image = Buffer.concat([pixels, Buffer.alloc(1024 - pixels.length)]);
    const kept = await session.screenshot({}, { image, headers: { 'X-Idempotency-Key': key } });
    assert.equal(kept.status, 201, kept.text);
  }
  await server.stop();
  const day = 86400n * 1000000000n;
  for (const [table, age] of [['screenshot', 8n], ['metric', 91n]]) {
    const [, second] = await sqlite(file(data), `SELECT id FROM ${table} ORDER BY id LIMIT 2`);
    await sqliteChange(file(data), `UPDATE ${table} SET received_at = received_at - ${age * day} WHERE id <= ${second.id}`);
  }
  return { data, port: server.port, session };
}

const classes = (answer) => Object.fromEntries(JSON.parse(answer.out).classes.map((c) => [c.class, c.rows]));

test('plan and dry run count and remove nothing; run removes that', async (t) => {
  const { data } = await filled(t);
  for (const args of [['retention', 'plan', '--json'], ['retention', 'run', '--dry-run', '--json']]) {
    const got = await serverCommand(data, args);
    assert.equal(got.code, 0, got.err);
    assert.deepEqual(classes(got), { pictures: 2, recordings: 0, metrics: 2, rollups: 0, audit: 0 });
    assert.equal(JSON.parse(got.out).dry_run, true);
  }
  assert.equal(await count(data, 'screenshot'), 3);
  assert.equal(blobs(data).length, 3);

  const done = await serverCommand(data, ['retention', 'run', '--json']);
  assert.equal(done.code, 0, done.err);
  assert.deepEqual(classes(done), { pictures: 2, recordings: 0, metrics: 2, rollups: 0, audit: 0 });
  assert.equal(await count(data, 'screenshot'), 1);
  assert.equal(await count(data, 'metric'), 2);
  assert.equal(blobs(data).length, 1);
  const again = await serverCommand(data, ['retention', 'run', '--json']);
  assert.deepEqual(classes(again), { pictures: 0, recordings: 0, metrics: 0, rollups: 0, audit: 0 });
});

test('by bytes: over the bound the oldest pictures go', async (t) => {
  const { data } = await filled(t);
  const keep = ['--keep-pictures', '30d', '--keep-metrics', '365d'];
  const got = await serverCommand(data, ['retention', 'run', '--json', ...keep, '--max-pictures', '2KiB']);
  assert.equal(got.code, 0, got.err);
  assert.deepEqual(classes(got), { pictures: 1, recordings: 0, metrics: 0, rollups: 0, audit: 0 });
  assert.equal(blobs(data).length, 2);
});

test('serve does it by itself; the ledger counts; a repeat stays a repeat', async (t) => {
  const { data, port, session } = await filled(t);
  const server = await startServer(t, { data, port });
  await waitFor('the old pictures and metrics are gone', async () =>
    (await count(data, 'screenshot')) === 1 && (await count(data, 'metric')) === 2);
  assert.equal(blobs(data).length, 1);
  const [row] = await sqlite(file(data), 'SELECT accepted, expired FROM ledger');
  assert.deepEqual([row.accepted, row.expired], [5, 2]);

  const repeat = await session.batch([Layer2.item(2)]);
  assert.equal(repeat.status, 200, repeat.text);
  assert.match(repeat.text, /duplicate/);
  assert.equal(await count(data, 'metric'), 2, 'an expired item is not stored again');

  const busy = await serverCommand(data, ['retention', 'run']);
  assert.equal(busy.code, onMysql ? 0 : 1, 'SQLite has one writer, the server');
  if (!onMysql) assert.match(busy.err, /retention plan/);
  assert.equal((await session.metric('new', metricBody())).status, 201);
  assert.equal(server.end, undefined);
});

test('used wrongly: exit 2 with what to write', async (t) => {
  const data = tempDir(t, 'ws-retention-');
  for (const args of [['retention'], ['retention', 'all']]) {
    const got = await serverCommand(data, args);
    assert.equal(got.code, 2, got.err);
    assert.match(got.err, /plan or run/);
  }
});
