import type { Bars } from './bars.ts';
import { moments } from './moments.ts';
import { type Line, shareOf, type Timeline, totalOf } from './timeline.ts';

/** Percent only from here on: below it a share says more than there is. */
const MANY = 100;
const MOST_MARKS = 6;
const MINUTE = 60_000;

const count = (n: number): string => n.toLocaleString('en-US');

/** Pure: the finding of a picture in words: what failed where and when, what happened meanwhile, what nobody counted. Not escaped. */
export function timelineWords(timeline: Timeline): string {
  const at = moments(timeline.from, timeline.to);
  const span = `${timeline.title}, ${at(timeline.from)} to ${at(timeline.to)} UTC.`;
  const lines = timeline.lines.map((line) => lineWords(line, at));
  const marks = timeline.marks.slice(0, MOST_MARKS).map((mark) => `${mark.label} ${at(mark.at)}`);
  const more = timeline.marks.length > MOST_MARKS ? `, and ${timeline.marks.length - MOST_MARKS} more` : '';
  const happened = marks.length === 0 ? '' : ` Meanwhile: ${marks.join(', ')}${more}.`;
  const minutes = timeline.gaps.reduce((sum, gap) => sum + gap.to - gap.from, 0) / MINUTE;
  const gaps =
    timeline.gaps.length === 0
      ? ''
      : ` No samples for ${minutes < 1 ? 'less than a minute' : `${Math.round(minutes)} min`} of it.`;
  return `${span} ${lines.join(' ')}${happened}${gaps}`;
}

function lineWords(line: Line, at: (ms: number) => string): string {
  const all = line.total ?? totalOf(line.points);
  if (all.bad === 0) return `${line.name}: 0 of ${count(all.requests)}.`;
  const worst = line.points.reduce((a, b) => ((shareOf(b) ?? 0) > (shareOf(a) ?? 0) ? b : a));
  const share = worst.requests >= MANY ? ` (${Math.round((100 * worst.bad) / worst.requests)} %)` : '';
  return `${line.name}: ${count(all.bad)} of ${count(all.requests)}, most at ${at(worst.from)}: ${count(worst.bad)} of ${count(worst.requests)}${share}.`;
}

const SIGNS = 12;

/** Pure: bars as lines of text, one for each group, of one series: `shop-1 ▇▇▇▇▇ 612`. Escape the names before. */
export function barLines(bars: Bars, series = 0): string[] {
  const values = bars.groups.map((group) => group.values[series] ?? null);
  const top = Math.max(1, ...values.map((value) => value ?? 0));
  return bars.groups.map((group, i) => {
    const value = values[i] ?? null;
    const bar = '▇'.repeat(value === null ? 0 : Math.max(value > 0 ? 1 : 0, Math.round((SIGNS * value) / top)));
    return `${group.name} ${bar}${bar === '' ? '' : ' '}${value === null ? 'not known' : count(value)}`;
  });
}

/** Pure: bars as a sentence: `blamed: Oct 3, Nov 12; guilty: Oct 0, Nov 1`. Not escaped. */
export function barWords(bars: Bars): string {
  const says = bars.series.map((name, n) => {
    const values = bars.groups.map((group) => `${group.name} ${group.values[n] ?? 'not known'}`);
    return `${name}: ${values.join(', ')}`;
  });
  return `${bars.title}. ${says.join('; ')}.`;
}
