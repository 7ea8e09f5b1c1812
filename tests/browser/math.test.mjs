// What the pages compute: reasons add up to the score to the tenth, the nearest picture is the nearest.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { top } from './lib/browser.mjs';

let math;
before(async () => {
  const esbuild = createRequire(join(top, 'web/package.json'))('esbuild');
  const dir = mkdtempSync(join(tmpdir(), 'ws-math-'));
  const outfile = join(dir, 'math.mjs');
  await esbuild.build({ entryPoints: [join(top, 'web/src/lib/math.ts')], outfile, format: 'esm', logLevel: 'error' });
  math = await import(pathToFileURL(outfile));
  rmSync(dir, { recursive: true });
});

const tenths = (n) => Math.round(n * 10) + 0; // + 0: no minus zero
const part = (contribution) => ({ feature: 'f', value: 1, weight: 1, contribution, text: null });

test('explain_any_parts_shown_tenths_sum_to_the_shown_score', () => {
  let seed = 7;
  const random = () => {
    seed = (seed * 48271) % 2147483647;
    return seed / 2147483647;
  };
  for (let round = 0; round < 5000; round++) {
    const parts = Array.from({ length: 1 + Math.floor(random() * 8) }, () => part((random() - 0.5) * 40));
    const base = random() < 0.8 ? 50 : null;
    const score = parts.reduce((a, p) => a + p.contribution, base ?? 0);
    const e = math.explain(score, base, parts);
    const shown = e.rows.reduce((a, r) => a + tenths(r.shown), tenths(e.base ?? 0)) + tenths(e.unexplained);
    assert.equal(shown, tenths(e.total), JSON.stringify({ score, base, parts }));
    assert.equal(e.unexplained, 0);
    for (const r of e.rows) assert.ok(Math.abs(r.shown - r.from.contribution) < 0.1 + 1e-9, JSON.stringify(r));
  }
});

test('explain_parts_that_miss_the_score_says_what_is_left', () => {
  const e = math.explain(70, 50, [part(10)]);
  assert.equal(e.unexplained, 10);
  assert.equal(e.total, 70);
});

test('nearest_between_two_takes_the_closer', () => {
  const sorted = [10, 20, 40];
  assert.deepEqual(
    [-5, 10, 14, 15, 16, 29, 31, 99].map((x) => math.nearest(sorted, x)),
    [0, 0, 0, 0, 1, 1, 2, 2],
  );
  assert.equal(math.nearest([], 3), -1);
});

test('gapOf_steady_series_is_four_steps', () => {
  const series = { bucket_ms: 1000, t_ms: [0, 10_000, 20_000, 90_000, 100_000] };
  assert.equal(math.gapOf(series), 40_000);
});
