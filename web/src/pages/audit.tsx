// The access log: who did and saw what, the newest first.
import { useState } from 'preact/hooks';
import { api, Problem } from '../api/client';
import type { AuditRow } from '../api/types';
import { useResource } from '../state/resource';
import { Card, Command, ProblemBox, Skeleton, Time } from '../ui/parts';

const PAGE = 20;

/** What was done, in words; what is not here is shown as it is written. */
const WORDS: Record<string, string> = {
  login: 'logged in',
  'login.failed': 'failed to log in',
  logout: 'ended a login',
  password: 'changed the own password',
  'setup.link': 'made a one-time link',
  'setup.use': 'used a one-time link',
  'screenshot.view': 'looked at a picture',
  'sessions.export': 'saved a list of sessions',
  'user.add': 'made an account',
  'user.password': 'set a password',
  'apikey.create': 'made an API key',
  'apikey.revoke': 'revoked an API key',
  'enroll.create': 'made an enrollment code',
  'enroll.revoke': 'revoked an enrollment code',
  'token.revoke': "revoked an agent's token",
};

export function AccessLog() {
  const first = useResource('audit', (signal) => api.audit({ limit: PAGE }, signal));
  const [older, setOlder] = useState<{ items: AuditRow[]; cursor: string | null } | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [fetching, setFetching] = useState(false);
  const known = new Set(first.data?.items.map((r) => r.id));
  const rows = [...(first.data?.items ?? []), ...(older?.items.filter((r) => !known.has(r.id)) ?? [])];
  const cursor = older ? older.cursor : (first.data?.next_cursor ?? null);
  const fetchOlder = async () => {
    setProblem(null);
    setFetching(true);
    try {
      const page = await api.audit({ limit: PAGE, cursor });
      setOlder({ items: [...(older?.items ?? []), ...page.items], cursor: page.next_cursor });
    } catch (e) {
      setProblem(e instanceof Problem ? e : new Problem(0, 'Something went wrong', String(e)));
    }
    setFetching(false);
  };

  return (
    <Card title="Access log" id="audit-title" aside={<span class="dim">the newest first</span>}>
      {first.data ? <Rows rows={rows} /> : first.problem ? null : <Skeleton />}
      {first.problem ? <ProblemBox problem={first.problem} onRetry={first.refresh} /> : null}
      {problem ? <ProblemBox problem={problem} onRetry={fetchOlder} /> : null}
      {cursor ? (
        <p class="more-line">
          <button type="button" class="button" disabled={fetching} onClick={fetchOlder}>
            {fetching ? 'Looking …' : 'Show older'}
          </button>
        </p>
      ) : null}
      <p class="make">To check that nobody changed it, on the server's machine:</p>
      <Command text="worksight-server audit verify" />
    </Card>
  );
}

function Rows({ rows }: { rows: AuditRow[] }) {
  return (
    <div class="table-scroll">
      <table class="rows cards-on-phone">
        <caption class="sr">Access log, the newest first</caption>
        <thead>
          <tr>
            <th scope="col">Who</th>
            <th scope="col">What</th>
            <th scope="col">When</th>
            <th scope="col">From</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((r) => (
            <tr key={r.id}>
              <th scope="row">{r.actor}</th>
              <td data-label="What" class="did">
                {WORDS[r.action] ?? r.action}
                <span class="under">{[r.object, r.detail].filter(Boolean).join(' · ')}</span>
              </td>
              <td data-label="When">
                <Time at={r.at} as="full" />
              </td>
              <td data-label="From">{r.address ?? <span class="dim">this machine</span>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
