// Small pure functions behind the pages; tested by tests/browser/math.test.mjs.
import type { Contribution, Series } from '../api/types';

/** Index of the value nearest to `x` in a sorted list; -1 for an empty one. */
export function nearest(sorted: readonly number[], x: number): number {
  if (sorted.length === 0) return -1;
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < x) low = middle + 1;
    else high = middle;
  }
  const before = sorted[low - 1];
  return before !== undefined && x - before <= (sorted[low] as number) - x ? low - 1 : low;
}

/**
 * Round parts to tenths so that what is shown adds up to the shown total: what rounding took or gave goes
 * to the parts that lost most (largest remainder).
 */
export function roundToSum(parts: readonly number[], total: number): number[] {
  const target = Math.round(total * 10);
  const scaled = parts.map((p) => p * 10);
  const rounded = scaled.map(Math.floor);
  let rest = target - rounded.reduce((a, b) => a + b, 0);
  const order = scaled.map((s, i) => ({ i, left: s - Math.floor(s) })).sort((a, b) => b.left - a.left);
  for (const { i, left } of order) {
    if (rest <= 0 || left === 0) break;
    rounded[i] = (rounded[i] as number) + 1;
    rest--;
  }
  return rounded.map((r) => r / 10);
}

export interface Explained {
  base: number | null;
  rows: { from: Contribution; shown: number }[];
  total: number;
  /** What the agent's reasons leave unexplained, in points; 0 when they sum to the score. */
  unexplained: number;
}

/** The reasons of a score as they are shown: base + rows + unexplained = total, to the tenth. */
export function explain(
  score: number,
  base: number | null,
  contributions: readonly Contribution[],
): Explained {
  const sum = contributions.reduce((a, c) => a + c.contribution, base ?? 0);
  const gap = Math.abs(score - sum) <= 0.05 ? 0 : score - sum;
  const parts = [
    ...(base === null ? [] : [base]),
    ...contributions.map((c) => c.contribution),
    ...(gap ? [gap] : []),
  ];
  const shown = roundToSum(parts, score);
  const head = base === null ? 0 : 1;
  return {
    base: base === null ? null : (shown[0] as number),
    rows: contributions.map((from, i) => ({ from, shown: shown[head + i] as number })),
    total: Math.round(score * 10) / 10,
    unexplained: gap ? (shown[shown.length - 1] as number) : 0,
  };
}

/** The usual distance between buckets, times four: more than this is a gap. */
export function gapOf(series: Series): number {
  const steps = series.t_ms.slice(1).map((t, i) => t - (series.t_ms[i] as number));
  steps.sort((a, b) => a - b);
  const median = steps[steps.length >> 1] ?? series.bucket_ms;
  return Math.max(median, series.bucket_ms) * 4;
}
