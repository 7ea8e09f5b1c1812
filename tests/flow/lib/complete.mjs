// complete.mjs - is everything that was recorded at the server, once?

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ask } from './control.mjs';
import { sqlite, waitFor } from './procs.mjs';

const facts = [
  'metric',
  'screenshot',
  'recording',
  'recording_status',
  'event',
  'notice_ack',
  'tombstone',
];

/** Pause, and wait until nothing is queued; the status. */
export async function drained(agent, { ms = 30000 } = {}) {
  await ask(agent.state, { verb: 'pause', duration_ms: 3600000 });
  let last;
  return waitFor(
    'the queue is empty and stays so',
    async () => {
      const status = await ask(agent.state, { verb: 'status' });
      const quiet = status.queue?.pending === 0 && last === status.head_seq;
      last = status.head_seq;
      return quiet && status;
    },
    { ms, every: 300 },
  );
}

/** recorded = delivered + dead + dropped + erased + kept + queued. */
export function assertLaw(status) {
  const q = status.queue;
  assert.equal(
    q.recorded,
    q.delivered + q.dead + q.dropped + q.erased + q.kept + q.pending,
    `the law is broken: ${JSON.stringify(q)}`,
  );
}

/** The frames that a stopped agent's run dropped. They stay in the counts of its queue, not on the next run's board. */
export async function framesDropped(state) {
  const [run] = await sqlite(join(state, 'outbox.db'), 'SELECT frames_dropped AS n FROM session ORDER BY number DESC LIMIT 1');
  return run.n;
}

/** No dead letter, no eviction; a busy machine may drop frames before that,
 *  also in runs before this one. */
export function assertNothingLost(status, before = 0) {
  const { dead, dropped } = status.queue;
  const frames = status.board.frames_dropped + before;
  assert.equal(dead, 0, 'a dead letter was made');
  assert.ok(dropped <= frames, `${dropped} dropped, but only ${frames} frames`);
}

/** How to ask the file of a server that stopped. */
function fileOf(data) {
  const name = readdirSync(data).find((file) => file.endsWith('.db'));
  return (sql) => sqlite(join(data, name), sql);
}

/** Every session whole, nothing twice: in a stopped server's data folder, or in
 *  what a function of SQL answers from. */
export async function assertComplete(source, sessions) {
  const query = typeof source === 'function' ? source : fileOf(source);
  const all = facts.map((table) => `SELECT session_id, seq FROM ${table}`).join(' UNION ALL ');
  const rows = await query(
    `SELECT session_id, count(*) AS n, count(DISTINCT seq) AS seqs, max(seq) AS high
       FROM (${all}) AS facts GROUP BY session_id ORDER BY session_id`,
  );
  const runs = await query(
    'SELECT session_id, first_seq, last_seq FROM delivered ORDER BY session_id, first_seq',
  );
  for (const row of rows) {
    assert.equal(row.n, row.seqs, `session ${row.session_id}: a seq has two rows`);
    assert.equal(row.n, row.high - 1, `session ${row.session_id}: a seq is missing`);
    const own = runs.filter((run) => run.session_id === row.session_id);
    assert.deepEqual(
      own,
      [{ session_id: row.session_id, first_seq: 1, last_seq: row.high }],
      `session ${row.session_id}: the ledger has a gap`,
    );
  }
  if (sessions) assert.equal(rows.length, sessions);
  return rows;
}
