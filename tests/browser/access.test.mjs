// Every page: WCAG rules that axe can judge, both colour schemes, a phone's width, nothing from elsewhere.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aroundFile } from './lib/around.mjs';
import { axeViolations, openTab, PHONE, tooWide } from './lib/browser.mjs';
import { furnish } from './lib/house.mjs';

let house;
aroundFile(async (t) => {
  house = await furnish(t);
});

const PAGES = [
  { name: 'login', path: () => '/login', ready: 'form', anonymous: true },
  { name: 'setup', path: () => '/setup', ready: 'h1', anonymous: true },
  { name: 'overview', path: () => '/dashboard/', ready: '.tiles' },
  { name: 'sessions', path: () => '/dashboard/sessions', ready: '.rows' },
  { name: 'session', path: () => `/dashboard/sessions/${house.agent.id}`, ready: '.film-big img' },
  { name: 'reasons', path: () => `/dashboard/sessions/${house.agent.id}?metric=${house.ids[3]}`, ready: '.parts' },
  { name: 'not_scored', path: () => `/dashboard/sessions/${house.agent.id}?metric=${house.ids[16]}`, ready: '.why-none' },
  { name: 'account', path: () => '/dashboard/account', ready: '.logins' },
  { name: 'admin', path: () => '/admin/', ready: '.rows' },
];

async function visit(page, options) {
  const tab = await openTab(house.browser, house.server.url, {
    ...(page.anonymous ? {} : { state: house.state }),
    ...options,
  });
  await tab.goto(house.server.url + page.path());
  await tab.locator(page.ready).first().waitFor();
  return tab;
}

/** Open what can be unfolded. */
const openAll = (tab) =>
  tab.evaluate(() => {
    for (const d of document.querySelectorAll('details')) d.open = true;
  });

for (const page of PAGES) {
  for (const scheme of ['light', 'dark']) {
    test(`access_${page.name}_in_${scheme}_breaks_no_wcag_rule`, async () => {
      // axe is injected, so this tab alone goes past the CSP
      const tab = await visit(page, { scheme, bypassCSP: true });
      await openAll(tab);
      assert.deepEqual(await axeViolations(tab), []);
      await tab.context().close();
    });
  }
  test(`page_${page.name}_under_the_csp_has_no_error_and_asks_nobody_else`, async () => {
    const tab = await visit(page);
    assert.deepEqual(tab.trouble, []);
    await tab.context().close();
  });
  test(`page_${page.name}_on_a_phone_is_not_wider_than_it`, async () => {
    const tab = await visit(page, { viewport: PHONE });
    await openAll(tab);
    assert.equal(await tooWide(tab), 0);
    assert.deepEqual(tab.trouble, []);
    await tab.context().close();
  });
}
