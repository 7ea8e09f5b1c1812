// The storm: every role of the agent and every process of the server dies or
// freezes at random while 100 observations a second are recorded. Afterwards
// the ledger is complete: no gap, nothing twice.
//
//   STORM_SECONDS=120 STORM_SEED=1 node --test tests/crash/storm.test.mjs

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  agentCommand,
  children,
  freePort,
  sqlite,
  starvedMs,
  startAgent,
  startServer,
  tempDir,
  waitFor,
} from '../flow/lib/procs.mjs';
import { random } from '../flow/lib/random.mjs';

const seconds = Number(process.env.STORM_SECONDS ?? 120);
const seed = Number(process.env.STORM_SEED ?? Date.now() % 1e6);
const backWithinMs = 2000;
const facts = [
  'metric',
  'screenshot',
  'recording',
  'recording_status',
  'event',
  'notice_ack',
  'tombstone',
];

function send(pid, signal) {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}

/** Hit one role; the ms until another process has its place, without those for
 *  which the supervisor waited for a processor. */
async function hit(owner, role, signal) {
  const before = children(owner.pid).find((child) => child.role === role);
  const starved = starvedMs(owner.pid);
  if (!before || !send(before.pid, signal)) return undefined;
  const begun = Date.now();
  await waitFor(
    `${role} is back after ${signal}`,
    () => children(owner.pid).some((c) => c.role === role && c.pid !== before.pid),
    { ms: 20000, every: 20 },
  );
  return Math.round(Date.now() - begun - (starvedMs(owner.pid) - starved));
}

test(`the ledger is complete after a storm of kill -9 and kill -STOP`, {
  timeout: (seconds + 240) * 1000,
}, async (t) => {
  const chance = random(seed);
  const data = tempDir(t, 'ws-storm-');
  const port = await freePort();
  let server = await startServer(t, { data, port });
  const agent = startAgent(t, {
    server: server.url,
    args: ['--source', 'synth', '--every', '10ms', '--ocr', 'off'],
  });
  await waitFor('the agent is up', async () => {
    if (agent.end) throw new Error(`it ended: ${agent.err}`);
    return (await agentCommand(agent.state, 'status', '--json')).json;
  });
  await waitFor('its roles are up', () => children(agent.pid).length >= 5);

  const roles = [...new Set(children(agent.pid).map((child) => child.role))];
  t.diagnostic(`seed ${seed}, roles ${roles.join(' ')}`);
  const deaths = {};
  const late = [];
  const end = Date.now() + seconds * 1000;
  let round = 0;
  while (Date.now() < end) {
    round++;
    // Never more than five a minute of one role: past that it backs off.
    const pause = 700 + chance() * 1800;
    const signal = chance() < 0.6 ? 'SIGKILL' : 'SIGSTOP';
    const target = Math.floor(chance() * (roles.length + 2));
    const name = roles[target] ?? (target === roles.length ? 'worker' : 'server');
    const minuteAgo = Date.now() - 60000;
    deaths[name] = (deaths[name] ?? []).filter((at) => at > minuteAgo);
    if (deaths[name].length < 5) {
      deaths[name].push(Date.now());
      if (name === 'server') {
        server.child.kill('SIGKILL');
        await server.exited;
        server = await startServer(t, { data, port });
      } else {
        const took = await hit(name === 'worker' ? server : agent, name, signal);
        if (took > backWithinMs) late.push(`${name} ${signal} ${took} ms`);
      }
    }
    await new Promise((next) => setTimeout(next, pause));
    assert.equal(agent.end, undefined, `the agent's supervisor ended: ${agent.err.slice(-2000)}`);
  }

  // Quiet: nothing more is recorded, and all that was is delivered.
  await agentCommand(agent.state, 'pause', '1h', '--reason', 'end of the storm');
  let last;
  const status = await waitFor(
    'the queue is empty and stays so',
    async () => {
      const { json } = await agentCommand(agent.state, 'status', '--json');
      const quiet = json?.queue?.pending === 0 && json.queue.leased === 0;
      const same = last === json?.head_seq;
      last = json?.head_seq;
      return quiet && same && json;
    },
    { ms: 90000, every: 1000 },
  );
  const head = status.head_seq;
  assert.ok(head > seconds * 20, `only ${head} items in ${seconds} s`);

  await agent.stop();
  await server.stop();
  const file = readdirSync(data).find((name) => name.endsWith('.db'));
  const db = join(data, file);
  const all = facts.map((table) => `SELECT session_id, seq FROM ${table}`).join(' UNION ALL ');
  const [row] = await sqlite(
    db,
    `SELECT count(*) AS n, count(DISTINCT seq) AS seqs, min(seq) AS low, max(seq) AS high
       FROM (${all}) WHERE seq IS NOT NULL`,
  );
  // seq 1 is the session itself; every other seq is one row, once.
  t.diagnostic(`${round} rounds, ${head} items, rows ${JSON.stringify(row)}`);
  const buried = await sqlite(db, 'SELECT first_seq, last_seq FROM buried');
  const inBuried = buried.reduce((sum, run) => sum + run.last_seq - run.first_seq + 1, 0);
  assert.equal(row.n, row.seqs, 'a seq has two rows');
  assert.equal(row.low, 2);
  assert.equal(row.high, head, 'the last item is missing');
  assert.equal(row.n + inBuried, head - 1, 'a seq is missing');
  const runs = await sqlite(db, 'SELECT first_seq, last_seq FROM delivered ORDER BY first_seq');
  assert.deepEqual(runs, [{ first_seq: 1, last_seq: head }], 'the ledger has a gap');
  const [sessions] = await sqlite(db, 'SELECT count(*) AS n FROM session');
  assert.equal(sessions.n, 1);
  assert.deepEqual(late, [], 'roles that were not back in time');
});
