// agent.mjs - bench-agent: CPU and memory of every process of the agent, from
// /proc, on a virtual desktop with a window manager and a program whose
// content changes, with a server that takes the results.
//
// There is no peer that does the same; the bounds of the issue stand in its
// place: 0.5 % of a core and 60 MiB PSS.

import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

import { startDisplay, startManager, startTerminal } from '../tests/flow/lib/display.mjs';
import { Proc, program, run, startServer, tempDir, waitFor } from '../tests/flow/lib/procs.mjs';

const seconds = Number(process.argv[2]);
if (!(seconds >= 10 && seconds <= 86400)) {
  console.error(`bench-agent: duration ${process.argv[2]} is not 10..86400 seconds`);
  process.exit(2);
}
const HZ = Number(execFileSync('getconf', ['CLK_TCK']));
const BOUND = { cpu: 0.5, pss: 60 };
const ends = [];
const t = { after: (end) => ends.push(end) };

/** Ticks used by a process, and by its children that ended. */
function ticks(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const f = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { ppid: Number(f[1]), ticks: [11, 12, 13, 14].reduce((sum, i) => sum + Number(f[i]), 0) };
}

/** The agent and its roles: [{pid, name}]. */
function family(parent) {
  const found = [{ pid: parent, name: 'supervisor' }];
  for (const name of readdirSync('/proc').filter((n) => /^\d+$/.test(n))) {
    try {
      if (ticks(name).ppid !== parent) continue;
      const argv = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0');
      found.push({ pid: Number(name), name: argv[argv.indexOf('--role') + 1] });
    } catch {
      // it ended while we looked
    }
  }
  return found;
}

function pssKib(pid) {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(/^Pss:\s+(\d+)/m.exec(text)[1]);
}

async function measure() {
  const { display } = await startDisplay(t, { size: '1920x1080x24' });
  await startManager(t, display);
  const top = new Proc('xterm', ['-geometry', '200x60', '-e', 'top', '-d', '3'], { env: { DISPLAY: display } });
  t.after(() => top.stop());
  await startTerminal(t, display, { title: 'notes', text: 'a second window' });
  const server = await startServer(t);
  const state = tempDir(t, 'ws-bench-agent-');
  const options = ['--server', server.url, '--state', state, '--source', 'x11', '--display', display,
    '--every', '10s', '--ocr', 'off'];
  const notice = await run(program('worksight-agent'), ['notice', ...options]);
  const hash = /\b[0-9a-f]{64}\b/.exec(notice.out)?.[0];
  if (!hash) throw new Error(`no hash in the notice: ${notice.out}${notice.err}`);
  const agent = new Proc(program('worksight-agent'), ['run', ...options, '--acknowledge', hash], {
    env: { DISPLAY: display, WAYLAND_DISPLAY: '' },
  });
  t.after(() => agent.stop());
  const lines = () => readFileSync(`${state}/logs/agent.log`, 'utf8');
  await waitFor('the agent captures', () => lines().includes('"msg":"capturing"'), { ms: 30000 });

  const before = new Map(family(agent.pid).map(({ pid, name }) => [pid, { name, ticks: ticks(pid).ticks }]));
  const begun = process.hrtime.bigint();
  let pss = 0;
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    await new Promise((next) => setTimeout(next, Math.min(5000, end - Date.now())));
    if (agent.end) throw new Error(`the agent ended: ${agent.err}`);
    pss = Math.max(pss, family(agent.pid).reduce((sum, { pid }) => sum + pssKib(pid), 0));
  }
  const took = Number(process.hrtime.bigint() - begun) / 1e9;
  const rows = family(agent.pid).map(({ pid, name }) => ({
    name,
    cpu: ((ticks(pid).ticks - (before.get(pid)?.ticks ?? 0)) / HZ / took) * 100,
    pss: pssKib(pid) / 1024,
  }));
  if (rows.length !== before.size) throw new Error('roles came or went during the measurement');
  return { took, rows, cpu: rows.reduce((sum, row) => sum + row.cpu, 0), pss: pss / 1024 };
}

try {
  const { took, rows, cpu, pss } = await measure();
  for (const row of rows)
    console.log(`${row.name.padEnd(12)} ${row.cpu.toFixed(3).padStart(7)} % of a core ${row.pss.toFixed(1).padStart(7)} MiB PSS`);
  const line = (what, bound, ours, unit) =>
    console.log(`${what.padEnd(26)} bound ${bound} ${unit}  ours ${ours.toFixed(3)} ${unit}  ratio ${(ours / bound).toFixed(2)}`);
  console.log(`agent without OCR, every 10 s, 1920x1080, ${took.toFixed(0)} s`);
  line('CPU of all roles', BOUND.cpu, cpu, '% of a core');
  line('memory of all roles', BOUND.pss, pss, 'MiB PSS');
  process.exitCode = cpu <= BOUND.cpu && pss <= BOUND.pss ? 0 : 1;
} finally {
  for (const end of ends.reverse()) await end();
}
