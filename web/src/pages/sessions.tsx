// S2: find a session. The filter stands in the address: ?q=&status=&attention=1
import { useEffect, useRef, useState } from 'preact/hooks';
import { api, exportOf, Problem } from '../api/client';
import type { Session } from '../api/types';
import { count } from '../lib/format';
import { useParams } from '../lib/url';
import { useLive } from '../state/live';
import { mayExport, maySeeEveryone } from '../state/me';
import { useResource } from '../state/resource';
import { Icon } from '../ui/icons';
import { Empty, ProblemBox, Skeleton } from '../ui/parts';
import { SessionTable } from '../ui/session-table';

const CHIPS: { word: string; status: string | null; attention: string | null }[] = [
  { word: 'All', status: null, attention: null },
  { word: 'Online', status: 'online', attention: null },
  { word: 'Late', status: 'late', attention: null },
  { word: 'Offline', status: 'offline', attention: null },
  { word: 'To look at', status: null, attention: '1' },
];
const PAGE = 50;

export function Sessions() {
  const params = useParams();
  const q = params.get('q') ?? '';
  const status = params.get('status');
  const attention = params.get('attention');
  const filter = { q, status, attention: attention ? true : null };
  const key = JSON.stringify(filter);
  const first = useResource(key, (signal) => api.sessions({ ...filter, limit: PAGE }, signal));
  const [more, setMore] = useState<{
    key: string;
    items: Session[];
    cursor: string | null;
    last: number;
  } | null>(null);
  const [fetching, setFetching] = useState(false);
  const [moreProblem, setMoreProblem] = useState<Problem | null>(null);
  const search = useRef<HTMLInputElement>(null);
  useLive(null, first.refresh);
  useEffect(() => {
    document.title = 'Sessions · WorkSight';
    if (params.get('search')) {
      search.current?.focus();
      params.set({ search: null }, true);
    }
  }, []);

  const later = more?.key === key ? more : null;
  const known = new Set(first.data?.items.map((s) => s.id));
  const items = [...(first.data?.items ?? []), ...(later?.items.filter((s) => !known.has(s.id)) ?? [])];
  const cursor = later ? later.cursor : (first.data?.next_cursor ?? null);
  const fetchMore = async () => {
    setMoreProblem(null);
    setFetching(true);
    try {
      const page = await api.sessions({ ...filter, limit: PAGE, cursor });
      const items = [...(later?.items ?? []), ...page.items];
      setMore({ key, items, cursor: page.next_cursor, last: page.items.length });
    } catch (e) {
      setMoreProblem(e instanceof Problem ? e : new Problem(0, 'Something went wrong', String(e)));
    }
    setFetching(false);
  };
  const filtered = !!(q || status || attention);
  const last = later ? later.last : (first.data?.items.length ?? 0);
  const short = cursor !== null && last < PAGE; // looking stopped before a page was full

  return (
    <div class="page">
      <header class="page-head">
        <h1>Sessions</h1>
        <p class="dim" role="status">
          {first.data
            ? `${count(items.length)}${filtered ? ' found' : ''}${cursor ? ' so far' : filtered ? '' : ' in all'}`
            : ' '}
        </p>
        {mayExport.value && items.length > 0 ? (
          <p class="exports">
            <span class="dim" id="exports-word">
              {filtered ? 'Save what matches' : 'Save all'}
            </span>
            <a class="button small" download href={exportOf('csv', filter)} aria-describedby="exports-word">
              <Icon name="save" />
              CSV
            </a>
            <a class="button small" download href={exportOf('json', filter)} aria-describedby="exports-word">
              <Icon name="save" />
              JSON
            </a>
          </p>
        ) : null}
      </header>
      <div class="filters">
        <label class="search">
          <Icon name="search" />
          <span class="sr">Search by user, computer, address or agent</span>
          <input
            ref={search}
            type="search"
            placeholder="User, computer or address"
            defaultValue={q}
            maxLength={200}
            spellcheck={false}
            onInput={(e) => params.set({ q: e.currentTarget.value.trim() }, true)}
            onKeyDown={(e) => {
              if (e.key === 'Escape') e.currentTarget.blur();
            }}
          />
          <kbd title="Key: /">/</kbd>
        </label>
        <nav class="chips" aria-label="Filter">
          {CHIPS.map((c) => (
            <a
              key={c.word}
              class="chip"
              href={params.href({ status: c.status, attention: c.attention })}
              aria-current={
                (c.status ?? '') === (status ?? '') && (c.attention ?? '') === (attention ?? '')
                  ? 'true'
                  : undefined
              }
            >
              {c.word}
            </a>
          ))}
        </nav>
      </div>
      {first.problem ? <ProblemBox problem={first.problem} onRetry={first.refresh} /> : null}
      <section class="card flush" aria-label="Sessions" aria-busy={first.loading}>
        {!first.data ? (
          first.problem ? null : (
            <Skeleton lines={8} />
          )
        ) : items.length === 0 ? (
          short ? (
            <Empty title="None of the newest sessions matches">Older ones may: look further below.</Empty>
          ) : filtered ? (
            <Empty title="No session matches">
              <a href="/dashboard/sessions">Show all sessions</a>
            </Empty>
          ) : (
            <Empty
              title={maySeeEveryone.value ? 'No agent has been here yet' : 'No session of yours yet'}
              command={`worksight-agent run --server ${location.origin}`}
            >
              Start one on a desktop; it shows its notice and asks before it records. From another network it
              needs a code of <code>worksight-server enroll</code>.
            </Empty>
          )
        ) : (
          <SessionTable sessions={items} caption="Sessions, newest first" />
        )}
      </section>
      {moreProblem ? <ProblemBox problem={moreProblem} onRetry={fetchMore} /> : null}
      {cursor ? (
        <p class="more-line">
          <button type="button" class="button" disabled={fetching} onClick={fetchMore}>
            {fetching ? 'Looking …' : short ? 'Look further' : 'Show more'}
          </button>
          {short ? <span class="dim">Older sessions were not looked at yet.</span> : null}
        </p>
      ) : null}
    </div>
  );
}
