// S3: is the agent well? What it said of itself last, and where each of its items is.
import type { Health, Ledger } from '../../api/types';
import { bytes, count, duration, percentFine, plural } from '../../lib/format';
import { Icon } from '../../ui/icons';
import { StatusBadge, Time } from '../../ui/parts';

const CLOCK_OFF_MS = 5_000;

export function HealthPanel({ health }: { health: Health }) {
  const off = health.clock_offset_ms;
  const was = health.status === 'offline'; // all that follows is what it said last
  return (
    <div class="health">
      <p class="health-top">
        <StatusBadge status={health.status} state={health.state} />
        <span class="dim">
          {was ? 'as it was when heard last, ' : 'heard '}
          <Time at={health.last_seen_at} />
        </span>
      </p>
      {health.workers.length === 0 ? (
        <p class="dim">This agent says nothing of its parts. It speaks layer 1 of the wire.</p>
      ) : (
        <ul class={was ? 'workers was' : 'workers'} aria-label="Parts of the agent">
          {health.workers.map((w) => (
            <li key={w.name} class={w.alive ? 'worker' : 'worker worker-down'}>
              <Icon name={w.alive ? 'check' : 'cross'} />
              <span class="worker-name">{w.name}</span>
              <span class="worker-state">
                {was ? 'was ' : ''}
                {w.alive ? 'alive' : 'not alive'}
                {w.restarts ? `, started again ${plural(w.restarts, 'time')}` : ''}
              </span>
            </li>
          ))}
        </ul>
      )}
      <dl class="facts">
        <div>
          <dt>Last frame</dt>
          <dd>
            <Time at={health.last_frame_at ?? health.last_observation_at} />
          </dd>
        </div>
        <div>
          <dt>Last AI upload</dt>
          <dd>
            <Time at={health.last_ai_upload_at ?? health.last_metric_received_at} />
          </dd>
        </div>
        <div>
          <dt>Queue</dt>
          <dd>
            {health.queue ? (
              <>
                {count(health.queue.pending)} waiting
                {health.queue.pending && health.queue.oldest_s !== undefined
                  ? `, oldest ${duration(health.queue.oldest_s * 1000)}`
                  : ''}
                <span class="under">
                  {health.queue.dead ? `${count(health.queue.dead)} kept aside, ` : ''}
                  {bytes(health.queue.bytes)} on its disk
                </span>
              </>
            ) : (
              <span class="dim">not known</span>
            )}
          </dd>
        </div>
        <Fact
          name="Processor"
          value={health.cpu_share === null ? null : `${percentFine(health.cpu_share)} of a core`}
        />
        <Fact name="Memory" value={health.pss_bytes === null ? null : bytes(health.pss_bytes)} />
        <Fact
          name="Disk free"
          value={health.disk_free_bytes === null ? null : bytes(health.disk_free_bytes)}
        />
        <Fact
          name="Clock"
          value={
            off === null
              ? null
              : Math.abs(off) < CLOCK_OFF_MS
                ? 'agrees with the server'
                : `${duration(Math.abs(off))} ${off > 0 ? 'behind' : 'ahead'}`
          }
        />
        <Fact name="Running for" value={health.uptime_s === null ? null : duration(health.uptime_s * 1000)} />
        <Fact name="Version" value={health.agent_version} />
      </dl>
    </div>
  );
}

function Fact({ name, value }: { name: string; value: string | null }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value ?? <span class="dim">not known</span>}</dd>
    </div>
  );
}

const TERMS: { key: 'delivered' | 'dead_lettered' | 'dropped' | 'queued'; word: string }[] = [
  { key: 'delivered', word: 'delivered' },
  { key: 'dead_lettered', word: 'kept aside' },
  { key: 'dropped', word: 'dropped' },
  { key: 'queued', word: 'waiting' },
];

/** recorded = delivered + dead-lettered + dropped + still queued, with this session's numbers. */
export function LedgerPanel({ ledger }: { ledger: Ledger }) {
  const { law } = ledger;
  const most = Math.max(
    1,
    law.recorded ?? 0,
    law.delivered + law.dead_lettered + law.dropped + (law.queued ?? 0),
  );
  let x = 0;
  return (
    <div class="ledger">
      <p class="law">
        <span class="law-term">
          <b class="num">{count(law.recorded)}</b> recorded
        </span>
        {TERMS.map((t, i) => (
          <span key={t.key} class={`law-term law-${t.key}`}>
            <span class="law-sign" aria-hidden="true">
              {i === 0 ? '=' : '+'}
            </span>
            <span class="sr">{i === 0 ? 'is' : 'plus'}</span>
            <b class="num">{count(law[t.key])}</b> {t.word}
          </span>
        ))}
      </p>
      <svg class="law-bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
        <rect class="meter-all" width="100" height="6" />
        {TERMS.map((t) => {
          const w = ((law[t.key] ?? 0) / most) * 100;
          const rect = <rect key={t.key} class={`law-part law-${t.key}`} x={x} width={w} height="6" />;
          x += w;
          return rect;
        })}
      </svg>
      <p class={law.holds === false ? 'law-word law-broken' : 'law-word'}>
        <Icon name={law.holds ? 'check' : law.holds === null ? 'ring' : 'warn'} />
        {law.holds
          ? 'Every item is accounted for.'
          : law.holds === null
            ? 'This agent numbers no items, so gaps can not be seen.'
            : 'The numbers do not meet yet. Items on their way are counted at the next heartbeat.'}
      </p>
      {ledger.head_at ? (
        <p class="dim small">
          What waits on the desktop is known as of <Time at={ledger.head_at} />.
        </p>
      ) : null}
      {ledger.tombstones.length > 0 ? (
        <dl class="facts">
          {ledger.tombstones.map((t) => (
            <div key={t.reason}>
              <dt>{t.reason.replaceAll('_', ' ')}</dt>
              <dd class="num">{count(t.count)}</dd>
            </div>
          ))}
        </dl>
      ) : null}
      <details>
        <summary>Delivered items</summary>
        <p class="num ranges">
          {ledger.delivered.length === 0
            ? 'none'
            : ledger.delivered.map(([a, b]) => (a === b ? count(a) : `${count(a)}–${count(b)}`)).join(', ')}
        </p>
      </details>
    </div>
  );
}
