import { type BalanceGroup, balanceOf, type Counted, type Dealt } from '../diagnostics/balance/balance.ts';
import { dice } from './dice.ts';

/** Simulated draws: seeded, so that every run of a bench or test sees the same ones. */

/** Dice for this seed; seeds that stand side by side throw unlike numbers. */
export const seeded = (seed: number): (() => number) => dice(Math.imul(seed + 1, 0x9e3779b1));

/** Counts of `draws` over `endpoints`, the first of which is hit `off` more often than its fair share (0: fair). */
export function drawn(draws: number, endpoints: number, off: number, random: () => number): number[] {
  const first = (1 + off) / endpoints;
  const counts = new Array<number>(endpoints).fill(0);
  for (let i = 0; i < draws; i++) {
    const u = random();
    const at = u < first ? 0 : 1 + Math.min(endpoints - 2, Math.floor(((u - first) / (1 - first)) * (endpoints - 1)));
    counts[at] = (counts[at] as number) + 1;
  }
  return counts;
}

/** Counts as a source would give them. */
export const countedOf = (requests: number[], connections?: number[]): Counted[] =>
  requests.map((n, i) => ({
    address: `10.0.0.${i + 1}:8080`,
    requests: n,
    errors: null,
    seconds: null,
    weight: null,
    ...(connections && { connections: connections[i] as number }),
  }));

/** Part of the seeds in which this many requests, one endpoint `off` its share, are called skewed. */
export function calledSkewed(seeds: number, draws: number, endpoints: number, off: number): number {
  let called = 0;
  for (let seed = 0; seed < seeds; seed++) {
    const counts = drawn(draws, endpoints, off, seeded(seed));
    if (balanceOf('s', countedOf(counts)).verdict === 'skewed') called++;
  }
  return called / seeds;
}

/** Fair draws of `connections`, `requests` in all, each connection equally busy: what is said of each seed. */
export function* pinned(
  seeds: number,
  connections: number,
  requests: number,
  endpoints: number,
): Generator<{ group: BalanceGroup; counts: number[] }> {
  const dealt: Dealt = { unit: 'connections' };
  for (let seed = 0; seed < seeds; seed++) {
    const opened = drawn(connections, endpoints, 0, seeded(seed));
    const counts = opened.map((n) => Math.round((n * requests) / connections));
    yield { group: balanceOf('s', countedOf(counts, opened), dealt), counts };
  }
}
