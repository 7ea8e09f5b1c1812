// S3: one session. The address holds what is shown: range or from/to, at (the pinned moment), metric (the
// drawer of reasons).
//
// Flow: address -> span -> series, metrics, pictures -> charts, moment, list; hints of the server refresh them

import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';
import { useRoute } from 'preact-iso/router';
import { api } from '../../api/client';
import type { Session } from '../../api/types';
import { clockTime, dayAndTime, zoneName } from '../../lib/format';
import { nearest } from '../../lib/math';
import { useParams } from '../../lib/url';
import { clockNow } from '../../state/clock';
import { useLive } from '../../state/live';
import { maySeeMetrics, maySeePictures } from '../../state/me';
import { useResource } from '../../state/resource';
import { Icon } from '../../ui/icons';
import { keysBelongToField } from '../../ui/keys';
import { Card, Empty, ProblemBox, Skeleton, StatusBadge, Time } from '../../ui/parts';
import { ATTENTION_ICON } from '../../ui/session-table';
import { Charts } from './charts';
import { HealthPanel, LedgerPanel } from './health';
import { Metrics } from './metrics';
import { Moment, Pictures } from './moment';
import {
  fixedSpan,
  isPreset,
  PRESET_WORDS,
  PRESETS,
  type Preset,
  presetSpan,
  type Span,
  spanAround,
} from './range';
import { useShots } from './shots';
import { Why } from './why';

const iso = (t: number) => new Date(t).toISOString();
const POINTS = 360;
const LIST = 50;
const MINUTE = 60_000;

export function SessionPage() {
  const { params } = useRoute();
  const id = Number(params.id);
  if (!Number.isSafeInteger(id) || id < 1)
    return (
      <div class="page">
        <Empty title="There is no such session">
          <a href="/dashboard/sessions">Show all sessions</a>
        </Empty>
      </div>
    );
  return <Loaded key={id} id={id} />;
}

function Loaded({ id }: { id: number }) {
  const session = useResource(`session ${id}`, (signal) => api.session(id, signal));
  const health = useResource(`health ${id}`, (signal) => api.health(id, signal));
  const ledger = useResource(`ledger ${id}`, (signal) => api.ledger(id, signal));
  const [round, setRound] = useState(0);

  useLive(id, (topics) => {
    const any = (...names: string[]) => topics.has('all') || names.some((n) => topics.has(n));
    if (any('sessions', 'health', 'metrics')) session.refresh();
    if (any('health', 'metrics')) health.refresh();
    if (any('ledger', 'metrics', 'screenshots', 'health')) ledger.refresh();
    if (any('metrics', 'screenshots')) setRound((n) => n + 1);
  });

  const s = session.data;
  useEffect(() => {
    document.title = s ? `${s.username} on ${s.hostname} · WorkSight` : 'Session · WorkSight';
  }, [s?.username, s?.hostname]);

  if (!s)
    return (
      <div class="page">
        <h1 class="sr">Session</h1>
        {session.problem ? (
          <ProblemBox problem={session.problem} onRetry={session.refresh} />
        ) : (
          <Skeleton lines={8} tall />
        )}
      </div>
    );
  return (
    <div class="page">
      <header class="page-head session-head">
        <div>
          <p class="crumbs">
            <a href="/dashboard/sessions">Sessions</a> <span aria-hidden="true">/</span> #{s.id}
          </p>
          <h1>
            {s.username} <span class="dim">on</span> {s.hostname}
          </h1>
          <p class="meta">
            <StatusBadge status={s.status} state={s.state} />
            <span>
              began <time dateTime={s.started_at}>{dayAndTime(s.started_at)}</time> {zoneName(s.started_at)}
            </span>
            <span>
              {s.agent_name} {s.agent_version}
            </span>
            <span>{s.ip_address}</span>
          </p>
        </div>
      </header>
      {session.problem ? <ProblemBox problem={session.problem} onRetry={session.refresh} /> : null}
      {s.attention.length > 0 ? (
        <ul class="attention">
          {s.attention.map((a) => (
            <li key={a.kind}>
              <Icon name={ATTENTION_ICON[a.kind]} />
              <span>{a.text}</span>
            </li>
          ))}
        </ul>
      ) : null}
      <div class="columns">
        <div class="column-main">
          {maySeeMetrics.value ? (
            <Work session={s} round={round} />
          ) : (
            <Card title="Scores over time" id="charts-title">
              <Empty title="Scores are not part of your roles">
                Viewers, reviewers and the person they are about see them.
              </Empty>
            </Card>
          )}
        </div>
        <div class="column-side">
          <Card title="Health" id="health-title">
            {health.data ? (
              <HealthPanel health={health.data} />
            ) : health.problem ? (
              <ProblemBox problem={health.problem} onRetry={health.refresh} />
            ) : (
              <Skeleton lines={6} />
            )}
          </Card>
          <Card title="Ledger" id="ledger-title">
            {ledger.data ? (
              <LedgerPanel ledger={ledger.data} />
            ) : ledger.problem ? (
              <ProblemBox problem={ledger.problem} onRetry={ledger.refresh} />
            ) : (
              <Skeleton lines={4} />
            )}
          </Card>
        </div>
      </div>
    </div>
  );
}

/** Charts, the moment, the list: what depends on the stretch of time. */
function Work({ session, round }: { session: Session; round: number }) {
  const id = session.id;
  const params = useParams();
  const [hover, setHover] = useState<number | null>(null);
  const fixed = fixedSpan(params.get('from'), params.get('to'));
  const named = params.get('range');
  const preset: Preset = isPreset(named) ? named : '1h';
  const atText = params.get('at');
  const at = atText && Number.isFinite(Date.parse(atText)) ? Date.parse(atText) : null;
  const metricId = Number(params.get('metric')) || null;

  // a pinned moment outside a moving range shows the hour about it
  const spanNow = (): Span => {
    if (fixed) return fixed;
    const moving = presetSpan(preset, session, clockNow());
    return at !== null && (at < moving.from || at > moving.to + MINUTE) ? spanAround(at) : moving;
  };
  const span = spanNow();
  const stands = fixed !== null || (at !== null && span.from === spanAround(at).from);
  const stretch = stands ? `${span.from}-${span.to}` : preset;
  const data = useResource(`work ${id} ${stretch}`, async (signal) => {
    const asked = spanNow();
    // a moving stretch goes up to the newest metric, whatever this clock says of its time
    const { items: metrics } = await api.metrics(
      id,
      { from: iso(asked.from), to: stands ? iso(asked.to) : null, limit: LIST },
      signal,
    );
    const span = stands ? asked : presetSpan(preset, session, clockNow(), metrics[0]?.agent_time);
    const range = { from: iso(span.from), to: iso(span.to) };
    const [series, timeline] = await Promise.all([
      api.series(id, range, POINTS, signal),
      api.timeline(id, range, POINTS, signal),
    ]);
    return { span, series, timeline, metrics };
  });
  useEffect(() => {
    if (round > 0) data.refresh();
  }, [round, data.refresh]);

  const metrics = data.data?.metrics ?? [];
  const latest = metrics[0] ?? null;

  // the metric of the pinned moment: in the list, or fetched around it
  const listed = useMemo(() => {
    if (at === null) return latest;
    const oldest = metrics[metrics.length - 1];
    if (!oldest || at < Date.parse(oldest.agent_time)) return null;
    const times = metrics.map((m) => Date.parse(m.agent_time)).reverse();
    return metrics[metrics.length - 1 - nearest(times, at)] ?? null;
  }, [at, metrics, latest]);
  const bucketMs = data.data?.series.bucket_ms ?? 60_000;
  const around = useResource(
    at !== null && data.data && !listed ? `around ${id} ${at} ${bucketMs}` : null,
    async (signal) => {
      const reach = Math.max(bucketMs, 90_000);
      const page = await api.metrics(
        id,
        {
          from: iso((at ?? 0) - reach),
          to: iso((at ?? 0) + reach),
          limit: 500,
        },
        signal,
      );
      const items = page.items.reverse();
      return (
        items[
          nearest(
            items.map((m) => Date.parse(m.agent_time)),
            at ?? 0,
          )
        ] ?? null
      );
    },
  );
  const metric = listed ?? (at === null ? null : around.data);

  const explained = useResource(latest ? `thresholds ${id}` : null, (signal) =>
    api.metric(latest?.id ?? 0, signal),
  );
  const learning = metrics.some((m) => m.anomaly.learning);
  const film = useShots(session, data.data?.span ?? null, at, round);

  const pick = useCallback(
    (t: number | null) => params.set({ at: t === null ? null : iso(t), metric: null }, true),
    [params],
  );
  const bucketStep = (by: number) => {
    const times = data.data?.series.t_ms ?? [];
    const t = times[nearest(times, at ?? Number.MAX_SAFE_INTEGER) + by];
    if (t !== undefined) pick(t);
  };
  const pictureStep = (by: number) => {
    const now = film.times.length ? nearest(film.times, at ?? Number.MAX_SAFE_INTEGER) : -1;
    const t = film.times[now + by];
    if (t !== undefined) pick(t);
    else if (film.times.length === 0) bucketStep(by); // no pictures: along the charts
  };
  const metricStep = (by: number) => {
    const here = metric ? metrics.findIndex((m) => m.id === metric.id) : -1;
    if (here < 0 && at !== null) return bucketStep(-by); // older than the list goes
    const next = metrics[here + by];
    if (next) pick(Date.parse(next.agent_time));
  };
  useEffect(() => {
    const onKey = (e: KeyboardEvent) => {
      if (keysBelongToField(e) || document.querySelector('dialog[open]')) return;
      if ((e.target as HTMLElement | null)?.matches('input[type=range]')) return;
      if (e.key === 'ArrowLeft') pictureStep(-1);
      else if (e.key === 'ArrowRight') pictureStep(1);
      else if (e.key === 'j') metricStep(1);
      else if (e.key === 'k') metricStep(-1);
      else if (e.key === 'l') params.set({ at: null, from: null, to: null, metric: null });
      else if (e.key === 'w' && metric) params.set({ metric: String(metric.id) });
      else return;
      e.preventDefault();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  });

  const isLive = !fixed && at === null;
  return (
    <>
      {session.last_metric_at === null ? null : (
        <Moment
          metric={metric}
          loading={!data.data || (at !== null && !listed && around.loading)}
          pinned={at !== null}
          onWhy={(m) => params.set({ metric: String(m.id) })}
        />
      )}
      <Card
        title="Scores over time"
        id="charts-title"
        aside={
          <nav class="chips small" aria-label="Stretch of time">
            {(Object.keys(PRESETS) as Preset[]).map((p) => (
              <a
                key={p}
                class="chip"
                href={params.href({ range: p === '1h' ? null : p, from: null, to: null })}
                aria-current={!fixed && p === preset ? 'true' : undefined}
              >
                {PRESET_WORDS[p]}
              </a>
            ))}
          </nav>
        }
      >
        {data.problem ? <ProblemBox problem={data.problem} onRetry={data.refresh} /> : null}
        {!data.data ? (
          data.problem ? null : (
            <Skeleton lines={8} tall />
          )
        ) : session.last_metric_at === null ? (
          <Empty title="No metric has come from this agent yet" command="worksight-agent status">
            On the desktop, this says what it is doing and what it waits for.
          </Empty>
        ) : (
          <>
            <p class="stretch">
              <span>
                <time dateTime={iso(data.data.span.from)}>{dayAndTime(data.data.span.from)}</time> to{' '}
                <time dateTime={iso(data.data.span.to)}>{clockTime(data.data.span.to)}</time> {zoneName()}
              </span>
              {isLive ? null : (
                <a class="more" href={params.href({ at: null, from: null, to: null, metric: null })}>
                  Back to the newest (l)
                </a>
              )}
            </p>
            <Charts
              series={data.data.series}
              timeline={data.data.timeline}
              span={data.data.span}
              at={at}
              hover={hover}
              learning={learning}
              thresholds={explained.data?.anomaly.thresholds ?? null}
              onHover={setHover}
              onPick={pick}
              onZoom={(z) =>
                params.set({
                  from: iso(z.from),
                  to: iso(z.to),
                  range: null,
                })
              }
            />
          </>
        )}
      </Card>
      {session.last_metric_at === null ? null : (
        <>
          <Pictures
            film={film}
            moment={hover ?? at}
            mayLook={maySeePictures.value}
            hasPictures={session.last_screenshot_at !== null}
            onPick={pick}
          />
          <Card
            title="Metrics"
            id="metrics-title"
            flush
            aside={
              <span class="dim">
                {metrics.length === LIST ? `the newest ${LIST} of this stretch` : 'of this stretch'}
              </span>
            }
          >
            {metrics.length === 0 ? (
              <Empty title="No metric in this stretch of time" />
            ) : (
              <Metrics
                metrics={metrics}
                selected={metric?.id ?? null}
                onWhy={(m) => params.set({ metric: String(m.id), at: m.agent_time })}
              />
            )}
          </Card>
        </>
      )}
      <Why
        id={metricId}
        onClose={() => params.set({ metric: null })}
        newest={latest ? <Time at={latest.agent_time} /> : null}
      />
    </>
  );
}
