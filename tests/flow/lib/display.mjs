// display.mjs - X servers of a test's own, windows on them, and their pixels.

import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { Proc, run, tempDir, waitFor } from './procs.mjs';

/** Start Xvfb on :200 and up (or on the given number); stops with the test. */
export async function startDisplay(t, { number, size = '1280x800x24', args = [] } = {}) {
  for (let tries = 0; tries < 20; tries++) {
    const n = number ?? 200 + Math.floor(Math.random() * 20000);
    const proc = new Proc(
      'Xvfb',
      [`:${n}`, '-displayfd', '1', '-screen', '0', size, '-nolisten', 'tcp', '-noreset', ...args],
      {},
    );
    const ready = await waitFor('Xvfb is ready', () => proc.out.includes(`${n}\n`) || proc.end, {
      ms: 20000,
      every: 20,
    });
    if (ready === true) {
      t?.after?.(() => proc.stop());
      proc.number = n;
      proc.display = `:${n}`;
      return proc;
    }
    if (number !== undefined) await new Promise((next) => setTimeout(next, 100));
  }
  throw new Error('no display number is free');
}

/** The name of the same display over TCP, as from another machine; `send` may
 *  hold back what a program says to the server. */
export function overTcp(t, server, send = (chunk, near) => near.write(chunk)) {
  const relay = createServer((far) => {
    const near = connect(`/tmp/.X11-unix/X${server.number}`);
    near.pipe(far);
    far.on('data', (chunk) => send(chunk, near));
    far.on('end', () => near.end());
    for (const [a, b] of [[far, near], [near, far]]) a.on('error', () => b.destroy());
  });
  t.after(() => relay.close());
  return new Promise((done) =>
    relay.listen(0, '127.0.0.1', () => done(`127.0.0.1:${relay.address().port - 6000}`)),
  );
}

export const on = (display) => ({ env: { DISPLAY: display, WAYLAND_DISPLAY: '' } });

/** Run one X client to its end; its output. */
export async function x(display, file, ...args) {
  const result = await run(file, args, on(display));
  if (result.code !== 0) throw new Error(`${file} ${args.join(' ')}: ${result.err}`);
  return result.out;
}

/** The window manager, ready when it says so to the root window. */
export async function startManager(t, display) {
  const proc = new Proc('openbox', ['--sm-disable'], on(display));
  t?.after?.(() => proc.stop());
  await waitFor('openbox is up', async () =>
    /window id/.test(await x(display, 'xprop', '-root', '_NET_SUPPORTING_WM_CHECK')),
  );
  return proc;
}

/** An xterm that shows a text and then echoes what is typed. */
export async function startTerminal(
  t,
  display,
  { title, className = 'XTerm', text = '', at = '60x12+40+40', args = [] } = {},
) {
  const proc = new Proc(
    'xterm',
    ['-class', className, '-T', title, '-geometry', at, ...args, '-e', 'sh', '-c',
      'printf "%s\\n" "$1"; exec cat', 'sh', text],
    on(display),
  );
  t?.after?.(() => proc.stop());
  proc.window = await waitFor(`the window ${title} is shown`, async () =>
    (await x(display, 'xdotool', 'search', '--onlyvisible', '--name', `^${title.replace(/[.()]/g, '\\$&')}$`)).trim().split('\n')[0],
  );
  return proc;
}

/** What the screen shows, by xwd: {width, height, data} of BGRX. */
export async function screenshot(t, display) {
  const file = join(tempDir(t, 'ws-xwd-'), 'screen.xwd');
  await x(display, 'xwd', '-root', '-silent', '-out', file);
  const raw = readFileSync(file);
  const word = (n) => raw.readUInt32BE(4 * n);
  const [width, height, line] = [word(4), word(5), word(12)];
  if (word(7) !== 0 || word(11) !== 32 || line !== width * 4) throw new Error('xwd: not BGRX');
  const from = word(0) + word(19) * 12;
  return { width, height, data: raw.subarray(from, from + line * height) };
}

/** Pixels that differ in colour (the fourth byte says nothing). */
export function differences(a, b) {
  if (a.length !== b.length) return Infinity;
  let count = 0;
  for (let i = 0; i < a.length; i += 4)
    if (a[i] !== b[i] || a[i + 1] !== b[i + 1] || a[i + 2] !== b[i + 2]) count++;
  return count;
}

/** A program that answers each line on stdin with a JSON line on stdout. */
export class Talker {
  constructor(t, file, args, options = {}) {
    this.proc = new Proc(file, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'] });
    this.waiting = [];
    createInterface({ input: this.proc.child.stdout }).on('line', (line) =>
      this.waiting.shift()?.(JSON.parse(line)),
    );
    this.proc.child.stdin.on('error', () => {}); // it ended: ask() will say so
    this.proc.exited.then(() => this.waiting.splice(0).forEach((done) => done({ ended: true })));
    t?.after?.(() => this.proc.stop());
  }

  ask(line) {
    return new Promise((done) => {
      if (this.proc.end) return done({ ended: true });
      this.waiting.push(done);
      this.proc.child.stdin.write(`${line}\n`);
    });
  }
}
