// canary.test.mjs - what a screen shows stays on the machine: at the default
// tier a word is in no file, no log and no byte on the wire, and two texts of
// one length leave the same behind, to the last column of the last table. At
// L4 an address is painted over.

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { ask, board } from './lib/control.mjs';
import { screenshot, startDisplay, startManager, startTerminal, x } from './lib/display.mjs';
import { startFake } from './lib/fake_server.mjs';
import { filesUnder, leftBehind } from './lib/left_behind.mjs';
import { agentCommand, Proc, program, run, tempDir, waitFor } from './lib/procs.mjs';
import { startSink } from './lib/sink.mjs';

const BASE = 'The quick brown fox jumps over the lazy dog';

/** The screen: a window manager and a terminal that echoes what is typed. */
async function startScreen(t, options) {
  const { display } = await startDisplay(t, options);
  await startManager(t, display);
  const term = await startTerminal(t, display, {
    title: 'notes', text: BASE, args: ['-fa', 'DejaVu Sans Mono', '-fs', '14'],
  });
  await x(display, 'xdotool', 'windowfocus', '--sync', term.window);
  return display;
}

/** An agent on a display, which need not be there yet. */
async function startAgent(t, display, server, more) {
  const state = tempDir(t, 'ws-canary-');
  const options = ['--server', server.url, '--state', state, '--source', 'x11', '--display', display, ...more];
  const notice = await run(program('worksight-agent'), ['notice', ...options]);
  const hash = /\b[0-9a-f]{64}\b/.exec(notice.out)?.[0];
  assert.ok(hash, `${notice.out}${notice.err}`);
  const agent = new Proc(program('worksight-agent'), ['run', ...options, '--acknowledge', hash], {
    env: { DISPLAY: display, WAYLAND_DISPLAY: '' },
  });
  t.after(() => agent.stop());
  return { state, hash, agent };
}

/** A desktop with a terminal on it, and an agent that watches it. */
async function watch(t, more = []) {
  const sink = await startSink(t);
  const display = await startScreen(t);
  const place = await startAgent(t, display, sink, ['--every', '400ms', ...more]);
  await waitFor('a frame was read', () => sink.metrics.some((m) => m.features.reading === 'fresh'), {
    ms: 30000,
  });
  return { sink, display, ...place };
}

test('a word on the screen is in no file, log or byte sent at the default tier', async (t) => {
  const { sink, display, state, agent } = await watch(t);
  await x(display, 'xdotool', 'type', '--delay', '2', 'zanzibarquokkawombatnines\n');
  await waitFor('the typed screen was read', () => {
    const at = sink.metrics.findIndex((m) => m.features.values.input_level > 0);
    return at >= 0 && sink.metrics.slice(at).some((m) => m.features.reading === 'reused');
  }, { ms: 30000 });
  await agent.stop();
  const files = filesUnder(state);
  assert.ok(files.some(({ name }) => name === 'outbox.db'));
  const everything = [
    ...files,
    { name: 'the wire', bytes: sink.bytes() },
    { name: 'stdout and stderr', bytes: Buffer.from(agent.out + agent.err) },
  ];
  for (const word of ['zanzibar', 'wombatnines', 'quick', 'jumps', 'notes'])
    for (const { name, bytes } of everything) {
      assert.ok(!bytes.includes(Buffer.from(word)), `${word} is in ${name}`);
      assert.ok(!bytes.includes(Buffer.from(word, 'utf16le')), `${word} is in ${name} (UTF-16)`);
    }
  assert.equal(sink.screenshots, 0);
  for (const metric of sink.metrics) {
    assert.equal(metric.ocr_text_hash, null);
    assert.equal(metric.features.words, null);
  }
});

const LOWER = 'abcdefghijklmnopqrstuvwxyz     ';
const ANY = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefghij.,:;!?%&/()=+-     ';
const EVERY_MS = 3000;

const textOf = (letters, length) => Array.from({ length }, () => letters[randomInt(letters.length)]).join('');

/** A stage that both texts find alike: capture waits for the display in a
 *  pause, all else is up, and the first frame comes with `resume`. */
async function setStage(t) {
  const number = 21000 + randomInt(20000);
  const fake = await startFake(t);
  const place = await startAgent(t, `:${number}`, fake, ['--every', `${EVERY_MS}ms`]);
  await waitFor('OCR is ready, the session is known', async () => {
    const now = await ask(place.state, { verb: 'status' });
    return now.board.ocr_state === 1 && now.session_id !== 0;
  }, { ms: 30000 });
  assert.equal((await agentCommand(place.state, 'pause', '1h')).code, 0);
  const display = await startScreen(t, { number });
  await waitFor('capture has the display and rests', async () => {
    const now = await board(place.state);
    return now.capture_state === 'paused' && now.badge_up;
  });
  assert.equal((await agentCommand(place.state, 'resume')).code, 0);
  const metrics = () => [...fake.stored.values()].filter(({ kind }) => kind === 'metric').map(({ payload }) => JSON.parse(payload));
  return { ...place, fake, display, metrics };
}

/** Type a text between two frames, let three more come, and stop; what it
 *  left. Undefined: a frame came while it was being typed. */
async function typeAndLeave(t, text) {
  const stage = await setStage(t);
  const come = (n) => waitFor(`metric ${n} arrived`, () => stage.metrics().length >= n, { ms: 60000 });
  await come(3);
  const from = { logged: readFileSync(join(stage.state, 'logs/agent.log'), 'utf8').length, sent: stage.fake.requests.length };
  const shot = async () => (await screenshot(t, stage.display)).data;
  let last = await shot();
  await x(stage.display, 'xdotool', 'type', '--delay', '1', `${text}\n`);
  await waitFor('the terminal drew it', async () => {
    const [earlier, now] = [last, (last = await shot())];
    return now.equals(earlier);
  });
  const before = (await board(stage.state)).frames_captured;
  await come(6);
  await stage.agent.stop();
  if (before !== 3) return undefined;
  return { left: await leftBehind(stage, from), metrics: stage.metrics() };
}

test('two texts of one length leave everything equal but for times', { timeout: 240000 }, async (t) => {
  const length = 20 + randomInt(31);
  const texts = [textOf(LOWER, length), textOf(ANY, length)];
  t.diagnostic(`typed: ${JSON.stringify(texts)}`);
  let left;
  for (let tries = 0; tries < 3 && !left; tries++) {
    const both = await Promise.all(texts.map((text) => typeAndLeave(t, text)));
    left = both.every(Boolean) && both;
  }
  assert.ok(left, 'three times a frame came while the text was being typed');
  for (const { metrics } of left) {
    assert.deepEqual(metrics.slice(2, 6).map((m) => m.features.reading), ['reused', 'fresh', 'reused', 'reused']);
    assert.equal(metrics[3].features.values.input_level, 1);
  }
  assert.deepEqual(left[0].left, left[1].left);
});

test('at L4 an address on the screen is painted over before anything is kept', async (t) => {
  const place = await watch(t, ['--tier', 'L4', '--purpose', 'test of redaction', '--until', '2099-12-31',
    '--picture-every', '5s']);
  const field = (name) =>
    [...place.sink.bytes().toString('latin1').matchAll(new RegExp(`name="${name}"\\r\\n(?:[^\\r]+\\r\\n)*\\r\\n(\\d+)`, 'g'))]
      .map((match) => Number(match[1]));
  await waitFor('a picture without masks arrived', () => field('masks').includes(0), { ms: 30000 });
  await waitFor(
    'a picture with a mask arrived',
    async () => {
      await x(place.display, 'xdotool', 'type', '--delay', '2', 'mail ana.romero@example.org now\n');
      return field('masks').some((n) => n >= 1);
    },
    { ms: 30000, every: 1000 },
  );
  assert.ok(place.sink.metrics.some((m) => m.features.words > 5 && m.ocr_text_hash?.length === 64));
  await place.agent.stop();
  for (const { name, bytes } of filesUnder(place.state))
    assert.ok(!bytes.includes(Buffer.from('romero')), `romero is in ${name}`);
});
