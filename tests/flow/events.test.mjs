// Event streams: what was committed is hinted at, to those who may see it, and
// a stream that was cut catches up.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startServer, waitFor } from './lib/procs.mjs';
import { Layer1, Layer2, metricBody } from './lib/wire.mjs';
import { Person, addUser, command } from './lib/people.mjs';

const cleanups = [];
const file = { after: (fn) => cleanups.push(fn) };
let server;
let ana;

before(async () => {
  server = await startServer(file);
  await addUser(server.data, 'ana', 'admin,reviewer');
  ana = await Person.login(server.url, 'ana');
});
after(async () => {
  for (const fn of cleanups.reverse()) await fn();
});

/** An open event stream: what it said so far. */
async function listen(who, path = '/api/v1/events', headers = {}) {
  const stop = new AbortController();
  const answer = await fetch(who.server + path, { headers: { Cookie: who.cookie, ...headers }, signal: stop.signal });
  const stream = { status: answer.status, headers: answer.headers, text: '', ended: false, close: () => stop.abort() };
  stream.events = () =>
    stream.text.split('\n\n').flatMap((block) => {
      const event = block.match(/^event: (.*)$/m)?.[1];
      if (!event) return [];
      return [{ id: block.match(/^id: (.*)$/m)?.[1], event, data: JSON.parse(block.match(/^data: (.*)$/m)[1]) }];
    });
  if (answer.status === 200)
    (async () => {
      const decoder = new TextDecoder();
      for await (const chunk of answer.body) stream.text += decoder.decode(chunk, { stream: true });
    })().catch(() => {}).finally(() => (stream.ended = true));
  return stream;
}

test('events: what was committed is hinted at, by topic and session', async () => {
  const s = await Layer1.open(server.url);
  const other = await Layer1.open(server.url);
  const all = await listen(ana);
  const one = await listen(ana, `/api/v1/events?topics=screenshots&session=${s.id}`);
  try {
    assert.equal(all.headers.get('content-type'), 'text/event-stream');
    assert.equal(all.headers.get('x-accel-buffering'), 'no');
    await s.metric('a');
    await other.screenshot();
    await s.screenshot();
    await s.post('heartbeat');
    const topics = (stream, id) => new Set(stream.events().filter((e) => e.data.session_id === id).flatMap((e) => e.data.topics));
    await waitFor('hints of all topics', () => ['metrics', 'screenshots', 'health'].every((topic) => topics(all, s.id).has(topic)));
    await waitFor('the hint of the one', () => topics(one, s.id).has('screenshots'));
    assert.deepEqual([...topics(one, s.id)], ['screenshots']);
    assert.equal(topics(one, other.id).size, 0);
    assert.ok(all.events().every((e) => e.event === 'changed' && e.id && Date.parse(e.data.at)));
    const fresh = await Layer1.open(server.url);
    await waitFor('a new session is hinted at', () => topics(all, fresh.id).has('sessions'));
  } finally {
    all.close();
    one.close();
  }
});

test('events: Last-Event-ID brings what was missed, or a reset', async () => {
  const s = await Layer1.open(server.url);
  const first = await listen(ana);
  await s.metric('one');
  const seen = await waitFor('a hint', () => first.events().find((e) => e.data.session_id === s.id));
  first.close();
  await s.metric('two');
  const probe = await listen(ana);
  await s.metric('three');
  await waitFor('hints went on', () => probe.events().some((e) => e.data.session_id === s.id));
  probe.close();
  const back = await listen(ana, '/api/v1/events', { 'Last-Event-ID': seen.id });
  await waitFor('what was missed', () => back.events().some((e) => e.data.session_id === s.id));
  assert.ok(back.events().every((e) => e.event === 'changed' && e.id !== seen.id));
  back.close();
  for (const id of ['0123456789abcdef-1', 'nonsense', `${seen.id.split('-')[0]}-99999999`]) {
    const lost = await listen(ana, '/api/v1/events', { 'Last-Event-ID': id });
    await waitFor(`a reset for ${id}`, () => lost.events()[0]?.event === 'reset');
    lost.close();
  }
});

test('events: at most six streams of an account; room again when one closes', async () => {
  await addUser(server.data, 'sven', 'viewer');
  const sven = await Person.login(server.url, 'sven');
  const streams = [];
  for (let i = 0; i < 6; i++) streams.push(await listen(sven));
  assert.deepEqual(streams.map((s) => s.status), [200, 200, 200, 200, 200, 200]);
  const refused = await listen(sven);
  assert.equal(refused.status, 429);
  assert.equal(refused.headers.get('retry-after'), '30');
  streams.pop().close();
  const again = await waitFor('room for one more', async () => {
    const next = await listen(sven);
    if (next.status === 200) return next;
    next.close();
    return undefined;
  });
  for (const s of [...streams, again]) s.close();
});

test('events: a person is told of the own sessions alone', async (t) => {
  const own = await startServer(t, { args: ['--enrollment-from', '192.0.2.0/24'] });
  await addUser(own.data, 'petra', 'person');
  const code = async (...args) => (await command(own.data, ['enroll', ...args])).out.trim();
  const mine = await Layer2.open(own.url, { bearer: await code('--user', 'petra') });
  const theirs = await Layer2.open(own.url, { bearer: await code() });
  const petra = await Person.login(own.url, 'petra');
  const stream = await listen(petra);
  await theirs.metric('t', metricBody(), {});
  await theirs.batch([Layer2.item(2)]);
  await mine.batch([Layer2.item(2)]);
  await waitFor('the own hint', () => stream.events().some((e) => e.data.session_id === mine.id));
  await theirs.batch([Layer2.item(3)]);
  await mine.batch([Layer2.item(3)]);
  await waitFor('the own hint again', () => stream.events().filter((e) => e.data.session_id === mine.id).length >= 2);
  assert.deepEqual([...new Set(stream.events().map((e) => e.data.session_id))], [mine.id]);
  stream.close();
});

test('events: the stream ends when its login does', { timeout: 60000 }, async () => {
  await addUser(server.data, 'olga', 'viewer');
  const olga = await Person.login(server.url, 'olga');
  const stream = await listen(olga);
  assert.equal(stream.status, 200);
  assert.equal((await olga.ask('/api/v1/logout', { method: 'POST' })).status, 204);
  await waitFor('the stream ends with the next ping', () => stream.ended, { ms: 25000 });
});
