// Light, dark, or what the system says; kept in this browser only.
import { effect, signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';
const kept = localStorage.getItem('worksight.theme');
export const theme = signal<Theme>(kept === 'light' || kept === 'dark' ? kept : 'system');

effect(() => {
  const root = document.documentElement;
  if (theme.value === 'system') {
    delete root.dataset.theme;
    localStorage.removeItem('worksight.theme');
  } else {
    root.dataset.theme = theme.value;
    localStorage.setItem('worksight.theme', theme.value);
  }
});

export function themeNext(): void {
  theme.value = theme.value === 'system' ? 'light' : theme.value === 'light' ? 'dark' : 'system';
}

/** Grows when colours changed, so that what is drawn on a canvas is drawn again. */
export const colourRound = signal(0);
effect(() => {
  theme.value;
  colourRound.value = colourRound.peek() + 1;
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  colourRound.value++;
});
