// The pictures around what is shown: the newest of the stretch, or those about the pinned moment.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { api, type Problem } from '../../api/client';
import type { Screenshot, Session } from '../../api/types';
import { maySeePictures } from '../../state/me';
import { useResource } from '../../state/resource';
import type { Span } from './range';

const PAGE = 200;
const AFTER_MS = 10 * 60_000;

export interface Shots {
  shots: Screenshot[]; // oldest first
  times: number[];
  loading: boolean;
  problem: Problem | null;
  refresh: () => void;
}

export function useShots(session: Session, span: Span | null, at: number | null, round: number): Shots {
  // null: up to the newest; else pictures up to this moment
  const [end, setEnd] = useState<number | null>(null);
  const wanted = maySeePictures.value && session.last_screenshot_at !== null && span !== null;
  const r = useResource(wanted ? `shots ${session.id} ${end}` : null, async (signal) => {
    const to = end === null ? {} : { to: new Date(end).toISOString() };
    const page = await api.screenshots(session.id, { ...to, limit: PAGE }, signal);
    return { shots: page.items.reverse(), all: page.next_cursor === null };
  });
  useEffect(() => {
    if (round > 0 && end === null) r.refresh();
  }, [round, end, r.refresh]);

  const shots = r.data?.shots ?? [];
  const times = useMemo(() => shots.map((s) => Date.parse(s.captured_at)), [r.data]);
  useEffect(() => {
    if (!r.data || r.loading) return;
    const oldest = times[0];
    const newest = times[times.length - 1];
    if (at === null) {
      if (end !== null) setEnd(null);
    } else if (oldest !== undefined && at < oldest && !r.data.all) setEnd(at + AFTER_MS);
    else if (end !== null && (newest === undefined || at > newest)) setEnd(null);
  }, [at, end, r.data, r.loading, times]);

  return { shots, times, loading: r.loading, problem: r.problem, refresh: r.refresh };
}
