// Who may deliver: codes, revocations, and what /metrics counts of it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { serverCommand, sqlite, startServer, waitFor } from './lib/procs.mjs';
import { Layer1, Layer2, ask, hex, metricBody, sessionBody } from './lib/wire.mjs';
import { join } from 'node:path';

const cleanups = [];
const file = { after: (fn) => cleanups.push(fn) };
const json = { 'Content-Type': 'application/json' };
let server; // nobody is inside: everybody needs a code
let open; // loopback is inside

before(async () => {
  server = await startServer(file, { args: ['--enrollment-from', '192.0.2.0/24'] });
  open = await startServer(file);
});
after(async () => {
  for (const fn of cleanups.reverse()) await fn();
});

/** A command that speaks with the running server; its JSON. */
async function command(of, ...args) {
  const done = await serverCommand(of.data, [...args, '--json']);
  assert.equal(done.code, 0, done.err);
  return JSON.parse(done.out);
}

const counter = async (of, key, line) => {
  const text = await (await fetch(`${of.url}/metrics`, { headers: { Authorization: `Bearer ${key}` } })).text();
  const row = text.split('\n').find((l) => l.startsWith(line));
  assert.ok(row, `${line} is in /metrics`);
  return Number(row.split(' ').pop());
};

test('a code opens one session, once, and its agent goes on by token', async () => {
  const { code } = await command(server, 'enroll', 'create');
  const first = await Layer2.open(server.url, { bearer: code });
  assert.equal(first.answer.status, 201, first.answer.text);
  const replay = await Layer2.open(server.url, { ...first, bearer: code });
  assert.equal(replay.answer.status, 200, 'the replay is known before the used code is judged');
  assert.equal((await Layer2.open(server.url, { bearer: code })).answer.status, 403, 'used');
  const next = await Layer2.open(server.url, { agent_id: first.agent_id, bearer: first.token });
  assert.equal(next.answer.status, 201);
  assert.deepEqual((await next.batch([Layer2.item(2)])).json.results.map((r) => r.status), ['accepted']);
});

test('a code names the person, and the next session of its agent is theirs too', async () => {
  const made = await serverCommand(server.data, ['user', 'add', 'ana', '--role', 'person', '--password-stdin'], {
    input: 'a long pass phrase of nobody\n',
  });
  assert.equal(made.code, 0, made.err);
  const { code } = await command(server, 'enroll', 'create', '--user', 'ana');
  const first = await Layer2.open(server.url, { bearer: code });
  const next = await Layer2.open(server.url, { agent_id: first.agent_id, bearer: first.token });
  const rows = await sqlite(join(server.data, 'worksight.db'), `SELECT s.user_id = a.id AS theirs FROM session s, account a WHERE a.name = 'ana' AND s.id IN (${first.id}, ${next.id})`);
  assert.deepEqual(rows, [{ theirs: 1 }, { theirs: 1 }]);
});

test('a layer-1 agent from elsewhere comes in by a code, too', async () => {
  const { code } = await command(server, 'enroll', 'create');
  const post = () => ask(`${server.url}/api/sessions/`, { token: code, headers: json, body: JSON.stringify(sessionBody()) });
  const first = await post();
  assert.equal(first.status, 201, first.text);
  assert.equal((await post()).status, 403);
  const s = new Layer1(server.url, first.json.session_id, first.json.token);
  assert.equal((await s.metric(hex(8))).status, 201);
});

test('twenty agents with one code: one comes in', async () => {
  const { code } = await command(server, 'enroll', 'create');
  const all = await Promise.all(Array.from({ length: 20 }, () => Layer2.open(server.url, { bearer: code })));
  assert.equal(all.filter((s) => s.answer.status === 201).length, 1);
  assert.equal(all.filter((s) => s.answer.status === 403).length, 19);
});

test('a code is refused once it is revoked', async () => {
  const { code, id } = await command(server, 'enroll', 'create');
  await command(server, 'enroll', 'revoke', String(id));
  assert.equal((await Layer2.open(server.url, { bearer: code })).answer.status, 403);
});

test('a revoked token is refused within a second, and no row lands after', async () => {
  const s = await Layer2.open(open.url);
  let seq = 2;
  let running = true;
  const accepted = [];
  const refused = [];
  const sender = async () => {
    while (running && refused.length < 20) {
      const mine = seq++;
      const answer = await s.batch([Layer2.item(mine)]);
      const at = Date.now();
      if (answer.status === 200 && answer.json.results[0].status === 'accepted') accepted.push({ at, seq: mine });
      else refused.push({ at, status: answer.status });
    }
  };
  const senders = [sender(), sender(), sender()];
  await waitFor('some are accepted', () => accepted.length > 20);
  await command(open, 'token', 'revoke', String(s.id));
  const revoked = Date.now();
  await waitFor('the first refusal', () => refused.length > 0);
  const rows = async () => (await sqlite(join(open.data, 'worksight.db'), `SELECT count(*) AS n FROM metric WHERE session_id = ${s.id}`))[0].n;
  const stored = await rows();
  await Promise.all(senders);
  running = false;
  assert.ok(refused.every((r) => r.status === 403), JSON.stringify(refused));
  assert.ok(refused[0].at - revoked < 1000);
  assert.equal(await rows(), stored);
  assert.equal(stored, accepted.length);
  for (const what of ['heartbeat', 'recordings']) assert.equal((await s.post(what)).status, 403);
  const again = await Layer2.open(open.url, s);
  assert.equal(again.answer.status, 403, 'a replay does not bring a revoked token back');
});

test('conflicting duplicates, rejections and reuse are counted in /metrics', async () => {
  const { key } = await command(open, 'apikey', 'create', '--role', 'auditor', '--name', 'prometheus');
  const conflicts = 'worksight_conflicting_duplicates_total';
  const reused = 'worksight_facts_total{verdict="seq_reused"}';
  const before_ = [await counter(open, key, conflicts), await counter(open, key, reused)];
  const s = await Layer2.open(open.url);
  const name = hex(8);
  await s.metric(name, metricBody({ anomaly_score: 0.1 }));
  await s.metric(name, metricBody({ anomaly_score: 0.2 }));
  await s.batch([Layer2.item(2)]);
  await s.batch([Layer2.item(2, 'metric', metricBody({ anomaly_score: 0.9 }))]);
  assert.equal(await counter(open, key, conflicts), before_[0] + 1);
  assert.equal(await counter(open, key, reused), before_[1] + 1);
  assert.ok((await counter(open, key, 'worksight_commit_transactions_total')) > 0);
});

test('pictures are for those who may see them', async () => {
  const s = await Layer1.open(open.url);
  const shot = await s.screenshot();
  assert.equal(shot.status, 201);
  const path = `${open.url}/api/v1/screenshots/${shot.json.screenshot_id}/image`;
  assert.equal((await fetch(path)).status, 401, 'nobody');
  const own = await ask(path, { method: 'GET', token: s.token });
  assert.ok([401, 403].includes(own.status), "an agent's token is no login");
  const { key } = await command(open, 'apikey', 'create', '--role', 'reviewer', '--name', 'eyes');
  const seen = await fetch(path, { headers: { Authorization: `Bearer ${key}` } });
  assert.equal(seen.status, 200);
  assert.equal(seen.headers.get('content-type'), 'image/png');
});
