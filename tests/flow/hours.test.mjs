// privacy.md M3: outside of its hours the agent lives and captures nothing.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { agentCommand, run, program, startAgent, startServer, sqlite, tempDir, waitFor } from './lib/procs.mjs';
import { join } from 'node:path';

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const utc = { env: { TZ: 'UTC' } };
/** A span of the week that has, or has not, the next hours of UTC in it. */
function hours(within) {
  const day = new Date().getUTCDay();
  const at = (offset) => DAYS[(day + offset + 7) % 7];
  return within ? `${at(-1)}-${at(1)} 00:00-24:00` : `${at(2)}-${at(4)} 00:00-24:00`;
}

function start(t, server, within) {
  return startAgent(t, {
    server,
    args: ['--source', 'synth', '--every', '100ms', '--ocr', 'off', '--heartbeat-every', '1s', '--hours', hours(within)],
    ...utc,
  });
}

test('outside of the hours: heartbeats go on, nothing is captured, status says why', async (t) => {
  const server = await startServer(t);
  const agent = start(t, server.url, false);
  const status = await waitFor('a heartbeat is heard', async () => {
    const { json } = await agentCommand(agent.state, 'status', '--json');
    return json?.board?.last_heartbeat_wall_ms > 0 && json.board.capture_state === 'tier_0' && json;
  });
  assert.equal(status.state, 'OFF HOURS');
  assert.equal(status.board.off_hours, 1);
  const beats = status.board.last_heartbeat_wall_ms;
  const later = await waitFor('the next heartbeats', async () => {
    const { json } = await agentCommand(agent.state, 'status', '--json');
    return json.board.last_heartbeat_wall_ms > beats + 1500 && json;
  });
  assert.equal(later.board.frames_captured, 0);
  assert.deepEqual(await sqlite(join(server.data, 'worksight.db'), 'SELECT id FROM metric'), []);
  assert.match((await agentCommand(agent.state, 'status')).out, /tier L0 of L2 \(outside of the hours\)/);
});

test('within the hours it captures', async (t) => {
  const agent = start(t, 'http://127.0.0.1:9', true);
  await waitFor('frames are captured', async () => (await agentCommand(agent.state, 'status', '--json')).json?.board?.frames_captured > 3);
});

test('the notice names the hours, so other hours need another yes', async (t) => {
  const state = tempDir(t);
  const notice = (...args) => run(program('worksight-agent'), ['notice', '--state', state, ...args]);
  const always = (await notice()).out;
  const some = (await notice('--hours', 'mon-fri 08:00-18:00')).out;
  assert.match(some, /every 10 s, mon-fri 08:00-18:00 by this computer's clock:/);
  assert.notEqual(always.trim().split('\n').at(-1), some.trim().split('\n').at(-1));
  const bad = await run(program('worksight-agent'), ['run', '--state', state, '--source', 'synth', '--hours', '9 to 5']);
  assert.equal(bad.code, 2);
  assert.match(bad.err, /hours is "9 to 5": it must be at most 16 spans like mon-fri 08:00-18:00/);
});
