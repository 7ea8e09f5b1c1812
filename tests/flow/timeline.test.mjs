// The lanes under the charts: categories in runs, silences, pauses that are
// facts, events and recordings, within the stretch that was asked for.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startServer } from './lib/procs.mjs';
import { Layer2, metricBody, recordingBody } from './lib/wire.mjs';
import { Person, addUser } from './lib/people.mjs';

const cleanups = [];
const file = { after: (fn) => cleanups.push(fn) };
let server;
let ana;

before(async () => {
  server = await startServer(file);
  await addUser(server.data, 'ana', 'viewer');
  ana = await Person.login(server.url, 'ana');
});
after(async () => {
  for (const fn of cleanups.reverse()) await fn();
});

const NINE = Date.parse('2026-03-03T09:00:00Z');
const iso = (s) => new Date(NINE + s * 1000).toISOString().replace('Z', '000Z');
const metric = (s, category) => ['metric', metricBody({ agent_timestamp: iso(s), features: category === undefined ? {} : { category } })];
const event = (s, name, more = {}) => ['event', JSON.stringify({ event: name, at: iso(s), ...more })];

async function session(items, started = -60) {
  const s = await Layer2.open(server.url, { extra: { started_at: iso(started) } });
  for (let i = 0; i < items.length; i += 400) {
    const batch = items.slice(i, i + 400).map(([kind, body], k) => Layer2.item(2 + i + k, kind, body));
    const answer = await s.batch(batch);
    assert.ok(answer.json.results.every((r) => r.status === 'accepted'), answer.text);
  }
  return s;
}
const lanes = (s, from, to, more = '') => ana.get(`/api/v1/sessions/${s.id}/timeline?from=${iso(from)}&to=${iso(to)}${more}`);

/** One every ten seconds. */
const every10s = (from, to, category) => Array.from({ length: (to - from) / 10 }, (_, i) => metric(from + i * 10, category));

test('categories are runs; a silence ends one', async () => {
  const s = await session([...every10s(0, 300, 'development'), ...every10s(300, 400, 'communication'), ...every10s(400, 450), ...every10s(900, 1000, 'communication'), ...every10s(1000, 1100, 'communication')]);
  const t = await lanes(s, 0, 1100);
  assert.deepEqual(t.categories, [
    { category: 'development', from: iso(0), to: iso(300), metrics: 30 },
    { category: 'communication', from: iso(300), to: iso(400), metrics: 10 },
    { category: null, from: iso(400), to: iso(450), metrics: 5 },
    { category: 'communication', from: iso(900), to: iso(1100), metrics: 20 },
  ]);
  assert.equal(t.silence_ms, 60000);
  assert.deepEqual(t.gaps, [{ from: iso(440), to: iso(900), paused: false }]);
});

test('a part of the stretch shows its most frequent category', async () => {
  const s = await session(Array.from({ length: 100 }, (_, i) => metric(i * 10, i % 10 < 7 ? 'documents' : 'media')));
  assert.deepEqual((await lanes(s, 0, 1000, '&max_points=10')).categories, [{ category: 'documents', from: iso(0), to: iso(1000), metrics: 100 }]);
  assert.equal((await lanes(s, 0, 1000)).categories.length, 20);
});

test('the edges of the stretch are silent from the start of the session on, and not in the future', async () => {
  const s = await session(every10s(600, 700), 0);
  const t = await lanes(s, -3600, 1800);
  assert.deepEqual(t.gaps, [{ from: iso(0), to: iso(600), paused: false }, { from: iso(690), to: iso(1800), paused: false }]);
  const now = Date.now();
  const late = await ana.get(`/api/v1/sessions/${s.id}/timeline?from=${new Date(now - 600000).toISOString()}&to=${new Date(now + 600000).toISOString()}`);
  assert.equal(late.gaps.length, 1);
  assert.ok(Date.parse(late.gaps[0].to) <= Date.now());
});

test('a pause ends at its resume, at its own end or at the end of the stretch', async () => {
  const s = await session([
    ...every10s(0, 100), event(100, 'pause', { reason: 'lunch', until: iso(900) }), event(700, 'resume'),
    ...every10s(700, 800), event(800, 'pause', { until: iso(1200) }), ...every10s(1500, 1600), event(1600, 'pause', { reason: 'call' }),
  ]);
  const t = await lanes(s, 0, 2000);
  assert.deepEqual(t.pauses, [
    { from: iso(100), to: iso(700), reason: 'lunch' },
    { from: iso(800), to: iso(1200), reason: null },
    { from: iso(1600), to: iso(2000), reason: 'call' },
  ]);
  assert.deepEqual(t.gaps.map((g) => g.paused), [true, true, true]);
  assert.deepEqual(t.events.map((e) => [e.at, e.event, e.reason, e.until]), [
    [iso(100), 'pause', 'lunch', iso(900)], [iso(700), 'resume', null, null], [iso(800), 'pause', null, iso(1200)], [iso(1600), 'pause', 'call', null],
  ]);
  const inside = await lanes(s, 200, 600);
  assert.deepEqual(inside.pauses, [{ from: iso(200), to: iso(600), reason: 'lunch' }]);
  assert.deepEqual(inside.events, []);
});

test('events and recordings beyond one page of the store are there; too many are said to be left out', async () => {
  const s = await session([...Array.from({ length: 230 }, (_, i) => event(i, 'lock')), ...Array.from({ length: 150 }, (_, i) => ['recording', JSON.stringify(recordingBody({ started_at: iso(i * 10), ended_at: iso(i * 10 + 9) }))])]);
  const t = await lanes(s, 0, 2000);
  assert.equal(t.events.length, 200);
  assert.equal(t.events[0].at, iso(30));
  assert.equal(t.events_left_out, true);
  assert.equal(t.recordings.length, 150);
  assert.deepEqual([t.recordings[149].from, t.recordings[149].to], [iso(0), iso(9)]);
});

test('a session without anything, ends left out, and what is wrong', async () => {
  const s = await session([]);
  const t = await ana.get(`/api/v1/sessions/${s.id}/timeline`);
  assert.deepEqual([t.categories, t.pauses, t.events, t.recordings, t.events_left_out], [[], [], [], [], false]);
  assert.equal(t.gaps.length, 1);
  const ends = await session(every10s(0, 100, 'media'));
  assert.deepEqual((await ana.get(`/api/v1/sessions/${ends.id}/timeline`)).categories.map((c) => [c.from, c.metrics]), [[iso(0), 10]]);
  for (const query of ['max_points=0', 'max_points=2001', 'from=x', `from=${iso(5)}&to=${iso(5)}`, 'limit=3'])
    assert.equal((await ana.ask(`/api/v1/sessions/${s.id}/timeline?${query}`)).status, 400, query);
  assert.equal((await ana.ask(`/api/v1/sessions/${s.id}/timeline?from=1700-01-01T00:00:00Z&to=2200-01-01T00:00:00Z`)).status, 200);
});
