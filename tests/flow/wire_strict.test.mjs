// What neither layer may be talked into, and what layer 1 may say freely.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { sqlite, sqliteChange, startServer, tempDir } from './lib/procs.mjs';
import { Layer1, Layer2, ask, hex, metricBody, png, recordingBody, sessionBody, sha256 } from './lib/wire.mjs';

const cleanups = [];
let server;

before(async () => {
  server = await startServer({ after: (fn) => cleanups.push(fn) });
});
after(async () => {
  for (const fn of cleanups.reverse()) await fn();
});

const database = () => join(server.data, 'worksight.db');

test('scores as numeric texts are taken on the route of layer 1, kept as given', async () => {
  const s = await Layer1.open(server.url);
  const body = JSON.stringify(metricBody({ productivity_score: '85.5', anomaly_score: ' 2.5e-1 ' }));
  assert.equal((await s.metric('a', body)).status, 201);
  assert.equal((await s.metric('a', body)).status, 200);
  const [row] = await sqlite(
    database(),
    `SELECT productivity, anomaly, CAST(payload AS TEXT) AS payload FROM metric WHERE session_id = ${s.id}`,
  );
  assert.deepEqual(row, { productivity: 85.5, anomaly: 0.25, payload: body });
});

test('scores as other texts are 400 with the field and its bounds, never 500', async () => {
  const s = await Layer1.open(server.url);
  for (const bad of ['x', '', 'nan', 'inf', '0x10', '101', '-0.1', '1e999', '1,5', '5%']) {
    const a = await s.metric(hex(4), metricBody({ productivity_score: bad }));
    assert.equal(a.status, 400, `${bad}: ${a.text}`);
    assert.equal(a.json.errors[0].pointer, '/productivity_score');
    assert.match(a.json.error, /from 0 to 100/);
  }
  assert.equal((await s.metric('b', metricBody({ anomaly_score: '1.01' }))).status, 400);
});

test('an item of a batch has numbers for its scores', async () => {
  const s = await Layer2.open(server.url);
  const a = await s.batch([Layer2.item(2, 'metric', metricBody({ productivity_score: '85.5' }))]);
  assert.equal(a.json.results[0].status, 'rejected');
  assert.equal(a.json.results[0].problem.errors[0].pointer, '/productivity_score');
});

test('members of layer 2 in a layer-1 client mean nothing and are no error', async () => {
  const extra = { tier: 'gold', features: 'many', started_at: 'today' };
  const s = await Layer1.open(server.url, extra);
  assert.equal((await s.post('recordings', recordingBody({ seq: 'mine' }))).status, 201);
  assert.equal((await s.screenshot({ seq: 'x', tier: 'L9', width: 'wide', sha256: 'none', masks: 'on', output: 'y'.repeat(99) })).status, 201);
  const [row] = await sqlite(database(), `SELECT tier, features FROM session WHERE id = ${s.id}`);
  assert.deepEqual(row, { tier: -1, features: null });
  const bad = sessionBody({ ...extra, session_uid: hex(16) });
  const a = await ask(`${server.url}/api/sessions/`, { body: JSON.stringify(bad) });
  assert.deepEqual(a.json.errors.map((e) => e.pointer).sort(), ['/features', '/started_at', '/tier']);
});

test('a seq in a form is read as it was checked: digits alone', async () => {
  const s = await Layer2.open(server.url);
  for (const seq of ['1e3', '0x10', '2.0', '1', '0', '-2']) {
    const a = await s.screenshot({ seq });
    assert.equal(a.status, 400, `${seq}: ${a.text}`);
    assert.equal(a.json.errors[0].pointer, '/seq');
  }
  assert.equal((await sqlite(database(), `SELECT id FROM screenshot WHERE session_id = ${s.id}`)).length, 0);
});

test('seq 1 is the session: an item that takes it is refused, not swallowed', async () => {
  const s = await Layer2.open(server.url);
  const a = await s.batch([Layer2.item(1), Layer2.item(2)]);
  assert.deepEqual(a.json.results.map((r) => r.status), ['rejected', 'accepted']);
  assert.match(a.json.results[0].problem.error, /from 2 to/);
});

test('a picture without a seq does not pass by the acknowledged tier', async () => {
  const s = await Layer2.open(server.url, { extra: { tier: 2 } });
  for (const fields of [{}, { tier: 'L3' }, { tier: 'L4' }]) {
    const a = await s.screenshot(fields);
    assert.equal(a.status, 400, a.text);
    assert.match(a.json.type, /tier-not-acknowledged$/);
  }
  const ack = { notice_sha256: hex(32), acknowledged_at: '2026-02-10T16:19:56Z', tier: 3 };
  await s.batch([Layer2.item(2, 'notice_ack', ack)]);
  assert.equal((await s.screenshot({ tier: 'L3' })).status, 201);
  assert.equal((await s.screenshot({ tier: 'L4' })).status, 400);
});

test('a thumbnail is bounded like its picture', async (t) => {
  const small = await startServer(t, { args: ['--max-image', '64KiB'] });
  const s = await Layer2.open(small.url);
  const send = (bytes) => {
    const form = new FormData();
    const image = png();
    for (const [k, v] of Object.entries({ session_id: `${s.id}`, captured_at: '2026-02-10T16:19:56Z', seq: '2', sha256: sha256(image) }))
      form.append(k, v);
    form.append('image', new Blob([image]), 'a.png');
    form.append('thumbnail', new Blob([Buffer.concat([image, Buffer.alloc(bytes)])]), 'b.png');
    return ask(`${small.url}/api/screenshots/`, { token: s.token, body: form });
  };
  const over = await send(64 * 1024);
  assert.equal(over.status, 400, over.text);
  assert.match(over.json.error, /thumbnail has \d+ bytes, at most 65536/);
  assert.equal((await send(1024)).status, 201);
});

test('K-05: an item whose row is gone by retention is still a duplicate', async (t) => {
  const data = tempDir(t, 'ws-k05-');
  const first = await startServer(t, { data });
  const s = await Layer2.open(first.url);
  const items = [2, 3, 4].map((seq) => Layer2.item(seq));
  await s.batch(items);
  assert.equal((await s.screenshot({ seq: '5' })).status, 201);
  await first.stop();
  const gone = `DELETE FROM metric; DELETE FROM screenshot; UPDATE ledger SET expired = expired + 4 WHERE session_id = ${s.id};`;
  await sqliteChange(join(data, 'worksight.db'), gone);

  const second = await startServer(t, { data });
  s.server = second.url;
  s.path = `${second.url}/api/sessions/${s.id}`;
  const again = await s.batch([...items, Layer2.item(6)]);
  assert.deepEqual(again.json.results.map((r) => [r.seq, r.status, r.id === null]),
    [[2, 'duplicate', true], [3, 'duplicate', true], [4, 'duplicate', true], [6, 'accepted', false]]);
  const shot = await s.screenshot({ seq: '5' });
  assert.deepEqual([shot.status, shot.json.status, shot.json.screenshot_id], [200, 'duplicate', null]);
  const ledger = await s.ledger();
  assert.deepEqual(ledger.delivered, [[1, 6]]);
  assert.deepEqual([ledger.counters.accepted, ledger.counters.expired], [6, 4]);
  assert.equal(ledger.law.holds, true);
  const rows = await sqlite(join(data, 'worksight.db'), 'SELECT seq FROM metric');
  assert.deepEqual(rows, [{ seq: 6 }]);
});
