// Layer 2 of wire.md: sessions that agents make, batches, the ledger, tombstones,
// and idempotency by seq; wire_crash.test.mjs kills the server in the middle.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { sqlite, startServer, waitFor } from './lib/procs.mjs';
import { Layer1, Layer2, ask, hex, metricBody, png, sessionBody, sha256 } from './lib/wire.mjs';

const cleanups = [];
const file = { after: (fn) => cleanups.push(fn) };
const json = { 'Content-Type': 'application/json' };
let server;
let session;

before(async () => {
  server = await startServer(file);
  session = await Layer2.open(server.url);
});
after(async () => {
  for (const fn of cleanups.reverse()) await fn();
});

const database = () => join(server.data, 'worksight.db');
const statuses = (answer) => answer.json.results.map((r) => r.status);
const event = (n, extra = {}) => ({ event: 'pause', at: '2026-02-10T16:19:56Z', n, ...extra });

// --- sessions ---

test('session: the answer names features, limits and the time, and no token', async () => {
  assert.equal(session.answer.status, 201);
  assert.deepEqual(session.answer.json.features, ['batch', 'ledger', 'policy']);
  assert.deepEqual(Object.keys(session.answer.json.limits), ['max_items', 'max_body', 'max_item', 'max_image']);
  assert.ok(Math.abs(Date.parse(session.answer.json.server_time) - Date.now()) < 60000);
  assert.equal(session.answer.json.token, undefined);
});

test('session: a replay is 200 with the same id, and the token goes on working', async () => {
  const s = await Layer2.open(server.url);
  const again = await Layer2.open(server.url, s);
  assert.equal(again.answer.status, 200);
  assert.equal(again.id, s.id);
  assert.equal((await s.post('heartbeat')).status, 200);
});

test('session: twenty replays at once open one session', async () => {
  const same = { agent_id: hex(16), session_uid: hex(16), token: hex(32) };
  const all = await Promise.all(Array.from({ length: 20 }, () => Layer2.open(server.url, same)));
  assert.equal(new Set(all.map((s) => s.id)).size, 1);
  assert.equal(all.filter((s) => s.answer.status === 201).length, 1);
  assert.equal(all.filter((s) => s.answer.status === 200).length, 19);
});

test('session: another token for a known uid replaces the old one', async () => {
  const s = await Layer2.open(server.url);
  const renewed = await Layer2.open(server.url, { ...s, token: hex(32) });
  assert.equal(renewed.answer.status, 200);
  assert.equal(renewed.id, s.id);
  assert.equal((await renewed.post('heartbeat')).status, 200);
  assert.equal((await s.post('heartbeat')).status, 403, 'the old token is unknown at once');
});

test('session: a uid of another agent is 403, a token in use elsewhere 400', async () => {
  const s = await Layer2.open(server.url);
  assert.equal((await Layer2.open(server.url, { ...s, agent_id: hex(16) })).answer.status, 403);
  const clash = await Layer2.open(server.url, { agent_id: s.agent_id, token: s.token });
  assert.equal(clash.answer.status, 400);
  assert.match(clash.answer.json.type, /token-in-use$/);
});

test('session: from elsewhere it needs a code, and a replay is known before any code is judged', async (t) => {
  const data = (await startServer(t)).data;
  const closed = await startServer(t, { args: ['--enrollment-from', '192.0.2.0/24'] });
  void data;
  const missing = await Layer2.open(closed.url);
  assert.equal(missing.answer.status, 401);
  assert.match(missing.answer.headers.get('www-authenticate'), /^Bearer/);
  assert.equal((await Layer2.open(closed.url, { bearer: 'wrong-code' })).answer.status, 403);
  assert.equal((await Layer2.open(closed.url, { bearer: hex(32) })).answer.status, 403);
  const layer1 = await ask(`${closed.url}/api/sessions/`, { headers: json, body: JSON.stringify(sessionBody()) });
  assert.equal(layer1.status, 401);
});

test("session: an enrolled agent opens its next one with the last one's token", async (t) => {
  const open = await startServer(t);
  const first = await Layer2.open(open.url);
  await open.stop();
  const closed = await startServer(t, { data: open.data, args: ['--enrollment-from', '192.0.2.0/24'] });
  const replay = await Layer2.open(closed.url, first);
  assert.equal(replay.answer.status, 200, 'no code is asked for a replay');
  const next = await Layer2.open(closed.url, { agent_id: first.agent_id, bearer: first.token });
  assert.equal(next.answer.status, 201, next.answer.text);
  const stranger = await Layer2.open(closed.url, { bearer: first.token });
  assert.equal(stranger.answer.status, 403, 'a token of another agent opens nothing');
});

// --- batches ---

test('batch: items are accepted once, in any order, each with its own id', async () => {
  const s = await Layer2.open(server.url);
  const items = [3, 2, 5, 4].map((n) => Layer2.item(n));
  const first = await s.batch(items);
  assert.equal(first.status, 200, first.text);
  assert.deepEqual(first.json.results.map((r) => r.seq), [3, 2, 5, 4]);
  assert.deepEqual(statuses(first), Array(4).fill('accepted'));
  assert.equal(new Set(first.json.results.map((r) => r.id)).size, 4);
  const again = await s.batch([...items].reverse());
  assert.deepEqual(statuses(again), Array(4).fill('duplicate'));
  assert.deepEqual(again.json.results.map((r) => r.id).reverse(), first.json.results.map((r) => r.id));
});

test('batch: every kind is taken and its bytes are kept', async () => {
  const s = await Layer2.open(server.url);
  const payload = '{ "event":"pause",  "at":"2026-02-10T16:19:56Z", "x": 71.0 }';
  const items = [
    Layer2.item(2),
    Layer2.item(3, 'recording', { video_path: 'a', started_at: '2026-02-10T16:19:56Z', ended_at: '2026-02-10T16:20:56Z', status: 'RECORDED' }),
    Layer2.item(4, 'recording_status', { recording_seq: 3, status: 'UPLOADED', drive_file_id: 'd1' }),
    Layer2.item(5, 'event', payload),
    Layer2.item(6, 'notice_ack', { notice_sha256: hex(32), acknowledged_at: '2026-02-10T16:19:56Z', tier: 2 }),
    Layer2.item(7, 'tombstone', { seqs: [[8, 9]], reason: 'evicted' }),
  ];
  assert.deepEqual(statuses(await s.batch(items)), Array(6).fill('accepted'));
  const [row] = await sqlite(database(), `SELECT CAST(payload AS TEXT) AS p, hex(payload_sha256) AS h FROM event WHERE session_id = ${s.id}`);
  assert.equal(row.p, payload);
  assert.equal(row.h.toLowerCase(), sha256(payload));
});

test('batch: a recording moves forward only, also when its states come first', async () => {
  const s = await Layer2.open(server.url);
  const state = (seq, of, status) => Layer2.item(seq, 'recording_status', { recording_seq: of, status });
  const recording = Layer2.item(2, 'recording', { video_path: 'a', started_at: '2026-02-10T16:19:56Z', ended_at: '2026-02-10T16:20:56Z', status: 'CREATED' });
  await s.batch([state(5, 2, 'UPLOADED')]);
  await s.batch([recording]);
  await s.batch([state(4, 2, 'UPLOADING'), state(3, 2, 'RECORDED')]);
  const [row] = await sqlite(database(), `SELECT status FROM recording WHERE session_id = ${s.id}`);
  assert.equal(row.status, 3);
});

test('batch: poison is rejected in its place, its neighbours are stored', async () => {
  const s = await Layer2.open(server.url);
  const bad = [
    [3, Layer2.item(3, 'metric', metricBody({ productivity_score: 101 })), '/productivity_score'],
    [4, Layer2.item(4, 'metric', '{not json'), '/payload'],
    [5, { seq: 5, kind: 'metric' }, '/payload'],
    [6, { seq: 6, kind: 'metric', payload: metricBody() }, '/payload'],
    [7, Layer2.item(7, 'virus', {}), '/kind'],
    [8, Layer2.item(8, 'tombstone', { reason: 'r' }), '/seqs'],
    [9, Layer2.item(9, 'metric', metricBody({ agent_timestamp: '1/2/2026' })), '/agent_timestamp'],
  ];
  const items = [Layer2.item(2), ...bad.map((b) => b[1]), Layer2.item(10)];
  const answer = await s.batch(items);
  assert.equal(answer.status, 200);
  assert.deepEqual(statuses(answer), ['accepted', ...bad.map(() => 'rejected'), 'accepted']);
  for (const [i, [seq, , pointer]] of bad.entries()) {
    const r = answer.json.results[i + 1];
    assert.equal(r.seq, seq);
    assert.equal(r.problem.status, 400);
    assert.equal(r.problem.errors[0].pointer, pointer);
  }
  assert.deepEqual((await s.ledger()).delivered, [[1, 2], [10, 10]]);
});

test('batch: a bad list is 400, too many items 413, a session without a uid 400', async () => {
  for (const body of ['{}', '{"items":[]}', '{"items":{}}', '[]', 'x'])
    assert.equal((await session.post('batch', body)).status, 400);
  const many = await session.batch(Array.from({ length: 501 }, (_, i) => Layer2.item(i + 100, 'event', event(i))));
  assert.equal(many.status, 413);
  assert.equal(typeof many.json.error, 'string');
  const old = await Layer1.open(server.url);
  assert.equal((await old.post('batch', { items: [Layer2.item(1, 'event', event(1))] })).status, 400);
});

test('batch: 500 items, gzipped', async () => {
  const s = await Layer2.open(server.url);
  const items = Array.from({ length: 500 }, (_, i) => Layer2.item(i + 2));
  const answer = await s.post('batch', undefined, {});
  assert.equal(answer.status, 400, 'an empty body is no batch');
  const zipped = await ask(`${s.path}/batch/`, {
    token: s.token,
    headers: { ...json, 'Content-Encoding': 'gzip' },
    body: gzipSync(JSON.stringify({ items })),
  });
  assert.equal(zipped.status, 200, zipped.text);
  assert.deepEqual(statuses(zipped), Array(500).fill('accepted'));
  const ledger = await s.ledger();
  assert.deepEqual(ledger.delivered, [[1, 501]]);
  assert.equal(ledger.counters.accepted, 501);
});

test('batch: a gzip bomb is refused by its decoded size', async () => {
  const bomb = gzipSync(Buffer.alloc(64 << 20, 32));
  const answer = await ask(`${session.path}/batch/`, {
    token: session.token,
    headers: { ...json, 'Content-Encoding': 'gzip' },
    body: bomb,
  }).catch((error) => ({ status: 413, json: { error: String(error) } }));
  assert.equal(answer.status, 413);
  assert.equal(typeof answer.json.error, 'string');
});

// --- idempotency ---

test('seq with another payload is rejected 422, nothing is stored', async () => {
  const s = await Layer2.open(server.url);
  await s.batch([Layer2.item(2, 'event', event(1))]);
  const answer = await s.batch([Layer2.item(2, 'event', event(2)), Layer2.item(3)]);
  assert.deepEqual(statuses(answer), ['rejected', 'accepted']);
  assert.equal(answer.json.results[0].problem.status, 422);
  assert.match(answer.json.results[0].problem.type, /\/seq-reused$/);
  const kind = await s.batch([Layer2.item(2, 'metric')]);
  assert.deepEqual(statuses(kind), ['rejected'], 'another kind under a seq is another payload');
  const bytes = await s.batch([Layer2.item(2, 'event', `${JSON.stringify(event(1))} `)]);
  assert.deepEqual(statuses(bytes), ['rejected'], 'in layer 2 the bytes count');
  const rows = await sqlite(database(), `SELECT count(*) AS n FROM event WHERE session_id = ${s.id}`);
  assert.equal(rows[0].n, 1);
});

test('seq twice in one batch: the second is a duplicate, or reused', async () => {
  const s = await Layer2.open(server.url);
  const a = await s.batch([Layer2.item(2, 'event', event(1)), Layer2.item(2, 'event', event(1)), Layer2.item(2, 'event', event(9))]);
  assert.deepEqual(statuses(a), ['accepted', 'duplicate', 'rejected']);
  assert.equal(a.json.results[1].id, a.json.results[0].id);
});

test('Idempotency-Key: another payload is 422, the same JSON value is a duplicate', async () => {
  const key = hex(8);
  const headers = { 'Idempotency-Key': key };
  const first = await session.post('ai-metrics', metricBody(), headers);
  assert.equal(first.status, 201, first.text);
  const spaced = await session.post('ai-metrics', JSON.stringify(metricBody(), null, 1), headers);
  assert.equal(spaced.status, 200);
  assert.equal(spaced.json.ai_metric_id, first.json.ai_metric_id);
  const other = await session.post('ai-metrics', metricBody({ anomaly_score: 0.5 }), headers);
  assert.equal(other.status, 422);
  assert.match(other.json.type, /\/seq-reused$/);
  assert.equal(typeof other.json.error, 'string');
});

test('both key headers: the same value is fine, different ones are 400', async () => {
  const key = hex(8);
  const both = (a, b) => session.post('ai-metrics', metricBody(), { 'Idempotency-Key': a, 'X-Idempotency-Key': b });
  assert.equal((await both(key, key)).status, 201);
  assert.equal((await both(key, hex(8))).status, 400);
});

test('a metric that layer 1 delivered is a duplicate to its seq, and delivered', async () => {
  const s = await Layer2.open(server.url);
  const item = Layer2.item(2);
  const first = await s.post('ai-metrics', item.payload, { 'X-Idempotency-Key': s.key(2) });
  assert.equal(first.status, 201);
  const again = await s.batch([item]);
  assert.deepEqual(again.json.results, [{ seq: 2, status: 'duplicate', id: first.json.ai_metric_id }]);
  assert.deepEqual((await s.ledger()).delivered, [[1, 2]]);
});

// --- pictures ---

test('screenshot with a seq: stored once, by its bytes and fields', async () => {
  const s = await Layer2.open(server.url);
  const image = png(20, 10, 7);
  const fields = { seq: '2', sha256: sha256(image), output: 'DP-1', width: '20', height: '10', tier: 'L3', masks: '2' };
  const first = await s.screenshot(fields, { image });
  assert.equal(first.status, 201, first.text);
  const again = await s.screenshot(fields, { image });
  assert.equal(again.status, 200);
  assert.deepEqual(again.json, { status: 'duplicate', screenshot_id: first.json.screenshot_id });
  const other = await s.screenshot({ ...fields, sha256: undefined }, { image: png(20, 10, 8) });
  assert.equal(other.status, 422);
  const [row] = await sqlite(database(), `SELECT blob, tier, masks, output, seq FROM screenshot WHERE session_id = ${s.id}`);
  assert.deepEqual({ ...row, blob: '' }, { blob: '', tier: 3, masks: 2, output: 'DP-1', seq: 2 });
  assert.deepEqual(readFileSync(join(server.data, 'blobs', row.blob)), image, 'the first bytes stand');
  const folder = join(server.data, 'blobs', s.id.toString(16));
  assert.equal(readdirSync(folder).length, 1, 'the refused bytes are gone');
  assert.deepEqual((await s.ledger()).delivered, [[1, 2]]);
});

test('screenshot: a wrong hash, size or side is 400', async () => {
  const wrong = await session.screenshot({ sha256: hex(32) });
  assert.equal(wrong.status, 400);
  const huge = png(1, 1);
  huge.writeUInt32BE(16385, 16);
  assert.equal((await session.screenshot({}, { image: huge })).status, 400);
  const wide = png(1, 1);
  wide.writeUInt32BE(16000, 16);
  wide.writeUInt32BE(16000, 20);
  assert.equal((await session.screenshot({}, { image: wide })).status, 400, '256 megapixels');
  const heavy = await session.screenshot({}, { image: Buffer.concat([png(), Buffer.alloc(8 << 20)]) });
  assert.ok([400, 413].includes(heavy.status));
});

test('screenshot above the acknowledged tier is refused, after a wider notice it is taken', async () => {
  const s = await Layer2.open(server.url, { extra: { tier: 2 } });
  const refused = await s.screenshot({ seq: '2', tier: '3' });
  assert.equal(refused.status, 400);
  assert.match(refused.json.type, /tier-not-acknowledged$/);
  const early = await s.screenshot({ seq: '4', tier: '3' });
  assert.equal(early.status, 503, 'a notice with a lower seq may be on its way');
  const ack = (seq, tier) => Layer2.item(seq, 'notice_ack', { notice_sha256: hex(32), acknowledged_at: '2026-02-10T16:19:56Z', tier });
  await s.batch([ack(3, 3), ack(6, 2)]);
  assert.equal((await s.screenshot({ seq: '4', tier: '3' })).status, 201);
  assert.equal((await s.screenshot({ seq: '5', tier: '4' })).status, 503);
  await s.batch([Layer2.item(2)]);
  assert.equal((await s.screenshot({ seq: '5', tier: '4' })).status, 400);
  assert.equal((await s.screenshot({ seq: '7', tier: '3' })).status, 503);
});

test('screenshots: twins at once make one row', async () => {
  const s = await Layer2.open(server.url);
  const image = png(30, 30, 3);
  const all = await Promise.all(Array.from({ length: 8 }, () => s.screenshot({ seq: '2' }, { image })));
  assert.deepEqual(all.map((a) => a.status).sort(), [200, 200, 200, 200, 200, 200, 200, 201]);
  assert.equal(new Set(all.map((a) => a.json.screenshot_id)).size, 1);
});

// --- the ledger ---

test('ledger: gaps, tombstones by reason, and the law', async () => {
  const s = await Layer2.open(server.url);
  await s.batch([Layer2.item(2), Layer2.item(3), Layer2.item(6), Layer2.item(9, 'tombstone', { seqs: [[4, 4], 5], reason: 'dead_letter: 400 bad time' })]);
  await s.batch([Layer2.item(10, 'tombstone', { count: 7, reason: 'frames_dropped' })]);
  await s.post('heartbeat', { head_seq: 12, queue: { pending: 4, oldest_s: 3, dead: 0, bytes: 10 } });
  const ledger = await waitFor('the heartbeat is written', async () => {
    const now = await s.ledger();
    return now.head_seq === 12 && now;
  });
  assert.deepEqual(ledger.delivered, [[1, 3], [6, 6], [9, 10]]);
  assert.deepEqual(ledger.buried, [[4, 5]]);
  assert.deepEqual(
    ledger.tombstones.map(({ reason, count }) => ({ reason, count })),
    [{ reason: 'dead_letter', count: 2 }, { reason: 'frames_dropped', count: 7 }],
  );
  assert.deepEqual(ledger.law, {
    delivered: 6, dead_lettered: 2, dropped: 7, recorded: 19, queued: 4, holds: true,
  });
  await s.post('heartbeat', { head_seq: 20, queue: { pending: 1, oldest_s: 3, dead: 0, bytes: 10 } });
  await waitFor('a lost item is seen', async () => (await s.ledger()).law.holds === false);
});

test('ledger: a tombstone over thousands of gaps is buried at once, one over more is refused alone', { timeout: 60000 }, async (t) => {
  const s = await Layer2.open(server.url);
  const odd = (from, count) => Array.from({ length: count }, (_, i) => Layer2.item(from + 2 * i));
  const wide = (seq) => Layer2.item(seq, 'tombstone', { seqs: [[2, 99999]], reason: 'evicted' });
  const timed = async (items) => {
    const begun = Date.now();
    const answer = await s.batch(items);
    t.diagnostic(`${items.length} items: ${Date.now() - begun} ms`);
    return statuses(answer);
  };
  let next = 3;
  for (let i = 0; i < 8; i++, next += 1000) await s.batch(odd(next, 500));
  // few seqs, and thousands of runs between them
  assert.deepEqual(statuses(await s.batch([3, 4000, 8001].map((n) => Layer2.item(n)))), ['duplicate', 'accepted', 'duplicate']);
  // the first fills the gaps, the others find them filled
  assert.deepEqual(await timed([100000, 100001, 100002].map(wide)), ['accepted', 'accepted', 'accepted']);
  const ledger = await s.ledger();
  assert.equal(ledger.buried.length, 4000);
  assert.deepEqual(ledger.buried.slice(-1), [[8002, 99999]]);
  const mixed = [...[1, 2, 3, 4, 5, 6, 7, 8].map((n) => wide(100002 + n)), Layer2.item(100011)];
  assert.deepEqual(await timed(mixed), [...Array(8).fill('rejected'), 'accepted']);
  assert.equal(statuses(await s.batch([Layer2.item(100012, 'tombstone', { seqs: Array.from({ length: 1025 }, (_, i) => 2 * i + 2), reason: 'r' })]))[0], 'rejected');
});

test('ledger: a buried item that arrives after all replaces its tombstone', async () => {
  const s = await Layer2.open(server.url);
  await s.batch([Layer2.item(9, 'tombstone', { seqs: [[2, 8]], reason: 'evicted' })]);
  assert.deepEqual((await s.ledger()).buried, [[2, 8]]);
  await s.batch([Layer2.item(5)]);
  let ledger = await s.ledger();
  assert.deepEqual(ledger.buried, [[2, 4], [6, 8]]);
  assert.deepEqual(ledger.delivered, [[1, 1], [5, 5], [9, 9]]);
  await s.batch([2, 3, 4, 6, 7, 8].map((n) => Layer2.item(n)));
  ledger = await s.ledger();
  assert.deepEqual(ledger.buried, []);
  assert.deepEqual(ledger.delivered, [[1, 9]]);
  assert.deepEqual(ledger.counters, { accepted: 9, tombstoned: 7, replaced: 7, expired: 0, erased: 0 });
  assert.equal(ledger.law.recorded, 9);
  assert.equal(ledger.law.dropped, 0);
});

test('ledger: of another session is 403', async () => {
  const other = await Layer2.open(server.url);
  const answer = await ask(`${session.path}/ledger/`, { method: 'GET', token: other.token });
  assert.equal(answer.status, 403);
});

// --- heartbeat and policy ---

test('heartbeat: a body is kept, the answer adds time, revision and features', async () => {
  const s = await Layer2.open(server.url);
  const body = {
    agent_version: '0.1.0', uptime_s: 12.5, workers: [{ name: 'ai', alive: true, restarts: 1, busy_ms: 3 }],
    queue: { pending: 2, oldest_s: 1.5, dead: 0, bytes: 100 }, head_seq: 7, last_ai_upload_at: null,
    last_observation_at: '2026-02-10T16:19:56Z', cpu_share: 0.01, pss_bytes: 1000, disk_free_bytes: 5,
    clock_offset_ms: -3, policy_revision: 1, state: 'recording', unknown: { kept: true },
  };
  const answer = await s.post('heartbeat', body);
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.json.status, 'alive');
  assert.equal(answer.json.policy_revision, 1);
  assert.deepEqual(answer.json.features, ['batch', 'ledger', 'policy']);
  const row = await waitFor('it is written', async () => {
    const rows = await sqlite(database(), `SELECT health, head_seq, pending FROM heartbeat WHERE session_id = ${s.id}`);
    return rows[0];
  });
  assert.deepEqual(JSON.parse(row.health), body);
  assert.equal(row.head_seq, 7);
  assert.equal(row.pending, 2);
  assert.equal((await s.post('heartbeat', { head_seq: 'x' })).status, 400);
});

test('policy: with an ETag, 304 when nothing changed', async () => {
  const get = (headers) => ask(`${session.path}/policy/`, { method: 'GET', token: session.token, headers });
  const first = await get({});
  assert.equal(first.status, 200);
  assert.equal(first.json.revision, 1);
  const tag = first.headers.get('etag');
  assert.equal((await get({ 'If-None-Match': tag })).status, 304);
  assert.equal((await get({ 'If-None-Match': '"else"' })).status, 200);
});

// --- roll-ups ---

test('roll-ups: sum the scored, count all, and equal the facts', async () => {
  const s = await Layer2.open(server.url);
  const scores = [10, 20, 90];
  await s.batch([
    ...scores.map((p, i) => Layer2.item(i + 2, 'metric', metricBody({ productivity_score: p, anomaly_score: p / 100 }))),
    Layer2.item(5, 'metric', metricBody({ productivity_score: 50, features: { scored: false }, pipeline_status: 'partial' })),
    Layer2.item(6, 'metric', metricBody({ agent_timestamp: '2026-02-10T16:30:00Z', productivity_score: 1 })),
  ]);
  await s.batch([Layer2.item(2, 'metric', metricBody({ productivity_score: 10, anomaly_score: 0.1 }))]);
  const rows = await sqlite(database(), `SELECT * FROM rollup WHERE session_id = ${s.id} ORDER BY quarter`);
  assert.equal(rows.length, 2);
  const [r] = rows;
  assert.deepEqual(
    [r.observations, r.scored, r.partial, r.productivity_sum, r.productivity_min, r.productivity_max, r.normal],
    [4, 3, 1, 120, 10, 90, 3],
  );
  const [stat] = await sqlite(database(), `SELECT metrics FROM session_stat WHERE session_id = ${s.id}`);
  assert.equal(stat.metrics, 5);
  const [sums] = await sqlite(database(), `SELECT (SELECT sum(observations) FROM rollup) AS a, (SELECT sum(observations) FROM fleet_rollup) AS b, (SELECT count(*) FROM metric) AS c`);
  assert.equal(sums.a, sums.c);
  assert.equal(sums.b, sums.c);
});
