// Delivery: what the agent does when the server is away, strange or cut off.
// Real agent, real server, and between them what networks do.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { assertComplete, assertLaw, assertNothingLost, drained, framesDropped } from './lib/complete.mjs';
import { ask, board } from './lib/control.mjs';
import { problem, startFake } from './lib/fake_server.mjs';
import {
  agentCommand,
  freePort,
  serverCommand,
  startAgent,
  startServer,
  tempDir,
  waitFor,
} from './lib/procs.mjs';
import { startProxy } from './lib/proxy.mjs';

const awayMs = Number(process.env.WS_AWAY_SECONDS ?? 30) * 1000;
const backWithinMs = 15000;
const fast = ['--source', 'synth', '--every', '50ms', '--ocr', 'off', '--heartbeat-every', '10s'];

const status = (agent) => ask(agent.state, { verb: 'status' });
const wait = (ms) => new Promise((next) => setTimeout(next, ms));

async function recorded(agent, least) {
  return waitFor(`${least} items are recorded`, async () => {
    if (agent.end) throw new Error(`the agent ended: ${agent.err}`);
    const now = await status(agent);
    return now.queue.recorded >= least && now;
  });
}

function logOf(agent) {
  return readFileSync(join(agent.state, 'logs', 'agent.log'), 'utf8');
}

/** Everything recorded until now is delivered within 15 s. */
async function assertCaughtUp(t, agent) {
  const begun = Date.now();
  const { queue } = await status(agent);
  await waitFor(
    'all that had waited is delivered',
    async () => (await status(agent)).queue.delivered >= queue.recorded,
    { ms: backWithinMs, every: 100 },
  );
  t.diagnostic(`${queue.pending} items delivered in ${Date.now() - begun} ms`);
}

test('server away for 30 s then back: all delivered within 15 s, nothing twice', {
  timeout: awayMs + 120000,
}, async (t) => {
  const data = tempDir(t, 'ws-server-');
  const port = await freePort();
  let server = await startServer(t, { data, port });
  const agent = startAgent(t, { server: server.url, args: fast });
  await waitFor('a first delivery', async () => (await status(agent)).queue.delivered > 5);
  await server.kill('SIGKILL');
  await wait(awayMs); // the outage itself is the condition
  const away = await status(agent);
  assert.ok(away.queue.pending > awayMs / 100, `only ${away.queue.pending} items wait`);
  assert.ok(away.board.upload_lane !== undefined);
  server = await startServer(t, { data, port });
  await assertCaughtUp(t, agent);
  assertLaw(await drained(agent));
  await agent.stop();
  await server.stop();
  await assertComplete(data, 1);
});

test('agent started before the server existed: all delivered within 15 s', {
  timeout: 120000,
}, async (t) => {
  const port = await freePort();
  const agent = startAgent(t, { server: `http://127.0.0.1:${port}`, args: fast });
  await recorded(agent, 200);
  const server = await startServer(t, { port });
  await assertCaughtUp(t, agent);
  assertLaw(await drained(agent));
  await agent.stop();
  await server.stop();
  await assertComplete(server.data, 1);
});

test('stopped with a backlog: ends in 5 s, the next run delivers it with its own token', {
  timeout: 120000,
}, async (t) => {
  const port = await freePort();
  const state = tempDir(t, 'ws-agent-');
  const url = `http://127.0.0.1:${port}`;
  const first = startAgent(t, { server: url, state, args: fast });
  await recorded(first, 100);
  assert.ok((await first.stop()) < 5000, 'the stop took longer than 5 s');
  const before = await framesDropped(state);
  const server = await startServer(t, { port });
  const second = startAgent(t, { server: url, state, args: fast });
  await recorded(second, 150);
  const done = await drained(second);
  assertLaw(done);
  assertNothingLost(done, before);
  await second.stop();
  await server.stop();
  const rows = await assertComplete(server.data, 2);
  assert.ok(rows[0].n + before >= 99, `${rows[0].n} of the first run, ${before} frames were dropped`);
});

test('a connection cut, reset or stalled at any byte: all delivered, nothing twice', {
  timeout: 240000,
}, async (t) => {
  const server = await startServer(t);
  const proxy = await startProxy(t, server.port);
  const agent = startAgent(t, {
    server: proxy.url,
    args: [...fast, '--request-deadline', '1s', '--heartbeat-every', '1s'],
  });
  await recorded(agent, 5);
  const bytes = [0, 1, 17, 100, 180, 250, 400, 700, 1500];
  const sweep = [];
  for (const action of ['cut', 'reset']) {
    for (const direction of ['up', 'down']) {
      for (const after of bytes) sweep.push({ action, direction, after });
    }
  }
  sweep.push({ action: 'stall', direction: 'up', after: 50 });
  sweep.push({ action: 'stall', direction: 'down', after: 10 });
  for (const rule of sweep) {
    const before = proxy.struck;
    proxy.rule = { ...rule };
    await waitFor(`${rule.action} ${rule.direction} ${rule.after} strikes`, () => proxy.struck > before, { every: 10 });
    const at = (await status(agent)).queue.delivered;
    await waitFor('delivery goes on', async () => (await status(agent)).queue.delivered > at);
  }
  t.diagnostic(`${proxy.struck} strikes over ${proxy.connections} connections`);
  assertLaw(await drained(agent));
  await agent.stop();
  await server.stop();
  const [row] = await assertComplete(server.data, 1);
  assert.ok(row.n > sweep.length);
});

test('a captive portal acknowledges nothing, and status says so', { timeout: 90000 }, async (t) => {
  const port = await freePort();
  let hits = 0;
  const portal = createServer((request, reply) => {
    hits++;
    request.resume();
    reply.writeHead(200, { 'content-type': 'text/html' });
    reply.end('<html>Welcome. Please accept our terms.</html>');
  });
  await new Promise((done) => portal.listen(port, '127.0.0.1', done));
  t.after(() => portal.close());
  const agent = startAgent(t, { server: `http://127.0.0.1:${port}`, args: fast });
  await recorded(agent, 40);
  await waitFor('the portal was asked twice', () => hits >= 2, { ms: 20000 });
  const during = await status(agent);
  assert.equal(during.queue.delivered, 0);
  assert.equal(during.session_id, 0);
  assert.match(logOf(agent), /portal/);
  portal.closeAllConnections();
  await new Promise((done) => portal.close(done));
  const server = await startServer(t, { port });
  await assertCaughtUp(t, agent);
  assertLaw(await drained(agent));
  await agent.stop();
  await server.stop();
  await assertComplete(server.data, 1);
});

test('an item answered 400 is a dead letter, its neighbours arrive, queue retry sends it', {
  timeout: 90000,
}, async (t) => {
  const fake = await startFake(t);
  let refuse = true;
  fake.decide = (items) =>
    refuse && items.some((item) => item.seq === 30)
      ? problem(400, 'bad-item', 'productivity_score is 171, must be 0 to 100\u001b[2K\nall is well')
      : undefined;
  fake.intercept = (request) => // hold the batches until there is a crowd
    request.url.endsWith('/batch/') && !fake.crowd ? { status: 503, body: '' } : undefined;
  const agent = startAgent(t, { server: fake.url, args: fast });
  await recorded(agent, 60);
  fake.crowd = true;
  const has = (seq) => [...fake.stored.keys()].some((key) => key.endsWith(`/${seq}`));
  await waitFor('the neighbours arrive', () => has(29) && has(31) && has(59), { ms: 30000 });
  assert.ok(!has(30));
  const list = await agentCommand(agent.state, 'queue', 'list', '--json');
  const dead = list.json.items.filter((item) => item.state === 'dead');
  assert.equal(dead.length, 1, list.out);
  assert.match(dead[0].id, /^[0-9a-f]{8}\/30$/);
  assert.match(dead[0].reason, /171, must be 0 to 100/);
  assert.match((await agentCommand(agent.state, 'queue', 'list')).out, /171, must be 0 to 100\?\[2K\?all is well$/m, 'on one line, and nothing that a terminal obeys');
  await waitFor('its tombstone arrives', () =>
    [...fake.stored.values()].some(
      (item) => item.kind === 'tombstone' && /\[\[30,30\]\]/.test(item.payload) && /dead_letter/.test(item.payload),
    ),
  );
  refuse = false;
  const retried = await agentCommand(agent.state, 'queue', 'retry', dead[0].id);
  assert.equal(retried.code, 0, retried.err);
  await waitFor('it arrives after all', () => has(30));
  const done = await drained(agent);
  assert.equal(done.queue.dead, 0);
  assertLaw(done);
  assert.equal(fake.doubles, 0);
});

test('a seq that the server knows with other bytes: a new session takes the rest', {
  timeout: 90000,
}, async (t) => {
  const fake = await startFake(t);
  let clash = true;
  fake.decide = (items) => {
    if (!clash || !items.some((item) => item.seq === 20)) return undefined;
    clash = false;
    const results = items.map(({ seq }) => ({
      seq,
      status: 'rejected',
      problem: problem(422, 'seq-reused', 'this seq names another payload').body,
    }));
    return { status: 200, body: { results } };
  };
  const agent = startAgent(t, { server: fake.url, args: fast });
  await waitFor('a second session', () => fake.sessions.size === 2, { ms: 20000 });
  await recorded(agent, 60);
  const done = await drained(agent);
  assertLaw(done);
  assertNothingLost(done);
  assert.equal(done.session_uid, [...fake.sessions.keys()][1]);
  assert.equal(fake.doubles, 0);
  assert.match(logOf(agent), /seq_reused/);
});

test('Retry-After is honoured, garbage in it is not', { timeout: 60000 }, async (t) => {
  const fake = await startFake(t);
  let answers = 0;
  fake.intercept = (request) => {
    if (!request.url.endsWith('/batch/') || answers >= 2) return undefined;
    const value = answers++ === 0 ? '-17 bananas' : '4';
    return { status: 503, body: '', headers: { 'retry-after': value } };
  };
  const agent = startAgent(t, { server: fake.url, args: fast });
  await waitFor('a delivery', () => fake.stored.size > 0, { ms: 20000 });
  const at = fake.requests.filter(({ url }) => url.endsWith('/batch/')).map((request) => request.at);
  assert.ok(at[1] - at[0] < 2500, `garbage made it wait ${at[1] - at[0]} ms`);
  assert.ok(at[2] - at[1] >= 3900, `4 s became ${at[2] - at[1]} ms`);
  assert.equal(agent.end, undefined);
});

test('a revoked token pauses delivery, loses nothing, and a new code opens it again', {
  timeout: 120000,
}, async (t) => {
  const server = await startServer(t);
  const agent = startAgent(t, { server: server.url, args: [...fast, '--heartbeat-every', '1s'] });
  await waitFor('a delivery', async () => (await status(agent)).queue.delivered > 3);
  const { session_id: id } = await status(agent);
  const revoked = await serverCommand(server.data, ['token', 'revoke', String(id)]);
  assert.equal(revoked.code, 0, revoked.err);
  await waitFor('heartbeat sees it', async () => (await board(agent.state)).heartbeat_lane === 3);
  const before = (await status(agent)).queue;
  await waitFor('the queue grows', async () => (await status(agent)).queue.pending > before.pending + 20);
  assertNothingLost(await status(agent));
  const code = await serverCommand(server.data, ['enroll', '--json']);
  assert.equal(code.code, 0, code.err);
  const enrolled = await agentCommand(agent.state, 'enroll', '--server', server.url, '--code', JSON.parse(code.out).code);
  assert.equal(enrolled.code, 0, enrolled.err);
  await assertCaughtUp(t, agent);
  assertLaw(await drained(agent));
  await agent.stop();
  await server.stop();
  await assertComplete(server.data, 1);
});
