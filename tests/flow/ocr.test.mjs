// ocr.test.mjs - worksight-ocr away, hanging, dying on a picture: the other
// roles don't notice, and metrics say partial and abstain. And its walls.

import assert from 'node:assert/strict';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { board, lastMetric, roleOf } from './lib/control.mjs';
import { drawPage } from './lib/pictures.mjs';
import { Proc, program, run, startAgent, tempDir, waitFor } from './lib/procs.mjs';
import { startSink } from './lib/sink.mjs';

const EVERY_MS = 500;
const OTHERS = ['outbox', 'capture', 'ai', 'upload', 'heartbeat'];
const args = ['--source', 'synth', '--every', `${EVERY_MS}ms`];

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
  const agent = new Proc(
    join(alone, 'worksight-agent'),
    ['run', '--server', sink.url, '--state', state, '--heartbeat-every', '1s', ...args],
    { env: { DISPLAY: '', WAYLAND_DISPLAY: '' } },
  );
  t.after(() => agent.stop());
  const metric = await metricWith(state, sink, 'ocr_missing');
  assertAbstained(metric);
  assert.equal((await board(state)).ocr_state, 3);
  await assertOthersGoOn(state, sink);
  await waitFor('a metric arrived', () => sink.metrics.length > 0);
  sink.metrics.forEach(assertAbstained);
});

test('a hanging worksight-ocr costs one deadline, is killed and comes back', async (t) => {
  const sink = await startSink(t);
  const { state } = startAgent(t, {
    server: sink.url,
    args: [...args, '--ocr-deadline', '2s', '--heartbeat-every', '1s'],
  });
  const read = await metricWith(state, sink, null, { ms: 30000 });
  assert.equal(read.features.scored, true);
  const { pid } = await roleOf(state, 'ocr');
  process.kill(pid, 'SIGSTOP');
  await waitFor('the hung one was killed', async () => (await roleOf(state, 'ocr')).pid !== pid, {
    ms: 30000,
  });
  const metric = await metricWith(state, sink, null, { ms: 30000 });
  assert.equal(metric.features.reading, 'fresh');
  const silent = await waitFor('a metric of that time arrived', () =>
    sink.metrics.find((m) => m.error_code === 'ocr_not_answering' || m.error_code === 'analysis_failed'),
  );
  assertAbstained(silent);
  const after = await board(state);
  for (const name of OTHERS)
    assert.equal(after.roles.find((role) => role.name === name).restarts, 0, name);
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
    args: ['--source', `file:${folder}`, '--every', '300ms', '--ocr-deadline', '60s', '--heartbeat-every', '1s'],
  });
  await metricWith(state, sink, null, { ms: 30000 });
  // A page takes about a second to read, so a frame that was taken and has no
  // item yet a moment later is being read: kill the reader over it.
  let reading = 0;
  const quarantined = await waitFor(
    'a picture is quarantined',
    async () => {
      const metric = await newest(state, sink);
      if (metric?.error_code === 'analysis_quarantined') return metric;
      const now = await board(state);
      const { pid } = now.roles.find((role) => role.name === 'ocr');
      const at = `${pid} ${now.head_seq}`;
      if (pid && reading === at && now.frames_captured > 0) {
        process.kill(pid, 'SIGKILL');
        reading = 0;
      } else {
        reading = at;
      }
      return false;
    },
    { ms: 90000, every: 150 },
  );
  assertAbstained(quarantined);
  for (const name of OTHERS) assert.equal((await roleOf(state, name)).restarts, 0, name);
  await waitFor('the deaths were told', () =>
    sink.metrics.some((metric) => metric.error_code === 'analysis_failed'),
  );
});

test('the OCR child can open no file and no socket', async (t) => {
  const sink = await startSink(t);
  const { state } = startAgent(t, { server: sink.url, args });
  await metricWith(state, sink, null, { ms: 30000 });
  const { pid } = await roleOf(state, 'ocr');
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  assert.match(status, /^Seccomp:\t2$/m);
  assert.match(status, /^NoNewPrivs:\t1$/m);
  assert.match(status, /^Threads:\t1$/m); // OMP_THREAD_LIMIT was there in time
  // The same walls, tried from inside, call by call.
  const probe = await run(program('worksight-agent'), ['--role-probe', 'ocr', '--state', state]);
  const { tried } = JSON.parse(probe.out);
  assert.ok(tried.length >= 10);
  for (const { what, allowed } of tried) assert.equal(allowed, false, what);
});
