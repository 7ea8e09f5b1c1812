// ocr.test.mjs - worksight-ocr away, hanging, dying on a picture: the other
// roles don't notice, and metrics say partial and abstain. And its walls.

import assert from 'node:assert/strict';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { board, lastMetric, roleOf } from './lib/control.mjs';
import { drawPage } from './lib/pictures.mjs';
import { Proc, program, startAgent, tempDir, waitFor } from './lib/procs.mjs';
import { startSink } from './lib/sink.mjs';

const EVERY_MS = 500;
const OTHERS = ['outbox', 'capture', 'ai', 'upload', 'heartbeat'];
const every = ['--every', `${EVERY_MS}ms`];

/** Two small pages in turn: each frame is a change, and soon read. */
async function smallPages(t) {
  const folder = tempDir(t, 'ws-pictures-');
  for (const name of ['one', 'two'])
    await drawPage(join(folder, `${name}.png`), [`this is page ${name}`], { size: '320x120' });
  return ['--source', `file:${folder}`, ...every];
}

function assertAbstained(metric) {
  assert.equal(metric.pipeline_status, 'partial');
  assert.equal(metric.features.scored, false);
  assert.equal(metric.productivity_score, 50);
  assert.equal(metric.anomaly_score, 0);
  assert.deepEqual(metric.features.productivity.contributions, []);
}

/** The newest metric: of the queue, or once it was forgotten there, delivered. */
const newest = (state, sink) => lastMetric(state).catch(() => sink.metrics.at(-1));

/** Wait until the newest metric has this error code (null: none). */
const metricWith = (state, sink, code, options) =>
  waitFor(
    `a metric with error_code ${code}`,
    async () => {
      const metric = await newest(state, sink);
      return metric?.error_code === code && metric;
    },
    options,
  );

/** The others go on: no restart, and frames, items and deliveries grow. */
async function assertOthersGoOn(state, sink) {
  const before = await board(state);
  const [delivered, beats] = [sink.metrics.length, sink.heartbeats];
  const begun = Date.now();
  const after = await waitFor(
    'six more frames and items, three more deliveries, a heartbeat',
    async () => {
      const now = await board(state);
      return (
        now.frames_captured >= before.frames_captured + 6 &&
        now.head_seq >= before.head_seq + 6 &&
        sink.metrics.length >= delivered + 3 &&
        sink.heartbeats > beats &&
        now
      );
    },
    { ms: 30000 },
  );
  const frames = after.frames_captured + after.frames_unchanged - before.frames_captured - before.frames_unchanged;
  assert.ok(frames * EVERY_MS <= Date.now() - begun + 2 * EVERY_MS, 'the interval did not change');
  assert.equal(after.frames_dropped, before.frames_dropped);
  for (const name of OTHERS) {
    const row = after.roles.find((role) => role.name === name);
    assert.equal(row.restarts, 0, `${name} was restarted`);
    assert.ok(row.silent_ms < 10000, `${name} is silent for ${row.silent_ms} ms`);
  }
}

test('without worksight-ocr every metric abstains and the others go on', async (t) => {
  const alone = tempDir(t, 'ws-alone-'); // the agent, without its neighbour
  copyFileSync(program('worksight-agent'), join(alone, 'worksight-agent'));
  const sink = await startSink(t);
  const state = tempDir(t, 'ws-agent-');
  const args = await smallPages(t);
  const agent = new Proc(
    join(alone, 'worksight-agent'),
    ['run', '--server', sink.url, '--state', state, '--heartbeat-every', '1s', ...args],
    { env: { DISPLAY: '', WAYLAND_DISPLAY: '' } },
  );
  t.after(() => agent.stop());
  const metric = await metricWith(state, sink, 'ocr_missing');
  assertAbstained(metric);
  await waitFor('the board says so, too', async () => (await board(state)).ocr_state === 3);
  await assertOthersGoOn(state, sink);
  await waitFor('a metric arrived', () => sink.metrics.length > 0);
  sink.metrics.forEach(assertAbstained);
});

test('a hanging worksight-ocr costs one deadline, is killed and comes back', async (t) => {
  const sink = await startSink(t);
  const { state } = startAgent(t, {
    server: sink.url,
    args: [...(await smallPages(t)), '--ocr-deadline', '2s', '--heartbeat-every', '1s'],
  });
  const read = await metricWith(state, sink, null, { ms: 30000 });
  assert.equal(read.features.reading, 'fresh');
  // The supervisor kills a frozen one at once: freeze each one that comes,
  // until a frame met it so.
  let frozen = 0;
  const silent = await waitFor(
    'a metric of a frozen worksight-ocr arrived',
    async () => {
      const { pid } = await roleOf(state, 'ocr');
      if (pid && pid !== frozen) process.kill(pid, 'SIGSTOP');
      frozen = pid || frozen;
      return sink.metrics.find((m) => ['ocr_not_answering', 'ocr_missing', 'analysis_failed'].includes(m.error_code));
    },
    { ms: 60000 },
  );
  assertAbstained(silent);
  await waitFor('the frozen one was killed', async () => (await roleOf(state, 'ocr')).pid !== frozen);
  const metric = await metricWith(state, sink, null, { ms: 60000 });
  assert.match(metric.features.reading, /fresh|reused/);
  await assertOthersGoOn(state, sink);
});

test('a picture that kills worksight-ocr three times is not read a fourth', async (t) => {
  const folder = tempDir(t, 'ws-pictures-');
  for (const name of ['a', 'b']) {
    const line = (i) =>
      Array.from({ length: 24 }, (_, k) => `${name}${(i * 24 + k) * 7919 % 1000} word`).join(' ');
    await drawPage(join(folder, `${name}.png`), Array.from({ length: 30 }, (_, i) => line(i)));
  }
  const sink = await startSink(t);
  const { state } = startAgent(t, {
    server: sink.url,
    args: ['--source', `file:${folder}`, '--every', '100ms', '--ocr-deadline', '60s', '--heartbeat-every', '1s'],
  });
  await metricWith(state, sink, null, { ms: 60000 });
  // A page takes about a second to read and a frame comes each 100 ms: while
  // no item is made for three looks, a page is being read. Kill the reader.
  let at = '';
  let looks = 0;
  const quarantined = await waitFor(
    'a picture is quarantined',
    async () => {
      const metric = await newest(state, sink);
      if (metric?.error_code === 'analysis_quarantined') return metric;
      const now = await board(state);
      const { pid } = now.roles.find((role) => role.name === 'ocr');
      looks = at === `${pid} ${now.head_seq}` ? looks + 1 : 0;
      at = `${pid} ${now.head_seq}`;
      if (pid && looks === 3) process.kill(pid, 'SIGKILL');
      return false;
    },
    { ms: 180000, every: 150 },
  );
  assertAbstained(quarantined);
  for (const name of OTHERS) assert.equal((await roleOf(state, name)).restarts, 0, name);
  await waitFor('the deaths were told', () =>
    sink.metrics.some((metric) => metric.error_code === 'analysis_failed'),
  );
});

test('worksight-ocr runs filtered, without new privileges, on one thread', async (t) => {
  const sink = await startSink(t);
  const { state } = startAgent(t, { server: sink.url, args: await smallPages(t) });
  await metricWith(state, sink, null, { ms: 30000 });
  const { pid } = await roleOf(state, 'ocr');
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  assert.match(status, /^Seccomp:\t2$/m);
  assert.match(status, /^NoNewPrivs:\t1$/m);
  assert.match(status, /^Threads:\t1$/m); // OMP_THREAD_LIMIT was there in time
});
