/** What a picture over time is made from. Plain data: counts in stretches of time, what is missing, what happened. */

/** A stretch of time (ms since the epoch) with its requests, and how many of them failed. */
export interface Point {
  from: number;
  to: number;
  requests: number;
  bad: number;
}

/** One thing that was counted: a proxy, or a side of a rollout. */
export interface Line {
  name: string;
  /** Oldest first, not overlapping. */
  points: Point[];
  /** Everything that was counted, stretches that `points` leave out included; left out: the sum of `points`. */
  total?: { requests: number; bad: number };
}

/** Something that happened. `onset`: when it began to fail, as far as that can be told. */
export interface Mark {
  at: number;
  label: string;
  kind: 'reload' | 'restart' | 'stage' | 'onset' | 'change';
}

/** Failures over time with what happened meanwhile. */
export interface Timeline {
  /** What was counted, for whom: stands above the picture. */
  title: string;
  from: number;
  to: number;
  lines: Line[];
  /** Stretches without samples: what happened in them is in the totals, and nobody knows when. */
  gaps: { from: number; to: number }[];
  marks: Mark[];
}

/** More than this a picture cannot show, and nobody reads. */
export const MOST_POINTS = 240;
export const MOST_LINES = 4;
export const MOST_MARKS = 10;

/** Pure: fewer points, neighbours added up; counts stay true. Points across a gap are never added. */
export function thinned(points: readonly Point[], most: number): Point[] {
  let now = [...points];
  while (now.length > most) {
    const half: Point[] = [];
    for (let i = 0; i < now.length; i += 2) {
      const [a, b] = [now[i] as Point, now[i + 1]];
      if (b && b.from - a.to <= (a.to - a.from) / 2) half.push(joined(a, b));
      else half.push(a, ...(b ? [b] : []));
    }
    if (half.length === now.length) return half.slice(-most);
    now = half;
  }
  return now;
}

const joined = (a: Point, b: Point): Point => ({
  from: a.from,
  to: b.to,
  requests: a.requests + b.requests,
  bad: a.bad + b.bad,
});

/** Pure: the share of requests that failed, 0 to 1; null: nothing was asked, which is neither good nor bad. */
export const shareOf = (point: Point): number | null =>
  point.requests > 0 ? Math.min(1, point.bad / point.requests) : null;

/** Pure: all points of a line as one. */
export function totalOf(points: readonly Point[]): { requests: number; bad: number } {
  return points.reduce((sum, { requests, bad }) => ({ requests: sum.requests + requests, bad: sum.bad + bad }), {
    requests: 0,
    bad: 0,
  });
}

const overlap = (point: Point, gap: { from: number; to: number }): number =>
  Math.max(0, Math.min(point.to, gap.to) - Math.max(point.from, gap.from));

/** Pure: a timeline within its bounds, stretches over gaps left out of the lines, marks in order; null: there is nothing to look at. */
export function bounded(given: Timeline): Timeline | null {
  const isSeen = (point: Point) => given.gaps.every((gap) => overlap(point, gap) <= (point.to - point.from) / 2);
  const lines = given.lines
    .filter((line) => line.points.length > 1 && line.points.some(({ requests }) => requests > 0))
    .slice(0, MOST_LINES)
    .map((line) => ({
      ...line,
      points: thinned(line.points.filter(isSeen), MOST_POINTS),
      total: totalOf(line.points),
    }));
  if (lines.length === 0 || !(given.to > given.from)) return null;
  const inside = ({ at }: Mark) => at >= given.from && at <= given.to;
  const marks = given.marks.filter(inside).sort((a, b) => a.at - b.at);
  // Where there are too many, what began and stages stay before the many reloads.
  const weight = { onset: 0, stage: 1, restart: 2, change: 3, reload: 4 };
  const kept = new Set(marks.toSorted((a, b) => weight[a.kind] - weight[b.kind]).slice(0, MOST_MARKS));
  // What is before the first sample or after the last one is no hole in what was seen.
  const gaps = given.gaps
    .map(({ from, to }) => ({ from: Math.max(from, given.from), to: Math.min(to, given.to) }))
    .filter(({ from, to }) => to > from);
  return { ...given, lines, gaps, marks: marks.filter((mark) => kept.has(mark)) };
}
