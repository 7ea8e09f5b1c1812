// canary.test.mjs - what a screen shows stays on the machine: at the default
// tier a word is in no file, no log and no byte on the wire, and two texts of
// one length leave the same things behind. At L4 an address is painted over.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { startDisplay, startManager, startTerminal, x } from './lib/display.mjs';
import { Proc, program, run, tempDir, waitFor } from './lib/procs.mjs';
import { startSink } from './lib/sink.mjs';

const TEXTS = ['zanzibarquokkawombatnines', 'to be or not to be at tea'];

/** Every file under a folder, with its bytes. */
function filesUnder(folder) {
  return readdirSync(folder, { recursive: true })
    .map((name) => ({ name, path: join(folder, name) }))
    .filter(({ path }) => statSync(path).isFile())
    .map(({ name, path }) => ({ name, bytes: readFileSync(path) }));
}

/** A desktop with a terminal on it, and an agent that watches it. */
async function watch(t, more = []) {
  const sink = await startSink(t);
  const { display } = await startDisplay(t);
  await startManager(t, display);
  const term = await startTerminal(t, display, {
    title: 'notes', text: 'The quick brown fox jumps over the lazy dog',
    args: ['-fa', 'DejaVu Sans Mono', '-fs', '14'],
  });
  await x(display, 'xdotool', 'windowfocus', '--sync', term.window);
  const state = tempDir(t, 'ws-canary-');
  const options = ['--server', sink.url, '--state', state, '--source', 'x11', '--display', display,
    '--every', '400ms', ...more];
  const notice = await run(program('worksight-agent'), ['notice', ...options]);
  const hash = /\b[0-9a-f]{64}\b/.exec(notice.out)?.[0];
  assert.ok(hash, `${notice.out}${notice.err}`);
  const agent = new Proc(program('worksight-agent'), ['run', ...options, '--acknowledge', hash], {
    env: { DISPLAY: display, WAYLAND_DISPLAY: '' },
  });
  t.after(() => agent.stop());
  await waitFor('a frame was read', () => sink.metrics.some((m) => m.features.reading === 'fresh'), {
    ms: 30000,
  });
  return { sink, display, state, agent };
}

/** Type, and wait until metrics of the typed screen arrived: it was read, then
 * stood still. */
async function type({ sink, display }, text) {
  const quiet = (list) => list.filter((m) => m.features.reading === 'reused').length >= 3;
  await waitFor('the screen stands still', () => quiet(sink.metrics.slice(-3)), { ms: 30000 });
  const from = sink.metrics.length;
  await x(display, 'xdotool', 'type', '--delay', '2', `${text}\n`);
  await waitFor(
    'the typed screen was read and stood still',
    () => {
      const late = sink.metrics.slice(from);
      const read = late.findIndex((m) => m.features.reading === 'fresh' && m.features.values.input_level > 0);
      return read >= 0 && late.slice(read + 1).filter((m) => m.features.reading === 'reused').length >= 4;
    },
    { ms: 30000 },
  );
  return sink.metrics.slice(from);
}

/** A metric without its times and numbers. */
function timeless(metric) {
  const { agent_timestamp: _at, source_ref: _ref, ...rest } = metric;
  return JSON.stringify(rest);
}

const logOf = (state) => readFileSync(join(state, 'logs/agent.log'), 'utf8').split('\n');

/** What a log line tells: who said what. */
const events = (lines) =>
  [...new Set(lines.filter(Boolean).map((line) => JSON.parse(line)).map(({ role, event }) => `${role} ${event}`))].sort();

test('a text on the screen leaves nothing of itself behind at the default tier', async (t) => {
  const left = [];
  for (const text of TEXTS) {
    const place = await watch(t);
    const logged = logOf(place.state).length - 1;
    const typed = await type(place, text);
    await place.agent.stop();
    const files = filesUnder(place.state);
    assert.ok(files.some(({ name }) => name === 'outbox.db'));
    const everything = [
      ...files,
      { name: 'the wire', bytes: place.sink.bytes() },
      { name: 'stdout and stderr', bytes: Buffer.from(place.agent.out + place.agent.err) },
    ];
    for (const word of [...text.split(' ').filter((w) => w.length > 4), 'quick', 'jumps', 'notes'])
      for (const { name, bytes } of everything) {
        assert.ok(!bytes.includes(Buffer.from(word)), `${word} is in ${name}`);
        assert.ok(!bytes.includes(Buffer.from(word, 'utf16le')), `${word} is in ${name} (UTF-16)`);
      }
    assert.equal(place.sink.screenshots, 0);
    for (const metric of place.sink.metrics) {
      assert.equal(metric.ocr_text_hash, null);
      assert.equal(metric.features.words, null);
    }
    left.push({
      metrics: [...new Set(typed.map(timeless))].sort(),
      files: files.map(({ name }) => name).filter((name) => !/-(wal|shm)$/.test(name)).sort(),
      log: events(logOf(place.state).slice(logged)),
    });
  }
  assert.ok(left[0].metrics.some((m) => m.includes('"text_seen":1')));
  assert.deepEqual(left[0], left[1]);
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
