// The stream of hints is cut, the server restarts, a login ends elsewhere: the pages say so and come back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startServer } from '../flow/lib/procs.mjs';
import { aroundFile } from './lib/around.mjs';
import { openTab } from './lib/browser.mjs';
import { furnish, NAME, PASSWORD } from './lib/house.mjs';

let house;
let later = () => {};
aroundFile(async (t) => {
  house = await furnish(t);
  later = t.after;
});
const sessionPath = () => `/dashboard/sessions/${house.agent.id}`;

test('live_page_says_at_once_that_the_server_is_away_and_comes_back_without_a_reload', async () => {
  const tab = await openTab(house.browser, house.server.url, { state: house.state });
  await tab.goto(house.server.url + sessionPath());
  const live = tab.locator('.live');
  await live.getByText('Live', { exact: true }).waitFor();
  for (const part of ['.film-big img', '.law', '.workers', '.chart']) await tab.locator(part).first().waitFor();
  const score = await tab.locator('.moment-score').innerText();
  await house.server.stop();
  const bar = tab.locator('.away');
  await bar.getByText('No answer from the server').waitFor({ timeout: 5_000 });
  await live.getByText('No answer').waitFor();
  assert.deepEqual(await tab.getByRole('alert').allInnerTexts(), []); // said once, and what was known is still there
  assert.equal(await tab.locator('.moment-score').innerText(), score);
  const again = await startServer({ after: later }, { data: house.server.data, port: house.server.port });
  assert.equal(again.url, house.server.url);
  await live.getByText('Live', { exact: true }).waitFor({ timeout: 30_000 });
  await bar.waitFor({ state: 'detached' });
  await house.agent.metrics([{ score: 12.3 }]);
  await tab.locator('.moment-score b', { hasText: '12.3' }).waitFor();
  await tab.context().close();
});

test('page_without_hints_comes_back_too_when_the_server_does', async () => {
  const tab = await openTab(house.browser, house.server.url, { state: house.state });
  let away = true;
  for (const path of ['api/v1/me/logins?**', 'healthz']) await tab.route(`**/${path}`, (r) => (away ? r.abort() : r.continue()));
  await tab.goto(`${house.server.url}/dashboard/account`);
  await tab.getByRole('alert').getByText('No answer from the server').waitFor(); // nothing was known before
  away = false;
  await tab.locator('.logins').waitFor(); // nobody pressed "Try again"
  assert.equal(await tab.locator('.away').count(), 0);
  await tab.context().close();
});

test('live_page_whose_login_was_ended_elsewhere_asks_for_one_and_comes_back', async () => {
  const tab = await openTab(house.browser, house.server.url, { state: house.state });
  await tab.goto(`${house.server.url}/dashboard/sessions?status=online`);
  await tab.locator('.live').getByText('Live', { exact: true }).waitFor();
  // the same login, ended as another tab would
  const status = await tab.evaluate(async () => {
    const { csrf_token } = await (await fetch('/api/v1/me')).json();
    const r = await fetch('/api/v1/logout', { method: 'POST', headers: { 'x-csrf-token': csrf_token } });
    return r.status;
  });
  assert.equal(status, 204);
  await house.agent.metrics([{ score: 44.4 }]); // a hint, a fetch, a refusal
  await tab.waitForURL('**/login?next=**', { timeout: 45_000 });
  await tab.getByLabel('Name').fill(NAME);
  await tab.getByLabel('Password').fill(PASSWORD);
  await tab.getByRole('button', { name: 'Log in', exact: true }).click();
  await tab.waitForURL('**/dashboard/sessions?status=online');
  await tab.context().close();
});
