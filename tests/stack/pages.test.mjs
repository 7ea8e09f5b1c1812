// Must hold 5, as far as a test can hold it: every page is asked for on 20,000
// and on 200,000 facts; what the database did for it is read from its own
// records, so a new page or a new query is looked at as well.
//
// WS_SERVER_DB names a MySQL or MariaDB server (tools/test-stack starts it);
// without it the store is SQLite.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { onMysql } from '../flow/lib/mysql.mjs';
import { Person, addUser } from '../flow/lib/people.mjs';
import { build, run, sqlite, sqliteChange, startServer, tempDir, waitFor } from '../flow/lib/procs.mjs';
import { Layer1, metricBody, sha256 } from '../flow/lib/wire.mjs';
import { fill, findIds, operations, others, requests } from './lib/pages.mjs';
import { logEverything, readLog, scansOf } from './lib/mysql_log.mjs';

// The same agents, so that the pages show as much; ten times the days of facts
// and the sessions. person: pia, as askAll makes her.
const SHAPE = { always: 1, daily: 4, roll_days: 120, person: 3 };
const SMALL = { ...SHAPE, days: 1, quiet: 4 };
const LARGE = { ...SHAPE, days: 11, quiet: 40 };
// What a thread does beside the pages, at its own pace: of that each statement
// alone is judged. One counts all sessions, once an hour.
const BACKGROUND = /^SELECT (id, t.session_id, received_at|id, t.session_id, CASE|id FROM session WHERE id >|session_id, quarter FROM fleet_rollup|count\(\*\) FROM fleet_rollup|\(SELECT count|t.session_id, (t.metrics|\(SELECT r.quarter))/;
const HOURLY = /^SELECT count\(\*\), count\(DISTINCT agent_id\)/;

const cleanups = [];
const file = { after: (fn) => cleanups.push(fn) };
const seen = {}; // size -> Map(statement -> {most, total, sql})
const told = {}; // the last day of the small one
let largeData;
let smallData;
let smallEnd;

/** Ask for every page, as people who see everybody, a team and themselves. */
async function askAll(server, endMs) {
  await addUser(server.data, 'ana', 'admin,reviewer,auditor');
  await addUser(server.data, 'mo', 'manager', { team: 'north' });
  await addUser(server.data, 'pia', 'person', { team: 'north' });
  const ana = await Person.login(server.url, 'ana');
  const ids = await findIds(ana, endMs);
  const pages = requests(ids);
  const known = [...Object.keys(pages), ...others];
  const fresh = (await operations(ana)).filter((id) => !known.includes(id));
  assert.deepEqual(fresh, [], 'a new page: add its request to lib/pages.mjs');
  for (const name of ['ana', 'mo', 'pia']) {
    const who = name === 'ana' ? ana : await Person.login(server.url, name);
    for (const [title, path] of Object.values(pages).flatMap(Object.entries)) {
      const { status } = await who.ask(path);
      // The narrow scopes see only what is theirs; nobody put the picture's file there.
      assert.ok(status === 200 || status === 404 || (name !== 'ana' && status === 403), `${name}: ${title}: ${status}`);
      assert.ok(status === 200 || name !== 'ana' || title === 'a picture', `${title}: ${status}`);
    }
  }
}

const shape = (sql) => sql.replace(/'(?:[^']|'')*'/g, '?').replace(/\b\d+\b/g, '?').replace(/\s+/g, ' ').trim();

function gather(records) {
  const map = new Map();
  for (const { sql, cost } of records) {
    if (!/^SELECT/i.test(sql) || HOURLY.test(sql)) continue;
    const key = shape(sql);
    const entry = map.get(key) ?? { most: 0, total: 0, sql };
    entry.most = Math.max(entry.most, cost);
    entry.total += cost;
    map.set(key, entry);
  }
  return map;
}

/** "steps text" of lib/trace_sqlite.c; a text may have line ends. */
const readTrace = (path) =>
  readFileSync(path, 'utf8').split(/\n(?=\d+ )/).map((line) => {
    const [, steps, sql] = line.match(/^(\d+) ([\s\S]*)$/);
    return { sql: sql.trim(), cost: Number(steps) };
  });

async function measure(size, options) {
  const data = tempDir(file, `ws-pages-${size}-`);
  const endMs = await fill(data, options);
  const [{ n }] = await sqlite(join(data, 'worksight.db'), 'SELECT count(*) AS n FROM metric');
  const trace = join(data, 'trace');
  const stopLog = onMysql && (await logEverything());
  const server = await startServer(file, {
    data,
    args: ['--keep-pictures', '3660d'],
    env: onMysql ? {} : { LD_PRELOAD: join(build, 'tests/stack/lib/trace_sqlite.so'), WS_TRACE_SQLITE: trace },
  });
  await waitFor('the figures of the fleet are counted', async () =>
    (await sqlite(join(data, 'worksight.db'), 'SELECT upto_ns FROM fleet_count'))[0].upto_ns > 0);
  await askAll(server, endMs);
  await server.stop();
  seen[size] = gather(onMysql ? await readLog(data) : readTrace(trace));
  if (stopLog) await stopLog();
  return { data, endMs, metrics: n };
}

before(async () => {
  const small = await measure('small', SMALL);
  const large = await measure('large', LARGE);
  largeData = large.data;
  smallData = small.data;
  smallEnd = small.endMs;
  assert.ok(small.metrics >= 20000 && large.metrics >= 9 * small.metrics, `${small.metrics} and ${large.metrics} metrics`);
});
after(async () => {
  for (const fn of cleanups.reverse()) await fn();
});


/** The table behind each alias of a statement. */
function tableOf(statement, name) {
  for (const [, table, alias] of statement.matchAll(/\b(?:FROM|JOIN|STRAIGHT_JOIN)\s+"?(\w+)"?(?:\s+(?:AS\s+)?(?!(?:WHERE|LEFT|JOIN|CROSS|ON|ORDER|GROUP|LIMIT)\b)(\w+))?/gi))
    if (alias === name || table === name) return table;
  return name;
}

/** The tables that a statement would read from end to end, by their names. */
async function scans(statement) {
  if (onMysql) return scansOf(largeData, statement);
  const plan = await run('sqlite3', ['-readonly', join(largeData, 'worksight.db'), `EXPLAIN QUERY PLAN ${statement}`]);
  assert.equal(plan.code, 0, plan.err);
  return [...plan.out.matchAll(/\bSCAN (?!CONSTANT)(\w+).*/g)].map(([line, name]) => line.replace(`SCAN ${name}`, name));
}

// A handful of rows, however long the server has run.
const FEW = ['account', 'api_key', 'enrollment_code', 'login', 'secret', 'audit_head', 'fleet_count', 'schema_migrations', 'schema_least',
  'sqlite_schema', 'sqlite_master', 'pragma_page_count', 'pragma_page_size', 'tables', 'cat'];

/** What the charts and the lanes say of the small store's last day. */
async function tellDay(data, endMs) {
  const server = await startServer(file, { data, args: ['--keep-pictures', '3660d'] });
  const ana = await Person.login(server.url, 'ana');
  const at = (days) => `from=${new Date(endMs - days * 86400000).toISOString()}&to=${new Date(endMs).toISOString()}`;
  const get = (what, days, points) => ana.get(`/api/v1/sessions/1/${what}?${at(days)}&max_points=${points}`);
  const day = { facts: await get('series', 1, 96), quarters: await get('series', 2, 192), lanes: await get('timeline', 1, 360) };
  await server.stop();
  return day;
}

test('a day is the same told by its facts and by its quarters', async () => {
  const { facts, quarters } = (told.now = await tellDay(smallData, smallEnd));
  assert.deepEqual([facts.bucket_ms, quarters.bucket_ms, facts.count.length], [900000, 900000, 96]);
  const from = quarters.t_ms.indexOf(facts.t_ms[0]);
  for (const name of ['t_ms', 'count', 'not_scored', 'not_judged'])
    assert.deepEqual(quarters[name].slice(from), facts[name], name);
  for (const name of ['productivity', 'anomaly'])
    for (const what of ['min', 'avg', 'max'])
      facts[name][what].forEach((v, i) => assert.ok(Math.abs(v - quarters[name][what][from + i]) < 1e-9, `${name}.${what}[${i}]`));
});

test('what an older server wrote, without the columns of the day, is shown the same', async () => {
  assert.ok(told.now.facts.activity.avg.every((v) => v > 0), 'there is something to compare');
  assert.ok(told.now.lanes.categories.length > 10);
  const sql = 'UPDATE metric SET told = 0, activity = NULL, category = NULL WHERE session_id = 1';
  await sqliteChange(join(smallData, 'worksight.db'), sql);
  const before = await tellDay(smallData, smallEnd);
  for (const name of ['productivity', 'anomaly', 'activity'])
    for (const what of ['min', 'avg', 'max'])
      before.facts[name][what].forEach((v, i) => assert.ok(Math.abs(v - told.now.facts[name][what][i]) < 1e-9, `${name} ${what} ${i}`));
  assert.deepEqual(before.facts.count, told.now.facts.count);
  assert.deepEqual(before.lanes, told.now.lanes);
});

/** What the charts and the lanes say of months, the last of them not over. */
async function tellYear(ana, endMs) {
  const at = `from=${new Date(endMs - 365 * 86400000).toISOString()}&to=${new Date(endMs).toISOString()}`;
  const { t_ms, count, not_scored, not_judged, productivity, anomaly } = await ana.get(`/api/v1/sessions/1/series?${at}&max_points=400`);
  const { gaps } = await ana.get(`/api/v1/sessions/1/timeline?${at}`);
  return { whole: { t_ms, count, not_scored, not_judged, gaps }, bands: { productivity, anomaly } };
}

function sameYear(a, b) {
  assert.deepEqual(a.whole, b.whole);
  for (const name of ['productivity', 'anomaly'])
    for (const what of ['min', 'avg', 'max'])
      a.bands[name][what].forEach((v, i) => assert.ok(Math.abs(v - b.bands[name][what][i]) < 1e-9, `${name}.${what}[${i}]`));
}

test('a year is the same told by its days and by its quarters; what comes late is in it at once', async () => {
  const db = join(smallData, 'worksight.db');
  const summed = async () => (await sqlite(db, 'SELECT d.upto FROM rollup_day_upto d JOIN session_stat s ON s.session_id = d.session_id WHERE d.session_id = 1 AND d.late = s.metrics - s.on_time')).length;
  const serve = () => startServer(file, { data: smallData, args: ['--keep-pictures', '3660d'] });
  let server = await serve();
  let ana = await Person.login(server.url, 'ana');
  assert.equal(await summed(), 1);
  const byDays = await tellYear(ana, smallEnd);
  assert.ok(byDays.whole.count.length > 100, `${byDays.whole.count.length} days`);

  const agent = new Layer1(server.url, 1, sha256('pages_fill/1'));
  const late = smallEnd - 40 * 86400000;
  const sent = await agent.metric('late', metricBody({ agent_timestamp: new Date(late).toISOString(), productivity_score: 100, anomaly_score: 1 }));
  assert.equal(sent.status, 201, sent.text);
  assert.equal(await summed(), 0);
  const byQuarters = await tellYear(ana, smallEnd);
  const day = byDays.whole.t_ms.indexOf(Math.floor(late / 86400000) * 86400000);
  assert.equal(byQuarters.bands.productivity.max[day], 100);
  byDays.whole.count[day]++;
  for (const { productivity, anomaly } of [byDays.bands, byQuarters.bands])
    for (const band of [productivity, anomaly]) for (const what of ['min', 'avg', 'max']) band[what][day] = 0;
  sameYear(byDays, byQuarters);

  const told = await tellYear(ana, smallEnd);
  await server.stop();
  server = await serve();
  await waitFor('its days are summed again', async () => (await summed()) === 1, { ms: 30000 });
  ana = await Person.login(server.url, 'ana');
  sameYear(told, await tellYear(ana, smallEnd));
  await server.stop();
});

test('no page reads a table from end to end: the plan of every statement', async (t) => {
  assert.ok(seen.large.size >= 30, `${seen.large.size} statements`);
  for (const year of [/sum\(judged\).* FROM rollup_day /, /observed_am.* FROM rollup_day /])
    assert.ok([...seen.large.keys()].some((sql) => year.test(sql)), `${year}: a year is read from days`);
  const bad = [];
  for (const { sql } of seen.large.values())
    for (const scan of await scans(sql)) {
      const [name] = scan.split(' ');
      const table = tableOf(sql, name);
      if (!FEW.includes(table) && !new RegExp(`\\) (AS )?${name}\\b`).test(sql)) bad.push(`${table}: ${scan}: ${sql}`);
    }
  assert.deepEqual(bad, []);
  t.diagnostic(`${seen.large.size} statements`);
});

test(`no statement of a page ${onMysql ? 'examines more rows' : 'takes more steps'} when ten times as much is stored`, async (t) => {
  const page = 600; // rows that a thread beside the pages looks at, at once
  const slack = onMysql ? 100 : 2000;
  const bad = [];
  for (const [key, { most, total, sql }] of seen.large) {
    const small = seen.small.get(key) ?? { most: 0, total: 0 };
    if (most > 1.5 * small.most + (BACKGROUND.test(sql) && onMysql ? page : slack)) bad.push(`once: ${small.most} -> ${most}: ${sql}`);
    if (!BACKGROUND.test(sql) && total > 1.5 * small.total + 20 * slack) bad.push(`all: ${small.total} -> ${total}: ${sql}`);
  }
  assert.deepEqual(bad, []);
  const most = [...seen.large.values()].sort((a, b) => b.most - a.most)[0];
  t.diagnostic(`the most by one: ${most.most}: ${most.sql.slice(0, 60)}`);
});
