// S3: what happened, on the time axis of the charts: what was worked with, silences and pauses, events, recordings.
//
// Flow: timeline of the server -> [lanes] -> SVG in shares of the width (the CSP allows no style attribute)
import type { Timeline } from '../../api/types';
import { bytes, clockTime, count, day, duration } from '../../lib/format';
import type { Span } from './range';

interface Block {
  from: number;
  to: number;
  kind: string; // its class
  word: string;
  more: string; // the rest of it in words
}
interface Lane {
  name: string;
  about: string;
  none: string; // when no block is at the moment
  blocks: Block[];
}

const ms = (time: string) => Date.parse(time);
const EVENT_WORDS: Record<string, string> = {
  pause: 'Paused',
  resume: 'Resumed',
  lock: 'Locked',
  unlock: 'Unlocked',
  policy: 'New policy',
  queue_set_aside: 'Queue set aside',
};
const wordOf = (event: string) => EVENT_WORDS[event] ?? event.replaceAll('_', ' ');
const KINDS = 7; // colours of categories in session.css

/** Each category its own colour while there are enough of them, the same on every page. */
function colours(names: string[]): Map<string, number> {
  const known = ['development', 'office', 'reference', 'communication', 'design', 'web', 'system'];
  const map = new Map<string, number>();
  for (const n of [...new Set(names)]) {
    const at = known.indexOf(n);
    map.set(n, at >= 0 ? at : [...n].reduce((h, c) => (h * 31 + c.charCodeAt(0)) % KINDS, 7));
  }
  return map;
}

/** What is neither silence nor pause, from the first observation to the last. */
function observedOf(t: Timeline): Block[] {
  const first = t.categories === null ? t.from : t.categories[0]?.from;
  const last = t.categories === null ? t.to : t.categories.at(-1)?.to;
  if (!first || !last) return [];
  const breaks = [...t.gaps, ...t.pauses]
    .map((g) => ({ from: ms(g.from), to: ms(g.to) }))
    .sort((a, b) => a.from - b.from);
  const blocks: Block[] = [];
  const add = (from: number, to: number) => {
    if (to > from) blocks.push({ from, to, kind: 'observed', word: 'Observing', more: '' });
  };
  let from = ms(first);
  for (const b of breaks) {
    add(from, Math.min(b.from, ms(last)));
    from = Math.max(from, b.to);
  }
  add(from, ms(last));
  return blocks;
}

function lanesOf(t: Timeline): Lane[] {
  const colour = colours((t.categories ?? []).map((c) => c.category ?? ''));
  const lanes: Lane[] = [];
  if (t.categories)
    lanes.push({
      name: 'Worked with',
      about: 'most of the time',
      none: 'nothing seen',
      blocks: t.categories.map((c) => ({
        from: ms(c.from),
        to: ms(c.to),
        kind: c.category && c.category !== 'unknown' ? `cat-${colour.get(c.category)}` : 'cat-none',
        word: c.category ?? 'no category',
        more: `${count(c.metrics)} observations`,
      })),
    });
  lanes.push({
    name: 'Agent',
    about: 'when it observed, silences and pauses',
    none: 'not heard',
    blocks: [
      ...observedOf(t),
      ...t.gaps
        .filter((g) => !g.paused)
        .map((g) => ({
          from: ms(g.from),
          to: ms(g.to),
          kind: 'silent',
          word: 'Not observing',
          more: 'it was off, locked, asleep or not allowed to look',
        })),
      ...t.pauses.map((p) => ({
        from: ms(p.from),
        to: ms(p.to),
        kind: 'paused',
        word: 'Paused',
        more: p.reason ?? 'no reason given',
      })),
    ],
  });
  if (t.recordings.length > 0)
    lanes.push({
      name: 'Recordings',
      about: '',
      none: 'none',
      blocks: t.recordings.map((r) => ({
        from: ms(r.from),
        to: ms(r.to),
        kind: 'recording',
        word: r.status.replaceAll('_', ' '),
        more: r.bytes === null ? '' : bytes(r.bytes),
      })),
    });
  return lanes;
}

export interface LanesProps {
  timeline: Timeline;
  span: Span;
  moment: number | null; // under the pointer, pinned, or the newest
  reach: number; // ms from there that are the same bucket of the charts
  onHover: (t: number | null) => void;
  onPick: (t: number) => void;
}

export function Lanes(p: LanesProps) {
  const lanes = lanesOf(p.timeline);
  return (
    <div class="lanes">
      {lanes.map((lane) => (
        <LaneRow key={lane.name} lane={lane} {...p} />
      ))}
      <Events {...p} />
    </div>
  );
}

const share = (span: Span, t: number) =>
  `${(100 * (Math.max(span.from, Math.min(span.to, t)) - span.from)) / (span.to - span.from)}%`;
const spread = (span: Span, from: number, to: number) =>
  `${Math.max(0.12, (100 * (Math.min(span.to, to) - Math.max(span.from, from))) / (span.to - span.from))}%`;
const title = (b: Block) =>
  `${b.word}${b.more ? `, ${b.more}` : ''}: ${clockTime(b.from)} to ${clockTime(b.to)} (${duration(b.to - b.from)})`;

/** The pointer moves and chooses the moment here as in the charts. */
function pointer({ span, onHover, onPick }: LanesProps) {
  const at = (e: MouseEvent) => {
    const box = (e.currentTarget as Element).getBoundingClientRect();
    return span.from + ((e.clientX - box.left) / box.width) * (span.to - span.from);
  };
  return {
    onMouseMove: (e: MouseEvent) => onHover(at(e)),
    onMouseLeave: () => onHover(null),
    onClick: (e: MouseEvent) => onPick(at(e)),
  };
}

function Mark({ span, moment }: { span: Span; moment: number | null }) {
  if (moment === null || moment < span.from || moment > span.to) return null;
  const x = share(span, moment);
  return <line class="lane-mark" x1={x} x2={x} y1="0" y2="100%" />;
}

function LaneRow(p: LanesProps & { lane: Lane }) {
  const { lane, span, moment } = p;
  const here = lane.blocks.findLast((b) => moment !== null && b.from < moment + p.reach && moment < b.to);
  return (
    <figure class="lane">
      <figcaption>
        <span class="chart-name">{lane.name}</span>
        <span class="dim">{lane.about}</span>
        <output class="chart-value">{here ? here.word : lane.none}</output>
      </figcaption>
      <svg
        class="lane-band"
        role="img"
        aria-label={`${lane.name}, ${count(lane.blocks.length)} parts; the table below lists them`}
        {...pointer(p)}
      >
        <rect class="lane-ground" width="100%" height="100%" rx="3" />
        {lane.blocks.map((b) => (
          <svg
            key={`${b.kind}${b.from}`}
            x={share(span, b.from)}
            width={spread(span, b.from, b.to)}
            height="100%"
            class={`lane-block ${b.kind}`}
          >
            <title>{title(b)}</title>
            <rect width="100%" height="100%" rx="2" />
            {b.to - b.from > (span.to - span.from) / 12 ? (
              <text x="7" y="15">
                {b.word}
              </text>
            ) : null}
          </svg>
        ))}
        <Mark span={span} moment={moment} />
      </svg>
    </figure>
  );
}

function Events(p: LanesProps) {
  const { events, events_left_out } = p.timeline;
  if (events.length === 0) return null;
  const said = `${count(events.length)}${events_left_out ? ' newest' : ''}`;
  return (
    <figure class="lane">
      <figcaption>
        <span class="chart-name">Events</span>
        <span class="dim">{said}</span>
      </figcaption>
      <svg
        class="lane-band"
        role="img"
        aria-label={`Events, ${said}; the table below lists them`}
        {...pointer(p)}
      >
        <rect class="lane-ground" width="100%" height="100%" rx="3" />
        {events.map((e) => (
          <svg key={e.id} x={share(p.span, ms(e.at))} class="lane-event" overflow="visible">
            <title>{`${wordOf(e.event)}${e.reason ? `, ${e.reason}` : ''}: ${clockTime(e.at)}`}</title>
            <path d="M0 2.5 5 10l-5 7.5L-5 10z" />
          </svg>
        ))}
        <Mark span={p.span} moment={p.moment} />
      </svg>
    </figure>
  );
}

const TWIN_ROWS = 240;

/** The lanes as a table, newest first. */
export function LanesTwin({ timeline }: { timeline: Timeline }) {
  const lanes = lanesOf(timeline);
  const rows = [
    ...lanes.flatMap((l) => l.blocks.map((b) => ({ ...b, lane: l.name, to: b.to as number | null }))),
    ...timeline.events.map((e) => ({
      from: ms(e.at),
      to: null,
      kind: `event${e.id}`,
      lane: 'Events',
      word: wordOf(e.event),
      more: e.reason ?? '',
    })),
  ].sort((a, b) => b.from - a.from);
  if (rows.length === 0) return null;
  return (
    <details class="twin">
      <summary>What happened, as a table</summary>
      <section class="table-scroll short" tabIndex={0} aria-label="What happened">
        <table class="rows tight">
          <thead>
            <tr>
              <th scope="col">From</th>
              <th scope="col">To</th>
              <th scope="col">Lane</th>
              <th scope="col">What</th>
              <th scope="col">More</th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, TWIN_ROWS).map((r) => (
              <tr key={`${r.lane}${r.kind}${r.from}`}>
                <th scope="row">
                  <time dateTime={new Date(r.from).toISOString()}>
                    {day(r.from)} {clockTime(r.from)}
                  </time>
                </th>
                <td class="num">{r.to === null ? '' : clockTime(r.to)}</td>
                <td>{r.lane}</td>
                <td>{r.word}</td>
                <td class="break">{r.more}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {rows.length > TWIN_ROWS ? (
        <p class="dim">
          The newest {TWIN_ROWS} of {count(rows.length)}; choose a shorter stretch for the others.
        </p>
      ) : null}
    </details>
  );
}
