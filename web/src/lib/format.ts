// Numbers, sizes and times in the reader's own spelling. Times come in as RFC 3339 UTC.
import { signal } from '@preact/signals';

export type Zone = 'local' | 'utc';
const kept = localStorage.getItem('worksight.zone');
export const zone = signal<Zone>(kept === 'utc' ? 'utc' : 'local');

export function zoneToggle(): void {
  zone.value = zone.value === 'utc' ? 'local' : 'utc';
  localStorage.setItem('worksight.zone', zone.value);
}

const formats = new Map<string, Intl.DateTimeFormat>();
function formatOf(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const all = zone.value === 'utc' ? { ...options, timeZone: 'UTC' } : options;
  const key = JSON.stringify(all);
  let f = formats.get(key);
  if (!f) {
    f = new Intl.DateTimeFormat(undefined, all);
    formats.set(key, f);
  }
  return f;
}

type Moment = string | number | Date;
const date = (t: Moment) => (t instanceof Date ? t : new Date(t));
const HOURS = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;

export const clockTime = (t: Moment) => formatOf(HOURS).format(date(t));
export const clockMinute = (t: Moment) =>
  formatOf({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(date(t));
export const day = (t: Moment) => formatOf({ day: 'numeric', month: 'short' }).format(date(t));
export const dayAndTime = (t: Moment) =>
  formatOf({ day: 'numeric', month: 'short', year: 'numeric', ...HOURS }).format(date(t));

/** "UTC" or "UTC+2": what the shown times count from. */
export function zoneName(at: Moment = Date.now()): string {
  if (zone.value === 'utc') return 'UTC';
  const parts = formatOf({ timeZoneName: 'shortOffset' }).formatToParts(date(at));
  const name = parts.find((p) => p.type === 'timeZoneName')?.value ?? '';
  return name.replace(/^GMT(\+0)?$/, 'UTC').replace('GMT', 'UTC') || 'UTC';
}

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const tenth = new Intl.NumberFormat(undefined, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const hundredth = new Intl.NumberFormat(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const short = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 });
const share = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 0 });
const fineShare = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 2 });

export const count = (n: number | null | undefined) => (n == null ? '–' : whole.format(n));
export const score1 = (n: number) => tenth.format(n);
export const score2 = (n: number) => hundredth.format(n);
/** A number of any size, three digits of it. */
export const brief = (n: number) =>
  Math.abs(n) >= 1000 ? whole.format(n) : short.format(n).replace('-', '−');
export const percent = (n: number | null | undefined) => (n == null ? '–' : share.format(n));
export const percentFine = (n: number | null | undefined) => (n == null ? '–' : fineShare.format(n));
export const signed = (n: number, f: (n: number) => string = score1) => (n < 0 ? `−${f(-n)}` : `+${f(n)}`);

export function bytes(n: number | null | undefined): string {
  if (n == null) return '–';
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let i = 0;
  let v = n;
  while (v >= 1000 && i < units.length - 1) {
    v /= 1024;
    i++;
  }
  return `${i === 0 || v >= 100 ? whole.format(v) : tenth.format(v)} ${units[i]}`;
}

export function duration(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 90) return `${s} s`;
  if (s < 90 * 60) return `${Math.round(s / 60)} min`;
  if (s < 36 * 3600) {
    const minutes = Math.round(s / 60);
    return `${Math.floor(minutes / 60)} h${minutes % 60 ? ` ${minutes % 60} min` : ''}`;
  }
  return `${Math.round(s / 86400)} days`;
}

export function ago(t: Moment, nowMs: number): string {
  const ms = nowMs - date(t).getTime();
  return ms < 1500 ? 'just now' : `${duration(ms)} ago`;
}

/** The word for a number of things: plural(2, 'item') is "2 items". */
export const plural = (n: number, one: string, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;
