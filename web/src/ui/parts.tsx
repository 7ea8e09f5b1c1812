// The small parts that pages are made of.
import { type ComponentChildren, Fragment } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { Problem } from '../api/client';
import type { AnomalyLabel, PipelineStatus, SessionStatus } from '../api/types';
import { ago, clockTime, dayAndTime, duration, zoneName } from '../lib/format';
import { now } from '../state/clock';
import { Icon, type IconName } from './icons';

/** A moment: how long ago or the time of day; the exact one in ISO as its tooltip. */
export function Time({ at, as = 'ago' }: { at: string | null | undefined; as?: 'ago' | 'clock' | 'full' }) {
  if (!at) return <span class="dim">never</span>;
  const text =
    as === 'ago' ? ago(at, now.value) : as === 'clock' ? clockTime(at) : `${dayAndTime(at)} ${zoneName(at)}`;
  return (
    <time dateTime={at} title={at} class={as === 'full' ? as : undefined}>
      {text}
    </time>
  );
}

const STATUS: Record<SessionStatus, { icon: IconName; word: string }> = {
  online: { icon: 'check', word: 'Online' },
  late: { icon: 'clock', word: 'Late' },
  offline: { icon: 'ring', word: 'Offline' },
};

export function StatusBadge({ status, state }: { status: SessionStatus; state?: string | null }) {
  const { icon, word } = STATUS[status];
  return (
    <span class={`badge badge-${status}`}>
      <Icon name={icon} />
      {word}
      {status === 'online' && state ? <span class="badge-more">{state}</span> : null}
    </span>
  );
}

const LABEL: Record<AnomalyLabel, { icon: IconName; word: string }> = {
  usual: { icon: 'check', word: 'Usual' },
  unusual: { icon: 'wave', word: 'Unusual' },
  very_unusual: { icon: 'wave', word: 'Very unusual' },
};

/** How unusual in a word or, in words, why there is none. */
export function AnomalyBadge({ anomaly }: { anomaly: { label: AnomalyLabel | null; learning: boolean } }) {
  const { label } = anomaly;
  if (!label) return <span class="dim">{anomaly.learning ? 'learning' : 'not judged'}</span>;
  const { icon, word } = LABEL[label];
  return (
    <span class={`badge badge-${label}`}>
      <Icon name={icon} />
      {word}
    </span>
  );
}

const PIPELINE: Record<PipelineStatus, { icon: IconName; word: string }> = {
  ok: { icon: 'check', word: 'Complete' },
  partial: { icon: 'warn', word: 'Partial' },
  failed: { icon: 'cross', word: 'Failed' },
};

export function PipelineBadge({ status }: { status: PipelineStatus }) {
  const { icon, word } = PIPELINE[status];
  return (
    <span class={`badge badge-pipe-${status}`}>
      <Icon name={icon} />
      {word}
    </span>
  );
}

/** A score or, in words, that there is none. */
export function Score({ value }: { value: number | null }) {
  return value === null ? <span class="dim">not scored</span> : <span class="num">{value.toFixed(1)}</span>;
}

/** A command to run, with a button that copies it. */
export function Command({ text }: { text: string }) {
  const [copied, setCopied] = useState(false);
  const code = useRef<HTMLElement>(null);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      setTimeout(() => setCopied(false), 1800);
    } catch {
      if (code.current) getSelection()?.selectAllChildren(code.current);
    }
  };
  return (
    <div class="command">
      <code ref={code}>
        {text.split(' ').map((word, i) => (
          <Fragment key={`${i}-${word}`}>
            {i ? ' ' : null}
            <span>{word}</span>
          </Fragment>
        ))}
      </code>
      <button type="button" class="button quiet small" onClick={copy} aria-label={`Copy the command ${text}`}>
        <Icon name={copied ? 'check' : 'copy'} />
        <span aria-live="polite">{copied ? 'Copied' : 'Copy'}</span>
      </button>
    </div>
  );
}

/** Nothing here yet, and what to do about it. */
export function Empty({
  title,
  children,
  command,
}: {
  title: string;
  children?: ComponentChildren;
  command?: string;
}) {
  return (
    <div class="empty">
      <h3>{title}</h3>
      {children ? <p>{children}</p> : null}
      {command ? <Command text={command} /> : null}
    </div>
  );
}

/** What went wrong in the server's own words, with the id to find it in its log. */
export function ProblemBox({ problem, onRetry }: { problem: Problem; onRetry?: () => void }) {
  return (
    <div class="problem" role="alert">
      <Icon name="warn" />
      <div>
        <h3>{problem.title}</h3>
        {problem.detail ? <p>{problem.detail}</p> : null}
        {problem.places.length > 0 ? (
          <ul>
            {problem.places.map((p) => (
              <li key={p.pointer}>
                <code>{p.pointer}</code> {p.detail}
              </li>
            ))}
          </ul>
        ) : null}
        {problem.retryAfterS ? <p>Try again in {duration(problem.retryAfterS * 1000)}.</p> : null}
        {problem.requestId ? (
          <p class="dim">
            Request <code>{problem.requestId}</code>
          </p>
        ) : null}
      </div>
      {onRetry ? (
        <button type="button" class="button" onClick={onRetry}>
          Try again
        </button>
      ) : null}
    </div>
  );
}

/** Grey lines where text will be. */
export function Skeleton({ lines = 3, tall = false }: { lines?: number; tall?: boolean }) {
  return (
    <div class={tall ? 'skeleton tall' : 'skeleton'} role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, i) => (
        <span key={i} />
      ))}
    </div>
  );
}

export function Card({
  title,
  aside,
  children,
  id,
  flush = false,
}: {
  title: string;
  aside?: ComponentChildren;
  children: ComponentChildren;
  id: string;
  flush?: boolean;
}) {
  return (
    <section class={flush ? 'card flush' : 'card'} aria-labelledby={id}>
      <header class="card-head">
        <h2 id={id}>{title}</h2>
        {aside ? <div class="card-aside">{aside}</div> : null}
      </header>
      {children}
    </section>
  );
}

/** A share of a whole as a bar, with its words beside it. */
export function Meter({ share, label }: { share: number; label: string }) {
  const width = Math.max(0, Math.min(1, share)) * 100;
  return (
    <svg class="meter" viewBox="0 0 100 4" preserveAspectRatio="none" role="img" aria-label={label}>
      <rect class="meter-all" width="100" height="4" rx="2" />
      <rect class="meter-part" width={width} height="4" rx="2" />
    </svg>
  );
}
