// A day in 96 quarters: how much arrived, and how much of it was unusual. The table under it says the same.
import type { Overview } from '../api/types';
import { clockMinute, count, day } from '../lib/format';
import { Empty } from './parts';

const W = 960;
const H = 96;
const STEP = W / 96;

export function Ribbon({ quarters }: { quarters: Overview['ribbon'] }) {
  const most = Math.max(1, ...quarters.map((q) => q.metrics));
  const total = quarters.reduce((a, q) => a + q.metrics, 0);
  const unusual = quarters.reduce((a, q) => a + q.unusual + q.very_unusual, 0);
  if (total === 0)
    return (
      <Empty title="No metric in the last 24 hours">
        Agents send one every few seconds while they record.
      </Empty>
    );
  const y = (n: number) => (n === 0 ? 0 : Math.max(3, (n / most) * (H - 8)));
  const marks = quarters.flatMap((q, i) => (i % 16 === 8 ? [{ i, at: q.from }] : []));
  return (
    <figure class="ribbon">
      <svg
        viewBox={`0 0 ${W} ${H}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${count(total)} metrics, ${count(unusual)} of them unusual; the table below has them by quarter hour`}
      >
        <line class="ribbon-ground" x1="0" x2={W} y1={H - 0.5} y2={H - 0.5} />
        {quarters.map((q, i) => {
          const odd = q.unusual + q.very_unusual;
          return (
            <g key={q.from}>
              <title>{`${clockMinute(q.from)}: ${count(q.metrics)} metrics, ${count(odd)} unusual`}</title>
              <rect class="ribbon-hit" x={i * STEP} y="0" width={STEP} height={H} />
              <rect
                class="ribbon-bar"
                x={i * STEP + 1}
                y={H - y(q.metrics)}
                width={STEP - 2}
                height={y(q.metrics)}
              />
              {odd > 0 ? (
                <rect class="ribbon-odd" x={i * STEP + 1} y={H - y(odd)} width={STEP - 2} height={y(odd)} />
              ) : null}
            </g>
          );
        })}
      </svg>
      <div class="ribbon-axis" aria-hidden="true">
        {marks.map((m) => (
          <span key={m.i}>{clockMinute(m.at)}</span>
        ))}
      </div>
      <figcaption>
        <span class="key key-bar">{count(total)} metrics</span>
        <span class="key key-odd">{count(unusual)} unusual</span>
      </figcaption>
      <details class="twin">
        <summary>As a table</summary>
        <section class="table-scroll short" tabIndex={0} aria-label="Metrics by quarter hour">
          <table class="rows tight">
            <thead>
              <tr>
                <th scope="col">From</th>
                <th scope="col" class="r">
                  Metrics
                </th>
                <th scope="col" class="r">
                  Unusual
                </th>
                <th scope="col" class="r">
                  Very unusual
                </th>
              </tr>
            </thead>
            <tbody>
              {quarters
                .filter((q) => q.metrics > 0)
                .reverse()
                .map((q) => (
                  <tr key={q.from}>
                    <th scope="row">
                      <time dateTime={q.from}>
                        {day(q.from)} {clockMinute(q.from)}
                      </time>
                    </th>
                    <td class="r num">{count(q.metrics)}</td>
                    <td class="r num">{count(q.unusual)}</td>
                    <td class="r num">{count(q.very_unusual)}</td>
                  </tr>
                ))}
            </tbody>
          </table>
        </section>
      </details>
    </figure>
  );
}
