// One chart on a canvas: a line, the band between least and most around it, and what stands at the edges.
//
// Flow:   charts.tsx -> [plot] -> uPlot
// Colours are read from CSS when a chart is made; charts.tsx makes it again when they change.
import uPlot from 'uplot';
import { clockMinute, clockTime, day } from '../../lib/format';

export interface PlotData {
  t: number[]; // seconds
  min: (number | null)[];
  avg: (number | null)[];
  max: (number | null)[];
  none: number[]; // seconds of the starts of buckets that hold metrics without this value
  bucketS: number;
}

export interface Threshold {
  at: number;
  word: string;
}

export interface PlotOptions {
  group: string;
  height: number;
  top: number; // highest value of the axis
  ticks: number[];
  word: (v: number) => string;
  axis: boolean; // time at the bottom?
  tone: 'accent' | 'ink';
  onHover: (t: number | null) => void;
  onPick: (t: number) => void;
  onZoom: (from: number, to: number) => void;
}

/** What a CSS variable holds, as a colour a canvas understands. */
function colourOf(host: Element, name: string): string {
  const probe = document.createElement('i');
  probe.hidden = true;
  probe.style.color = `var(${name})`;
  host.append(probe);
  const c = getComputedStyle(probe).color;
  probe.remove();
  return c;
}

export interface Plot {
  setData: (d: PlotData, from: number, to: number) => void;
  setAt: (t: number | null) => void;
  setThresholds: (lines: Threshold[]) => void;
  setNote: (text: string) => void; // said in the middle, in place of a line
  resize: () => void;
  destroy: () => void;
}

const LEFT = 44;
const RIGHT = 24; // half of a time below must fit; session.css has both numbers too

export function plotMake(host: HTMLElement, o: PlotOptions): Plot {
  const c = {
    line: colourOf(host, o.tone === 'accent' ? '--accent' : '--chart-ink'),
    band: colourOf(host, o.tone === 'accent' ? '--accent-band' : '--chart-band'),
    grid: colourOf(host, '--line'),
    text: colourOf(host, '--ink-3'),
    at: colourOf(host, '--ink'),
    notice: colourOf(host, '--notice'),
    off: colourOf(host, '--line-strong'),
  };
  const font = `11px ${getComputedStyle(host).fontFamily}`;
  let data: PlotData = { t: [], min: [], avg: [], max: [], none: [], bucketS: 1 };
  let at: number | null = null;
  let thresholds: Threshold[] = [];
  let note = '';

  const drawExtras = (u: uPlot) => {
    const { ctx } = u;
    const { left, top, width, height } = u.bbox;
    const px = devicePixelRatio;
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, top, width, height);
    ctx.clip();
    ctx.fillStyle = c.off;
    for (const t of data.none) {
      const x = u.valToPos(t, 'x', true);
      const w = Math.max(2 * px, u.valToPos(t + data.bucketS, 'x', true) - x - px);
      ctx.fillRect(x, top + height - 4 * px, w, 4 * px);
    }
    ctx.lineWidth = px;
    for (const th of thresholds) {
      const y = Math.round(u.valToPos(th.at, 'y', true)) + 0.5;
      ctx.strokeStyle = c.notice;
      ctx.setLineDash([4 * px, 4 * px]);
      ctx.beginPath();
      ctx.moveTo(left, y);
      ctx.lineTo(left + width, y);
      ctx.stroke();
      ctx.fillStyle = c.notice;
      ctx.font = `${10 * px}px ${getComputedStyle(host).fontFamily}`;
      ctx.textAlign = 'right';
      ctx.fillText(th.word, left + width - 4 * px, y + (y < top + 14 * px ? 11 : -4) * px);
    }
    if (note) {
      ctx.fillStyle = c.text;
      ctx.font = `${12 * px}px ${getComputedStyle(host).fontFamily}`;
      ctx.textAlign = 'center';
      ctx.fillText(note, left + width / 2, top + height / 2 + 4 * px);
    }
    if (at !== null) {
      const x = Math.round(u.valToPos(at, 'x', true)) + 0.5;
      ctx.setLineDash([]);
      ctx.strokeStyle = c.at;
      ctx.lineWidth = 1.5 * px;
      ctx.beginPath();
      ctx.moveTo(x, top);
      ctx.lineTo(x, top + height);
      ctx.stroke();
    }
    ctx.restore();
  };

  const wide = () => Math.max(200, host.clientWidth);
  const u = new uPlot(
    {
      width: wide(),
      height: o.height,
      padding: [8, RIGHT, o.axis ? 0 : 7, 0],
      legend: { show: false },
      cursor: {
        y: false,
        points: { size: 7, width: 2, fill: colourOf(host, '--card'), stroke: c.line },
        drag: { x: true, y: false, setScale: false, dist: 6 },
        sync: { key: o.group, scales: ['x', null] },
        focus: { prox: -1 },
      },
      select: { show: true, left: 0, top: 0, width: 0, height: 0 },
      scales: { x: { time: true, auto: false }, y: { range: [0, o.top] } },
      bands: [{ series: [3, 1], fill: c.band }],
      series: [
        {},
        { stroke: 'transparent', points: { show: false } },
        { stroke: c.line, width: 1.75, points: { size: 5, fill: c.line, width: 0 } },
        { stroke: 'transparent', points: { show: false } },
      ],
      axes: [
        {
          show: true,
          size: o.axis ? 28 : 0,
          font,
          stroke: c.text,
          grid: { stroke: c.grid, width: 1 },
          ticks: { show: false },
          gap: 6,
          values: (_u, splits, _a, _s, step) =>
            o.axis
              ? splits.map((t, i) => {
                  const ms = t * 1000;
                  const text = step < 60 ? clockTime(ms) : clockMinute(ms);
                  const before = splits[i - 1];
                  const newDay = before !== undefined && day(before * 1000) !== day(ms);
                  return newDay || step >= 86400 ? day(ms) : text;
                })
              : splits.map(() => ''),
          space: 72,
        },
        {
          size: LEFT,
          font,
          stroke: c.text,
          grid: { stroke: c.grid, width: 1 },
          ticks: { show: false },
          gap: 8,
          splits: () => o.ticks,
          values: (_u, splits) => splits.map((v) => o.word(v)),
        },
      ],
      hooks: {
        draw: [drawExtras],
        setCursor: [
          (self) => {
            const left = self.cursor.left ?? -1;
            o.onHover(left < 0 ? null : self.posToVal(left, 'x'));
          },
        ],
        setSelect: [
          (self) => {
            const { left, width } = self.select;
            if (width < 6) return;
            const from = self.posToVal(left, 'x');
            const to = self.posToVal(left + width, 'x');
            self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            o.onZoom(from, to);
          },
        ],
      },
    },
    [[], [], [], []],
    host,
  );
  let downX = 0;
  u.over.addEventListener('mousedown', (e) => {
    downX = e.clientX;
  });
  u.over.addEventListener('click', (e) => {
    if (Math.abs(e.clientX - downX) < 6)
      o.onPick(u.posToVal(e.clientX - u.over.getBoundingClientRect().left, 'x'));
  });

  return {
    setData: (d, from, to) => {
      data = d;
      u.batch(() => {
        u.setData([d.t, d.min, d.avg, d.max], false);
        u.setScale('x', { min: from, max: to });
      });
    },
    setAt: (t) => {
      at = t;
      u.redraw(false);
    },
    setNote: (text) => {
      note = text;
      u.redraw(false);
    },
    setThresholds: (lines) => {
      thresholds = lines;
      u.redraw(false);
    },
    resize: () => {
      const w = wide();
      if (w !== u.width) u.setSize({ width: w, height: o.height });
    },
    destroy: () => u.destroy(),
  };
}
