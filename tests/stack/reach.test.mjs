// How the server reaches its database: by unix socket with a password file, by
// TLS that is verified, once it is migrated; and that the password stands
// nowhere.

import assert from 'node:assert/strict';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Proc, children, freePort, program, run, tempDir, waitFor } from '../flow/lib/procs.mjs';
import { Layer1, hex } from '../flow/lib/wire.mjs';

const rig = join(dirname(fileURLToPath(import.meta.url)), 'mariadb.sh');
let folder, base, keys;

async function openssl(...args) {
  const { code, err } = await run('openssl', args, { cwd: keys });
  assert.equal(code, 0, err);
}

/** CA `ca`, and a certificate it signs for an address. */
async function certificate(ca, name, san) {
  await openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '9', '-subj', `/CN=${ca}`, '-keyout', `${ca}.key`, '-out', `${ca}.pem`);
  await openssl('req', '-newkey', 'rsa:2048', '-nodes', '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`);
  writeFileSync(join(keys, `${name}.ext`), `subjectAltName=${san}\n`);
  await openssl('x509', '-req', '-in', `${name}.csr`, '-CA', `${ca}.pem`, '-CAkey', `${ca}.key`, '-CAcreateserial', '-days', '9', '-extfile', `${name}.ext`, '-out', `${name}.pem`);
}

before(async () => {
  folder = tempDir(null, 'ws-reach-');
  keys = tempDir(null, 'ws-keys-');
  chmodSync(keys, 0o755);
  await certificate('good', 'server', 'IP:127.0.0.1');
  await certificate('other', 'unused', 'IP:127.0.0.1');
  chmodSync(join(keys, 'server.key'), 0o644);
  const started = await run(rig, ['start', folder], {
    timeoutMs: 240000,
    env: { WS_MARIADB_ARGS: `--ssl-cert=${keys}/server.pem --ssl-key=${keys}/server.key --ssl-ca=${keys}/good.pem` },
  });
  assert.equal(started.code, 0, started.err);
  base = new URL(started.out.trim());
}, { timeout: 250000 });

after(() => run(rig, ['stop', folder]));

/** serve with a --db; resolves when it answers, or with how it ended. */
async function serve(t, db, more = []) {
  const port = await freePort();
  const proc = new Proc(program('worksight-server'), [
    'serve', '--listen', `127.0.0.1:${port}`, '--data', tempDir(null, 'ws-server-'), '--db', db, ...more,
  ]);
  t.after(() => proc.stop());
  proc.url = `http://127.0.0.1:${port}`;
  await waitFor('it answers or ends', async () => proc.end || (await fetch(`${proc.url}/healthz`).catch(() => null))?.ok, { ms: 60000 });
  return proc;
}

test('unix socket and password file: it delivers, and nothing says the password', async (t) => {
  const file = join(keys, 'password');
  writeFileSync(file, `${base.password}\n`, { mode: 0o600 });
  const server = await serve(t, `mysql://${base.username}@localhost/worksight?socket=${folder}/sock`, ['--db-password-file', file]);
  assert.equal(server.end, undefined, server.err);
  const session = await Layer1.open(server.url);
  assert.equal((await session.metric(hex(8))).status, 201);
  for (const { args, pid } of children(server.pid)) {
    assert.ok(!args.join(' ').includes(base.password));
    assert.ok(!readFileSync(`/proc/${pid}/environ`, 'utf8').includes(base.password));
  }
  assert.ok(!(server.err + server.out).includes(base.password));
});

test('a password in --db is no argument of a worker and in no line', async (t) => {
  const server = await serve(t, base.href);
  assert.equal(server.end, undefined, server.err);
  for (const { args } of children(server.pid)) assert.ok(!args.join(' ').includes(base.password));
  assert.ok(!(server.err + server.out).includes(base.password));
});

test('auto-migrate off: serve waits until somebody migrated, and ends when it is told to', async (t) => {
  await run('mariadb', ['--no-defaults', '-uroot', `-S${folder}/sock`, '-e', 'CREATE DATABASE later']);
  const db = base.href.replace(/[^/]*$/, 'later');
  const start = () => {
    const proc = new Proc(program('worksight-server'), [
      'serve', '--listen', '127.0.0.1:0', '--data', tempDir(null, 'ws-server-'), '--db', db, '--auto-migrate', 'off',
    ]);
    t.after(() => proc.stop());
    return waitFor('it says what it waits for', () => proc.err.includes('"not_migrated"') && proc);
  };
  const first = await start();
  assert.equal(children(first.pid).length, 0, 'no worker yet');
  assert.deepEqual(await first.kill('SIGTERM'), { code: 0, signal: null });
  const second = await start();
  const { code, out, err } = await run(program('worksight-server'), ['migrate', '--db', db]);
  assert.equal(code, 0, err);
  assert.match(out, /^[1-9]\d* applied/);
  await waitFor('it serves', () => second.out.includes('/dashboard/'));
});

test('TLS: the right CA is taken, and the connection is encrypted', async (t) => {
  await run('mariadb', ['--no-defaults', '-uroot', `-S${folder}/sock`, '-e', "ALTER USER worksight@'127.0.0.1' REQUIRE SSL"]);
  t.after(() => run('mariadb', ['--no-defaults', '-uroot', `-S${folder}/sock`, '-e', "ALTER USER worksight@'127.0.0.1' REQUIRE NONE"]));
  const server = await serve(t, `${base.href}?tls=on&ca=${keys}/good.pem`);
  assert.equal(server.end, undefined, server.err);
  assert.equal((await (await Layer1.open(server.url)).metric(hex(8))).status, 201);
});

for (const [what, query, host] of [
  ['a CA that did not sign it', 'other.pem'],
  ['another host', 'good.pem', '127.0.0.2'],
])
  test(`TLS: ${what} is refused with the reason`, async (t) => {
    const at = new URL(base.href);
    if (host) at.hostname = 'localhost';
    const server = await serve(t, `${at.href}?tls=on&ca=${keys}/${query}`);
    assert.ok(server.end, 'it does not run');
    assert.match(server.err, /db_error.*(certificate|TLS|SSL)/i);
  });
