// The commands of worksight-server: with a server that runs and without one,
// used rightly and wrongly.

import assert from 'node:assert/strict';
import { chmodSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { children, program, run, startServer, tempDir, waitFor } from './lib/procs.mjs';
import { Layer1 } from './lib/wire.mjs';
import { PASSWORD, Person, addUser, command } from './lib/people.mjs';

const cleanups = [];
const file = { after: (fn) => cleanups.push(fn) };
let server;

before(async () => {
  server = await startServer(file);
});
after(async () => {
  for (const fn of cleanups.reverse()) await fn();
});

const names = ['serve', 'setup', 'user', 'apikey', 'enroll', 'token', 'status', 'doctor', 'migrate', 'audit', 'openapi'];

test('help: every command is listed and answers --help with an example', async () => {
  const all = await run(program('worksight-server'), ['--help']);
  assert.equal(all.code, 0);
  for (const name of names) {
    assert.match(all.out, new RegExp(`^\\s+${name}\\b`, 'm'), name);
    const one = await run(program('worksight-server'), [name, '--help']);
    assert.equal(one.code, 0, name);
    assert.match(one.out, new RegExp(`worksight-server ${name}`), name);
  }
  const version = await run(program('worksight-server'), ['version']);
  assert.equal(version.code, 0);
  assert.match(version.out, /\d+\.\d+\.\d+/);
});

test('used wrongly: exit 2, what is wrong and what to write instead', async () => {
  for (const [args, said, fix] of [
    [['usr', 'list'], /no command "usr"/, /user/],
    [['user'], /./, /./],
    [['user', 'remove', 'x'], /user remove is not known/, /add, passwd or list/],
    [['user', 'add', 'x', '--role', 'viewer'], /would show in ps/, /--password-stdin/],
    [['user', 'add', 'x', '--password-stdin'], /--role is missing/, /--role viewer/],
    [['apikey', 'create', '--role', 'viewer'], /--role and --name/, /apikey create/],
    [['apikey', 'revoke'], /name of the key is missing/, /revoke NAME/],
    [['enroll', '--expires', 'soon'], /"soon" is not a time/, /7d/],
    [['enroll', 'revoke', 'x'], /needs the id/, /enroll list/],
    [['token', 'revoke', 'abc'], /not the number of a session/, /./],
    [['token', 'revoke', '-1'], /./, /./],
    [['setup'], /prints a link/, /--link/],
    [['migrate', 'down'], /migrate down is not known/, /up or status/],
    [['audit', 'rewrite'], /audit rewrite is not known/, /verify/],
    [['status', '--jsn'], /--jsn/, /--json/],
  ]) {
    const got = await command(server.data, args);
    assert.equal(got.code, 2, `${args}: ${got.code} ${got.err}`);
    assert.equal(got.out, '', args.join(' '));
    assert.match(got.err, said, args.join(' '));
    assert.match(got.err, /→/, args.join(' '));
    assert.match(got.err, fix, args.join(' '));
  }
});

test('refused: what to do, and exit 2 for a value out of bounds, else 1', async () => {
  await addUser(server.data, 'twice', 'viewer');
  const add = (name, role, password = PASSWORD) =>
    command(server.data, ['user', 'add', name, '--role', role, '--password-stdin'], { input: password });
  for (const [got, said, code = 1] of [
    [await add('Twice', 'viewer'), /exists already/],
    [await add('x y', 'viewer'), /can't be a name/, 2],
    [await add('x'.repeat(65), 'viewer'), /can't be a name/, 2],
    [await add('newcomer', 'boss'), /"boss" is not known/, 2],
    [await add('newcomer', 'person,admin'), /not known/, 2],
    [await command(server.data, ['user', 'passwd', 'nobody', '--password-stdin'], { input: PASSWORD }), /no account "nobody"/],
    [await command(server.data, ['enroll', '--user', 'nobody']), /no account "nobody"/],
    [await command(server.data, ['enroll', '--expires', '1s']), /out of bounds/, 2],
    [await command(server.data, ['enroll', '--expires', '91d']), /out of bounds/, 2],
    [await command(server.data, ['enroll', 'revoke', '77']), /no unused code 77/],
    [await command(server.data, ['apikey', 'revoke', 'nothing']), /no key "nothing"/],
    [await command(server.data, ['token', 'revoke', '77']), /no token to revoke/],
    [await command(server.data, ['setup', '--link', '--user', 'nobody']), /no account "nobody"/],
  ]) {
    assert.equal(got.code, code, got.err);
    assert.match(got.err, said);
    assert.match(got.err, /→/);
  }
  for (const weak of ['', 'short', 'Password1234', 'newcomer is in it'])
    assert.equal((await add('newcomer', 'viewer', weak)).code, 2, weak);
  const list = await command(server.data, ['user', 'list', '--json']);
  assert.ok(!list.json.items.some((u) => u.name === 'newcomer'));
});

test('user: added, listed, and the new password ends every login', async () => {
  await addUser(server.data, 'nina', 'admin,viewer');
  const nina = await Person.login(server.url, 'nina');
  const list = await command(server.data, ['user', 'list']);
  assert.match(list.out, /^nina +viewer,admin/m);
  assert.ok(!list.out.includes('argon2'));
  const changed = await command(server.data, ['user', 'passwd', 'nina', '--password-stdin'], { input: 'another four words here\n' });
  assert.equal(changed.code, 0, changed.err);
  assert.equal((await nina.ask('/api/v1/me')).status, 401);
  await Person.login(server.url, 'nina', 'another four words here');
});

test('setup --link: only the link is on stdout', async () => {
  const made = await command(server.data, ['setup', '--link', '--listen', '0.0.0.0:9999']);
  assert.equal(made.code, 0);
  assert.match(made.out, /^http:\/\/127\.0\.0\.1:9999\/setup#wsl_[0-9a-f]{64}\n$/);
  const of = await command(server.data, ['setup', '--link', '--user', 'twice', '--json']);
  assert.deepEqual([of.json.purpose, of.json.name], ['sign_in', 'twice']);
});

test('status: running with its numbers, stopped with exit 3', async () => {
  const s = await Layer1.open(server.url);
  await s.post('heartbeat');
  const json = await waitFor('the agent is online', async () => {
    const got = await command(server.data, ['status', '--json']);
    return got.json?.online === 1 && got;
  });
  assert.equal(json.code, 0);
  assert.deepEqual([json.json.running, json.json.listen], [true, `127.0.0.1:${server.port}`]);
  assert.ok(children(server.pid).some((c) => c.pid === json.json.pid));
  const text = await command(server.data, ['status']);
  assert.match(text.out, /RUNNING/);
  const none = await command(tempDir(file), ['status']);
  assert.equal(none.code, 3);
  assert.match(none.out, /STOPPED/);
  assert.deepEqual((await command(tempDir(file), ['status', '--json'])).json, { ok: true, running: false });
});

test('doctor: every check has a state, and a fix unless it is fine', async () => {
  const got = await command(server.data, ['doctor', '--json']);
  assert.equal(got.code, 0, got.out);
  assert.deepEqual(got.json.checks.map((c) => c.name), ['data', 'disk', 'database', 'blobs', 'server', 'listen', 'enrollment', 'accounts', 'audit', 'files']);
  for (const c of got.json.checks) {
    assert.ok(['ok', 'warn', 'fail'].includes(c.state));
    assert.ok(c.finding);
    if (c.state !== 'ok') assert.ok(c.fix, c.name);
  }
  const state = async (args, name) => {
    const json = (await command(server.data, ['doctor', '--json', ...args])).json;
    return json.checks.find((c) => c.name === name).state;
  };
  assert.equal(await state([], 'listen'), 'ok');
  assert.equal(await state(['--listen', '0.0.0.0:8080'], 'listen'), 'warn');
  assert.equal(await state(['--enrollment-from', '10.0.0.0/8'], 'enrollment'), 'warn');
  assert.equal((await command(server.data, ['doctor', '--strict', '--listen', '0.0.0.0:8080'])).code, 1);
  chmodSync(server.data, 0o755);
  assert.equal(await state([], 'data'), 'warn');
  chmodSync(server.data, 0o700);
  const text = await command(join(tempDir(file), 'none'), ['doctor']);
  assert.equal(text.code, 2);
  assert.match(text.out, /^✗ data +.*\n {2}→ fix: /m);
});

test('doctor and audit verify: a changed row of the access log is found', async (t) => {
  const dir = tempDir(t);
  for (const name of ['a1', 'b2', 'c3']) await addUser(dir, name, 'viewer');
  assert.equal((await command(dir, ['audit', 'verify'])).code, 0);
  const change = (sql) => run('sqlite3', [join(dir, 'worksight.db'), sql]);
  assert.equal((await change("UPDATE audit SET object='zz' WHERE id=2")).code, 0);
  const changed = await command(dir, ['audit', 'verify']);
  assert.equal(changed.code, 1);
  assert.match(changed.err, /from row 2 on/);
  assert.equal((await command(dir, ['doctor'])).code, 2);
  await change("UPDATE audit SET object='b2' WHERE id=2");
  assert.equal((await command(dir, ['audit', 'verify'])).code, 0);
  await change('DELETE FROM audit WHERE id=3');
  assert.match((await command(dir, ['audit', 'verify'])).err, /from row 3 on/);
});

test('without a server: commands take the lock, make the database, and serve goes on with it', async (t) => {
  const dir = join(tempDir(t), 'deep', 'data');
  await addUser(dir, 'early', 'reviewer');
  assert.equal(statSync(dir).mode & 0o777, 0o700);
  assert.equal(statSync(join(dir, 'worksight.db')).mode & 0o777, 0o600);
  const migrations = await command(dir, ['migrate', 'status', '--json']);
  assert.equal(migrations.json.pending, 0);
  const own = await startServer(t, { data: dir });
  await Person.login(own.url, 'early');
  assert.equal(statSync(join(dir, 'control.sock')).mode & 0o777, 0o600);
});

test('migrate: up makes it, up again has nothing to do, also beside a server', async (t) => {
  const dir = tempDir(t);
  assert.equal((await command(dir, ['migrate', 'status'])).code, 1); // nothing there yet
  const up = await command(dir, ['migrate']);
  assert.equal(up.code, 0, up.err);
  assert.match(up.out, /^[2-9]\d* applied\n0001 facts +applied\n0002 accounts +applied/);
  assert.match((await command(dir, ['migrate', 'up'])).out, /^0 applied/);
  assert.equal((await command(server.data, ['migrate', 'up'])).code, 0);
  assert.equal((await command(server.data, ['migrate', 'status'])).code, 0);
});

test('twenty commands at once all are done, with a server and without one', async (t) => {
  const dir = tempDir(t);
  for (const data of [dir, server.data]) {
    const made = await Promise.all(Array.from({ length: 20 }, () => command(data, ['enroll', '--json'])));
    assert.deepEqual([...new Set(made.map((m) => m.code))], [0], made.map((m) => m.err).join(''));
    assert.equal(new Set(made.map((m) => m.json.code)).size, 20);
    assert.equal(new Set(made.map((m) => m.json.id)).size, 20);
    assert.equal((await command(data, ['audit', 'verify'])).code, 0);
  }
});

test('lists show all there are, also past a page and past five hundred', async (t) => {
  const dir = tempDir(t);
  await addUser(dir, 'first', 'viewer');
  const rows = Array.from({ length: 620 }, (_, i) => `INSERT INTO api_key (id, name, roles, sha256, created_ns) VALUES (${1000 + i}, 'k${i}', 'viewer', zeroblob(28)||CAST(printf('%04d', ${i}) AS BLOB), 1);`);
  assert.equal((await run('sqlite3', [join(dir, 'worksight.db'), `BEGIN;${rows.join('')}COMMIT;`])).code, 0);
  const keys = (await command(dir, ['apikey', 'list', '--json'])).json;
  assert.equal(keys.items.length, 620);
  assert.equal(keys.more, false);
  assert.deepEqual(keys.items.map((k) => k.id), Array.from({ length: 620 }, (_, i) => 1000 + i));
  assert.equal((await command(dir, ['apikey', 'list'])).out.trim().split('\n').length, 621);
});

test('a command waits for a worker that is being started again', async (t) => {
  const own = await startServer(t);
  const worker = children(own.pid).find((c) => c.role === 'worker');
  process.kill(worker.pid, 'SIGKILL');
  const made = await command(own.data, ['enroll', '--json']);
  assert.equal(made.code, 0, made.err);
});

test('a worker that hangs: the command says so and does not wait for ever', { timeout: 60000 }, async (t) => {
  const own = await startServer(t);
  const worker = children(own.pid).find((c) => c.role === 'worker');
  process.kill(worker.pid, 'SIGSTOP');
  const begun = Date.now();
  const made = await command(own.data, ['enroll']);
  // The supervisor may have started another worker by then: done, or said so.
  assert.ok(made.code === 0 || (made.code === 1 && /→/.test(made.err)), made.err);
  assert.ok(Date.now() - begun < 20000);
});

test('the socket: garbage, half a line and a crowd do no harm', async (t) => {
  const { createConnection } = await import('node:net');
  const own = await startServer(t);
  const path = join(own.data, 'control.sock');
  const say = (text, end = true) =>
    new Promise((done) => {
      const socket = createConnection(path, () => (end ? socket.end(text) : socket.write(text)));
      let got = '';
      socket.on('data', (d) => (got += d));
      socket.on('close', () => done(got));
      socket.on('error', () => done(got));
    });
  assert.match(await say('not json\n'), /"ok":false/);
  assert.match(await say('{}\n'), /is not known/);
  assert.match(await say('{"order":"drop.everything"}\n'), /is not known/);
  assert.match(await say('{"order":7}\n'), /is not known/);
  assert.match(await say('{"order":"user.add","name":"x","roles":"admin","password_hash":"plain"}\n'), /"ok":false/);
  assert.equal(await say(`{"order":"${'x'.repeat(20000)}"}\n`), '');
  assert.equal(await say('{"order":"status"'), '');
  const slow = say('{"order"', false); // says no more; it is cut off
  const crowd = await Promise.all(Array.from({ length: 8 }, () => command(own.data, ['status', '--json'])));
  assert.ok(crowd.some((c) => c.code === 0));
  assert.equal(await slow, '');
  const after = await waitFor('commands work again', async () => (await command(own.data, ['status', '--json'])).json?.running);
  assert.ok(after);
});

test('secrets never stand in a log line', async () => {
  const key = (await command(server.data, ['apikey', 'create', '--role', 'viewer', '--name', 'quiet'])).out.trim();
  const viewer = await Person.login(server.url, 'twice');
  await fetch(`${server.url}/api/v1/me`, { headers: { Authorization: `Bearer ${key}` } });
  await fetch(`${server.url}/api/v1/sessions?q=findme`, { headers: { Cookie: viewer.cookie } });
  await server.stop();
  for (const secret of [key, viewer.cookie.split('=')[1], viewer.me.csrf_token, PASSWORD]) assert.ok(!server.err.includes(secret));
});
