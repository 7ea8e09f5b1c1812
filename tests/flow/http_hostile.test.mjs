// Slow, greedy and lying clients against the real server: each is refused or
// cut off within its bound, and an honest client is served all the while.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { children, waitFor } from './lib/procs.mjs';
import { Raw, say, serve } from './lib/raw.mjs';
import { Layer1, metricBody, sessionBody } from './lib/wire.mjs';

const HOST = 'Host: t\r\n';
const quick = ['--header-deadline', '500ms', '--idle-deadline', '700ms'];
const undo = [];
const group = { after: (fn) => undo.push(fn) };
let server; // patient
let strict; // quick deadlines, few connections of one address
let session;

before(async () => {
  server = await serve(group);
  strict = await serve(group, {
    args: [...quick, '--max-connections-per-peer', '300', '--behind-proxy', ''],
  });
  session = await Layer1.open(server.url);
});
after(async () => {
  for (const fn of undo) await fn();
});

const auth = () => `Authorization: Bearer ${session.token}\r\n`;
const sleep = (ms) => new Promise((next) => setTimeout(next, ms));

async function honest(to) {
  const answer = await fetch(`${to.url}/login`, { signal: AbortSignal.timeout(3000) });
  assert.equal(answer.status, 200);
}

/** Send a byte each 50 ms until the server closed its end. */
async function dribble(raw, byte) {
  while (!raw.ended && raw.bytes.length === 0) {
    raw.send(byte);
    await sleep(50);
  }
}

const smuggled = {
  'Content-Length with Transfer-Encoding': 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n',
  'Transfer-Encoding with Content-Length': 'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n',
  'two Content-Lengths': 'Content-Length: 5\r\nContent-Length: 6\r\n',
  'the same Content-Length twice': 'Content-Length: 5\r\nContent-Length: 5\r\n',
  'a list of Content-Lengths': 'Content-Length: 5, 5\r\n',
  'a signed Content-Length': 'Content-Length: +5\r\n',
  'a hexadecimal Content-Length': 'Content-Length: 0x5\r\n',
  'an unknown Transfer-Encoding': 'Transfer-Encoding: xchunked\r\n',
  'two Transfer-Encodings': 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n',
  'a space before the colon': 'Transfer-Encoding : chunked\r\n',
  'a folded header': 'X: a\r\n b\r\n',
  'a bare LF': 'X: a\nTransfer-Encoding: chunked\r\n',
  'a bare CR': 'X: a\rTransfer-Encoding: chunked\r\n',
  'a header without a name': ': x\r\n',
  'two Hosts': HOST,
  'a NUL': 'X: a\0b\r\n',
};
for (const [what, header] of Object.entries(smuggled)) {
  test(`test_hostile_${what.replaceAll(/\W/g, '_')}_is_400_and_closed`, async () => {
    const answer = await say(
      server.port,
      `POST /api/sessions/ HTTP/1.1\r\n${HOST}${header}\r\n0\r\n\r\nGET /login HTTP/1.1\r\n${HOST}\r\n`,
    );
    assert.equal(answer.status, 400);
    assert.equal(answer.headers.connection, 'close');
    assert.ok(JSON.parse(answer.body).error);
    await answer.raw.closed();
    // What was smuggled behind it was not answered.
    assert.equal(answer.raw.bytes.length, 0);
    answer.raw.close();
  });
}

test('test_hostile_chunk_with_extension_or_bare_lf_is_400', async () => {
  for (const chunk of ['5;x=y\r\nabcde\r\n0\r\n\r\n', '5\nabcde\r\n0\r\n\r\n', '5\r\nabcdeXX0\r\n\r\n']) {
    const answer = await say(
      server.port,
      `POST /api/sessions/ HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n${chunk}`,
    );
    assert.equal(answer.status, 400);
    await answer.raw.closed();
    answer.raw.close();
  }
});

test('test_hostile_slow_head_is_cut_at_the_deadline', async () => {
  const raw = await Raw.open(strict.port);
  const from = Date.now();
  raw.send('GET /login HTTP/1.1\r\nX: ');
  await dribble(raw, 'x');
  assert.equal((await raw.answer()).status, 408);
  await raw.closed();
  const ms = Date.now() - from;
  assert.ok(ms >= 500 && ms < 3000, `${ms} ms`);
  raw.close();
});

test('test_hostile_slow_body_is_cut_off', async () => {
  const raw = await Raw.open(strict.port);
  const from = Date.now();
  raw.send(`POST /api/sessions/ HTTP/1.1\r\n${HOST}Content-Length: 9999\r\n\r\n`);
  await dribble(raw, 'x');
  assert.equal((await raw.answer()).status, 408);
  await raw.closed();
  assert.ok(Date.now() - from < 3000);
  raw.close();
});

test('test_hostile_reader_that_does_not_read_is_cut_off', async () => {
  const raw = await Raw.open(strict.port);
  raw.socket.pause();
  // Many pages asked for at once, none read: more than the kernel holds.
  const one = `GET /login HTTP/1.1\r\n${HOST}\r\n`;
  for (let i = 0; i < 200; i++) raw.send(one.repeat(100));
  await honest(strict);
  // Cut off, its end is a reset: the next write finds that out.
  const poke = setInterval(() => raw.socket.write('x'), 100);
  await waitFor('the connection is reset', () => raw.socket.destroyed);
  clearInterval(poke);
  await honest(strict);
});

test('test_hostile_idle_connections_are_closed_and_honest_clients_served', async () => {
  const idle = await Promise.all(Array.from({ length: 250 }, () => Raw.open(strict.port)));
  for (let i = 0; i < 20; i++) await honest(strict);
  await Promise.all(idle.map((raw) => raw.closed()));
  for (const raw of idle) raw.close();
});

test('test_hostile_many_connections_of_one_address_are_429', async () => {
  const own = await Promise.all(Array.from({ length: 400 }, () => Raw.open(strict.port)));
  const refused = [];
  for (const raw of own) {
    const answer = await raw.answer();
    if (answer.status) refused.push(answer.status);
  }
  assert.ok(refused.length >= 90, `${refused.length} refused`);
  assert.ok(refused.every((status) => status === 429));
  for (const raw of own) raw.close();
  await honest(strict);
});

test('test_hostile_gibibyte_is_refused_before_it_is_read', async () => {
  for (const length of [1 << 30, 5e9]) {
    const answer = await say(
      server.port,
      `POST /api/sessions/${session.id}/batch/ HTTP/1.1\r\n${HOST}${auth()}Content-Length: ${length}\r\n\r\nabc`,
    );
    assert.equal(answer.status, 413);
    assert.equal(answer.headers.connection, 'close');
    answer.raw.close();
  }
});

test('test_hostile_body_without_token_is_401_before_it_is_read', async () => {
  const answer = await say(
    server.port,
    `POST /api/screenshots/ HTTP/1.1\r\n${HOST}Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 8000000\r\n\r\n`,
  );
  assert.equal(answer.status, 401);
  assert.equal(answer.headers['www-authenticate'], 'Bearer');
  answer.raw.close();
});

test('test_hostile_sixty_bodies_without_token_take_no_memory', async () => {
  const [worker] = children(server.pid);
  const rss = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${worker.pid}/status`, 'utf8'))[1]);
  const from = rss();
  const part = Buffer.alloc(1 << 20, 'x');
  const all = await Promise.all(
    Array.from({ length: 60 }, async () => {
      const raw = await Raw.open(server.port);
      raw.send(
        `POST /api/screenshots/ HTTP/1.1\r\n${HOST}Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 19000000\r\n\r\n`,
      );
      for (let i = 0; i < 4; i++) raw.send(part);
      const answer = await raw.answer();
      return [answer, raw];
    }),
  );
  assert.ok(all.every(([answer]) => answer.status === 401));
  assert.ok(rss() - from < 32768, `${rss() - from} KiB more`);
  for (const [, raw] of all) raw.close();
});

test('test_hostile_gzip_bomb_is_413', async () => {
  const bomb = gzipSync(Buffer.alloc(64 << 20));
  const answer = await fetch(`${server.url}/api/sessions/${session.id}/batch/`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${session.token}`, 'Content-Encoding': 'gzip', 'Content-Type': 'application/json' },
    body: bomb,
  });
  assert.equal(answer.status, 413);
});

test('test_hostile_gzip_cut_off_is_400_and_other_codings_415', async () => {
  const headers = { Authorization: `Bearer ${session.token}`, 'Content-Type': 'application/json' };
  const url = `${server.url}/api/sessions/${session.id}/batch/`;
  const cut = gzipSync('{"items":[]}').subarray(0, 20);
  const first = await fetch(url, { method: 'POST', headers: { ...headers, 'Content-Encoding': 'gzip' }, body: cut });
  assert.equal(first.status, 400);
  const second = await fetch(url, { method: 'POST', headers: { ...headers, 'Content-Encoding': 'br' }, body: cut });
  assert.equal(second.status, 415);
});

test('test_hostile_header_flood_is_431_and_long_target_414', async () => {
  const many = await say(server.port, `GET /login HTTP/1.1\r\n${HOST}${'X: y\r\n'.repeat(100)}\r\n`);
  assert.equal(many.status, 431);
  const large = await say(server.port, `GET /login HTTP/1.1\r\n${HOST}X: ${'y'.repeat(20000)}\r\n\r\n`);
  assert.equal(large.status, 431);
  const long = await say(server.port, `GET /${'x'.repeat(20000)} HTTP/1.1\r\n${HOST}\r\n`);
  assert.equal(long.status, 414);
  for (const { raw } of [many, large, long]) raw.close();
});

test('test_hostile_tls_on_the_plain_port_is_400', async () => {
  const answer = await say(server.port, Buffer.from('160301020001000100', 'hex'));
  assert.equal(answer.status, 400);
  answer.raw.close();
});

test('test_hostile_expect_gets_100_only_when_the_body_is_wanted', async () => {
  const body = JSON.stringify(metricBody());
  const raw = await Raw.open(server.port);
  const path = `POST /api/sessions/${session.id}/ai-metrics/ HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nX-Idempotency-Key: expect-1\r\n`;
  raw.send(`${path}${auth()}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`);
  assert.equal((await raw.answer()).status, 100);
  raw.send(body);
  assert.equal((await raw.answer()).status, 201);
  raw.close();
  const refused = await say(server.port, `${path}Content-Length: ${body.length}\r\n\r\n`);
  assert.equal(refused.status, 401);
  refused.raw.close();
  const tea = await say(server.port, `GET /login HTTP/1.1\r\n${HOST}Expect: tea\r\n\r\n`);
  assert.equal(tea.status, 417);
  tea.raw.close();
});

test('test_hostile_head_has_the_length_and_no_body', async () => {
  const get = await say(server.port, `GET /login HTTP/1.1\r\n${HOST}\r\n`);
  const head = await say(server.port, `HEAD /login HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`, { head: true });
  assert.equal(head.status, 200);
  assert.equal(head.headers['content-length'], get.headers['content-length']);
  await head.raw.closed();
  assert.equal(head.raw.bytes.length, 0);
  get.raw.close();
  head.raw.close();
});

test('test_hostile_other_methods_are_405_with_allow', async () => {
  const rows = [
    ['GET', '/api/sessions/', 'POST'],
    ['DELETE', `/api/sessions/${session.id}/ai-metrics/`, 'POST'],
    ['PUT', '/login', 'GET, HEAD'],
  ];
  for (const [method, path, allow] of rows) {
    const answer = await say(server.port, `${method} ${path} HTTP/1.1\r\n${HOST}\r\n`);
    assert.equal(answer.status, 405, `${method} ${path}`);
    assert.equal(answer.headers.allow, allow);
    answer.raw.close();
  }
  const brew = await say(server.port, `BREW / HTTP/1.1\r\n${HOST}\r\n`);
  assert.equal(brew.status, 501);
  brew.raw.close();
});

test('test_hostile_half_closed_client_is_answered', async () => {
  const raw = await Raw.open(server.port);
  raw.send(`GET /login HTTP/1.1\r\n${HOST}\r\nGET / HTTP/1.1\r\n${HOST}\r\n`);
  raw.socket.end();
  assert.equal((await raw.answer()).status, 200);
  assert.equal((await raw.answer()).status, 308);
  await raw.closed();
});

test('test_hostile_pipelined_requests_are_answered_in_order', async () => {
  const raw = await Raw.open(server.port);
  const one = `GET /login HTTP/1.1\r\n${HOST}\r\nGET /nothing HTTP/1.1\r\n${HOST}\r\nPOST /api/sessions/ HTTP/1.1\r\n${HOST}Content-Length: 2\r\n\r\n{}`;
  raw.send(one.repeat(50));
  for (let i = 0; i < 50; i++) {
    assert.equal((await raw.answer()).status, 200);
    assert.equal((await raw.answer()).status, 404);
    assert.equal((await raw.answer()).status, 400);
  }
  raw.close();
});

test('test_hostile_answers_all_carry_the_security_headers', async () => {
  const wanted = {
    'content-security-policy': /default-src 'none'.*trusted-types 'none'/,
    'x-content-type-options': /^nosniff$/,
    'referrer-policy': /^no-referrer$/,
    'cross-origin-opener-policy': /^same-origin$/,
    'cross-origin-resource-policy': /^same-origin$/,
    'permissions-policy': /camera=\(\)/,
    'x-request-id': /^[0-9a-f]{16}$/,
  };
  const requests = [
    'GET /login HTTP/1.1\r\n', 'GET / HTTP/1.1\r\n', 'GET /nothing HTTP/1.1\r\n', 'PUT /login HTTP/1.1\r\n',
    'GET /dashboard/ HTTP/1.1\r\nAccept: text/html\r\n', 'GET /x%zz HTTP/1.1\r\n',
    'POST /api/screenshots/ HTTP/1.1\r\n',
  ];
  for (const request of requests) {
    const answer = await say(server.port, `${request}${HOST}\r\n`);
    for (const [name, value] of Object.entries(wanted)) assert.match(answer.headers[name] ?? '', value, `${request} ${name}`);
    answer.raw.close();
  }
});

test('test_hostile_browser_without_login_is_sent_to_it', async () => {
  const answer = await fetch(`${server.url}/dashboard/sessions?x=1`, { redirect: 'manual', headers: { Accept: 'text/html' } });
  assert.equal(answer.status, 303);
  assert.equal(answer.headers.get('location'), '/login?next=/dashboard/sessions%3Fx%3D1');
  const api = await fetch(`${server.url}/dashboard/`);
  assert.equal(api.status, 401);
});

test('test_hostile_page_etag_is_304_and_assets_stay', async () => {
  const page = await fetch(`${server.url}/login`);
  const etag = page.headers.get('etag');
  assert.equal(page.headers.get('cache-control'), 'no-cache');
  assert.equal(page.headers.get('vary'), 'Accept-Encoding');
  const again = await fetch(`${server.url}/login`, { headers: { 'If-None-Match': etag } });
  assert.equal(again.status, 304);
  const script = /\/assets\/[^"]+\.js/.exec(await page.text());
  assert.ok(script, 'the page names a script');
  const asset = await fetch(`${server.url}${script[0]}`);
  assert.equal(asset.status, 200);
  assert.equal(asset.headers.get('cache-control'), 'public, max-age=31536000, immutable');
  assert.equal((await fetch(`${server.url}/assets/nothing.js`)).status, 404);
});

test('test_hostile_peer_is_what_a_trusted_proxy_says', async () => {
  // Loopback is trusted by default, so the client behind it counts: not local.
  const outside = await fetch(`${server.url}/api/sessions/`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Forwarded-For': '127.0.0.1, 203.0.113.9' },
    body: JSON.stringify(sessionBody()),
  });
  assert.ok([401, 403].includes(outside.status), String(outside.status));
  // A proxy may add a line of its own below what the client sent.
  const body = JSON.stringify(sessionBody());
  const lines = await say(
    server.port,
    `POST /api/sessions/ HTTP/1.1\r\n${HOST}Content-Type: application/json\r\n` +
      `X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-For: 203.0.113.9\r\n` +
      `Content-Length: ${body.length}\r\n\r\n${body}`,
  );
  assert.ok([401, 403].includes(lines.status), String(lines.status));
  // From an address that is not trusted the header means nothing.
  const direct = await fetch(`${strict.url}/api/sessions/`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Forwarded-For': '203.0.113.9' },
    body: JSON.stringify(sessionBody()),
  });
  assert.equal(direct.status, 201);
});
