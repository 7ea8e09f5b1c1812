// Every field and parameter that the description of the API bounds, with every
// kind of wrong value: 400, a pointer to it, its name, and what it must be.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startServer } from './lib/procs.mjs';
import { Layer2, ask, hex, metricBody, recordingBody, sessionBody, sha256 } from './lib/wire.mjs';
import { PASSWORD, Person, addUser, command } from './lib/people.mjs';

const cleanups = [];
let server;
let spec;
let session;
let ana;

before(async () => {
  server = await startServer({ after: (fn) => cleanups.push(fn) });
  spec = (await command(server.data, ['openapi'])).json;
  session = await Layer2.open(server.url);
  await session.batch([Layer2.item(2)]);
  assert.equal((await session.screenshot({ seq: '3' })).status, 201);
  await addUser(server.data, 'ana', 'admin,reviewer');
  ana = await Person.login(server.url, 'ana');
});
after(async () => {
  for (const fn of cleanups.reverse()) await fn();
});

const follow = (node) => (node?.$ref ? follow(node.$ref.slice(2).split('/').reduce((n, key) => n[key], spec)) : node);
const typesOf = (schema) => [].concat(schema.type ?? []);

/** Values that a schema does not take, and what an answer must say of each. */
function wrongValues(schema) {
  const rows = [];
  const types = typesOf(schema);
  if (types.includes('string')) {
    rows.push({ value: [7], says: '' });
    if (schema.maxLength) rows.push({ value: 'x'.repeat(schema.maxLength + 1), says: String(schema.maxLength) });
    if (schema.minLength) rows.push({ value: '', says: '' });
    if (schema.enum) rows.push({ value: 'nonsense', says: schema.enum[0] });
    if (schema.pattern) rows.push({ value: 'ZZ', says: 'hex' });
    if (schema.format === 'date-time') rows.push({ value: 'yesterday', says: 'ISO 8601' });
  }
  if (types.includes('number') || types.includes('integer')) {
    if (!types.includes('string')) rows.push({ value: 'x', says: 'number' });
    if (schema.minimum !== undefined) rows.push({ value: schema.minimum - 1, says: `from ${schema.minimum}` });
    if (schema.maximum !== undefined) rows.push({ value: schema.maximum + 1, says: `to ${schema.maximum}` });
  }
  if (types.includes('object')) rows.push({ value: 'x', says: 'object' });
  if (types.includes('array')) rows.push({ value: {}, says: 'array' });
  if (types.includes('boolean')) rows.push({ value: 'yes', says: 'true or false' });
  return rows;
}

/** A request of each operation with a body, and how it is sent. */
const senders = () => ({
  createSession: {
    good: { ...sessionBody(), agent_id: hex(16), session_uid: hex(16), token_sha256: sha256('t'), started_at: '2026-02-10T16:00:00Z', features: ['batch'] },
    send: (body) => ask(`${server.url}/api/sessions/`, { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
  },
  postHeartbeat: { good: {}, send: (body) => session.post('heartbeat', body) },
  postMetric: { good: metricBody(), send: (body) => session.metric(hex(8), body) },
  postRecording: { good: recordingBody({ seq: 9 }), send: (body) => session.post('recordings', body) },
  login: { good: { name: 'ana', password: PASSWORD }, send: (body) => Person.post(server.url, '/api/v1/login', body) },
  useSetupLink: { good: { token: 'wsl_x' }, send: (body) => Person.post(server.url, '/api/v1/setup', body) },
  changePassword: {
    good: { current: PASSWORD, new: 'another four words here' },
    send: (body) => ana.ask('/api/v1/me/password', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body }),
  },
});

function assertTold(answer, name, row, what) {
  assert.equal(answer.status, 400, `${what}: ${answer.status} ${answer.text}`);
  assert.match(answer.headers.get('content-type'), /^application\/problem\+json/);
  assert.equal(typeof answer.json.error, 'string');
  const at = answer.json.errors?.find((e) => e.pointer === `/${name}`);
  assert.ok(at, `${what}: no pointer /${name} in ${answer.text}`);
  assert.ok(answer.json.error.includes(name), `${what}: ${answer.json.error}`);
  assert.ok(at.detail.includes(row.says), `${what}: "${at.detail}" does not say "${row.says}"`);
}

test('bodies: each field missing, of a wrong type, too long by one, out of range', async () => {
  const all = Object.values(spec.paths).flatMap((item) => Object.values(item)).filter((o) => o?.requestBody?.content?.['application/json']);
  const own = senders();
  let tried = 0;
  for (const operation of all) {
    if (operation.operationId === 'postBatch') continue; // its items: the unit test over the wire's tables
    const { good, send } = own[operation.operationId];
    const schema = follow(operation.requestBody.content['application/json'].schema);
    for (const name of schema.required ?? []) {
      const body = { ...good };
      delete body[name];
      assertTold(await send(body), name, { says: 'missing' }, `${operation.operationId} without ${name}`);
    }
    for (const [name, property] of Object.entries(schema.properties)) {
      for (const row of wrongValues(follow(property))) {
        if (row.value === '' && !schema.required?.includes(name)) continue; // as if it were not there
        const what = `${operation.operationId} ${name} = ${JSON.stringify(row.value).slice(0, 40)}`;
        assertTold(await send({ ...good, [name]: row.value }), name, row, what);
        tried++;
      }
    }
  }
  assert.ok(tried > 80, String(tried));
});

test('forms: each field of a screenshot missing, too long, out of range, garbage', async () => {
  const s = await Layer2.open(server.url, { extra: { tier: 4 } });
  const wrong = {
    session_id: { values: ['abc', '0', '-1', '1.5', '9'.repeat(25)], says: '' },
    captured_at: { values: ['yesterday', '2026-02-30T00:00:00Z', '1770740396'], says: 'ISO 8601' },
    seq: { values: ['x', '1', '0', '1e3', '2.5', '9007199254740994'], says: 'from 2 to 9007199254740992' },
    sha256: { values: ['zz', 'a'.repeat(63), 'A'.repeat(64), 'a'.repeat(64)], says: '' },
    output: { values: ['x'.repeat(65), '漢'.repeat(65)], says: 'at most 64 characters' },
    width: { values: ['0', '16385', 'wide', '1.5'], says: 'from 1 to 16384' },
    height: { values: ['0', '16385', '-1'], says: 'from 1 to 16384' },
    tier: { values: ['5', 'L5', 'gold', '-1'], says: 'from 0 to 4' },
    masks: { values: ['-1', 'x'], says: 'from 0' },
  };
  const schema = follow(spec.paths['/api/screenshots/'].post.requestBody.content['multipart/form-data'].schema);
  assert.deepEqual(Object.keys(schema.properties).filter((name) => !['image', 'thumbnail'].includes(name)).sort(), Object.keys(wrong).sort(), 'the table names every field');
  const good = { seq: '2', output: 'DP-1', width: '8', height: '6', tier: 'L4', masks: '0' };
  for (const [name, { values, says }] of Object.entries(wrong))
    for (const value of values) assertTold(await s.screenshot({ ...good, [name]: value }), name, { says }, `${name} = ${value.slice(0, 30)}`);
  for (const name of ['session_id', 'captured_at']) assertTold(await s.screenshot({ ...good, [name]: undefined }), name, { says: name === 'captured_at' ? 'missing' : '' }, `without ${name}`);
  assertTold(await s.screenshot(good, { image: null }), 'image', { says: 'missing' }, 'without image');
  assertTold(await s.screenshot(good, { image: Buffer.from('GIF89a') }), 'image', { says: 'PNG, JPEG or WebP' }, 'a GIF');
  assertTold(await s.screenshot(good, { image: Buffer.alloc(9 << 20) }), 'image', { says: 'at most 8388608' }, 'a picture of 9 MiB');
  assert.equal((await s.screenshot(good)).status, 201);
});

test('queries: each parameter out of bounds, garbage, twice, and unknown ones', async () => {
  const list = await ana.get(`/api/v1/sessions/${session.id}/screenshots`);
  const metrics = await ana.get(`/api/v1/sessions/${session.id}/metrics`);
  const idOf = (path) => (path.includes('/metrics/{') ? metrics.items[0].id : path.includes('/screenshots/{') ? list.items[0].id : session.id);
  let tried = 0;
  for (const [path, item] of Object.entries(spec.paths)) {
    const parameters = [...(item.parameters ?? []), ...(item.get?.parameters ?? [])].map(follow).filter((p) => p.in === 'query');
    if (!item.get || !parameters.length) continue;
    const url = path.replace('{id}', idOf(path));
    for (const parameter of parameters) {
      const schema = follow(parameter.schema);
      const rows = wrongValues(schema).filter((row) => typeof row.value !== 'object').map((row) => ({ ...row, says: ['topics', 'cursor'].includes(parameter.name) ? '' : row.says }));
      if (typesOf(schema).includes('boolean')) rows.push({ value: 'maybe', says: 'true or false' });
      if (parameter.name === 'cursor') rows.push({ value: 'nonsense', says: '' });
      for (const row of rows) {
        const what = `${url}?${parameter.name}=${String(row.value).slice(0, 40)}`;
        assertTold(await ana.ask(`${url}?${parameter.name}=${encodeURIComponent(row.value)}`), parameter.name, row, what);
        tried++;
      }
      const good = { limit: '5', max_points: '5', attention: 'true', status: 'online', size: 'full' }[parameter.name];
      if (good) assertTold(await ana.ask(`${url}?${parameter.name}=${good}&${parameter.name}=${good}`), parameter.name, { says: 'twice' }, `${url} ${parameter.name} twice`);
    }
    assertTold(await ana.ask(`${url}?lmit=5`), 'lmit', { says: parameters[0].name }, `${url}?lmit=5`);
  }
  assert.ok(tried > 40, String(tried));
});

test('ids in a path that are none, and ids that are nobody\'s, are 404', async () => {
  for (const [path, item] of Object.entries(spec.paths)) {
    if (!path.includes('{id}')) continue;
    for (const id of ['0', '-1', '1.5', '01', 'x', '99999999999999999999', `${session.id}%00`, '999999'])
      for (const method of ['get', 'post', 'delete'].filter((m) => item[m])) {
        const url = path.replace('{id}', id);
        const agent = path.startsWith('/api/sessions/');
        const answer = agent ? await ask(server.url + url, { method: method.toUpperCase(), token: session.token }) : await ana.ask(url, { method: method.toUpperCase() });
        const expected = agent ? [400, 403, 404] : [400, 404]; // an agent is told of no other session
        assert.ok(expected.includes(answer.status), `${method} ${url}: ${answer.status} ${answer.text}`);
      }
  }
});
