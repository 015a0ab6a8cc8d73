import { ALPHA, drawsNeeded, expectedShares, fitOf, inTurns } from '../fit.ts';
import type { BalanceGroup, Counted, Dealt, Kind } from './groups.ts';
import { fasterGetMore, type Odd, oddOneOut, zonesDiffer } from './oddities.ts';
import { balanceSays } from './says.ts';

export type { BalanceGroup, Counted, Dealt, Kind, Policy } from './groups.ts';

/** A skew of a fifth matters, unless somebody asks for less. */
const MATTERS = 0.2;
/** Smaller than this no skew is one, however many requests prove it: least_conn and TCP draws are off by 0.5 to 4 %. */
const NEGLIGIBLE = 0.1;
/** Requests that follow their connections are named from this much on, since nothing is blamed by it. */
const VISIBLE = 0.03;
/** Fewer connections than this are too few to share anything evenly: fair draws of 64 give a CV of 20 % (simulated). */
const FEW_CONNECTIONS = 100;
/** Few connections are unlucky often enough; only a draw that is hardly possible is called skewed. */
const FEW_ALPHA = 0.001;
/** A gap at the head of a log that chance leaves this seldom: then the endpoint was not there yet. */
const NOT_THERE_YET = 1e-6;
/** Round robin that is known to be one shows within this many rounds. */
const TURNS = 10;
/** Proxies that start slowly, caches and connection pools have settled after this, ms. */
const WARMS_UP_MS = 5 * 60_000;
/** Clocks and logs are not better than this: a later start of less is none. Part of the window. */
const START_SLACK = 0.02;

/** Pure: are the endpoints of one service used as they should be? The one judgement of `./dev balance` and of the check. */
export function balanceOf(service: string, all: Counted[], dealt: Dealt = {}): BalanceGroup {
  const counted = all.filter((e) => !e.aside && e.weight !== 0);
  const weights = counted.map((e) => e.weight ?? 1);
  const total = counted.reduce((sum, e) => sum + e.requests, 0);
  const since = counted.map((e) => joined(e, weights, total, dealt));
  const stayed = expectedShares(weights, since);
  const allAlong = expectedShares(weights, []);
  const unit = dealt.unit ?? 'requests';
  const known = counted.every((e) => typeof e.connections === 'number');
  const connections = known ? counted.reduce((sum, e) => sum + (e.connections ?? 0), 0) : (dealt.connections ?? null);
  // Requests that are drawn together count as one draw.
  const spread = unit === 'connections' && !known && connections ? Math.max(1, total / connections) : 1;
  const units = counted.map((e) => (unit === 'connections' && known ? (e.connections as number) : e.requests));
  const draws = unit === 'connections' ? connections : total;
  const without = withoutLeavers(counted, weights, since, total);
  const left = without !== null && (fitOf(units, without) ?? 1) >= ALPHA;
  // Who joined when is inferred: what is even without that needs no such excuse.
  const flat = (fitOf(units, allAlong) ?? 1) >= ALPHA || offBy(units, allAlong) < NEGLIGIBLE;
  const fair = left ? without : flat ? allAlong : stayed;
  const needed = drawsNeeded(counted.length, dealt.matters ?? MATTERS);
  const tellable = counted.length > 1 && draws !== null && draws > 0;
  const equal = new Set(fair).size === 1;
  const turns =
    (equal && spread === 1 && inTurns(units)) ||
    (dealt.policy === 'round-robin' && total >= TURNS * counted.length && offBy(units, fair) < NEGLIGIBLE);
  const enough = tellable ? draws >= needed || turns : counted.length === 1 && total > 0;
  const base: Omit<BalanceGroup, 'says' | 'verdict' | 'kind'> = {
    service,
    endpoints: endpointsOf(all, counted, fair, dealt),
    expected: new Set(weights).size > 1 ? 'weighted' : 'equal',
    ...spreadOver(counted, fair, total),
    pValue: tellable ? fitOf(units, fair, spread) : null,
    unit,
    requests: total,
    connections,
    enough,
    needed: enough || counted.length < 2 ? null : needed,
    ...(dealt.policy && { policy: dealt.policy }),
  };
  const group = { ...base, ...judged() };
  return { ...group, says: balanceSays(group) };

  function judged(): Pick<BalanceGroup, 'verdict' | 'kind' | 'endpoint' | 'cost' | 'catchUpSeconds'> {
    if (counted.length < 2)
      return total > 0 ? { verdict: 'even', kind: 'one-address' } : { verdict: 'not-enough-data' };
    const odd = oddOneOut(counted);
    const few = unit === 'connections' && draws !== null && draws < FEW_CONNECTIONS;
    const off = (shares: number[]): boolean =>
      tellable && (fitOf(units, shares, spread) ?? 1) < (few ? FEW_ALPHA : ALPHA) && offBy(units, shares) >= NEGLIGIBLE;
    const skewed = off(fair) && off(allAlong);
    if (left) return { verdict: enough ? 'even' : 'not-enough-data', kind: 'endpoint-left' };
    const late = lateOnes();
    if (late && (!skewed || late.excused) && !skewedAmong(late.rest))
      return { verdict: late.enough ? 'even' : 'not-enough-data', ...late.kind };
    if (skewed) return whySkewed(odd);
    const verdict = enough ? 'even' : 'not-enough-data';
    // A fair draw of few connections: requests follow them, and are as uneven as chance left them.
    if (unit === 'connections' && draws !== null && unevenRequests()) return { verdict, kind: 'pinned-connections' };
    return { verdict, ...(odd && named(odd)) };
  }

  function whySkewed(odd: Odd | null): Pick<BalanceGroup, 'verdict' | 'kind' | 'endpoint' | 'cost'> {
    if (odd && explains(odd)) return { verdict: 'skewed', ...named(odd) };
    if (dealt.policy === 'hash' || dealt.policy === 'sticky') return { verdict: 'skewed', kind: 'sticky' };
    if (dealt.policy === 'least-conn') {
      const faster = fasterGetMore(counted, fair);
      if (faster !== false)
        return faster ? { verdict: 'even', kind: 'faster-gets-more' } : { verdict: 'not-enough-data' };
    }
    if (zonesDiffer(counted, units, fair, spread)) return { verdict: 'skewed', kind: 'zone-imbalance' };
    const hot = counted.filter((_, i) => (units[i] ?? 0) > (draws ?? 0) * spread * (fair[i] ?? 0));
    const idle = counted.filter((e) => e.requests === 0);
    const onlyOne = counted.length > 2 && idle.length === counted.length - 1;
    const kind: Kind = idle.length && !onlyOne ? 'one-endpoint-idle' : hot.length === 1 ? 'one-endpoint-hot' : 'uneven';
    const one = kind === 'one-endpoint-idle' ? idle : hot;
    return { verdict: 'skewed', kind, ...(one.length === 1 && { endpoint: one[0]?.address as string }) };
  }

  /** A slow endpoint that gets more than its share is slow since it is busy; a failing one draws requests if it is quick. */
  function explains(odd: Odd): boolean {
    const i = counted.indexOf(odd.endpoint);
    const more = (odd.endpoint.requests ?? 0) > total * (fair[i] ?? 0) * (1 + NEGLIGIBLE);
    if (!more) return true;
    const others = counted.filter((e) => e !== odd.endpoint && e.seconds !== null).map((e) => e.seconds as number);
    return odd.kind === 'one-endpoint-fails' && (odd.endpoint.seconds ?? 0) <= Math.max(0, ...others);
  }

  /** Would requests by themselves look skewed? */
  function unevenRequests(): boolean {
    const requests = counted.map((e) => e.requests);
    return (fitOf(requests, fair) ?? 1) < ALPHA && offBy(requests, fair) >= VISIBLE;
  }

  /** Endpoints that joined after the window began and have less than the others: not judged with them. */
  function lateOnes(): { rest: number[]; enough: boolean; excused: boolean; kind: Partial<BalanceGroup> } | null {
    const late = counted.filter(
      (e, i) => (since[i] ?? 0) > 0 && e.requests < total * (allAlong[i] ?? 0) * (1 - START_SLACK),
    );
    const rest = counted.flatMap((e, i) => (late.includes(e) ? [] : [i]));
    if (late.length === 0 || rest.length === 0) return null;
    const left = rest.reduce((sum, i) => sum + (units[i] ?? 0), 0) / spread;
    const wanted = rest.length > 1 ? drawsNeeded(rest.length, dealt.matters ?? MATTERS) : 1;
    const seconds = renewal(connections, total, dealt);
    const young = late.every((e) => Date.parse(dealt.to ?? '') - Date.parse(e.startedAt ?? '') < WARMS_UP_MS);
    return {
      rest,
      excused: young || unit === 'connections',
      enough: left >= wanted,
      kind: {
        kind: 'late-joiner',
        ...(late.length === 1 && { endpoint: late[0]?.address as string }),
        ...(unit === 'connections' && seconds !== null && { catchUpSeconds: seconds }),
      },
    };
  }

  /** Those that were there all along, judged among themselves; and no late one may have drawn more than its due. */
  function skewedAmong(rest: number[]): boolean {
    const share = rest.reduce((sum, i) => sum + (weights[i] ?? 0), 0);
    const own = rest.map((i) => (weights[i] ?? 0) / share);
    const got = rest.map((i) => units[i] ?? 0);
    const few = unit === 'connections' && got.reduce((a, b) => a + b, 0) < FEW_CONNECTIONS;
    return tellable && (fitOf(got, own, spread) ?? 1) < (few ? FEW_ALPHA : ALPHA) && offBy(got, own) >= NEGLIGIBLE;
  }
}

const named = (odd: Odd): Pick<BalanceGroup, 'kind' | 'endpoint' | 'cost'> => ({
  kind: odd.kind,
  endpoint: odd.endpoint.address,
  ...(odd.cost && { cost: odd.cost }),
});

/** Largest part by which one endpoint is off its fair share. */
function offBy(counts: number[], fair: number[]): number {
  const total = counts.reduce((a, b) => a + b, 0);
  return Math.max(0, ...counts.map((n, i) => ((fair[i] ?? 0) > 0 ? Math.abs(n / (total * (fair[i] ?? 1)) - 1) : 0)));
}

/** cv and the busiest, of requests over what was due to each. */
function spreadOver(counted: Counted[], fair: number[], total: number): Pick<BalanceGroup, 'cv' | 'maxOverMean'> {
  const due = counted.map((e, i) => ({ requests: e.requests, share: fair[i] ?? 0 })).filter((e) => e.share > 0);
  if (due.length < 2 || total === 0) return { cv: null, maxOverMean: null };
  const ratios = due.map((e) => e.requests / (total * e.share));
  const mean = ratios.reduce((a, b) => a + b, 0) / ratios.length;
  const variance = ratios.reduce((sum, r) => sum + (r - mean) ** 2, 0) / ratios.length;
  return { cv: mean > 0 ? Math.sqrt(variance) / mean : null, maxOverMean: Math.max(...ratios) };
}

/** The part of the window that was over when an endpoint joined; 0: it was there. The log's own order tells best. */
function joined(e: Counted, weights: number[], total: number, { from, to }: Dealt): number {
  const before = e.before ?? 0;
  if (total > 0 && away(e, weights, before)) return Math.min(1, before / total);
  if (!e.startedAt || !from || !to) return 0;
  const [began, ended] = [Date.parse(from), Date.parse(to)];
  const part = (Date.parse(e.startedAt) - began) / (ended - began);
  return part > START_SLACK ? Math.min(1, part) : 0;
}

/** Is a stretch without it too long to be chance? */
function away(e: Counted, weights: number[], requests: number): boolean {
  const sum = weights.reduce((a, b) => a + b, 0);
  return requests > 0 && (1 - (e.weight ?? 1) / (sum || 1)) ** requests < NOT_THERE_YET;
}

/**
 * Fair shares if those that got nothing from some time on had left by then: scaled in, or replaced. null: none did, or
 * only one is left, which is what a switch to hashing looks like too.
 */
function withoutLeavers(counted: Counted[], weights: number[], since: number[], total: number): number[] | null {
  const until = counted.map((e) => (total > 0 && away(e, weights, e.after ?? 0) ? 1 - (e.after ?? 0) / total : 1));
  const staying = until.filter((at) => at === 1).length;
  return staying > 1 && staying < counted.length ? expectedShares(weights, since, until) : null;
}

/** Seconds until every connection of the pool was drawn anew: connections x requests on each / rate (measured on nginx). */
function renewal(connections: number | null, total: number, { from, to, keepaliveRequests }: Dealt): number | null {
  if (connections === null || !keepaliveRequests || !from || !to || total === 0) return null;
  const seconds = (Date.parse(to) - Date.parse(from)) / 1000;
  return seconds > 0 ? (connections * keepaliveRequests * seconds) / total : null;
}

function endpointsOf(all: Counted[], judged: Counted[], fair: number[], { to }: Dealt): BalanceGroup['endpoints'] {
  const total = all.reduce((sum, e) => sum + e.requests, 0);
  const weighted = new Set(all.map((e) => e.weight ?? 1)).size > 1;
  return all.map((e) => {
    const age = e.startedAt && to ? (Date.parse(to) - Date.parse(e.startedAt)) / 1000 : Number.NaN;
    return {
      address: e.address,
      requests: e.requests,
      share: total ? e.requests / total : 0,
      fair: fair[judged.indexOf(e)] ?? 0,
      ...(typeof e.connections === 'number' && { connections: e.connections }),
      ...(typeof e.inflight === 'number' && { inflight: e.inflight }),
      ...(e.errors !== null && { errors: e.errors }),
      ...(e.seconds !== null && { seconds: e.seconds }),
      ...(weighted && { weight: e.weight ?? 1 }),
      ...(e.zone && { zone: e.zone }),
      ...(Number.isFinite(age) && { ageSeconds: Math.round(age) }),
      ...(judged.includes(e) ? {} : { aside: e.aside ?? 'drained' }),
    };
  });
}
