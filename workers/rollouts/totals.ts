import type { LatencyCounter, ProxySample } from '../../diagnostics/io/proxy-sample.ts';
import type { Latency, SideCounts, Unread } from '../../diagnostics/rollout/types.ts';
import { latencyOf, OTHERS } from '../../proxy/history/scope.ts';
import { resetBetween } from '../../proxy/history/steps.ts';
import { nothing } from './merge.ts';

/** What is kept of one sample until the next one: totals since the proxy began. null: not told. */
export interface Totals {
  /** The sample without its series: enough to see whether the counters began anew. */
  frame: ProxySample;
  requests: number;
  errors: number | null;
  accepted: number | null;
  handshakeFailures: number | null;
  /** `counts`: one for each bucket, not cumulative, the last one without bound. */
  latency: Latency | null;
  endpoints: { [name: string]: number } | null;
}

/** Endpoints that are told apart; the others of a larger service are one. */
const MOST_ENDPOINTS = 60;

/**
 * Pure: the totals of one sample, for these hosts where the proxy tells them apart and serves any of them, else all that
 * it served.
 */
export function totalsOf(sample: ProxySample, hosts: readonly string[]): Totals {
  const ours = new Set(hosts.map((host) => host.toLowerCase()));
  const isOurs = (row: { host: string | null }) => row.host !== null && ours.has(row.host.toLowerCase());
  const byHost = sample.requests.some(isOurs);
  const rows = byHost ? sample.requests.filter(isOurs) : sample.requests;
  const sum = (some: readonly { count: number }[]) => some.reduce((all, one) => all + one.count, 0);
  const again = byHost ? [] : (sample.repeated ?? []);
  const isError = ({ status }: { status: string }) => status.startsWith('5');
  const untold = rows.some((row) => row.status === 'all' && row.count > 0);
  const requests = Math.max(0, sum(rows) - sum(again));
  return {
    frame: frameOf(sample, requests),
    requests,
    errors: untold ? null : Math.max(0, sum(rows.filter(isError)) - sum(again.filter(isError))),
    accepted: sample.connections.accepted,
    handshakeFailures: sample.refusedBeforeRequest.handshake,
    latency: histogramOf(latencyRows(sample, ours)),
    endpoints: endpointsOf(sample, rows),
  };
}

/** What `resetBetween` reads: the begin, connections, processor time, and one series for all. */
function frameOf(sample: ProxySample, requests: number): ProxySample {
  return {
    ...sample,
    requests: [{ host: null, service: null, endpoint: null, status: 'all', maker: 'unknown', count: requests }],
    repeated: [],
    retries: [],
    latency: [],
    means: [],
    endpoints: [],
    tls: [],
    certificates: [],
    cannotTell: [],
  };
}

function latencyRows(sample: ProxySample, hosts: Set<string>): LatencyCounter[] {
  const own = sample.latency.filter((r) => r.kind === 'total' && r.host !== null && hosts.has(r.host.toLowerCase()));
  if (own.length > 0) return own;
  return latencyOf(sample, 'total', { kind: 'proxy', host: '', services: new Set() });
}

/** One histogram of all rows; null where any has none, or other bounds. */
function histogramOf(rows: LatencyCounter[]): Latency | null {
  const [first] = rows;
  if (!first || first.buckets.length < 2) return null;
  const bounds = first.buckets.map(([le]) => le);
  if (bounds.at(-1) !== null || bounds.slice(0, -1).some((le) => le === null)) return null;
  const counts = bounds.map(() => 0);
  for (const { buckets } of rows) {
    if (buckets.length !== bounds.length || buckets.some(([le], i) => le !== bounds[i])) return null;
    for (const [i, [, count]] of buckets.entries())
      counts[i] = (counts[i] as number) + count - (buckets[i - 1]?.[1] ?? 0);
  }
  return { le: bounds.slice(0, -1) as number[], counts };
}

function endpointsOf(sample: ProxySample, rows: ProxySample['requests']): Totals['endpoints'] {
  const named = rows.filter((row) => row.endpoint !== null && row.endpoint !== OTHERS);
  const pairs = named.length
    ? named.map((row) => [row.endpoint as string, row.count] as const)
    : sample.endpoints.flatMap((one) =>
        typeof one.requests === 'number' ? [[`${one.service} ${one.endpoint}`, one.requests] as const] : [],
      );
  if (pairs.length === 0) return null;
  const all = new Map<string, number>();
  for (const [name, count] of pairs) all.set(name, (all.get(name) ?? 0) + count);
  // Always the same ones while they are there: by name, not by count, so that a difference never compares two.
  const names = [...all.keys()].sort();
  const kept = names.slice(0, MOST_ENDPOINTS).map((name) => [name, all.get(name) as number] as const);
  return Object.fromEntries(kept);
}

/** What one instance did between two samples; `anew`: its counters began again in between, so nobody knows. */
type Grown = { is: 'grown'; counts: SideCounts; unread: Unread[] } | { is: 'anew' };

/** Pure: the difference of two totals. A total that went back makes the whole stretch unknown, and never negative. */
export function grownBetween(before: Totals, after: Totals, kind: string): Grown {
  if (resetBetween(before.frame, after.frame, kind) !== null) return { is: 'anew' };
  const counts = nothing();
  const unread: Unread[] = ['resets'];
  counts.requests = after.requests - before.requests;
  if (before.errors === null || after.errors === null) unread.push('errors');
  else counts.errors = after.errors - before.errors;
  const accepted = minus(after.accepted, before.accepted);
  const failed = minus(after.handshakeFailures, before.handshakeFailures);
  counts.connections = accepted ?? 0;
  if (accepted === null || failed === null) unread.push('handshakes');
  // A handshake that fails belongs to a connection that may have been accepted in the stretch before.
  else counts.handshakes.all = { tried: Math.max(accepted, failed), failed };
  counts.latency = latencyBetween(before.latency, after.latency);
  if (counts.latency === null) unread.push('latency');
  if (before.endpoints === null || after.endpoints === null) unread.push('balance');
  else
    for (const [name, count] of Object.entries(after.endpoints)) {
      const was = Object.hasOwn(before.endpoints, name) ? (before.endpoints[name] as number) : 0;
      if (count > was) counts.endpoints[name] = count - was;
    }
  const negative = [counts.requests, counts.errors, counts.connections, failed ?? 0, ...(counts.latency?.counts ?? [])];
  return negative.some((one) => !(one >= 0)) ? { is: 'anew' } : { is: 'grown', counts, unread };
}

const minus = (after: number | null, before: number | null): number | null =>
  after === null || before === null ? null : after - before;

function latencyBetween(before: Latency | null, after: Latency | null): Latency | null {
  if (!before || !after || before.le.length !== after.le.length) return null;
  if (before.le.some((le, i) => le !== after.le[i])) return null;
  return { le: after.le, counts: after.counts.map((count, i) => count - (before.counts[i] ?? 0)) };
}
