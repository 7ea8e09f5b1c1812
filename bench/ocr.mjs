// ocr.mjs - bench-ocr: words found and CPU seconds of a page, cold.
//
// Peer: `tesseract PAGE - tsv` with OMP_THREAD_LIMIT=1 (without the limit it
// costs more CPU for the same words). Ours: a new process a page, too, so model
// loading is in both. Words are compared as a bag: the same text counts once
// for each time that it stands on the page. Runs alternate; CPU is the median
// of RUNS runs.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

const RUNS = Number(process.env.RUNS ?? 3);
const FLOOR = 0.3; // confidence of a word that counts, in both
const folder = resolve(process.argv[2]);
const ours = resolve(process.env.WS_BUILD ?? 'build', 'bench/ocr_read');

if (!existsSync(folder)) {
  console.error(`bench-ocr: no pages in ${folder}: give a folder of NAME.png with NAME.words.json`);
  process.exit(2);
}

/** Run a command; its output, and the CPU seconds of it and its children. */
function timed(...command) {
  const result = spawnSync('bash', ['-c', 'TIMEFORMAT="cpu %U %S"; time "$@"', 'bash', ...command], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { ...process.env, OMP_THREAD_LIMIT: '1' },
  });
  const cpu = /cpu ([\d.]+) ([\d.]+)\s*$/.exec(result.stderr);
  if (result.status !== 0 || !cpu) throw new Error(`${command[0]}: ${result.stderr}`);
  return { out: result.stdout, cpu: Number(cpu[1]) + Number(cpu[2]) };
}

function readPeer(page) {
  const { out, cpu } = timed('tesseract', page, '-', 'tsv');
  const words = out
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
    .filter((cells) => cells[0] === '5' && Number(cells[10]) / 100 >= FLOOR && cells[11]?.trim())
    .map((cells) => cells[11]);
  return { words, cpu };
}

function readOurs(page) {
  const { out, cpu } = timed(ours, page);
  const read = JSON.parse(out);
  return { words: read.words.filter((w) => w[5] >= FLOOR).map((w) => w[0]), cpu, alone: read.cpu_s };
}

/** How many of the truth's words were found, each as often as it stands there. */
function hits(truth, words) {
  const left = new Map();
  for (const word of truth) left.set(word, (left.get(word) ?? 0) + 1);
  let found = 0;
  for (const word of words) {
    if (!left.get(word)) continue;
    left.set(word, left.get(word) - 1);
    found++;
  }
  return found;
}

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const sums = { peer: { truth: 0, got: 0, hit: 0, cpu: 0 }, ours: { truth: 0, got: 0, hit: 0, cpu: 0, alone: 0 } };
const pages = readdirSync(folder).filter((name) => name.endsWith('.png')).sort();

console.log('page        words   peer recall/precision/cpu_s    ours recall/precision/cpu_s');
for (const name of pages) {
  const page = join(folder, name);
  const truth = JSON.parse(readFileSync(page.replace(/\.png$/, '.words.json'), 'utf8')).map((w) => w[0]);
  const row = { peer: [], ours: [] };
  for (let run = 0; run < RUNS; run++) {
    row.peer.push(readPeer(page));
    row.ours.push(readOurs(page));
  }
  const cells = ['peer', 'ours'].map((who) => {
    const words = row[who][0].words;
    const hit = hits(truth, words);
    const cpu = median(row[who].map((r) => r.cpu));
    sums[who].truth += truth.length;
    sums[who].got += words.length;
    sums[who].hit += hit;
    sums[who].cpu += cpu;
    if (who === 'ours') sums.ours.alone += median(row.ours.map((r) => r.alone));
    return `${(hit / truth.length).toFixed(3)} ${(hit / Math.max(1, words.length)).toFixed(3)} ${cpu.toFixed(2)}`;
  });
  console.log(`${name.padEnd(10)} ${String(truth.length).padStart(6)}   ${cells[0].padEnd(28)}   ${cells[1]}`);
}
const value = (who, what) => sums[who].hit / sums[who][what];
const line = (what, peer, mine, ratio, unit = '') =>
  console.log(`${what.padEnd(34)} peer ${peer}${unit}  ours ${mine}${unit}  ratio ${ratio}`);
const cpu = { peer: sums.peer.cpu / pages.length, ours: sums.ours.cpu / pages.length };
line('OCR word recall', value('peer', 'truth').toFixed(3), value('ours', 'truth').toFixed(3), (value('ours', 'truth') / value('peer', 'truth')).toFixed(2));
line('OCR word precision', value('peer', 'got').toFixed(3), value('ours', 'got').toFixed(3), (value('ours', 'got') / value('peer', 'got')).toFixed(2));
line('OCR cold, CPU a page with loading', cpu.peer.toFixed(2), cpu.ours.toFixed(2), `${(cpu.peer / cpu.ours).toFixed(2)}x less`, ' s');
console.log(`${'OCR cold, CPU a page, reader alone'.padEnd(34)} ours ${(sums.ours.alone / pages.length).toFixed(2)} s`);
