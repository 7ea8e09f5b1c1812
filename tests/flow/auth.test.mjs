// Who may do what: every route for every role, the ways in, and the ways to
// keep others out.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { startServer, sqlite, tempDir, waitFor, freePort } from './lib/procs.mjs';
import { Layer1, Layer2, ask, metricBody, png } from './lib/wire.mjs';
import { PASSWORD, Person, ROLES, addUser, command } from './lib/people.mjs';

const cleanups = [];
const file = { after: (fn) => cleanups.push(fn) };
let server;
let data;
let session;
let shot;
let metric;
const people = {};
const keys = {};

before(async () => {
  server = await startServer(file);
  data = server.data;
  session = await Layer1.open(server.url);
  metric = (await session.metric('m1')).json.ai_metric_id;
  assert.equal((await session.screenshot()).status, 201);
  shot = (await sqlite(join(data, 'worksight.db'), 'SELECT id FROM screenshot'))[0].id;
  for (const role of ROLES) {
    await addUser(data, role, role);
    people[role] = await Person.login(server.url, role);
  }
  for (const role of ['viewer', 'reviewer', 'admin', 'auditor']) {
    const made = await command(data, ['apikey', 'create', '--role', role, '--name', `k-${role}`]);
    assert.equal(made.code, 0, made.err);
    keys[role] = made.out.trim();
  }
});
after(async () => {
  for (const fn of cleanups.reverse()) await fn();
});

// --- every route x every role ---

const none = 404; // not in the scope: as if it did not exist
/** What each role gets; anonymous always gets 401 here. */
const table = () => ({
  '/api/v1/me': { viewer: 200, reviewer: 200, manager: 200, admin: 200, auditor: 200, person: 200 },
  '/api/v1/overview': { viewer: 200, reviewer: 200, manager: 200, admin: 200, auditor: 403, person: 200 },
  '/api/v1/sessions': { viewer: 200, reviewer: 200, manager: 200, admin: 200, auditor: 403, person: 200 },
  [`/api/v1/sessions/${session.id}`]: { viewer: 200, reviewer: 200, manager: none, admin: 200, auditor: 403, person: none },
  [`/api/v1/sessions/${session.id}/metrics`]: { viewer: 200, reviewer: 200, manager: none, admin: 403, auditor: 403, person: none },
  [`/api/v1/sessions/${session.id}/series`]: { viewer: 200, reviewer: 200, manager: none, admin: 403, auditor: 403, person: none },
  [`/api/v1/sessions/${session.id}/timeline`]: { viewer: 200, reviewer: 200, manager: none, admin: 403, auditor: 403, person: none },
  [`/api/v1/sessions/${session.id}/screenshots`]: { viewer: 403, reviewer: 200, manager: 403, admin: 403, auditor: 403, person: none },
  [`/api/v1/sessions/${session.id}/ledger`]: { viewer: 200, reviewer: 200, manager: none, admin: 200, auditor: 403, person: none },
  [`/api/v1/sessions/${session.id}/health`]: { viewer: 200, reviewer: 200, manager: none, admin: 200, auditor: 403, person: none },
  [`/api/v1/metrics/${metric}`]: { viewer: 200, reviewer: 200, manager: none, admin: 403, auditor: 403, person: none },
  [`/api/v1/screenshots/${shot}/image`]: { viewer: 403, reviewer: 200, manager: 403, admin: 403, auditor: 403, person: none },
  '/api/v1/sessions.csv': { viewer: 403, reviewer: 200, manager: 200, admin: 200, auditor: 403, person: 200 },
  '/api/v1/sessions.json': { viewer: 403, reviewer: 200, manager: 200, admin: 200, auditor: 403, person: 200 },
  '/api/v1/users': { viewer: 403, reviewer: 403, manager: 403, admin: 200, auditor: 403, person: 403 },
  '/api/v1/api-keys': { viewer: 403, reviewer: 403, manager: 403, admin: 200, auditor: 403, person: 403 },
  '/api/v1/enrollment-codes': { viewer: 403, reviewer: 403, manager: 403, admin: 200, auditor: 403, person: 403 },
  '/api/v1/audit': { viewer: 403, reviewer: 403, manager: 403, admin: 200, auditor: 200, person: 403 },
  '/metrics': { viewer: 403, reviewer: 403, manager: 403, admin: 200, auditor: 200, person: 403 },
  '/api/v1/events': { viewer: 200, reviewer: 200, manager: 200, admin: 200, auditor: 403, person: 200 },
  '/api/v1/me/logins': { viewer: 200, reviewer: 200, manager: 200, admin: 200, auditor: 200, person: 200 },
  '/api/openapi.json': { viewer: 200, reviewer: 200, manager: 200, admin: 200, auditor: 200, person: 200 },
});

/** The status alone, for answers that never end. */
async function statusOf(path, headers) {
  const stop = new AbortController();
  const answer = await fetch(server.url + path, { headers, signal: stop.signal, redirect: 'manual' });
  stop.abort();
  return answer.status;
}

test('every route of people answers every role as its permissions say', async () => {
  const got = {};
  const wanted = table();
  for (const path of Object.keys(wanted)) {
    got[path] = {};
    for (const role of ROLES) got[path][role] = await statusOf(path, { Cookie: people[role].cookie });
  }
  assert.deepEqual(got, wanted);
});

test('the table names every GET route for people that the server has', async () => {
  const lines = (await command(data, ['openapi', '--routes'])).out.trim().split('\n');
  const live = lines
    .map((line) => line.split(' '))
    .filter(([method, , operation, access]) => method === 'GET' && access === 'user' && operation !== '-')
    .map(([, path]) => path);
  const named = Object.keys(table()).map((path) => path.replace(/\/\d+(?=\/|$)/, '/{id}'));
  assert.deepEqual(live.sort(), named.sort());
});

test('a key answers as its role does, but where a login is needed', async () => {
  for (const [path, expected] of Object.entries(table())) {
    for (const role of Object.keys(keys)) {
      const wanted = path === '/api/v1/me/logins' ? 403 : expected[role];
      assert.equal(await statusOf(path, { Authorization: `Bearer ${keys[role]}` }), wanted, `${role} ${path}`);
    }
  }
});

test('without a login there is health, the login page and nothing else', async () => {
  for (const path of Object.keys(table())) assert.equal(await statusOf(path, {}), 401, path);
  for (const path of ['/healthz', '/readyz', '/login', '/setup']) assert.equal(await statusOf(path, {}), 200, path);
  const page = await fetch(`${server.url}/dashboard/`, { headers: { Accept: 'text/html' }, redirect: 'manual' });
  assert.equal(page.status, 303);
  assert.match(page.headers.get('location'), /^\/login\?next=/);
  for (const [method, path] of [
    ['POST', '/api/v1/logout'],
    ['POST', '/api/v1/me/password'],
    ['DELETE', '/api/v1/me/logins'],
    ['DELETE', '/api/v1/me/logins/1'],
  ])
    assert.equal((await ask(server.url + path, { method })).status, 401, path);
});

test('a token of a session opens nothing for people, a cookie nothing for agents', async () => {
  for (const path of Object.keys(table())) assert.equal(await statusOf(path, { Authorization: `Bearer ${session.token}` }), 403, path);
  const answer = await ask(`${server.url}/api/sessions/${session.id}/heartbeat/`, { headers: { Cookie: people.admin.cookie } });
  assert.equal(answer.status, 401);
});

test('unknown cookies and keys are refused', async () => {
  assert.equal(await statusOf('/api/v1/me', { Cookie: `ws=${'0'.repeat(64)}` }), 401);
  assert.equal(await statusOf('/api/v1/me', { Cookie: 'ws=' }), 401);
  assert.equal(await statusOf('/api/v1/me', { Cookie: `ws=${'x'.repeat(3000)}` }), 401);
  assert.equal(await statusOf('/api/v1/me', { Authorization: `Bearer wsk_${'0'.repeat(64)}` }), 403);
});

// --- readiness ---

test('readyz tells its checks to those who run the server, the status to all', async () => {
  const plain = await ask(`${server.url}/readyz`, { method: 'GET' });
  assert.deepEqual(plain.json, { status: 'ok' });
  const told = await people.admin.get('/readyz');
  assert.deepEqual(told.checks.map((c) => [c.name, c.ok]), [['database', true], ['migrations', true], ['disk', true], ['blobs', true]]);
  assert.equal((await people.viewer.get('/readyz')).checks, undefined);
});

// --- login ---

test('login: the cookie is HttpOnly, Lax, for the whole site; the id is stored hashed', async () => {
  const answer = await Person.post(server.url, '/api/v1/login', { name: 'VIEWER', password: PASSWORD });
  assert.equal(answer.status, 200);
  const cookie = answer.headers.get('set-cookie');
  assert.match(cookie, /^ws=[0-9a-f]{64}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=\d+$/);
  assert.equal(answer.headers.get('cache-control'), 'no-store');
  const secret = cookie.match(/ws=([0-9a-f]+)/)[1];
  const bytes = readFileSync(join(data, 'worksight.db'), 'latin1') + readFileSync(join(data, 'worksight.db-wal'), 'latin1');
  assert.ok(!bytes.includes(secret));
  assert.ok(!bytes.includes(Buffer.from(secret, 'hex').toString('latin1')));
  assert.ok(!bytes.includes(PASSWORD));
});

test('login: a wrong name and a wrong password answer alike', async () => {
  const a = await Person.post(server.url, '/api/v1/login', { name: 'viewer', password: 'not the password' });
  const b = await Person.post(server.url, '/api/v1/login', { name: 'nobody', password: 'not the password' });
  for (const answer of [a, b]) {
    assert.equal(answer.status, 401);
    assert.equal(answer.headers.get('set-cookie'), null);
  }
  assert.equal(a.json.detail, b.json.detail);
});

test('login: what is not a login is 400 with a pointer, or 415', async () => {
  const post = (body) => Person.post(server.url, '/api/v1/login', body);
  assert.equal((await post('{')).status, 400);
  assert.equal((await post('[]')).status, 400);
  for (const [body, pointer] of [
    [{ name: 'a' }, '/password'],
    [{ password: 'a' }, '/name'],
    [{ name: 7, password: 'a' }, '/name'],
    [{ name: '', password: 'a' }, '/name'],
    [{ name: 'a'.repeat(65), password: 'a' }, '/name'],
    [{ name: 'a', password: 'a', admin: true }, '/admin'],
  ]) {
    const answer = await post(body);
    assert.equal(answer.status, 400, JSON.stringify(body));
    assert.equal(answer.json.errors[0].pointer, pointer);
  }
  const form = await ask(`${server.url}/api/v1/login`, {
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: `name=viewer&password=${encodeURIComponent(PASSWORD)}`,
  });
  assert.equal(form.status, 415);
});

test('login: after five failures a name is closed for its address, with the time said', async () => {
  await addUser(data, 'locked', 'viewer');
  const attempt = (password) => Person.post(server.url, '/api/v1/login', { name: 'locked', password });
  for (let i = 0; i < 5; i++) assert.equal((await attempt('wrong wrong wrong')).status, 401);
  const closed = await attempt(PASSWORD);
  assert.equal(closed.status, 429);
  const wait = Number(closed.headers.get('retry-after'));
  assert.ok(wait > 0 && wait <= 30, String(wait));
  assert.match(closed.json.detail, /try again in \d+ s/);
  await Person.login(server.url, 'viewer'); // others are not closed out
});

test('login: many at once never take more than the bound, and none is wrong', async () => {
  const answers = await Promise.all(
    Array.from({ length: 12 }, () => Person.post(server.url, '/api/v1/login', { name: 'reviewer', password: PASSWORD })),
  );
  const statuses = answers.map((a) => a.status);
  assert.ok(statuses.every((s) => s === 200 || s === 503), statuses.join());
  assert.ok(statuses.filter((s) => s === 200).length >= 2);
  for (const a of answers) if (a.status === 503) assert.ok(a.headers.get('retry-after'));
});

// --- CSRF ---

test('csrf: level 2 refuses other sites, level 3 wants the token', async () => {
  const end = (headers) => ask(`${server.url}/api/v1/me/logins/999999`, { method: 'DELETE', headers });
  const cookie = { Cookie: people.viewer.cookie };
  const token = { 'X-CSRF-Token': people.viewer.me.csrf_token };
  assert.equal((await end(cookie)).status, 403);
  assert.equal((await end({ ...cookie, 'X-CSRF-Token': 'f'.repeat(64) })).status, 403);
  assert.equal((await end({ ...cookie, 'X-CSRF-Token': people.reviewer.me.csrf_token })).status, 403);
  assert.equal((await end({ ...cookie, ...token, 'Sec-Fetch-Site': 'cross-site' })).status, 403);
  assert.equal((await end({ ...cookie, ...token, 'Sec-Fetch-Site': 'same-site' })).status, 403);
  assert.equal((await end({ ...cookie, ...token, Origin: 'http://evil.example' })).status, 403);
  assert.equal((await end({ ...cookie, ...token, Origin: server.url })).status, 404);
  assert.equal((await end({ ...cookie, ...token, 'Sec-Fetch-Site': 'same-origin' })).status, 404);
  assert.equal((await end({ Authorization: `Bearer ${keys.viewer}` })).status, 403); // a key has no logins
});

test('csrf: another site can neither log somebody in nor use a link', async () => {
  for (const path of ['/api/v1/login', '/api/v1/setup']) {
    const body = { name: 'viewer', password: PASSWORD, token: 'x' };
    assert.equal((await Person.post(server.url, path, body, { 'Sec-Fetch-Site': 'cross-site' })).status, 403);
    assert.equal((await Person.post(server.url, path, body, { Origin: 'https://evil.example' })).status, 403);
  }
});

// --- own logins and password ---

test('logins: listed with their browser, ended one by one and all the others', async () => {
  await addUser(data, 'carla', 'viewer');
  const one = await Person.login(server.url, 'carla', PASSWORD, { 'User-Agent': 'First/1.0' });
  const two = await Person.login(server.url, 'carla', PASSWORD, { 'User-Agent': 'Second/2.0' });
  const three = await Person.login(server.url, 'carla');
  const list = await one.all('/api/v1/me/logins', { limit: 2 });
  assert.equal(list.length, 3);
  assert.deepEqual(list.filter((l) => l.current).map((l) => l.user_agent), ['First/1.0']);
  const second = list.find((l) => l.user_agent === 'Second/2.0');
  assert.equal((await one.ask(`/api/v1/me/logins/${second.id}`, { method: 'DELETE' })).status, 204);
  assert.equal((await two.ask('/api/v1/me')).status, 401);
  assert.equal((await three.ask('/api/v1/me')).status, 200);
  const foreign = people.viewer.me.login_id;
  assert.equal((await one.ask(`/api/v1/me/logins/${foreign}`, { method: 'DELETE' })).status, 404);
  assert.equal((await people.viewer.ask('/api/v1/me')).status, 200);
  assert.equal((await one.ask('/api/v1/me/logins', { method: 'DELETE' })).status, 204);
  assert.equal((await three.ask('/api/v1/me')).status, 401);
  const out = await one.ask('/api/v1/logout', { method: 'POST' });
  assert.equal(out.status, 204);
  assert.match(out.headers.get('set-cookie'), /^ws=; .*Max-Age=0/);
  assert.equal((await one.ask('/api/v1/me')).status, 401);
});

test('password: the change ends every other login; weak and wrong ones are refused', async () => {
  await addUser(data, 'dora', 'viewer');
  const mine = await Person.login(server.url, 'dora');
  const other = await Person.login(server.url, 'dora');
  const change = (body) => mine.ask('/api/v1/me/password', { method: 'POST', body, headers: { 'Content-Type': 'application/json' } });
  for (const [body, pointer] of [
    [{ current: PASSWORD, new: 'short' }, '/new'],
    [{ current: PASSWORD, new: 'Password1234' }, '/new'],
    [{ current: PASSWORD, new: 'hello dora hello' }, '/new'],
    [{ current: 'not my password', new: 'another four words here' }, '/current'],
  ]) {
    const answer = await change(body);
    assert.equal(answer.status, 400, answer.text);
    assert.equal(answer.json.errors[0].pointer, pointer);
  }
  assert.equal((await change({ current: PASSWORD, new: 'another four words here' })).status, 204);
  assert.equal((await mine.ask('/api/v1/me')).status, 200);
  assert.equal((await other.ask('/api/v1/me')).status, 401);
  await Person.login(server.url, 'dora', 'another four words here');
  const old = await Person.post(server.url, '/api/v1/login', { name: 'dora', password: PASSWORD });
  assert.equal(old.status, 401);
});

// --- API keys ---

test('apikey: shown once, stored hashed, names one role, ends when revoked', async () => {
  const made = await command(data, ['apikey', 'create', '--role', 'viewer', '--name', 'short-lived']);
  const key = made.out.trim();
  assert.match(key, /^wsk_[0-9a-f]{64}$/);
  const me = await ask(`${server.url}/api/v1/me`, { method: 'GET', token: key });
  assert.deepEqual([me.json.kind, me.json.name, me.json.roles, me.json.csrf_token], ['key', 'key:short-lived', ['viewer'], null]);
  assert.equal((await command(data, ['apikey', 'create', '--role', 'viewer', '--name', 'short-lived'])).code, 1);
  assert.equal((await command(data, ['apikey', 'create', '--role', 'person', '--name', 'p'])).code, 2);
  assert.equal((await command(data, ['apikey', 'create', '--role', 'admin,viewer', '--name', 'p'])).code, 2);
  assert.equal((await command(data, ['apikey', 'revoke', 'short-lived'])).code, 0);
  assert.equal((await ask(`${server.url}/api/v1/me`, { method: 'GET', token: key })).status, 403);
  const list = await people.admin.get('/api/v1/api-keys');
  assert.deepEqual(list.items.filter((k) => k.revoked).map((k) => k.name), ['short-lived']);
  assert.ok(!JSON.stringify(list).includes(key));
});

// --- agents ---

test('token revoke: refused within a second, and no row lands afterwards', async () => {
  const s = await Layer1.open(server.url);
  assert.equal((await s.metric('before')).status, 201);
  const begun = Date.now();
  assert.equal((await command(data, ['token', 'revoke', String(s.id)])).code, 0);
  await waitFor('the token is refused', async () => (await s.metric(`probe-${Date.now()}`)).status === 403, { ms: 5000, every: 20 });
  assert.ok(Date.now() - begun < 2000);
  const count = async () => (await sqlite(join(data, 'worksight.db'), `SELECT count(*) n FROM metric WHERE session_id=${s.id}`))[0].n;
  const before = await count();
  assert.equal((await s.metric('after')).status, 403);
  assert.equal(await count(), before);
  assert.equal((await command(data, ['token', 'revoke', String(s.id)])).code, 1);
});

test('enroll: from elsewhere a code opens one session, for its person, once', async (t) => {
  const fresh = await startServer(t, { args: ['--enrollment-from', '192.0.2.0/24'] });
  await addUser(fresh.data, 'petra', 'person');
  await addUser(fresh.data, 'boss', 'reviewer');
  const code = async (...args) => (await command(fresh.data, ['enroll', ...args])).out.trim();
  assert.equal((await Layer2.open(fresh.url)).answer.status, 401);
  assert.equal((await Layer2.open(fresh.url, { bearer: 'wse_00000000000000000000000000000000' })).answer.status, 403);
  const good = await code('--user', 'petra');
  assert.match(good, /^wse_[0-9a-f]{32}$/);
  const s = await Layer2.open(fresh.url, { bearer: good });
  assert.equal(s.answer.status, 201, s.answer.text);
  assert.equal((await Layer2.open(fresh.url, { bearer: good })).answer.status, 403);
  // The agent's next session comes with the token of this one, for the same person.
  const next = await Layer2.open(fresh.url, { agent_id: s.agent_id, bearer: s.token });
  assert.equal(next.answer.status, 201, next.answer.text);
  const petra = await Person.login(fresh.url, 'petra');
  assert.deepEqual((await petra.get('/api/v1/sessions')).items.map((i) => i.id).sort(), [s.id, next.id].sort());
  // Revoked ones are refused.
  const dropped = await code();
  const list = (await command(fresh.data, ['enroll', 'list', '--json'])).json.items;
  assert.equal((await command(fresh.data, ['enroll', 'revoke', String(list.at(-1).id)])).code, 0);
  assert.equal((await Layer2.open(fresh.url, { bearer: dropped })).answer.status, 403);
  // A person sees the own sessions alone, pictures included.
  const stranger = await Layer2.open(fresh.url, { bearer: await code() });
  const id = (await s.screenshot()).status;
  assert.equal(id, 201);
  assert.equal((await stranger.screenshot()).status, 201);
  const shots = await sqlite(join(fresh.data, 'worksight.db'), 'SELECT id, session_id FROM screenshot');
  const mine = shots.find((r) => r.session_id === s.id).id;
  const theirs = shots.find((r) => r.session_id === stranger.id).id;
  assert.equal((await petra.ask(`/api/v1/screenshots/${mine}/image`)).status, 200);
  assert.equal((await petra.ask(`/api/v1/screenshots/${theirs}/image`)).status, 404);
  assert.equal((await petra.ask(`/api/v1/sessions/${stranger.id}/screenshots`)).status, 404);
});

test('enroll: ten uses at once of one code open one session', async (t) => {
  const fresh = await startServer(t, { args: ['--enrollment-from', '192.0.2.0/24'] });
  const code = (await command(fresh.data, ['enroll'])).out.trim();
  const all = await Promise.all(Array.from({ length: 10 }, () => Layer2.open(fresh.url, { bearer: code })));
  assert.equal(all.filter((s) => s.answer.status === 201).length, 1);
  assert.equal(all.filter((s) => s.answer.status === 403).length, 9);
});

test('manager: sees the sessions of the own team and no others', async (t) => {
  const fresh = await startServer(t, { args: ['--enrollment-from', '192.0.2.0/24'] });
  await addUser(fresh.data, 'mia', 'manager', { team: 'blue' });
  await addUser(fresh.data, 'bea', 'person', { team: 'blue' });
  await addUser(fresh.data, 'rob', 'person', { team: 'red' });
  const open = async (name) =>
    Layer2.open(fresh.url, { bearer: (await command(fresh.data, ['enroll', '--user', name])).out.trim() });
  const blue = await open('bea');
  const red = await open('rob');
  await addUser(fresh.data, 'loner', 'manager');
  const mia = await Person.login(fresh.url, 'mia');
  assert.deepEqual((await mia.get('/api/v1/sessions')).items.map((i) => [i.id, i.person]), [[blue.id, 'bea']]);
  assert.equal((await mia.ask(`/api/v1/sessions/${red.id}`)).status, 404);
  assert.equal((await mia.get('/api/v1/overview')).counters.sessions_total, 1);
  const loner = await Person.login(fresh.url, 'loner');
  assert.deepEqual((await loner.get('/api/v1/sessions')).items, []);
});

// --- the access log ---

test('audit: logins, failures and every view of a picture are rows of the chain', async () => {
  const before = (await command(data, ['audit', 'verify', '--json'])).json.rows;
  const picture = await people.reviewer.ask(`/api/v1/screenshots/${shot}/image`);
  assert.equal(picture.status, 200);
  assert.equal(picture.headers.get('cache-control'), 'private, no-store');
  assert.equal((await people.viewer.ask(`/api/v1/screenshots/${shot}/image`)).status, 403);
  assert.equal((await command(data, ['audit', 'verify', '--json'])).json.rows, before + 1);
  const rows = await sqlite(join(data, 'worksight.db'), 'SELECT actor, action, object, address, request FROM audit ORDER BY id DESC LIMIT 1');
  assert.deepEqual(rows[0], {
    actor: 'reviewer',
    action: 'screenshot.view',
    object: `screenshot:${shot}`,
    address: '127.0.0.1',
    request: picture.headers.get('x-request-id'),
  });
  const log = await people.auditor.all('/api/v1/audit', { limit: 7 });
  assert.equal(log.length, before + 1, 'every row, page by page');
  assert.deepEqual(log.map((row) => row.id), [...log.map((row) => row.id)].sort((a, b) => b - a));
  const { at, id, ...newest } = log[0];
  assert.deepEqual(newest, {
    actor: 'reviewer', action: 'screenshot.view', object: `screenshot:${shot}`, detail: `session:${session.id}`, address: '127.0.0.1', request_id: picture.headers.get('x-request-id'),
  });
  assert.ok(id > 0 && Date.now() - Date.parse(at) < 60000);
  const actions = (await sqlite(join(data, 'worksight.db'), 'SELECT DISTINCT action FROM audit')).map((r) => r.action);
  for (const action of ['login', 'login.failed', 'user.add', 'apikey.create', 'apikey.revoke', 'token.revoke', 'logout', 'password', 'screenshot.view'])
    assert.ok(actions.includes(action), action);
});

test('the picture that is answered is the picture that was sent', async () => {
  const answer = await fetch(`${server.url}/api/v1/screenshots/${shot}/image`, { headers: { Cookie: people.reviewer.cookie } });
  assert.equal(answer.headers.get('content-type'), 'image/png');
  assert.deepEqual(Buffer.from(await answer.arrayBuffer()), png());
});

// --- metrics for machines ---

test('/metrics is well formed and names nobody', async () => {
  await session.metric('again', metricBody());
  const text = (await ask(`${server.url}/metrics`, { method: 'GET', token: keys.auditor })).text;
  assert.match(text, /^worksight_facts_total\{verdict="accepted"\} \d+$/m);
  assert.match(text, /^worksight_agents\{state="online"\} \d+$/m);
  for (const word of ['ana', 'desk-7', 'viewer', 'field-agent']) assert.ok(!text.includes(word), word);
  const typed = new Set([...text.matchAll(/^# TYPE (\S+) (counter|gauge|histogram)$/gm)].map((m) => m[1]));
  for (const line of text.split('\n')) {
    if (!line || line.startsWith('#')) continue;
    const name = line.match(/^([a-z_]+)(\{[^}]*\})? -?[0-9.e+-]+$/)?.[1];
    assert.ok(name, line);
    assert.ok(typed.has(name) || typed.has(name.replace(/_(bucket|sum|count)$/, '')), line);
    assert.ok(name.startsWith('worksight_'), line);
  }
});

// --- what a restart keeps ---

test('logins, keys and cursors survive a restart of the server', async (t) => {
  const dir = tempDir(t, 'ws-people-');
  const port = await freePort();
  let one = await startServer(null, { data: dir, port });
  try {
    await addUser(dir, 'ana', 'viewer');
    const ana = await Person.login(one.url, 'ana');
    for (let i = 0; i < 3; i++) await Layer1.open(one.url);
    const page = await ana.get('/api/v1/sessions?limit=1');
    await one.stop();
    one = await startServer(null, { data: dir, port });
    assert.equal((await ana.ask('/api/v1/me')).status, 200);
    assert.equal((await ana.ask(`/api/v1/sessions?limit=1&cursor=${page.next_cursor}`)).status, 200);
  } finally {
    await one.stop();
  }
});
