// The command `serve`: what it says when it can't start, how it stops, and
// that a dead worker is not noticed by those who wait.

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { addUser, Person } from './lib/people.mjs';
import { children, Proc, program, run, startServer, tempDir, waitFor } from './lib/procs.mjs';
import { Raw, say, serve } from './lib/raw.mjs';
import { Layer1, metricBody } from './lib/wire.mjs';

const HOST = 'Host: t\r\n';

test('test_serve_port_in_use_says_who_has_it', async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  t.after(() => other.close());
  await new Promise((done) => other.once('listening', done));
  const address = `127.0.0.1:${other.address().port}`;
  const end = await run(program('worksight-server'), ['serve', '--listen', address, '--data', tempDir(t)]);
  assert.equal(end.code, 1);
  assert.match(end.err, new RegExp(`listen = "${address}" is taken by .*\\(pid ${process.pid}\\)`));
  assert.match(end.err, /→ .*--listen/);
});

test('test_serve_data_in_use_says_who_has_it', async (t) => {
  const first = await serve(t);
  const end = await run(program('worksight-server'), ['serve', '--listen', '127.0.0.1:0', '--data', first.data]);
  assert.equal(end.code, 1);
  assert.match(end.err, new RegExp(`\\(pid ${first.pid}\\) uses data`));
});

test('test_serve_wrong_settings_are_all_named', async () => {
  const end = await run(program('worksight-server'), ['serve', '--readers', '0', '--max-image', '1', '--listen', 'x']);
  assert.equal(end.code, 2);
  for (const name of ['readers', 'max_image', 'listen']) assert.match(end.err, new RegExp(name));
});

test('test_serve_sigterm_finishes_requests_and_ends_soon', async (t) => {
  const server = await serve(t);
  const session = await Layer1.open(server.url);
  const body = JSON.stringify(metricBody());
  const idle = await Raw.open(server.port);
  const busy = await Raw.open(server.port);
  busy.send(
    `POST /api/sessions/${session.id}/ai-metrics/ HTTP/1.1\r\n${HOST}Authorization: Bearer ${session.token}\r\n` +
      `X-Idempotency-Key: last\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 10)}`,
  );
  await say(server.port, `GET /login HTTP/1.1\r\n${HOST}\r\n`); // the loop has read it
  const stopped = server.stop();
  await idle.closed();
  busy.send(body.slice(10));
  const answer = await busy.answer();
  assert.equal(answer.status, 201);
  assert.equal(answer.headers.connection, 'close');
  const ms = await stopped;
  assert.ok(ms < 5000, `${ms} ms`);
  assert.equal(server.end.code, 0);
  await assert.rejects(Raw.open(server.port));
});

test('test_serve_worker_killed_comes_back_and_who_waits_is_served', async (t) => {
  const server = await serve(t);
  for (let i = 0; i < 3; i++) {
    const [worker] = children(server.pid);
    process.kill(worker.pid, 'SIGKILL');
    // Connections made while there is no worker wait in the shared socket.
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => say(server.port, `GET /login HTTP/1.1\r\n${HOST}\r\n`)),
    );
    const served = answers.filter((answer) => answer.status === 200).length;
    // One that the dying worker had accepted is reset; those in the backlog
    // are not.
    assert.ok(served >= 45, `${served} of 50`);
    for (const { raw } of answers) raw.close();
    await waitFor('another worker', () => children(server.pid)[0]?.pid !== worker.pid);
  }
});

test('test_serve_supervisor_killed_takes_its_worker_along', async (t) => {
  const server = await serve(t);
  const [worker] = children(server.pid);
  await server.kill();
  await waitFor('the worker is gone', () => {
    try {
      process.kill(worker.pid, 0);
      return false;
    } catch {
      return true;
    }
  });
  const again = await serve(t, { data: server.data });
  assert.ok(again.port);
});

test('test_serve_beyond_loopback_without_tls_is_refused', async (t) => {
  const args = ['serve', '--listen', '0.0.0.0:0', '--data', tempDir(t)];
  const end = await run(program('worksight-server'), args);
  assert.equal(end.code, 1);
  assert.match(end.err, /listen = "0\.0\.0\.0:0" can be reached by others/);
  for (const way of ['--tls-cert', '--behind-proxy', '--plain-http on']) assert.ok(end.err.includes(way), way);
});

test('test_serve_beyond_loopback_plain_is_served_and_warned_of', async (t) => {
  for (const [args, words] of [
    [['--plain-http', 'on'], /every page says so/],
    [['--behind-proxy', '192.0.2.1'], /only the proxy/],
  ]) {
    const all = ['serve', '--listen', '0.0.0.0:0', '--data', tempDir(t), ...args];
    const proc = new Proc(program('worksight-server'), all);
    t.after(() => proc.stop());
    await waitFor('its warning', () => words.test(proc.out));
    assert.match(proc.out, /plain HTTP/);
    const port = /:(\d+)\/dashboard/.exec(proc.out)[1];
    const page = await fetch(`http://127.0.0.1:${port}/login`, { headers: { Accept: 'text/html' } });
    assert.equal(page.headers.get('x-worksight-warning'), args[0] === '--plain-http' ? 'plain-http' : null);
  }
});

test('test_serve_plain_http_is_told_to_who_logs_in', async (t) => {
  for (const [args, warnings] of [[['--plain-http', 'on'], ['plain-http']], [[], []]]) {
    const server = await startServer(t, { args });
    await addUser(server.data, 'ana', 'viewer');
    const ana = await Person.login(server.url, 'ana');
    assert.deepEqual(ana.me.server.warnings, warnings);
    assert.match(ana.cookie, /^ws=/);
  }
});

test('test_serve_more_workers_than_sqlite_can_have_are_refused', async (t) => {
  const end = await run(program('worksight-server'), ['serve', '--workers', '2', '--data', tempDir(t)]);
  assert.equal(end.code, 2);
  assert.match(end.err, /workers = 2: SQLite has one writer/);
});
