// bench-ingest: the server beside what it replaces and beside the limit of the
// database, in one run on one MariaDB that flushes every commit:
//
//   peer A, B  Django behind gunicorn (bench/peer_django), without and with
//              persistent connections; its pictures are not synced
//   raw        libmariadb and SQLite alone, with the same rows and roll-ups;
//              the disk alone, with pictures
//   ours       one worker; every 201 is on the disk, pictures are synced
//
// `bench/ingest.sh [peers] [raw] [ours] [screenshots] [idle] [sqlite]` (default:
// all; screenshots measures the peers' too). SECONDS_EACH=5. A target that is missed is said and is no failure; an
// answer that is not 2xx, or a row that is missing, is one (exit 1).

import { cpus } from 'node:os';
import { join } from 'node:path';

import { run, sqlite, tempDir, waitFor } from '../tests/flow/lib/procs.mjs';
import { counted, idle, pssMiB, rawMysql, rawPictures, rawSqlite, startDjango, startMariadb, startOurs, wrk } from './ingest_rig.mjs';

const parts = process.argv.slice(2);
const wanted = (part) => parts.length === 0 || parts.includes(part);
const seconds = Number(process.env.SECONDS_EACH ?? 5);
const ITEMS = 100; // of a batch
const IDLE = 10000;

const cleanups = [];
const bench = { after: (fn) => cleanups.push(fn) };
const dir = tempDir(bench, 'ws-bench-ingest-');
const bad = [];
const got = {}; // by name: what wrk() gave

async function measure(who, target, mode, lanes, options = {}) {
  const name = `${who} ${mode} ${lanes}`;
  await options.mariadb?.rest();
  await run('sync', [], { timeoutMs: 60000 });
  got[name] = await wrk(target, mode, { lanes, seconds, ...options });
  if (got[name].failed) bad.push(`${name}: ${got[name].failed} answers were not 2xx`);
  return got[name];
}

/** Rows against answers: those that wrk no longer waited for may be there. */
function checkRows(who, rows, runs) {
  const least = runs.reduce((sum, r) => sum + r.sent, 0);
  const most = runs.reduce((sum, r) => sum + r.sent + r.waiting, 0);
  if (rows < least || rows > most) bad.push(`${who}: ${rows} rows for ${least} answers (at most ${most})`);
}

/** Ours counts its 201s itself: rows must be exactly as many. */
async function checkOurs(who, ours, countRows, runs) {
  let rows, accepted;
  await waitFor(`${who}: rows in the database equal the 201s`, async () => {
    ({ accepted } = await counted(ours));
    rows = await countRows();
    return rows === accepted;
  }).catch(() => bad.push(`${who}: ${rows} rows, ${accepted} were answered 201`));
  checkRows(who, rows, runs);
  return `${who}: ${rows} rows, ${accepted} answered 201`;
}

// --- the runs ---

const peers = [];

async function startPeers(mariadb) {
  for (const [name, age] of [['A', 0], ['B', 3600]]) {
    const database = `peer_${name.toLowerCase()}`;
    const peer = await startDjango(bench, dir, await mariadb.fresh(database), name, age);
    peers.push({ name, peer, database });
  }
}

async function measurePeers(mariadb) {
  for (const { name, peer, database } of peers) {
    const metrics = await measure(name, peer, 'metrics', 64, { mariadb });
    await measure(name, peer, 'heartbeat', 64, { mariadb });
    checkRows(`peer ${name}`, await mariadb.number(database, 'SELECT count(*) FROM monitoring_aimetric'), [metrics]);
  }
}

// As statements of many rows, and as arrays of rows: ours are held to the better.
const RAW = { small: [1, 64, 64], large: [1, 256, 64], batch: [2, 256, 3] };
const raw = {};

async function measureRaw(mariadb) {
  for (const [name, [connections, rows, sessions]] of Object.entries(RAW))
    for (const form of ['rows', 'array'])
      raw[`${name} ${form}`] = await rawMysql(mariadb, { connections, rows, sessions, form, seconds }, dir);
  for (const name of Object.keys(RAW))
    raw[name] = [raw[`${name} rows`], raw[`${name} array`]].reduce((a, b) => (b.rate > a.rate ? b : a));
}

const ROWS = 'SELECT count(*) FROM metric';
const notes = [];
let ours;

/** Rows are as many as the 201s, and the roll-ups have counted each. */
async function checkMetrics(mariadb, name, target, runs) {
  notes.push(await checkOurs(name, target, () => mariadb.number(name, ROWS), runs));
  const rolled = await mariadb.number(name, 'SELECT sum(observations) FROM rollup');
  const rows = await mariadb.number(name, ROWS);
  if (rolled !== rows) bad.push(`${name}: ${rows} rows, ${rolled} in the roll-ups`);
}

async function measureOurs(mariadb) {
  const small = await measure('ours', ours, 'metrics', 64, { mariadb });
  const { accepted, transactions } = await counted(ours);
  notes.push(`ours at 64 connections: ${(accepted / transactions).toFixed(1)} metrics a transaction`);
  const large = await measure('ours', ours, 'metrics', 256, { mariadb });
  // as our agents send while nothing is wrong: with its seq, so with the ledger
  const singles = await measure('ours', ours, 'batch', 64, { items: 1, mariadb });
  await measure('ours', ours, 'heartbeat', 64, { mariadb });
  await checkMetrics(mariadb, 'ours', ours, [small, large, singles]);
  // into a fresh database, as the raw client
  const fresh = await startOurs(bench, dir, 'batch', ['--db', await mariadb.fresh('batch')]);
  const batch = await measure('ours', fresh, 'batch', 16, { items: ITEMS, mariadb });
  await checkMetrics(mariadb, 'batch', fresh, [batch]);
}

async function measureScreenshots(mariadb) {
  for (const { name, peer, database } of peers) {
    const shots = await measure(name, peer, 'screenshot', 32, { mariadb });
    checkRows(`peer ${name}`, await mariadb.number(database, 'SELECT count(*) FROM monitoring_screenshotlog'), [shots]);
    await peer.stop(); // its files stay: removing them would slow down who comes next
  }
  const before = await counted(ours);
  const shots = await measure('ours', ours, 'screenshot', 32, { mariadb });
  const others = before.accepted; // rows of the other kinds
  const count = async () => others + (await mariadb.number('ours', 'SELECT count(*) FROM screenshot'));
  await checkOurs('ours, screenshots', ours, count, [{ ...shots, sent: shots.sent + others }]);
  raw.pictures = await rawPictures(dir, seconds);
}

async function measureSqlite() {
  const lite = await startOurs(bench, dir, 'sqlite', []);
  const metrics = await measure('sqlite', lite, 'metrics', 64);
  const batch = await measure('sqlite', lite, 'batch', 16, { items: ITEMS });
  const file = join(dir, 'data-sqlite/worksight.db');
  notes.push(await checkOurs('ours on SQLite', lite, async () => (await sqlite(file, 'SELECT count(*) AS n FROM metric'))[0].n, [metrics, batch]));
  raw.sqlite64 = await rawSqlite(dir, 64, seconds);
  raw.sqlite256 = await rawSqlite(dir, 256, seconds);
}

let memory;

async function measureIdle(mariadb) {
  const server = await startOurs(bench, dir, 'idle', ['--db', await mariadb.fresh('idle')]);
  const before = pssMiB(server.pid);
  memory = { before, after: await idle(server, IDLE) };
}

// --- the table ---

const print = (...cells) => console.log(cells.map((c, i) => (i ? String(c).padStart(i === cells.length - 1 ? 0 : 10) : String(c).padEnd(40))).join(' '));
const ratio = (a, b) => (a && b ? a.rate / b.rate : undefined);
const times = (v) => (v === undefined ? '' : `${v.toFixed(1)}x`);
const percent = (v) => (v === undefined ? '' : `${(100 * v).toFixed(0)} %`);

/** targets: [value, words, is it met]; values that were not measured say nothing. */
function line(name, r, { a, b, of, targets = [] } = {}) {
  if (!r) return;
  const known = targets.filter(([value]) => value !== undefined);
  const missed = known.filter(([value, , met]) => !met(value)).map(([, words]) => words);
  const all = known.map(([, words]) => words).join(', ');
  const verdict = known.length === 0 ? '' : missed.length ? `target missed: ${missed.join(', ')} (of ${all})` : `target met: ${all}`;
  const two = (v) => v?.toFixed(2) ?? '';
  print(name, Math.round(r.rate), two(r.p50), two(r.p99), two(r.cpu), two(r.dbCpu), times(ratio(r, a)), times(ratio(r, b)), percent(ratio(r, of)), verdict);
}
const atLeast = (bound) => (v) => v >= bound;
const over = (r, peer, bound, who) => [ratio(r, peer), `${bound}x ${who}`, atLeast(bound)];
const share = (r, of) => [ratio(r, of), '60 % of raw', atLeast(0.6)];

function table(version) {
  const m64 = got['ours metrics 64'];
  const m256 = got['ours metrics 256'];
  const batch = got['ours batch 16'];
  const beats = got['ours heartbeat 64'];
  const shots = got['ours screenshot 32'];
  const [a, b] = ['A', 'B'].map((p) => got[`${p} metrics 64`]);
  const [beatsA, beatsB] = ['A', 'B'].map((p) => got[`${p} heartbeat 64`]);
  const [shotsA, shotsB] = ['A', 'B'].map((p) => got[`${p} screenshot 32`]);

  console.log(`${new Date().toISOString().slice(0, 10)}, ${cpus().length} x ${cpus()[0].model}; MariaDB ${version}, every commit flushed; ${seconds} s each, wrk -t1 on the same cores; CPU in cores\n`);
  print('', 'a second', 'p50 ms', 'p99 ms', 'CPU', 'CPU of db', 'of A', 'of B', 'of raw', '');
  line('peer A: metrics, 64 connections', a);
  line('peer B: metrics, 64 connections', b, { a });
  for (const [name, [connections, rows, sessions]] of Object.entries(RAW)) {
    line(`raw client: ${connections} x ${rows} rows of ${sessions} sessions`, raw[`${name} rows`]);
    line('  the same as an array', raw[`${name} array`]);
  }
  line('ours: metrics, 64 connections', m64, {
    a, b, of: raw.small,
    targets: [over(m64, a, 35, 'A'), over(m64, b, 22, 'B'), [m64?.p99, 'p99 <= 10 ms', (v) => v <= 10], share(m64, raw.small)],
  });
  line('ours: metrics, 256 connections', m256, { a, b, of: raw.large });
  line('ours: batches of one item, 64 connections', got['ours batch 64'], { a, b, of: raw.small });
  line(`ours: items, batches of ${ITEMS}, 16 connections`, batch, { a, b, of: raw.batch, targets: [share(batch, raw.batch)] });
  line('peer A: heartbeats, 64 connections', beatsA);
  line('peer B: heartbeats, 64 connections', beatsB, { a: beatsA });
  line('ours: heartbeats, 64 connections', beats, { a: beatsA, b: beatsB, targets: [over(beats, beatsA, 60, 'A')] });
  line('peer A: screenshots 300 KB, not synced', shotsA);
  line('peer B: screenshots 300 KB, not synced', shotsB, { a: shotsA });
  line('raw disk: 300 KB, synced, 4 threads', raw.pictures);
  line('ours: screenshots 300 KB, synced', shots, { a: shotsA, b: shotsB, of: raw.pictures, targets: [over(shots, shotsA, 3, 'A')] });
  line('raw SQLite: 64 rows', raw.sqlite64);
  line('raw SQLite: 256 rows', raw.sqlite256);
  const lite = got['sqlite metrics 64'];
  line('ours on SQLite: metrics, 64 connections', lite, { of: raw.sqlite64, targets: [[lite?.rate, '8000/s', atLeast(8000)]] });
  line('ours on SQLite: items of batches', got['sqlite batch 16'], { of: raw.sqlite256 });
  if (memory)
    console.log(`ours: ${IDLE} idle connections: ${memory.after.toFixed(1)} MiB PSS (${memory.before.toFixed(1)} before)  target ${memory.after <= 32 ? 'met' : 'missed'}: 32 MiB`);
  for (const note of notes) console.log(note);
  const others = Object.values(got).map((r) => r.others);
  console.log(`CPU of other programs during a run of wrk: ${(others.reduce((x, y) => x + y, 0) / others.length).toFixed(2)} cores on average, at most ${Math.max(...others).toFixed(2)}`);
}

try {
  const mariadb = await startMariadb(bench, dir);
  if (wanted('peers') || wanted('screenshots')) await startPeers(mariadb);
  if (wanted('peers')) await measurePeers(mariadb);
  if (wanted('raw')) await measureRaw(mariadb);
  if (wanted('ours') || wanted('screenshots')) ours = await startOurs(bench, dir, 'ours', ['--db', await mariadb.fresh('ours')]);
  if (wanted('ours')) await measureOurs(mariadb);
  if (wanted('screenshots')) await measureScreenshots(mariadb);
  if (wanted('idle')) await measureIdle(mariadb);
  if (wanted('sqlite')) await measureSqlite();
  table(mariadb.version);
  for (const what of bad) console.log(`FAIL: ${what}`);
  process.exitCode = bad.length ? 1 : 0;
} finally {
  for (const fn of cleanups.reverse()) await fn();
}
