// A thing fetched for a page: its data, its problem, whether it is being fetched.
//
// The data of before stays while it is fetched again, so that nothing jumps; an answer to an older question
// is thrown away. While the server gives no answer the bar above the page says so (ui/away.tsx) and the data of
// before stays without a problem beside it; all is fetched again when it is back.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { awaySince, Problem } from '../api/client';

export interface Resource<T> {
  data: T | null;
  problem: Problem | null;
  loading: boolean;
  refresh: () => void;
}

/** Fetch when `key` changes (null: don't), and again when refresh() is called. */
export function useResource<T>(
  key: string | null,
  fetcher: (signal: AbortSignal) => Promise<T>,
): Resource<T> {
  const [state, setState] = useState<{
    key: string | null;
    data: T | null;
    problem: Problem | null;
    loading: boolean;
  }>({
    key: null,
    data: null,
    problem: null,
    loading: true,
  });
  const running = useRef<AbortController | null>(null);
  const again = useRef(false);
  const latest = useRef(fetcher);
  latest.current = fetcher;

  const run = useCallback((forKey: string) => {
    running.current?.abort();
    const control = new AbortController();
    running.current = control;
    again.current = false;
    setState((s) => ({ ...s, loading: true }));
    latest
      .current(control.signal)
      .then(
        (data) => {
          if (!control.signal.aborted) setState({ key: forKey, data, problem: null, loading: false });
        },
        (e: unknown) => {
          if (control.signal.aborted) return;
          const problem = e instanceof Problem ? e : new Problem(0, 'Something went wrong', String(e));
          setState((s) => {
            const data = s.key === forKey ? s.data : null;
            const said = data !== null && problem.status === 0 && awaySince.value !== null; // by the bar
            return { key: forKey, data, problem: said ? null : problem, loading: false };
          });
        },
      )
      .finally(() => {
        if (running.current !== control) return;
        running.current = null;
        if (again.current) run(forKey);
      });
  }, []);

  useEffect(() => {
    if (key === null) return;
    run(key);
    return () => {
      running.current?.abort();
      running.current = null;
    };
  }, [key, run]);

  const refresh = useCallback(() => {
    if (key === null) return;
    if (running.current) again.current = true;
    else run(key);
  }, [key, run]);

  const away = awaySince.value !== null;
  const wasAway = useRef(away);
  useEffect(() => {
    if (wasAway.current && !away) refresh();
    wasAway.current = away;
  }, [away, refresh]);

  return { data: state.data, problem: state.problem, loading: state.loading, refresh };
}
