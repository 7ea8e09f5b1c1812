// Every door of the server, from the outside: each route with each method and
// each role, spelled as hostile clients spell them, and the pages behind them.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startServer } from './lib/procs.mjs';
import { say } from './lib/raw.mjs';
import { Layer2, ask } from './lib/wire.mjs';
import { Person, ROLES, addUser, command } from './lib/people.mjs';

const cleanups = [];
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const OPEN_PAGES = ['/', '/login', '/setup', '/favicon.svg', '/healthz', '/readyz'];
let server;
let session;
let routes; // {method, path, url, access, permissions}
const people = {};

before(async () => {
  server = await startServer({ after: (fn) => cleanups.push(fn) });
  session = await Layer2.open(server.url);
  await session.batch([Layer2.item(2)]);
  assert.equal((await session.screenshot({ seq: '3' })).status, 201);
  for (const role of ROLES) {
    await addUser(server.data, role, role);
    people[role] = await Person.login(server.url, role);
  }
  const shot = (await people.reviewer.get(`/api/v1/sessions/${session.id}/screenshots`)).items[0].id;
  const metric = (await people.reviewer.get(`/api/v1/sessions/${session.id}/metrics`)).items[0].id;
  const idOf = (path) => (path.includes('/screenshots/{') ? shot : path.includes('/metrics/{') ? metric : path.includes('/logins/{') ? 999999 : session.id);
  routes = (await command(server.data, ['openapi', '--routes'])).out.trim().split('\n').map((line) => {
    const [method, path, , access, permissions] = line.split(' ');
    return { method, path, url: path.replace('{id}', idOf(path)).replace('*', 'x'), access, permissions: permissions?.split(',') ?? [] };
  });
});
after(async () => {
  for (const fn of cleanups.reverse()) await fn();
});

/** One raw request: what a browser or fetch would tidy up stays as it is. */
async function raw(method, target, headers = {}) {
  const lines = Object.entries({ Host: `127.0.0.1:${server.port}`, Connection: 'close', ...headers }).map(([k, v]) => `${k}: ${v}\r\n`);
  const answer = await say(server.port, `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`, { head: method === 'HEAD' });
  answer.raw.close();
  return answer;
}

test('without a login each route is 401 with every method it has, the open ones aside', async () => {
  await Promise.all(routes.map(async (r) => {
    const answer = await raw(r.method, r.url);
    if (r.access === 'open') assert.notEqual(answer.status, 401, r.path);
    else if (r.access === 'enroll') assert.equal(answer.status, 400, r.path); // loopback needs no code
    else assert.equal(answer.status, 401, `${r.method} ${r.path}`);
    if (answer.status === 401) assert.equal(answer.headers['www-authenticate'], 'Bearer', r.path);
  }));
});

test('a method that a path has not is 405 with those it has, for everybody', async () => {
  for (const path of new Set(routes.map((r) => r.url))) {
    const own = routes.filter((r) => r.url === path).map((r) => r.method);
    if (own.includes('GET')) own.push('HEAD');
    for (const method of [...METHODS, 'TRACE', 'CONNECT'].filter((m) => !own.includes(m))) {
      const answer = await raw(method, path, { Cookie: people.admin.cookie, 'Content-Length': '0' });
      assert.ok([400, 405, 501].includes(answer.status), `${method} ${path}: ${answer.status}`);
      if (answer.status === 405) assert.deepEqual(answer.headers.allow.split(', ').sort(), [...new Set(own)].sort(), `${method} ${path}`);
    }
  }
});

test('HEAD answers as GET does, without a body', async () => {
  for (const r of routes.filter((r) => r.method === 'GET' && r.path !== '/api/v1/events')) {
    const headers = r.access === 'agent' ? { Authorization: `Bearer ${session.token}` } : { Cookie: people.reviewer.cookie };
    const get = await raw('GET', r.url, headers);
    const head = await raw('HEAD', r.url, headers);
    assert.equal(head.status, get.status, r.path);
    assert.equal(head.headers['content-type'], get.headers['content-type'], r.path);
    assert.equal(head.raw.bytes.length, 0, r.path);
  }
});

/** Spellings of a path that are not the path, or must be judged as it is. */
function spellings(path) {
  const [, first, ...rest] = path.split('/');
  const tail = rest.length ? `/${rest.join('/')}` : '';
  const hex = (c) => `%${c.charCodeAt(0).toString(16)}`;
  return [
    `${path}/`, `/${path}`, `//${first}${tail}`, `/./${first}${tail}`, `/x/../${first}${tail}`, `/assets/../${first}${tail}`,
    `/assets/..%2f${first}${tail}`, `/${hex(first[0])}${first.slice(1)}${tail}`, `/${first.toUpperCase()}${tail}`, `${path}%00`, `${path}%2f`,
    `${path};a=b`, `${path}?x=%00`, `${path}%20`, `/${first}%2f${rest.join('/')}`, `\\${first}${tail}`, `http://127.0.0.1${path}`, `${path}#x`, `${path}.json`,
    `/login/../${first}${tail}`, `/login%2f..%2f${first}${tail}`, `/healthz/..;/${first}${tail}`,
  ];
}

test('no spelling of a closed path opens it without a login', async () => {
  for (const r of routes.filter((r) => r.method === 'GET' && ['user', 'agent'].includes(r.access)))
    await Promise.all(spellings(r.url).map(async (target) => {
      const answer = await raw('GET', target);
      assert.ok([400, 401, 404, 405, 303, 308].includes(answer.status), `${target}: ${answer.status} ${answer.body?.slice(0, 200)}`);
    }));
});

test('no spelling of a path gives a role what its permissions do not', async () => {
  const permissions = {};
  for (const role of ROLES) permissions[role] = people[role].me.permissions;
  assert.ok(Object.values(permissions).every(Array.isArray));
  for (const r of routes.filter((r) => r.method === 'GET' && r.permissions.length && r.path !== '/api/v1/events'))
    for (const role of ROLES) {
      if (r.permissions.every((p) => permissions[role].includes(p))) continue;
      await Promise.all([r.url, ...spellings(r.url)].map(async (target) => {
        const answer = await raw('GET', target, { Cookie: people[role].cookie });
        assert.ok(answer.status >= 400 || answer.status === 308, `${role} ${target}: ${answer.status}`);
      }));
    }
});

test('a request that changes something needs the CSRF token, whatever the role', async () => {
  for (const r of routes.filter((r) => r.access === 'user' && r.method !== 'GET'))
    for (const role of ROLES) {
      const answer = await ask(server.url + r.url, { method: r.method, headers: { Cookie: people[role].cookie, 'Content-Type': 'application/json' }, body: r.method === 'POST' ? '{}' : undefined });
      assert.equal(answer.status, 403, `${role} ${r.method} ${r.path}: ${answer.text}`);
      assert.match(answer.json.type, /csrf/);
    }
});

test('/dashboard/ and /admin/ are the page for every role, the login for nobody, and remember where to', async () => {
  for (const path of ['/dashboard/', '/dashboard', '/admin/', '/admin', '/dashboard/sessions/1', '/admin/users']) {
    for (const role of ROLES) {
      const answer = await raw('GET', path, { Cookie: people[role].cookie, Accept: 'text/html' });
      assert.equal(answer.status, 200, `${role} ${path}`);
      assert.match(answer.headers['content-type'], /^text\/html/);
      assert.match(answer.headers['content-security-policy'], /default-src 'none'|default-src 'self'/);
      assert.equal(answer.headers['x-frame-options'] ?? 'DENY', 'DENY');
    }
    for (const method of ['GET', 'HEAD']) {
      const answer = await raw(method, path, { Accept: 'text/html' });
      assert.equal(answer.status, 303, `${method} ${path}`);
      assert.equal(answer.headers.location, `/login?next=${path}`);
    }
    const stale = await raw('GET', path, { Cookie: `ws=${'0'.repeat(64)}`, Accept: 'text/html' });
    assert.equal(stale.status, 303);
  }
  const evil = await raw('GET', '/dashboard/x?a=1&next=//evil.example', { Accept: 'text/html' });
  assert.match(evil.headers.location, /^\/login\?next=\/dashboard\/x%3F/);
});

test('open pages answer everybody, and say nothing of what is stored', async () => {
  for (const path of OPEN_PAGES) {
    const answer = await raw('GET', path);
    assert.ok([200, 308].includes(answer.status), `${path}: ${answer.status}`);
    for (const word of ['ana', 'desk-7', 'field-agent', 'viewer"']) assert.ok(!answer.body.includes(word), `${path} has ${word}`);
  }
  assert.deepEqual(JSON.parse((await raw('GET', '/readyz')).body), { status: 'ok' });
  assert.equal((await raw('GET', '/healthz?x=1')).status, 200);
});

test('layer 1 paths without their slash at the end are not found, nothing is stored', async () => {
  for (const path of ['/api/sessions', `/api/sessions/${session.id}/heartbeat`, '/api/screenshots', `/api/sessions/${session.id}/ai-metrics`]) {
    const answer = await ask(server.url + path, { token: session.token, headers: { 'Content-Type': 'application/json' }, body: '{}' });
    assert.equal(answer.status, 404, path);
    assert.equal(typeof answer.json.error, 'string');
  }
});
