// Text from the wire is text on the pages: names, versions, features and errors that would like to be more.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aroundFile } from './lib/around.mjs';
import { openTab } from './lib/browser.mjs';
import { furnish } from './lib/house.mjs';

const EVIL = [
  '<img src=x onerror=alert(1)>',
  '"><script>alert(2)</script>',
  "javascript:alert(3)//'\"",
  '</style><svg/onload=alert(4)>',
  '{{7*7}}${7*7}\u202e\u0000\u2028'.replace('\u0000', ''),
];
let house;
let metric;
aroundFile(async (t) => {
  house = await furnish(t, { username: EVIL[0], hostname: EVIL[1], version: '<b>1</b>' });
  [metric] = await house.agent.metrics([
    {
      features: {
        category: EVIL[3],
        values: { [EVIL[0]]: EVIL[1], nested: { [EVIL[2]]: EVIL[3] } },
        productivity: {
          base: 50,
          contributions: [{ name: EVIL[0], value: EVIL[1], weight: 1, contribution: 21.4, text: EVIL[3] }],
        },
        anomaly: { parts: [{ name: EVIL[1], value: EVIL[0], expected: 0, scale: 1, contribution: 0.1 }] },
      },
      members: {
        source_ref: EVIL[2],
        error_code: EVIL[0],
        error_message: EVIL.join(' '),
        model_info: { [EVIL[1]]: EVIL[0], deep: [EVIL[3]] },
      },
    },
  ]);
  await house.agent.heartbeat({ state: EVIL[0], workers: [{ name: EVIL[0], alive: true, restarts: 0 }] });
});

for (const [name, path] of [
  ['overview', () => '/dashboard/'],
  ['sessions', () => '/dashboard/sessions'],
  ['session', () => `/dashboard/sessions/${house.agent.id}`],
  ['reasons', () => `/dashboard/sessions/${house.agent.id}?metric=${metric}`],
]) {
  test(`xss_hostile_text_on_${name}_stays_text`, async () => {
    const tab = await openTab(house.browser, house.server.url, { state: house.state });
    await tab.goto(house.server.url + path());
    await tab.getByText(EVIL[0]).first().waitFor();
    if (name === 'reasons') await tab.locator('.why-details summary').click();
    assert.equal(await tab.locator('img[src="x"], #app script, svg[onload], #app style').count(), 0);
    assert.deepEqual(tab.trouble, []);
    await tab.context().close();
  });
}

test('xss_hostile_search_stays_text', async () => {
  const tab = await openTab(house.browser, house.server.url, { state: house.state });
  await tab.goto(`${house.server.url}/dashboard/sessions?q=${encodeURIComponent(EVIL[1])}`);
  await tab.getByRole('link', { name: EVIL[0] }).first().waitFor();
  assert.deepEqual(tab.trouble, []);
  await tab.context().close();
});
