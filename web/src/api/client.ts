// One way to ask the server: typed answers, every failure a Problem with words a person can use.
//
// Flow:   a page -> [client] -> fetch -> the server
// Errors: Problem carries status, title, detail, request id and places; status 0 means no answer at all
import { signal as watched } from '@preact/signals';
import type {
  ApiKey,
  AuditRow,
  EnrollmentCode,
  Health,
  Ledger,
  Login,
  Me,
  Metric,
  MetricExplained,
  Overview,
  Page,
  ProblemBody,
  Ready,
  Screenshot,
  Series,
  Session,
  Timeline,
  User,
} from './types';

export class Problem extends Error {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly requestId: string | null;
  readonly places: { pointer: string; detail: string }[];
  readonly retryAfterS: number | null;

  constructor(
    status: number,
    title: string,
    detail: string,
    body?: Partial<ProblemBody>,
    retryAfter?: string | null,
  ) {
    super(detail || title);
    this.status = status;
    this.title = title;
    this.detail = detail;
    this.requestId = body?.instance ?? null;
    this.places = body?.errors ?? [];
    this.retryAfterS = retryAfter ? Number(retryAfter) || null : null;
  }
}

/** Since when the server gives no answer (this machine's clock, ms); null while it does. */
export const awaySince = watched<number | null>(null);
const ANSWER_MS = 20_000;
const PROBE_MS = 2_000;

function watchForReturn(): void {
  if (awaySince.value !== null) return;
  awaySince.value = Date.now();
  const probe = async () => {
    if (!document.hidden)
      try {
        await fetch('/healthz', { cache: 'no-store', signal: AbortSignal.timeout(ANSWER_MS) });
        awaySince.value = null;
      } catch {
        // still away
      }
    if (awaySince.value !== null) setTimeout(probe, PROBE_MS);
  };
  setTimeout(probe, PROBE_MS);
}

let csrf: string | null = null;
let whenLoggedOut: () => void = () => {};

/** Remember the token that unsafe methods must carry. */
export function clientUseCsrf(token: string | null): void {
  csrf = token;
}

/** Called when an answer says that the login has ended. */
export function clientOnLoggedOut(f: () => void): void {
  whenLoggedOut = f;
}

type Query = Record<string, string | number | boolean | null | undefined>;

function address(path: string, query?: Query): string {
  const params = new URLSearchParams();
  for (const [k, v] of Object.entries(query ?? {})) {
    if (v !== undefined && v !== null && v !== '') params.set(k, String(v));
  }
  const text = params.toString();
  return text ? `${path}?${text}` : path;
}

async function problemOf(answer: Response): Promise<Problem> {
  const id = answer.headers.get('x-request-id');
  const retry = answer.headers.get('retry-after');
  const what = `The server answered ${answer.status}`;
  try {
    const body = (await answer.json()) as Partial<ProblemBody>;
    if (id && !body.instance) body.instance = id;
    return new Problem(answer.status, body.title ?? what, body.detail ?? body.error ?? '', body, retry);
  } catch {
    const known = id ? { instance: id } : {};
    return new Problem(
      answer.status,
      what,
      'The answer held no explanation. A proxy may have spoken.',
      known,
      retry,
    );
  }
}

/** What a request without an answer, or with half of one, ends in; a cancelled one stays what it is. */
function noAnswer(e: unknown, signal?: AbortSignal): unknown {
  if (signal?.aborted || e instanceof SyntaxError) return e;
  watchForReturn();
  return new Problem(
    0,
    'No answer from the server',
    'It may be stopped, or the network is away. Nothing is lost: agents keep what they have.',
  );
}

/** The answer as data; `also` is a status beside 2xx that is an answer too. */
async function ask<T>(
  method: string,
  url: string,
  body?: unknown,
  signal?: AbortSignal,
  also?: number,
): Promise<T> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (method !== 'GET' && csrf) headers['x-csrf-token'] = csrf;
  let answer: Response;
  const late = AbortSignal.timeout(ANSWER_MS);
  try {
    answer = await fetch(url, {
      method,
      headers,
      credentials: 'same-origin',
      redirect: 'error',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: signal ? AbortSignal.any([signal, late]) : late,
    });
    awaySince.value = null;
  } catch (e) {
    throw noAnswer(e, signal);
  }
  if (!answer.ok && answer.status !== also) {
    if (answer.status === 401 && !url.startsWith('/api/v1/login') && !url.startsWith('/api/v1/me/password'))
      whenLoggedOut();
    throw await problemOf(answer);
  }
  if (answer.status === 204) return undefined as T;
  try {
    return (await answer.json()) as T;
  } catch (e) {
    throw noAnswer(e, signal);
  }
}

const get = <T>(path: string, query?: Query, signal?: AbortSignal) =>
  ask<T>('GET', address(path, query), undefined, signal);

export interface SetupLink {
  purpose: 'first_account' | 'sign_in';
  name?: string | null;
  expires_at?: string;
  me?: Me;
}

export interface Range {
  from?: string | undefined;
  to?: string | undefined;
}

/** The server looks at some rows a request, so a page may hold few or none although more match: this goes on until
 * it has `limit` sessions, the list ends or LOOKS requests were made. */
const LOOKS = 4;
async function sessions(query: Query & { limit: number }, signal?: AbortSignal): Promise<Page<Session>> {
  const all: Page<Session> = { items: [], next_cursor: null };
  for (let i = 0; i < LOOKS; i++) {
    const rest = { limit: query.limit - all.items.length, cursor: all.next_cursor ?? query.cursor };
    const page = await get<Page<Session>>('/api/v1/sessions', { ...query, ...rest }, signal);
    all.items.push(...page.items);
    all.next_cursor = page.next_cursor;
    if (!page.next_cursor || all.items.length >= query.limit) break;
  }
  return all;
}

export const api = {
  me: (signal?: AbortSignal) => get<Me>('/api/v1/me', {}, signal),
  login: (name: string, password: string) => ask<Me>('POST', '/api/v1/login', { name, password }),
  logout: () => ask<void>('POST', '/api/v1/logout'),
  lookAtLink: (token: string) => ask<SetupLink>('POST', '/api/v1/setup', { token }),
  useLink: (token: string, account?: { name: string; password: string }) =>
    ask<SetupLink>('POST', '/api/v1/setup', { token, use: true, ...account }),
  changePassword: (current: string, next: string) =>
    ask<void>('POST', '/api/v1/me/password', { current, new: next }),
  logins: (signal?: AbortSignal) => get<Page<Login>>('/api/v1/me/logins', { limit: 100 }, signal),
  endLogin: (id: number) => ask<void>('DELETE', `/api/v1/me/logins/${id}`),
  endOtherLogins: () => ask<void>('DELETE', '/api/v1/me/logins'),

  overview: (signal?: AbortSignal) => get<Overview>('/api/v1/overview', {}, signal),
  sessions,
  session: (id: number, signal?: AbortSignal) => get<Session>(`/api/v1/sessions/${id}`, {}, signal),
  health: (id: number, signal?: AbortSignal) => get<Health>(`/api/v1/sessions/${id}/health`, {}, signal),
  ledger: (id: number, signal?: AbortSignal) => get<Ledger>(`/api/v1/sessions/${id}/ledger`, {}, signal),
  series: (id: number, range: Range, points: number, signal?: AbortSignal) =>
    get<Series>(`/api/v1/sessions/${id}/series`, { ...range, max_points: points }, signal),
  timeline: (id: number, range: Range, points: number, signal?: AbortSignal) =>
    get<Timeline>(`/api/v1/sessions/${id}/timeline`, { ...range, max_points: points }, signal),
  metrics: (id: number, query: Query, signal?: AbortSignal) =>
    get<Page<Metric>>(`/api/v1/sessions/${id}/metrics`, query, signal),
  screenshots: (id: number, query: Query, signal?: AbortSignal) =>
    get<Page<Screenshot>>(`/api/v1/sessions/${id}/screenshots`, query, signal),
  metric: (id: number, signal?: AbortSignal) => get<MetricExplained>(`/api/v1/metrics/${id}`, {}, signal),

  ready: (signal?: AbortSignal) => ask<Ready>('GET', '/readyz', undefined, signal, 503),
  users: (signal?: AbortSignal) => get<Page<User>>('/api/v1/users', { limit: 500 }, signal),
  apiKeys: (signal?: AbortSignal) => get<Page<ApiKey>>('/api/v1/api-keys', { limit: 500 }, signal),
  enrollmentCodes: (signal?: AbortSignal) =>
    get<Page<EnrollmentCode>>('/api/v1/enrollment-codes', { limit: 500 }, signal),
  audit: (query: Query, signal?: AbortSignal) => get<Page<AuditRow>>('/api/v1/audit', query, signal),
};

/** A file of all sessions of a filter. */
export const exportOf = (kind: 'csv' | 'json', filter: Query) => address(`/api/v1/sessions.${kind}`, filter);

export const imageOf = (shot: Screenshot, thumbnail = false) =>
  `/api/v1/screenshots/${shot.id}/image${thumbnail && shot.has_thumbnail ? '?size=thumbnail' : ''}`;
