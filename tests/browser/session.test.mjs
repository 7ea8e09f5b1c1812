// S1 to S4 on the real server, fed by the wire: live without a reload, reasons that add up, pictures.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { sqliteChange } from '../flow/lib/procs.mjs';
import { aroundFile } from './lib/around.mjs';
import { addressOf, openTab } from './lib/browser.mjs';
import { furnish } from './lib/house.mjs';
import { openSession } from './lib/wire.mjs';

let house;
aroundFile(async (t) => {
  house = await furnish(t);
});

async function open(path, options) {
  const tab = await openTab(house.browser, house.server.url, { state: house.state, ...options });
  await tab.goto(house.server.url + path);
  return tab;
}
const sessionPath = () => `/dashboard/sessions/${house.agent.id}`;
const close = async (tab) => {
  assert.deepEqual(tab.trouble, []);
  await tab.context().close();
};

test('overview_shows_what_arrived_and_links_to_the_session', async () => {
  const tab = await open('/dashboard/');
  const tile = tab.locator('.tile', { hasText: 'Metrics, 24 h' });
  await tile.getByText('60', { exact: true }).waitFor();
  await tab.locator('.tile', { hasText: 'Pictures, 24 h' }).getByText('8', { exact: true }).waitFor();
  await tab.locator('.tile', { hasText: 'Agents online' }).getByText('1', { exact: true }).waitFor();
  await tab.getByRole('link', { name: 'ana on ws-01' }).click();
  await tab.waitForURL(`**${sessionPath()}`);
  await tab.getByRole('heading', { level: 1, name: 'ana on ws-01' }).waitFor();
  await close(tab);
});

test('overview_counts_a_new_metric_without_a_reload', async () => {
  const tab = await open('/dashboard/');
  const value = tab.locator('.tile', { hasText: 'Metrics, 24 h' }).locator('.tile-value');
  await tab.getByText('Live', { exact: true }).waitFor();
  const before = Number(await value.textContent());
  await house.agent.metrics([{ score: 66.6 }]);
  await tab.waitForFunction((n) => Number(document.querySelectorAll('.tile-value')[1]?.textContent) === n, before + 1);
  await close(tab);
});

test('sessions_filter_stands_in_the_address', async () => {
  const tab = await open('/dashboard/sessions');
  await tab.getByRole('searchbox').fill('nobody-here');
  await tab.getByText('No session matches').waitFor();
  assert.equal((await addressOf(tab)).searchParams.get('q'), 'nobody-here');
  await tab.getByRole('link', { name: 'Show all sessions' }).click();
  await tab.getByRole('link', { name: 'Online', exact: true }).click();
  await tab.getByRole('link', { name: 'ana on ws-01' }).waitFor();
  assert.equal((await addressOf(tab)).searchParams.get('status'), 'online');
  await close(tab);
});

test('sessions_export_saves_what_the_filter_shows', async () => {
  const tab = await open('/dashboard/sessions?status=online&q=ws-01');
  await tab.getByRole('link', { name: 'ana on ws-01' }).waitFor();
  const [csv] = await Promise.all([tab.waitForEvent('download'), tab.getByRole('link', { name: 'CSV' }).click()]);
  assert.equal(csv.suggestedFilename(), 'sessions.csv');
  const lines = readFileSync(await csv.path(), 'utf8').split('\r\n');
  assert.match(lines[0], /^"id","layer","person","username"/);
  assert.equal(lines.length, 3);
  const [json] = await Promise.all([tab.waitForEvent('download'), tab.getByRole('link', { name: 'JSON' }).click()]);
  const saved = JSON.parse(readFileSync(await json.path(), 'utf8'));
  assert.deepEqual(saved.items.map((s) => s.id), [house.agent.id]);
  await close(tab);
});

test('sessions_search_goes_on_past_what_one_request_looks_at', async () => {
  const many = (from, count) =>
    `WITH RECURSIVE n(i) AS (SELECT ${from} UNION ALL SELECT i+1 FROM n WHERE i<${from + count - 1}) INSERT INTO session (id, agent_name, agent_version, hostname, username, ip_address, peer, started_at, created_at, payload) SELECT i, 'many', '1', 'many', 'many', '10.0.0.1', '10.0.0.1', 1, 1, x'' FROM n`;
  const sql = (text) => sqliteChange(join(house.server.data, 'worksight.db'), text);
  await sql(many(1_000_000_000, 9_000));
  const tab = await open('/dashboard/sessions?q=ws-01');
  await tab.getByText('None of the newest sessions matches').waitFor();
  await tab.getByText('Older sessions were not looked at yet.').waitFor();
  await tab.getByRole('button', { name: 'Look further' }).click();
  await tab.getByRole('link', { name: 'ana on ws-01' }).waitFor();
  assert.equal(await tab.getByRole('button', { name: 'Look further' }).count(), 0);
  await sql("DELETE FROM session WHERE username='many' AND id > 1000004000");
  await tab.goto(`${house.server.url}/dashboard/sessions?q=ws-01&status=online`);
  await tab.getByRole('link', { name: 'ana on ws-01' }).waitFor(); // without a click
  await sql("DELETE FROM session WHERE username='many'");
  await close(tab);
});

test('session_shows_a_new_metric_without_a_reload', async () => {
  const tab = await open(sessionPath());
  await tab.getByText('Live', { exact: true }).waitFor();
  await tab.locator('.moment-score').waitFor();
  await tab.evaluate(() => {
    globalThis.notReloaded = true;
  });
  await house.agent.metrics([{ score: 33.3, words: 77 }]);
  await tab.locator('.moment-score b', { hasText: '33.3' }).waitFor();
  await tab.locator('.moment-facts').getByText('77 words read').waitFor();
  assert.equal(await tab.evaluate(() => globalThis.notReloaded), true);
  await close(tab);
});

test('session_shows_a_new_metric_though_its_first_answer_was_slow_and_the_agents_clock_is_ahead', async () => {
  const tab = await openTab(house.browser, house.server.url, { state: house.state });
  await tab.route('**/api/v1/me', async (route) => {
    const answer = await route.fetch();
    await new Promise((late) => setTimeout(late, 1500));
    await route.fulfill({ response: answer });
  });
  await tab.goto(house.server.url + sessionPath());
  await tab.getByText('Live', { exact: true }).waitFor();
  await tab.locator('.moment-score').waitFor();
  const first = await tab.locator('.moment-score b').innerText();
  await house.agent.metrics([{ score: 34.4, at: Date.now() + 1000 }]);
  await tab.locator('.moment-score b', { hasText: '34.4' }).waitFor();
  assert.notEqual(first, '34.4');
  await close(tab);
});

test('session_shows_a_metric_that_came_after_its_first_answer_and_before_its_stream', async () => {
  const tab = await openTab(house.browser, house.server.url, { state: house.state });
  let mayOpen;
  const opened = new Promise((done) => {
    mayOpen = done;
  });
  await tab.route('**/api/v1/events?**', async (route) => {
    await opened;
    await route.continue();
  });
  await tab.goto(house.server.url + sessionPath());
  await tab.locator('.moment-score').waitFor();
  const listening = await openTab(house.browser, house.server.url, { state: house.state });
  await listening.goto(house.server.url + sessionPath());
  await listening.getByText('Live', { exact: true }).waitFor();
  await house.agent.metrics([{ score: 35.5 }]);
  await listening.locator('.moment-score b', { hasText: '35.5' }).waitFor(); // its hint is out
  await close(listening);
  mayOpen();
  await tab.locator('.moment-score b', { hasText: '35.5' }).waitFor();
  await close(tab);
});

test('session_shows_each_worker_queue_and_ledger_law', async () => {
  const tab = await open(sessionPath());
  const health = tab.getByRole('region', { name: 'Health' });
  for (const name of ['outbox', 'capture', 'ai', 'upload', 'heartbeat'])
    assert.match(await health.locator('.worker', { hasText: name }).first().innerText(), /alive/);
  await health.getByText('2 waiting, oldest 4 s').waitFor();
  await house.agent.heartbeat({ workers: [{ name: 'capture', alive: false, restarts: 3, busy_ms: 0 }] });
  await health.getByText('not alive, started again 3 times').waitFor();
  await house.agent.heartbeat({ clock_offset_ms: 90_000, queue: { pending: 1, oldest_s: 900, dead: 1, bytes: 9 } });
  await health.getByText('2 min behind').waitFor(); // the server's clock is 90 s further
  const notes = tab.locator('.attention');
  await notes.getByText("the computer's clock is 90 s behind").waitFor();
  await notes.getByText('1 item waits on the computer, the oldest for 15 min').waitFor();
  await notes.getByText('1 item was refused and kept aside on the computer').waitFor();
  await house.agent.heartbeat();
  const law = (await tab.locator('.law').innerText()).match(/[\d,]+/g).map((n) => Number(n.replace(',', '')));
  assert.equal(law[0], law[1] + law[2] + law[3] + law[4], `law: ${law}`);
  await tab.getByText('Every item is accounted for.').waitFor();
  await close(tab);
});

test('reasons_button_is_in_sight_at_once_and_leaves_the_page_live', async () => {
  const tab = await open(sessionPath());
  const why = tab.getByRole('button', { name: 'Why this score', exact: true });
  await why.waitFor();
  const box = await why.boundingBox();
  assert.ok(box.y + box.height < 500, `at ${box.y} px`);
  assert.equal(await tab.getByRole('button', { name: /why/i }).first().innerText(), 'Why this score');
  await why.focus();
  await tab.keyboard.press('Enter');
  const drawer = tab.getByRole('dialog', { name: 'Why this score' });
  await drawer.locator('[data-total]').waitFor();
  await tab.keyboard.press('Escape');
  await drawer.waitFor({ state: 'hidden' });
  assert.ok(await why.evaluate((e) => e === document.activeElement));
  assert.equal((await addressOf(tab)).search, '');
  await tab.getByRole('button', { name: /^Show all \d/ }).click(); // the first rows are scored ones
  await tab.getByRole('button', { name: /^Why not scored, \d\d:/ }).first().click();
  await tab.getByRole('dialog', { name: 'Why not scored' }).waitFor();
  await close(tab);
});

test('reasons_shown_points_sum_to_the_shown_score', async () => {
  const tab = await open(sessionPath());
  const [id] = await house.agent.metrics([{ score: 71.43 }]);
  await tab.goto(`${house.server.url}${sessionPath()}?metric=${id}`);
  const drawer = tab.getByRole('dialog', { name: 'Why this score' });
  await drawer.getByTestId('score').waitFor();
  const points = await drawer.locator('[data-points]').evaluateAll((all) => all.map((e) => Number(e.dataset.points)));
  const total = Number(await drawer.locator('[data-total]').getAttribute('data-total'));
  assert.ok(points.length >= 4, `rows: ${points}`);
  assert.equal(Math.round(points.reduce((a, b) => a + b, 0) * 10), Math.round(total * 10));
  assert.equal(await drawer.getByTestId('score').textContent(), total.toFixed(1));
  assert.equal(total, 71.4);
  await drawer.getByText('an editor is a focus application').waitFor();
  await tab.keyboard.press('Escape');
  await drawer.waitFor({ state: 'hidden' });
  assert.equal((await addressOf(tab)).searchParams.get('metric'), null);
  await close(tab);
});

test('reasons_of_an_abstained_metric_say_not_scored_and_why', async () => {
  const [id] = await house.agent.metrics([{ scored: false }]);
  const tab = await open(`${sessionPath()}?metric=${id}`);
  const drawer = tab.getByRole('dialog', { name: 'Why not scored' });
  await drawer.getByText('Not scored', { exact: true }).waitFor();
  await drawer.getByText('too little was seen to judge: OCR is away').waitFor();
  assert.equal(await drawer.locator('[data-total]').count(), 0);
  await close(tab);
});

test('reasons_while_learning_say_that_nothing_is_judged_yet', async () => {
  const reason = 'too little has been seen to know what is usual';
  const learning = { mode: 'static', scored: false, learning: true, reason, parts: [] };
  const [id] = await house.agent.metrics([{ anomaly: 0, features: { anomaly: learning } }]);
  const tab = await open(`${sessionPath()}?metric=${id}`);
  await tab.getByRole('dialog').getByText(reason).waitFor();
  await tab.keyboard.press('Escape');
  await tab.locator('.chart', { hasText: 'Anomaly' }).getByText('learning', { exact: true }).waitFor();
  await tab.locator('.moment-facts').getByText('learning what is usual').waitFor();
  await close(tab);
});

test('lanes_show_categories_silences_pauses_and_events_on_the_same_axis', async () => {
  const agent = await openSession(house.server.url, { hostname: 'lanes' });
  const now = Date.now();
  const at = (s) => now - 1800_000 + s * 1000;
  const some = (from, to, category) => Array.from({ length: (to - from) / 10 }, (_, i) => ({ at: at(from + i * 10), features: { category } }));
  await agent.metrics([...some(0, 300, 'development'), ...some(600, 900, 'communication'), ...some(1200, 1800, 'development')]);
  await agent.events([{ event: 'pause', at: at(300), reason: 'lunch' }, { event: 'resume', at: at(600) }]);
  const tab = await open(`/dashboard/sessions/${agent.id}`);
  const lane = (name) => tab.locator('.lane', { hasText: name });
  await lane('Worked with').locator('.lane-block').nth(2).waitFor();
  assert.equal(await lane('Agent').locator('.paused').count(), 1);
  assert.equal(await lane('Agent').locator('.silent').count(), 1);
  assert.equal(await lane('Events').locator('.lane-event').count(), 2);
  assert.equal(await tab.locator('.lane', { hasText: 'Recordings' }).count(), 0);
  // the axis: the lanes begin and end where the charts do
  const plot = await tab.locator('.plot .u-over').first().boundingBox();
  const band = await lane('Worked with').locator('.lane-band').boundingBox();
  assert.ok(Math.abs(plot.x - band.x) <= 1 && Math.abs(plot.x + plot.width - band.x - band.width) <= 1, JSON.stringify([plot, band]));
  await tab.getByText('What happened, as a table').click();
  const rows = await tab.getByRole('region', { name: 'What happened' }).getByRole('row').allInnerTexts();
  for (const what of [/Worked with\tdevelopment/, /Worked with\tcommunication/, /Agent\tPaused\tlunch/, /Agent\tNot observing/, /Events\tResumed/])
    assert.ok(rows.some((r) => what.test(r)), `${what} is not in\n${rows.join('\n')}`);
  // a click in the lane picks the moment, keys move it on
  await lane('Worked with').locator('.lane-band').click({ position: { x: band.width / 2, y: 10 } });
  await tab.getByText('The chosen moment').waitFor();
  assert.match(await lane('Worked with').locator('output').innerText(), /communication/);
  const before = (await addressOf(tab)).searchParams.get('at');
  await tab.keyboard.press('ArrowLeft');
  await tab.waitForFunction((t) => new URL(location.href).searchParams.get('at') !== t, before);
  assert.ok((await addressOf(tab)).searchParams.get('at') < before);
  await tab.keyboard.press('ArrowRight');
  await close(tab);
});

test('pictures_step_by_keys_and_the_address_keeps_the_moment', async () => {
  const tab = await open(sessionPath());
  const big = tab.locator('.film-big img');
  await big.waitFor();
  await tab.waitForFunction(() => document.querySelector('.film-big img')?.naturalWidth === 640);
  const newest = await big.getAttribute('src');
  await tab.keyboard.press('ArrowLeft');
  await tab.waitForFunction((src) => document.querySelector('.film-big img')?.getAttribute('src') !== src, newest);
  const older = await big.getAttribute('src');
  assert.ok((await addressOf(tab)).searchParams.get('at'));
  await tab.reload();
  await big.waitFor();
  assert.equal(await big.getAttribute('src'), older);
  await tab.keyboard.press('l');
  await tab.waitForFunction((src) => document.querySelector('.film-big img')?.getAttribute('src') === src, newest);
  await close(tab);
});

test('pictures_play_by_the_space_bar_and_stop_by_it', async () => {
  const tab = await openTab(house.browser, house.server.url, { state: house.state });
  await tab.clock.install();
  await tab.goto(house.server.url + sessionPath());
  const big = tab.locator('.film-big img');
  await big.waitFor();
  const shown = async () => Number(/screenshots\/(\d+)\//.exec(await big.getAttribute('src'))[1]);
  const newest = await shown();
  await tab.clock.pauseAt(Date.now() + 60_000); // it plays as fast as the test looks
  await tab.keyboard.press(' '); // from the first, as the newest is shown
  await tab.clock.runFor(100);
  await tab.getByRole('button', { name: 'Stop' }).waitFor();
  const seen = [await shown()];
  for (let i = 0; i < 2; i++) {
    await tab.clock.runFor(700);
    seen.push(await shown());
  }
  await tab.keyboard.press(' ');
  await tab.clock.runFor(5000);
  await tab.getByRole('button', { name: 'Play the pictures' }).waitFor();
  assert.ok(seen[0] < seen[1] && seen[1] < seen[2] && seen[2] < newest, `${seen} of ${newest}`);
  assert.equal(await shown(), seen[2]);
  await close(tab);
});

test('charts_pointer_shows_the_value_there_and_a_drag_sets_the_stretch', async () => {
  const tab = await open(sessionPath());
  const plot = tab.locator('.plot .u-over').first();
  await plot.waitFor();
  const box = await plot.boundingBox();
  await tab.mouse.move(box.x + box.width * 0.5, box.y + 40);
  await tab.mouse.down();
  await tab.mouse.move(box.x + box.width * 0.8, box.y + 40, { steps: 5 });
  await tab.mouse.up();
  await tab.waitForURL(/from=.*to=/);
  await tab.getByRole('link', { name: /Back to the newest/ }).click();
  await tab.waitForURL((u) => !u.searchParams.has('from'));
  await close(tab);
});

test('charts_have_a_table_twin_and_a_scrubber_for_keys', async () => {
  const tab = await open(`${sessionPath()}?range=all`);
  const charts = tab.getByRole('region', { name: 'Scores over time' });
  await charts.getByText('Scores, as a table').click();
  assert.ok((await charts.getByRole('row').count()) > 20);
  const scrubber = tab.getByRole('slider', { name: 'Moment' });
  await scrubber.focus();
  await tab.keyboard.press('ArrowLeft');
  await tab.waitForURL(/at=/);
  assert.match(await scrubber.getAttribute('aria-valuetext'), /productivity/);
  await close(tab);
});

test('times_about_a_change_of_clocks_say_their_own_offset_and_turn_to_utc', async () => {
  const agent = await openSession(house.server.url, { hostname: 'autumn' });
  const moments = ['2025-10-26T00:59:50Z', '2025-10-26T01:00:10Z']; // Athens goes back from 4 to 3 o'clock
  const ids = await agent.metrics(moments.map((t) => ({ at: Date.parse(t) })));
  const tab = await open(`/dashboard/sessions/${agent.id}?metric=${ids[0]}`);
  const when = tab.locator('.why-when');
  await when.getByText('26 Oct 2025, 03:59:50 UTC+3').waitFor();
  await tab.goto(`${house.server.url}/dashboard/sessions/${agent.id}?metric=${ids[1]}`);
  await when.getByText('26 Oct 2025, 03:00:10 UTC+2').waitFor();
  await tab.keyboard.press('Escape');
  await tab.getByRole('dialog').waitFor({ state: 'hidden' });
  await tab.keyboard.press('t');
  await tab.getByRole('region', { name: 'The newest moment' }).getByText('26 Oct 2025, 01:00:10 UTC', { exact: true }).waitFor();
  await close(tab);
});

test('keys_sheet_opens_by_question_mark_and_g_s_goes_to_sessions', async () => {
  const tab = await open('/dashboard/');
  await tab.getByRole('heading', { level: 1 }).waitFor();
  await tab.keyboard.press('?');
  await tab.getByRole('dialog', { name: 'Keys' }).waitFor();
  await tab.keyboard.press('Escape');
  await tab.getByRole('dialog', { name: 'Keys' }).waitFor({ state: 'hidden' });
  await tab.keyboard.press('g');
  await tab.keyboard.press('s');
  await tab.waitForURL('**/dashboard/sessions');
  await tab.keyboard.press('/');
  assert.ok(await tab.getByRole('searchbox').evaluate((e) => e === document.activeElement));
  await close(tab);
});

test('session_that_is_not_there_says_so_with_the_request_id', async () => {
  const tab = await open('/dashboard/sessions/999999');
  const box = tab.getByRole('alert');
  await box.waitFor();
  assert.match(await box.innerText(), /Request \S+/);
  tab.trouble = tab.trouble.filter((line) => !line.includes('404'));
  await close(tab);
});

test('server_that_went_away_is_said_in_words', async () => {
  const tab = await open('/dashboard/sessions');
  await tab.getByRole('link', { name: 'ana on ws-01' }).waitFor();
  await tab.route('**/api/v1/sessions?**', (r) => r.abort());
  await tab.getByRole('link', { name: 'Late', exact: true }).click();
  await tab.getByRole('alert').getByText('No answer from the server').waitFor();
  await tab.context().close();
});
