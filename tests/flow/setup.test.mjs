// The one-time link: the first account, and a way back in.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PASSWORD, Person, command } from './lib/people.mjs';
import { startServer } from './lib/procs.mjs';

test('setup: a link makes the first account once, and later ones log it in', async (t) => {
  const fresh = await startServer(t);
  const link = async () => {
    const made = await command(fresh.data, ['setup', '--link', '--listen', `127.0.0.1:${fresh.port}`]);
    assert.equal(made.code, 0, made.err);
    assert.match(made.out, new RegExp(`^http://127\\.0\\.0\\.1:${fresh.port}/setup#wsl_[0-9a-f]{64}\n$`));
    return made.out.trim().split('#')[1];
  };
  const use = (body) => Person.post(fresh.url, '/api/v1/setup', body);
  const first = await link();
  const second = await link();
  const look = await use({ token: first });
  assert.equal(look.status, 200);
  assert.equal(look.json.purpose, 'first_account');
  assert.equal((await use({ token: first, use: true, name: 'a b', password: PASSWORD })).status, 400);
  assert.equal((await use({ token: first, use: true, name: 'ana', password: 'short' })).status, 400);
  const made = await use({ token: first, use: true, name: 'ana', password: PASSWORD });
  assert.equal(made.status, 200, made.text);
  assert.deepEqual([...made.json.me.roles].sort(), ['admin', 'reviewer']);
  const ana = Person.of(fresh.url, made, made.json.me);
  assert.equal((await ana.ask('/api/v1/users')).status, 200);
  // Neither the used link nor the other first-account link makes another one.
  assert.equal((await use({ token: first, use: true, name: 'eve', password: PASSWORD })).status, 403);
  assert.equal((await use({ token: second, use: true, name: 'eve', password: PASSWORD })).status, 403);
  assert.deepEqual((await ana.get('/api/v1/users')).items.map((u) => u.name), ['ana']);
  const later = await link();
  assert.equal((await use({ token: later })).json.purpose, 'sign_in');
  const back = await use({ token: later, use: true });
  assert.equal(back.json.me.name, 'ana');
  assert.equal((await use({ token: later, use: true })).status, 403);
  assert.equal((await use({ token: 'wsl_guess', use: true })).status, 403);
});

test('setup: twenty uses at once of one link make one account', async (t) => {
  const fresh = await startServer(t);
  const made = await command(fresh.data, ['setup', '--link', '--json']);
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      Person.post(fresh.url, '/api/v1/setup', { token: made.json.token, use: true, name: `u${i}`, password: PASSWORD }),
    ),
  );
  assert.equal(answers.filter((a) => a.status === 200).length, 1);
  assert.ok(answers.every((a) => [200, 403, 503].includes(a.status)));
});

test('setup: many links that are not good close the address for a while', async (t) => {
  const fresh = await startServer(t);
  const guess = () => Person.post(fresh.url, '/api/v1/setup', { token: 'wsl_guess' });
  for (let i = 0; i < 5; i++) assert.equal((await guess()).status, 403);
  assert.equal((await guess()).status, 429);
});
