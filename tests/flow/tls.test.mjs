// TLS at the server's own listener: what it serves, what agents refuse and
// why, and a certificate that is replaced without a failed request.

import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { test } from 'node:test';
import { ask } from './lib/control.mjs';
import { addUser, PASSWORD } from './lib/people.mjs';
import { agentCommand, freePort, Proc, program, run, startAgent, tempDir, waitFor } from './lib/procs.mjs';
import { Raw } from './lib/raw.mjs';
import { get, makeCa } from './lib/tls.mjs';

const fast = ['--source', 'synth', '--every', '50ms', '--ocr', 'off', '--heartbeat-every', '1s'];
const tls11 = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' };
const status = (agent) => ask(agent.state, { verb: 'status' });

/** `serve` with TLS; .get() asks it, .port, .url, .data as startServer's. */
async function serve(t, made, ca, args = []) {
  const port = await freePort();
  const data = tempDir(t, 'ws-server-');
  const proc = new Proc(program('worksight-server'), [
    'serve', '--listen', `127.0.0.1:${port}`, '--data', data, ...made.args, ...args,
  ]);
  t.after(() => proc.stop());
  const pem = readFileSync(ca.pem);
  Object.assign(proc, { port, data, url: `https://127.0.0.1:${port}` });
  proc.get = (path, options = {}) => get(port, path, { ca: pem, ...options });
  await waitFor('it takes requests', () => {
    if (proc.end) throw new Error(`it ended: ${proc.err}`);
    return proc.out.includes('/dashboard/');
  });
  return proc;
}

const folder = (t) => tempDir(t, 'ws-tls-');

test('tls: pages, cookies and large bodies over TLS 1.2 and 1.3', { timeout: 60000 }, async (t) => {
  const ca = await makeCa(folder(t));
  const server = await serve(t, await ca.issue('server'), ca);
  assert.match(server.out, new RegExp(`: ${server.url}/dashboard/`));
  for (const version of ['TLSv1.2', 'TLSv1.3']) {
    const page = await server.get('/login', { minVersion: version, maxVersion: version });
    assert.equal(page.status, 200);
    assert.equal(page.protocol, version);
    assert.match(page.headers['strict-transport-security'], /max-age=31536000/);
    assert.equal(page.headers['x-worksight-warning'], undefined);
  }
  // Files of the program, larger than one record of TLS.
  const html = (await server.get('/login')).body.toString();
  const [, script] = /src="(\/[^"]+\.js)"/.exec(html);
  const whole = await server.get(script, { headers: { 'Accept-Encoding': 'identity' } });
  assert.equal(whole.body.length, Number(whole.headers['content-length']));
  assert.ok(whole.body.length > 16384);

  await addUser(server.data, 'ana', 'viewer');
  const login = await server.get('/api/v1/login', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ name: 'ana', password: PASSWORD }),
  });
  assert.equal(login.status, 200, login.body.toString());
  const [cookie] = login.headers['set-cookie'];
  assert.match(cookie, /^__Host-ws=[0-9a-f]{64}; Path=\/; HttpOnly; SameSite=Lax; .*Secure/);
  const secret = /=([0-9a-f]{64})/.exec(cookie)[1];
  const me = (value) => server.get('/api/v1/me', { headers: { Cookie: value } });
  assert.equal((await me(`__Host-ws=${secret}`)).status, 200);
  assert.equal((await me(`ws=${secret}`)).status, 401, 'a cookie that a plain page can set counts for nothing');
});

test('tls: an agent delivers, pictures included', { timeout: 60000 }, async (t) => {
  const ca = await makeCa(folder(t));
  const server = await serve(t, await ca.issue('server'), ca);
  const agent = startAgent(t, { server: server.url, args: [...fast, '--ca-file', ca.pem] });
  await waitFor('20 items are delivered', async () => (await status(agent)).queue.delivered >= 20, { ms: 30000 });
});

/** An agent that must not deliver to this place, and says why in its log and
 *  to `worksight-agent status`. */
async function refuses(t, url, ca, why) {
  const agent = startAgent(t, { server: url, args: [...fast, '--ca-file', ca.pem] });
  const log = () => readFileSync(join(agent.state, 'logs', 'agent.log'), 'utf8');
  await waitFor(`the log says ${why}`, () => log().split('\n').some((line) => /upload_trouble/.test(line) && why.test(line)));
  const seen = await agentCommand(agent.state, 'status', '--server', url);
  assert.match(seen.out, new RegExp(`upload: no answer: .*(${why.source})`, 'i'), seen.out);
  assert.equal(seen.code, 1, 'degraded');
  const { queue } = await status(agent);
  assert.equal(queue.delivered, 0);
  assert.equal(queue.dead, 0, 'everything is kept');
  await agent.stop();
}

test('tls: the agent refuses a server of another CA, and says why', { timeout: 60000 }, async (t) => {
  const ca = await makeCa(folder(t));
  const other = await makeCa(folder(t), 'another CA');
  const server = await serve(t, await other.issue('stranger'), ca);
  await refuses(t, server.url, ca, /self-signed|issuer certificate|certificate problem/i);
});

test('tls: the agent refuses a certificate of another host, and says why', { timeout: 60000 }, async (t) => {
  const ca = await makeCa(folder(t));
  const server = await serve(t, await ca.issue('elsewhere', { names: 'DNS:elsewhere.example' }), ca);
  await refuses(t, server.url, ca, /no alternative certificate subject name|does not match/i);
});

test('tls: the agent refuses an expired certificate, and says why', { timeout: 60000 }, async (t) => {
  const ca = await makeCa(folder(t));
  const server = await serve(t, await ca.issue('past', { days: -1 }), ca);
  await refuses(t, server.url, ca, /certificate has expired/i);
});

test('tls: the agent refuses a server that speaks TLS 1.1, and says why', { timeout: 60000 }, async (t) => {
  const ca = await makeCa(folder(t));
  const made = await ca.issue('server');
  const front = createTlsServer({ key: readFileSync(made.key), cert: readFileSync(made.cert), ...tls11 });
  front.on('tlsClientError', () => {});
  await new Promise((done) => front.listen(0, '127.0.0.1', done));
  t.after(() => front.close());
  await refuses(t, `https://127.0.0.1:${front.address().port}`, ca, /protocol version|unsupported protocol/i);
});

test('tls: the server refuses a client that speaks TLS 1.1', { timeout: 60000 }, async (t) => {
  const ca = await makeCa(folder(t));
  const server = await serve(t, await ca.issue('server'), ca);
  await assert.rejects(server.get('/healthz', tls11), /protocol version|unsupported protocol|EPROTO/);
  assert.equal((await server.get('/healthz')).status, 200);
});

test('tls: SIGHUP takes up a new certificate under load; a broken one changes nothing', { timeout: 60000 }, async (t) => {
  const dir = folder(t);
  const ca = await makeCa(dir);
  const [first, second] = [await ca.issue('first'), await ca.issue('second')];
  const live = { cert: join(dir, 'live.pem'), key: join(dir, 'live.key') };
  const put = (made) => {
    copyFileSync(made.cert, live.cert);
    copyFileSync(made.key, live.key);
  };
  put(first);
  const server = await serve(t, { args: ['--tls-cert', live.cert, '--tls-key', live.key] }, ca);
  const name = async () => (await server.get('/healthz')).certificate.subject.CN;
  assert.equal(await name(), 'first');

  let loading = true;
  const answers = [];
  const load = async () => {
    while (loading) answers.push((await server.get('/healthz')).status);
  };
  const clients = [load(), load(), load()];
  put(second);
  server.kill('SIGHUP').catch(() => {});
  await waitFor('the new certificate is shown', async () => (await name()) === 'second');
  loading = false;
  await Promise.all(clients);
  assert.ok(answers.length > 5 && answers.every((s) => s === 200), `${answers.length} answers, all 200`);

  writeFileSync(live.cert, 'not a certificate\n');
  server.kill('SIGHUP').catch(() => {});
  await waitFor('the refusal is said', () => server.lines().some((l) => l.event === 'reload_refused' && /tls_cert/.test(l.msg)));
  assert.equal(await name(), 'second');
});

/** A way to a port that lets through half of the client's first bytes until
 *  release() is called; .half is true once that much is sent. */
async function slowWay(t, port) {
  const way = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const socket of [near, far]) socket.on('error', () => {});
    far.on('close', () => near.destroy());
    far.pipe(near);
    near.once('data', (hello) => {
      const middle = hello.length >> 1;
      near.pause();
      way.release = () => {
        far.write(hello.subarray(middle));
        near.pipe(far);
      };
      far.write(hello.subarray(0, middle), () => (way.half = true));
    });
  });
  await new Promise((done) => way.listen(0, '127.0.0.1', done));
  t.after(() => way.close());
  return way;
}

test('tls: SIGHUP does not end a connection in its handshake', { timeout: 60000 }, async (t) => {
  const ca = await makeCa(folder(t));
  const server = await serve(t, await ca.issue('server'), ca);
  const pem = readFileSync(ca.pem);
  const way = await slowWay(t, server.port);
  const asked = get(way.address().port, '/healthz', { ca: pem }).catch((error) => error);
  await waitFor('half of the hello is sent', () => way.half);
  const kept = new Raw(connectTls({ host: '127.0.0.1', port: server.port, ca: pem }));
  kept.send('GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n');
  assert.equal((await kept.answer()).status, 200); // opened later: both are with the worker
  server.kill('SIGHUP').catch(() => {});
  await kept.closed(); // the linger is over
  way.release();
  const answer = await asked;
  assert.equal(answer.status, 200, String(answer));
  await waitFor('the worker is replaced', () => server.lines().some((l) => l.event === 'replaced'));
});

test('tls: what cannot be served is said at the start', async (t) => {
  const ca = await makeCa(folder(t));
  const made = await ca.issue('server');
  const other = await ca.issue('other');
  const start = (...args) => run(program('worksight-server'), ['serve', '--listen', '127.0.0.1:0', '--data', tempDir(t), ...args]);
  const half = await start('--tls-cert', made.cert);
  assert.equal(half.code, 2);
  assert.match(half.err, /tls_cert and tls_key go together: tls_key is not set/);
  const none = await start('--tls-cert', '/nowhere.pem', '--tls-key', made.key);
  assert.equal(none.code, 1);
  assert.match(none.err, /tls_cert = "\/nowhere.pem": .*(no such file|No such file)/);
  const mixed = await start('--tls-cert', made.cert, '--tls-key', other.key);
  assert.equal(mixed.code, 1);
  assert.match(mixed.err, /tls_key = ".*": .*mismatch/);
});
