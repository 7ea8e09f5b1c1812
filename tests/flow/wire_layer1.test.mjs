// Layer 1 of wire.md, row by row: with fetch as an agent in the field speaks,
// and with curl as a client that knows nothing of ours.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { onMysql } from './lib/mysql.mjs';
import { run, sqlite, startServer, tempDir } from './lib/procs.mjs';
import { Layer1, ask, hex, metricBody, png, recordingBody, sessionBody } from './lib/wire.mjs';

const cleanups = [];
const file = { after: (fn) => cleanups.push(fn) };
let server;
let dir;
let session;

before(async () => {
  server = await startServer(file);
  dir = tempDir(file);
  session = await Layer1.open(server.url);
});
after(async () => {
  for (const fn of cleanups.reverse()) await fn();
});

const json = { 'Content-Type': 'application/json' };
const database = () => join(server.data, 'worksight.db');

/** curl: {status, json, head}. */
async function curl(...args) {
  const { out } = await run('curl', ['-s', '-i', '-H', 'Expect:', ...args]);
  const [head, ...rest] = out.split('\r\n\r\n');
  const body = rest.join('\r\n\r\n');
  let parsed;
  try {
    parsed = JSON.parse(body);
  } catch {
    parsed = undefined;
  }
  return { status: Number(head.split(' ')[1]), head, json: parsed };
}

const bearer = (token) => ['-H', `Authorization: Bearer ${token}`];

function isProblem(answer, status) {
  assert.equal(answer.status, status, JSON.stringify(answer.json));
  assert.equal(typeof answer.json.error, 'string');
  assert.equal(answer.json.status, status);
  assert.ok(answer.json.type && answer.json.title && answer.json.detail !== undefined);
}

// --- sessions ---

test('session: created with id and a token of 64 hex digits', async () => {
  const a = await ask(`${server.url}/api/sessions/`, { headers: json, body: JSON.stringify(sessionBody()) });
  assert.equal(a.status, 201);
  assert.ok(Number.isInteger(a.json.session_id));
  assert.match(a.json.token, /^[0-9a-f]{64}$/);
});

test('session: by curl, with unknown extra members', async () => {
  const body = JSON.stringify(sessionBody({ os: 'linux', nested: { a: [1, null] } }));
  const a = await curl('-d', body, '-H', 'Content-Type: application/json', `${server.url}/api/sessions/`);
  assert.equal(a.status, 201);
  assert.match(a.json.token, /^[0-9a-f]{64}$/);
});

test('session: bad JSON and each missing field are 400', async () => {
  const url = `${server.url}/api/sessions/`;
  for (const bad of ['', '{', '[]', 'null', '"x"', '{"agent_name":"a"}'])
    isProblem(await ask(url, { headers: json, body: bad }), 400);
  for (const name of Object.keys(sessionBody())) {
    const body = sessionBody();
    delete body[name];
    const a = await ask(url, { headers: json, body: JSON.stringify(body) });
    isProblem(a, 400);
    assert.equal(a.json.errors[0].pointer, `/${name}`);
  }
});

test('session: texts up to their bounds are taken, one more is 400', async () => {
  const bounds = { agent_name: 100, agent_version: 20, hostname: 255, username: 255, ip_address: 45 };
  for (const [name, most] of Object.entries(bounds)) {
    for (const letter of ['x', 'é', '漢']) {
      const ok = sessionBody({ [name]: letter.repeat(most) });
      assert.equal((await ask(`${server.url}/api/sessions/`, { headers: json, body: JSON.stringify(ok) })).status, 201);
    }
    const over = sessionBody({ [name]: 'x'.repeat(most + 1) });
    isProblem(await ask(`${server.url}/api/sessions/`, { headers: json, body: JSON.stringify(over) }), 400);
  }
});

// --- heartbeat ---

test('heartbeat: empty body is alive, by fetch and by curl', async () => {
  const a = await ask(`${session.path}/heartbeat/`, { token: session.token });
  assert.equal(a.status, 200);
  assert.equal(a.json.status, 'alive');
  const c = await curl('-X', 'POST', ...bearer(session.token), `${session.path}/heartbeat/`);
  assert.equal(c.status, 200);
  assert.equal(c.json.status, 'alive');
});

// --- screenshots ---

test('screenshot: stored, by fetch', async () => {
  const a = await session.screenshot();
  assert.equal(a.status, 201, a.text);
  assert.equal(a.json.status, 'ok');
});

test('screenshot: stored, by curl -F, with unknown extra fields and parts', async () => {
  const path = join(dir, 'shot.png');
  writeFileSync(path, png(40, 30));
  const a = await curl(
    ...bearer(session.token), '-F', `image=@${path};type=image/png`, '-F', `session_id=${session.id}`,
    '-F', 'captured_at=2026-02-10T16:19:56.123456+00:00', '-F', 'note=hello', '-F', `other=@${path}`,
    `${server.url}/api/screenshots/`,
  );
  assert.equal(a.status, 201, a.head);
  assert.equal(a.json.status, 'ok');
  const [row] = await sqlite(database(), 'SELECT blob, bytes, width, height FROM screenshot ORDER BY id DESC LIMIT 1');
  assert.equal(row.width, 40);
  assert.equal(row.height, 30);
  assert.deepEqual(readFileSync(join(server.data, 'blobs', row.blob)), readFileSync(path));
});

test('screenshot: both spellings of a time, with and without fraction', async () => {
  for (const captured_at of [
    '2026-02-10T16:19:56.123456+00:00', '2026-02-10T16:19:56+00:00', '2026-02-10T16:19:56Z',
    '2026-02-10T16:19:56.5Z', '2026-02-10T21:49:56+05:30', '2026-02-10T16:19:56',
  ]) {
    const a = await session.screenshot({ captured_at });
    assert.equal(a.status, 201, `${captured_at}: ${a.text}`);
  }
  const rows = await sqlite(database(), "SELECT DISTINCT at / 1000000000 AS s FROM screenshot WHERE session_id = " + session.id);
  assert.deepEqual(rows, [{ s: Date.UTC(2026, 1, 10, 16, 19, 56) / 1000 }]);
});

test('screenshot: missing part, bad captured_at, bad session_id are 400', async () => {
  isProblem(await session.screenshot({}, { image: null }), 400);
  isProblem(await session.screenshot({ captured_at: undefined }), 400);
  isProblem(await session.screenshot({ session_id: undefined }), 400);
  for (const captured_at of ['', 'yesterday', '2026-02-30T00:00:00Z', '1700000000'])
    isProblem(await session.screenshot({ captured_at }), 400);
  for (const session_id of ['', 'abc', '1x', '-1', '1.5', '99999999999999999999999'])
    isProblem(await session.screenshot({ session_id }), 400);
  isProblem(await session.screenshot({}, { image: Buffer.from('GIF89a not a picture of ours') }), 400);
});

test('screenshot: the same without a form is 400', async () => {
  const a = await ask(`${server.url}/api/screenshots/`, { token: session.token, headers: json, body: '{}' });
  assert.ok([400, 415].includes(a.status));
  assert.equal(typeof a.json.error, 'string');
});

// --- recordings ---

test('recording: stored with an id, by fetch and by curl', async () => {
  const a = await session.post('recordings', recordingBody());
  assert.equal(a.status, 201, a.text);
  assert.ok(Number.isInteger(a.json.recording_id));
  const body = JSON.stringify(recordingBody({ drive_file_id: null, status: 'FAILED', file_size_bytes: 12, codec: 'av1' }));
  const c = await curl('-d', body, ...bearer(session.token), `${session.path}/recordings/`);
  assert.equal(c.status, 201, c.head);
  assert.notEqual(c.json.recording_id, a.json.recording_id);
  const [row] = await sqlite(database(), `SELECT status, bytes FROM recording WHERE id = ${a.json.recording_id}`);
  assert.deepEqual(row, { status: 3, bytes: -1 }, 'UPLOADED is the default');
});

test('recording: every status is taken, another one is 400', async () => {
  for (const status of ['CREATED', 'RECORDED', 'UPLOADING', 'UPLOADED', 'FAILED'])
    assert.equal((await session.post('recordings', recordingBody({ status }))).status, 201);
  isProblem(await session.post('recordings', recordingBody({ status: 'LOST' })), 400);
  for (const name of ['video_path', 'started_at', 'ended_at']) {
    const body = recordingBody();
    delete body[name];
    isProblem(await session.post('recordings', body), 400);
  }
});

// --- ai-metrics ---

test('metric: 201 ok, then 200 duplicate with the same id', async () => {
  const key = hex(8);
  const first = await session.metric(key);
  assert.equal(first.status, 201, first.text);
  assert.equal(first.json.status, 'ok');
  assert.ok(Number.isInteger(first.json.ai_metric_id));
  for (let i = 0; i < 3; i++) {
    const again = await session.metric(key);
    assert.equal(again.status, 200);
    assert.deepEqual(again.json, { ai_metric_id: first.json.ai_metric_id, status: 'duplicate' });
  }
});

test('metric: by curl', async () => {
  const args = ['-d', JSON.stringify(metricBody()), ...bearer(session.token), '-H', `X-Idempotency-Key: ${hex(8)}`];
  const a = await curl(...args, `${session.path}/ai-metrics/`);
  assert.equal(a.status, 201, a.head);
  const b = await curl(...args, `${session.path}/ai-metrics/`);
  assert.equal(b.status, 200);
  assert.equal(b.json.ai_metric_id, a.json.ai_metric_id);
});

test('metric: unknown extra members are kept, optional ones may be null', async () => {
  const body = JSON.stringify(
    metricBody({ gpu: { load: 0.5 }, tags: ['a'], ocr_text_hash: null, error_code: null, error_message: null }),
  );
  const a = await session.metric(hex(8), body);
  assert.equal(a.status, 201, a.text);
  const [row] = await sqlite(database(), `SELECT CAST(payload AS TEXT) AS p FROM metric WHERE id = ${a.json.ai_metric_id}`);
  assert.equal(row.p, body, 'the bytes as they came');
});

test('metric: every time spelling, enum and bound is taken', async () => {
  const good = [
    { agent_timestamp: '2026-02-10T16:19:56Z' }, { agent_timestamp: '2026-02-10T16:19:56.1+00:00' },
    { agent_timestamp: '2026-02-10T16:19:56' }, { source_type: 'recording_window' },
    { anomaly_label: 'suspicious' }, { anomaly_label: 'critical' }, { pipeline_status: 'partial' },
    { pipeline_status: 'failed' }, { productivity_score: 0 }, { productivity_score: 100 },
    { anomaly_score: 0 }, { anomaly_score: 1 }, { feature_version: 2 }, { feature_version: 1.5 },
    { source_ref: 'x'.repeat(1024) }, { error_message: 'x'.repeat(65536) }, { error_code: 'x'.repeat(255) },
    { features: {}, model_info: {} },
  ];
  for (const extra of good) {
    const a = await session.metric(hex(8), metricBody(extra));
    assert.equal(a.status, 201, `${JSON.stringify(extra).slice(0, 80)}: ${a.text}`);
  }
  const rows = await sqlite(database(), "SELECT feature_version AS v FROM metric WHERE feature_version <> '1.0' ORDER BY id");
  assert.deepEqual(rows.map((r) => String(r.v)), ['2', '1.5'], 'a number is kept as text');
});

test('metric: missing key, bad JSON, missing field, bad enum, score out of range are 400', async () => {
  isProblem(await session.post('ai-metrics', metricBody()), 400);
  for (const key of ['', ' ', 'a b', 'x'.repeat(256), 'caf\u00e9'])
    isProblem(await session.metric(key), 400);
  for (const bad of ['', '{', '[1]', '{"a":1}{}', '{"a":NaN}']) isProblem(await session.metric(hex(8), bad), 400);
  for (const name of Object.keys(metricBody())) {
    const body = metricBody();
    delete body[name];
    const a = await session.metric(hex(8), body);
    isProblem(a, 400);
    assert.equal(a.json.errors[0].pointer, `/${name}`);
  }
  const bad = [
    { source_type: 'video' }, { anomaly_label: 'fine' }, { pipeline_status: 'OK' }, { productivity_score: 100.1 },
    { productivity_score: -1 }, { anomaly_score: 1.5 }, { anomaly_score: -0.1 }, { productivity_score: 'x' },
    { productivity_score: null }, { features: [] }, { model_info: 'm' }, { agent_timestamp: 'now' },
  ];
  for (const extra of bad) isProblem(await session.metric(hex(8), metricBody(extra)), 400);
});

test('metric: keys of 1 and of 255 visible ASCII characters are taken', async () => {
  for (const key of ['!', '~'.repeat(255)]) assert.equal((await session.metric(key)).status, 201);
});

// --- methods and tokens ---

const endpoints = () => [
  ['POST', '/api/sessions/'], ['POST', `/api/sessions/${session.id}/heartbeat/`], ['POST', '/api/screenshots/'],
  ['POST', `/api/sessions/${session.id}/recordings/`], ['POST', `/api/sessions/${session.id}/ai-metrics/`],
];

test('wrong method on any of them is 405', async () => {
  for (const [allowed, path] of endpoints())
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH']) {
      const a = await ask(server.url + path, { method, token: session.token });
      isProblem(a, 405);
      assert.match(a.headers.get('allow'), new RegExp(allowed));
    }
});

test('no Authorization is 401 with WWW-Authenticate, an unknown token 403', async () => {
  for (const [method, path] of endpoints().slice(1)) {
    const a = await ask(server.url + path, { method, headers: json, body: '{}' });
    isProblem(a, 401);
    assert.match(a.headers.get('www-authenticate'), /^Bearer/);
    for (const token of [hex(32), 'abc', session.token.slice(1), `${session.token}0`])
      isProblem(await ask(server.url + path, { method, token, headers: json, body: '{}' }), 403);
    const c = await curl('-X', method, server.url + path);
    assert.equal(c.status, 401);
    assert.match(c.head, /www-authenticate: Bearer/i);
  }
});

test("another session's token is 403, in the path and in the form", async () => {
  const other = await Layer1.open(server.url);
  for (const what of ['heartbeat', 'recordings', 'ai-metrics']) {
    const a = await ask(`${session.path}/${what}/`, { token: other.token, headers: json, body: JSON.stringify(metricBody()) });
    isProblem(a, 403);
  }
  isProblem(await session.screenshot({}, { token: other.token }), 403);
  const path = join(dir, 'other.png');
  writeFileSync(path, png());
  const c = await curl(
    ...bearer(other.token), '-F', `image=@${path}`, '-F', `session_id=${session.id}`,
    '-F', 'captured_at=2026-02-10T16:19:56Z', `${server.url}/api/screenshots/`,
  );
  assert.equal(c.status, 403);
});

// --- the faults of earlier servers, named under the table ---

test('one key sent at once by many: exactly one 201, the others 200 with its id', async () => {
  for (let round = 0; round < 20; round++) {
    const key = hex(8);
    const all = await Promise.all(Array.from({ length: 16 }, () => session.metric(key)));
    const created = all.filter((a) => a.status === 201);
    assert.equal(created.length, 1);
    assert.equal(all.filter((a) => a.status === 200).length, 15);
    assert.equal(new Set(all.map((a) => a.json.ai_metric_id)).size, 1);
  }
});

test("a key is scoped to its session: another session's is independent", async () => {
  const other = await Layer1.open(server.url);
  const key = hex(8);
  const a = await session.metric(key);
  const b = await other.metric(key);
  assert.equal(a.status, 201);
  assert.equal(b.status, 201);
  assert.notEqual(a.json.ai_metric_id, b.json.ai_metric_id);
});

test('a score that is no number is 400, never 500', async () => {
  for (const score of ['x', '', [], {}, true]) {
    const a = await session.metric(hex(8), metricBody({ productivity_score: score, anomaly_score: score }));
    isProblem(a, 400);
  }
});

test('tokens lie hashed in the store and in no log line', async () => {
  const fresh = await Layer1.open(server.url);
  await fresh.metric(hex(8));
  const rows = await sqlite(database(), `SELECT hex(token_sha256) AS h FROM agent_token WHERE session_id = ${fresh.id}`);
  assert.equal(rows.length, 1);
  assert.notEqual(rows[0].h.toLowerCase(), fresh.token);
  for (const name of onMysql ? [] : ['worksight.db', 'worksight.db-wal'])
    assert.ok(!readFileSync(join(server.data, name)).includes(fresh.token), name);
  assert.ok(!server.err.includes(fresh.token));
});

test('dashboard and pictures need a login', async () => {
  await session.screenshot();
  const [row] = await sqlite(database(), 'SELECT id, blob FROM screenshot ORDER BY id DESC LIMIT 1');
  for (const path of [
    '/dashboard/', '/admin/', `/api/v1/screenshots/${row.id}/image`, '/api/v1/overview', `/media/${row.blob}`,
    `/blobs/${row.blob}`,
  ]) {
    const a = await fetch(server.url + path, { redirect: 'manual' });
    assert.ok([302, 303, 401, 404].includes(a.status), `${path}: ${a.status}`);
    assert.ok(!(a.headers.get('content-type') ?? '').startsWith('image/'));
  }
});

test('the same key with another payload: 200 duplicate in layer 1, and counted', async () => {
  const key = hex(8);
  const first = await session.metric(key, metricBody({ productivity_score: 10 }));
  const spaced = await session.metric(key, JSON.stringify(metricBody({ productivity_score: 10.0 }), null, 2));
  assert.deepEqual(spaced.json, { ai_metric_id: first.json.ai_metric_id, status: 'duplicate' });
  const other = await session.metric(key, metricBody({ productivity_score: 11 }));
  assert.equal(other.status, 200);
  assert.deepEqual(other.json, { ai_metric_id: first.json.ai_metric_id, status: 'duplicate' });
});
