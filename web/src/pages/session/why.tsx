// S4: why this score. The parts add up to it exactly; where there is no score, the words say why.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { api } from '../../api/client';
import type { MetricExplained } from '../../api/types';
import { brief, percent, score1, score2, signed } from '../../lib/format';
import { explain } from '../../lib/math';
import { useResource } from '../../state/resource';
import { Icon } from '../../ui/icons';
import { AnomalyBadge, Meter, PipelineBadge, ProblemBox, Skeleton, Time } from '../../ui/parts';

export function Why({
  id,
  onClose,
  newest,
}: {
  id: number | null;
  onClose: () => void;
  newest: ComponentChildren;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const r = useResource(id === null ? null : `metric ${id}`, (signal) => api.metric(id ?? 0, signal));
  useEffect(() => {
    const d = dialog.current;
    if (!d) return;
    if (id !== null && !d.open) d.showModal();
    if (id === null && d.open) d.close();
  }, [id]);
  const m = r.data?.id === id ? r.data : null;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: a click beside the drawer closes it; Esc does by itself
    <dialog
      ref={dialog}
      class="drawer"
      aria-labelledby="why-title"
      onClose={() => id !== null && onClose()}
      onClick={(e) => {
        if (e.target === dialog.current) onClose();
      }}
    >
      <div class="drawer-body" tabIndex={-1} autoFocus>
        <header class="card-head">
          <h2 id="why-title">{m && !m.scored ? 'Why not scored' : 'Why this score'}</h2>
          <button type="button" class="button quiet icon-only" onClick={onClose} title="Close (Esc)">
            <Icon name="cross" />
            <span class="sr">Close</span>
          </button>
        </header>
        {m ? (
          <Reasons m={m} />
        ) : r.problem ? (
          <ProblemBox problem={r.problem} onRetry={r.refresh} />
        ) : id === null ? null : (
          <Skeleton lines={8} />
        )}
        <p class="dim small">
          A score describes a moment on a screen, not a person. Nothing is decided by it alone.
          {newest ? <> Newest metric: {newest}.</> : null}
        </p>
      </div>
    </dialog>
  );
}

function Reasons({ m }: { m: MetricExplained }) {
  const scored = m.scored && m.score !== null;
  return (
    <>
      <p class="why-when">
        <Time at={m.agent_time} as="full" />
      </p>
      {scored ? (
        <p class="why-score">
          <b class="num" data-testid="score">
            {score1(m.score as number)}
          </b>
          <span class="dim">of 100</span>
        </p>
      ) : (
        <div class="why-none">
          <b>Not scored</b>
          <p>{m.not_scored_reason ?? 'The agent abstained and gave no reason.'}</p>
        </div>
      )}
      <div class="why-pipe">
        <PipelineBadge status={m.pipeline_status} />
        <span>{m.pipeline_words}</span>
      </div>
      {m.error_message ? (
        <p class="why-error">
          {m.error_code ? <code>{m.error_code}</code> : null} {m.error_message}
        </p>
      ) : null}
      <div class="shares">
        <Share name="Coverage" about="share of the inputs that were there" value={m.coverage} />
        <Share name="Confidence" about="how far to trust it" value={m.confidence} />
      </div>
      {scored ? <Contributions m={m} /> : null}
      <Anomaly m={m} />
      <Details m={m} />
    </>
  );
}

function Share({ name, about, value }: { name: string; about: string; value: number | null }) {
  return (
    <div class="share">
      <span class="share-name">{name}</span>
      <span class="share-value num">{percent(value)}</span>
      {value === null ? null : <Meter share={value} label={`${name}: ${percent(value)}`} />}
      <span class="dim small">{about}</span>
    </div>
  );
}

/** One value in words: numbers short, the rest as it came. */
function shown(v: unknown): string {
  if (v === null || v === undefined) return '–';
  if (typeof v === 'number') return brief(v);
  if (typeof v === 'boolean') return v ? 'yes' : 'no';
  return typeof v === 'string' ? v : JSON.stringify(v);
}

const words = (feature: string) => feature.replaceAll('_', ' ');

/** One step of the way from where scores start to this score: bars of all rows stand on one scale. */
function Step({ from, by, low, high }: { from: number; by: number; low: number; high: number }) {
  const x = (v: number) => ((v - low) / Math.max(1, high - low)) * 100;
  const left = x(Math.min(from, from + by));
  const width = Math.max(0.8, x(Math.max(from, from + by)) - left);
  return (
    <svg class="step" viewBox="0 0 100 20" preserveAspectRatio="none" aria-hidden="true">
      <rect class={by < 0 ? 'step-down' : 'step-up'} x={left} y="5" width={width} height="10" />
      <line class="step-edge" x1={x(from + by)} x2={x(from + by)} y1="0" y2="20" />
    </svg>
  );
}

interface Part {
  name: string;
  text: string | null;
  value: string;
  weight: string;
  points: number;
}

function Contributions({ m }: { m: MetricExplained }) {
  if (m.contributions.length === 0)
    return <p class="dim">This agent sent the score without its parts (layer 1), so they can't be shown.</p>;
  const e = explain(m.score as number, m.base, m.contributions);
  const parts: Part[] = e.rows.map(({ from, shown: points }) => ({
    name: words(from.feature),
    text: from.text,
    value: shown(from.value),
    weight: shown(from.weight),
    points,
  }));
  if (e.unexplained !== 0)
    parts.push({
      name: 'left unexplained',
      text: "the agent's parts do not add up to its score",
      value: '–',
      weight: '–',
      points: e.unexplained,
    });
  const start = e.base ?? 0;
  const reached = [start];
  for (const p of parts) reached.push((reached[reached.length - 1] as number) + p.points);
  const low = Math.min(...reached);
  const high = Math.max(...reached);
  return (
    <section aria-labelledby="parts-title">
      <h3 id="parts-title">What it is made of</h3>
      <table class="parts">
        <thead>
          <tr>
            <th scope="col">Feature</th>
            <th scope="col" class="r">
              Value
            </th>
            <th scope="col" class="r">
              Weight
            </th>
            <th scope="col">
              <span class="sr">Direction</span>
            </th>
            <th scope="col" class="r">
              Points
            </th>
          </tr>
        </thead>
        <tbody>
          {e.base === null ? null : (
            <tr class="parts-base">
              <th scope="row" colSpan={4}>
                Where every score starts
              </th>
              <td class="num r" data-points={e.base}>
                {score1(e.base)}
              </td>
            </tr>
          )}
          {parts.map((p, i) => (
            <tr key={p.name}>
              <th scope="row">
                {p.name}
                {p.text ? <span class="under">{p.text}</span> : null}
              </th>
              <td class="num r parts-value">{p.value}</td>
              <td class="num r parts-value">{p.weight}</td>
              <td class="parts-bar">
                <Step from={reached[i] as number} by={p.points} low={low} high={high} />
              </td>
              <td class="num r" data-points={p.points}>
                {signed(p.points)}
              </td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row" colSpan={4}>
              Score
            </th>
            <td class="num r" data-total={e.total}>
              {score1(e.total)}
            </td>
          </tr>
        </tfoot>
      </table>
    </section>
  );
}

function Anomaly({ m }: { m: MetricExplained }) {
  const a = m.anomaly;
  return (
    <section aria-labelledby="anomaly-title">
      <h3 id="anomaly-title">How unusual</h3>
      <p class="why-anomaly">
        {a.score === null ? null : <b class="num">{score2(a.score)}</b>}
        {a.score === null && a.reason ? null : <AnomalyBadge anomaly={a} />}
        {a.score === null ? (
          <span>{a.reason ?? 'Too little has been seen yet to know what is usual.'}</span>
        ) : (
          <span class="dim">
            for this person at this time
            {m.mode ? `, ${m.mode === 'statistical' ? 'against a learned baseline' : 'by fixed rules'}` : ''}
          </span>
        )}
      </p>
      {a.parts.length === 0 ? (
        a.score === null ? null : (
          <p class="dim">
            {a.score === 0 ? 'Nothing stands out from what is usual.' : 'No parts were sent with it.'}
          </p>
        )
      ) : (
        <div class="table-scroll">
          <table class="rows tight">
            <thead>
              <tr>
                <th scope="col">Feature</th>
                <th scope="col" class="r">
                  Now
                </th>
                <th scope="col" class="r">
                  Usually
                </th>
                <th scope="col" class="r">
                  z
                </th>
                <th scope="col" class="r">
                  Samples
                </th>
                <th scope="col" class="r">
                  Part
                </th>
              </tr>
            </thead>
            <tbody>
              {a.parts.map((p) => (
                <tr key={p.feature}>
                  <th scope="row">
                    {words(p.feature)}
                    {p.text ? <span class="under">{p.text}</span> : null}
                  </th>
                  <td class="r num">{shown(p.value)}</td>
                  <td class="r num">
                    {p.mean == null
                      ? '–'
                      : `${shown(p.mean)}${p.sigma == null ? '' : ` ± ${shown(p.sigma)}`}`}
                  </td>
                  <td class="r num">{shown(p.z)}</td>
                  <td class="r num">{shown(p.n)}</td>
                  <td class="r num">{p.score == null ? '–' : score2(p.score)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {a.thresholds ? (
        <p class="dim small">
          Unusual from {shown(a.thresholds.unusual)}, very unusual from {shown(a.thresholds.very_unusual)}.
        </p>
      ) : null}
    </section>
  );
}

function Details({ m }: { m: MetricExplained }) {
  const rows: [string, unknown][] = [
    ...Object.entries(m.model).map(([k, v]): [string, unknown] => [`model: ${k}`, v]),
    ['feature version', m.feature_version],
    ['source', `${m.source_type} ${m.source_ref}`],
    ['item', m.seq],
    ['key', m.idempotency_key],
    ...Object.entries(m.values).map(([k, v]): [string, unknown] => [k, v]),
  ];
  return (
    <details class="why-details">
      <summary>Model and every value</summary>
      <dl class="facts">
        {rows.map(([k, v]) => (
          <div key={k}>
            <dt>{words(k)}</dt>
            <dd class="break">{shown(v)}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
