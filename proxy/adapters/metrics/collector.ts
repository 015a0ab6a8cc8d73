import type { Line } from './exposition.ts';
import { statusOf, type Tally } from './tally.ts';

/** What one kind of proxy reads from a Prometheus page, series by series. */
export interface Collector {
  /** What to do with a line, by the name of its metric. */
  handlers: { [metric: string]: (line: Line) => void };
  /** Puts what was read into the tally; false: nothing on the page was this proxy's. */
  finish(): boolean;
}

/** A reader of one proxy's page; one is made for each page. */
export type Format = (tally: Tally) => Collector;

/** Cells for single numbers: sums the series of a name, null until one was seen. */
export function sums<const T extends string>(
  ...names: T[]
): { handlers: Collector['handlers']; of(name: T): number | null } {
  const found = new Map<string, number>();
  const add = (line: Line): void => {
    if (Number.isFinite(line.value)) found.set(line.name, (found.get(line.name) ?? 0) + line.value);
  };
  return {
    handlers: Object.fromEntries(names.map((name) => [name, add])),
    of: (name) => found.get(name) ?? null,
  };
}

/** The three names of a histogram, all of them to one handler that is told which it was. */
export function histogram(
  name: string,
  take: (part: 'bucket' | 'sum' | 'count', line: Line) => void,
): Collector['handlers'] {
  return {
    [`${name}_bucket`]: (line) => take('bucket', line),
    [`${name}_sum`]: (line) => take('sum', line),
    [`${name}_count`]: (line) => take('count', line),
  };
}

/** Counts of one kind by whom they are about and status, to be added up and subtracted once the page is read. */
export interface Counts {
  add(of: string | null, status: string | null, count: number): void;
  rows(): Iterable<{ of: string | null; status: string; count: number }>;
  byStatus(): Map<string, number>;
  empty(): boolean;
}

/** Most rows of one table of counts; those beyond it lose their name, not their count. */
const ROWS = 20_000;

/** Longest key, characters: two names that are cut already, and what stands between them. */
const KEY_CHARS = 600;

export function counts(): Counts {
  const rows = new Map<string, { of: string | null; status: string; count: number }>();
  return {
    add(of, status, count) {
      if (!(count > 0) || !Number.isFinite(count)) return;
      const [name, kept] = [of?.slice(0, KEY_CHARS) || null, statusOf(status ?? '')];
      const key = `${name}\n${kept}`;
      const row = rows.get(key) ?? (rows.size < ROWS ? null : rows.get(`null\n${kept}`));
      if (row) row.count += count;
      else
        rows.set(rows.size < ROWS ? key : `null\n${kept}`, { of: rows.size < ROWS ? name : null, status: kept, count });
    },
    rows: () => rows.values(),
    byStatus() {
      const all = new Map<string, number>();
      for (const { status, count } of rows.values()) all.set(status, (all.get(status) ?? 0) + count);
      return all;
    },
    empty: () => rows.size === 0,
  };
}
