// procs.mjs - the real programs as a test sees them: start, wait, stop.
//
// Every wait is for a condition with a deadline, never for a time alone.

import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { addressOf, onMysql, rowsOf } from './mysql.mjs';

const top = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');

/** The build folder under test: WS_BUILD, or build/ of this checkout. */
export const build = resolve(top, process.env.WS_BUILD ?? 'build');
export const program = (name) => join(build, name);

/** A folder that is removed when this file's tests are over: not by t.after,
 *  which runs first come first served, so under programs that still write. */
export function tempDir(t, prefix = 'ws-') {
  const dir = mkdtempSync(join(tmpdir(), prefix));
  process.on('exit', () => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));
  return dir;
}
process.setMaxListeners(0);

const PORTS = { first: 12000, count: 20000, own: 64 }; // below those that the kernel gives away
let nextPort = (process.pid * PORTS.own) % PORTS.count;

const isFree = (port) =>
  new Promise((done) => {
    const probe = createServer();
    probe.on('error', () => done(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => done(true)));
  });

/** A free port of 127.0.0.1, for a program that takes it later, and again after
 *  a restart: of a range of this process, so nobody else is given it meanwhile. */
export async function freePort() {
  for (;;) {
    const port = PORTS.first + (nextPort++ % PORTS.count);
    if (await isFree(port)) return port;
  }
}

/** Call until it returns something truthy; the value comes back. */
export async function waitFor(what, condition, { ms = 30000, every = 50 } = {}) {
  const end = performance.now() + ms;
  let last;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    if (performance.now() > end) {
      const why = last instanceof Error ? last.message : JSON.stringify(last);
      throw new Error(`not within ${ms} ms: ${what} (last: ${why})`);
    }
    await new Promise((next) => setTimeout(next, every));
  }
}

/** A running program: its output, and ways to end it. */
export class Proc {
  constructor(file, args, options = {}) {
    this.out = '';
    this.err = '';
    this.child = spawn(file, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...options,
      env: { ...process.env, ...options.env },
    });
    this.pid = this.child.pid;
    this.child.stdout.setEncoding('utf8'); // a character may come in two parts
    this.child.stderr.setEncoding('utf8');
    this.child.stdout.on('data', (chunk) => (this.out += chunk));
    this.child.stderr.on('data', (chunk) => (this.err += chunk));
    // 'exit', not 'close': a grandchild may hold the pipes longer.
    this.exited = new Promise((done) => {
      this.child.on('error', (error) => {
        this.err += `${error}\n`;
        done({ code: 127, signal: null });
      });
      this.child.on('exit', (code, signal) => done({ code, signal }));
    });
    this.exited.then((end) => (this.end = end));
  }

  kill(signal = 'SIGKILL') {
    if (!this.end) this.child.kill(signal);
    return this.exited;
  }

  /** SIGTERM, and SIGKILL when it does not end in time; returns the ms, without
   *  those for which it, and the one child most kept, waited for a processor. */
  async stop(ms = 10000) {
    const begun = Date.now();
    if (this.end) return 0;
    const [own, ...roles] = [this.pid, ...children(this.pid).map((child) => child.pid)].map(starvation);
    const watch = setInterval(() => [own, ...roles].forEach((one) => one.look()), 50);
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), ms);
    await this.exited;
    clearTimeout(timer);
    clearInterval(watch);
    return Math.round(Date.now() - begun - own.ms - Math.max(0, ...roles.map((one) => one.ms)));
  }

  /** The JSON lines of stderr. */
  lines() {
    return this.err.split('\n').flatMap((line) => {
      try {
        return [JSON.parse(line)];
      } catch {
        return [];
      }
    });
  }
}

/** Run to the end; {code, out, err}. */
export async function run(file, args, { input, timeoutMs = 30000, ...options } = {}) {
  const proc = new Proc(file, args, {
    ...options,
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  if (input !== undefined) proc.child.stdin.end(input);
  const closed = new Promise((done) => proc.child.on('close', done));
  const timer = setTimeout(() => proc.child.kill('SIGKILL'), timeoutMs);
  const { code, signal } = await proc.exited;
  clearTimeout(timer);
  await Promise.race([closed, new Promise((next) => setTimeout(next, 1000))]);
  await new Promise(setImmediate); // this process may have stood still: what is in the pipes is read by then
  return { code: code ?? `killed by ${signal}`, out: proc.out, err: proc.err };
}

/** The folder goes after the program that writes in it; hooks of node run in
 * the order they were made, so this is one hook. */
async function stopAndRemove(proc, dir) {
  await proc.stop();
  if (dir) rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
}

/** Start a server on a free (or the given) port and wait until it answers; with
 *  dbOf over the database of another data folder (MySQL). */
export async function startServer(t, { data, dbOf, port, args = [], env = {} } = {}) {
  const at = port ?? (await freePort());
  const dir = data ?? tempDir(null, 'ws-server-');
  const db = onMysql ? ['--db', await addressOf(dbOf ?? dir, run)] : [];
  const proc = new Proc(
    program('worksight-server'),
    ['serve', '--listen', `127.0.0.1:${at}`, '--data', dir, ...db, ...args],
    { env },
  );
  proc.url = `http://127.0.0.1:${at}`;
  proc.port = at;
  proc.data = dir;
  t?.after?.(() => stopAndRemove(proc, data ? undefined : dir));
  await waitFor(
    'the server answers /healthz',
    async () => {
      if (proc.end) throw new Error(`it ended: ${JSON.stringify(proc.end)} ${proc.err}`);
      return (await fetch(`${proc.url}/healthz`)).ok;
    },
    { ms: 20000 },
  );
  return proc;
}

/** Start an agent; it stops with the test. */
export function startAgent(t, { server, state, args = [], env = {} }) {
  const dir = state ?? tempDir(null, 'ws-agent-');
  const proc = new Proc(
    program('worksight-agent'),
    ['run', '--server', server, '--state', dir, ...args],
    { env: { DISPLAY: '', WAYLAND_DISPLAY: '', ...env } },
  );
  proc.state = dir;
  t?.after?.(() => stopAndRemove(proc, state ? undefined : dir));
  return proc;
}

/** Run `worksight-agent COMMAND` on a state folder; JSON when it prints it. */
export async function agentCommand(state, ...args) {
  const result = await run(program('worksight-agent'), [...args, '--state', state]);
  try {
    result.json = JSON.parse(result.out);
  } catch {
    result.json = undefined;
  }
  return result;
}

export async function serverCommand(data, args, options = {}) {
  const db = onMysql ? ['--db', await addressOf(data, run)] : [];
  return run(program('worksight-server'), [...args, '--data', data, ...db], options);
}

/** For how many ms a process was ready to run and got no processor: on a machine
 *  that starves it, that time is not its own. 0 where the kernel does not say. */
export function starvedMs(pid) {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
  } catch {
    return 0;
  }
}

/** The same from now on; look() while the process lives. */
function starvation(pid) {
  const from = starvedMs(pid);
  return {
    ms: 0,
    look() {
      this.ms = Math.max(this.ms, starvedMs(pid) - from);
    },
  };
}

/** The children of a process: [{pid, state, args, role}]. */
export function children(parent) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const [state, ppid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        if (Number(ppid) !== parent || state === 'Z') return [];
        const args = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0');
        const at = args.indexOf('--role');
        const role = at < 0 ? args[0].split('/').pop() : args[at + 1];
        return [{ pid: Number(name), state, args, role }];
      } catch {
        return []; // it ended while we looked
      }
    });
}

/** Rows of a SQLite file, by the sqlite3 command, as objects; of a server's
 *  database also when it is in MySQL. */
export const sqlite = (file, sql) => bySqlite(file, sql, ['-readonly']);

/** The same for what changes rows; a server may be writing, too: it waits. */
export const sqliteChange = (file, sql) => bySqlite(file, sql, []);

async function bySqlite(file, sql, more) {
  if (onMysql && basename(file) === 'worksight.db') return rowsOf(dirname(file), sql, run);
  const result = await run('sqlite3', ['-json', '-cmd', '.timeout 20000', ...more, file, sql]);
  if (result.code !== 0) throw new Error(`sqlite3: ${result.err}`);
  return result.out.trim() ? JSON.parse(result.out) : [];
}
