// The server's time, once a second, so that ages on a page grow by themselves.
import { signal } from '@preact/signals';

let offsetMs = 0;
export const now = signal(Date.now());

/** The server said its time between these two moments of this clock: the least change that makes it true. */
export function clockSet(serverTime: string, askedAt: number): void {
  const t = Date.parse(serverTime);
  if (!Number.isNaN(t)) offsetMs = t - Math.min(Math.max(t, askedAt), Date.now());
  now.value = Date.now() + offsetMs;
}

export const clockNow = () => Date.now() + offsetMs;

setInterval(() => {
  if (!document.hidden) now.value = clockNow();
}, 1000);
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) now.value = clockNow();
});
