// S1: is everything arriving, and what to look at first.
import { useEffect } from 'preact/hooks';
import { api } from '../api/client';
import type { Overview as OverviewData } from '../api/types';
import { clockTime, count, zoneName } from '../lib/format';
import { useLive } from '../state/live';
import { maySeeEveryone } from '../state/me';
import { useResource } from '../state/resource';
import { Icon } from '../ui/icons';
import { Card, Empty, ProblemBox, Skeleton } from '../ui/parts';
import { Ribbon } from '../ui/ribbon';
import { ATTENTION_ICON, SessionTable } from '../ui/session-table';

const LEVEL_ICON = { empty: 'ring', ok: 'check', attention: 'wave', problem: 'warn' } as const;

const noneYet = () => (maySeeEveryone.value ? 'No agent has been here yet' : 'No session of yours yet');

const CHECKS = 6; // lines and rows that a glance takes in; links lead to the rest
const SESSIONS = 20;

/** A zero says nothing while the agents still learn: say how many were judged. */
const judgedNote = (c: OverviewData['counters']) =>
  c.metrics_24h > 0 && c.judged_24h === 0 ? 'still learning' : `of ${count(c.judged_24h)} judged`;

export function Overview() {
  const { data, problem, refresh } = useResource('overview', api.overview);
  useLive(null, refresh);
  useEffect(() => {
    document.title = 'Overview · WorkSight';
  }, []);

  if (!data)
    return (
      <div class="page">
        <h1 class="sr">Overview</h1>
        {problem ? <ProblemBox problem={problem} onRetry={refresh} /> : <Skeleton lines={6} tall />}
      </div>
    );
  return (
    <div class="page">
      <header class={`banner banner-${data.banner.level}`}>
        <span class="banner-mark">
          <Icon name={LEVEL_ICON[data.banner.level]} />
        </span>
        <div>
          <h1>{data.banner.level === 'empty' ? noneYet() : data.banner.text}</h1>
          <p>
            As of <time dateTime={data.generated_at}>{clockTime(data.generated_at)}</time>, {zoneName()}
          </p>
        </div>
      </header>
      {problem ? <ProblemBox problem={problem} onRetry={refresh} /> : null}
      {data.banner.level === 'empty' ? (
        <Empty
          title="Start an agent to see its first result"
          command={`worksight-agent run --server ${location.origin}`}
        >
          The agent shows what it would record and asks before it does. Its session appears here by itself.
        </Empty>
      ) : (
        <Filled data={data} />
      )}
    </div>
  );
}

function Filled({ data }: { data: OverviewData }) {
  const c = data.counters;
  const newest = data.sessions[0];
  return (
    <>
      <dl class="tiles">
        <Tile
          name="Agents online"
          value={c.agents_online}
          note={`${count(c.agents_late)} late, ${count(c.agents_offline)} offline`}
        />
        <Tile name="Metrics, 24 h" value={c.metrics_24h} note={`${count(c.scored_24h)} scored`} />
        <Tile name="Unusual, 24 h" value={c.unusual_24h} note={judgedNote(c)} />
        <Tile name="Pictures, 24 h" value={c.screenshots_24h} note="only where agreed" />
        <Tile
          name="Waiting on desktops"
          value={c.queue_pending}
          note={c.queue_dead ? `${count(c.queue_dead)} kept aside` : 'none kept aside'}
        />
        <Tile name="Failures, 24 h" value={c.failures_24h} note="failed steps" />
      </dl>
      <div class="split">
        <Card
          title="What to check first"
          id="check-first"
          aside={
            data.check_first.length > CHECKS ? (
              <a class="more" href="/dashboard/sessions?attention=1">
                All to look at
              </a>
            ) : null
          }
        >
          {data.check_first.length === 0 ? (
            <>
              <p class="all-good">
                <Icon name="check" /> Nothing needs a look.
              </p>
              {newest ? (
                <p class="next-step">
                  Scores, reasons{c.screenshots_24h ? ' and pictures' : ''}:{' '}
                  <a href={`/dashboard/sessions/${newest.id}`}>
                    open the session of {newest.username} on {newest.hostname}
                  </a>
                </p>
              ) : null}
            </>
          ) : (
            <ol class="checks">
              {data.check_first.slice(0, CHECKS).map((a, i) => (
                <li key={`${a.kind}-${a.session_id}-${i}`}>
                  <Icon name={ATTENTION_ICON[a.kind]} />
                  {a.session_id ? (
                    <a
                      href={`/dashboard/sessions/${a.session_id}${a.at ? `?at=${encodeURIComponent(a.at)}` : ''}`}
                    >
                      {a.text}
                    </a>
                  ) : (
                    <span>{a.text}</span>
                  )}
                </li>
              ))}
            </ol>
          )}
        </Card>
        <Card
          title="The last 24 hours"
          id="ribbon-title"
          aside={<span class="dim">a bar is 15 minutes</span>}
        >
          <Ribbon quarters={data.ribbon} />
        </Card>
      </div>
      <Card
        title="Sessions"
        id="sessions-title"
        flush
        aside={
          <a class="more" href="/dashboard/sessions">
            All sessions
          </a>
        }
      >
        <SessionTable
          sessions={data.sessions.slice(0, SESSIONS)}
          caption="Sessions that need a look first, then the newest"
        />
      </Card>
    </>
  );
}

function Tile({ name, value, note }: { name: string; value: number; note: string }) {
  return (
    <div class="tile">
      <dt>{name}</dt>
      <dd>
        <span class="tile-value">{count(value)}</span>
        <span class="tile-note">{note}</span>
      </dd>
    </div>
  );
}
