// Hints from the server that something changed (SSE); a page fetches again what it shows.
//
// One stream for the page in view; closed while the tab is hidden, because a browser allows six connections
// to a server. When the stream can't be had, a poll every 30 s takes its place and the page says so.
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { me } from './me';

export type LiveState = 'off' | 'connecting' | 'live' | 'polling';
export const liveState = signal<LiveState>('off');

const TOPICS = ['sessions', 'health', 'metrics', 'screenshots', 'ledger'];
const POLL_MS = 30_000;
const SETTLE_MS = 250; // hints come in flocks: fetch once for all of them
const RETRY_MS = 5_000;

function watch(session: number | null, onHint: (topics: Set<string>) => void): () => void {
  let source: EventSource | null = null;
  let poll: ReturnType<typeof setInterval> | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let settle: ReturnType<typeof setTimeout> | undefined;
  let gathered = new Set<string>();
  let opened = false;

  const tell = (topics: string[]) => {
    for (const t of topics) gathered.add(t);
    settle ??= setTimeout(() => {
      settle = undefined;
      const all = gathered;
      gathered = new Set();
      onHint(all);
    }, SETTLE_MS);
  };
  const hangUp = () => {
    source?.close();
    source = null;
    clearTimeout(retry);
  };
  const stopPoll = () => {
    clearInterval(poll);
    poll = undefined;
  };
  const open = () => {
    hangUp();
    if (document.hidden) return;
    if (!poll) liveState.value = 'connecting';
    const s = new EventSource(`/api/v1/events${session ? `?session=${session}` : ''}`);
    source = s;
    s.onopen = () => {
      stopPoll();
      liveState.value = 'live';
      if (opened) tell(['all']);
      opened = true;
    };
    for (const topic of TOPICS) s.addEventListener(topic, () => tell([topic]));
    s.addEventListener('reset', () => tell(['all']));
    s.onerror = () => {
      liveState.value = 'polling';
      poll ??= setInterval(() => tell(['all']), POLL_MS);
      // a closed stream is not tried again by the browser: its answer was a refusal
      if (s.readyState === EventSource.CLOSED) retry = setTimeout(open, RETRY_MS);
    };
  };
  const onVisible = () => {
    if (document.hidden) {
      hangUp();
      stopPoll();
      liveState.value = 'off';
    } else open();
  };
  document.addEventListener('visibilitychange', onVisible);
  open();
  return () => {
    document.removeEventListener('visibilitychange', onVisible);
    hangUp();
    stopPoll();
    clearTimeout(settle);
    liveState.value = 'off';
  };
}

/** Call `onHint` when the server says that something changed (all sessions, or one). */
export function useLive(session: number | null, onHint: (topics: Set<string>) => void): void {
  const loggedIn = !!me.value;
  useEffect(() => (loggedIn ? watch(session, onHint) : undefined), [session, onHint, loggedIn]);
}
