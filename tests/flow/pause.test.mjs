// pause.test.mjs - a person's pause always holds, also where nothing can be
// written any more.

import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { ask, board } from './lib/control.mjs';
import { agentCommand, children, startAgent, tempDir, waitFor } from './lib/procs.mjs';
import { smallDisk, fill } from './lib/small_disk.mjs';

test('a pause on a full disk holds at once, and over a restart once there is room', async (t) => {
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
  const { pause } = await ask(state, { verb: 'status' });
  assert.equal(pause.reason, 'a call');
  assert.equal(pause.written, false);
  assert.match((await agentCommand(state, 'status')).out, /^Paused .* a call \(not on disk yet/m);
  rmSync(filler);
  await waitFor('it is written', async () => (await ask(state, { verb: 'status' })).pause.written, { ms: 20000 });
  const roles = children(agent.pid);
  await agent.kill();
  await waitFor('its roles are gone', () => !roles.some(({ pid }) => existsSync(`/proc/${pid}`)));
  start();
  await waitFor('it is paused again', async () => (await board(state)).capture_state === 'paused');
  assert.equal((await ask(state, { verb: 'status' })).pause.reason, 'a call');
});
