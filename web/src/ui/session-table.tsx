// Sessions as rows; on a phone each row is a card.
import { useLocation } from 'preact-iso/router';
import type { Session } from '../api/types';
import { count } from '../lib/format';
import { Icon } from './icons';
import { StatusBadge, Time } from './parts';

export function SessionTable({ sessions, caption }: { sessions: Session[]; caption: string }) {
  const { route } = useLocation();
  return (
    <div class="table-scroll">
      <table class="rows cards-on-phone">
        <caption class="sr">{caption}</caption>
        <thead>
          <tr>
            <th scope="col">Who and where</th>
            <th scope="col">Status</th>
            <th scope="col">Last heard</th>
            <th scope="col" class="r">
              Metrics 24 h
            </th>
            <th scope="col" class="r">
              Unusual
            </th>
            <th scope="col" class="r">
              Waiting
            </th>
            <th scope="col">To look at</th>
          </tr>
        </thead>
        <tbody>
          {sessions.map((s) => (
            <tr
              key={s.id}
              onClick={(e) => {
                if (!(e.target as HTMLElement).closest('a') && !getSelection()?.toString())
                  route(`/dashboard/sessions/${s.id}`);
              }}
            >
              <th scope="row">
                <a href={`/dashboard/sessions/${s.id}`}>
                  <span class="strong">{s.username}</span>
                  <span class="dim"> on </span>
                  <span class="strong">{s.hostname}</span>
                </a>
                <span class="under">
                  #{s.id} · {s.agent_version} · {s.ip_address}
                </span>
              </th>
              <td data-label="Status">
                <StatusBadge status={s.status} state={s.state} />
              </td>
              <td data-label="Last heard" class="last-heard">
                <Time at={s.last_seen_at} />
              </td>
              <td class="r num" data-label="Metrics 24 h">
                {count(s.metrics_24h)}
              </td>
              <td class="r num" data-label="Unusual">
                {s.unusual_24h ? count(s.unusual_24h) : <span class="dim">0</span>}
              </td>
              <td class="r num" data-label="Waiting">
                {s.queue_pending ? count(s.queue_pending) : <span class="dim">{count(s.queue_pending)}</span>}
              </td>
              <td data-label="To look at" class={s.attention.length ? 'look' : 'look none'}>
                {s.attention.length === 0 ? (
                  <span class="dim">nothing</span>
                ) : (
                  s.attention.map((a) => (
                    <span class="reason" key={a.kind}>
                      <Icon name={ATTENTION_ICON[a.kind]} />
                      {a.text}
                    </span>
                  ))
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export const ATTENTION_ICON = {
  unusual: 'wave',
  failures: 'cross',
  queue: 'queue',
  dead_letters: 'box',
  late: 'clock',
  worker_down: 'warn',
  clock: 'clock',
} as const;
