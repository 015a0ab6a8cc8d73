import { dice } from '../../../bench/dice.ts';
import type { Interval, SideCounts } from '../../../diagnostics/rollout/types.ts';

/** Coarse streams for tests: counts drawn an interval at a time. */

export interface Side {
  requests: number;
  /** Parts of one. */
  errors: number;
  resets: number;
  handshakes: number;
  slow: number;
}
export const ALIKE = { errors: 0.002, resets: 0.001, handshakes: 0.002, slow: 0.01 };

export function poisson(mean: number, random: () => number): number {
  if (mean > 60) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal));
  }
  const least = Math.exp(-mean);
  let [k, p] = [0, random()];
  while (p > least) {
    k++;
    p *= random();
  }
  return k;
}

const of = (total: number, part: number, random: () => number): number =>
  Math.min(total, poisson(total * part, random));

export function sideOf(side: Side, random: () => number): SideCounts {
  const requests = poisson(side.requests, random);
  const connections = of(requests, 0.5, random);
  const old = of(connections, 0.05, random);
  const slow = of(requests, side.slow, random);
  const middle = Math.min(requests - slow, of(requests, 0.45, random));
  const first = Math.min(requests, of(requests, 0.5, random));
  return {
    requests,
    errors: of(requests, side.errors, random),
    resets: of(connections, side.resets, random),
    connections,
    latency: { le: [0.05, 0.5, 5], counts: [requests - slow - middle, middle, slow, 0] },
    handshakes: {
      modern: { tried: connections - old, failed: of(connections - old, side.handshakes, random) },
      'java-7': { tried: old, failed: of(old, side.handshakes, random) },
    },
    endpoints: { 'a:80': first, 'b:80': requests - first },
  };
}

const START = Date.parse('2026-11-24T10:00:00Z');

export const intervalOf = (index: number, seconds: number, old: SideCounts, fresh: SideCounts): Interval => ({
  from: new Date(START + 1000 * seconds * index).toISOString(),
  to: new Date(START + 1000 * seconds * (index + 1)).toISOString(),
  source: 'counters',
  old,
  fresh,
  blind: [],
});

/** `count` intervals at `rate` requests a second. `at` gives both sides' parts in interval i. */
export function stream(
  seed: number,
  count: number,
  share: number,
  at: (i: number) => { old?: Partial<Side>; fresh?: Partial<Side> } = () => ({}),
  { rate = 20, seconds = 30 } = {},
): Interval[] {
  const random = dice(Math.imul(seed + 1, 0x9e3779b1));
  return Array.from({ length: count }, (_, i) => {
    const { old, fresh } = at(i);
    const all = rate * seconds;
    return intervalOf(
      i,
      seconds,
      sideOf({ requests: all * (1 - share), ...ALIKE, ...old }, random),
      sideOf({ requests: all * share, ...ALIKE, ...fresh }, random),
    );
  });
}

export const NOW = '2026-11-24T10:30:00.000Z';
/** One side with nothing but requests and errors. */
export const plain = (requests: number, errors: number): SideCounts => ({
  requests,
  errors,
  resets: 0,
  connections: 0,
  latency: null,
  handshakes: {},
  endpoints: {},
});
