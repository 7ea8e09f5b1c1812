// pause.test.mjs - a person's pause always holds, also where nothing can be
// written any more.

import assert from 'node:assert/strict';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { ask, board } from './lib/control.mjs';
import { agentCommand, children, startAgent, tempDir, waitFor } from './lib/procs.mjs';
import { smallDisk, fill } from './lib/small_disk.mjs';

test('a pause on a full disk holds at once, and over a restart', async (t) => {
  const state = tempDir(t, 'ws-full-');
  if (!(await smallDisk(t, state, 4))) return t.skip('this user may not mount a file system');
  const start = () => startAgent(t, {
    server: 'http://127.0.0.1:9', state, args: ['--source', 'synth', '--every', '100ms', '--ocr', 'off'],
  });
  const agent = start();
  await waitFor('it captures', async () => (await board(state)).capture_state === 'capturing');
  const filler = join(state, 'filler');
  await waitFor('nothing can be recorded any more', async () => {
    fill(filler);
    const before = await ask(state, { verb: 'status' });
    const after = await waitFor('five more frames', async () => {
      const now = await ask(state, { verb: 'status' });
      return now.board.frames_captured >= before.board.frames_captured + 5 && now;
    });
    return after.head_seq === before.head_seq;
  }, { ms: 60000 });
  const paused = await agentCommand(state, 'pause', '10m', '--reason', 'a call');
  assert.equal(paused.code, 0, paused.err);
  await waitFor('capture is paused', async () => (await board(state)).capture_state === 'paused');
  assert.equal((await ask(state, { verb: 'status' })).pause.reason, 'a call');
  assert.match((await agentCommand(state, 'status')).out, /^Paused .* a call$/m);
  const roles = children(agent.pid);
  await agent.kill();
  await waitFor('its roles are gone', () => !roles.some(({ pid }) => existsSync(`/proc/${pid}`)));
  start();
  rmSync(filler);
  const now = await waitFor('it is paused again', async () => {
    const seen = await board(state);
    return seen.capture_state === 'paused' && seen;
  }, { ms: 60000 });
  assert.equal(now.frames_captured, 0, 'not one frame before the pause was known');
  await waitFor('its event is recorded', async () => {
    const { items } = await ask(state, { verb: 'queue-list', limit: 1000 });
    return items.some((item) => item.kind === 'event');
  });
});

test('an agent that cannot tell whether it is paused does not start', async (t) => {
  const state = tempDir(t, 'ws-pause-');
  writeFileSync(join(state, 'pause'), 'until noon\n');
  const { code, err } = await agentCommand(state, 'run', '--source', 'synth');
  assert.equal(code, 1);
  assert.match(err, /pause cannot be read, so nobody knows whether it is paused: nothing is captured\n→ make it readable, or remove it/);
});
