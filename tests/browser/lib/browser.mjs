// browser.mjs - Chromium as a test sees it: a tab that remembers everything that went wrong in it.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const top = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const require = createRequire(join(top, 'web/package.json'));
const { chromium } = require('playwright-core');
const axeSource = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
export const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1280, height: 900 };

/** One Chromium for a test file; it ends with it. */
export async function startBrowser(t) {
  const browser = await chromium.launch({ executablePath: process.env.WS_CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
  t.after(() => browser.close());
  return browser;
}

/**
 * A tab of its own context. tab.trouble lists console errors, page errors, CSP violations and requests that
 * left `base`; a test ends with assert.deepEqual(tab.trouble, []).
 */
export async function openTab(browser, base, { scheme = 'light', viewport = DESKTOP, bypassCSP = false, state } = {}) {
  const context = await browser.newContext({
    colorScheme: scheme,
    viewport,
    bypassCSP,
    timezoneId: 'Europe/Athens',
    locale: 'en-GB',
    reducedMotion: 'reduce',
    ...(state ? { storageState: state } : {}),
  });
  const tab = await context.newPage();
  tab.trouble = [];
  tab.on('console', (m) => {
    if (m.type() === 'error' || m.type() === 'warning') tab.trouble.push(`console: ${m.text()}`);
  });
  tab.on('pageerror', (e) => tab.trouble.push(`page: ${e.message}`));
  tab.on('dialog', (d) => {
    tab.trouble.push(`dialog: ${d.message()}`);
    void d.dismiss();
  });
  tab.on('request', (r) => {
    const url = r.url();
    if (!url.startsWith(base) && !url.startsWith('blob:')) tab.trouble.push(`request left the server: ${url}`);
  });
  tab.setDefaultTimeout(15_000);
  return tab;
}

/** Rules of WCAG 2.0 A to 2.2 AA that axe can judge; the list of what is violated, in a line each. */
export async function axeViolations(tab) {
  await tab.evaluate(axeSource);
  const found = await tab.evaluate(() =>
    globalThis.axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
      resultTypes: ['violations'],
    }),
  );
  return found.violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(' ')}: ${n.failureSummary}`));
}

/** The address as the page has it now; tab.url() hears of a push later. */
export const addressOf = async (tab) => new URL(await tab.evaluate(() => location.href));

/** By how many pixels a page is wider than its window. */
export const tooWide = (tab) =>
  tab.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
