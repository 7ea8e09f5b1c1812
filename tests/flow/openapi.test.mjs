// The description and the server say the same: every route is described, every
// description is a route, and real answers fit their schemas.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startServer, waitFor } from './lib/procs.mjs';
import { Layer1, Layer2, ask, metricBody, recordingBody, sessionBody } from './lib/wire.mjs';
import { misfits } from './lib/schema.mjs';
import { PASSWORD, Person, addUser, command } from './lib/people.mjs';

const cleanups = [];
const file = { after: (fn) => cleanups.push(fn) };
const methods = ['get', 'post', 'put', 'delete', 'patch'];
let server;
let spec;
let operations;

before(async () => {
  server = await startServer(file);
  const printed = await command(server.data, ['openapi']);
  assert.equal(printed.code, 0, printed.err);
  spec = printed.json;
  operations = Object.entries(spec.paths).flatMap(([path, item]) =>
    methods.filter((m) => item[m]).map((m) => ({ method: m.toUpperCase(), path, ...item[m] })),
  );
});
after(async () => {
  for (const fn of cleanups.reverse()) await fn();
});

test('every route is described and every description is a route', async () => {
  const lines = (await command(server.data, ['openapi', '--routes'])).out.trim().split('\n');
  const live = lines
    .map((line) => line.split(' '))
    .filter(([, , operation]) => operation !== '-')
    .map(([method, path, operation]) => `${method} ${path} ${operation}`);
  const described = operations.map((o) => `${o.method} ${o.path} ${o.operationId}`);
  assert.deepEqual(live.sort(), described.sort());
});

test('what is open, for agents and for people is described as it is', async () => {
  const lines = (await command(server.data, ['openapi', '--routes'])).out.trim().split('\n');
  const schemes = (o) => [...new Set((o.security ?? spec.security).flatMap((s) => (Object.keys(s).length ? Object.keys(s) : ['none'])))].sort().join();
  const said = { open: ['none', 'key,login,none'], agent: ['agent'], enroll: ['agent,enrollment,none'], user: ['key,login', 'login'] };
  for (const line of lines) {
    const [method, path, operation, access] = line.split(' ');
    if (operation === '-') continue;
    const o = operations.find((op) => op.method === method && op.path === path);
    assert.ok(said[access].includes(schemes(o)), `${line}: described with ${schemes(o)}`);
  }
});

test('the description served is the one embedded', async () => {
  await addUser(server.data, 'otto', 'viewer');
  const otto = await Person.login(server.url, 'otto');
  assert.deepEqual(await otto.get('/api/openapi.json'), spec);
});

test('real answers fit their schemas, examples too', async () => {
  await addUser(server.data, 'ana', 'admin,reviewer');
  const ana = await Person.login(server.url, 'ana');
  const one = await Layer1.open(server.url);
  const two = await Layer2.open(server.url);
  const explained = metricBody({
    agent_timestamp: new Date().toISOString(),
    anomaly_label: 'suspicious',
    features: { scored: true, words: 3, activity: 0.5, productivity: { base: 70, contributions: [{ name: 'x', value: 1, weight: 1, contribution: 1 }] }, anomaly: { mode: 'static', parts: [{ name: 'x', value: 1, expected: 1, scale: 0, contribution: 0.2 }] } },
  });
  const first = await one.metric('m', metricBody({ agent_timestamp: new Date().toISOString() }));
  const batch = await two.batch([Layer2.item(2, 'metric', explained), Layer2.item(4)]);
  const shot = await one.screenshot();
  const recording = await one.post('recordings', recordingBody());
  const beat = await two.post('heartbeat', { agent_version: '1', head_seq: 5, queue: { pending: 1, dead: 1 }, workers: [{ name: 'ai', alive: false }], state: 'recording' });
  const duplicate = await one.metric('m', metricBody({ agent_timestamp: new Date().toISOString() }));
  await command(server.data, ['apikey', 'create', '--role', 'viewer', '--name', 'k']);
  await command(server.data, ['enroll', '--user', 'ana']);
  const link = (await command(server.data, ['setup', '--link', '--json'])).json;
  const shots = await ana.get(`/api/v1/sessions/${one.id}/screenshots`);
  const id = batch.json.results[0].id;
  await waitFor('the heartbeat is written', async () => (await ana.get(`/api/v1/sessions/${two.id}/health`)).queue);
  const get = (path) => ana.ask(path);
  const calls = [
    ['createSession', await ask(`${server.url}/api/sessions/`, { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(sessionBody()) })],
    ['createSession', two.answer],
    ['createSession', await ask(`${server.url}/api/sessions/`, { headers: { 'Content-Type': 'application/json' }, body: '{' })],
    ['postMetric', first],
    ['postMetric', duplicate],
    ['postBatch', batch],
    ['postScreenshot', shot],
    ['postRecording', recording],
    ['postHeartbeat', beat],
    ['getAgentLedger', await ask(`${server.url}/api/sessions/${two.id}/ledger/`, { method: 'GET', token: two.token })],
    ['getPolicy', await ask(`${server.url}/api/sessions/${two.id}/policy/`, { method: 'GET', token: two.token })],
    ['useSetupLink', await Person.post(server.url, '/api/v1/setup', { token: link.token })],
    ['useSetupLink', await Person.post(server.url, '/api/v1/setup', { token: link.token, use: true })],
    ['useSetupLink', await Person.post(server.url, '/api/v1/setup', { token: link.token, use: true })],
    ['login', await Person.post(server.url, '/api/v1/login', { name: 'ana', password: PASSWORD })],
    ['login', await Person.post(server.url, '/api/v1/login', { name: 'ana', password: 'x' })],
    ['login', await Person.post(server.url, '/api/v1/login', {})],
    ['getMe', await get('/api/v1/me')],
    ['listLogins', await get('/api/v1/me/logins?limit=1')],
    ['getOverview', await get('/api/v1/overview')],
    ['listSessions', await get('/api/v1/sessions?limit=1')],
    ['listSessions', await get('/api/v1/sessions?limit=x')],
    ['exportSessionsCsv', await get('/api/v1/sessions.csv')],
    ['exportSessionsJson', await get('/api/v1/sessions.json')],
    ['exportSessionsJson', await get('/api/v1/sessions.json?status=x')],
    ['getSession', await get(`/api/v1/sessions/${one.id}`)],
    ['getSession', await get(`/api/v1/sessions/${two.id}`)],
    ['getSession', await get('/api/v1/sessions/999999')],
    ['listMetrics', await get(`/api/v1/sessions/${two.id}/metrics`)],
    ['getSeries', await get(`/api/v1/sessions/${two.id}/series`)],
    ['getTimeline', await get(`/api/v1/sessions/${two.id}/timeline?from=2026-01-01T00:00:00Z&to=2027-01-01T00:00:00Z`)],
    ['getTimeline', await get(`/api/v1/sessions/${two.id}/timeline?max_points=0`)],
    ['listScreenshots', await get(`/api/v1/sessions/${one.id}/screenshots`)],
    ['getLedger', await get(`/api/v1/sessions/${one.id}/ledger`)],
    ['getLedger', await get(`/api/v1/sessions/${two.id}/ledger`)],
    ['getHealth', await get(`/api/v1/sessions/${one.id}/health`)],
    ['getHealth', await get(`/api/v1/sessions/${two.id}/health`)],
    ['getMetric', await get(`/api/v1/metrics/${id}`)],
    ['getMetric', await get(`/api/v1/metrics/${first.json.ai_metric_id}`)],
    ['getScreenshotImage', await get(`/api/v1/screenshots/${shots.items[0].id}/image?size=thumbnail`)],
    ['listUsers', await get('/api/v1/users')],
    ['listApiKeys', await get('/api/v1/api-keys')],
    ['listEnrollmentCodes', await get('/api/v1/enrollment-codes')],
    ['listAudit', await get('/api/v1/audit')],
    ['healthz', await get('/healthz')],
    ['readyz', await get('/readyz')],
    ['metricsText', await get('/metrics')],
  ];
  for (const [operation, answer] of calls) {
    const o = operations.find((op) => op.operationId === operation);
    let said = o.responses[answer.status];
    assert.ok(said, `${operation}: ${answer.status} is not described: ${answer.text}`);
    if (said.$ref) said = said.$ref.slice(2).split('/').reduce((node, key) => node[key], spec);
    const type = answer.headers.get('content-type')?.split(';')[0];
    assert.ok(said.content?.[type], `${operation}: ${answer.status} is ${type}, described are ${Object.keys(said.content ?? {})}`);
    if (!type.endsWith('json')) continue;
    assert.deepEqual(misfits(spec, said.content[type].schema, answer.json, operation), [], answer.text.slice(0, 400));
  }
  const reached = new Set(calls.map(([operation]) => operation));
  const elsewhere = ['logout', 'changePassword', 'endLogin', 'endOtherLogins', 'streamEvents', 'getOpenapi'];
  assert.deepEqual(operations.map((o) => o.operationId).filter((id) => !reached.has(id) && !elsewhere.includes(id)), []);
});

test('the examples of the description fit their own schemas', () => {
  const bad = [];
  const walk = (node, at) => {
    if (!node || typeof node !== 'object') return;
    const schema = node.schema ?? (node.type || node.properties ? node : undefined);
    if (schema && node.example !== undefined && typeof node.example === 'object') bad.push(...misfits(spec, schema, node.example, at));
    if (node.schema && node.examples)
      for (const [name, example] of Object.entries(node.examples)) if (example?.value) bad.push(...misfits(spec, node.schema, example.value, `${at}/${name}`));
    for (const [key, child] of Object.entries(node)) if (key !== 'example' && key !== 'examples') walk(child, `${at}/${key}`);
  };
  walk(spec.paths, '');
  walk(spec.components, '');
  assert.deepEqual(bad, []);
});
