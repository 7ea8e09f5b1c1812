// privacy.md: the server refuses what is above the tier that the person
// acknowledged, and waits for a notice that may be on its way.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { agentCommand, sqlite, startAgent, startServer, tempDir, waitFor } from './lib/procs.mjs';
import { Layer1, Layer2, hex, metricBody, recordingBody } from './lib/wire.mjs';

const cleanups = [];
let server;

before(async () => {
  server = await startServer({ after: (fn) => cleanups.push(fn) });
});
after(async () => {
  for (const fn of cleanups.reverse()) await fn();
});

const open = (tier) => Layer2.open(server.url, { extra: { tier } });
const kinds = (tier) => metricBody({ features: { tier, scored: false, category: 'development' }, productivity_score: 0, anomaly_score: 0 });
const scored = (tier) => metricBody({ features: { tier, scored: true } });
const ack = (seq, tier) => Layer2.item(seq, 'notice_ack', { notice_sha256: hex(32), acknowledged_at: '2026-02-10T16:19:56Z', tier });
const statuses = (answer) => answer.json.results.map((r) => r.status);
const rows = (s, table) => sqlite(join(server.data, 'worksight.db'), `SELECT seq FROM ${table} WHERE session_id = ${s.id} ORDER BY seq`);

test('L0 takes no metric, L1 none with scores, L2 both, L4 recordings', async () => {
  for (const [tier, expected] of [
    [0, ['rejected', 'rejected', 'rejected']],
    [1, ['accepted', 'rejected', 'rejected']],
    [2, ['accepted', 'accepted', 'rejected']],
    [3, ['accepted', 'accepted', 'rejected']],
    [4, ['accepted', 'accepted', 'accepted']],
  ]) {
    const s = await open(tier);
    const answer = await s.batch([Layer2.item(2, 'metric', kinds(1)), Layer2.item(3, 'metric', scored(2)), Layer2.item(4, 'recording', recordingBody()), Layer2.item(5, 'event', { event: 'pause', at: '2026-02-10T16:19:56Z' })]);
    // What comes after one that is not stored yet waits for it: asked again, all before it is there or buried.
    const first = statuses(answer);
    assert.equal(first[3], 'accepted', 'an event needs no tier');
    await s.batch([Layer2.item(6, 'tombstone', { seqs: [[2, 4]], reason: 'dead_letter: tier' })]);
    const again = await s.batch([Layer2.item(2, 'metric', kinds(1)), Layer2.item(3, 'metric', scored(2)), Layer2.item(4, 'recording', recordingBody())]);
    const settled = statuses(again).map((status, i) => (status === 'duplicate' ? first[i] : status));
    assert.deepEqual(settled, expected, `L${tier}: ${JSON.stringify(again.json.results)}`);
    for (const r of again.json.results.filter((r) => r.status === 'rejected')) {
      assert.match(r.problem.type, /tier-not-acknowledged$/);
      assert.match(r.problem.error, new RegExp(`needs tier L\\d, the person acknowledged L${tier}: it is not stored`));
      assert.equal(r.problem.errors[0].pointer, '/payload');
    }
    assert.equal((await rows(s, 'metric')).length, expected.slice(0, 2).filter((e) => e === 'accepted').length);
    assert.equal((await rows(s, 'recording')).length, expected[2] === 'accepted' ? 1 : 0);
  }
});

test('what says of itself that it is of a higher tier is judged by that', async () => {
  const s = await open(2);
  const answer = await s.batch([Layer2.item(2, 'metric', scored(3))]);
  assert.deepEqual(statuses(answer), ['rejected']);
});

test('a metric waits while a notice with a lower seq may be on its way, then is taken', async () => {
  const s = await open(0);
  assert.deepEqual(statuses(await s.batch([Layer2.item(3, 'metric', scored(2))])), ['retry']);
  assert.deepEqual(statuses(await s.batch([ack(2, 2)])), ['accepted']);
  assert.deepEqual(statuses(await s.batch([Layer2.item(3, 'metric', scored(2))])), ['accepted']);
});

test('on the endpoints of their own: a metric and a recording above the tier are 400, layer 1 is as before', async () => {
  const s = await open(1);
  const metric = await s.metric(hex(8), scored(2));
  assert.equal(metric.status, 400, metric.text);
  assert.match(metric.json.type, /tier-not-acknowledged$/);
  assert.equal((await s.metric(hex(8), kinds(1))).status, 201);
  const recording = await s.post('recordings', recordingBody());
  assert.equal(recording.status, 400, recording.text);
  assert.match(recording.json.error, /this recording needs tier L4, the person acknowledged L1/);
  assert.equal((await s.post('recordings', recordingBody({ seq: 9 }))).status, 503, 'a notice may be on its way');
  const old = await Layer1.open(server.url, { tier: 0 });
  assert.equal((await old.metric(hex(8))).status, 201);
  assert.equal((await old.post('recordings', recordingBody())).status, 201);
  assert.equal((await rows(s, 'metric')).length, 1);
});

test('our agent at L1 and at L2 sends nothing that is refused', async (t) => {
  for (const tier of ['L1', 'L2']) {
    const agent = startAgent(t, { server: server.url, args: ['--source', 'synth', '--every', '200ms', '--tier', tier] });
    const status = await waitFor(
      `${tier}: metrics are delivered`,
      async () => {
        const { json } = await agentCommand(agent.state, 'status', '--json');
        return json?.queue?.delivered > 8 && json;
      },
      { ms: 30000 },
    );
    assert.equal(status.queue.dead, 0, JSON.stringify(status.queue));
    await agent.stop();
  }
});

test('tier_max: nothing above it is taken, from layer 1 either, whatever was acknowledged', async (t) => {
  const narrow = await startServer(t, { args: ['--tier-max', 'L1'] });
  const s = await Layer2.open(narrow.url, { extra: { tier: 4 } });
  const answer = await s.batch([Layer2.item(2, 'metric', kinds(1)), Layer2.item(3, 'metric', scored(2)), Layer2.item(4, 'recording', recordingBody())]);
  assert.deepEqual(statuses(answer), ['accepted', 'rejected', 'rejected']);
  for (const r of answer.json.results.slice(1)) {
    assert.match(r.problem.type, /tier-above-policy$/);
    assert.match(r.problem.error, /needs tier L\d, this server takes at most L1: it is not stored/);
  }
  const old = await Layer1.open(narrow.url);
  for (const refused of [await old.metric(hex(8)), await old.screenshot(), await old.post('recordings', recordingBody()), await s.screenshot({ seq: '5' })]) {
    assert.equal(refused.status, 400, refused.text);
    assert.match(refused.json.type, /tier-above-policy$/);
    assert.match(refused.json.error, /at most L1/);
  }
  const policy = await fetch(`${s.path}/policy/`, { headers: { Authorization: `Bearer ${s.token}` } });
  assert.deepEqual(await policy.json(), { revision: 4, tier_max: 1, heartbeat_s: 10 });
  const same = await fetch(`${s.path}/policy/`, { headers: { Authorization: `Bearer ${s.token}`, 'If-None-Match': policy.headers.get('etag') } });
  assert.equal(same.status, 304);
});

test('T4: a narrower policy holds at once and over restarts, a wider one up to what was acknowledged', { timeout: 120000 }, async (t) => {
  const file = join(tempDir(t), 'server.conf');
  const say = (tier) => writeFileSync(file, `tier_max = ${tier}\n`);
  say('L4');
  const wide = await startServer(t, { args: ['--config', file] });
  const l3 = ['--source', 'synth', '--every', '300ms', '--heartbeat-every', '1s', '--tier', 'L3', '--purpose', 'a test', '--until', '2199-12-31', '--picture-every', '5s'];
  let agent = startAgent(t, { server: wide.url, args: l3, state: tempDir(t) });
  const status = async () => (await agentCommand(agent.state, 'status', '--json')).json;
  const inForce = (tier) => waitFor(`tier L${tier} is in force`, async () => (await status())?.board?.tier === tier, { ms: 20000 });
  const pictures = () => sqlite(join(wide.data, 'worksight.db'), 'SELECT id FROM screenshot');
  await waitFor('a picture arrives', async () => (await pictures()).length > 0, { ms: 40000 });
  assert.equal((await status()).board.tier, 3);

  say('L2');
  process.kill(wide.pid, 'SIGHUP');
  await inForce(2);
  assert.match((await agentCommand(agent.state, 'status')).out, /tier L2 of L3 \(the server allows no more\)/);
  await agent.stop();
  agent = startAgent(t, { server: 'http://127.0.0.1:9', args: l3, state: agent.state });
  await waitFor('frames are captured', async () => (await status())?.board?.frames_captured > 2);
  assert.equal((await status()).board.tier, 2, 'also with no server there');
  await agent.stop();

  say('L4');
  process.kill(wide.pid, 'SIGHUP');
  await waitFor('the worker is replaced', () => wide.lines().filter((l) => l.event === 'replaced').length >= 2);
  const before = (await pictures()).length;
  agent = startAgent(t, { server: wide.url, args: l3, state: agent.state });
  await inForce(3);
  await waitFor('pictures arrive again', async () => (await pictures()).length > before, { ms: 40000 });
  assert.equal((await status()).board.tier, 3, 'L3 was acknowledged, L4 never');
});
