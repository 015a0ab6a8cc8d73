import { number, roundUp } from './axis.ts';
import { COLOURS, frame, INK, LABEL_PX, label, legend, WIDTH, xml } from './svg.ts';

/** Counts of some things side by side: requests by endpoint, verdicts by month. */
export interface Bars {
  title: string;
  /** What each bar of a group stands for, at most four. */
  series: string[];
  /** A group for each thing, with a value for each series; null: not known. */
  groups: { name: string; values: (number | null)[] }[];
}

/** More groups than this are too thin to read. */
export const MOST_GROUPS = 20;
const HEIGHT = 270;
const EDGE = { left: 52, right: 16, top: 76, bottom: 36 };

/** Bars as SVG; a value that is not known leaves its place empty and says so. */
export function barsSvg(bars: Bars): string {
  const groups = bars.groups.slice(0, MOST_GROUPS);
  const [width, height] = [WIDTH - EDGE.left - EDGE.right, HEIGHT - EDGE.top - EDGE.bottom];
  const top = roundUp(Math.max(1, ...groups.flatMap(({ values }) => values.map((value) => value ?? 0))));
  const y = (value: number) => EDGE.top + height * (1 - Math.max(0, value) / top);
  const floor = EDGE.top + height;
  const step = width / Math.max(1, groups.length);
  const thick = Math.min(34, (step * 0.7) / Math.max(1, bars.series.length));
  const grid = [0, 0.5, 1].map(
    (part) =>
      `<path d="M${EDGE.left} ${y(top * part).toFixed(1)}H${WIDTH - EDGE.right}" stroke="${INK.grid}"/>${label(EDGE.left - 8, y(top * part) + 4, number(top * part), `text-anchor="end" fill="${INK.faint}"`)}`,
  );
  const drawn = groups.map(({ name, values }, i) => {
    const middle = EDGE.left + step * (i + 0.5);
    const bars = values.map((value, n) => {
      const x = middle - (thick * values.length) / 2 + thick * n;
      const says = label(
        x + thick / 2 - 1,
        y(value ?? 0) - 4,
        value === null ? '?' : number(value),
        'text-anchor="middle" font-size="12"',
      );
      if (value === null) return says;
      return `<rect x="${x.toFixed(1)}" y="${y(value).toFixed(1)}" width="${(thick - 2).toFixed(1)}" height="${Math.max(0, floor - y(value)).toFixed(1)}" rx="2" fill="${COLOURS[n % COLOURS.length]}"/>${says}`;
    });
    const most = Math.max(4, Math.floor(step / LABEL_PX));
    return `${bars.join('')}${label(middle, floor + 18, xml(name, most), `text-anchor="middle" fill="${INK.faint}"`)}`;
  });
  const names = bars.series.length > 1 ? legend(bars.series.slice(0, COLOURS.length), 16, 52) : '';
  return frame(
    HEIGHT,
    [label(16, 27, xml(bars.title, 58), 'font-size="16" font-weight="bold"'), names, ...grid, ...drawn].join(''),
  );
}
