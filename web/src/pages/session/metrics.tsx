// S3: the metrics of the stretch shown, newest first; each opens the reasons of its score.
import type { Metric } from '../../api/types';
import { count, percent } from '../../lib/format';
import { LabelBadge, PipelineBadge, Score, Time } from '../../ui/parts';

export interface MetricsProps {
  metrics: Metric[];
  selected: number | null;
  hrefOf: (m: Metric) => string;
}

export function Metrics({ metrics, selected, hrefOf }: MetricsProps) {
  return (
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
          {metrics.map((m) => (
            <tr key={m.id} class={m.id === selected ? 'chosen' : undefined}>
              <th scope="row">
                <Time at={m.agent_time} as="clock" />
              </th>
              <td class="r" data-label="Score">
                <Score value={m.scored ? m.score : null} />
              </td>
              <td data-label="Anomaly">
                <LabelBadge label={m.scored ? m.anomaly.label : null} />
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
              <td class="r">
                <a href={hrefOf(m)} aria-label={`Why this score, metric ${m.id}`}>
                  Why
                </a>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
