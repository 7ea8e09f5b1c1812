// data.mjs - a made-up day of four sessions for the development server, in the shapes of api/openapi.yaml.
const MINUTE = 60_000;
const STEP = 10_000;
const iso = (t) => new Date(t).toISOString();

/** Always the same numbers for the same seed. */
function random(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const CATEGORIES = ['development', 'documents', 'communication', 'terminal', 'reading'];

function metricsOf(id, from, to) {
  const next = random(id);
  const out = [];
  let level = 62;
  let activity = 0.45;
  for (let t = from, i = 0; t < to; t += STEP, i++) {
    const gap = i > 900 && i < 960;
    level += (next() - 0.5) * 5 + (64 - level) * 0.03;
    activity = Math.min(1, Math.max(0, activity + (next() - 0.5) * 0.16 + (0.45 - activity) * 0.05));
    if (gap) continue;
    const scored = !(i % 211 > 196);
    const spike = i % 367 > 361;
    const anomaly = spike ? 0.96 + next() * 0.035 : next() * 0.35 * activity;
    out.push({
      id: id * 100_000 + i,
      session_id: id,
      seq: i + 2,
      agent_time: iso(t),
      received_at: iso(t + 420),
      source_type: 'screenshot',
      source_ref: `screen/${i}`,
      scored,
      score: scored ? Math.round(Math.min(98, Math.max(8, level)) * 10) / 10 : null,
      anomaly: {
        judged: scored,
        learning: false,
        reason: null,
        score: scored ? Math.round(anomaly * 1000) / 1000 : null,
        label: scored ? (anomaly > 0.99 ? 'very_unusual' : anomaly > 0.95 ? 'unusual' : 'usual') : null,
      },
      pipeline_status: scored ? 'ok' : 'partial',
      words: scored ? Math.round(80 + next() * 400) : null,
      category: scored ? CATEGORIES[Math.floor(i / 130) % CATEGORIES.length] : null,
      activity: Math.round(activity * 100) / 100,
      coverage: scored ? 0.92 : 0.3,
      confidence: scored ? 0.78 : 0.1,
      feature_version: '1',
    });
  }
  return out;
}

export function explained(m) {
  const sum = m.score === null ? 0 : m.score - 50;
  const category = Math.round(sum * 0.6 * 100) / 100;
  const input = Math.round(sum * 0.37 * 100) / 100;
  const switches = -1.25;
  const rest = m.score === null ? 0 : Math.round((m.score - 50 - category - input - switches) * 100) / 100;
  return {
    ...m,
    not_scored_reason: m.scored
      ? null
      : 'OCR did not answer in time, so half of what the score is made of was missing. Below 50 % there is no score.',
    mode: 'statistical',
    base: m.scored ? 50 : null,
    contributions: m.scored
      ? [
          {
            feature: 'category',
            value: m.category,
            weight: 24,
            contribution: category,
            text: `${m.category} is work for this role`,
          },
          {
            feature: 'input_rate',
            value: 0.42,
            weight: 12,
            contribution: input,
            text: '24 inputs a minute, counted and never read',
          },
          {
            feature: 'screen_changed',
            value: m.activity,
            weight: 8,
            contribution: rest,
            text: 'share of the screen that changed',
          },
          {
            feature: 'window_switches',
            value: 3,
            weight: -0.42,
            contribution: switches,
            text: '3 switches in the last minute',
          },
        ]
      : [],
    anomaly: {
      ...m.anomaly,
      thresholds: { unusual: 0.95, very_unusual: 0.999 },
      parts: [
        {
          feature: 'window_switches',
          value: 3,
          mean: 2.4,
          sigma: 1.1,
          z: 0.55,
          n: 64,
          score: 0.12,
          text: 'close to what is usual at this hour',
        },
        { feature: 'input_rate', value: 24, mean: 31, sigma: 14, z: -0.5, n: 64, score: 0.09, text: null },
      ],
    },
    model: { productivity: 'rules-v1', anomaly: 'ewma-v1', ocr: 'tesseract 5.3.0' },
    pipeline_words: m.scored ? 'Every step ran.' : 'OCR unavailable: text features missing, confidence low.',
    values: { input_rate: 0.42, screen_changed: m.activity, window_switches: 3, words: m.words },
    screenshot_id: null,
    idempotency_key: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    ocr_text_hash: null,
    error_code: m.scored ? null : 'OCR_TIMEOUT',
    error_message: m.scored ? null : 'worksight-ocr gave no answer within 8 s and was started again',
  };
}

const PEOPLE = [
  { id: 14, user: 'ana', host: 'ws-01', hours: 4, status: 'online', state: 'recording', pictures: true },
  { id: 13, user: 'jonas', host: 'design-imac-3', hours: 3, status: 'late', state: null, pictures: false },
  {
    id: 12,
    user: 'm.okafor',
    host: 'lab-17.campus.example',
    hours: 6,
    status: 'online',
    state: 'paused',
    pictures: true,
  },
  {
    id: 11,
    user: '<img src=x onerror=alert(1)>',
    host: '"><script>alert(2)</script>',
    hours: 1,
    status: 'offline',
    state: null,
    pictures: false,
  },
];

export function makeDay(now) {
  const sessions = PEOPLE.map((p) => {
    const end = p.status === 'offline' ? now - 5 * 60 * MINUTE : p.status === 'late' ? now - 2 * MINUTE : now;
    const start = end - p.hours * 60 * MINUTE;
    const metrics = metricsOf(p.id, start, end);
    const shots = p.pictures
      ? metrics
          .filter((_, i) => i % 3 === 0)
          .map((m) => ({
            id: m.id + 50_000,
            session_id: p.id,
            seq: m.seq,
            captured_at: m.agent_time,
            received_at: m.received_at,
            mime: 'image/png',
            bytes: 91_233 + (m.id % 9_000),
            width: 1920,
            height: 1080,
            output: 'screen',
            tier: 'L4',
            masks: m.id % 4,
            metric_id: m.id,
            sha256: null,
            has_thumbnail: false,
          }))
      : [];
    return { p, start, metrics, shots };
  });
  return sessions;
}

export function sessionView({ p, start, metrics, shots }) {
  const last = metrics[metrics.length - 1];
  const attention = [];
  const unusual = metrics.filter(
    (m) => m.anomaly.label === 'unusual' || m.anomaly.label === 'very_unusual',
  ).length;
  if (p.status === 'late')
    attention.push({ kind: 'late', text: 'not heard for 2 minutes', session_id: p.id, at: last.agent_time });
  if (p.id === 12)
    attention.push({
      kind: 'dead_letters',
      text: '2 items were refused and kept aside',
      session_id: p.id,
      at: last.agent_time,
    });
  return {
    id: p.id,
    layer: 2,
    agent_id: '0f8c1d4be2a94c5f8f0e1d2c3b4a5968',
    session_uid: '5b2f6c1e9d8a47b3a1c0e2f4d6b8907a',
    agent_name: 'worksight-agent',
    agent_version: '0.1.0',
    hostname: p.host,
    username: p.user,
    ip_address: '10.1.4.22',
    person: null,
    created_at: iso(start),
    started_at: iso(start),
    last_seen_at: p.status === 'online' ? iso(Date.now() - 4000) : last.agent_time,
    status: p.status,
    state: p.state,
    revoked: false,
    first_metric_at: metrics[0].agent_time,
    last_metric_at: last.agent_time,
    last_screenshot_at: shots.length ? shots[shots.length - 1].captured_at : null,
    metrics_24h: metrics.length,
    unusual_24h: unusual,
    failures_24h: 0,
    queue_pending: p.status === 'offline' ? null : 3,
    queue_dead: p.id === 12 ? 2 : 0,
    attention,
  };
}

export function healthView({ p, metrics }) {
  const last = metrics[metrics.length - 1].agent_time;
  const names = ['outbox', 'capture', 'ai', 'ocr', 'upload', 'heartbeat', 'indicator'];
  return {
    session_id: p.id,
    status: p.status,
    state: p.state,
    last_seen_at: p.status === 'online' ? iso(Date.now() - 4000) : last,
    heartbeat_age_ms: 4000,
    agent_version: '0.1.0',
    uptime_s: 14_000,
    workers: names.map((name) => ({
      name,
      alive: !(p.status === 'late' && name === 'ocr'),
      restarts: name === 'ocr' ? 1 : 0,
      busy_ms: 120,
    })),
    queue: { pending: 3, oldest_s: 9, dead: p.id === 12 ? 2 : 0, bytes: 1_120_000 },
    head_seq: metrics.length + 4,
    last_ai_upload_at: last,
    last_observation_at: last,
    last_metric_received_at: last,
    last_frame_at: last,
    cpu_share: 0.0043,
    pss_bytes: 51_380_224,
    disk_free_bytes: 51_539_607_552,
    clock_offset_ms: 12,
    policy_revision: 1,
  };
}

export function ledgerView({ p, metrics }) {
  const n = metrics.length;
  const dead = p.id === 12 ? 2 : 0;
  return {
    session_id: p.id,
    head_seq: n + 3 + dead,
    head_at: iso(Date.now() - 4000),
    delivered: [
      [1, 400],
      [401 + dead, n + dead],
    ],
    tombstones: dead ? [{ reason: 'dead_letter', count: dead }] : [],
    counters: { accepted: n, tombstoned: dead, expired: 0, erased: 0 },
    law: { recorded: n + 3 + dead, delivered: n, dead_lettered: dead, dropped: 0, queued: 3, holds: true },
  };
}

/** Runs of one category, silences of two minutes and more; one pause for the look of it. */
export function timelineView({ metrics }, from, to) {
  const list = metrics.filter((m) => Date.parse(m.agent_time) >= from && Date.parse(m.agent_time) < to);
  const categories = [];
  const gaps = [];
  for (const m of list) {
    const at = Date.parse(m.agent_time);
    const run = categories.at(-1);
    const silent = run && at - Date.parse(run.to) > 120_000;
    if (silent) gaps.push({ from: run.to, to: m.agent_time, paused: false });
    if (run && run.category === m.category && !silent) {
      run.to = m.agent_time;
      run.metrics++;
    } else categories.push({ category: m.category, from: m.agent_time, to: m.agent_time, metrics: 1 });
  }
  const iso = (t) => new Date(t).toISOString();
  const third = from + (to - from) / 3;
  return {
    from: iso(from),
    to: iso(to),
    categories,
    silence_ms: 120_000,
    gaps,
    pauses: [{ from: iso(third), to: iso(third + (to - from) / 12), reason: 'lunch' }],
    events: [{ id: 1, at: iso(third), event: 'pause', reason: 'lunch', until: null }],
    events_left_out: false,
    recordings: [],
  };
}

const NICE = [1, 10, 30, 60, 120, 300, 600, 900, 1800, 3600].map((s) => s * 1000);
export function seriesView({ metrics }, from, to, points) {
  const width = (to - from) / points;
  const bucket = NICE.find((n) => n >= width) ?? 3_600_000;
  const buckets = new Map();
  for (const m of metrics) {
    const t = Date.parse(m.agent_time);
    if (t < from || t >= to) continue;
    const at = Math.floor(t / bucket) * bucket;
    if (!buckets.has(at)) buckets.set(at, []);
    buckets.get(at).push(m);
  }
  const band = (value) => {
    const out = { min: [], avg: [], max: [] };
    for (const list of buckets.values()) {
      const v = list.filter((m) => m.scored).map(value);
      out.min.push(v.length ? Math.min(...v) : null);
      out.avg.push(v.length ? v.reduce((a, b) => a + b, 0) / v.length : null);
      out.max.push(v.length ? Math.max(...v) : null);
    }
    return out;
  };
  const lists = [...buckets.values()];
  return {
    from: iso(from),
    to: iso(to),
    bucket_ms: bucket,
    t_ms: [...buckets.keys()],
    count: lists.map((l) => l.length),
    not_scored: lists.map((l) => l.filter((m) => !m.scored).length),
    not_judged: lists.map((l) => l.filter((m) => !m.anomaly.judged).length),
    productivity: band((m) => m.score),
    anomaly: band((m) => m.anomaly.score),
    activity: band((m) => m.activity),
  };
}

export function overviewView(day, now) {
  const views = day.map(sessionView);
  const sum = (f) => views.reduce((a, s) => a + (f(s) ?? 0), 0);
  const quarter = 15 * MINUTE;
  const first = Math.floor(now / quarter) * quarter - 95 * quarter;
  const ribbon = Array.from({ length: 96 }, (_, i) => ({
    from: iso(first + i * quarter),
    metrics: 0,
    unusual: 0,
    very_unusual: 0,
  }));
  for (const { metrics } of day)
    for (const m of metrics) {
      const q = ribbon[Math.floor((Date.parse(m.agent_time) - first) / quarter)];
      if (!q) continue;
      q.metrics++;
      if (m.anomaly.label === 'unusual') q.unusual++;
      if (m.anomaly.label === 'very_unusual') q.very_unusual++;
    }
  return {
    generated_at: iso(now),
    banner: { level: 'attention', text: 'Everything arrives, and 2 sessions need a look.' },
    counters: {
      sessions_total: 14,
      agents_online: 2,
      agents_late: 1,
      agents_offline: 1,
      metrics_24h: sum((s) => s.metrics_24h),
      scored_24h: sum((s) => s.metrics_24h) - 118,
      judged_24h: sum((s) => s.metrics_24h) - 118,
      unusual_24h: sum((s) => s.unusual_24h),
      failures_24h: 0,
      screenshots_24h: 1204,
      queue_pending: 9,
      queue_dead: 2,
    },
    check_first: [
      {
        kind: 'dead_letters',
        text: '2 items of m.okafor on lab-17.campus.example were refused and kept aside',
        session_id: 12,
        at: null,
      },
      { kind: 'late', text: 'jonas on design-imac-3 was last heard 2 minutes ago', session_id: 13, at: null },
      {
        kind: 'unusual',
        text: 'An unusual stretch on ws-01 of ana',
        session_id: 14,
        at: iso(now - 30 * MINUTE),
      },
    ],
    sessions: views,
    ribbon,
  };
}
