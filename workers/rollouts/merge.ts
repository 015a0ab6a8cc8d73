import type { Interval, Latency, SideCounts } from '../../diagnostics/rollout/types.ts';

/** What may be kept of what could not be read. */
const MOST_BLIND = 20;

/** A side that did nothing. */
export const nothing = (): SideCounts => ({
  requests: 0,
  errors: 0,
  resets: 0,
  connections: 0,
  latency: null,
  handshakes: {},
  endpoints: {},
});

/** Pure: two slots as one, `a` the earlier one, by source. Sources that cannot be added up stay beside each other. */
export function merged(a: readonly Interval[], b: readonly Interval[]): Interval[] {
  const out = [...a];
  for (const next of b) {
    const at = out.findLastIndex((one) => one.source === next.source);
    const before = out[at];
    if (before && canAdd(before, next)) out[at] = added(before, next);
    else out.push(next);
  }
  return out;
}

/** Whether their counts mean the same: what one did not read must not become a zero of both. */
function canAdd(a: Interval, b: Interval): boolean {
  const unread = (one: Interval) => [...(one.unread ?? [])].sort().join();
  return unread(a) === unread(b) && fits(a.old.latency, b.old.latency) && fits(a.fresh.latency, b.fresh.latency);
}

const fits = (a: Latency | null, b: Latency | null): boolean =>
  a === null || b === null || (a.le.length === b.le.length && a.le.every((le, i) => le === b.le[i]));

function added(a: Interval, b: Interval): Interval {
  return {
    ...a,
    to: b.to,
    old: sum(a.old, b.old),
    fresh: sum(a.fresh, b.fresh),
    blind: [...new Set([...a.blind, ...b.blind])].slice(0, MOST_BLIND),
  };
}

/** Pure: the counts of both; histograms must have the same bounds. */
export function sum(a: SideCounts, b: SideCounts): SideCounts {
  const handshakes: SideCounts['handshakes'] = { ...a.handshakes };
  for (const [name, { tried, failed }] of Object.entries(b.handshakes)) {
    const before = Object.hasOwn(handshakes, name) ? handshakes[name] : undefined;
    handshakes[name] = { tried: tried + (before?.tried ?? 0), failed: failed + (before?.failed ?? 0) };
  }
  const endpoints: SideCounts['endpoints'] = { ...a.endpoints };
  for (const [name, count] of Object.entries(b.endpoints))
    endpoints[name] = count + (Object.hasOwn(endpoints, name) ? (endpoints[name] as number) : 0);
  return {
    requests: a.requests + b.requests,
    errors: a.errors + b.errors,
    resets: a.resets + b.resets,
    connections: a.connections + b.connections,
    latency: sumLatency(a.latency, b.latency),
    handshakes,
    endpoints,
  };
}

function sumLatency(a: Latency | null, b: Latency | null): Latency | null {
  if (a === null || b === null) return a ?? b;
  return { le: a.le, counts: a.counts.map((count, i) => count + (b.counts[i] ?? 0)) };
}
