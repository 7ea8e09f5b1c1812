// capture_x11.test.mjs - the x11 source and the badge on real X servers: what
// is grabbed is what is shown, what must not be seen is not there, and what
// cannot be told is not claimed.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import {
  Talker,
  differences,
  on,
  overTcp,
  screenshot,
  startDisplay,
  startManager,
  startTerminal,
  x,
} from './lib/display.mjs';
import { Proc, program, run, tempDir, waitFor } from './lib/procs.mjs';

const GRAY = 0x80;

/** The source x11 by hand: grab() gives its answer and the pixels. */
function openSource(t, display, ...more) {
  const talker = new Talker(t, program('tests/capture/capture_probe'), ['x11', display, ...more]);
  const file = join(tempDir(t, 'ws-grab-'), 'pixels');
  talker.grab = async () => {
    const answer = await talker.ask(`grab ${file}`);
    if (answer.pixels) answer.data = readFileSync(file);
    return answer;
  };
  return talker;
}

/** Grab until the grab equals what xwd sees (programs take time to draw). */
async function grabsTheScreen(t, display, source) {
  return waitFor('the grab equals the screen', async () => {
    const shown = await screenshot(t, display);
    const grab = await source.grab();
    const now = await screenshot(t, display);
    if (differences(shown.data, now.data)) return false;
    assert.equal(differences(grab.data, now.data), 0);
    return grab;
  });
}

/** An xterm that writes a line, waits a little, and writes the next; a process
 * group of its own, so that all of it can be stopped at once. */
class Busy extends Proc {
  constructor(t, display, at, every) {
    const script = 'i=0; while :; do i=$((i+1)); echo "$i $0 $i"; sleep "$0"; done';
    super('xterm', ['-class', 'Busy', '-geometry', at, '-e', 'sh', '-c', script, every], {
      ...on(display),
      detached: true,
    });
    t.after(() => this.kill());
  }
}

function colorAt(grab, px, py) {
  const at = (py * grab.width + px) * 4;
  return [...grab.data.subarray(at, at + 3)];
}

async function place(display, window) {
  const text = await x(display, 'xdotool', 'getwindowgeometry', '--shell', window);
  return Object.fromEntries(text.trim().split('\n').map((row) => row.split('=')));
}

async function centre(display, window) {
  const g = await place(display, window);
  return [Number(g.X) + (Number(g.WIDTH) >> 1), Number(g.Y) + (Number(g.HEIGHT) >> 1)];
}

test('every source keeps the contract on a display that never rests', async (t) => {
  const { display } = await startDisplay(t);
  for (const [at, every] of [['60x20+20+20', '0.002'], ['80x10+600+500', '0.01']])
    new Busy(t, display, at, every);
  await waitFor('the programs are shown', async () =>
    (await x(display, 'xdotool', 'search', '--onlyvisible', '--class', 'Busy')).trim().split('\n').length === 2,
  );
  const result = await run(program('tests/capture/test_capture'), [], {
    env: { DISPLAY: display, CMOCKA_MESSAGE_OUTPUT: 'TAP' },
  });
  assert.equal(result.code, 0, result.out);
  assert.doesNotMatch(result.out, /skipped/);
});

test('what was drawn while it was grabbed is there at the end', async (t) => {
  const { display } = await startDisplay(t);
  const source = openSource(t, display);
  const busy = new Busy(t, display, '100x30+100+60', '0.001');
  for (let i = 0; i < 60; i++) await source.grab();
  process.kill(-busy.pid, 'SIGSTOP');
  await grabsTheScreen(t, display, source);
  process.kill(-busy.pid, 'SIGCONT');
});

test('what is drawn where drawing was told of already is grabbed the next time', async (t) => {
  const server = await startDisplay(t);
  const paint = (colour) => x(server.display, 'xsetroot', '-solid', colour);
  // DAMAGE is emptied (its request 3, of 16 bytes); what follows waits for `go`.
  const emptied = Buffer.from([3, 4, 0]);
  let go;
  let held;
  const display = await overTcp(t, server, (chunk, near) => {
    const at = chunk.indexOf(emptied) - 1;
    if (!go || held || at < 0) return void (held ? held.push(chunk) : near.write(chunk));
    near.write(chunk.subarray(0, at + 16));
    held = [chunk.subarray(at + 16)];
    go.then(() => {
      for (const part of held) near.write(part);
      go = held = undefined;
    });
  });
  const source = openSource(t, display);
  await paint('red');
  await grabsTheScreen(t, server.display, source);
  let release;
  go = new Promise((done) => (release = done));
  const grab = source.grab();
  await waitFor('DAMAGE is emptied', () => held);
  await paint('green');
  release();
  await grab;
  await paint('blue'); // within what green was told of
  const shown = await screenshot(t, server.display);
  assert.equal(differences((await source.grab()).data, shown.data), 0);
});

test('what is grabbed is what is shown, whole and in parts', async (t) => {
  const { display } = await startDisplay(t);
  await startManager(t, display);
  const source = openSource(t, display);
  const empty = await grabsTheScreen(t, display, source);
  assert.equal(empty.tiles, 20 * 13);

  const term = await startTerminal(t, display, { title: 'notes', text: 'first line' });
  await x(display, 'xdotool', 'windowfocus', '--sync', term.window);
  await grabsTheScreen(t, display, source);
  const still = await source.grab();
  assert.deepEqual([still.changed, still.dirty_rows], [0, 0]);
  assert.equal(still.app, 'XTerm');
  assert.equal(still.title, 'notes');

  for (const word of ['alpha', 'beta', 'gamma', 'delta']) {
    await x(display, 'xdotool', 'type', '--delay', '1', word);
    const typed = await waitFor('a tile changed', async () => {
      const grab = await source.grab();
      return grab.changed > 0 && grab;
    });
    assert.ok(typed.changed <= 4, `${typed.changed} tiles for one word`);
    assert.ok(typed.dirty_rows < 200, `${typed.dirty_rows} rows`);
    await grabsTheScreen(t, display, source);
  }
});

test('pixels come over the connection where there is no MIT-SHM', async (t) => {
  const { display } = await startDisplay(t, { args: ['-extension', 'MIT-SHM'] });
  const source = openSource(t, display);
  await startTerminal(t, display, { title: 'remote', text: 'far away' });
  await grabsTheScreen(t, display, source);
  assert.match(source.proc.err, /no MIT-SHM/);
});

test('pixels come over the connection from another machine', async (t) => {
  const server = await startDisplay(t);
  const source = openSource(t, await overTcp(t, server));
  await startTerminal(t, server.display, { title: 'remote', text: 'farther away' });
  await grabsTheScreen(t, server.display, source);
  assert.match(source.proc.err, /not of this machine/);
});

test('without DAMAGE the comparison alone tells what changed', async (t) => {
  const { display } = await startDisplay(t, { args: ['-extension', 'DAMAGE'] });
  const source = openSource(t, display);
  await grabsTheScreen(t, display, source);
  assert.equal((await source.grab()).changed, 0);
  await startTerminal(t, display, { title: 'seen', text: 'anyway' });
  assert.ok((await source.grab()).changed > 0);
  await grabsTheScreen(t, display, source);
});

test('a 16-bit screen is refused, not misread', async (t) => {
  const { display } = await startDisplay(t, { size: '640x480x16' });
  const source = openSource(t, display);
  assert.deepEqual(await source.ask('facts'), { error: 'WS_INVALID' });
  await waitFor('why', () => /only 24 and 32 bits/.test(source.proc.err));
});

test('no display, and a Wayland session, are said and not guessed', async (t) => {
  const probe = program('tests/capture/capture_probe');
  const none = await run(probe, ['auto'], { env: { DISPLAY: '', WAYLAND_DISPLAY: '' } });
  assert.equal(none.out, '{"error":"WS_NOTFOUND"}\n');
  assert.match(none.err, /set DISPLAY/);
  const wayland = await run(probe, ['auto'], { env: { DISPLAY: '', WAYLAND_DISPLAY: 'wayland-0' } });
  assert.equal(wayland.out, '{"error":"WS_NOTFOUND"}\n');
  assert.match(wayland.err, /Wayland comes in a later version/);
});

test('input is counted and idle time is told, and nothing more', async (t) => {
  const { display } = await startDisplay(t);
  await startManager(t, display);
  await startTerminal(t, display, { title: 'typed' });
  const source = openSource(t, display);
  await source.ask('facts');
  await x(display, 'xdotool', 'type', '--delay', '5', 'xylophone');
  await x(display, 'xdotool', 'click', '1', 'click', '1');
  await x(display, 'xdotool', 'mousemove', '30', '30', 'mousemove', '90', '90');
  const facts = await source.ask('facts');
  assert.deepEqual([facts.keys, facts.buttons, facts.counted], [9, 2, true]);
  assert.ok(facts.idle_ms >= 0 && facts.idle_ms < 5000, `${facts.idle_ms}`);
  await x(display, 'xdotool', 'type', 'zz');
  await source.ask('forget');
  const after = await source.ask('facts');
  assert.deepEqual([after.keys, after.buttons], [0, 0]);
  await waitFor('idle time grows', async () => (await source.ask('facts')).idle_ms > 400);
  assert.doesNotMatch(source.proc.err + JSON.stringify(facts), /xylophone/);
});

test('input counts can be off', async (t) => {
  const { display } = await startDisplay(t);
  const source = openSource(t, display, 'no-counts');
  await source.ask('facts');
  await x(display, 'xdotool', 'key', 'a', 'b');
  const facts = await source.ask('facts');
  assert.deepEqual([facts.keys, facts.counted], [0, false]);
});

test('the active window is told with a manager and without one', async (t) => {
  const { display } = await startDisplay(t);
  const one = await startTerminal(t, display, { title: 'window one' });
  const source = openSource(t, display);
  await x(display, 'xdotool', 'windowfocus', '--sync', one.window);
  const alone = await source.ask('facts');
  assert.deepEqual([alone.app, alone.title], ['XTerm', 'window one']);

  await startManager(t, display);
  const two = await startTerminal(t, display, { title: 'window two', at: '40x8+500+300' });
  await x(display, 'xdotool', 'windowactivate', '--sync', two.window);
  await source.ask('facts');
  await x(display, 'xdotool', 'windowactivate', '--sync', one.window);
  const switched = await source.ask('facts');
  assert.deepEqual([switched.title, switched.switches], ['window one', 1]);
  await x(display, 'xdotool', 'set_window', '--name', 'renamed \u00e9\u00e8', one.window);
  assert.equal((await source.ask('facts')).title, 'renamed \u00e9\u00e8');
});

test('an excluded window is gray in the picture, wherever it goes', async (t) => {
  const { display } = await startDisplay(t);
  await startManager(t, display);
  const vault = await startTerminal(t, display, {
    title: 'vault',
    className: 'KeePassXC',
    text: 'hunter2',
    at: '40x10+600+400',
  });
  const work = await startTerminal(t, display, { title: 'work', text: 'plain' });
  await x(display, 'xdotool', 'windowactivate', '--sync', work.window);
  const source = openSource(t, display);
  const [vx, vy] = await centre(display, vault.window);
  const first = await source.grab();
  assert.deepEqual(colorAt(first, vx, vy), [GRAY, GRAY, GRAY]);
  assert.deepEqual([first.title, first.excluded], ['work', false]);

  await x(display, 'xdotool', 'windowmove', '--sync', vault.window, '100', '500');
  const [mx, my] = await centre(display, vault.window);
  assert.notDeepEqual([mx, my], [vx, vy]);
  const moved = await source.grab();
  assert.deepEqual(colorAt(moved, mx, my), [GRAY, GRAY, GRAY]);
  assert.notDeepEqual(colorAt(moved, vx, vy), [GRAY, GRAY, GRAY]);

  const g = await place(display, vault.window);
  const title = Number(g.Y) - 10; // in the frame, which names the window
  assert.deepEqual(colorAt(moved, mx, title), [GRAY, GRAY, GRAY]);
  await waitFor('only the excluded window and its frame are covered', async () => {
    const shown = await screenshot(t, display);
    const grab = await source.grab();
    for (let py = 0; py < shown.height; py++)
      for (let px = 0; px < shown.width; px++) {
        const inX = px >= Number(g.X) - 8 && px < Number(g.X) + Number(g.WIDTH) + 8;
        const inY = py >= Number(g.Y) - 40 && py < Number(g.Y) + Number(g.HEIGHT) + 12;
        const at = (py * shown.width + px) * 4;
        if (!(inX && inY) && shown.data[at] !== grab.data[at]) return false;
      }
    return true;
  });

  await vault.kill('SIGTERM');
  await waitFor('nothing is covered any more', async () => {
    const grab = await source.grab();
    return differences(grab.data, (await screenshot(t, display)).data) === 0;
  });
});

// privacy.md M4: a window of each kind, on the left and on the right monitor.
const corpus = [
  ['KeePassXC', 'Passwords.kdbx'],
  ['Bitwarden', 'vault'],
  ['firefox', 'News - Mozilla Firefox Private Browsing'],
  ['Chromium', 'New Incognito Tab - Chromium'],
  ['firefox', 'My Bank - accounts'],
  ['firefox', 'MyChart - visits'],
  ['firefox', 'Betriebsrat - Protokoll'],
  ['firefox', 'Inbox (3) - Gmail'],
  ['Pinentry-gtk-2', 'passphrase'],
  ['firefox', 'Authentication Required'],
];

test('each kind of excluded window is covered on each of two monitors', async (t) => {
  const { display } = await startDisplay(t);
  await startManager(t, display);
  await x(display, 'xrandr', '--setmonitor', 'left', '640/100x800/100+0+0', 'screen');
  await x(display, 'xrandr', '--setmonitor', 'right', '640/100x800/100+640+0', 'none');
  const source = openSource(t, display);
  assert.equal((await source.grab()).monitors.length, 2);
  const work = await startTerminal(t, display, { title: 'work', at: '40x6+20+650' });
  for (const [className, title] of corpus) {
    const left = await startTerminal(t, display, { className, title: `${title} l`, at: '30x8+80+80' });
    const right = await startTerminal(t, display, { className, title: `${title} r`, at: '30x8+760+300' });
    await x(display, 'xdotool', 'windowactivate', '--sync', work.window);
    const grab = await source.grab();
    for (const one of [left, right]) {
      const [cx, cy] = await centre(display, one.window);
      assert.deepEqual(colorAt(grab, cx, cy), [GRAY, GRAY, GRAY], `${className}: ${title}`);
    }
    assert.equal(grab.title, 'work');
    await Promise.all([left.kill('SIGTERM'), right.kill('SIGTERM')]);
  }
});

test('an active excluded window gives no pixels, no title, no counts', async (t) => {
  const { display } = await startDisplay(t);
  await startManager(t, display);
  const bank = await startTerminal(t, display, { title: 'My Bank - sign in' });
  const source = openSource(t, display);
  await x(display, 'xdotool', 'windowactivate', '--sync', bank.window);
  await x(display, 'xdotool', 'type', 'secret');
  const grab = await source.grab();
  assert.deepEqual(
    [grab.excluded, grab.pixels, grab.title, grab.app, grab.keys, grab.counted],
    [true, false, '', '', 0, false],
  );
  await x(display, 'xdotool', 'set_window', '--name', 'report', bank.window);
  const named = await source.grab();
  assert.deepEqual([named.excluded, named.pixels, named.title], [false, true, 'report']);
});

test('a lock screen and a blanked screen give no pixels', async (t) => {
  const { display } = await startDisplay(t);
  const source = openSource(t, display);
  assert.equal((await source.grab()).locked, false);
  const lock = await startTerminal(t, display, { title: 'lock', className: 'i3lock' });
  const locked = await source.grab();
  assert.deepEqual([locked.locked, locked.pixels, locked.title], [true, false, '']);
  await lock.kill('SIGTERM');
  await waitFor('unlocked', async () => (await source.grab()).pixels);
  await x(display, 'xset', 's', 'activate');
  const blank = await source.grab();
  assert.deepEqual([blank.locked, blank.pixels], [true, false]);
  await x(display, 'xset', 's', 'reset');
  assert.equal((await source.grab()).pixels, true);
});

test('monitors come and go and the screen changes its size', async (t) => {
  const { display } = await startDisplay(t);
  const source = openSource(t, display);
  assert.deepEqual((await source.grab()).monitors, ['screen']);
  await x(display, 'xrandr', '--setmonitor', 'left', '640/100x800/100+0+0', 'screen');
  await x(display, 'xrandr', '--setmonitor', 'right', '640/100x800/100+640+0', 'none');
  const two = await source.grab();
  assert.deepEqual([...two.monitors].sort(), ['left', 'right']);
  await x(display, 'xrandr', '--delmonitor', 'right');
  assert.deepEqual((await source.grab()).monitors, ['left']);
  // Xvfb sizes the screen, then xrandr complains of its one output: so what
  // counts is the size afterwards.
  for (const [width, height] of [[800, 600], [1280, 800], [1024, 700]]) {
    await run('xrandr', ['--fb', `${width}x${height}`], on(display));
    assert.match(await x(display, 'xrandr'), new RegExp(`current ${width} x ${height}`));
    const grab = await source.grab();
    assert.deepEqual([grab.width, grab.height, grab.pixels], [width, height, true]);
    assert.equal(grab.changed, grab.tiles, 'another size is another picture');
    await grabsTheScreen(t, display, source);
  }
});

test('a lost X server ends the source at once', async (t) => {
  const server = await startDisplay(t);
  const source = openSource(t, server.display);
  await source.grab();
  await server.kill();
  assert.deepEqual(await source.ask('forget'), {});
  assert.deepEqual(await source.proc.exited, { code: 1, signal: null });
});

test('the badge is seen, and clicks go through it', async (t) => {
  const { display } = await startDisplay(t);
  await startManager(t, display);
  const badge = new Talker(t, program('tests/indicator/badge_probe'), [display]);
  await badge.ask('watching');
  await waitFor('the badge says it is visible', async () => (await badge.ask('check')).visible);
  const shot = await screenshot(t, display);
  const green = [0x8a, 0xd0, 0x4f];
  let found = 0;
  for (let i = 0; i < shot.data.length; i += 4)
    if (green.every((c, n) => shot.data[i + n] === c)) found++;
  assert.ok(found > 20, `${found} pixels of the sign's colour`);
  await x(display, 'xdotool', 'mousemove', '1200', '770');
  const under = await x(display, 'xdotool', 'getmouselocation', '--shell');
  const window = Number(/WINDOW=(\d+)/.exec(under)[1]);
  const name = await run('xdotool', ['getwindowname', String(window)], on(display));
  assert.notEqual(name.out.trim(), 'WorkSight');
});

test('a covered badge is raised, an unmapped or moved one comes back', async (t) => {
  const { display } = await startDisplay(t);
  const badge = new Talker(t, program('tests/indicator/badge_probe'), [display]);
  await badge.ask('watching');
  const visible = () => waitFor('visible', async () => (await badge.ask('check')).visible);
  await visible();
  const id = (await x(display, 'xdotool', 'search', '--name', '^WorkSight$')).trim();
  await startTerminal(t, display, { title: 'cover', at: '200x60+0+0' });
  await visible();
  const gone = async (...args) => {
    await x(display, 'xdotool', ...args);
    assert.equal((await badge.ask('check')).visible, false, args.join(' '));
    await visible();
  };
  await gone('windowunmap', '--sync', id);
  await gone('windowmove', '--sync', id, '5000', '5000');
  await gone('windowsize', '--sync', id, '1', '1');
  const holder = await startTerminal(t, display, { title: 'holder', at: '20x2+0+0' });
  await gone('windowreparent', id, holder.window);
  await x(display, 'xdotool', 'windowreparent', id, holder.window);
  await holder.kill('SIGTERM'); // takes the badge's window along
  await waitFor('the badge ends, to be started again', () => badge.ask('check').then(() => badge.proc.end));
  assert.equal(badge.proc.end.code, 1);
});