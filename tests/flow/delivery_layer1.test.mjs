// A server that speaks layer 1 only: our agent works with it, unmodified.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { assertLaw, assertNothingLost } from './lib/complete.mjs';
import { ask } from './lib/control.mjs';
import { startAgent, waitFor } from './lib/procs.mjs';

/** Layer 1 as an agent in the field knows it, strict where layer 1 is. */
async function startLayer1(t) {
  const server = { sessions: [], metrics: new Map(), pictures: [], duplicates: 0, beats: [], unknown: [], lose: 0 };
  const token = 'c'.repeat(64);
  const routes = [
    [/^\/api\/screenshots\/$/, (request, body, form) => {
      const captured = Date.parse(form.get('captured_at'));
      if (!(form.get('image') instanceof File) || !captured || Number(form.get('session_id')) !== server.sessions.length)
        return [400, { error: 'image, session_id and captured_at' }];
      server.pictures.push({ image: form.get('image'), captured });
      return [201, { status: 'ok' }];
    }],
    [/^\/api\/sessions\/$/, (request, body) => {
      server.sessions.push(JSON.parse(body));
      return [201, { session_id: server.sessions.length, token }];
    }],
    [/^\/api\/sessions\/\d+\/heartbeat\/$/, (request, body) => {
      server.beats.push(body);
      return [200, { status: 'alive' }];
    }],
    [/^\/api\/sessions\/\d+\/ai-metrics\/$/, (request, body) => {
      const key = request.headers['x-idempotency-key'];
      if (!key) return [400, { error: 'no key' }];
      if (server.metrics.has(key)) {
        server.duplicates++;
        return [200, { ai_metric_id: server.metrics.get(key).id, status: 'duplicate' }];
      }
      server.metrics.set(key, { id: server.metrics.size + 1, body: JSON.parse(body) });
      return [201, { ai_metric_id: server.metrics.size, status: 'ok' }];
    }],
  ];
  const http = createServer((request, reply) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', async () => {
      const type = request.headers['content-type'] ?? '';
      const whole = Buffer.concat(chunks);
      // Read by undici's parser, which knows nothing of our client.
      const form = type.startsWith('multipart/') ? await new Response(whole, { headers: { 'content-type': type } }).formData() : undefined;
      const route = routes.find(([path]) => path.test(request.url));
      const opens = request.url === '/api/sessions/';
      let answer = [404, { error: 'not found' }];
      if (!route) server.unknown.push(`${request.method} ${request.url}`);
      else if (!opens && request.headers.authorization !== `Bearer ${token}`) answer = [403, { error: 'token' }];
      else answer = route[1](request, whole.toString(), form);
      if (request.url.endsWith('/ai-metrics/') && server.lose > 0) {
        server.lose--;
        request.socket.destroy(); // stored, and the answer is lost
        return;
      }
      reply.writeHead(answer[0], { 'content-type': 'application/json' });
      reply.end(JSON.stringify(answer[1]));
    });
  });
  await new Promise((done) => http.listen(0, '127.0.0.1', done));
  t.after(() => {
    http.closeAllConnections();
    http.close();
  });
  server.url = `http://127.0.0.1:${http.address().port}`;
  return server;
}

test('a layer-1-only server gets every metric once, and nothing it does not know', {
  timeout: 90000,
}, async (t) => {
  const server = await startLayer1(t);
  const agent = startAgent(t, {
    server: server.url,
    args: ['--source', 'synth', '--every', '50ms', '--ocr', 'off', '--heartbeat-every', '1s'],
  });
  const status = () => ask(agent.state, { verb: 'status' });
  await waitFor('metrics arrive', () => server.metrics.size > 20, { ms: 20000 });
  server.lose = 3;
  await waitFor('lost answers are asked for again', () => server.duplicates >= 3, { ms: 30000 });
  await ask(agent.state, { verb: 'pause', duration_ms: 600000, reason: 'layer 1' });
  const done = await waitFor('the queue is empty', async () => {
    const now = await status();
    return now.queue.pending === 0 && now;
  }, { ms: 20000 });
  assertLaw(done);
  assertNothingLost(done);
  assert.ok(done.queue.kept >= 1, 'the pause event stays here');
  assert.equal(done.board.server_features, 0);
  // recorded = the session, the metrics, what is kept, and dropped frames.
  const { recorded, kept, dropped } = done.queue;
  assert.equal(server.metrics.size, recorded - 1 - kept - dropped);
  assert.equal(server.sessions.length, 1);
  for (const name of ['agent_name', 'agent_version', 'hostname', 'username', 'ip_address'])
    assert.equal(typeof server.sessions[0][name], 'string', name);
  await waitFor('heartbeats', () => server.beats.length >= 2);
  assert.deepEqual([...new Set(server.beats)], ['']);
  assert.deepEqual(server.unknown, [], 'it probed for routes that layer 1 has not');
});

test('a layer-1-only server gets the pictures of L4, as its form has them', { timeout: 90000 }, async (t) => {
  const server = await startLayer1(t);
  const agent = startAgent(t, {
    server: server.url,
    args: ['--source', 'synth', '--every', '500ms', '--tier', 'L4', '--purpose', 'a test', '--until', '2199-12-31', '--picture-every', '5s'],
  });
  await waitFor('two pictures arrive', () => server.pictures.length >= 2, { ms: 60000 });
  for (const { image, captured } of server.pictures) {
    assert.deepEqual([...new Uint8Array(await image.slice(0, 3).arrayBuffer())], [0xff, 0xd8, 0xff], 'a JPEG');
    assert.ok(Math.abs(Date.now() - captured) < 120000);
  }
  assert.ok(server.metrics.size > 0);
  assert.deepEqual(server.unknown, []);
  const dead = (await ask(agent.state, { verb: 'queue-list', state: 'dead' })).items;
  assert.deepEqual(dead, []);
});
