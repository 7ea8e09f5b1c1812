// ingest_rig.mjs - what bench-ingest measures on: one MariaDB that flushes every
// commit, the Django peer, our server, wrk, and figures from /proc.

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';

import { build, freePort, Proc, program, run, startServer, waitFor } from '../tests/flow/lib/procs.mjs';
import { ask, Layer1, Layer2 } from '../tests/flow/lib/wire.mjs';

export const SESSIONS = 64;
const HZ = Number(execFileSync('getconf', ['CLK_TCK']));

async function must(file, args, options = {}) {
  const { code, out, err } = await run(file, args, { timeoutMs: 120000, ...options });
  if (code !== 0) throw new Error(`${file} ${args.join(' ')}: ${code} ${err}`);
  return out;
}

// --- /proc ---

/** A process and all below it: [pid]. */
function family(top) {
  const parents = new Map();
  for (const name of readdirSync('/proc').filter((n) => /^\d+$/.test(n))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // it ended while we looked
    }
  }
  const all = [top];
  for (let i = 0; i < all.length; i++) for (const [pid, parent] of parents) if (parent === all[i]) all.push(pid);
  return all;
}

const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

/** Ticks of one process: user, system, and the same of children that ended. */
function ticks(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ').slice(11, 15).map(Number);
}

/** CPU seconds of a process tree so far. */
const cpuSeconds = (top) => sum(family(top).map((pid) => sum(ticks(pid).slice(0, 2)))) / HZ;

/** CPU seconds of the machine so far, without this process and its children. */
function elsewhereSeconds() {
  const [user, nice, system, , , irq, softirq] = readFileSync('/proc/stat', 'utf8').split(/\s+/, 8).slice(1).map(Number);
  return (user + nice + system + irq + softirq - sum(ticks('self'))) / HZ;
}

/** PSS of a process tree, in MiB. */
export function pssMiB(top) {
  return sum(family(top).map((pid) => Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]))) / 1024;
}

// --- the database ---

const RESTS = `SELECT variable_value FROM information_schema.global_status
  WHERE variable_name IN ('innodb_buffer_pool_pages_dirty', 'innodb_history_list_length') ORDER BY variable_name`;

/** A MariaDB of its own; bench.after ends it. */
export async function startMariadb(bench, dir) {
  const script = resolve('tests/stack/mariadb.sh');
  const home = join(dir, 'mariadb');
  chmodSync(dir, 0o755);
  bench.after(() => must(script, ['stop', home]));
  const env = { WS_POOL: '2G', WS_MARIADB_ARGS: '--innodb-log-file-size=1G' };
  const address = (await must(script, ['start', home], { env, timeoutMs: 120000 })).trim();
  const sql = (text, database = []) =>
    must('mariadb', ['--no-defaults', '-uroot', `-S${home}/sock`, '-BN', ...database, '-e', text]);
  return {
    pid: Number(readFileSync(join(home, 'pid'), 'utf8')),
    version: (await sql('SELECT version()')).trim(),
    /** A fresh database; its address. */
    async fresh(name) {
      await sql(`DROP DATABASE IF EXISTS ${name}; CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
      return address.replace(/worksight$/, name);
    },
    number: async (database, text) => Number(await sql(text, [database])),
    /** Wait until nothing of an earlier run is left to be written or purged. */
    async rest() {
      await sql('SET GLOBAL innodb_max_dirty_pages_pct = 0; SET GLOBAL innodb_io_capacity_max = 40000; SET GLOBAL innodb_io_capacity = 20000');
      await waitFor('the database rests', async () => {
        const [dirty, history] = (await sql(RESTS)).split('\n').map(Number);
        return dirty < 100 && history < 100;
      }, { ms: 60000 });
      await sql('SET GLOBAL innodb_max_dirty_pages_pct = 90; SET GLOBAL innodb_io_capacity = 200; SET GLOBAL innodb_io_capacity_max = 2000');
    },
  };
}

// --- who is measured: {url, pid, tokens, database} ---

async function withTokens(dir, name, target, Layer) {
  const sessions = await Promise.all(Array.from({ length: SESSIONS }, () => Layer.open(target.url)));
  const tokens = join(dir, `tokens-${name}`);
  writeFileSync(tokens, sessions.map((s) => `${s.id} ${s.token}\n`).join(''));
  return { ...target, tokens };
}

/** Django behind gunicorn, 3 sync workers; age: CONN_MAX_AGE. */
export async function startDjango(bench, dir, address, name, age) {
  const env = {
    PEER_DB: address,
    PEER_CONN_MAX_AGE: String(age),
    PEER_MEDIA: join(dir, `media-${name}`),
    DJANGO_SETTINGS_MODULE: 'settings',
    PYTHONPATH: resolve('bench/peer_django'),
    PYTHONDONTWRITEBYTECODE: '1',
  };
  const port = await freePort();
  mkdirSync(env.PEER_MEDIA);
  await must('/usr/bin/python3', ['-m', 'django', 'migrate', '--run-syncdb', '-v0'], { env });
  const proc = new Proc('/usr/bin/gunicorn', ['--workers', '3', '--bind', `127.0.0.1:${port}`, 'wsgi'], { env });
  bench.after(() => proc.stop());
  const url = `http://127.0.0.1:${port}`;
  await waitFor('the peer answers', async () => {
    if (proc.end) throw new Error(proc.err);
    return (await fetch(`${url}/api/sessions/`)).status === 405;
  });
  return withTokens(dir, `django-${name}`, { url, pid: proc.pid, stop: () => proc.stop() }, Layer1);
}

/** Our server, with a second list of sessions that can send batches. */
export async function startOurs(bench, dir, name, args) {
  const data = join(dir, `data-${name}`);
  mkdirSync(data);
  const proc = await startServer(bench, { data, args: ['--max-connections-per-peer', '20000', '--max-connections', '11000', ...args] });
  const made = await must(program('worksight-server'), ['apikey', 'create', '--role', 'auditor', '--name', 'bench', '--json', '--data', data, ...args]);
  const target = { url: proc.url, port: proc.port, pid: proc.pid, key: JSON.parse(made).key };
  const layer1 = await withTokens(dir, name, target, Layer1);
  return { ...layer1, batchTokens: (await withTokens(dir, `${name}-batch`, target, Layer2)).tokens, seq: 0 };
}

/** What our server says it accepted, and in how many transactions. */
export async function counted(ours) {
  const { text } = await ask(`${ours.url}/metrics`, { method: 'GET', token: ours.key });
  const value = (name) => Number(new RegExp(`^${name} (\\d+)`, 'm').exec(text)?.[1]);
  return { accepted: value('worksight_facts_total\\{verdict="accepted"\\}'), transactions: value('worksight_commit_transactions_total') };
}

// --- measurements ---

/** One run of wrk; rates a second, ms, CPU in cores. */
export async function wrk(target, mode, { lanes, seconds, items = 1, mariadb }) {
  const pids = [target.pid, ...(mariadb ? [mariadb.pid] : [])];
  const before = pids.map(cpuSeconds);
  const elsewhere = elsewhereSeconds();
  const env = {
    MODE: mode,
    TOKENS: mode === 'batch' ? target.batchTokens : target.tokens,
    ITEMS: String(items),
    FIRST_SEQ: String(target.seq ?? 0),
    RUN: Math.floor(Math.random() * 2 ** 32).toString(16),
  };
  const out = await must('wrk', ['-t1', `-c${lanes}`, `-d${seconds}s`, '--timeout', '10s', '-s', 'bench/ingest.lua', target.url], { env });
  const line = out.split('\n').find((l) => l.startsWith('RESULT'));
  const [requests, us, p50, p99, failed] = line.split(' ').slice(1).map(Number);
  const [cpu, dbCpu] = pids.map((pid, i) => (cpuSeconds(pid) - before[i]) / (us / 1e6));
  const others = (elsewhereSeconds() - elsewhere) / (us / 1e6) - cpu - (dbCpu ?? 0);
  return { rate: (requests * items) / (us / 1e6), p50, p99, cpu, dbCpu, others, failed, sent: requests * items, waiting: lanes * items };
}

/** Rows a second of the client library alone. */
export async function rawMysql(mariadb, { connections, rows, sessions, form = 'rows', seconds }, dir) {
  const address = await mariadb.fresh('raw');
  await must(program('worksight-server'), ['migrate', 'up', '--db', address, '--data', dir]);
  await mariadb.rest();
  const before = cpuSeconds(mariadb.pid);
  const out = await must(join(build, 'bench/raw_mysql'), [address, connections, rows, sessions, seconds, form].map(String));
  return { rate: Number(out), dbCpu: (cpuSeconds(mariadb.pid) - before) / seconds };
}

export async function rawSqlite(dir, rows, seconds) {
  return { rate: Number(await must(join(build, 'bench/raw_sqlite'), [join(dir, `raw-${rows}.db`), String(rows), String(seconds)])) };
}

/** Pictures a second of the disk alone; what it wrote goes with the folder. */
export async function rawPictures(dir, seconds) {
  return { rate: Number(await must(join(build, 'bench/raw_pictures'), [join(dir, 'raw-pictures'), '4', String(seconds)])) };
}

/** Open connections that asked once and stay; each must have been answered. */
export async function idle(server, count) {
  const sockets = [];
  const one = () =>
    new Promise((done, fail) => {
      const socket = connect(server.port, '127.0.0.1', () => socket.write('GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'));
      sockets.push(socket);
      socket.on('error', fail);
      socket.on('close', () => fail(new Error('the server closed an idle connection')));
      socket.once('data', (answer) => (String(answer).startsWith('HTTP/1.1 200') ? done() : fail(new Error(String(answer)))));
    });
  for (let i = 0; i < count; i += 500) await Promise.all(Array.from({ length: Math.min(500, count - i) }, one));
  const pss = pssMiB(server.pid);
  for (const socket of sockets) socket.destroy();
  return pss;
}
