// S3: one moment: its picture, its score in a line, and the way to the reasons.
import type { Metric } from '../../api/types';
import { count, percent, plural } from '../../lib/format';
import { Icon } from '../../ui/icons';
import { AnomalyBadge, Card, Empty, ProblemBox, Skeleton, Time } from '../../ui/parts';
import { Film } from './film';
import type { Shots } from './shots';

export interface MomentProps {
  metric: Metric | null;
  pinned: boolean;
  whyHref: string | null;
  film: Shots;
  moment: number | null;
  mayLook: boolean;
  hasPictures: boolean;
  onPick: (t: number) => void;
}

export function Moment(p: MomentProps) {
  const m = p.metric;
  return (
    <Card
      title={p.pinned ? 'The chosen moment' : 'The newest moment'}
      id="moment-title"
      aside={m ? <Time at={m.agent_time} as="full" /> : null}
    >
      {m ? (
        <div class="moment">
          <p class="moment-score">
            {m.scored && m.score !== null ? (
              <>
                <b class="num">{m.score.toFixed(1)}</b>
                <span class="dim">of 100</span>
              </>
            ) : (
              <b class="not-scored">Not scored</b>
            )}
          </p>
          <ul class="moment-facts">
            <li>
              <AnomalyBadge anomaly={m.anomaly} />
            </li>
            {m.category ? <li>{m.category}</li> : null}
            {m.words === null ? null : <li>{plural(m.words, 'word')} read</li>}
            {m.activity === null ? null : <li>{percent(m.activity)} active</li>}
            {m.confidence === null ? null : <li>{percent(m.confidence)} confident</li>}
            {m.seq === null ? null : <li class="dim">item {count(m.seq)}</li>}
          </ul>
          {p.whyHref ? (
            <a class="button" href={p.whyHref}>
              <Icon name="why" />
              {m.scored ? 'Why this score' : 'Why not scored'}
            </a>
          ) : null}
        </div>
      ) : null}
      <Pictures {...p} />
    </Card>
  );
}

function Pictures(p: MomentProps) {
  if (!p.hasPictures)
    return (
      <Empty title="This session keeps no pictures">
        By default pixels never leave the desktop. They are sent at the tiers L3 and L4 only, after the person
        agreed.
      </Empty>
    );
  if (!p.mayLook)
    return (
      <Empty title="Pictures are for reviewers">
        Your roles do not include looking at pictures. The person they are about can always see them.
      </Empty>
    );
  if (p.film.problem) return <ProblemBox problem={p.film.problem} onRetry={p.film.refresh} />;
  if (p.film.shots.length === 0)
    return p.film.loading ? (
      <Skeleton lines={4} tall />
    ) : (
      <Empty title="No picture in this stretch of time" />
    );
  return <Film shots={p.film.shots} times={p.film.times} moment={p.moment} onPick={p.onPick} />;
}
