// pages.mjs - every page a person can ask for, as requests on a store that
// bench/pages_fill made; and how to make one.

import { join } from 'node:path';

import { addressOf, onMysql } from '../../flow/lib/mysql.mjs';
import { build, run } from '../../flow/lib/procs.mjs';

const QUARTER_MS = 900000;
const DAY_MS = 86400000;

/** Fill the store of a data folder; the answer is the end, as a time in ms. */
export async function fill(data, options, { address, timeoutMs = 300000 } = {}) {
  const end = options.end ?? Math.floor(Date.now() / QUARTER_MS);
  const db = address ?? (onMysql ? await addressOf(data, run) : `sqlite:${join(data, 'worksight.db')}`);
  const words = Object.entries({ ...options, end }).map(([name, value]) => `${name}=${value}`);
  const done = await run(join(build, 'bench/pages_fill'), [db, ...words], { timeoutMs });
  if (done.code !== 0) throw new Error(`pages_fill: ${done.code} ${done.err} ${done.out}`);
  return (end + 1) * QUARTER_MS;
}

/** Each operation's requests by name; ids are those of a session that observes
 *  day and night, and of one that delivered for a working day. */
export function requests({ always, daily, metric, picture, cursor, endMs }) {
  const at = (ms) => new Date(ms).toISOString();
  const span = (days) => `from=${at(endMs - days * DAY_MS)}&to=${at(endMs)}`;
  const of = (id) => `/api/v1/sessions/${id}`;
  return {
    getMe: { me: '/api/v1/me' },
    listLogins: { 'my logins': '/api/v1/me/logins' },
    getOverview: { overview: '/api/v1/overview' },
    listSessions: {
      'sessions, first page': '/api/v1/sessions',
      'sessions, a deep page': `/api/v1/sessions?cursor=${cursor}`,
      'sessions, a filter few pass': '/api/v1/sessions?q=desk-0',
    },
    getSession: { session: of(always), 'session of a day': of(daily) },
    listMetrics: {
      metrics: `${of(always)}/metrics`,
      'metrics of a day': `${of(always)}/metrics?limit=500&${span(1)}`,
    },
    getSeries: {
      'series, a day': `${of(always)}/series?${span(1)}`,
      'series, a month': `${of(always)}/series?${span(30)}`,
      'series, a year': `${of(always)}/series?${span(365)}`,
      'series, all of it': `${of(always)}/series`,
      'series, a working day': `${of(daily)}/series`,
    },
    getTimeline: {
      'timeline, a day': `${of(always)}/timeline?${span(1)}`,
      'timeline, a month': `${of(always)}/timeline?${span(30)}`,
      'timeline, a year': `${of(always)}/timeline?${span(365)}`,
      'timeline, a working day': `${of(daily)}/timeline`,
    },
    listScreenshots: { screenshots: `${of(always)}/screenshots`, 'screenshots of a day': `${of(always)}/screenshots?limit=500&${span(1)}` },
    getLedger: { ledger: `${of(always)}/ledger` },
    getHealth: { health: `${of(always)}/health` },
    getMetric: { 'a metric with its reasons': `/api/v1/metrics/${metric}` },
    getScreenshotImage: { 'a picture': `/api/v1/screenshots/${picture}/image` },
    listUsers: { users: '/api/v1/users' },
    listApiKeys: { keys: '/api/v1/api-keys' },
    listAudit: { 'the access log': '/api/v1/audit?limit=500' },
    listEnrollmentCodes: { codes: '/api/v1/enrollment-codes' },
    readyz: { readiness: '/readyz' },
    metricsText: { 'numbers for Prometheus': '/metrics' },
  };
}

/** What they may not be asked for here: who asks is an agent, the answer has no
 *  end, no query is behind it, or it costs what it writes (an export). */
export const others = ['getAgentLedger', 'getPolicy', 'streamEvents', 'healthz', 'getOpenapi', 'exportSessionsCsv', 'exportSessionsJson'];

/** The ids that requests() needs, found by asking. */
export async function findIds(who, endMs) {
  const first = await who.get('/api/v1/sessions?limit=500');
  const daily = first.items.find((s) => s.last_metric_at);
  const metric = (await who.get('/api/v1/sessions/1/metrics?limit=1')).items[0].id;
  const picture = (await who.get('/api/v1/sessions/1/screenshots?limit=1')).items[0].id;
  return { always: 1, daily: daily.id, metric, picture, cursor: first.next_cursor, endMs };
}

/** GET operations of the server's own description of itself. */
export async function operations(who) {
  const { paths } = await who.get('/api/openapi.json');
  return Object.values(paths).flatMap((path) => (path.get ? [path.get.operationId] : []));
}
