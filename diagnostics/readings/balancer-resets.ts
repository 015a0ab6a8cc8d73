import type { Draft, ReadScope } from '../define-check.ts';
import type { BalancerCounters, CounterSeen } from '../io/balancer-reader.ts';
import { clock } from '../wording.ts';

/** What every count says: how many, of how many, when, and what is not delivered yet. */
export type Base = {
  balancer: string;
  count: number;
  of: number | null;
  first: string;
  last: string;
  now: string;
  late: string;
};

/** Facts of each finding of the check `balancer-resets`. */
export interface CounterFacts {
  RESETS_BY_BALANCER: Base;
  RESETS_BY_TARGETS: Base;
  RESETS_BY_CLIENTS: Base;
  BALANCER_FAILS_OPEN: Base;
  BALANCER_OUT_OF_PORTS: Base;
  BALANCER_REFUSES_NEW: Base & { why: string };
  BALANCER_MADE_ERRORS: Base & { statuses: string; behind: number };
  TARGETS_MADE_ERRORS: Base & { own: number };
  TARGETS_REFUSE_BALANCER: Base;
  HANDSHAKES_FAIL_AT_BALANCER: Base;
  ZONE_TRAFFIC_UNEVEN: {
    balancer: string;
    most: string;
    least: string;
    mostCount: number;
    leastCount: number;
    ratio: number;
    what: string;
  };
  BALANCER_COUNTS_NO_TROUBLE: {
    balancer: string;
    total: number;
    what: string;
    until: string;
    covers: boolean;
    now: string;
  };
  BALANCER_COUNTED_NOTHING: { balancer: string };
}

/** Fewer events than this in a window happen to anybody. */
const FEW = 5;
/** Share of flows from which on resets are more than the usual noise of the internet. */
const NOISE = 0.005;
/** Browsers and health checkers reset connections as they please: many more of those are noise. */
const CLIENT_NOISE = 0.05;
/** A minute counts as delivered this long after its end, ms: CloudWatch is two to three minutes late. */
const LATE_MS = 5 * 60_000;
const UNEVEN = 2;

const sumOf = (data: BalancerCounters, name: string): CounterSeen | null =>
  data.counters.find((one) => one.name === name && one.zone === null) ?? null;

function baseOf(data: BalancerCounters, scope: ReadScope, counter: CounterSeen, of: number | null): Base {
  const newest = data.until ?? data.from;
  const late =
    Date.parse(data.to) - Date.parse(newest) > LATE_MS ? `; nothing is told after ${clock(newest, scope.case.at)}` : '';
  return {
    balancer: scope.look.at.hop,
    count: Math.round(counter.value),
    of,
    first: counter.first ?? data.from,
    last: counter.last ?? data.to,
    now: scope.case.at,
    late,
  };
}

/** Network balancers: who sent the resets (AWS NLB guide: the counters count RST packets by their sender). */
function readNetwork(data: BalancerCounters, scope: ReadScope): Draft<CounterFacts>[] {
  const flows = sumOf(data, 'NewFlowCount')?.value ?? sumZones(data, 'NewFlowCount');
  const moved = (name: string, noise: number): Base | null => {
    const counter = sumOf(data, name);
    if (!counter || counter.value < FEW || (flows && counter.value / flows < noise)) return null;
    return baseOf(data, scope, counter, flows || null);
  };
  const found: Draft<CounterFacts>[] = [];
  const put = (
    code:
      | 'RESETS_BY_BALANCER'
      | 'RESETS_BY_TARGETS'
      | 'RESETS_BY_CLIENTS'
      | 'BALANCER_FAILS_OPEN'
      | 'BALANCER_OUT_OF_PORTS'
      | 'HANDSHAKES_FAIL_AT_BALANCER',
    name: string,
    noise: number,
  ): void => {
    const facts = moved(name, noise);
    if (facts) found.push({ code, facts });
  };
  put('RESETS_BY_BALANCER', 'TCP_ELB_Reset_Count', NOISE);
  put('RESETS_BY_TARGETS', 'TCP_Target_Reset_Count', NOISE);
  put('RESETS_BY_CLIENTS', 'TCP_Client_Reset_Count', CLIENT_NOISE);
  put('BALANCER_FAILS_OPEN', 'UnhealthyRoutingFlowCount', 0);
  put('BALANCER_OUT_OF_PORTS', 'PortAllocationErrorCount', 0);
  put('HANDSHAKES_FAIL_AT_BALANCER', 'ClientTLSNegotiationErrorCount', NOISE);
  for (const [name, why] of [
    ['RejectedFlowCount', 'it has no capacity or no target for them'],
    ['SecurityGroupBlockedFlowCount_Inbound_TCP', 'a security group bars them'],
  ] as const) {
    const facts = moved(name, 0);
    if (facts) found.push({ code: 'BALANCER_REFUSES_NEW', facts: { ...facts, why } });
  }
  return found;
}

const sumZones = (data: BalancerCounters, name: string): number =>
  data.counters.filter((one) => one.name === name && one.zone !== null).reduce((sum, one) => sum + one.value, 0);

/** Balancers of HTTP: errors that they made themselves, and those that were made behind them. */
function readHttp(data: BalancerCounters, scope: ReadScope): Draft<CounterFacts>[] {
  const classic = data.kind === 'aws-clb';
  const requests = sumOf(data, 'RequestCount')?.value ?? sumZones(data, 'RequestCount');
  const own = sumOf(data, classic ? 'HTTPCode_ELB_5XX' : 'HTTPCode_ELB_5XX_Count');
  const behind = sumOf(data, classic ? 'HTTPCode_Backend_5XX' : 'HTTPCode_Target_5XX_Count');
  const of = requests || null;
  const found: Draft<CounterFacts>[] = [];
  const enough = (counter: CounterSeen | null): counter is CounterSeen => counter !== null && counter.value >= FEW;
  if (enough(own)) {
    const statuses = [500, 502, 503, 504].flatMap((status) => {
      const one = sumOf(data, `HTTPCode_ELB_${status}_Count`);
      return one && one.value > 0 ? [`${Math.round(one.value)} times ${status}`] : [];
    });
    const facts = {
      ...baseOf(data, scope, own, of),
      statuses: statuses.join(', '),
      behind: Math.round(behind?.value ?? 0),
    };
    found.push({ code: 'BALANCER_MADE_ERRORS', facts });
  }
  if (enough(behind))
    found.push({
      code: 'TARGETS_MADE_ERRORS',
      ...((own?.value ?? 0) > 0 ? { direction: 'context' as const } : {}),
      facts: { ...baseOf(data, scope, behind, of), own: Math.round(own?.value ?? 0) },
    });
  const refused = sumOf(data, classic ? 'BackendConnectionErrors' : 'TargetConnectionErrorCount');
  if (enough(refused)) found.push({ code: 'TARGETS_REFUSE_BALANCER', facts: baseOf(data, scope, refused, of) });
  const open = sumOf(data, 'UnhealthyRoutingRequestCount');
  if (enough(open)) found.push({ code: 'BALANCER_FAILS_OPEN', facts: baseOf(data, scope, open, of) });
  const full = sumOf(data, classic ? 'SpilloverCount' : 'RejectedConnectionCount');
  const why = classic ? 'its queue of 1024 is full' : 'it has reached its most connections';
  if (enough(full)) found.push({ code: 'BALANCER_REFUSES_NEW', facts: { ...baseOf(data, scope, full, of), why } });
  const handshakes = sumOf(data, 'ClientTLSNegotiationErrorCount');
  if (enough(handshakes))
    found.push({ code: 'HANDSHAKES_FAIL_AT_BALANCER', facts: baseOf(data, scope, handshakes, of) });
  return found;
}

/** What one target of each zone got, by the healthy targets that the plan knows nothing of: per zone only. */
function readZones(data: BalancerCounters, scope: ReadScope): Draft<CounterFacts>[] {
  const zones = data.counters.filter((one) => one.zone !== null && one.value > 0).sort((a, b) => b.value - a.value);
  const [most, least] = [zones[0], zones.at(-1)];
  if (!most?.zone || !least?.zone || zones.length < 2 || most.value < 100 || most.value / least.value < UNEVEN)
    return [];
  const [mostCount, leastCount] = [Math.round(most.value), Math.round(least.value)];
  const ratio = Math.round((most.value / least.value) * 10) / 10;
  const what = data.kind === 'aws-nlb' ? 'connections' : 'requests';
  return [
    {
      code: 'ZONE_TRAFFIC_UNEVEN',
      facts: { balancer: scope.look.at.hop, most: most.zone, least: least.zone, mostCount, leastCount, ratio, what },
    },
  ];
}

/** Findings that are no trouble of the balancer or of what is behind it. */
const HARMLESS = new Set(['RESETS_BY_CLIENTS', 'ZONE_TRAFFIC_UNEVEN']);

/** Pure: what a balancer's counters say of the time in question. */
export function readCounters(data: BalancerCounters, scope: ReadScope): Draft<CounterFacts>[] {
  const balancer = scope.look.at.hop;
  if (data.counters.length === 0) return [{ code: 'BALANCER_COUNTED_NOTHING', facts: { balancer } }];
  const http = data.kind !== 'aws-nlb';
  const found = [...(http ? readHttp : readNetwork)(data, scope), ...readZones(data, scope)];
  const what = http ? 'requests' : 'connections';
  const name = http ? 'RequestCount' : 'NewFlowCount';
  const total = Math.round(sumOf(data, name)?.value ?? sumZones(data, name));
  const until = data.until ?? data.from;
  if (found.every((one) => HARMLESS.has(one.code)) && total > 0 && data.partial === null) {
    const covers = Date.parse(data.to) - Date.parse(until) <= LATE_MS;
    found.push({
      code: 'BALANCER_COUNTS_NO_TROUBLE',
      ...(covers ? {} : { direction: 'context' as const }),
      facts: { balancer, total, what, until, covers, now: scope.case.at },
    });
  }
  return found;
}
