import { ALPHA, fitOf } from '../fit.ts';
import { chiSquaredTail } from '../stats.ts';
import type { BalanceGroup, Counted } from './groups.ts';

/** Even counts do not mean healthy, uneven ones do not mean broken: what is odd about single endpoints. Pure. */

/** An endpoint this many times slower than the next one is named, if it is slow at all, s. */
const SLOWER = 3;
const SLOW_SECONDS = 0.005;
/** Fewer requests than this have no mean worth comparing; where the spread of their times is not known, more. */
const TIMED = 10;
const TIMED_BLINDLY = 30;
/** Standard errors between two means that no chance bridges. */
const APART = 4;
/** An endpoint that fails this share of its requests while the others do not is named. */
const FAILS = 0.2;
/** One in a hundred thousand: rates of failure are compared for every endpoint of every service. */
const NO_CHANCE = 1e-5;

export interface Odd {
  kind: 'one-endpoint-slow' | 'one-endpoint-fails';
  endpoint: Counted;
  cost?: NonNullable<BalanceGroup['cost']>;
}

const failing = (e: Counted): number => (e.requests ? (e.errors ?? 0) / e.requests : 0);

/** Mean seconds of several endpoints together; null where none is timed. */
export function secondsOf(endpoints: Counted[]): number | null {
  const timed = endpoints.filter((e) => e.seconds !== null && e.requests > 0);
  const requests = timed.reduce((sum, e) => sum + e.requests, 0);
  return requests ? timed.reduce((sum, e) => sum + (e.seconds as number) * e.requests, 0) / requests : null;
}

/** Difference of two proportions, Pearson with one degree of freedom. */
function ratesDiffer(a: number, ofA: number, b: number, ofB: number): boolean {
  const rate = (a + b) / (ofA + ofB);
  if (rate <= 0 || rate >= 1) return false;
  return chiSquaredTail((a / ofA - b / ofB) ** 2 / (rate * (1 - rate) * (1 / ofA + 1 / ofB)), 1) < NO_CHANCE;
}

/** One endpoint that fails, or is slow, while the others do and are not; null: none, or not one alone. */
export function oddOneOut(counted: Counted[]): Odd | null {
  return failingOne(counted) ?? slowOne(counted);
}

function failingOne(counted: Counted[]): Odd | null {
  const failed = counted.filter((e) => failing(e) >= FAILS);
  const one = failed[0];
  if (!one || failed.length > 1 || counted.length < 2 || (one.errors ?? 0) < 5) return null;
  const rest = counted.filter((e) => e !== one);
  const requests = rest.reduce((sum, e) => sum + e.requests, 0);
  const errors = rest.reduce((sum, e) => sum + (e.errors ?? 0), 0);
  if (requests === 0 || !ratesDiffer(one.errors ?? 0, one.requests, errors, requests)) return null;
  return { kind: 'one-endpoint-fails', endpoint: one };
}

function slowOne(counted: Counted[]): Odd | null {
  const timed = counted.filter(
    (e) => e.seconds !== null && e.requests >= (typeof e.deviation === 'number' ? TIMED : TIMED_BLINDLY),
  );
  const [first, second] = [...timed].sort((a, b) => (b.seconds as number) - (a.seconds as number));
  if (!first || !second) return null;
  const [slow, next] = [first.seconds as number, second.seconds as number];
  if (slow <= SLOWER * next || slow <= SLOW_SECONDS) return null;
  // One request of half a minute among hundreds makes a mean too.
  const error = Math.hypot(
    (first.deviation ?? 0) / Math.sqrt(first.requests),
    (second.deviation ?? 0) / Math.sqrt(second.requests),
  );
  if (error > 0 && slow - next < APART * error) return null;
  const others = secondsOf(counted.filter((e) => e !== first));
  return {
    kind: 'one-endpoint-slow',
    endpoint: first,
    ...(others !== null && { cost: { seconds: secondsOf(counted) as number, others } }),
  };
}

/** Endpoints that get more than their share are the faster ones: what least_conn is for. null: times are not known. */
export function fasterGetMore(counted: Counted[], fair: number[]): boolean | null {
  const total = counted.reduce((sum, e) => sum + e.requests, 0);
  const more = secondsOf(counted.filter((e, i) => e.requests > total * (fair[i] ?? 0)));
  const less = secondsOf(counted.filter((e, i) => e.requests < total * (fair[i] ?? 0)));
  return more === null || less === null ? null : more < 0.8 * less;
}

/** Even within each zone, but not between them: then it is zones that get unequal shares, not endpoints. */
export function zonesDiffer(counted: Counted[], units: number[], fair: number[], spread: number): boolean {
  const zones = [...new Set(counted.map((e) => e.zone ?? null))];
  if (zones.includes(null) || zones.length < 2 || zones.length === counted.length) return false;
  const of = (zone: string | null, values: number[]): number[] =>
    values.filter((_, i) => (counted[i]?.zone ?? null) === zone);
  const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0);
  const within = zones.every((zone) => {
    const part = of(zone, fair);
    const whole = sum(part);
    if (part.length < 2 || whole <= 0) return true;
    return (
      (fitOf(
        of(zone, units),
        part.map((share) => share / whole),
        spread,
      ) ?? 1) >= ALPHA
    );
  });
  const between = fitOf(
    zones.map((zone) => sum(of(zone, units))),
    zones.map((zone) => sum(of(zone, fair))),
    spread,
  );
  return within && (between ?? 1) < ALPHA;
}
