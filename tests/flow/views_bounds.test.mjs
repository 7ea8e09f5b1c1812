// What people may ask for at the edges: far times, and more changes than a
// hint can name.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startServer, waitFor } from './lib/procs.mjs';
import { Layer1, Layer2, metricBody } from './lib/wire.mjs';
import { Person, addUser } from './lib/people.mjs';

const cleanups = [];
let server;
let ana;

before(async () => {
  server = await startServer({ after: (fn) => cleanups.push(fn) });
  await addUser(server.data, 'ana', 'reviewer');
  await addUser(server.data, 'mo', 'manager', { team: 'north' });
  ana = await Person.login(server.url, 'ana');
});
after(async () => {
  for (const fn of cleanups.reverse()) await fn();
});

test('series: a range of more than 100 years is 400, wherever its end comes from', async () => {
  const s = await Layer2.open(server.url);
  await s.batch([Layer2.item(2)]);
  const path = `/api/v1/sessions/${s.id}/series`;
  for (const query of ['from=1700-01-01T00:00:00Z', 'from=1700-01-01T00:00:00Z&to=2026-01-01T00:00:00Z']) {
    const a = await ana.ask(`${path}?${query}`);
    assert.equal(a.status, 400, `${query}: ${a.text}`);
    assert.equal(a.json.errors[0].pointer, '/from');
    assert.match(a.json.error, /100 years/);
  }
  assert.equal((await ana.ask(`${path}?from=1930-01-01T00:00:00Z&to=2026-12-01T00:00:00Z&max_points=1`)).status, 200);
});

test('lists: a query that cannot be read is 400, not a list of everything', async () => {
  for (const query of ['q=100%', 'q=%zz', 'limit=1&status=%00', Array.from({ length: 65 }, (_, i) => `n${i}`).join('&')]) {
    const a = await ana.ask(`/api/v1/sessions?${query}`);
    assert.equal(a.status, 400, `${query}: ${a.text}`);
  }
});

test('series: an agent with a clock centuries off does not hide what came since', async () => {
  const s = await Layer2.open(server.url);
  const at = (agent_timestamp) => metricBody({ agent_timestamp });
  await s.batch([
    Layer2.item(2, 'metric', at('1700-01-01T00:00:00Z')),
    Layer2.item(3, 'metric', at('1970-01-01T00:00:00Z')),
    Layer2.item(4, 'metric', at('2026-02-10T10:00:00Z')),
  ]);
  const series = await ana.get(`/api/v1/sessions/${s.id}/series`);
  assert.equal(series.count.reduce((a, b) => a + b), 2);
  assert.ok(Date.parse(series.from) && Date.parse(series.to));
  const old = await ana.get(`/api/v1/sessions/${s.id}/series?from=1970-01-01T00:00:00Z&to=1970-01-01T01:00:00Z`);
  assert.equal(Date.parse(old.from), 0, 'the first moment of 1970 is a time, not null');
});

test('events: many changes at once reach a person of a narrow scope, too', async () => {
  const mo = await Person.login(server.url, 'mo');
  const stop = new AbortController();
  const stream = await fetch(`${server.url}/api/v1/events`, { headers: { Cookie: mo.cookie }, signal: stop.signal });
  let text = '';
  (async () => {
    for await (const chunk of stream.body) text += Buffer.from(chunk);
  })().catch(() => {});
  try {
    const sessions = await Promise.all(Array.from({ length: 300 }, () => Layer1.open(server.url)));
    await waitFor(
      'a hint that names nobody',
      async () => {
        await Promise.all(sessions.map((s) => s.post('heartbeat')));
        return /event: changed\ndata: .*"session_id":null/.test(text);
      },
      { ms: 20000 },
    );
    assert.doesNotMatch(text, /"session_id":\d/, 'and none that names a session of others');
  } finally {
    stop.abort();
  }
});
