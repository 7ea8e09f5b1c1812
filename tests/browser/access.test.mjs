// Every page: WCAG rules that axe can judge, both colour schemes, a phone's width, nothing from elsewhere.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aroundFile } from './lib/around.mjs';
import { axeViolations, openTab, PHONE, tooWide } from './lib/browser.mjs';
import { furnish } from './lib/house.mjs';
import { openSession } from './lib/wire.mjs';

let house;
aroundFile(async (t) => {
  house = await furnish(t);
  // a session with every lane: two categories, a silence, a pause, events, an anomaly that is not judged
  house.lanes = await openSession(house.server.url, { hostname: 'lanes' });
  const at = (s) => Date.now() - 1800_000 + s * 1000;
  const anomaly = { mode: 'static', scored: false, learning: true, reason: 'still learning', parts: [] };
  const some = (from, to, category) =>
    Array.from({ length: (to - from) / 10 }, (_, i) => ({ at: at(from + i * 10), features: { category, anomaly } }));
  await house.lanes.metrics([...some(0, 300, 'development'), ...some(600, 900, 'communication'), ...some(1200, 1800, 'unknown')]);
  await house.lanes.events([
    { event: 'pause', at: at(300), reason: 'lunch' },
    { event: 'resume', at: at(600) },
  ]);
});

const PAGES = [
  { name: 'login', path: () => '/login', ready: 'form', anonymous: true },
  { name: 'setup', path: () => '/setup', ready: 'h1', anonymous: true },
  { name: 'overview', path: () => '/dashboard/', ready: '.tiles' },
  { name: 'sessions', path: () => '/dashboard/sessions', ready: '.rows' },
  { name: 'session', path: () => `/dashboard/sessions/${house.agent.id}`, ready: '.film-big img' },
  { name: 'lanes', path: () => `/dashboard/sessions/${house.lanes.id}`, ready: '.lane-event' },
  { name: 'reasons', path: () => `/dashboard/sessions/${house.agent.id}?metric=${house.ids[3]}`, ready: '.parts' },
  { name: 'not_scored', path: () => `/dashboard/sessions/${house.agent.id}?metric=${house.ids[16]}`, ready: '.why-none' },
  { name: 'account', path: () => '/dashboard/account', ready: '.logins' },
  { name: 'admin', path: () => '/admin/', ready: '.server-checks .ok' },
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
