import type { Interval } from '../../diagnostics/rollout/types.ts';
import type { SideSeen, StageSeen } from './types.ts';

/** Pure: what a stage's intervals show in numbers, all of one source together. */
export function seenIn(intervals: readonly Interval[]): StageSeen {
  const of = (source: Interval['source']) => {
    const some = intervals.filter((one) => one.source === source);
    if (some.length === 0) return null;
    return { old: sideSeen(some, 'old'), fresh: sideSeen(some, 'fresh') };
  };
  return { intervals: intervals.length, counters: of('counters'), probes: of('probes') };
}

function sideSeen(intervals: readonly Interval[], side: 'old' | 'fresh'): SideSeen {
  const out: SideSeen = { requests: 0, errors: null, handshakes: null };
  for (const one of intervals) {
    const counts = one[side];
    out.requests += counts.requests;
    // A zero that nobody read is no zero.
    if (!one.unread?.includes('errors')) out.errors = (out.errors ?? 0) + counts.errors;
    if (one.unread?.includes('handshakes')) continue;
    const classes = Object.entries(counts.handshakes);
    const all = counts.handshakes.all ? [['all', counts.handshakes.all] as const] : classes;
    for (const [, { tried, failed }] of all) {
      const before = out.handshakes ?? { tried: 0, failed: 0 };
      out.handshakes = { tried: before.tried + tried, failed: before.failed + failed };
    }
  }
  return out;
}
