import type { Table } from './evidence.ts';
import type { Interval, Latency, SideCounts, Unread } from './types.ts';

/** What is counted of an interval: one yes or no for each request, connection or handshake. */
export interface Counted {
  kind: 'errors' | 'latency' | 'handshakes' | 'resets' | 'clients' | 'balance';
  /** Class of clients or endpoint. */
  of: string | null;
  /** For `latency`: slower than this, s. */
  edge: number | null;
  table: Table;
}

/** More than this in one interval is a counter that went wrong, or somebody's joke. */
const MOST = 1e9;
/** Names beyond these many are not looked at: what has more is not a class of clients, nor a service's endpoint. */
const MOST_NAMES = 200;
const MOST_EDGES = 40;

const count = (value: unknown): number | null =>
  typeof value === 'number' && value >= 0 && value <= MOST ? Math.round(value) : null;

function table(oldBad: unknown, oldTotal: unknown, freshBad: unknown, freshTotal: unknown): Table | null {
  const [a, b, c, d] = [count(oldBad), count(oldTotal), count(freshBad), count(freshTotal)];
  if (a === null || b === null || c === null || d === null || a > b || c > d) return null;
  return { oldBad: a, oldTotal: b, freshBad: c, freshTotal: d };
}

/** Tables of one interval, and what could not be counted, in words. Whatever the interval holds, nothing is thrown. */
export function tablesOf(interval: Interval): { counted: Counted[]; refused: { [kind in Unread]?: string } } {
  const counted: Counted[] = [];
  const refused: { [kind in Unread]?: string } = {};
  const { old, fresh } = interval;
  const unread = new Set<Unread>(Array.isArray(interval.unread) ? interval.unread : []);
  const take = (kind: Counted['kind'], of: string | null, made: Table | null, edge: number | null = null): boolean => {
    if (made) counted.push({ kind, of, edge, table: made });
    return made !== null;
  };
  const look = (kind: Unread, words: string, read: () => boolean): void => {
    if (unread.has(kind) || !old || !fresh) return;
    const before = counted.length;
    let fine = false;
    try {
      fine = read();
    } catch {
      // What is no record at all is refused like a number that is none.
    }
    if (fine) return;
    counted.length = before;
    refused[kind] = `${words} of ${interval.from} to ${interval.to} make no sense: not counted`;
  };
  look('errors', 'requests', () => take('errors', null, table(old.errors, old.requests, fresh.errors, fresh.requests)));
  look('resets', 'connections', () =>
    take('resets', null, table(old.resets, old.connections, fresh.resets, fresh.connections)),
  );
  look('latency', 'times', () => {
    const slower = tails(old.latency, fresh.latency);
    return slower?.every(({ edge, made }) => take('latency', null, made, edge)) ?? false;
  });
  look('handshakes', 'handshakes', () => handshakes(old.handshakes, fresh.handshakes, take));
  look('balance', 'requests by endpoint', () => endpoints(old.endpoints, fresh.endpoints, take));
  return { counted, refused };
}

type Take = (kind: Counted['kind'], of: string | null, made: Table | null) => boolean;

function handshakes(old: SideCounts['handshakes'], fresh: SideCounts['handshakes'], take: Take): boolean {
  const sides = [new Map(Object.entries(old)), new Map(Object.entries(fresh))] as const;
  const classes = [...new Set([...sides[0].keys(), ...sides[1].keys()])];
  const none = { tried: 0, failed: 0 };
  const of = (name: string): Table | null => {
    const [a, b] = [sides[0].get(name) ?? none, sides[1].get(name) ?? none];
    return table(a.failed, a.tried, b.failed, b.tried);
  };
  const named = classes.filter((name) => name !== 'all').sort();
  const made = named.map(of);
  if (made.some((one) => one === null)) return false;
  const tables = made as Table[];
  const sum = tables.reduce(plus, { oldBad: 0, oldTotal: 0, freshBad: 0, freshTotal: 0 });
  if (classes.length > 0 && !take('handshakes', null, classes.includes('all') ? of('all') : sum)) return false;
  return named.slice(0, MOST_NAMES).every((name, i) => take('clients', name, tables[i] as Table));
}

/** Both together. */
export const plus = (a: Table, b: Table): Table => ({
  oldBad: a.oldBad + b.oldBad,
  oldTotal: a.oldTotal + b.oldTotal,
  freshBad: a.freshBad + b.freshBad,
  freshTotal: a.freshTotal + b.freshTotal,
});

function endpoints(old: SideCounts['endpoints'], fresh: SideCounts['endpoints'], take: Take): boolean {
  const sides = [new Map(Object.entries(old)), new Map(Object.entries(fresh))] as const;
  const names = [...new Set([...sides[0].keys(), ...sides[1].keys()])].sort();
  const total = (side: Map<string, number>): number => [...side.values()].reduce((sum, n) => sum + n, 0);
  const [ofOld, ofFresh] = [total(sides[0]), total(sides[1])];
  return names
    .slice(0, MOST_NAMES)
    .every((name) => take('balance', name, table(sides[0].get(name) ?? 0, ofOld, sides[1].get(name) ?? 0, ofFresh)));
}

/** How many were slower than each edge that both sides have. null: no histograms, or broken ones. */
function tails(old: Latency | null, fresh: Latency | null): { edge: number; made: Table }[] | null {
  // No times where there was nothing to time is no fault.
  if (old === null && fresh === null) return [];
  const sides = [old ?? { le: fresh?.le ?? [], counts: [] }, fresh ?? { le: old?.le ?? [], counts: [] }] as const;
  const made = sides.map(slower);
  const [a, b] = made;
  if (!a || !b) return null;
  const common = [...a.over.keys()].filter((edge) => b.over.has(edge));
  if (common.length === 0) return null;
  const every = Math.ceil(common.length / MOST_EDGES);
  return common
    .filter((_, i) => i % every === 0)
    .map((edge) => ({
      edge,
      made: {
        oldBad: a.over.get(edge) as number,
        oldTotal: a.total,
        freshBad: b.over.get(edge) as number,
        freshTotal: b.total,
      },
    }));
}

function slower({ le, counts }: Latency): { total: number; over: Map<number, number> } | null {
  const whole = counts.map(count);
  const missing = counts.length === 0;
  if (!missing && counts.length !== le.length && counts.length !== le.length + 1) return null;
  if (whole.some((n) => n === null) || le.some((edge, i) => !(edge > (le[i - 1] ?? 0)))) return null;
  const total = (whole as number[]).reduce((sum, n) => sum + n, 0);
  if (total > MOST) return null;
  let over = total;
  const map = new Map<number, number>();
  for (const [i, edge] of le.entries()) {
    over -= whole[i] ?? 0;
    if (edge < Number.POSITIVE_INFINITY) map.set(edge, missing ? 0 : over);
  }
  return { total, over: map };
}
