// The workers of one server: a reload under load, a worker killed under load,
// settings read again, and a bound that holds.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { command } from './lib/people.mjs';
import { children, freePort, Proc, program, sqlite, startServer, tempDir, waitFor } from './lib/procs.mjs';
import { Raw, say } from './lib/raw.mjs';
import { Layer2 } from './lib/wire.mjs';

/** Items of one session, one after the other, until stopped; what a client
 *  does with an answer that is none is to send the same again. */
class Sender {
  constructor(session) {
    this.session = session;
    this.seq = 1;
    this.retried = 0;
    this.bad = [];
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

  stop() {
    this.over = true;
    return this.done;
  }
}

async function underLoad(server, clients, work) {
  const sessions = await Promise.all(Array.from({ length: clients }, () => Layer2.open(server.url)));
  const senders = sessions.map((session) => new Sender(session));
  try {
    await waitFor('the load is on', () => senders.every((s) => s.seq > 5));
    await work();
    const before = senders.map((s) => s.seq);
    await waitFor('the load goes on', () => senders.every((s, i) => s.seq > before[i] + 3));
  } finally {
    await Promise.all(senders.map((s) => s.stop()));
  }
  const items = senders.reduce((sum, s) => sum + s.seq - 1, 0);
  const [row] = await sqlite(
    join(server.data, 'worksight.db'),
    'SELECT count(*) AS n, (SELECT sum(accepted) FROM ledger) AS l FROM metric',
  );
  assert.deepEqual(row, { n: items, l: items + clients }, 'each item is there once');
  assert.deepEqual(senders.flatMap((s) => s.bad), [], 'no answer but good ones');
  return senders.reduce((sum, s) => sum + s.retried, 0);
}

const hangup = (server) => process.kill(server.pid, 'SIGHUP');
const replaced = (server, times) =>
  waitFor('the worker is replaced', () => server.lines().filter((l) => l.event === 'replaced').length >= times);

test('workers: SIGHUP under load replaces the worker and no request fails', { timeout: 60000 }, async (t) => {
  const server = await startServer(t);
  const [first] = children(server.pid);
  const retried = await underLoad(server, 6, async () => {
    for (let i = 1; i <= 3; i++) {
      hangup(server);
      await replaced(server, i);
    }
  });
  assert.equal(retried, 0);
  const [last] = children(server.pid);
  assert.notEqual(last.pid, first.pid);
  assert.equal(children(server.pid).length, 1);
});

test('workers: SIGHUP waits for the first request of a connection, not for another one', { timeout: 60000 }, async (t) => {
  const server = await startServer(t);
  const text = 'GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n';
  const first = await Raw.open(server.port);
  const kept = await say(server.port, text); // opened later: both are with the worker
  assert.equal(kept.status, 200);
  hangup(server);
  await kept.raw.closed(); // the linger is over
  const answer = await first.send(text).answer();
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.connection, 'close', 'of the worker that ends');
  await replaced(server, 1);
});

test('workers: SIGHUP ends the worker also when a connection never sends a request', { timeout: 60000 }, async (t) => {
  const server = await startServer(t);
  const silent = await Raw.open(server.port);
  assert.equal((await fetch(`${server.url}/healthz`)).status, 200); // the worker has both
  hangup(server);
  await silent.closed();
  await replaced(server, 1);
  assert.ok(!server.lines().some((l) => l.event === 'role_died'), 'by itself, not by SIGKILL');
});

test('workers: a killed one is back, and every item is there once', { timeout: 60000 }, async (t) => {
  const server = await startServer(t);
  await underLoad(server, 6, async () => {
    for (let i = 0; i < 3; i++) {
      const [worker] = children(server.pid);
      process.kill(worker.pid, 'SIGKILL');
      await waitFor('another worker', () => children(server.pid).some((c) => c.pid !== worker.pid));
    }
  });
});

test('workers: SIGHUP reads the settings file again; mistakes change nothing', { timeout: 60000 }, async (t) => {
  const file = join(tempDir(t), 'server.conf');
  writeFileSync(file, 'max_batch_items = 2\n');
  const server = await startServer(t, { args: ['--config', file] });
  const limit = async () => (await Layer2.open(server.url)).answer.json.limits.max_items;
  assert.equal(await limit(), 2);
  writeFileSync(file, 'max_batch_items = 7\n');
  hangup(server);
  await replaced(server, 1);
  assert.equal(await limit(), 7);

  const [worker] = children(server.pid);
  writeFileSync(file, 'max_batch_items = 0\nreaders = many\nworkers = 3\n');
  hangup(server);
  await waitFor('the refusal is said', () => server.lines().some((l) => l.event === 'reload_refused' && /nothing is changed/.test(l.msg)));
  const said = server.lines().filter((l) => l.event === 'reload_refused').map((l) => l.msg).join('\n');
  for (const name of ['max_batch_items', 'readers']) assert.match(said, new RegExp(name));
  assert.equal(children(server.pid)[0].pid, worker.pid);
  assert.equal(await limit(), 7);
  // Nor does a worker that dies take up what was refused.
  process.kill(worker.pid, 'SIGKILL');
  await waitFor('another worker', () => children(server.pid)[0] && children(server.pid)[0].pid !== worker.pid);
  assert.equal(await limit(), 7);
});

test('workers: settings that none of them starts with give way to those of before', { timeout: 60000 }, async (t) => {
  const file = join(tempDir(t), 'server.conf');
  const place = 'blobs = s3://pictures?endpoint=http://127.0.0.1:1\ns3_key = k\n';
  writeFileSync(file, `${place}s3_secret = known\nmax_batch_items = 2\n`);
  const server = await startServer(t, { args: ['--config', file] });
  const limit = async () => (await Layer2.open(server.url)).answer.json.limits.max_items;
  assert.equal(await limit(), 2);
  assert.equal((await fetch(`${server.url}/readyz`)).status, 200, 'ready also without a folder of pictures');
  writeFileSync(file, `${place}max_batch_items = 7\n`); // no secret
  hangup(server);
  await waitFor('it is given up', () => server.lines().some((l) => l.event === 'reload_failed'), { ms: 20000 });
  // The secret of before is back too: without it no worker would be.
  assert.equal(await waitFor('a worker answers', () => limit().catch(() => 0), { ms: 20000 }), 2);
  const [worker] = children(server.pid);
  process.kill(worker.pid, 'SIGKILL');
  assert.equal(await waitFor('another one does', () => limit().catch(() => 0), { ms: 20000 }), 2);
});

test('workers: a reload neither drops TLS for others nor changes the kind of database', { timeout: 60000 }, async (t) => {
  const file = join(tempDir(t), 'server.conf');
  writeFileSync(file, 'plain_http = on\n');
  const port = await freePort();
  const server = new Proc(program('worksight-server'), [
    'serve', '--config', file, '--listen', `0.0.0.0:${port}`, '--data', tempDir(t, 'ws-server-'),
  ]);
  t.after(() => server.stop());
  await waitFor('it takes requests', () => server.out.includes('/dashboard/'));
  const worker = children(server.pid)[0].pid;
  for (const [text, said] of [
    ['plain_http = off\n', /can be read on its way/],
    ['plain_http = on\ndb = mysql://nobody@127.0.0.1:1/none\n', /takes a restart/],
  ]) {
    writeFileSync(file, text);
    hangup(server);
    await waitFor('the refusal is said', () => server.lines().some((l) => l.event === 'reload_refused' && said.test(l.msg)));
  }
  assert.equal(children(server.pid)[0].pid, worker);
});

test('workers: commands reach the worker of the day', { timeout: 60000 }, async (t) => {
  const server = await startServer(t);
  for (let i = 1; i <= 2; i++) {
    hangup(server);
    const status = await command(server.data, ['status', '--json']);
    assert.equal(status.code, 0, status.err);
    await replaced(server, i);
  }
});

test('workers: requests of one address are bound to R a second; heartbeats pass', { timeout: 60000 }, async (t) => {
  const R = 40;
  const server = await startServer(t, { args: ['--max-requests-per-peer', String(R), '--behind-proxy', ''] });
  const session = await waitFor('a session', async () => {
    const made = await Layer2.open(server.url);
    return made.answer.status === 201 && made;
  });
  const counts = { passed: 0, refused: 0 };
  const begun = performance.now();
  const flood = async () => {
    while (performance.now() - begun < 3000) {
      const answer = await fetch(`${server.url}/healthz`);
      await answer.arrayBuffer();
      if (answer.status === 429) {
        assert.match(answer.headers.get('retry-after'), /^[1-9]\d*$/);
        counts.refused++;
      } else {
        assert.equal(answer.status, 200);
        counts.passed++;
      }
    }
  };
  const beats = [];
  const beat = async () => {
    while (performance.now() - begun < 3000) beats.push((await session.post('heartbeat')).status);
  };
  await Promise.all([flood(), flood(), flood(), flood(), beat()]);
  const seconds = (performance.now() - begun) / 1000;
  assert.ok(counts.refused > counts.passed, JSON.stringify(counts));
  assert.ok(counts.passed <= R * seconds + R / 4 + 1, `${counts.passed} passed in ${seconds} s`);
  assert.ok(counts.passed >= R * seconds * 0.7, `${counts.passed} passed in ${seconds} s`);
  assert.ok(beats.length > 50 && beats.every((s) => s === 200), 'heartbeats have a lane of their own');
});
