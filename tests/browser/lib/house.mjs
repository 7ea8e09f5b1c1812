// house.mjs - a running server with an account and a session, for the tests of pages.
import assert from 'node:assert/strict';
import { serverCommand, startServer } from '../../flow/lib/procs.mjs';
import { openTab, startBrowser } from './browser.mjs';
import { openSession } from './wire.mjs';

export const NAME = 'ana';
export const PASSWORD = 'three quiet words';

/** The one-time link that `worksight-server setup --link` prints. */
export async function setupLink(server) {
  const made = await serverCommand(server.data, ['setup', '--link']);
  assert.equal(made.code, 0, made.err);
  const token = /\/setup#(\S+)/.exec(made.out)?.[1];
  assert.ok(token, `no link in: ${made.out}`);
  return `${server.url}/setup#${token}`;
}

/** Make the first account by its page; the tab ends on the overview. */
export async function makeAccount(tab, link) {
  await tab.goto(link);
  await tab.getByLabel('Name').fill(NAME);
  await tab.getByLabel('Password').fill(PASSWORD);
  await tab.getByRole('button', { name: 'Make the account and go on' }).click();
  await tab.waitForURL('**/dashboard/');
}

/** Server, browser, a logged-in state, and a session with metrics, health and pictures. */
export async function furnish(t, { username, hostname, version } = {}) {
  // its one heartbeat keeps the session online for a whole file, however slow the machine
  const server = await startServer(t, { args: ['--online', '1h', '--late', '2h'] });
  const browser = await startBrowser(t);
  const tab = await openTab(browser, server.url);
  await makeAccount(tab, await setupLink(server));
  const state = await tab.context().storageState();
  await tab.context().close();

  const agent = await openSession(server.url, { username, hostname, version });
  const now = Date.now();
  const list = Array.from({ length: 60 }, (_, i) => ({
    at: now - (60 - i) * 10_000,
    score: Math.round((60 + 12 * Math.sin(i / 7)) * 100) / 100,
    scored: i % 17 !== 16,
    anomaly: i === 40 ? 0.97 : 0.05,
  }));
  const ids = await agent.metrics(list);
  for (let i = 0; i < 8; i++) await agent.picture(now - (8 - i) * 20_000, i);
  await agent.heartbeat();
  return { server, browser, state, agent, ids, list };
}
