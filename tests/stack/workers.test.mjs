// Three workers over one MariaDB: killed and replaced under load, and what
// they count together is one count.

import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { addUser, command, PASSWORD, Person } from '../flow/lib/people.mjs';
import { children, run, startServer, tempDir, waitFor } from '../flow/lib/procs.mjs';
import { Layer2, metricBody } from '../flow/lib/wire.mjs';

const WORKERS = 3;
const rig = join(dirname(fileURLToPath(import.meta.url)), 'mariadb.sh');
let folder, base, made = 0;

before(async () => {
  folder = tempDir(null, 'ws-workers-');
  const started = await run(rig, ['start', folder], { timeoutMs: 240000 });
  assert.equal(started.code, 0, started.err);
  base = new URL(started.out.trim());
}, { timeout: 250000 });

after(() => run(rig, ['stop', folder]));

const sql = async (text) => {
  const { code, out, err } = await run(
    'mariadb',
    ['--no-defaults', '-h', base.hostname, '-P', base.port, '-u', base.username, '-N', '-B', '-e', text],
    { env: { MYSQL_PWD: base.password } },
  );
  assert.equal(code, 0, err);
  return out.trim();
};

async function serve(t, ...args) {
  const name = `crew${++made}`;
  await sql(`CREATE DATABASE ${name}`);
  const db = `${base.href.replace(/[^/]*$/, '')}${name}`;
  const server = await startServer(t, { args: ['--db', db, '--workers', String(WORKERS), ...args] });
  await waitFor('all workers take requests', () => ready(server) >= WORKERS);
  return Object.assign(server, { name });
}
const ready = (server) => server.lines().filter((l) => l.event === 'ready').length;

/** A request on a connection of its own; {status, headers, text, worker}: the
 *  first digits of a request's id are those of the worker that answered. */
function once(server, path, { method = 'GET', headers = {}, body, agent = false } = {}) {
  return new Promise((done, fail) => {
    const sent = request({ host: '127.0.0.1', port: server.port, path, method, headers, agent }, (answer) => {
      let text = '';
      answer.on('data', (chunk) => (text += chunk));
      answer.on('end', () =>
        done({ status: answer.statusCode, headers: answer.headers, text, worker: answer.headers['x-request-id'].slice(0, 8) }));
    });
    sent.on('error', fail);
    sent.end(body);
  });
}

/** One kept connection to each worker. */
async function oneOfEach(server) {
  const found = new Map();
  const agents = [];
  await waitFor('a connection to each worker', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    agents.push(agent);
    found.set((await once(server, '/healthz', { agent })).worker, agent);
    return found.size === WORKERS;
  }, { every: 1 });
  return { list: [...found], end: () => agents.forEach((a) => a.destroy()) };
}

/** Items one after the other, each on a kept connection of fetch. */
class Sender {
  constructor(session) {
    Object.assign(this, { session, seq: 1, retried: 0, bad: [] });
    this.done = this.run();
  }

  async run() {
    while (!this.over) {
      const item = Layer2.item(++this.seq);
      for (;;) {
        const answer = await this.session.batch([item]).catch((error) => error);
        if (answer.status === 200 && ['accepted', 'duplicate'].includes(answer.json.results[0].status)) break;
        if (answer.status !== undefined) this.bad.push(`${answer.status} ${answer.text}`);
        this.retried++;
      }
    }
  }
}

async function underLoad(server, clients, work) {
  const sessions = await Promise.all(Array.from({ length: clients }, () => Layer2.open(server.url)));
  const senders = sessions.map((session) => new Sender(session));
  const sum = () => senders.reduce((n, s) => n + s.seq, 0);
  try {
    await waitFor('the load is on', () => senders.every((s) => s.seq > 5));
    await work();
    const before = sum();
    await waitFor('the load goes on', () => sum() > before + 5 * clients);
  } finally {
    senders.forEach((s) => (s.over = true));
    await Promise.all(senders.map((s) => s.done));
  }
  const items = sum() - clients;
  const rows = await sql(`SELECT (SELECT count(*) FROM ${server.name}.metric), (SELECT sum(accepted) FROM ${server.name}.ledger)`);
  assert.equal(rows, `${items}\t${items + clients}`, 'each item is there once');
  assert.deepEqual(senders.flatMap((s) => s.bad), [], 'no answer but good ones');
  console.log(`# ${items} items, ${senders.reduce((n, s) => n + s.retried, 0)} sent again`);
  return senders.reduce((n, s) => n + s.retried, 0);
}

test('workers: SIGHUP replaces all of them under load and no request fails', { timeout: 120000 }, async (t) => {
  const server = await serve(t);
  const first = new Set(children(server.pid).map((c) => c.pid));
  let least = WORKERS;
  const watch = setInterval(() => (least = Math.min(least, children(server.pid).length)), 20);
  const retried = await underLoad(server, 8, async () => {
    process.kill(server.pid, 'SIGHUP');
    await waitFor('all are replaced', () => server.lines().some((l) => l.event === 'replaced'), { ms: 60000 });
  });
  clearInterval(watch);
  assert.equal(retried, 0, 'requests that failed');
  assert.equal(least, WORKERS, 'a new one is there before an old one leaves');
  const last = children(server.pid).map((c) => c.pid);
  assert.equal(last.length, WORKERS);
  assert.ok(last.every((pid) => !first.has(pid)));
});

test('workers: what is too old goes also after all of them were replaced', { timeout: 120000 }, async (t) => {
  const server = await serve(t);
  const session = await Layer2.open(server.url);
  const age = async (seq) => {
    assert.equal((await session.batch([Layer2.item(seq)])).json.results[0].status, 'accepted');
    await sql(`UPDATE ${server.name}.metric SET received_at = received_at - 91 * 86400000000000 WHERE seq = ${seq}`);
    return () => waitFor(`item ${seq} goes`, async () =>
      (await sql(`SELECT count(*) FROM ${server.name}.metric WHERE seq = ${seq}`)) === '0', { ms: 30000 });
  };
  await (await age(2))();
  await waitFor('the round is over', () => server.lines().some((l) => l.event === 'retention'));
  const gone = await age(3); // by a worker that does not do it yet
  process.kill(server.pid, 'SIGHUP');
  await waitFor('all are replaced', () => server.lines().some((l) => l.event === 'replaced'), { ms: 60000 });
  await gone();
});

test('workers: killed ones are missed by nobody, and every item is there once', { timeout: 120000 }, async (t) => {
  const server = await serve(t);
  await underLoad(server, 8, async () => {
    for (let i = 0; i < 4; i++) {
      const was = ready(server);
      const all = children(server.pid);
      process.kill(all[i % all.length].pid, 'SIGKILL');
      assert.equal((await once(server, '/healthz')).status, 200, 'another one answers at once');
      await waitFor('it is back', () => ready(server) > was);
    }
  });
});

test('workers: five failed logins are five, wherever they land', { timeout: 60000 }, async (t) => {
  const server = await serve(t);
  await addUser(server.data, 'ana', 'viewer');
  const statuses = [];
  const { list, end } = await oneOfEach(server);
  for (let i = 0; i < 12; i++) {
    const [, agent] = list[i % WORKERS];
    statuses.push((await once(server, '/api/v1/login', {
      agent, method: 'POST', headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ name: 'ana', password: 'wrong' }),
    })).status);
  }
  end();
  assert.deepEqual(statuses, [...Array(5).fill(401), ...Array(7).fill(429)]);
});

test('workers: R requests a second of an address are R, not 3 R', { timeout: 60000 }, async (t) => {
  const R = 60;
  const server = await serve(t, '--max-requests-per-peer', String(R), '--behind-proxy', '');
  const end = performance.now() + 3000;
  const begun = performance.now();
  let passed = 0, refused = 0;
  const workers = new Set();
  const flood = async () => {
    while (performance.now() < end) {
      const answer = await once(server, '/healthz');
      workers.add(answer.worker);
      if (answer.status === 200) passed++;
      else refused++;
    }
  };
  await Promise.all(Array.from({ length: 8 }, flood));
  const seconds = (performance.now() - begun) / 1000;
  console.log(`# ${passed} passed, ${refused} refused in ${seconds.toFixed(2)} s by ${workers.size} workers`);
  assert.ok(workers.size > 1, 'more than one worker answered');
  assert.ok(refused > 0);
  assert.ok(passed <= R * seconds + R / 4 + 1, `${passed} in ${seconds} s`);
  assert.ok(passed >= R * seconds * 0.7, `${passed} in ${seconds} s`);
});

test('workers: connections of an address are one count, and a dead worker gives its back', { timeout: 60000 }, async (t) => {
  const MOST = 30;
  const server = await serve(t, '--max-connections-per-peer', String(MOST), '--behind-proxy', '', '--header-deadline', '60s');
  const opened = [];
  const open = () =>
    new Promise((done) => {
      const socket = connect(server.port, '127.0.0.1');
      opened.push(socket);
      socket.on('error', () => done(false));
      socket.on('data', (chunk) => done(!String(chunk).includes(' 429 ')));
      socket.on('close', () => done(false));
      socket.write('GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n');
    });
  t.after(() => opened.forEach((s) => s.destroy()));
  await waitFor('connections of the start are gone', async () => {
    const all = await Promise.all(Array.from({ length: MOST }, open));
    if (all.every(Boolean)) return true;
    opened.splice(0).forEach((s) => s.destroy());
    return false;
  });
  assert.equal(await open(), false, 'one more than the bound');
  const was = ready(server);
  for (const { pid } of children(server.pid)) process.kill(pid, 'SIGKILL');
  await waitFor('all are back', () => ready(server) >= was + WORKERS);
  const again = await Promise.all(Array.from({ length: MOST }, open));
  assert.ok(again.every(Boolean), 'what the dead held is free');
  assert.equal(await open(), false);
});

test('workers: a revoked token is refused by every one within a second', { timeout: 60000 }, async (t) => {
  const server = await serve(t);
  const session = await Layer2.open(server.url);
  const { list, end } = await oneOfEach(server);
  const beat = (agent) =>
    once(server, `/api/sessions/${session.id}/heartbeat/`, {
      agent, method: 'POST', headers: { Authorization: `Bearer ${session.token}` },
    });
  for (let i = 0; i < 3; i++)
    for (const [worker, agent] of list) {
      const answer = await beat(agent);
      assert.equal(answer.status, 200);
      assert.equal(answer.worker, worker);
    }
  const revoked = await command(server.data, ['token', 'revoke', String(session.id)]);
  assert.equal(revoked.code, 0, revoked.err);
  const told = performance.now();
  for (const [, agent] of list) assert.equal((await beat(agent)).status, 403);
  assert.ok(performance.now() - told < 1000);
  end();
});

test('workers: a hint of one reaches the streams of the others', { timeout: 60000 }, async (t) => {
  const server = await serve(t);
  await addUser(server.data, 'ana', 'reviewer');
  const ana = await Person.login(server.url, 'ana', PASSWORD);
  const session = await Layer2.open(server.url);
  const { list, end } = await oneOfEach(server);
  let text = '', at = null;
  const stream = request({
    host: '127.0.0.1', port: server.port, path: '/api/v1/events', agent: false, headers: { Cookie: ana.cookie },
  }, (answer) => {
    assert.equal(answer.statusCode, 200);
    at = answer.headers['x-request-id'].slice(0, 8);
    answer.on('data', (chunk) => (text += chunk));
  });
  stream.on('error', () => {});
  stream.end();
  t.after(() => stream.destroy());
  await waitFor('the stream is open', () => at);
  const [, agent] = list.find(([worker]) => worker !== at);
  const sent = await once(server, `/api/sessions/${session.id}/ai-metrics/`, {
    agent, method: 'POST', body: JSON.stringify(metricBody()),
    headers: { Authorization: `Bearer ${session.token}`, 'X-Idempotency-Key': 'hint-1', 'Content-Type': 'application/json' },
  });
  assert.equal(sent.status, 201, sent.text);
  assert.notEqual(sent.worker, at);
  await waitFor('the hint comes', () => (new RegExp(`metrics[\\s\\S]*${session.id}|${session.id}[\\s\\S]*metrics`).test(text) || Promise.reject(new Error(text))), { ms: 5000 });
  end();
});
