// log_all: what people are told stands in the log, which is JSON, line by line.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { addUser, Person, PASSWORD } from './lib/people.mjs';
import { program, run, startServer, tempDir, waitFor } from './lib/procs.mjs';

const linesOf = (text) => text.trim().split('\n').map((line) => JSON.parse(line));
const served = (server) => waitFor('it says where', () => server.err.includes('"event":"serving"'));

test('log_all: every line is JSON, and the set-up link that stands in one makes the first account', async (t) => {
  const server = await startServer(t, { args: ['--log-all', 'on'] });
  await served(server);
  assert.equal(server.out, '');
  const lines = linesOf(server.err);
  assert.match(lines.find((l) => l.event === 'serving').msg, new RegExp(`${server.url}/dashboard/`));
  const links = lines.filter((l) => l.event === 'setup_link');
  assert.equal(links.length, 1);
  const [, token] = new RegExp(`${server.url}/setup#(wsl_[0-9a-f]{64})$`).exec(links[0].msg);
  const made = await Person.post(server.url, '/api/v1/setup', { token, use: true, name: 'ana', password: PASSWORD });
  assert.equal(made.status, 200, made.text);
});

test('log_all: with an account, no link is made; without log_all, none is ever written', async (t) => {
  const data = tempDir(t);
  await addUser(data, 'ana', 'admin');
  const server = await startServer(t, { data, args: ['--log-all', 'on'] });
  await served(server);
  assert.doesNotMatch(server.err, /wsl_/);
  const quiet = await startServer(t);
  await waitFor('it says where', () => quiet.out.includes('/dashboard/'));
  assert.doesNotMatch(quiet.err + quiet.out, /wsl_/);
});

test('log_all: why it does not start is a line of the log', async (t) => {
  const server = await startServer(t);
  const { code, out, err } = await run(program('worksight-server'), [
    'serve', '--log-all', 'on', '--listen', `127.0.0.1:${server.port}`, '--data', tempDir(t),
  ]);
  assert.equal(code, 1);
  assert.equal(out, '');
  const why = linesOf(err).find((l) => l.event === 'not_started');
  assert.match(why.msg, /is taken by .*choose another port/);
});
