// walls.test.mjs - each role behind its own wall: it tries what it must not do,
// and the kernel refuses. Every try at all with a process that enters a role's
// row of agent/roles.c; the ones that matter most in the live roles themselves,
// by system calls made inside of them (tests/agent/live_call.c).

import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { board } from './lib/control.mjs';
import { startDisplay } from './lib/display.mjs';
import { children, Proc, program, run, startAgent, startServer, tempDir, waitFor } from './lib/procs.mjs';
import { startSink } from './lib/sink.mjs';

/** What each role may do; everything else must be refused. */
const may = {
  outbox: ['read_state', 'write_state', 'accept'],
  indicator: [],
  ocr: [],
  ai: [],
  capture: [],
  upload: ['inet_socket', 'inet6_socket', 'connect', 'read_passwd'],
  heartbeat: ['inet_socket', 'inet6_socket', 'connect', 'read_passwd'],
};

const tries = [
  'read_passwd', 'read_home', 'read_state', 'read_source', 'write_state', 'write_tmp',
  'inet_socket', 'inet6_socket', 'unix_socket', 'netlink_socket',
  'connect', 'bind', 'accept',
  'run_program', 'fork', 'trace_parent', 'signal_parent', 'writable_code',
];

async function probe(t, role, ...args) {
  const state = tempDir(t, 'ws-walls-');
  const home = tempDir(t, 'ws-home-');
  const result = await run(
    program('worksight-agent'),
    ['--role-probe', role, '--state', state, ...args],
    { env: { HOME: home } },
  );
  assert.equal(result.code, 0, result.err);
  return JSON.parse(result.out).tried;
}

for (const [role, allowed] of Object.entries(may)) {
  test(`walls: ${role} may ${allowed.join(', ') || 'do nothing of the kind'}`, async (t) => {
    const tried = await probe(t, role);
    assert.deepEqual(tried.map((one) => one.what), tries);
    for (const one of tried) {
      assert.equal(one.allowed, allowed.includes(one.what), `${role}: ${JSON.stringify(one)}`);
      if (!one.allowed) assert.match(one.errno, /^E(PERM|ACCES)$/, JSON.stringify(one));
    }
  });
}

test('walls: capture with file:DIR reads that folder alone', async (t) => {
  const pictures = tempDir(t, 'ws-pictures-');
  const tried = await probe(t, 'capture', '--source', `file:${pictures}`);
  const allowed = tried.filter((one) => one.allowed).map((one) => one.what);
  assert.deepEqual(allowed, ['read_source']);
});

/** A number of /proc/PID/status. */
function status(pid, name) {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(text)?.[1]);
}

test('walls: every live role is filtered, without new privileges and dumps', async (t) => {
  const agent = startAgent(t, {
    server: 'http://127.0.0.1:9',
    args: ['--source', 'synth', '--every', '200ms'],
  });
  const names = ['ai', 'capture', 'heartbeat', 'outbox', 'upload', 'worksight-ocr'];
  const roles = await waitFor('every role is walled in', () => {
    assert.equal(agent.end, undefined, agent.err);
    const found = children(agent.pid).filter((child) => names.includes(child.role));
    return found.length === names.length &&
      found.every((child) => status(child.pid, 'Seccomp') === 2) && found;
  });
  for (const child of roles) {
    assert.equal(status(child.pid, 'NoNewPrivs'), 1, child.role);
    const limits = readFileSync(`/proc/${child.pid}/limits`, 'utf8');
    assert.match(limits, /^Max core file size\s+0\s+0/m, child.role);
  }
});

/** What each live role answers to: open /etc/passwd, open STATE/outbox.db,
 *  make a file, reach the server by TCP, reach the display, connect a
 *  descriptor that it holds, run a program. '' is allowed. */
const nothing = ['EPERM', 'EPERM', 'EPERM', 'EPERM', 'EPERM', 'EPERM', 'EPERM'];
const network = ['', 'EACCES', 'EACCES', '', 'EPERM', 'ENOTSOCK', 'EPERM'];
const live = {
  outbox: ['EACCES', '', 'EACCES', 'EPERM', 'EPERM', 'EPERM', 'EPERM'],
  indicator: nothing,
  'worksight-ocr': nothing,
  ai: nothing,
  capture: nothing,
  upload: network,
  heartbeat: network,
};

test('walls: calls made inside the live roles are refused by the kernel', async (t) => {
  if (!existsSync(program('tests/agent/live_call'))) return t.skip('it is written for x86-64');
  const sink = await startSink(t);
  const { display, number } = await startDisplay(t);
  const state = tempDir(t, 'ws-walls-');
  const options = ['--server', sink.url, '--state', state, '--source', 'x11', '--display', display, '--every', '500ms'];
  const notice = await run(program('worksight-agent'), ['notice', ...options]);
  const agent = new Proc(program('worksight-agent'),
    ['run', ...options, '--acknowledge', /\b[0-9a-f]{64}\b/.exec(notice.out)[0]],
    { env: { DISPLAY: display, WAYLAND_DISPLAY: '' } });
  t.after(() => agent.stop());
  await waitFor('the screen was read', () => sink.metrics.some((m) => m.features.reading === 'fresh'), { ms: 30000 });

  const made = join(tempDir(t, 'ws-made-'), 'made');
  const calls = ['open', '/etc/passwd', 'open', join(state, 'outbox.db'), 'create', made,
    'tcp', new URL(sink.url).port, 'unix', `/tmp/.X11-unix/X${number}`, 'connect', new URL(sink.url).port,
    'run', '/bin/true'];
  const roles = children(agent.pid);
  assert.deepEqual(roles.map((one) => one.role).sort(), Object.keys(live).sort());
  for (const { role, pid } of roles) {
    const tried = await run(program('tests/agent/live_call'), [String(pid), ...calls]);
    if (tried.code === 3) return t.skip(tried.err.trim());
    assert.equal(tried.code, 0, `${role}: ${tried.err}`);
    const answers = tried.out.trim().split('\n').map((line) => JSON.parse(line).errno);
    assert.deepEqual(answers, live[role], role);
  }
  assert.ok(!existsSync(made));

  const from = sink.metrics.length;
  await waitFor('all of them work on', () => sink.metrics.length >= from + 3);
  for (const { name, restarts } of (await board(state)).roles) assert.equal(restarts, 0, name);
});

test('walls: the worker of the server is filtered too, and still answers', async (t) => {
  const server = await startServer(t);
  const [worker] = children(server.pid);
  assert.equal(worker.role, 'worker');
  assert.equal(status(worker.pid, 'Seccomp'), 2);
  assert.equal(status(worker.pid, 'NoNewPrivs'), 1);
  for (const task of readdirSync(`/proc/${worker.pid}/task`))
    assert.equal(status(`${worker.pid}/task/${task}`, 'Seccomp'), 2, `thread ${task}`);
  assert.ok((await fetch(`${server.url}/readyz`)).ok);
});
