// Pictures in S3: kept, shown, and never half, whatever dies in between.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { build, children, freePort, run, serverCommand, startServer, tempDir, waitFor } from '../flow/lib/procs.mjs';
import { Person, addUser } from '../flow/lib/people.mjs';
import { startProxy } from '../flow/lib/proxy.mjs';
import { Layer1, metricBody, png } from '../flow/lib/wire.mjs';
import { startRadosgw, startS3rver } from './lib/s3.mjs';

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

const start = (t, s3, { data, port, address = s3.address, secret = s3.secret, env = {} } = {}) =>
  startServer(t, {
    data,
    port,
    args: ['--blobs', address],
    env: { WORKSIGHT_SERVER_S3_KEY: s3.key, WORKSIGHT_SERVER_S3_SECRET: secret, ...env },
  });

const contract = (s3, secret = s3.secret) =>
  run(join(build, 'tests/server/blob/test_blob'), [], {
    env: { WS_S3_ADDRESS: s3.address, WS_S3_KEY: s3.key, WS_S3_SECRET: secret },
  });

async function viewer(server, name = 'vera') {
  await addUser(server.data, name, 'reviewer');
  return Person.login(server.url, name);
}

const list = async (person, session) =>
  (await person.get(`/api/v1/sessions/${session.id}/screenshots`)).items;

const image = (person, id, headers = {}) =>
  fetch(`${person.server}/api/v1/screenshots/${id}/image`, { headers: { Cookie: person.cookie, ...headers } });

/** The whole server at once, as a power cut has it: workers die with it. */
async function killAll(server) {
  const workers = children(server.pid);
  await server.kill('SIGKILL');
  for (const { pid } of workers)
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it went with its supervisor
    }
}

test('s3rver: the contract of every blob backend holds', async (t) => {
  const got = await contract(await startS3rver(t));
  assert.equal(got.code, 0, got.err + got.out);
  assert.doesNotMatch(got.err + got.out, /skipped: s3/);
});

test('radosgw: the contract holds, and a wrong secret stores nothing', async (t) => {
  const s3 = await startRadosgw(t);
  if (s3.why) {
    t.skip(`radosgw can't be had: ${s3.why}`);
    return;
  }
  const good = await contract(s3);
  assert.equal(good.code, 0, good.err + good.out);
  const bad = await contract(s3, 'not the secret');
  assert.match(bad.err, /status 403, SignatureDoesNotMatch/);

  const data = tempDir(t, 'ws-s3data-');
  const headers = { 'X-Idempotency-Key': 'd'.repeat(64) };
  const wrong = await start(t, s3, { data, secret: 'not the secret' });
  const session = await Layer1.open(wrong.url);
  const refused = await session.screenshot({}, { headers });
  assert.equal(refused.status, 503, refused.text);
  assert.ok(refused.headers.get('retry-after'));
  assert.doesNotMatch(wrong.err, /not the secret/);
  await wrong.stop();

  const right = await start(t, s3, { data, port: wrong.port });
  const bytes = png(64, 48);
  const kept = await session.screenshot({}, { headers, image: bytes });
  assert.equal(kept.status, 201, kept.text);
  const shown = await image(await viewer(right), kept.json.screenshot_id);
  assert.equal(sha256(Buffer.from(await shown.arrayBuffer())), sha256(bytes));
});

test('put, get, range, other sizes: the bytes that were sent', async (t) => {
  const s3 = await startS3rver(t);
  const server = await start(t, s3);
  const person = await viewer(server);
  const session = await Layer1.open(server.url);
  const small = png(16, 12);
  const large = Buffer.concat([png(640, 480), Buffer.alloc(3 << 20, 7)]);

  for (const bytes of [small, large]) {
    const got = await session.screenshot({ captured_at: '2026-02-10T16:19:56Z' }, { image: bytes, headers: { 'X-Idempotency-Key': sha256(bytes) } });
    assert.equal(got.status, 201, got.text);
    const whole = await image(person, got.json.screenshot_id);
    assert.equal(whole.status, 200);
    assert.equal(whole.headers.get('accept-ranges'), 'bytes');
    assert.equal(sha256(Buffer.from(await whole.arrayBuffer())), sha256(bytes));

    const part = await image(person, got.json.screenshot_id, { Range: 'bytes=5-20' });
    assert.equal(part.status, 206);
    assert.equal(part.headers.get('content-range'), `bytes 5-20/${bytes.length}`);
    assert.deepEqual(Buffer.from(await part.arrayBuffer()), bytes.subarray(5, 21));

    const end = await image(person, got.json.screenshot_id, { Range: 'bytes=-4' });
    assert.deepEqual(Buffer.from(await end.arrayBuffer()), bytes.subarray(-4));

    const beyond = await image(person, got.json.screenshot_id, { Range: `bytes=${bytes.length}-` });
    assert.equal(beyond.status, 416);
    assert.equal(beyond.headers.get('content-range'), `bytes */${bytes.length}`);
    await beyond.text();
  }
  assert.equal(s3.objects().length, 2);
  for (const name of s3.objects()) assert.match(name, /^[0-9a-f]+\/[0-9a-f]+$/);
});

test('the service away: 503 with Retry-After, metrics go on; back: stored', async (t) => {
  const s3 = await startS3rver(t);
  const server = await start(t, s3);
  const session = await Layer1.open(server.url);
  const headers = { 'X-Idempotency-Key': 'a'.repeat(64) };

  await s3.proc.kill();
  const refused = await session.screenshot({}, { headers });
  assert.equal(refused.status, 503, refused.text);
  assert.ok(Number(refused.headers.get('retry-after')) >= 1);
  assert.equal((await session.metric('m1', metricBody())).status, 201);

  await startS3rver(t, s3);
  assert.equal((await session.screenshot({}, { headers })).status, 201);
  assert.equal((await session.screenshot({}, { headers })).status, 200);
  const items = await list(await viewer(server), session);
  assert.equal(items.length, 1);
});

test('a silent service holds neither metrics nor pages', async (t) => {
  const s3 = await startS3rver(t);
  const proxy = await startProxy(t, s3.port);
  const server = await start(t, s3, {
    address: s3.address.replace(s3.url, proxy.url),
    env: { WORKSIGHT_SERVER_S3_TIMEOUT: '3s' },
  });
  const session = await Layer1.open(server.url);
  const person = await viewer(server);

  proxy.rule = { direction: 'up', after: 1000, action: 'stall' };
  const slow = session.screenshot({}, { image: Buffer.concat([png(200, 200), Buffer.alloc(20000)]), headers: { 'X-Idempotency-Key': 'b'.repeat(64) } });
  await waitFor('the put is stuck', () => proxy.struck === 1);
  const begun = Date.now();
  assert.equal((await session.metric('m2')).status, 201);
  assert.equal((await list(person, session)).length, 0);
  assert.ok(Date.now() - begun < 1500, `${Date.now() - begun} ms`);
  const answer = await slow;
  assert.equal(answer.status, 503);
  assert.ok(answer.headers.get('retry-after'));
});

for (const who of ['server', 'service'])
  test(`the ${who} is killed in the middle of a put: no lost, no half object`, async (t) => {
    const s3 = await startS3rver(t);
    const proxy = await startProxy(t, s3.port);
    const address = s3.address.replace(s3.url, proxy.url);
    const data = tempDir(t, 'ws-s3data-');
    const port = await freePort();
    let server = await start(t, s3, { data, port, address });
    const session = await Layer1.open(server.url);
    const bytes = Buffer.concat([png(300, 300), Buffer.alloc(2 << 20, 9)]);
    const headers = { 'X-Idempotency-Key': 'c'.repeat(64) };

    proxy.rule = { direction: 'up', after: 1 << 20, action: 'stall' };
    const first = session.screenshot({}, { image: bytes, headers }).catch((error) => ({ error }));
    await waitFor('half of the picture is there', () => proxy.struck === 1);
    if (who === 'server') {
      await killAll(server);
      server = await start(t, s3, { data, port, address });
    } else {
      await s3.proc.kill();
      proxy.cutAll();
      await startS3rver(t, s3);
    }
    const was = await first;
    assert.ok(was.error || was.status === 503, JSON.stringify(was));

    const person = await viewer(server);
    assert.equal((await list(person, session)).length, 0, 'no row before the object');
    const again = await session.screenshot({}, { image: bytes, headers });
    assert.equal(again.status, 201, again.text);
    const [row, ...more] = await list(person, session);
    assert.equal(more.length, 0);
    const shown = await image(person, row.id);
    assert.equal(sha256(Buffer.from(await shown.arrayBuffer())), sha256(bytes));
    assert.equal(s3.objects().length, 1);
    const { ok, rows, objects } = await verify(data, s3);
    assert.deepEqual([ok, rows, objects], [true, 1, 1]);
  });

async function verify(data, s3, ...more) {
  const got = await serverCommand(data, ['blob', 'verify', '--json', '--blobs', s3.address, ...more], {
    env: { WORKSIGHT_SERVER_S3_KEY: s3.key, WORKSIGHT_SERVER_S3_SECRET: s3.secret },
  });
  assert.ok(got.out, got.err);
  return JSON.parse(got.out);
}

test('blob verify names the objects that no row names', async (t) => {
  const s3 = await startS3rver(t);
  const data = tempDir(t, 'ws-s3data-');
  const server = await start(t, s3, { data });
  const session = await Layer1.open(server.url);
  const kept = await session.screenshot({}, { headers: { 'X-Idempotency-Key': 'e'.repeat(64) } });
  assert.equal(kept.status, 201, kept.text);
  for (const name of ['1f4/0001', '1f4/0002', '1f5/0001']) {
    const put = await fetch(`${s3.url}/pictures/${name}`, { method: 'PUT', body: 'x' });
    assert.equal(put.status, 200, await put.text());
  }
  const old = ['1f4/0002', '1f5/0001'];
  const before = new Date(Date.now() - 2 * 3600000);
  for (const name of old) utimesSync(join(s3.dir, 'pictures', `${name}._S3rver_object`), before, before);
  const said = await verify(data, s3);
  assert.deepEqual([said.rows, said.objects, said.objects_listed, said.orphans, said.ok], [1, 4, true, 2, false]);
  assert.deepEqual(said.problems.map((p) => [p.problem, p.object]).sort(), old.map((name) => ['orphan', name]));

  // Two hours are too young to be removed; of two days they go, after a look.
  assert.equal((await verify(data, s3, '--delete-orphans', '1d')).removed, 0);
  const longAgo = new Date(Date.now() - 2 * 86400000);
  for (const name of old) utimesSync(join(s3.dir, 'pictures', `${name}._S3rver_object`), longAgo, longAgo);
  const look = await verify(data, s3, '--delete-orphans', '1d', '--dry-run');
  assert.deepEqual([look.removed, look.orphans, look.problems.filter((p) => p.problem === 'would be removed').length], [0, 2, 2]);
  assert.equal(s3.objects().length, 4);
  const done = await verify(data, s3, '--delete-orphans', '1d');
  assert.deepEqual([done.removed, done.missing, done.ok], [2, 0, true]);
  assert.equal(s3.objects().length, 2, 'what has a row, and what is young');
});

test('blob verify lists a session of more objects than the service tells at once', async (t) => {
  const s3 = await startRadosgw(t); // s3rver answers 500 to a second page
  if (s3.why) {
    t.skip(`radosgw can't be had: ${s3.why}`);
    return;
  }
  const data = tempDir(t, 'ws-s3data-');
  const server = await start(t, s3, { data });
  await server.stop();
  const put = await run('curl', ['-sS', '-f', '--aws-sigv4', 'aws:amz:us-east-1:s3', '-u', `${s3.key}:${s3.secret}`,
    '-H', `x-amz-content-sha256: ${sha256('')}`, '-H', 'Content-Length: 0', '-X', 'PUT', `${s3.url}/pictures/1f4/[00001-01050]`], { timeoutMs: 120000 });
  assert.equal(put.code, 0, put.err);
  const said = await verify(data, s3);
  assert.deepEqual([said.rows, said.objects, said.orphans, said.ok], [0, 1050, 0, true]);
});
