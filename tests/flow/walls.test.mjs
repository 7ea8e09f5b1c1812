// walls.test.mjs - each role behind its own wall: it tries what it must not do,
// and the kernel refuses. The policy tried is the one that the role enters: one
// row of agent/roles.c.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import test from 'node:test';

import { children, program, run, startAgent, startServer, tempDir, waitFor } from './lib/procs.mjs';

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
