// Who is logged in.
import { computed, signal } from '@preact/signals';
import { api, clientUseCsrf, Problem } from '../api/client';
import type { Me } from '../api/types';
import { clockSet } from './clock';

/** undefined: not asked yet; null: nobody. */
export const me = signal<Me | null | undefined>(undefined);
export const meProblem = signal<Problem | null>(null);

/** `askedAt`: when the question went out. */
export function meSet(who: Me | null, askedAt = 0): void {
  clientUseCsrf(who?.csrf_token ?? null);
  if (who) clockSet(who.server.time, askedAt);
  meProblem.value = null;
  me.value = who;
}

export async function meLoad(): Promise<void> {
  try {
    const askedAt = Date.now();
    meSet(await api.me(), askedAt);
  } catch (e) {
    if (e instanceof Problem && e.status === 401) meSet(null);
    else meProblem.value = e instanceof Problem ? e : new Problem(0, 'Something went wrong', String(e));
  }
}

const may = (permission: string) => computed(() => me.value?.permissions.includes(permission) ?? false);
export const maySeeSessions = may('sessions.view');
export const maySeeMetrics = may('metrics.view');
export const maySeePictures = may('screenshots.view');
/** Else: of a team, or the own ones. */
export const maySeeEveryone = may('scope.everyone');
export const mayExport = may('exports.make');
export const mayManage = may('accounts.manage');
export const mayAudit = may('audit.view');
export const mayOperate = may('operations.view');
