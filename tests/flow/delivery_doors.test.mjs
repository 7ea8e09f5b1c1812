// Doors: enrollment codes, names instead of addresses, TLS with an own CA,
// another server, and pictures with their own lane.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { test } from 'node:test';
import { assertComplete, assertLaw, assertNothingLost, drained, framesDropped } from './lib/complete.mjs';
import { ask } from './lib/control.mjs';
import { startFake } from './lib/fake_server.mjs';
import {
  agentCommand,
  run,
  serverCommand,
  sqlite,
  startAgent,
  startServer,
  tempDir,
  waitFor,
} from './lib/procs.mjs';

const fast = ['--source', 'synth', '--every', '50ms', '--ocr', 'off', '--heartbeat-every', '1s'];
const status = (agent) => ask(agent.state, { verb: 'status' });
const UNAUTHORIZED = 3;

async function delivers(agent, least = 5) {
  return waitFor(`${least} items are delivered`, async () => {
    if (agent.end) throw new Error(`the agent ended: ${agent.err}`);
    return (await status(agent)).queue.delivered >= least;
  }, { ms: 20000 });
}

test('outside the trusted networks an agent needs a code once, then its own tokens do', {
  timeout: 120000,
}, async (t) => {
  const server = await startServer(t, { args: ['--enrollment-from', '10.9.8.0/24'] });
  const state = tempDir(t, 'ws-agent-');
  const start = () => startAgent(t, { server: server.url, state, args: fast });

  let agent = start();
  await waitFor('the refusal is seen', async () => (await status(agent)).board.upload_lane === UNAUTHORIZED);
  assert.equal((await status(agent)).queue.dead, 0);
  await agent.stop();

  const made = await serverCommand(server.data, ['enroll', '--json']);
  const { code } = JSON.parse(made.out);
  const enrolled = await agentCommand(state, 'enroll', '--server', server.url, '--code', code);
  assert.equal(enrolled.code, 0, enrolled.err);
  assert.match(readFileSync(join(state, 'enroll.json'), 'utf8'), /code/);
  agent = start();
  await delivers(agent, 20);
  assert.throws(() => readFileSync(join(state, 'enroll.json')), /ENOENT/);
  await drained(agent);
  await agent.stop();

  agent = start(); // no code any more: the token of an earlier session opens
  await waitFor('it goes on', async () => (await ask(agent.state, { verb: 'resume' })).was_paused);
  await delivers(agent, (await status(agent)).queue.recorded + 10);
  assertLaw(await drained(agent));
  await agent.stop();
  await server.stop();
  await assertComplete(server.data, 3);
});

test('a server by name is reached from within the sandbox', { timeout: 60000 }, async (t) => {
  const server = await startServer(t);
  const agent = startAgent(t, { server: `http://localhost:${server.port}/api/`, args: fast });
  await delivers(agent);
});

async function makeCertificate(dir) {
  const file = (name) => join(dir, name);
  const openssl = async (...args) => {
    const done = await run('openssl', args);
    assert.equal(done.code, 0, done.err);
  };
  writeFileSync(file('san'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
  await openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
    '-subj', '/CN=test CA', '-keyout', file('ca.key'), '-out', file('ca.pem'));
  await openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
    '-subj', '/CN=127.0.0.1', '-keyout', file('key'), '-out', file('csr'));
  await openssl('x509', '-req', '-in', file('csr'), '-CA', file('ca.pem'), '-CAkey', file('ca.key'),
    '-CAcreateserial', '-days', '2', '-extfile', file('san'), '-out', file('cert'));
  return { ca: file('ca.pem'), key: readFileSync(file('key')), cert: readFileSync(file('cert')) };
}

test('TLS: the CA of --ca-file is trusted, an unknown one is refused and said', {
  timeout: 90000,
}, async (t) => {
  const server = await startServer(t);
  const { ca, key, cert } = await makeCertificate(tempDir(t, 'ws-tls-'));
  const front = createTlsServer({ key, cert }, (down) => {
    const up = connect(server.port, '127.0.0.1');
    down.pipe(up).pipe(down);
    down.on('error', () => up.destroy());
    up.on('error', () => down.destroy());
  });
  front.on('tlsClientError', () => {});
  await new Promise((done) => front.listen(0, '127.0.0.1', done));
  t.after(() => front.close());
  const url = `https://127.0.0.1:${front.address().port}`;

  const trusting = startAgent(t, { server: url, args: [...fast, '--ca-file', ca] });
  await delivers(trusting);
  await trusting.stop();
  const strict = startAgent(t, { server: url, args: fast });
  await waitFor('the refusal is said', () =>
    /upload_trouble.*certificate/i.test(readFileSync(join(strict.state, 'logs', 'agent.log'), 'utf8')));
  assert.equal((await status(strict)).queue.delivered, 0);
  await strict.stop();
});

test('another server gets what waits, and no token of the first one', { timeout: 90000 }, async (t) => {
  const bearers = [new Set(), new Set()];
  const fakes = [];
  for (const own of bearers) {
    const fake = await startFake(t);
    fake.intercept = (request) => {
      if (request.headers.authorization) own.add(request.headers.authorization);
      return fake.away ? { status: 503, body: '' } : undefined;
    };
    fakes.push(fake);
  }
  const state = tempDir(t, 'ws-agent-');
  const first = startAgent(t, { server: fakes[0].url, state, args: fast });
  await delivers(first, 10);
  fakes[0].away = true;
  await waitFor('something waits', async () => (await status(first)).queue.pending > 20);
  await first.stop();
  const before = await framesDropped(state);
  const second = startAgent(t, { server: fakes[1].url, state, args: fast });
  await delivers(second, 40);
  const done = await drained(second);
  assertLaw(done);
  assertNothingLost(done, before);
  assert.equal(fakes[1].sessions.size, 2);
  assert.ok(bearers[0].size > 0 && bearers[1].size > 0);
  for (const bearer of bearers[1]) assert.ok(!bearers[0].has(bearer), 'a token of the first server left');
});

test('pictures arrive whole; one that the server refuses is a dead letter, metrics flow on', {
  timeout: 120000,
}, async (t) => {
  const data = tempDir(t, 'ws-server-');
  let server = await startServer(t, { data, args: ['--max-image', '64KiB'] });
  const agent = startAgent(t, {
    server: server.url,
    args: ['--source', 'synth', '--every', '200ms', '--tier', 'L4', '--purpose', 'a test', '--until', '2099-12-31',
      '--picture-every', '5s', '--picture-quality', '100', '--heartbeat-every', '1s'],
  });
  const dead = await waitFor('a picture is refused', async () => {
    const list = await ask(agent.state, { verb: 'queue-list', state: 'dead' });
    return list.items?.[0];
  }, { ms: 40000 });
  assert.equal(dead.kind, 'screenshot');
  assert.match(dead.reason, /at most 65536/);
  const before = (await status(agent)).queue.delivered;
  await waitFor('metrics flow on', async () => (await status(agent)).queue.delivered > before + 3);
  const { port } = server;
  await server.stop();
  server = await startServer(t, { data, port });
  assert.equal((await agentCommand(agent.state, 'queue', 'retry')).code, 0);
  const done = await drained(agent, { ms: 40000 });
  assertLaw(done);
  assert.equal(done.queue.dead, 0);
  const sent = await ask(agent.state, { verb: 'sent', limit: 1000 });
  assert.ok(sent.items.some((item) => item.id === dead.id && item.kind === 'screenshot'));
  await agent.stop();
  await server.stop();
  await assertComplete(data, 1);
});

test('a server that lost its data gets the session again, and what comes after', {
  timeout: 60000,
}, async (t) => {
  const first = await startServer(t);
  const agent = startAgent(t, { server: first.url, args: fast });
  await delivers(agent, 20);
  await first.stop();
  const second = await startServer(t, { port: first.port });
  const { queue } = await status(agent);
  await delivers(agent, queue.recorded + 20);
  const done = await drained(agent);
  assertLaw(done);
  assertNothingLost(done);
  await agent.stop();
  await second.stop();
  const [{ n }] = await sqlite(join(second.data, 'worksight.db'), 'SELECT count(*) AS n FROM metric');
  assert.ok(n >= 20, `${n} metrics in the new data`);
});

test('a damaged queue file is set aside, said, and recording goes on', { timeout: 60000 }, async (t) => {
  const server = await startServer(t);
  const state = tempDir(t, 'ws-agent-');
  writeFileSync(join(state, 'outbox.db'), 'this was a queue once '.repeat(500));
  const agent = startAgent(t, { server: server.url, state, args: fast });
  assertLaw(await delivers(agent).then(() => drained(agent)));
  assert.ok(readdirSync(state).some((name) => /^outbox\.db\.broken-\d+$/.test(name)));
  const sent = await ask(agent.state, { verb: 'sent', limit: 1000 });
  assert.ok(sent.items.some((item) => item.kind === 'event'), 'the hole is told');
});
