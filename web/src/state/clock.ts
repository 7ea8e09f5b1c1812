// The server's time, once a second, so that ages on a page grow by themselves.
import { signal } from '@preact/signals';

let offsetMs = 0;
export const now = signal(Date.now());

export function clockSet(serverTime: string): void {
  const t = Date.parse(serverTime);
  if (!Number.isNaN(t)) offsetMs = t - Date.now();
  now.value = Date.now() + offsetMs;
}

export const clockNow = () => Date.now() + offsetMs;

setInterval(() => {
  if (!document.hidden) now.value = clockNow();
}, 1000);
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) now.value = clockNow();
});
