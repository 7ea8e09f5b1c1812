// S3: the pictures, one large and its neighbours; the pointer on a chart shows the nearest.
import { useEffect, useRef, useState } from 'preact/hooks';
import { imageOf } from '../../api/client';
import type { Screenshot } from '../../api/types';
import { bytes, clockTime, plural } from '../../lib/format';
import { nearest } from '../../lib/math';
import { Icon } from '../../ui/icons';
import { Time } from '../../ui/parts';

const AROUND = 4; // pictures in the strip on each side
const AHEAD = 3; // fetched before they are asked for

/** Pictures that were fetched are kept while they are near, so that a step shows at once. */
function usePrefetch(shots: Screenshot[], index: number): void {
  const kept = useRef(new Map<number, HTMLImageElement>());
  useEffect(() => {
    const near = new Map<number, HTMLImageElement>();
    for (const s of shots.slice(Math.max(0, index - AHEAD), index + AHEAD + 1)) {
      const image = kept.current.get(s.id) ?? new Image();
      if (!image.src) image.src = imageOf(s);
      near.set(s.id, image);
    }
    kept.current = near;
  }, [shots, index]);
}

const PLAY_MS = 600; // a picture, while they play

/** Playing: on from the picture shown, from the first when it is the newest, until the newest. */
function usePlay(times: number[], index: number, onPick: (t: number) => void): [boolean, () => void] {
  const [playing, setPlaying] = useState(false);
  const toggle = () => {
    if (!playing && index >= times.length - 1 && times[0] !== undefined) onPick(times[0]);
    setPlaying(!playing);
  };
  useEffect(() => {
    if (!playing) return;
    const now = times[index] ?? 0;
    const next = times.find((t) => t > now); // screens are pictured at the same moment
    const timer = setTimeout(() => (next === undefined ? setPlaying(false) : onPick(next)), PLAY_MS);
    return () => clearTimeout(timer);
  }, [playing, index, times]);
  useEffect(() => {
    const onKey = (e: KeyboardEvent) => {
      const own = (e.target as HTMLElement | null)?.closest(
        'button, a, input, summary, dialog, [tabindex="0"]',
      );
      if (e.key !== ' ' || own || document.querySelector('dialog[open]')) return;
      e.preventDefault();
      toggle();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  });
  return [playing, toggle];
}

export interface FilmProps {
  shots: Screenshot[]; // oldest first
  times: number[]; // their moments, ms
  moment: number | null; // null: the newest
  onPick: (t: number) => void;
}

export function Film({ shots, times, moment, onPick }: FilmProps) {
  const index = moment === null ? shots.length - 1 : nearest(times, moment);
  usePrefetch(shots, index);
  const [playing, playToggle] = usePlay(times, index, onPick);
  const shot = shots[index];
  if (!shot) return null;
  const first = Math.max(0, Math.min(index - AROUND, shots.length - 2 * AROUND - 1));
  const strip = shots.slice(first, first + 2 * AROUND + 1);
  const step = (by: number) => {
    const t = times[index + by];
    if (t !== undefined) onPick(t);
  };
  const size = shot.width && shot.height ? { width: shot.width, height: shot.height } : {};
  return (
    <div class="film">
      <figure class="film-big">
        <img
          src={imageOf(shot)}
          {...size}
          alt={`The screen at ${clockTime(shot.captured_at)}, redacted on the desktop`}
        />
        <figcaption>
          <Time at={shot.captured_at} as="clock" />
          <span>{shot.output ?? 'screen'}</span>
          {shot.width ? (
            <span class="num">
              {shot.width} × {shot.height}
            </span>
          ) : null}
          <span class="num">{bytes(shot.bytes)}</span>
          {shot.masks !== null ? (
            <span>{shot.masks ? `${plural(shot.masks, 'place')} covered` : 'nothing to cover'}</span>
          ) : null}
        </figcaption>
      </figure>
      <div class="film-strip">
        <button
          type="button"
          class="button quiet icon-only film-play"
          disabled={shots.length < 2}
          onClick={playToggle}
          title={playing ? 'Stop (space)' : 'Play the pictures (space)'}
        >
          <Icon name={playing ? 'pause' : 'play'} />
          <span class="sr">{playing ? 'Stop' : 'Play the pictures'}</span>
        </button>
        <button
          type="button"
          class="button quiet icon-only"
          disabled={index <= 0}
          onClick={() => step(-1)}
          title="One picture back (←)"
        >
          <Icon name="left" />
          <span class="sr">One picture back</span>
        </button>
        <ol>
          {strip.map((s, i) => (
            <li key={s.id}>
              <button
                type="button"
                aria-current={first + i === index ? 'true' : undefined}
                onClick={() => onPick(Date.parse(s.captured_at))}
              >
                <img src={imageOf(s, true)} alt="" />
                <span class="num">{clockTime(s.captured_at)}</span>
              </button>
            </li>
          ))}
        </ol>
        <button
          type="button"
          class="button quiet icon-only"
          disabled={index >= shots.length - 1}
          onClick={() => step(1)}
          title="One picture on (→)"
        >
          <Icon name="right" />
          <span class="sr">One picture on</span>
        </button>
      </div>
    </div>
  );
}
