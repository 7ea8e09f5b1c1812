// capture_agent.test.mjs - the whole agent on a display: nothing is captured
// unseen, and what stops it is said within a second.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { on, screenshot, startDisplay, startManager, startTerminal, x } from './lib/display.mjs';
import {
  Proc, agentCommand, children, freePort, program, run, tempDir, waitFor,
} from './lib/procs.mjs';

const BADGE = [0x26, 0x21, 0x1d]; // its ground
const AMBER = [0x4b, 0xb9, 0xf2];

/** An agent on a display whose notice was acknowledged; no server answers. */
async function startOn(t, display, { every = '100ms', args = [] } = {}) {
  const state = tempDir(t, 'ws-agent-');
  const options = [
    '--server', `http://127.0.0.1:${await freePort()}`, '--state', state, '--source', 'x11',
    '--display', display, '--every', every, ...args,
  ];
  const notice = await run(program('worksight-agent'), ['notice', ...options], on(''));
  const hash = notice.out.trim().split('\n').pop();
  const agent = new Proc(
    program('worksight-agent'),
    ['run', ...options, '--acknowledge', hash],
    on(''),
  );
  t.after(() => agent.stop());
  agent.state = state;
  agent.board = async () => (await agentCommand(state, 'status', '--json')).json?.board ?? {};
  agent.frames = async () => (await agent.board()).frames_captured;
  agent.log = () => {
    try {
      return readFileSync(join(state, 'logs/agent.log'), 'utf8')
        .split('\n').filter(Boolean).map((line) => JSON.parse(line));
    } catch {
      return [];
    }
  };
  agent.until = (word, ms = 10000) =>
    waitFor(`capture is ${word}`, async () => (await agent.board()).capture_state === word, { ms });
  return agent;
}

const role = (agent, name) => children(agent.pid).find((child) => child.role === name);

/** No frame more is counted for a while, in which ten were due. */
async function captures(agent, wanted) {
  const before = await agent.frames();
  const begun = Date.now();
  if (wanted) {
    await waitFor('frames are counted', async () => (await agent.frames()) > before + 2);
    return;
  }
  await waitFor('a second went by', () => Date.now() - begun > 1000);
  assert.equal(await agent.frames(), before);
}

async function pixelsOf(t, display, color) {
  const { data } = await screenshot(t, display);
  let found = 0;
  for (let i = 0; i < data.length; i += 4) if (color.every((c, n) => data[i + n] === c)) found++;
  return found;
}

test('it captures while the badge is seen, and stops when it is not', async (t) => {
  const { display } = await startDisplay(t);
  await startManager(t, display);
  const agent = await startOn(t, display, { args: ['--ocr', 'off'] });
  await agent.until('capturing');
  assert.ok((await pixelsOf(t, display, BADGE)) > 2000, 'the badge is on the screen');
  await captures(agent, true);

  // The supervisor starts it again at once, but not for ever: then it is gone.
  let killed = 0;
  const said = await waitFor('capture says that there is no badge', () => {
    const indicator = role(agent, 'indicator');
    if (indicator) {
      process.kill(indicator.pid, 'SIGKILL');
      killed = Date.now();
    }
    return agent.log().find((e) => e.msg === 'no_badge' && Date.parse(e.ts) > killed);
  }, { every: 20 });
  assert.ok(Date.parse(said.ts) - killed <= 1000, `${Date.parse(said.ts) - killed} ms`);
  await agent.until('capturing', 20000);
  await captures(agent, true);
  assert.ok((await pixelsOf(t, display, BADGE)) > 2000, 'the badge is back');
});

test('a pause is obeyed and shown, and ends', async (t) => {
  const { display } = await startDisplay(t);
  const agent = await startOn(t, display, { args: ['--ocr', 'off'] });
  await agent.until('capturing');
  const paused = await agentCommand(agent.state, 'pause', '15m');
  assert.equal(paused.code, 0, paused.err);
  await agent.until('paused', 1000);
  await captures(agent, false);
  await waitFor('the badge says so', async () => (await pixelsOf(t, display, AMBER)) > 20);
  const resumed = await agentCommand(agent.state, 'resume');
  assert.equal(resumed.code, 0, resumed.err);
  await agent.until('capturing', 1000);
  await captures(agent, true);

  assert.equal((await agentCommand(agent.state, 'pause', '1s')).code, 0);
  await agent.until('paused', 1000);
  await agent.until('capturing', 3000);
});

test('tier L0 captures nothing', async (t) => {
  const { display } = await startDisplay(t);
  const agent = await startOn(t, display, { args: ['--ocr', 'off', '--tier', 'L0'] });
  await agent.until('tier_0');
  await captures(agent, false);
});

test('capture recovers from a restart of the X server, and says so', async (t) => {
  const first = await startDisplay(t);
  const agent = await startOn(t, first.display, { args: ['--ocr', 'off'] });
  await agent.until('capturing');
  await first.kill();
  await agent.until('no_display', 3000);
  await captures(agent, false);
  const again = await startDisplay(t, { number: first.number });
  await agent.until('capturing', 8000);
  await captures(agent, true);
  assert.ok((await pixelsOf(t, again.display, BADGE)) > 2000, 'the badge is back');
  const events = agent.log().map((e) => `${e.role} ${e.event}`);
  assert.ok(events.includes('capture capture_lost'), events.join('\n'));
});

test('the roles at the display run behind seccomp', async (t) => {
  const { display } = await startDisplay(t);
  const agent = await startOn(t, display, { args: ['--ocr', 'off'] });
  await agent.until('capturing');
  for (const name of ['capture', 'indicator']) {
    const status = readFileSync(`/proc/${role(agent, name).pid}/status`, 'utf8');
    assert.match(status, /^Seccomp:\t2$/m, name);
    assert.match(status, /^NoNewPrivs:\t1$/m, name);
  }
});

function filesUnder(dir) {
  return readdirSync(dir).flatMap((name) => {
    const path = join(dir, name);
    const stat = statSync(path, { throwIfNoEntry: false });
    return !stat ? [] : stat.isDirectory() ? filesUnder(path) : stat.isFile() ? [path] : [];
  });
}

test('a word on the screen, in a title or typed is in no file and no log', async (t) => {
  const { display } = await startDisplay(t);
  await startManager(t, display);
  const word = 'quetzalvortex';
  const term = await startTerminal(t, display, { title: `about ${word}`, text: `shown ${word}` });
  const agent = await startOn(t, display, { every: '500ms' });
  await agent.until('capturing');
  await x(display, 'xdotool', 'windowactivate', '--sync', term.window);
  await x(display, 'xdotool', 'type', '--delay', '10', word);
  const begun = await agent.frames();
  await waitFor('frames went through', async () => (await agent.frames()) > begun + 6);
  await waitFor('items are queued', async () => {
    const status = await agentCommand(agent.state, 'status', '--json');
    return status.json?.queue?.pending > 3;
  });
  await agent.stop();
  const files = filesUnder(agent.state);
  assert.ok(files.length >= 2, files.join(' '));
  for (const file of files)
    assert.ok(!readFileSync(file).includes(word), `${file} holds the word`);
  assert.ok(!(agent.out + agent.err).includes(word));
});
