// The pages: forms by Accept-Encoding, caching, and a folder instead of the
// program while they are being written.

import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { Raw, serve } from './lib/raw.mjs';
import { tempDir, waitFor } from './lib/procs.mjs';

const HOST = 'Host: t\r\n';

/** One GET with the bytes of the body as they came. */
async function get(port, path, headers = '') {
  const raw = await Raw.open(port);
  raw.send(`GET ${path} HTTP/1.1\r\n${HOST}Connection: close\r\n${headers}\r\n`);
  const end = await waitFor('the answer', () => raw.ended && raw.bytes.indexOf('\r\n\r\n'));
  const head = raw.bytes.subarray(0, end).toString('latin1');
  raw.close();
  return {
    status: Number(head.split(' ')[1]),
    header: (name) => new RegExp(`\r\n${name}: ([^\r]*)`, 'i').exec(head)?.[1],
    body: raw.bytes.subarray(end + 4),
  };
}

test('test_static_form_follows_accept_encoding', async (t) => {
  const server = await serve(t);
  const plain = await get(server.port, '/login');
  assert.equal(plain.header('content-encoding'), undefined);
  const script = /\/assets\/[^"]+\.js/.exec(plain.body.toString())[0];
  const whole = await get(server.port, script);
  assert.equal(whole.header('content-encoding'), undefined);
  const rows = [
    ['br', 'br'], ['gzip', 'gzip'], ['gzip, br', 'br'], ['gzip;q=1, br;q=0', 'gzip'],
    ['br;q=0.5', 'br'], ['deflate', undefined], ['xbr', undefined], ['gzip;q=0', undefined],
  ];
  for (const [accepted, coding] of rows) {
    const answer = await get(server.port, script, `Accept-Encoding: ${accepted}\r\n`);
    assert.equal(answer.status, 200);
    assert.equal(answer.header('content-encoding'), coding, accepted);
    assert.equal(answer.header('vary'), 'Accept-Encoding');
    const bytes =
      coding === 'br' ? brotliDecompressSync(answer.body) : coding === 'gzip' ? gunzipSync(answer.body) : answer.body;
    assert.ok(bytes.equals(whole.body), accepted);
  }
  const known = await get(server.port, script, `If-None-Match: "x", ${whole.header('etag')}\r\n`);
  assert.equal(known.status, 304);
  assert.equal(known.body.length, 0);
});

test('test_static_folder_is_served_and_nothing_beside_it', async (t) => {
  const dir = tempDir(t, 'ws-web-');
  mkdirSync(join(dir, 'web/assets'), { recursive: true });
  writeFileSync(join(dir, 'web/index.html'), '<p>from the folder');
  writeFileSync(join(dir, 'web/assets/app.js'), 'run()');
  writeFileSync(join(dir, 'web/assets/.hidden'), 'secret');
  writeFileSync(join(dir, 'secret'), 'secret');
  symlinkSync(join(dir, 'secret'), join(dir, 'web/assets/link'));
  const server = await serve(t, { args: ['--web-dir', join(dir, 'web')] });
  const page = await get(server.port, '/login');
  assert.equal(page.body.toString(), '<p>from the folder');
  assert.equal(page.header('content-type'), 'text/html; charset=utf-8');
  const script = await get(server.port, '/assets/app.js');
  assert.equal(script.body.toString(), 'run()');
  assert.equal(script.header('content-type'), 'text/javascript; charset=utf-8');
  assert.equal(script.header('cache-control'), 'no-cache');
  for (const path of ['/assets/../../secret', '/assets/%2e%2e/../secret', '/assets/.hidden', '/assets/link', '/assets/', '/assets/none.js']) {
    const answer = await get(server.port, path);
    assert.equal(answer.status, 404, path);
    assert.doesNotMatch(answer.body.toString(), /^secret/);
  }
});
