// agent_cli.test.mjs - the commands of worksight-agent over real agents: what
// they print, their exit statuses, and what they say to wrong input.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { agentCommand, program, run, startAgent, tempDir, waitFor } from './lib/procs.mjs';
import { startSink } from './lib/sink.mjs';

const nobody = 'http://127.0.0.1:9';
const agent = (...args) => run(program('worksight-agent'), args);

async function recording(t, ...more) {
  const running = startAgent(t, {
    server: nobody,
    args: ['--source', 'synth', '--every', '100ms', '--ocr', 'off', ...more],
  });
  await waitFor('an observation is durable', async () => {
    if (running.end) throw new Error(running.err);
    const { json } = await agentCommand(running.state, 'status', '--json');
    return json?.board?.last_observation_wall_ms > 0 && json.queue.recorded > 2;
  });
  return running;
}

test('cli: wrong words are named with the nearest known one, exit 2', async () => {
  const command = await agent('statsu');
  assert.equal(command.code, 2);
  assert.match(command.err, /statsu/);
  assert.match(command.err, /did you mean: worksight-agent status/);
  const option = await agent('run', '--evry', '1s');
  assert.equal(option.code, 2);
  assert.match(option.err, /--evry/);
  assert.match(option.err, /did you mean: --every/);
});

const wrong = [
  ['every', '5ms', /10ms/, /1h/],
  ['every', '10', /every/, /10s|ms/],
  ['tier', 'L7', /L0/, /L4/],
  ['source', 'camera', /file:DIR/, /synth/],
  ['picture-every', '1s', /5s/, /1d/],
  ['picture-quality', '101', /1/, /100/],
  ['queue-max', '1KiB', /1MiB/, /1TiB/],
  ['batch-items', '0', /1/, /500/],
  ['batch-max', '8MiB', /16KiB/, /4MiB/],
  ['heartbeat-every', '2h', /1s/, /1h/],
  ['request-deadline', '1ms', /100ms/, /10m/],
  ['ocr', 'maybe', /on/, /off/],
  ['ocr-deadline', '1ms', /100ms/, /5m/],
  ['input-counts', 'perhaps', /on/, /off/],
  ['log-level', 'loud', /debug/, /error/],
  ['log-max', '1B', /64KiB/, /1GiB/],
  ['server', 'ftp://h', /http:\/\/127/, /address/],
  ['until', 'tomorrow', /YYYY-MM-DD/, /until/],
  ['acknowledge', 'yes', /64 hex digits/, /notice --hash/],
];
for (const [name, value, ...says] of wrong)
  test(`cli: --${name} ${value} is refused with name, value, bounds and fix`, async (t) => {
    const state = tempDir(t, 'ws-cli-');
    const result = await agent('run', '--state', state, `--${name}`, value);
    assert.equal(result.code, 2, result.err);
    assert.ok(result.err.includes(value), result.err);
    assert.match(result.err.replaceAll('-', '_'), new RegExp(name.replaceAll('-', '_')));
    for (const said of says) assert.match(result.err, said);
  });

test('cli: two wrong settings are told in one run, from environment and flag', async (t) => {
  const result = await run(
    program('worksight-agent'),
    ['run', '--state', tempDir(t), '--every', '1ms'],
    { env: { WORKSIGHT_AGENT_TIER: 'L9' } },
  );
  assert.equal(result.code, 2);
  assert.match(result.err, /--every/);
  assert.match(result.err, /WORKSIGHT_AGENT_TIER/);
});

test('cli: pictures need a purpose and an end', async (t) => {
  const result = await agent('run', '--state', tempDir(t), '--tier', 'L3');
  assert.equal(result.code, 2);
  assert.match(result.err, /--purpose/);
  assert.match(result.err, /--until/);
});

test('cli: status without an agent is STOPPED, exit 3, and makes nothing', async (t) => {
  const state = join(tempDir(t), 'none');
  const text = await agentCommand(state, 'status');
  assert.equal(text.code, 3);
  assert.match(text.out, /STOPPED/);
  assert.equal((await agentCommand(state, 'status', '--json')).json.exit, 3);
  for (const command of [['queue', 'list'], ['show-sent'], ['explain'], ['pause', '1m'], ['resume']])
    assert.equal((await agentCommand(state, ...command)).code, 3, command.join(' '));
  assert.ok(!existsSync(state));
});

test('cli: status of an agent without a server says so line by line', async (t) => {
  const running = await recording(t);
  const { code, out } = await agentCommand(running.state, 'status');
  assert.equal(code, 1, out); // degraded: no server
  for (const line of [
    /^WorkSight agent \S+ on \S+ \(\S+\)\s+RECORDING$/m,
    /^Server {5}http:\/\/127\.0\.0\.1:9\/api/m,
    /^Captures .*every 0\.100 s, tier L2, source synth/m,
    /^Queue {6}\d+ pending/m,
    /^Roles .*capture ✓/m,
    /^Warnings {3}\S/m,
  ])
    assert.match(out, line);
});

test('cli: the law of the ledger holds in every status', async (t) => {
  const sink = await startSink(t); // layer 1: it has no place for an event
  const running = startAgent(t, {
    server: sink.url, args: ['--source', 'synth', '--every', '100ms', '--ocr', 'off'],
  });
  await waitFor('an item was delivered', () => sink.metrics.length > 0);
  await agentCommand(running.state, 'pause', '1s');
  await waitFor('an event is kept here', async () =>
    (await agentCommand(running.state, 'status', '--json')).json.queue.kept > 0);
  for (let i = 0; i < 20; i++) {
    const { json } = await agentCommand(running.state, 'status', '--json');
    const q = json.queue;
    assert.equal(q.recorded, q.delivered + q.dead + q.dropped + q.erased + q.kept + q.pending, JSON.stringify(q));
    const { out } = await agentCommand(running.state, 'status');
    const [recorded, ...parts] = /^Session .*?;/m.exec(out)[0].match(/\d+/g).map(Number);
    assert.equal(recorded, parts.reduce((a, b) => a + b), out);
  }
});

test('cli: pause stops capture at once, exit 5, and resume ends it', async (t) => {
  const running = await recording(t);
  const paused = await agentCommand(running.state, 'pause', '1m', '--reason', 'a phone call');
  assert.equal(paused.code, 0, paused.err);
  const first = await waitFor('capture is paused', async () => {
    const { json } = await agentCommand(running.state, 'status', '--json');
    return json?.board.capture_state === 'paused' && json;
  });
  assert.equal(first.exit, 5);
  assert.equal(first.pause.reason, 'a phone call');
  const then = (await agentCommand(running.state, 'status', '--json')).json;
  assert.equal(then.board.frames_captured, first.board.frames_captured);
  assert.match((await agentCommand(running.state, 'resume')).out, /resumed/);
  assert.match((await agentCommand(running.state, 'resume')).out, /was not paused/);
  await waitFor('frames are captured again', async () => {
    const { json } = await agentCommand(running.state, 'status', '--json');
    return json?.board.frames_captured > then.board.frames_captured;
  });
});

test('cli: pause outlives a restart of the agent', async (t) => {
  const running = await recording(t);
  await agentCommand(running.state, 'pause', '10m');
  await running.stop();
  const again = startAgent(t, {
    server: nobody,
    state: running.state,
    args: ['--source', 'synth', '--every', '100ms', '--ocr', 'off'],
  });
  await waitFor('it is paused again', async () => {
    if (again.end) throw new Error(again.err);
    const { json } = await agentCommand(running.state, 'status', '--json');
    return json?.exit === 5 && json.board.capture_state === 'paused';
  });
});

for (const [value, why] of [['0s', 'below'], ['2d', 'above'], ['soon', 'no duration']])
  test(`cli: pause ${value} is refused: ${why} the bounds`, async (t) => {
    const result = await agentCommand(tempDir(t), 'pause', value);
    assert.equal(result.code, 2);
    assert.match(result.err, new RegExp(value));
    assert.match(result.err, /from 1s to 1d/);
  });

test('cli: queue and explain answer alike with and without an agent', async (t) => {
  const running = await recording(t);
  const live = (await agentCommand(running.state, 'queue', 'list', '--json')).json;
  assert.equal(live.items[0].kind, 'session');
  assert.match(live.items[1].id, /^[0-9a-f]{8}\/2$/);
  assert.equal(live.items[1].kind, 'metric');
  const id = live.items[1].id;
  const explained = (await agentCommand(running.state, 'explain', id, '--json')).json;
  assert.equal(explained.item.id, id);
  assert.ok(explained.payload.features);
  await running.stop();

  const still = (await agentCommand(running.state, 'queue', 'list', '--json')).json;
  assert.deepEqual(still.items[1], live.items[1]);
  const later = (await agentCommand(running.state, 'explain', id, '--json')).json;
  assert.deepEqual(later.payload, explained.payload);
  const text = await agentCommand(running.state, 'explain', id);
  assert.match(text.out, /^Productivity /m);
  assert.match(text.out, /^Pipeline /m);
  const nothing = await agentCommand(running.state, 'queue', 'retry');
  assert.match(nothing.out, /^0 items/);
  const unknown = await agentCommand(running.state, 'explain', '999999');
  assert.equal(unknown.code, 1);
  const word = await agentCommand(running.state, 'queue', 'drop');
  assert.equal(word.code, 2);
  assert.match(word.err, /list, retry or purge/);
});

test('cli: enroll keeps code and server for the next run, readable by nobody else', async (t) => {
  const state = join(tempDir(t), 'new');
  const none = await agent('enroll', '--state', state);
  assert.equal(none.code, 2);
  assert.match(none.err, /--code/);
  const kept = await agent('enroll', '--state', state, '--server', 'http://127.0.0.1:19', '--code', 'abc-123');
  assert.equal(kept.code, 0, kept.err);
  assert.deepEqual(JSON.parse(readFileSync(join(state, 'enroll.json'), 'utf8')), { code: 'abc-123' });
  assert.equal(statSync(join(state, 'enroll.json')).mode & 0o777, 0o600);
  const { json } = await agentCommand(state, 'doctor', '--json');
  const server = json.checks.find((check) => check.name === 'server');
  assert.match(server.text, /127\.0\.0\.1:19/);
});

test('cli: doctor looks at the agent that runs, and with a setting as a flag at a run to come', async (t) => {
  const { state } = await recording(t);
  const said = async (...args) => {
    const { json } = await agentCommand(state, 'doctor', '--json', ...args);
    return Object.fromEntries(json.checks.map((check) => [check.name, check.text]));
  };
  const running = await said();
  assert.match(running.notice, /source synth shows nothing of a person/);
  assert.match(running.server, /127\.0\.0\.1:9\//);
  assert.match(running.ocr, /OCR is off/);
  assert.match((await said('--source', 'x11')).notice, /not acknowledged/);
});

test('cli: doctor tells every finding with a fix, as JSON and by its exit status', async (t) => {
  const state = tempDir(t);
  const args = ['doctor', '--state', state, '--source', 'x11', '--server', nobody];
  const env = { env: { DISPLAY: '', WAYLAND_DISPLAY: '' } };
  const text = await run(program('worksight-agent'), args, env);
  assert.equal(text.code, 2); // no display
  assert.match(text.out, /^✗ display/m);
  assert.match(text.out, /→ fix:/);
  const json = JSON.parse((await run(program('worksight-agent'), [...args, '--json'], env)).out);
  assert.equal(json.level, 'fail');
  for (const check of json.checks)
    if (check.level !== 'ok') assert.ok(check.fix, `${check.name} has a fix`);
  const names = json.checks.map((check) => check.name);
  for (const name of ['state', 'display', 'badge', 'ocr', 'server', 'clock', 'swap', 'walls'])
    assert.ok(names.includes(name), name);
});

test('cli: logs are one JSON object a line, in STATE/logs/agent.log', async (t) => {
  const running = await recording(t);
  await running.stop();
  const lines = readFileSync(join(running.state, 'logs/agent.log'), 'utf8').trim().split('\n');
  const events = lines.map((line) => JSON.parse(line));
  for (const event of events)
    for (const member of ['ts', 'level', 'role', 'pid', 'event'])
      assert.ok(member in event, JSON.stringify(event));
  assert.equal(events[0].event, 'agent_started');
  assert.equal(events.at(-1).event, 'agent_stopped');
  assert.equal(running.err, '', 'stderr stays empty for people');
});

test('cli: help lists every command and every setting', async () => {
  const help = await agent('--help');
  for (const word of ['run', 'status', 'queue', 'show-sent', 'explain', 'pause', 'resume', 'notice', 'doctor', 'enroll', 'version'])
    assert.match(help.out, new RegExp(`^\\s+${word}\\b`, 'm'), word);
  const run = await agent('run', '--help');
  assert.equal(run.code, 0);
  assert.doesNotMatch(run.out, /\n\n\n/);
  for (const word of ['queue', 'show-sent', 'explain', 'pause', 'resume', 'doctor', 'status'])
    assert.match((await agent(word, '--help')).out, /^Exit: 0 /m, word);
  assert.match((await agent('help', 'settings')).out, /--every/);
  assert.match((await agent('version')).out, /^worksight-agent \d/);
});
