// S3: the metrics of the stretch shown, newest first; each opens the reasons of its score.
import { useState } from 'preact/hooks';
import type { Metric } from '../../api/types';
import { clockTime, count, percent } from '../../lib/format';
import { AnomalyBadge, PipelineBadge, Score, Time } from '../../ui/parts';

export interface MetricsProps {
  metrics: Metric[];
  selected: number | null;
  onWhy: (m: Metric) => void;
}

const AT_FIRST = matchMedia('(max-width: 46rem)').matches ? 4 : 12; // rows are cards there

export function Metrics({ metrics, selected, onWhy }: MetricsProps) {
  const [all, setAll] = useState(false);
  const rows = all ? metrics : metrics.slice(0, AT_FIRST);
  return (
    <>
      <div class="table-scroll">
        <table class="rows cards-on-phone">
          <caption class="sr">Metrics, newest first</caption>
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col" class="r">
                Score
              </th>
              <th scope="col">Anomaly</th>
              <th scope="col">Category</th>
              <th scope="col" class="r">
                Words
              </th>
              <th scope="col" class="r">
                Activity
              </th>
              <th scope="col">Steps</th>
              <th scope="col">
                <span class="sr">Reasons</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((m) => (
              <tr key={m.id} class={m.id === selected ? 'chosen' : undefined}>
                <th scope="row">
                  <Time at={m.agent_time} as="clock" />
                </th>
                <td class="r" data-label="Score">
                  <Score value={m.scored ? m.score : null} />
                </td>
                <td data-label="Anomaly">
                  <AnomalyBadge anomaly={m.anomaly} />
                </td>
                <td data-label="Category">{m.category ?? <span class="dim">none</span>}</td>
                <td class="r num" data-label="Words">
                  {count(m.words)}
                </td>
                <td class="r num" data-label="Activity">
                  {percent(m.activity)}
                </td>
                <td data-label="Steps">
                  <PipelineBadge status={m.pipeline_status} />
                </td>
                <td class="r open">
                  <button
                    type="button"
                    class="button quiet small"
                    aria-haspopup="dialog"
                    aria-label={`${m.scored ? 'Why this score' : 'Why not scored'}, ${clockTime(m.agent_time)}`}
                    onClick={() => onWhy(m)}
                  >
                    Why
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {metrics.length > rows.length ? (
        <p class="card-more">
          <button type="button" class="button" onClick={() => setAll(true)}>
            Show all {metrics.length}
          </button>
        </p>
      ) : null}
    </>
  );
}
