// roles.test.mjs - one role's trouble stays its own: killed or frozen it is
// back within two seconds, the others go on, and every way to stop the agent
// stops all of it.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import {
  Proc,
  agentCommand,
  children,
  program,
  run,
  starvedMs,
  startAgent,
  tempDir,
  waitFor,
} from './lib/procs.mjs';

const BACK_MS = 2000;
const nobody = 'http://127.0.0.1:9'; // the discard port: no server listens
const names = ['ai', 'capture', 'heartbeat', 'indicator', 'outbox', 'upload', 'worksight-ocr'];

const boardOf = async (agent) => {
  const { json } = await agentCommand(agent.state, 'status', '--json');
  return json?.board;
};

/** The live roles by name, when all of them are ready (walled in). */
async function ready(agent) {
  return waitFor('every role is ready', () => {
    if (agent.end) throw new Error(`it ended: ${agent.err}`);
    const found = Object.fromEntries(children(agent.pid).map((child) => [child.role, child]));
    return names.every((name) => found[name] && walled(found[name].pid)) && found;
  });
}

function walled(pid) {
  try {
    return /^Seccomp:\s*2/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

async function isBack(agent, role, oldPid) {
  return waitFor(
    `${role} is back`,
    () => children(agent.pid).find((c) => c.role === role && c.pid !== oldPid && walled(c.pid)),
    { ms: 20000, every: 10 },
  );
}

/** Hit one role; the ms until it is back, without those for which the
 *  supervisor and then the new role waited for a processor. */
async function hit(agent, role, signal) {
  const before = (await ready(agent))[role];
  const begun = Date.now();
  const starved = starvedMs(agent.pid);
  process.kill(before.pid, signal);
  const now = await isBack(agent, role, before.pid);
  const ms = Date.now() - begun - (starvedMs(agent.pid) - starved) - starvedMs(now.pid);
  return { role, signal, ms: Math.round(ms) };
}

function agentOf(t, ...args) {
  return startAgent(t, {
    server: nobody,
    args: ['--source', 'synth', '--every', '100ms', ...args], // the last --every counts
  });
}

test('roles: killed or frozen, each is back within 2 s and no other is touched', async (t) => {
  const agent = agentOf(t);
  await ready(agent);
  for (const signal of ['SIGKILL', 'SIGSTOP']) {
    for (const role of names) {
      const before = await ready(agent);
      const { ms } = await hit(agent, role, signal);
      const after = await ready(agent);
      assert.ok(ms < BACK_MS, `${role} after ${signal}: ${ms} ms`);
      for (const other of names.filter((name) => name !== role))
        assert.equal(after[other].pid, before[other].pid, `${other} while ${role} was hit`);
    }
  }
});

test('roles: capture keeps its interval while every other role is hit', async (t) => {
  const everyMs = 500; // long enough that a busy machine alone skips none
  const agent = agentOf(t, '--every', `${everyMs}ms`);
  await ready(agent);
  await waitFor('frames are captured', async () => (await boardOf(agent))?.frames_captured > 1);
  const from = Date.now();
  const first = (await boardOf(agent)).frames_captured;
  for (const role of names.filter((name) => name !== 'capture'))
    for (const signal of ['SIGKILL', 'SIGSTOP']) await hit(agent, role, signal);
  const board = await waitFor('status answers', () => boardOf(agent));
  const expected = (Date.now() - from) / everyMs;
  const frames = board.frames_captured - first;
  assert.ok(
    Math.abs(frames - expected) <= 2, // one at each edge of the measured time
    `${frames} frames in ${expected} intervals`,
  );
});

test('roles: observations go on after ai and outbox were killed', async (t) => {
  const agent = agentOf(t, '--ocr', 'off');
  const roles = ['ai', 'outbox'];
  await waitFor('an observation is durable', async () =>
    (await boardOf(agent))?.last_observation_wall_ms > 0,
  );
  for (const role of roles) {
    const old = children(agent.pid).find((child) => child.role === role);
    process.kill(old.pid, 'SIGKILL');
    const then = Date.now();
    await waitFor(`observations after ${role} died`, async () => {
      const board = await boardOf(agent);
      return board?.last_observation_wall_ms > then;
    });
  }
});

/** The pids of an agent and of its roles. */
const family = (agent) => [agent.pid, ...children(agent.pid).map((child) => child.pid)];

function alive(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2)[0] !== 'Z';
  } catch {
    return false;
  }
}

test('roles: SIGTERM with a queue and no server ends all within 5 s', async (t) => {
  const agent = agentOf(t);
  await ready(agent);
  await waitFor('something is queued', async () => (await boardOf(agent))?.queue_pending > 5);
  const pids = family(agent);
  const ms = await agent.stop(20000);
  assert.equal(agent.end.code, 0, agent.err);
  assert.ok(ms < 5000, `${ms} ms`);
  assert.deepEqual(pids.filter(alive), []);
  assert.match(agent.out, /stopped; \d+ items wait/);
});

test('roles: SIGTERM ends all within 5 s also while roles are frozen', async (t) => {
  const agent = agentOf(t);
  const roles = await ready(agent);
  const pids = family(agent);
  const stopped = agent.stop(20000);
  for (const role of ['outbox', 'ai']) {
    try {
      process.kill(roles[role].pid, 'SIGSTOP');
    } catch {
      // it had ended already
    }
  }
  assert.ok((await stopped) < 5000);
  assert.deepEqual(pids.filter(alive), []);
});

test('roles: Ctrl-C in the terminal leaves no process', async (t) => {
  const state = tempDir(t, 'ws-agent-');
  const agent = new Proc(
    program('worksight-agent'),
    ['run', '--server', nobody, '--state', state, '--source', 'synth'],
    { detached: true }, // a process group of its own, as a shell makes it
  );
  t.after(() => agent.kill());
  await ready(agent);
  const pids = family(agent);
  process.kill(-agent.pid, 'SIGINT');
  await agent.exited;
  assert.equal(agent.end.code, 0, agent.err);
  assert.deepEqual(pids.filter(alive), []);
});

test('roles: the end of the terminal (SIGHUP) ends the agent', async (t) => {
  const agent = agentOf(t);
  await ready(agent);
  const pids = family(agent);
  process.kill(agent.pid, 'SIGHUP');
  await agent.exited;
  assert.equal(agent.end.code, 0, agent.err);
  assert.deepEqual(pids.filter(alive), []);
});

test('roles: a frozen supervisor goes on later with the same roles', async (t) => {
  const agent = agentOf(t);
  const before = await ready(agent);
  process.kill(agent.pid, 'SIGSTOP');
  const frames = async () => (await boardOf(agent))?.frames_captured;
  const first = await frames();
  await waitFor('frames go on without it', async () => (await frames()) > first + 30);
  process.kill(agent.pid, 'SIGCONT');
  await waitFor('it runs', async () => {
    const board = await boardOf(agent);
    return board?.roles.find((role) => role.name === 'supervisor').silent_ms < 1000;
  });
  const after = await ready(agent);
  for (const name of names) assert.equal(after[name].pid, before[name].pid, name);
});

test('roles: a killed supervisor takes its roles along and frees the folder', async (t) => {
  const agent = agentOf(t);
  await ready(agent);
  const pids = family(agent);
  await agent.kill('SIGKILL');
  await waitFor('all are gone', () => pids.every((pid) => !alive(pid)), { ms: 5000 });
  const next = startAgent(t, {
    server: nobody,
    state: agent.state,
    args: ['--source', 'synth', '--every', '100ms'],
  });
  await ready(next);
});

test('roles: a second agent on the same state folder is refused', async (t) => {
  const agent = agentOf(t);
  await ready(agent);
  const second = await run(program('worksight-agent'), [
    'run', '--source', 'synth', '--state', agent.state,
  ]);
  assert.equal(second.code, 6);
  assert.match(second.err, new RegExp(`another agent \\(pid ${agent.pid}\\)`));
  assert.match(second.err, /--state/);
  assert.equal(agent.end, undefined);
});

test('roles: without worksight-ocr the others run', async (t) => {
  const agent = agentOf(t, '--ocr', 'off');
  const others = names.filter((name) => name !== 'worksight-ocr');
  await waitFor('the others run', () => {
    const found = children(agent.pid).map((child) => child.role);
    return others.every((name) => found.includes(name)) && !found.includes('worksight-ocr');
  });
  assert.ok(existsSync(join(agent.state, 'logs/agent.log')));
});
