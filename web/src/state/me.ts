// Who is logged in.
import { computed, signal } from '@preact/signals';
import { api, clientUseCsrf, Problem } from '../api/client';
import type { Me } from '../api/types';
import { clockSet } from './clock';

/** undefined: not asked yet; null: nobody. */
export const me = signal<Me | null | undefined>(undefined);
export const meProblem = signal<Problem | null>(null);

export function meSet(who: Me | null): void {
  clientUseCsrf(who?.csrf_token ?? null);
  if (who) clockSet(who.server.time);
  meProblem.value = null;
  me.value = who;
}

export async function meLoad(): Promise<void> {
  try {
    meSet(await api.me());
  } catch (e) {
    if (e instanceof Problem && e.status === 401) meSet(null);
    else meProblem.value = e instanceof Problem ? e : new Problem(0, 'Something went wrong', String(e));
  }
}

export const isAdmin = computed(() => me.value?.roles.includes('admin') ?? false);
export const mayExport = computed(() => me.value?.permissions.includes('exports.make') ?? false);
export const maySeePictures = computed(() => me.value?.permissions.includes('screenshots.view') ?? false);
