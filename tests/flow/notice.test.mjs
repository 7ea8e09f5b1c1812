// notice.test.mjs - on a display of a person nothing is captured before a yes,
// the yes is of one notice, and saying no is respected.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { startDisplay } from './lib/display.mjs';
import { Proc, agentCommand, children, program, run, tempDir, waitFor } from './lib/procs.mjs';

const agentFile = program('worksight-agent');
const nobody = 'http://127.0.0.1:9';
const envOf = (display) => ({ env: { DISPLAY: display, WAYLAND_DISPLAY: '' } });
const argsOf = (state, ...more) => [
  'run', '--server', nobody, '--state', state, '--source', 'x11', '--every', '200ms', ...more,
];

/** The agent in a terminal of its own (script makes the pty). */
function inTerminal(t, display, state) {
  const line = [agentFile, ...argsOf(state)].join(' ');
  const proc = new Proc('script', ['-qfec', line, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...envOf(display).env },
  });
  proc.type = (text) => proc.child.stdin.write(text);
  t.after(() => proc.stop());
  return proc;
}

const asked = (proc) => waitFor('the question', () => proc.out.includes('[y/n]'));
const status = async (state) => (await agentCommand(state, 'status', '--json')).json;
const captures = (state) =>
  waitFor('frames are captured', async () => {
    const { board } = (await status(state)) ?? {};
    return board?.frames_captured > 2 && board;
  });

test('notice: with nobody to ask the agent does not start', async (t) => {
  const { display } = await startDisplay(t);
  const state = tempDir(t, 'ws-notice-');
  const result = await run(agentFile, argsOf(state), envOf(display));
  assert.equal(result.code, 2);
  assert.match(result.err, /nothing is captured/);
  assert.match(result.err, /--acknowledge HASH/);
  assert.ok(!existsSync(join(state, 'logs')));
});

test('notice: nothing starts before y, and the yes holds for the next run', async (t) => {
  const { display } = await startDisplay(t);
  const state = tempDir(t, 'ws-notice-');
  const terminal = inTerminal(t, display, state);
  await asked(terminal);
  for (const words of ['Where to:', 'Purpose:', 'Basis:', 'Kept:', 'Your rights:', 'Tier L2'])
    assert.ok(terminal.out.includes(words), words);
  assert.equal(await status(state).then((json) => json.state), 'STOPPED');
  const agent = children(terminal.pid).flatMap((shell) => [shell, ...children(shell.pid)]);
  for (const one of agent) assert.ok(!one.args.includes('--role'), one.args.join(' '));

  terminal.type('y\n');
  const board = await captures(state);
  assert.equal(board.badge_up, true);
  assert.equal(board.notice_acknowledged, 1);
  terminal.type('\x03'); // Ctrl-C in that terminal
  await terminal.exited;

  const again = new Proc(agentFile, argsOf(state), envOf(display));
  t.after(() => again.stop());
  await captures(state);
  await again.stop();

  const wider = await run(
    agentFile,
    argsOf(state, '--tier', 'L4', '--purpose', 'a test', '--until', '2199-12-31'),
    envOf(display),
  );
  assert.equal(wider.code, 2, 'a wider tier is another notice');
});

test('notice: no means that nothing is captured', async (t) => {
  const { display } = await startDisplay(t);
  const state = tempDir(t, 'ws-notice-');
  const terminal = inTerminal(t, display, state);
  await asked(terminal);
  terminal.type('n\n');
  const { code } = await terminal.exited;
  assert.equal(code, 5);
  assert.match(terminal.out, /Nothing is captured/);
  assert.ok(!existsSync(join(state, 'notice.ack')));
});

test('notice: --acknowledge takes the hash of this notice only', async (t) => {
  const { display } = await startDisplay(t);
  const state = tempDir(t, 'ws-notice-');
  const same = argsOf(state).slice(1);
  const hash = (await run(agentFile, ['notice', '--hash', ...same])).out.trim();
  assert.match(hash, /^[0-9a-f]{64}$/);
  const wrong = await run(
    agentFile,
    argsOf(state, '--acknowledge', hash.replace(/^./, (c) => (c === '0' ? '1' : '0'))),
    envOf(display),
  );
  assert.equal(wrong.code, 2);
  const agent = new Proc(agentFile, argsOf(state, '--acknowledge', hash), envOf(display));
  t.after(() => agent.stop());
  await captures(state);
  assert.equal(readFileSync(join(state, 'notice.ack'), 'utf8'), hash);
});

test('notice: synth shows nobody anything and asks nobody', async (t) => {
  const state = tempDir(t, 'ws-notice-');
  const agent = new Proc(
    agentFile,
    ['run', '--server', nobody, '--state', state, '--source', 'synth', '--every', '200ms'],
    envOf(''),
  );
  t.after(() => agent.stop());
  await captures(state);
});
