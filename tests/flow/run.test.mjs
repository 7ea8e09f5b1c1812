// run.test.mjs - `make run` in a real terminal: what Ctrl-C leaves, and what
// the second one finds. (What it installs is seen on a bare machine only.)

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';

import { build, freePort, Proc, sqlite, tempDir, waitFor } from './lib/procs.mjs';

const CTRL_C = '\x03';

/** tools/run in a terminal that outlives it, as a person's does; `pipe` is
 *  what they type behind it. */
async function startRun(t, dir, pipe = '') {
  const mark = `${process.pid}-${Math.random()}`;
  const shell = `trap : INT; tools/run ${pipe}; echo It ended; exec cat`;
  const proc = new Proc('script', ['-qec', shell, '/dev/null'], {
    cwd: resolve(build, '..'),
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      SHELL: '/bin/sh',
      DISPLAY: '',
      WAYLAND_DISPLAY: '',
      WORKSIGHT_RUN_DIR: dir,
      WORKSIGHT_SERVER_LISTEN: `127.0.0.1:${await freePort()}`,
      WS_TEST_MARK: mark,
    },
  });
  t.after(async () => {
    await proc.kill();
    for (const one of proc.left()) process.kill(parseInt(one, 10), 'SIGKILL');
  });
  proc.type = (keys) => proc.child.stdin.write(keys);
  /** Every living process that was started from there, but the terminal's. */
  proc.left = () =>
    readdirSync('/proc').flatMap((pid) => {
      try {
        if (!readFileSync(`/proc/${pid}/environ`, 'utf8').includes(mark)) return [];
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        return /^(script -qec|sh -c trap|cat$)/.test(command) ? [] : [`${pid} ${command}`];
      } catch {
        return []; // no process, or one that ended while we looked
      }
    });
  return proc;
}

const sessions = (dir) =>
  sqlite(
    join(dir, 'data/worksight.db'),
    'SELECT s.id, s.agent_id, count(m.id) AS metrics FROM session s LEFT JOIN metric m ON m.session_id = s.id GROUP BY s.id',
  );

test('make run: Ctrl-C leaves no process behind, the second run goes on with the same data', async (t) => {
  const dir = tempDir(t, 'ws-run-');
  for (const [nth, pipe] of ['', '2>&1 | tee /dev/null'].entries()) {
    const run = await startRun(t, dir, pipe);
    await waitFor('a one-time link', () => /setup#wsl_\w+/.test(run.out), { ms: 30000 });
    await waitFor(
      `a metric of session ${nth + 1}`,
      async () => {
        const rows = await sessions(dir);
        return rows.length === nth + 1 && rows.every((row) => row.metrics > 0);
      },
      { ms: 60000, every: 300 },
    );
    assert.ok(run.left().length > 10, 'server, agent and desktop run');
    run.type(CTRL_C);
    await waitFor('it ended', () => run.out.includes('It ended'), { ms: 15000 });
    await waitFor('no process is left', () => run.left().length === 0 || Promise.reject(Error(run.left().join('; '))), {
      ms: 2000,
    });
  }
  const agents = new Set((await sessions(dir)).map((row) => row.agent_id));
  assert.equal(agents.size, 1, 'one agent in both');
});
