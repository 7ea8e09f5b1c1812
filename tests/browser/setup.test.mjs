// S18: from the one-time link to an account, a login, a new password, and the list of logins.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freePort, serverCommand, startServer } from '../flow/lib/procs.mjs';
import { aroundFile } from './lib/around.mjs';
import { addressOf, axeViolations, openTab, startBrowser } from './lib/browser.mjs';
import { makeAccount, NAME, PASSWORD, setupLink } from './lib/house.mjs';

let server;
let browser;
let firstLink;
aroundFile(async (t) => {
  server = await startServer(t);
  browser = await startBrowser(t);
});

async function logIn(tab, password = PASSWORD, next = '', name = NAME) {
  await tab.goto(`${server.url}/login${next ? `?next=${encodeURIComponent(next)}` : ''}`);
  await tab.getByLabel('Name').fill(name);
  await tab.getByLabel('Password').fill(password);
  await tab.getByRole('button', { name: 'Log in', exact: true }).click();
}

test('setup_by_link_makes_the_account_and_opens_the_overview', async () => {
  firstLink = await setupLink(server);
  const tab = await openTab(browser, server.url);
  await makeAccount(tab, firstLink);
  await tab.getByRole('heading', { level: 2, name: 'Start an agent' }).or(tab.getByText('Start an agent to see its first result')).waitFor();
  assert.ok(await tab.getByRole('button', { name: /Copy the command worksight-agent run/ }).isVisible());
  assert.deepEqual(tab.trouble, []);
  await tab.context().close();
});

test('setup_link_token_leaves_the_address_bar_at_once', async () => {
  const tab = await openTab(browser, server.url);
  await tab.goto(await setupLink(server));
  await tab.getByRole('heading', { name: 'Welcome back' }).waitFor();
  assert.equal((await addressOf(tab)).hash, '');
  await tab.getByRole('button', { name: `Log in as ${NAME}` }).click();
  await tab.waitForURL('**/dashboard/');
  assert.deepEqual(tab.trouble, []);
  await tab.context().close();
});

test('setup_link_used_twice_says_so_and_how_to_get_another', async () => {
  const tab = await openTab(browser, server.url);
  await tab.goto(firstLink);
  await tab.getByRole('heading', { name: 'This link is used up' }).waitFor();
  await tab.getByText('worksight-server setup --link').first().waitFor();
  await tab.context().close();
});

test('setup_without_a_token_says_that_a_link_is_needed', async () => {
  const tab = await openTab(browser, server.url);
  await tab.goto(`${server.url}/setup`);
  await tab.getByRole('heading', { name: 'A one-time link is needed' }).waitFor();
  assert.deepEqual(tab.trouble, []);
  await tab.context().close();
});

test('login_wrong_password_says_so_and_keeps_the_name', async () => {
  const tab = await openTab(browser, server.url);
  await logIn(tab, 'not the password');
  await tab.getByRole('alert').getByText('do not go together').waitFor();
  assert.equal(await tab.getByLabel('Name').inputValue(), NAME);
  assert.equal(await tab.getByLabel('Password').inputValue(), '');
  await tab.context().close();
});

test('login_asked_for_a_page_returns_to_it', async () => {
  const tab = await openTab(browser, server.url);
  await tab.goto(`${server.url}/dashboard/sessions?status=online`);
  await tab.waitForURL('**/login?next=**');
  await tab.getByLabel('Name').fill(NAME);
  await tab.getByLabel('Password').fill(PASSWORD);
  await tab.getByRole('button', { name: 'Log in', exact: true }).click();
  await tab.waitForURL('**/dashboard/sessions?status=online');
  assert.deepEqual(tab.trouble, []);
  await tab.context().close();
});

test('login_with_a_foreign_next_stays_here', async () => {
  for (const next of ['https://example.com/', '//example.com/dashboard/', '/api/v1/me', 'javascript:alert(1)']) {
    const tab = await openTab(browser, server.url);
    await logIn(tab, PASSWORD, next);
    await tab.waitForURL(`${server.url}/dashboard/`);
    assert.deepEqual(tab.trouble, []);
    await tab.context().close();
  }
});

test('logout_ends_the_login_on_the_server', async () => {
  const tab = await openTab(browser, server.url);
  await logIn(tab);
  await tab.getByRole('button', { name: 'Log out' }).click();
  await tab.waitForURL('**/login');
  const status = await tab.evaluate(async () => (await fetch('/api/v1/me')).status);
  assert.equal(status, 401);
  await tab.context().close();
});

test('account_lists_logins_and_ends_another', async () => {
  const other = await openTab(browser, server.url);
  await logIn(other);
  await other.waitForURL('**/dashboard/');
  const tab = await openTab(browser, server.url);
  await logIn(tab);
  await tab.waitForURL('**/dashboard/');
  await tab.getByRole('link', { name: 'Account' }).click();
  await tab.getByText('this one').waitFor();
  await tab.getByRole('button', { name: 'End all others' }).click();
  await tab.getByRole('button', { name: 'End all others' }).waitFor({ state: 'detached' });
  assert.equal(await other.evaluate(async () => (await fetch('/api/v1/me')).status), 401);
  assert.deepEqual(tab.trouble, []);
  await tab.context().close();
  await other.context().close();
});

test('account_password_change_needs_the_current_one_and_works', async () => {
  const next = 'four even quieter words';
  const tab = await openTab(browser, server.url);
  await logIn(tab);
  await tab.waitForURL('**/dashboard/');
  await tab.goto(`${server.url}/dashboard/account`);
  await tab.getByLabel('Current password').fill('not the password');
  await tab.getByLabel('New password').fill(next);
  await tab.getByRole('button', { name: 'Change it' }).click();
  await tab.getByRole('alert').getByText('The current password is another one').waitFor();
  await tab.getByLabel('Current password').fill(PASSWORD);
  await tab.getByRole('button', { name: 'Change it' }).click();
  await tab.getByText('Changed.').waitFor();
  await tab.context().close();
  const again = await openTab(browser, server.url);
  await logIn(again, next);
  await again.waitForURL('**/dashboard/');
  await again.context().close();
});

test('pages_beyond_loopback_without_tls_all_say_that_they_are_not_encrypted', async (t) => {
  const port = await freePort();
  const open = await startServer(t, { port, args: ['--listen', `0.0.0.0:${port}`, '--plain-http', 'on'] });
  const link = await setupLink(open);
  const tab = await openTab(browser, open.url, { bypassCSP: true });
  const warning = tab.getByRole('alert').getByText('This page is not encrypted');
  await tab.goto(`${open.url}/login`);
  await warning.waitFor();
  assert.deepEqual(await axeViolations(tab), []);
  await makeAccount(tab, link);
  await warning.waitFor();
  assert.deepEqual(tab.trouble, []);
  // loopback only: nobody stands between
  await Promise.all([tab.waitForResponse(`${server.url}/healthz`), tab.goto(`${server.url}/login`)]);
  await tab.getByLabel('Name').waitFor();
  assert.equal(await warning.count(), 0);
  await tab.context().close();
});

test('auditor_sees_the_state_of_the_server_the_access_log_and_no_sessions', async () => {
  const args = ['user', 'add', 'otto', '--role', 'auditor', '--password-stdin'];
  const added = await serverCommand(server.data, args, { input: PASSWORD });
  assert.equal(added.code, 0, added.err);
  const tab = await openTab(browser, server.url);
  await logIn(tab, PASSWORD, '/dashboard/', 'otto');
  await tab.getByText('Your roles show no sessions').waitFor();
  assert.equal(await tab.getByRole('navigation').getByText('Sessions').count(), 0);
  await tab.getByRole('link', { name: 'how the server is' }).click();
  await tab.locator('.server-checks li.ok', { hasText: 'database' }).waitFor();
  assert.equal(await tab.getByRole('heading', { name: 'Accounts' }).count(), 0);
  const log = tab.locator('section', { has: tab.getByRole('heading', { name: 'Access log' }) });
  const newest = log.locator('tbody tr').first();
  assert.match(await newest.innerText(), /otto\s+logged in/);
  assert.match(await log.locator('tbody').innerText(), /cli\s+made an account\s+otto · roles auditor/);
  assert.deepEqual(tab.trouble, []);
  await tab.context().close();
});

test('setup_link_that_nobody_answers_for_is_not_called_used_up', async () => {
  const tab = await openTab(browser, server.url);
  let asked = 0;
  await tab.route('**/api/v1/setup', (r) => (asked++ ? r.continue() : r.abort()));
  await tab.goto(await setupLink(server));
  await tab.getByRole('heading', { name: 'The link could not be looked at' }).waitFor();
  await tab.getByRole('button', { name: 'Try again' }).click();
  await tab.getByRole('heading', { name: 'Welcome back' }).waitFor();
  await tab.context().close();
});
