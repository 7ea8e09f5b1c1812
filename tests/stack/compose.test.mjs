// The Docker deployment as an operator has it: server/docker-compose.yml built
// and run by an engine of its own (compose.sh, WS_COMPOSE_RIG), with nothing
// changed but where the build finds the network and what mysql:8.4 is.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { assertComplete, assertLaw, assertNothingLost, drained } from '../flow/lib/complete.mjs';
import { agentCommand, freePort, run, startAgent, waitFor } from '../flow/lib/procs.mjs';
import { PASSWORD, Person } from '../flow/lib/people.mjs';
import { ask, sessionBody } from '../flow/lib/wire.mjs';

const top = resolve(fileURLToPath(import.meta.url), '../../..');
const rig = process.env.WS_COMPOSE_RIG;
const override = join(rig, 'override.yml');
const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const env = {
  ...Object.fromEntries([...readFileSync(join(rig, 'env'), 'utf8').matchAll(/(\w+)=(\S+)/g)].map(([, k, v]) => [k, v])),
  WORKSIGHT_PORT: String(port),
  WORKSIGHT_SUBNET: '198.18.85.0/29', // another than that of a stack in use here
  WORKSIGHT_GATEWAY: '198.18.85.1',
};
let ana;

async function docker(...args) {
  const options = typeof args.at(-1) === 'object' ? args.pop() : {};
  const { code, out, err } = await run('docker', args, { timeoutMs: 300000, ...options, env: { ...env, ...options.env } });
  assert.equal(code, 0, `docker ${args.join(' ')}: ${err}${out}`);
  return out.trim();
}
const compose = (...args) =>
  docker('compose', '-p', 'worksight-test', '-f', join(top, 'server/docker-compose.yml'), '-f', override, ...args);
const inside = (service, script, ...args) => compose('exec', '-T', service, 'sh', '-c', script, 'sh', ...args);
const inspect = async (service) => JSON.parse(await docker('inspect', await compose('ps', '-aq', service)))[0];
const isHealthy = async (service) => (await inspect(service)).State.Health.Status === 'healthy';

/** The lines of a service's log as `docker compose logs` prints them, without
 *  what it puts before each: the service's name, and an escape of a terminal. */
const logOf = async (service) =>
  (await compose('logs', '--no-log-prefix', '--no-color', service)).split('\n').map((line) => line.replace(/^\x1b\[2K/, ''));

async function rows(sql) {
  const text = await inside(
    'db',
    'MYSQL_PWD=$(cat /secrets/db_password) exec mysql -uworksight --socket=/var/run/mysqld/mysqld.sock -B -e "$1" worksight',
    sql,
  );
  const [names, ...lines] = text.split('\n').map((line) => line.split('\t'));
  return lines.map((values) => Object.fromEntries(values.map((value, i) => [names[i], Number(value)])));
}

writeFileSync(override, `services:
  db: {image: worksight-test-mysql, pull_policy: never}
  web: {build: {network: host}}
  demo: {build: {network: host}}
`);

after(() => compose('--profile', 'demo', 'down', '-v', '--timeout', '5'));

/** Build and start, the operator's door; the seconds it took. */
async function up(...args) {
  const begun = Date.now();
  await compose(...args);
  console.log(`# ${args.filter((arg) => typeof arg === 'string').join(' ')}: ${Math.round((Date.now() - begun) / 1000)} s`);
}

test('compose: up builds and starts; with auto-migrate off, web waits until it is migrated, then serves', { timeout: 360000 }, async () => {
  await up('up', '-d', '--build', { env: { WORKSIGHT_AUTO_MIGRATE: 'off' } });
  await waitFor('web says what it waits for', async () => (await logOf('web')).some((l) => l.includes('"not_migrated"')), { ms: 60000, every: 500 });
  assert.match(await compose('exec', '-T', 'web', 'worksight-server', 'migrate'), /^[1-9]\d* applied/);
  await waitFor('web is healthy', () => isHealthy('web'), { ms: 60000, every: 500 });
  for (const [page, status] of [['/healthz', 200], ['/readyz', 200], ['/dashboard/', 303], ['/admin/', 303]])
    assert.equal((await fetch(url + page, { headers: { Accept: 'text/html' }, redirect: 'manual' })).status, status, page);
});

test('compose: every line of the log of web is JSON, and the set-up link in one makes the first account', async () => {
  const events = (await logOf('web')).map((line) => JSON.parse(line));
  const links = events.filter((e) => e.event === 'setup_link');
  assert.equal(links.length, 1);
  const [, token] = new RegExp(`${url}/setup#(wsl_[0-9a-f]{64})$`).exec(links[0].msg);
  const made = await Person.post(url, '/api/v1/setup', { token, use: true, name: 'ana', password: PASSWORD });
  assert.equal(made.status, 200, made.text);
  ana = Person.of(url, made, made.json.me);
});

test('compose: nothing runs as root, writes to its image, gains a right, or listens beyond this machine', async () => {
  for (const service of ['init', 'db', 'web']) {
    const { HostConfig: host } = await inspect(service);
    assert.equal(host.ReadonlyRootfs, true, service);
    assert.deepEqual(host.CapDrop, ['ALL'], service);
    assert.deepEqual(host.CapAdd ?? [], [], service);
    assert.deepEqual(host.SecurityOpt, ['no-new-privileges:true'], service);
  }
  for (const service of ['db', 'web']) {
    assert.notEqual(await inside(service, 'id -u'), '0');
    assert.match(await inside(service, 'touch /x 2>&1 || :'), /Read-only file system/);
  }
  assert.deepEqual((await inspect('web')).HostConfig.PortBindings, { [`${port}/tcp`]: [{ HostIp: '127.0.0.1', HostPort: String(port) }] });
  assert.equal((await inspect('db')).HostConfig.NetworkMode, 'none');
});

test('compose: passwords are random, and web cannot read that of the database\'s root', async () => {
  const [own, root] = (await inside('db', 'cat /secrets/db_password; echo; cat /secrets/db_root_password')).split('\n');
  assert.match(own, /^[0-9a-f]{48}$/);
  assert.match(root, /^[0-9a-f]{48}$/);
  assert.notEqual(own, root);
  assert.equal(await inside('web', 'cat /secrets/db_password'), own);
  assert.match(await inside('web', 'cat /secrets/db_root_password 2>&1 || :'), /Permission denied/);
  assert.doesNotMatch(JSON.stringify(await inspect('web')) + JSON.stringify(await inspect('db')), new RegExp(`${own}|${root}`));
});

test('compose: an agent of this machine needs no code, one that comes through a proxy here does', async () => {
  const open = (headers) =>
    ask(`${url}/api/sessions/`, { headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(sessionBody()) });
  assert.equal((await open({})).status, 201);
  assert.equal((await open({ 'X-Forwarded-For': '192.0.2.7' })).status, 401);
});

test('compose: the image alone does not start until it is told how it is protected, then serves from SQLite', { timeout: 60000 }, async (t) => {
  const image = (...args) => ['--network', 'worksight-test_default', ...args];
  const { code, out, err } = await run('docker', ['run', '--rm', ...image('worksight-server')], { env });
  assert.equal(code, 1);
  assert.match(out + err, /"not_started".*--behind-proxy CIDR/);
  const other = await freePort();
  const name = await docker('run', '-d', ...image('-p', `127.0.0.1:${other}:8080`, 'worksight-server', 'serve', '--plain-http', 'on'));
  t.after(() => docker('rm', '-f', '-v', name));
  const page = await waitFor('it serves', async () => {
    const answer = await fetch(`http://127.0.0.1:${other}/login`, { headers: { Accept: 'text/html' } });
    return answer.ok && answer;
  }, { ms: 30000 });
  assert.equal(page.headers.get('x-worksight-warning'), 'plain-http');
});

test('compose: kill -9 of mysqld, of web, of both, while an agent delivers: every item is there once', { timeout: 240000 }, async (t) => {
  const agent = startAgent(t, { server: `${url}/api`, args: ['--source', 'synth', '--every', '20ms', '--ocr', 'off'] });
  const delivered = async () => (await agentCommand(agent.state, 'status', '--json')).json?.queue?.delivered ?? 0;
  const more = async (what) => {
    const had = await delivered();
    await waitFor(what, async () => (await delivered()) > had + 100, { ms: 60000, every: 250 });
  };
  const kill = async (service) => {
    const was = await inspect(service);
    process.kill(was.State.Pid, 'SIGKILL');
    await waitFor(`${service} is up again`, async () => {
      const { State: is, RestartCount: count } = await inspect(service);
      return is.Running && is.Pid !== was.State.Pid && count > was.RestartCount && is.Health.Status === 'healthy';
    }, { ms: 60000, every: 250 });
  };
  await more('items are delivered');
  for (const services of [['db'], ['web'], ['db', 'web']]) {
    await Promise.all(services.map(kill));
    await more(`items are delivered after ${services.join(' and ')}`);
  }
  const status = await drained(agent, { ms: 60000 });
  assertLaw(status);
  assertNothingLost(status);
  const [session] = await assertComplete(rows, 1);
  assert.equal(session.high, status.head_seq, 'the last item is missing');
  t.diagnostic(`${status.head_seq} items recorded, ${status.queue.delivered} delivered, rows ${session.n}`);
  assert.ok((await logOf('web')).every((line) => JSON.parse(line)), 'its log is JSON through all of it');
});

test('compose: down and up again keep data and passwords, and web migrates by itself', { timeout: 120000 }, async () => {
  const look = async () => [
    await rows('SELECT count(*) AS n, max(id) AS last FROM metric'),
    await inside('db', 'sha256sum /secrets/db_password /secrets/db_root_password'),
  ];
  const had = await look();
  await compose('down', '--timeout', '30');
  await up('up', '-d', '--wait');
  assert.deepEqual(await look(), had);
  assert.match(await compose('exec', '-T', 'web', 'worksight-server', 'migrate'), /^0 applied/);
  assert.equal((await ana.ask('/api/v1/me')).status, 200, 'who was logged in still is');
});

test('compose: the profile demo lets an agent in by a code, and its virtual display is seen', { timeout: 300000 }, async () => {
  const [{ last }] = await rows('SELECT max(id) AS last FROM session');
  await up('--profile', 'demo', 'up', '-d', '--build', '--wait');
  console.log(`# images: ${(await docker('images', '--format', '{{.Repository}} {{.Size}}')).replaceAll('\n', ', ')}`);
  assert.equal((await inspect('demo')).HostConfig.ReadonlyRootfs, true);
  assert.notEqual(await inside('demo', 'id -u'), '0');
  const [session] = await rows(`SELECT id FROM session WHERE id > ${last}`);
  const has = (table) => async () => (await rows(`SELECT count(*) AS n FROM ${table} WHERE session_id = ${session.id}`))[0].n > 0;
  await waitFor('a metric', has('metric'), { ms: 60000, every: 500 });
  await waitFor('a picture', has('screenshot'), { ms: 60000, every: 500 });
  const [{ id }] = await rows(`SELECT id FROM screenshot WHERE session_id = ${session.id} LIMIT 1`);
  const picture = await fetch(`${url}/api/v1/screenshots/${id}/image`, { headers: { Cookie: ana.cookie } });
  assert.equal(picture.status, 200);
  assert.match(picture.headers.get('content-type'), /^image\/jpeg/);
  assert.equal((await rows('SELECT count(*) AS n FROM enrollment_code WHERE used_ns IS NOT NULL'))[0].n, 1, 'the code was used');
});
