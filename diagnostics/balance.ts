import { spreadOf } from './stats.ts';

/** Endpoint balance of one service: DESIGN 4.5. */
export interface BalanceGroup {
  service: string;
  endpoints: { address: string; requests: number; share: number; errors?: number; seconds?: number; weight?: number }[];
  expected: 'equal' | 'weighted';
  cv: number | null;
  maxOverMean: number | null;
  pValue: number | null;
  requests: number;
  enough: boolean;
  /** Requests that a skew of a quarter would need to show; null when there are enough. */
  needed: number | null;
  verdict: 'even' | 'skewed' | 'not-enough-data';
  kind?: 'one-endpoint-idle' | 'one-endpoint-hot' | 'uneven' | 'one-endpoint-slow' | 'one-endpoint-fails';
}

export interface Counted {
  address: string;
  requests: number;
  errors: number | null;
  seconds: number | null;
  /** Weight that the proxy itself states; null: not known. */
  weight: number | null;
}

/** By chance less often than this: at most 1 % false alarms on fair draws. */
const ALPHA = 0.01;
/** A share off by this much should be seen nine times in ten. */
const WANTED = 0.25;
/** n = 58 / d² requests for four endpoints (simulated: alpha 0.01, power 0.9). */
const neededFor = (endpoints: number): number => Math.ceil((58 / WANTED ** 2) * (endpoints / 4));
/** An endpoint this many times slower than the others together, or failing this much more, is named though counts are even. */
const SLOWER = 3;
const FAILS_MORE = 0.2;

/** Pure: are the endpoints of one service used as they should be? Weights that the proxy states are taken into account. */
export function balanceOf(service: string, counted: Counted[]): BalanceGroup {
  const total = counted.reduce((sum, e) => sum + e.requests, 0);
  const weights = counted.map((e) => e.weight ?? 1);
  const weighted = new Set(weights).size > 1;
  const sumOfWeights = weights.reduce((a, b) => a + b, 0);
  // Counts over weights: fair draws give equal quotients; scaled back so that the test sees as many requests as there were.
  const fair = weighted
    ? counted.map((e, i) => (e.requests * sumOfWeights) / ((weights[i] || 1) * counted.length))
    : counted.map((e) => e.requests);
  const spread = spreadOf(fair);
  const needed = neededFor(counted.length);
  const enough = total >= needed;
  const endpoints = counted.map((e) => ({
    address: e.address,
    requests: e.requests,
    share: total ? e.requests / total : 0,
    ...(e.errors !== null && { errors: e.errors }),
    ...(e.seconds !== null && { seconds: e.seconds }),
    ...(weighted && { weight: e.weight ?? 1 }),
  }));
  const group: BalanceGroup = {
    service,
    endpoints,
    expected: weighted ? 'weighted' : 'equal',
    cv: spread.cv,
    maxOverMean: spread.maxOverMean,
    pValue: spread.pValue,
    requests: total,
    enough,
    needed: enough ? null : needed,
    verdict: 'not-enough-data',
  };
  if (counted.length < 2)
    return { ...group, verdict: total > 0 ? 'even' : 'not-enough-data', enough: total > 0, needed: null };
  const odd = oddOneOut(counted);
  if (spread.pValue !== null && spread.pValue < ALPHA) {
    const idle = counted.some((e) => e.requests === 0);
    const mean = total / counted.length;
    const hot = counted.filter((e) => e.requests > mean).length === 1;
    return {
      ...group,
      verdict: 'skewed',
      kind: odd ?? (idle ? 'one-endpoint-idle' : hot ? 'one-endpoint-hot' : 'uneven'),
    };
  }
  return enough ? { ...group, verdict: 'even', ...(odd && { kind: odd }) } : group;
}

/** Even counts do not mean healthy: one endpoint may be slow under round robin, or fail fast and draw requests. */
function oddOneOut(counted: Counted[]): BalanceGroup['kind'] | null {
  const share = (e: Counted): number => (e.requests ? (e.errors ?? 0) / e.requests : 0);
  const failing = counted.filter((e) => share(e) >= FAILS_MORE);
  if (failing.length === 1) return 'one-endpoint-fails';
  const timed = counted.filter((e) => e.seconds !== null && e.requests > 0);
  if (timed.length < 2) return null;
  const sorted = [...timed].sort((a, b) => (b.seconds as number) - (a.seconds as number));
  const [first, second] = sorted as [Counted, Counted];
  return (first.seconds as number) > SLOWER * (second.seconds as number) && (first.seconds as number) > 0.005
    ? 'one-endpoint-slow'
    : null;
}
