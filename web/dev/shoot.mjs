// shoot.mjs - pictures of every page, to look at: node dev/shoot.mjs BASE DIR [light|dark] [WIDTH] [NAME=PATH ...]
import { chromium } from 'playwright-core';

const [base, dir, scheme = 'light', width = '1360', ...pages] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});
const context = await browser.newContext({
  colorScheme: scheme,
  viewport: { width: Number(width), height: Number(width) < 600 ? 844 : 900 },
  deviceScaleFactor: Number(width) < 600 ? 2 : 1,
  timezoneId: 'Europe/Athens',
});
const tab = await context.newPage();
tab.on(
  'console',
  (m) => ['error', 'warning'].includes(m.type()) && console.log(`console ${m.type()}: ${m.text()}`),
);
tab.on('pageerror', (e) => console.log(`page error: ${e.stack}`));
for (const one of pages) {
  const at = one.indexOf('=');
  await tab.goto(base + one.slice(at + 1));
  await tab.waitForTimeout(900);
  const wide = await tab.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  if (wide > 0) console.log(`${one}: ${wide} px wider than the window`);
  await tab.screenshot({
    path: `${dir}/${one.slice(0, at)}-${scheme}-${width}.png`,
    fullPage: !one.includes('metric='),
  });
}
await browser.close();
