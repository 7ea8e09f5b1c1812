// S3: productivity, anomaly and activity over one time axis; a scrubber and a table for those who don't point.
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { Series, Timeline } from '../../api/types';
import { clockTime, count, day, percent, score1, score2, zone } from '../../lib/format';
import { gapOf, nearest } from '../../lib/math';
import { colourRound } from '../../state/prefs';
import { Empty } from '../../ui/parts';
import { Lanes, LanesTwin } from './lanes';
import { type Plot, type PlotData, plotMake } from './plot';
import type { Span } from './range';

const QUARTER_MS = 900_000; // longer stretches are read from sums by quarter hour, without activity

type Kind = 'productivity' | 'anomaly' | 'activity';
const CHARTS: {
  kind: Kind;
  name: string;
  about: string;
  top: number;
  ticks: number[];
  height: number;
  tone: 'accent' | 'ink';
  word: (n: number) => string;
}[] = [
  {
    kind: 'productivity',
    name: 'Productivity',
    about: '0 to 100',
    top: 100,
    ticks: [0, 25, 50, 75, 100],
    height: 176,
    tone: 'accent',
    word: score1,
  },
  {
    kind: 'anomaly',
    name: 'Anomaly',
    about: 'how unusual, 0 to 1',
    top: 1,
    ticks: [0, 0.5, 1],
    height: 112,
    tone: 'ink',
    word: score2,
  },
  {
    kind: 'activity',
    name: 'Activity',
    about: 'share of the time',
    top: 1,
    ticks: [0, 0.5, 1],
    height: 124,
    tone: 'ink',
    word: percent,
  },
];
const axisWord = (kind: Kind, v: number) =>
  kind === 'productivity' ? String(v) : kind === 'anomaly' ? v.toFixed(1) : percent(v);

/** How many metrics of a bucket have no such value. */
const without = (series: Series, kind: Kind, i: number) =>
  (kind === 'anomaly' ? series.not_judged[i] : kind === 'productivity' ? series.not_scored[i] : 0) ?? 0;

/** The series as uPlot wants it, with holes where buckets are far apart. */
function dataOf(series: Series, kind: Kind, gapMs: number): PlotData {
  const d: PlotData = { t: [], min: [], avg: [], max: [], none: [], bucketS: series.bucket_ms / 1000 };
  const band = series[kind];
  series.t_ms.forEach((t, i) => {
    const before = series.t_ms[i - 1];
    if (before !== undefined && t - before > gapMs) {
      d.t.push((before + series.bucket_ms) / 1000);
      d.min.push(null);
      d.avg.push(null);
      d.max.push(null);
    }
    d.t.push(t / 1000);
    d.min.push(band.min[i] ?? null);
    d.avg.push(band.avg[i] ?? null);
    d.max.push(band.max[i] ?? null);
    if (without(series, kind, i) > 0) d.none.push(t / 1000);
  });
  return d;
}

function readout(
  series: Series,
  kind: Kind,
  i: number,
  word: (n: number) => string,
  learning: boolean,
): string {
  const band = series[kind];
  const avg = band.avg[i];
  if (avg == null) {
    if (without(series, kind, i) === 0) return 'no value';
    return kind === 'productivity' ? 'not scored' : learning ? 'learning' : 'not judged';
  }
  const min = band.min[i];
  const max = band.max[i];
  const spread = min != null && max != null && max - min > 1e-9 ? ` (${word(min)} to ${word(max)})` : '';
  return word(avg) + spread;
}

/** What a chart without a line says instead. */
function noteOf({ series, learning }: ChartsProps, kind: Kind): string {
  if (series.t_ms.length === 0 || series[kind].avg.some((v) => v !== null)) return '';
  if (kind === 'productivity') return 'nothing was scored';
  if (kind === 'anomaly') return learning ? 'learning what is usual' : '';
  return series.bucket_ms >= QUARTER_MS ? 'kept for stretches of up to a day' : '';
}

export interface ChartsProps {
  series: Series;
  timeline: Timeline;
  span: Span;
  at: number | null; // pinned moment, ms
  hover: number | null; // under the pointer, ms
  learning: boolean; // what has no anomaly has none because the agent learns what is usual
  thresholds: { unusual: number; very_unusual: number } | null;
  onHover: (t: number | null) => void;
  onPick: (t: number | null) => void;
  onZoom: (span: Span) => void;
}

export function Charts(p: ChartsProps) {
  const hosts = useRef<Partial<Record<Kind, HTMLDivElement | null>>>({});
  const plots = useRef<Partial<Record<Kind, Plot>>>({});
  const handlers = useRef(p);
  handlers.current = p;
  const gap = useMemo(() => gapOf(p.series), [p.series]);
  const { t_ms } = p.series;
  const shownAt = p.hover ?? p.at ?? t_ms[t_ms.length - 1] ?? null;
  const index = shownAt === null ? -1 : nearest(t_ms, shownAt);

  // make the charts; again when colours or the spelling of times change
  useEffect(() => {
    for (const c of CHARTS) {
      const host = hosts.current[c.kind];
      if (!host) continue;
      plots.current[c.kind] = plotMake(host, {
        group: 'session',
        height: c.height,
        top: c.top,
        ticks: c.ticks,
        word: (v) => axisWord(c.kind, v),
        axis: c.kind === 'activity',
        tone: c.tone,
        onHover: (t) => handlers.current.onHover(t === null ? null : t * 1000),
        onPick: (t) => handlers.current.onPick(t * 1000),
        onZoom: (from, to) => handlers.current.onZoom({ from: from * 1000, to: to * 1000 }),
      });
    }
    const watcher = new ResizeObserver(() => {
      for (const plot of Object.values(plots.current)) plot.resize();
    });
    if (hosts.current.productivity) watcher.observe(hosts.current.productivity);
    return () => {
      watcher.disconnect();
      for (const plot of Object.values(plots.current)) plot.destroy();
      plots.current = {};
    };
  }, [colourRound.value, zone.value]);

  useEffect(() => {
    for (const c of CHARTS)
      plots.current[c.kind]?.setData(dataOf(p.series, c.kind, gap), p.span.from / 1000, p.span.to / 1000);
    for (const c of CHARTS) plots.current[c.kind]?.setNote(noteOf(p, c.kind));
  }, [p.series, p.span, p.learning, gap, colourRound.value, zone.value]);

  useEffect(() => {
    for (const plot of Object.values(plots.current)) plot.setAt(p.at === null ? null : p.at / 1000);
  }, [p.at, colourRound.value, zone.value]);

  const unusual = p.thresholds?.unusual;
  useEffect(() => {
    const lines = unusual === undefined ? [] : [{ at: unusual, word: 'unusual from here' }];
    plots.current.anomaly?.setThresholds(lines);
  }, [unusual, colourRound.value, zone.value]);

  const total = p.series.count.reduce((a, b) => a + b, 0);
  return (
    <div class="charts">
      {CHARTS.map((c) => (
        <figure key={c.kind} class="chart">
          <figcaption>
            <span class="chart-name">{c.name}</span>
            <span class="dim">{c.about}</span>
            <output class="chart-value num">
              {index < 0 ? '' : readout(p.series, c.kind, index, c.word, p.learning)}
            </output>
          </figcaption>
          <div
            class="plot"
            role="img"
            aria-label={`${c.name} over time, ${count(total)} metrics; the table below has the values`}
            ref={(e) => {
              hosts.current[c.kind] = e;
            }}
          />
        </figure>
      ))}
      {t_ms.length === 0 ? (
        <Empty title="No metric in this stretch of time">Choose a longer one above.</Empty>
      ) : (
        <>
          <Lanes
            timeline={p.timeline}
            span={p.span}
            moment={shownAt}
            reach={p.series.bucket_ms}
            onHover={p.onHover}
            onPick={p.onPick}
          />
          <Scrubber {...p} index={index} />
          <LanesTwin timeline={p.timeline} />
          <Twin series={p.series} learning={p.learning} />
        </>
      )}
    </div>
  );
}

/** The moment by keys or a thumb that stands under its place in the charts; it steps from bucket to bucket. */
function Scrubber({ series, span, at, index, learning, onPick }: ChartsProps & { index: number }) {
  const { t_ms } = series;
  const here = at === null ? t_ms.length - 1 : nearest(t_ms, at);
  const pick = (i: number) => onPick(t_ms[Math.max(0, Math.min(t_ms.length - 1, i))] ?? null);
  const onKey = (e: KeyboardEvent) => {
    const by = KEY_STEPS[e.key];
    if (by === undefined) return;
    e.preventDefault();
    pick(here + by);
  };
  return (
    <input
      class="scrubber"
      type="range"
      min={span.from}
      max={span.to}
      step="any"
      value={t_ms[here]}
      aria-label="Moment"
      aria-valuetext={`${clockTime(t_ms[index] as number)}, productivity ${readout(series, 'productivity', index, score1, learning)}`}
      onKeyDown={onKey}
      onInput={(e) => pick(nearest(t_ms, e.currentTarget.valueAsNumber))}
    />
  );
}

const KEY_STEPS: Record<string, number> = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageDown: -10,
  PageUp: 10,
  Home: -Number.MAX_SAFE_INTEGER,
  End: Number.MAX_SAFE_INTEGER,
};

const TWIN_ROWS = 240;

/** The charts' values as a table, newest first. */
function Twin({ series, learning }: { series: Series; learning: boolean }) {
  const rows = series.t_ms.map((t, i) => ({ t, i })).reverse();
  const cell = (kind: Kind, i: number, word: (n: number) => string) =>
    readout(series, kind, i, word, learning);
  return (
    <details class="twin">
      <summary>Scores, as a table</summary>
      <section class="table-scroll short" tabIndex={0} aria-label="The charts' values">
        <table class="rows tight">
          <thead>
            <tr>
              <th scope="col">From</th>
              <th scope="col" class="r">
                Productivity
              </th>
              <th scope="col" class="r">
                Anomaly
              </th>
              <th scope="col" class="r">
                Activity
              </th>
              <th scope="col" class="r">
                Metrics
              </th>
              <th scope="col" class="r">
                Not scored
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, TWIN_ROWS).map(({ t, i }) => (
              <tr key={t}>
                <th scope="row">
                  <time dateTime={new Date(t).toISOString()}>
                    {day(t)} {clockTime(t)}
                  </time>
                </th>
                <td class="r num">{cell('productivity', i, score1)}</td>
                <td class="r num">{cell('anomaly', i, score2)}</td>
                <td class="r num">{cell('activity', i, percent)}</td>
                <td class="r num">{count(series.count[i])}</td>
                <td class="r num">{count(series.not_scored[i])}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {rows.length > TWIN_ROWS ? (
        <p class="dim">
          The newest {TWIN_ROWS} of {rows.length}; choose a shorter stretch for the others.
        </p>
      ) : null}
    </details>
  );
}
