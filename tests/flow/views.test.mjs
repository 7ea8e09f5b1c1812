// What people see: lists that neither repeat nor skip, series whose averages
// are right, explanations that add up, words that hurt nobody and strings that
// do nothing.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startServer, waitFor } from './lib/procs.mjs';
import { Layer1, Layer2, metricBody, png } from './lib/wire.mjs';
import { Person, addUser } from './lib/people.mjs';

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

const iso = (ms) => new Date(ms).toISOString();
const HOUR = 3600000;

/** A session with metrics at times, made as an agent makes them. */
async function withMetrics(metrics) {
  const s = await Layer2.open(server.url);
  let seq = 2;
  for (let i = 0; i < metrics.length; i += 400) {
    const items = metrics.slice(i, i + 400).map((m) => Layer2.item(seq++, 'metric', metricBody(m)));
    const answer = await s.batch(items);
    assert.ok(answer.json.results.every((r) => r.status === 'accepted'), answer.text);
    s.ids = [...(s.ids ?? []), ...answer.json.results.map((r) => r.id)];
  }
  return s;
}

// --- lists ---

test('sessions: paging under inserts neither repeats nor skips', async () => {
  const old = [];
  for (let i = 0; i < 23; i++) old.push((await Layer1.open(server.url, { hostname: `page-${i}` })).id);
  const met = await ana.all('/api/v1/sessions?q=page-', {
    limit: 5,
    between: () => Layer1.open(server.url, { hostname: 'page-new' }),
  });
  const ids = met.map((s) => s.id);
  assert.equal(new Set(ids).size, ids.length);
  assert.deepEqual(ids.filter((id) => old.includes(id)), [...old].reverse());
});

test('metrics: paging under inserts neither repeats nor skips, equal times included', async () => {
  const base = Date.parse('2026-03-01T10:00:00Z');
  // Seven of each moment: the key has to tell them apart.
  const s = await withMetrics(Array.from({ length: 70 }, (_, i) => ({ agent_timestamp: iso(base + Math.floor(i / 7) * 1000) })));
  let seq = 1000;
  const met = await ana.all(`/api/v1/sessions/${s.id}/metrics`, {
    limit: 6,
    between: () => s.batch([Layer2.item(seq++, 'metric', metricBody({ agent_timestamp: iso(base + HOUR) }))]),
  });
  const ids = met.map((m) => m.id);
  assert.equal(new Set(ids).size, ids.length);
  assert.deepEqual([...ids].sort((a, b) => a - b), [...s.ids].sort((a, b) => a - b));
  const times = met.map((m) => m.agent_time);
  assert.deepEqual(times, [...times].sort().reverse());
});

test('metrics: from and to are a half-open range', async () => {
  const base = Date.parse('2026-03-02T10:00:00Z');
  const s = await withMetrics([0, 1, 2, 3].map((i) => ({ agent_timestamp: iso(base + i * 1000) })));
  const part = await ana.all(`/api/v1/sessions/${s.id}/metrics?from=${iso(base + 1000)}&to=${iso(base + 3000)}`);
  assert.deepEqual(part.map((m) => Date.parse(m.agent_time) - base), [2000, 1000]);
});

test('sessions: every word must occur, whatever its case; no character is special', async () => {
  await Layer1.open(server.url, { hostname: 'Büro-100%', username: "o'brien_x", agent_name: 'needle' });
  await Layer1.open(server.url, { hostname: 'Buero-1000', username: 'obrienyx', agent_name: 'needle' });
  const hosts = async (q) => (await ana.all(`/api/v1/sessions?q=${encodeURIComponent(q)}`)).map((s) => s.hostname);
  assert.deepEqual(await hosts('NEEDLE 100%'), ['Büro-100%']);
  assert.deepEqual(await hosts("needle o'brien_x"), ['Büro-100%']);
  assert.deepEqual(await hosts('needle nowhere'), []);
  assert.equal((await hosts('needle')).length, 2);
  assert.deepEqual(await hosts("' OR 1=1 --"), []);
});

test('sessions: status follows the heartbeat', async (t) => {
  const own = await startServer(t, { args: ['--online', '1s', '--late', '3s'] });
  await addUser(own.data, 'ana', 'viewer');
  const viewer = await Person.login(own.url, 'ana');
  const s = await Layer2.open(own.url);
  const status = async () => (await viewer.get(`/api/v1/sessions/${s.id}`)).status;
  assert.equal(await status(), 'offline');
  await waitFor('online after a heartbeat', async () => {
    await s.post('heartbeat'); // each time: a busy machine may take a second for the rest
    if ((await status()) !== 'online') return false;
    return (await viewer.get('/api/v1/sessions?status=online')).items[0]?.id === s.id;
  });
  // What was read while it was late: it is so before and after, or it is beaten late again.
  // Heartbeats are written together, after they are answered: one may still come between.
  const session = await waitFor('late, on the overview and on its page', async () => {
    const before = await status();
    const { agents_late } = (await viewer.get('/api/v1/overview')).counters;
    const read = await viewer.get(`/api/v1/sessions/${s.id}`);
    const after = await status();
    if (after === 'offline') await s.post('heartbeat');
    return before === 'late' && after === 'late' && agents_late === 1 && read;
  });
  assert.deepEqual(session.attention.map((a) => a.kind), ['late']);
  await waitFor('offline', async () => (await status()) === 'offline');
  assert.deepEqual((await viewer.get('/api/v1/sessions?status=online')).items, []);
});

test('bad parameters are named, all of them, with their bounds', async () => {
  const s = await Layer1.open(server.url);
  for (const [path, pointers] of [
    ['/api/v1/sessions?limit=0', ['/limit']],
    ['/api/v1/sessions?limit=501', ['/limit']],
    ['/api/v1/sessions?limit=many&status=asleep&sort=score', ['/limit', '/sort', '/status']],
    ['/api/v1/sessions?attention=maybe', ['/attention']],
    ['/api/v1/sessions?cursor=AAAA', ['/cursor']],
    ['/api/v1/overview?x=1', ['/x']],
    [`/api/v1/sessions/${s.id}/metrics?from=yesterday`, ['/from']],
    [`/api/v1/sessions/${s.id}/metrics?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z`, ['/to']],
    [`/api/v1/sessions/${s.id}/series?max_points=5001`, ['/max_points']],
    [`/api/v1/sessions/${s.id}/series?max_points=0`, ['/max_points']],
    [`/api/v1/sessions/${s.id}/screenshots?order=asc`, ['/order']],
    ['/api/v1/events?topics=gossip', ['/topics']],
    ['/api/v1/events?session=-1', ['/session']],
  ]) {
    const answer = await ana.ask(path);
    assert.equal(answer.status, 400, path);
    assert.deepEqual(answer.json.errors.map((e) => e.pointer).sort(), pointers, path);
    assert.ok(answer.json.error && answer.json.title && answer.json.type);
  }
});

test('cursors of another list, filter or server are refused', async () => {
  const s = await withMetrics([{}, { agent_timestamp: '2026-02-10T16:20:00Z' }]);
  for (let i = 0; i < 2; i++) await Layer1.open(server.url);
  const { next_cursor } = await ana.get('/api/v1/sessions?limit=1');
  assert.ok(next_cursor);
  assert.equal((await ana.ask(`/api/v1/sessions?limit=2&cursor=${next_cursor}`)).status, 200);
  assert.equal((await ana.ask(`/api/v1/sessions?q=x&cursor=${next_cursor}`)).status, 400);
  assert.equal((await ana.ask(`/api/v1/sessions/${s.id}/metrics?cursor=${next_cursor}`)).status, 400);
  const of = (await ana.get(`/api/v1/sessions/${s.id}/metrics?limit=1`)).next_cursor;
  assert.ok(of);
  assert.equal((await ana.ask(`/api/v1/sessions/${s.id + 1}/metrics?cursor=${of}`)).status, 400);
});

test('what does not exist is 404 with a problem', async () => {
  for (const path of ['sessions/999999', 'sessions/999999/metrics', 'sessions/999999/series', 'sessions/999999/screenshots', 'sessions/999999/ledger', 'sessions/999999/health', 'metrics/999999', 'screenshots/999999/image']) {
    const answer = await ana.ask(`/api/v1/${path}`);
    assert.equal(answer.status, 404, path);
    assert.match(answer.json.type, /\/not-found$/);
  }
});

// --- series ---

/** The same buckets by hand. */
function byHand(metrics, width) {
  const buckets = new Map();
  for (const m of metrics) {
    const at = Math.floor(Date.parse(m.agent_timestamp) / width) * width;
    const b = buckets.get(at) ?? { count: 0, not_scored: 0, not_judged: 0, p: [], a: [], v: [] };
    buckets.set(at, b);
    b.count++;
    if (typeof m.features?.activity === 'number') b.v.push(m.features.activity);
    if (m.features?.anomaly?.scored ?? m.features?.scored ?? true) b.a.push(m.anomaly_score);
    else b.not_judged++;
    if (m.features?.scored === false) {
      b.not_scored++;
      continue;
    }
    b.p.push(m.productivity_score);
  }
  return [...buckets].sort((x, y) => x[0] - y[0]);
}

function checkBand(band, i, values, what) {
  if (values.length === 0) {
    assert.deepEqual([band.min[i], band.avg[i], band.max[i]], [null, null, null], what);
    return;
  }
  const near = (a, b) => assert.ok(Math.abs(a - b) < 1e-6, `${what}: ${a} is not ${b}`);
  near(band.min[i], Math.min(...values));
  near(band.max[i], Math.max(...values));
  near(band.avg[i], values.reduce((x, y) => x + y, 0) / values.length);
}

function check(series, metrics, { activity = true } = {}) {
  const wanted = byHand(metrics, series.bucket_ms);
  assert.deepEqual(series.t_ms, wanted.map(([at]) => at));
  wanted.forEach(([, b], i) => {
    assert.equal(series.count[i], b.count);
    assert.equal(series.not_scored[i], b.not_scored);
    assert.equal(series.not_judged[i], b.not_judged);
    checkBand(series.productivity, i, b.p, 'productivity');
    checkBand(series.anomaly, i, b.a, 'anomaly');
    if (activity) checkBand(series.activity, i, b.v, 'activity');
  });
}

/** Numbers that only look random: the test is the same every time. */
function sample(base, step, n) {
  let x = 12345;
  const next = () => (x = (x * 1103515245 + 12345) % 2147483648) / 2147483648;
  return Array.from({ length: n }, (_, i) => ({
    agent_timestamp: iso(base + i * step + Math.floor(next() * step)),
    productivity_score: Math.round(next() * 1000) / 10,
    anomaly_score: Math.round(next() * 100) / 100,
    features: { scored: next() > 0.3 ? undefined : false, activity: next() > 0.2 ? Math.round(next() * 100) / 100 : null, anomaly: [undefined, { scored: false }, { scored: true }][i % 3] },
  }));
}

test('series: buckets of facts have the right count, min, avg and max', async () => {
  const metrics = sample(Date.parse('2026-03-03T08:00:00Z'), 10000, 700);
  const s = await withMetrics(metrics);
  for (const points of [1, 2, 7, 100, 600, 5000]) {
    const series = await ana.get(`/api/v1/sessions/${s.id}/series?max_points=${points}`);
    assert.ok(series.t_ms.length <= points, `${series.t_ms.length} of ${points}`);
    check(series, metrics);
    assert.equal(series.count.reduce((a, b) => a + b), 700);
  }
  const from = Date.parse('2026-03-03T08:10:00Z');
  const to = Date.parse('2026-03-03T08:30:00Z');
  const part = await ana.get(`/api/v1/sessions/${s.id}/series?from=${iso(from)}&to=${iso(to)}`);
  check(part, metrics.filter((m) => Date.parse(m.agent_timestamp) >= from && Date.parse(m.agent_timestamp) < to));
  assert.equal(Date.parse(part.from), from);
  assert.equal(Date.parse(part.to), to);
});

test('series: more than a day is read from quarters and says the same', async () => {
  const metrics = sample(Date.parse('2026-03-04T00:07:00Z'), 300000, 900);
  const s = await withMetrics(metrics);
  for (const points of [1, 10, 400, 5000]) {
    const series = await ana.get(`/api/v1/sessions/${s.id}/series?max_points=${points}`);
    assert.ok(series.t_ms.length <= points);
    assert.equal(series.bucket_ms % 900000, 0);
    check(series, metrics, { activity: false });
  }
});

test('an anomaly that was not judged is no number anywhere', async () => {
  const at = '2026-03-07T08:00:00Z';
  const learning = { scored: true, anomaly: { scored: false, learning: true, mode: 'static', reason: 'still learning what is usual' } };
  const s = await withMetrics([
    { agent_timestamp: at, productivity_score: 70, anomaly_score: 0, anomaly_label: 'normal', features: learning },
    { agent_timestamp: '2026-03-07T08:00:00.001Z', productivity_score: 90, anomaly_score: 0.97, anomaly_label: 'suspicious', features: { scored: true } },
  ]);
  const series = await ana.get(`/api/v1/sessions/${s.id}/series?max_points=1`);
  assert.deepEqual([series.count, series.not_judged, series.productivity.avg, series.anomaly.min], [[2], [1], [80], [0.97]]);
  const long = await ana.get(`/api/v1/sessions/${s.id}/series?from=2026-03-01T00:00:00Z&to=2026-03-09T00:00:00Z`);
  assert.deepEqual([long.not_judged, long.anomaly.min, long.anomaly.avg], [[1], [0.97], [0.97]]);
  const [judged, not] = await ana.all(`/api/v1/sessions/${s.id}/metrics`);
  assert.deepEqual([judged.anomaly.judged, judged.anomaly.score, judged.anomaly.reason], [true, 0.97, null]);
  assert.deepEqual(not.anomaly, { judged: false, learning: true, score: null, label: null, reason: 'still learning what is usual' });
  assert.equal(not.score, 70);
  assert.equal((await ana.get(`/api/v1/metrics/${not.id}`)).anomaly.judged, false);
});

test('series: a metric that is not scored enters no average; none at all is empty', async () => {
  const at = '2026-03-06T08:00:00Z';
  const s = await withMetrics([
    { agent_timestamp: at, productivity_score: 80, features: { scored: true } },
    { agent_timestamp: at, productivity_score: 50, pipeline_status: 'partial', features: { scored: false } },
  ]);
  const series = await ana.get(`/api/v1/sessions/${s.id}/series`);
  assert.deepEqual([series.count, series.not_scored, series.productivity.avg], [[2], [1], [80]]);
  const list = await ana.all(`/api/v1/sessions/${s.id}/metrics`);
  assert.deepEqual(list.map((m) => [m.scored, m.score]).sort(), [[false, null], [true, 80]]);
  const empty = await Layer1.open(server.url);
  const none = await ana.get(`/api/v1/sessions/${empty.id}/series`);
  assert.deepEqual([none.t_ms, none.count, none.productivity.avg], [[], [], []]);
});

// --- one metric ---

test('metric: the explanation is the agent\'s, and adds up', async () => {
  const features = {
    schema: '1', scored: true, coverage: 0.9, confidence: 0.8, words: 212, category: 'development', activity: 0.4,
    values: { input_rate: 0.4 },
    productivity: { base: 50, contributions: [
      { name: 'category', value: 'development', weight: 20, contribution: 20, text: 'an editor is a focus application' },
      { name: 'input_rate', value: 0.4, weight: 6, contribution: 2.4, text: '24 inputs a minute' },
      { name: 'switches', value: 3, weight: -1, contribution: -1, text: null },
    ] },
    anomaly: { mode: 'statistical', scored: true, thresholds: { unusual: 0.95, very_unusual: 0.999 }, parts: [{ name: 'switches', value: 3, expected: 2.4, scale: 1.2, contribution: 0.12 }] },
  };
  const s = await withMetrics([{ productivity_score: 71.4, anomaly_score: 0.12, features }]);
  const m = await ana.get(`/api/v1/metrics/${s.ids[0]}`);
  const sum = m.base + m.contributions.reduce((a, c) => a + c.contribution, 0);
  assert.ok(Math.abs(sum - m.score) <= 0.05);
  assert.deepEqual(m.contributions.map((c) => c.feature), ['category', 'input_rate', 'switches']);
  assert.deepEqual([m.words, m.category, m.coverage, m.confidence, m.mode, m.not_scored_reason], [212, 'development', 0.9, 0.8, 'statistical', null]);
  assert.equal(m.anomaly.label, 'usual');
  assert.deepEqual(m.anomaly.parts.map((p) => [p.feature, p.mean, p.sigma, Math.round(p.z * 100) / 100]), [['switches', 2.4, 1.2, 0.5]]);
  assert.equal(m.idempotency_key, s.key(2));
});

test('metric: of a layer-1 agent the members it never sent are null', async () => {
  const s = await Layer1.open(server.url);
  const { ai_metric_id: id } = (await s.metric('k', metricBody({ features: { productivity: 7, anomaly: [1], words: 'many', activity: 9 } }))).json;
  const m = await ana.get(`/api/v1/metrics/${id}`);
  assert.deepEqual([m.seq, m.words, m.activity, m.base, m.contributions, m.anomaly.parts, m.mode], [null, null, null, null, [], [], null]);
  assert.equal(m.score, 71);
});

test('metric: not scored says why, and shows no number', async () => {
  const s = await withMetrics([{ productivity_score: 50, anomaly_score: 0.9, anomaly_label: 'critical', pipeline_status: 'partial', error_code: 'ocr_missing', features: { scored: false, productivity: { reason: 'the screen could not be read' } } }]);
  const m = await ana.get(`/api/v1/metrics/${s.ids[0]}`);
  assert.deepEqual([m.scored, m.score, m.anomaly.score, m.anomaly.label], [false, null, null, null]);
  assert.equal(m.not_scored_reason, 'the screen could not be read');
  assert.match(m.pipeline_words, /^No text was read/);
});

// --- pictures ---

test('screenshots: listed with their facts, joined to the metric of the same moment', async () => {
  const s = await Layer1.open(server.url);
  const at = '2026-03-07T09:00:00Z';
  const { ai_metric_id: id } = (await s.metric('m', metricBody({ agent_timestamp: at }))).json;
  await s.screenshot({ captured_at: at }, { image: png(16, 12) });
  const [shot] = await ana.all(`/api/v1/sessions/${s.id}/screenshots`);
  assert.deepEqual([shot.mime, shot.width, shot.height, shot.metric_id, shot.tier, shot.has_thumbnail], ['image/png', 16, 12, id, null, false]);
  assert.equal((await ana.get(`/api/v1/metrics/${id}`)).screenshot_id, shot.id);
  const viewer = await addUser(server.data, 'vera', 'viewer').then(() => Person.login(server.url, 'vera'));
  assert.equal((await viewer.get(`/api/v1/metrics/${id}`)).screenshot_id, null);
});

// --- health and ledger ---

test('health: every worker, the queue, last upload and last frame are shown', async () => {
  const s = await withMetrics([{ agent_timestamp: '2026-03-08T09:00:00Z' }]);
  const beat = {
    agent_version: '0.1.0', uptime_s: 12.5, head_seq: 9, state: 'recording', cpu_share: 0.004, pss_bytes: 1000, disk_free_bytes: 2000, clock_offset_ms: -12, policy_revision: 1,
    workers: [{ name: 'capture', alive: true, restarts: 0, busy_ms: 5 }, { name: 'ai', alive: false, restarts: 3, busy_ms: 9 }],
    queue: { pending: 4, oldest_s: 200, dead: 2, bytes: 77 },
    last_ai_upload_at: '2026-03-08T09:00:01Z', last_observation_at: '2026-03-08T09:00:00Z',
  };
  assert.equal((await s.post('heartbeat', beat)).status, 200);
  const h = await waitFor('the heartbeat is written', async () => {
    const now = await ana.get(`/api/v1/sessions/${s.id}/health`);
    return now.queue && now;
  });
  assert.deepEqual(h.workers, beat.workers);
  assert.deepEqual(h.queue, beat.queue);
  assert.deepEqual([h.status, h.state, h.head_seq, h.uptime_s, h.clock_offset_ms], ['online', 'recording', 9, 12.5, -12]);
  assert.equal(Date.parse(h.last_ai_upload_at), Date.parse(beat.last_ai_upload_at));
  assert.equal(Date.parse(h.last_frame_at), Date.parse('2026-03-08T09:00:00Z'));
  assert.ok(h.heartbeat_age_ms >= 0 && h.heartbeat_age_ms < 10000);
  const session = await ana.get(`/api/v1/sessions/${s.id}`);
  assert.deepEqual(session.attention.map((a) => a.kind).sort(), ['dead_letters', 'queue', 'worker_down']);
  assert.deepEqual((await ana.all('/api/v1/sessions?attention=true')).map((i) => i.id).includes(s.id), true);
});

test('health: before the first heartbeat nothing is known, and said so', async () => {
  const s = await Layer1.open(server.url);
  const h = await ana.get(`/api/v1/sessions/${s.id}/health`);
  assert.deepEqual([h.status, h.last_seen_at, h.heartbeat_age_ms, h.workers, h.queue, h.last_frame_at], ['offline', null, null, [], null, null]);
});

test('ledger: the law holds with gaps, tombstones and a queue', async () => {
  const s = await Layer2.open(server.url);
  await s.batch([2, 3, 4, 8].map((seq) => Layer2.item(seq)));
  await s.batch([
    Layer2.item(9, 'tombstone', JSON.stringify({ reason: 'dead_letter', seqs: [5] })),
    Layer2.item(10, 'tombstone', JSON.stringify({ reason: 'evicted', seqs: [6] })),
  ]);
  assert.equal((await s.post('heartbeat', { head_seq: 12, queue: { pending: 3, dead: 0 } })).status, 200);
  const l = await waitFor('the head is known', async () => {
    const now = await ana.get(`/api/v1/sessions/${s.id}/ledger`);
    return now.head_seq === 12 && now;
  });
  assert.deepEqual(l.delivered, [[1, 4], [8, 10]]);
  assert.deepEqual(l.tombstones.map(({ reason, count }) => ({ reason, count })), [{ reason: 'dead_letter', count: 1 }, { reason: 'evicted', count: 1 }]);
  assert.deepEqual(l.law, { recorded: 12, delivered: 7, dead_lettered: 1, dropped: 1, queued: 3, holds: true });
});

// --- words and strings ---

test('no text for people says suspicious, critical, risky or lazy', async () => {
  const s = await withMetrics([{ agent_timestamp: iso(Date.now()), anomaly_score: 0.99, anomaly_label: 'critical' }, { agent_timestamp: iso(Date.now()), anomaly_label: 'suspicious', pipeline_status: 'failed' }]);
  const paths = ['/api/v1/overview', `/api/v1/sessions/${s.id}`, `/api/v1/sessions/${s.id}/metrics`, `/api/v1/metrics/${s.ids[0]}`, `/api/v1/metrics/${s.ids[1]}`];
  for (const path of paths) assert.doesNotMatch((await ana.ask(path)).text, /suspicious|critical|risk|lazy|cheat/i, path);
  const metric = await ana.get(`/api/v1/metrics/${s.ids[0]}`);
  assert.equal(metric.anomaly.label, 'very_unusual');
  const { attention } = await ana.get(`/api/v1/sessions/${s.id}`);
  assert.deepEqual(attention.map((a) => a.kind), ['failures', 'unusual']);
});

test('hostile strings come back as they were sent, as JSON, and do nothing', async () => {
  const hostile = ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "'; DROP TABLE session; --", '\u202Egnp.exe', '=HYPERLINK("http://x")', 'a\r\nSet-Cookie: x=1', '\u0000\u0007bell'.slice(1), '${7*7}{{7*7}}', 'é'.repeat(255)];
  for (const text of hostile) {
    const s = await Layer1.open(server.url, { username: text, hostname: text });
    const answer = await ana.ask(`/api/v1/sessions/${s.id}`);
    assert.match(answer.headers.get('content-type'), /^application\/json/);
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
    assert.deepEqual([answer.json.username, answer.json.hostname], [text, text]);
    await s.metric('m', metricBody({ source_ref: text, error_message: text, features: { category: text } }));
    const [m] = await ana.all(`/api/v1/sessions/${s.id}/metrics`);
    assert.deepEqual([m.source_ref, m.category], [text, text]);
  }
  assert.equal((await ana.ask('/api/v1/overview')).status, 200);
});

// --- overview ---

test('overview: an empty server says what to do next', async (t) => {
  const own = await startServer(t);
  await addUser(own.data, 'ana', 'viewer');
  const o = await (await Person.login(own.url, 'ana')).get('/api/v1/overview');
  assert.equal(o.banner.level, 'empty');
  assert.match(o.banner.text, /worksight-agent run --server/);
  assert.deepEqual([o.ribbon.length, o.sessions, o.check_first], [96, [], []]);
});

test('overview: counters and ribbon add up to what was sent', async (t) => {
  const own = await startServer(t);
  await addUser(own.data, 'ana', 'viewer');
  const viewer = await Person.login(own.url, 'ana');
  const s = await Layer2.open(own.url);
  const now = Date.now();
  await s.batch([
    Layer2.item(2, 'metric', metricBody({ agent_timestamp: iso(now) })),
    Layer2.item(3, 'metric', metricBody({ agent_timestamp: iso(now), anomaly_label: 'suspicious' })),
    Layer2.item(4, 'metric', metricBody({ agent_timestamp: iso(now - 3 * HOUR), anomaly_label: 'critical' })),
    Layer2.item(5, 'metric', metricBody({ agent_timestamp: iso(now), features: { scored: false } })),
    Layer2.item(6, 'metric', metricBody({ agent_timestamp: iso(now - 30 * HOUR) })),
  ]);
  await s.post('heartbeat', { queue: { pending: 2, dead: 0 } });
  const o = await waitFor('the heartbeat counts', async () => {
    const view = await viewer.get('/api/v1/overview');
    return view.counters.agents_online === 1 && view;
  });
  assert.deepEqual([o.counters.metrics_24h, o.counters.scored_24h, o.counters.judged_24h, o.counters.unusual_24h, o.counters.queue_pending, o.counters.sessions_total], [4, 3, 3, 2, 2, 1]);
  const sum = (key) => o.ribbon.reduce((a, q) => a + q[key], 0);
  assert.deepEqual([sum('metrics'), sum('unusual'), sum('very_unusual')], [4, 1, 1]);
  assert.deepEqual(o.sessions.map((i) => i.id), [s.id]);
  assert.deepEqual(o.check_first.map((a) => [a.kind, a.session_id]), [['unusual', s.id]]);
});
