// bench-ingest on the embedded SQLite store: what wrk gets through HTTP, beside
// what a bare SQLite loop gets out of the same schema on the same disk, in the
// same run. Ends with 1 when metrics are below 8,000 requests/s or when any
// answer was not 2xx. SECONDS_EACH=5, CONNECTIONS=64.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { build, children, run, sqlite, startServer, tempDir } from '../tests/flow/lib/procs.mjs';
import { Layer2 } from '../tests/flow/lib/wire.mjs';

const seconds = Number(process.env.SECONDS_EACH ?? 5);
const connections = Number(process.env.CONNECTIONS ?? 64);
const perBatch = 100;
const leastMetrics = 8000;

const cleanups = [];
const bench = { after: (fn) => cleanups.push(fn) };

/** CPU seconds of a process so far. */
function cpu(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function raw(dir, rows) {
  const { out, err, code } = await run(join(build, 'bench/raw_sqlite'), [join(dir, `raw-${rows}.db`), String(rows), String(seconds)], { timeoutMs: 120000 });
  if (code !== 0) throw new Error(err);
  return Number(out);
}

async function wrk(server, mode, lanes, tokens) {
  const worker = children(server.pid).find((c) => c.role === 'worker').pid;
  const begun = cpu(worker);
  const { out, err, code } = await run(
    'wrk',
    ['-t1', `-c${lanes}`, `-d${seconds}s`, '--timeout', '10s', '-s', 'bench/ingest.lua', server.url],
    { timeoutMs: 120000, env: { MODE: mode, TOKENS: tokens, ITEMS: String(perBatch) } },
  );
  const line = out.split('\n').find((l) => l.startsWith('RESULT'));
  if (code !== 0 || !line) throw new Error(`wrk: ${out} ${err}`);
  const [requests, us, p50, p99, failed] = line.split(' ').slice(1).map(Number);
  return { rate: requests / (us / 1e6), p50, p99, failed, cpu: (cpu(worker) - begun) / (us / 1e6) };
}

const row = (...cells) => console.log(cells.map((c, i) => (i ? String(c).padStart(12) : String(c).padEnd(36))).join(''));
const show = (name, r, unit = 1, share) =>
  row(name, Math.round(r.rate * unit), r.p50.toFixed(2), r.p99.toFixed(2), r.cpu.toFixed(2), r.failed, share ?? '');

try {
  const dir = tempDir(bench, 'ws-bench-ingest-');
  mkdirSync(join(dir, 'data'));
  const server = await startServer(bench, { data: join(dir, 'data') });
  const sessions = await Promise.all(Array.from({ length: connections }, () => Layer2.open(server.url)));
  const tokens = join(dir, 'tokens');
  writeFileSync(tokens, sessions.map((s) => `${s.id} ${s.token}\n`).join(''));

  const rawSmall = await raw(dir, connections);
  const rawLarge = await raw(dir, 256);
  const metrics = await wrk(server, 'metrics', connections, tokens);
  const batch = await wrk(server, 'batch', 8, tokens);
  const beats = await wrk(server, 'heartbeat', connections, tokens);

  row(`SQLite, ${seconds} s each, wrk -t1`, 'a second', 'p50 ms', 'p99 ms', 'CPU cores', 'failed', 'of raw');
  row(`peer: raw SQLite, ${connections} rows a transaction`, Math.round(rawSmall));
  row('peer: raw SQLite, 256 rows a transaction', Math.round(rawLarge));
  show(`metrics, ${connections} connections`, metrics, 1, `${Math.round((100 * metrics.rate) / rawSmall)} %`);
  show(`batch of ${perBatch}, 8 connections: items`, batch, perBatch, `${Math.round((100 * perBatch * batch.rate) / rawLarge)} %`);
  show(`heartbeats, ${connections} connections`, beats);

  const [stored] = await sqlite(join(server.data, 'worksight.db'), 'SELECT count(*) AS rows, (SELECT sum(observations) FROM rollup) AS rolled FROM metric');
  row('rows stored / rows in roll-ups', stored.rows, stored.rolled);
  const bad = [];
  if (metrics.rate < leastMetrics) bad.push(`metrics below ${leastMetrics}/s`);
  if (metrics.failed + batch.failed + beats.failed) bad.push('some answers were not 2xx');
  if (stored.rows !== stored.rolled) bad.push('facts and roll-ups differ');
  for (const what of bad) console.log(`FAIL: ${what}`);
  process.exitCode = bad.length ? 1 : 0;
} finally {
  for (const fn of cleanups.reverse()) await fn();
}
