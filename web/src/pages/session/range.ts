// Which stretch of a session is shown. The address says it: ?range=1h (moves on), or ?from=&to= (stands still).
import type { Session } from '../../api/types';

export const PRESETS = { '15m': 15, '1h': 60, '6h': 360, '24h': 1440, all: 0 } as const;
export type Preset = keyof typeof PRESETS;
export const PRESET_WORDS: Record<Preset, string> = {
  '15m': '15 min',
  '1h': '1 h',
  '6h': '6 h',
  '24h': '24 h',
  all: 'All',
};

const MINUTE = 60_000;
const LEAST = 5 * MINUTE;

export interface Span {
  from: number;
  to: number;
}

export const isPreset = (s: string | null): s is Preset => s !== null && s in PRESETS;

/** A fixed range of the address, or null when there is none or it is no range. */
export function fixedSpan(from: string | null, to: string | null): Span | null {
  const a = Date.parse(from ?? '');
  const b = Date.parse(to ?? '');
  return Number.isFinite(a) && Number.isFinite(b) && b > a ? { from: a, to: b } : null;
}

const HALF_HOUR = 30 * MINUTE;

/** The hour about a moment; the same one for neighbours, so that a step does not move the charts. */
export function spanAround(at: number): Span {
  const from = Math.floor(at / HALF_HOUR) * HALF_HOUR - HALF_HOUR / 2;
  return { from, to: from + 2 * HALF_HOUR };
}

/**
 * A moving range: it ends now while the agent is heard, else at its last metric, and starts no earlier than the
 * first. `newest` is the time of a metric that `s` may not know yet; the agent's clock may be ahead of this one.
 */
export function presetSpan(preset: Preset, s: Session, nowMs: number, newest?: string): Span {
  const known = s.last_metric_at ?? newest ?? s.started_at; // a clock set back leaves metrics before the start
  const last = Math.max(Date.parse(known), Date.parse(newest ?? known));
  const first = Date.parse(s.first_metric_at ?? s.started_at);
  const to = s.status === 'offline' ? last + MINUTE / 6 : Math.max(nowMs, last + 1);
  const wanted = preset === 'all' ? first : to - PRESETS[preset] * MINUTE;
  const from = Math.max(wanted, first);
  return { from, to: Math.max(to, from + LEAST) }; // a young session fills the charts from the left
}
