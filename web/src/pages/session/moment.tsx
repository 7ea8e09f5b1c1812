// S3: one moment: its score in a line, the way to its reasons, and its picture.
import type { Metric } from '../../api/types';
import { count, percent, plural, score1 } from '../../lib/format';
import { Icon } from '../../ui/icons';
import { AnomalyBadge, Card, Empty, ProblemBox, Skeleton, Time } from '../../ui/parts';
import { Film } from './film';
import type { Shots } from './shots';

export function Moment({
  metric: m,
  loading,
  pinned,
  onWhy,
}: {
  metric: Metric | null;
  loading: boolean;
  pinned: boolean;
  onWhy: (m: Metric) => void;
}) {
  return (
    <Card
      title={pinned ? 'The chosen moment' : 'The newest moment'}
      id="moment-title"
      aside={
        m ? (
          <>
            <Time at={m.agent_time} as="full" />
            <span class="dim">
              {' · '}
              <Time at={m.agent_time} />
            </span>
          </>
        ) : null
      }
    >
      {m ? (
        <div class="moment">
          <p class="moment-score">
            {m.scored && m.score !== null ? (
              <>
                <b class="num">{score1(m.score)}</b>
                <span class="dim">of 100</span>
              </>
            ) : (
              <b class="not-scored">Not scored</b>
            )}
          </p>
          <ul class="moment-facts">
            <li>{m.anomaly.learning ? 'learning what is usual' : <AnomalyBadge anomaly={m.anomaly} />}</li>
            {m.category ? <li>{m.category}</li> : null}
            {m.words === null ? null : <li>{plural(m.words, 'word')} read</li>}
            {m.activity === null ? null : <li>{percent(m.activity)} active</li>}
            {m.confidence === null ? null : <li>{percent(m.confidence)} confident</li>}
            {m.seq === null ? null : <li class="dim">item {count(m.seq)}</li>}
          </ul>
          <WhyButton scored={m.scored} onClick={() => onWhy(m)} />
        </div>
      ) : loading ? (
        <Skeleton lines={2} />
      ) : (
        <p class="dim">No metric in this stretch of time.</p>
      )}
    </Card>
  );
}

function WhyButton({ scored, onClick }: { scored: boolean; onClick: () => void }) {
  return (
    <button type="button" class="button" aria-haspopup="dialog" title="Key: w" onClick={onClick}>
      <Icon name="why" />
      {scored ? 'Why this score' : 'Why not scored'}
    </button>
  );
}

export interface PicturesProps {
  film: Shots;
  moment: number | null;
  mayLook: boolean;
  hasPictures: boolean;
  onPick: (t: number) => void;
}

/** The pictures of the stretch; the pointer on a chart shows the nearest. */
export function Pictures(p: PicturesProps) {
  return (
    <Card title="Pictures" id="pictures-title" aside={<PicturesNote {...p} />}>
      <PicturesBody {...p} />
    </Card>
  );
}

function PicturesNote({ hasPictures, mayLook }: PicturesProps) {
  return hasPictures && mayLook ? (
    <span class="dim">redacted on the desktop before they were sent</span>
  ) : null;
}

function PicturesBody(p: PicturesProps) {
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
