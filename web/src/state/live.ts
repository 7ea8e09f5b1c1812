// Hints from the server that something changed (SSE); a page fetches again what it shows.
//
// One stream for the page in view; closed while the tab is hidden, because a browser allows six connections
// to a server. Every 30 s all is fetched again in any case: ages turn "online" to "late" without a hint. When
// the stream can't be had, that poll is all there is, and the page says so.
import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { me } from './me';

export type LiveState = 'off' | 'connecting' | 'live' | 'polling';
export const liveState = signal<LiveState>('off');

const POLL_MS = 30_000;
// hints come in flocks: fetch once for all of them; lists of all sessions get more of them
const SETTLE_ONE_MS = 250;
const SETTLE_ALL_MS = 1000;
const RETRY_MS = 5_000;

function watch(session: number | null, onHint: (topics: Set<string>) => void): () => void {
  let source: EventSource | null = null;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let settle: ReturnType<typeof setTimeout> | undefined;
  let gathered = new Set<string>();

  const tell = (topics: string[]) => {
    for (const t of topics) gathered.add(t);
    settle ??= setTimeout(
      () => {
        settle = undefined;
        const all = gathered;
        gathered = new Set();
        onHint(all);
      },
      session ? SETTLE_ONE_MS : SETTLE_ALL_MS,
    );
  };
  const hangUp = () => {
    source?.close();
    source = null;
    clearTimeout(retry);
  };
  const open = () => {
    hangUp();
    if (document.hidden) return;
    if (liveState.value !== 'polling') liveState.value = 'connecting';
    const s = new EventSource(`/api/v1/events${session ? `?session=${session}` : ''}`);
    source = s;
    s.onopen = () => {
      liveState.value = 'live';
      tell(['all']); // what came before this moment was hinted to nobody
    };
    s.addEventListener('changed', (e) => {
      const { topics } = JSON.parse((e as MessageEvent<string>).data) as { topics: string[] };
      tell(topics);
    });
    s.addEventListener('reset', () => tell(['all']));
    s.onerror = () => {
      liveState.value = 'polling';
      tell(['all']); // the server may be away, or the login may have ended: a fetch finds out
      // a closed stream is not tried again by the browser: its answer was a refusal
      if (s.readyState === EventSource.CLOSED) retry = setTimeout(open, RETRY_MS);
    };
  };
  const onVisible = () => {
    if (document.hidden) {
      hangUp();
      liveState.value = 'off';
    } else open();
  };
  document.addEventListener('visibilitychange', onVisible);
  const poll = setInterval(() => document.hidden || tell(['all']), POLL_MS);
  open();
  return () => {
    document.removeEventListener('visibilitychange', onVisible);
    hangUp();
    clearInterval(poll);
    clearTimeout(settle);
    liveState.value = 'off';
  };
}

/** Call `onHint` when the server says that something changed (all sessions, or one). */
export function useLive(session: number | null, onHint: (topics: Set<string>) => void): void {
  const loggedIn = !!me.value;
  const latest = useRef(onHint);
  latest.current = onHint;
  useEffect(
    () => (loggedIn ? watch(session, (topics) => latest.current(topics)) : undefined),
    [session, loggedIn],
  );
}
