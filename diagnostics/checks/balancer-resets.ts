import { type Draft, defineCheck, type ReadScope } from '../define-check.ts';
import type { BalancerCounters, CounterSeen } from '../io/balancer-reader.ts';
import { BlindLook } from '../io/proxy-reader.ts';
import { asksCloud } from '../settings/balancers.ts';
import { type Window, windowOf } from '../window.ts';
import { clock, percent, plural } from '../wording.ts';

type Base = {
  balancer: string;
  count: number;
  of: number | null;
  first: string;
  last: string;
  now: string;
  late: string;
};

interface CounterFacts {
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

function read(data: BalancerCounters, scope: ReadScope): Draft<CounterFacts>[] {
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

/** "84 connections (4.0 % of 2100)", "9 connections (of 60)". */
function amount(f: Base, noun: string): string {
  const count = plural(f.count, noun);
  if (f.of === null) return count;
  const of = Math.round(f.of);
  if (of < f.count) return `${count} (${of} were new in that time)`;
  return of >= 100 ? `${count} (${percent(f.count / of)} of ${of})` : `${count} (of ${of})`;
}
const when = (f: Base): string => `from ${clock(f.first, f.now)} to ${clock(f.last, f.now)}${f.late}`;

/** Which side reset connections or made errors, as the balancer counted it? */
export const balancerResets = defineCheck<BalancerCounters, CounterFacts>({
  id: 'balancer-resets',
  title: "The balancer's counters",
  asks: 'Who reset connections or made errors in the time in question, as the balancer counted it?',
  vantages: ['inside'],
  budgetMs: 12_000,
  plan: ({ case: triage, path }) =>
    path.hops.filter(asksCloud).map((hop) => ({
      look: {
        check: 'balancer-resets',
        vantage: 'inside' as const,
        hop: 'load-balancer' as const,
        at: { hop: hop.name, part: null },
        address: hop.arn ?? hop.address ?? '',
        with: { window: { ...windowOf(triage) } },
      },
    })),
  look(io, look, _address, signal) {
    if (!io.balancer) throw new BlindLook('not-configured', 'no cloud can be asked here');
    return io.balancer.counters(look.at.hop, (look.with as unknown as { window: Window }).window, signal);
  },
  read,
  findings: {
    RESETS_BY_BALANCER: {
      hop: 'load-balancer',
      direction: 'implicates',
      title: 'The balancer itself reset connections',
      says: (f) =>
        `${f.balancer} itself reset ${amount(f, 'connection')} ${when(f)}: idle ones that it had forgotten, or those of targets that left or became unhealthy.`,
      next: (f) =>
        `Hold the idle timeout of ${f.balancer} against how long callers keep connections, and look at what left at that time.`,
      reproduce: () => null,
    },
    RESETS_BY_TARGETS: {
      hop: 'proxy',
      direction: 'context',
      title: 'What is behind the balancer reset connections',
      says: (f) => `Targets of ${f.balancer} reset ${amount(f, 'connection')} ${when(f)}.`,
      next: () => 'Look at the proxies and their nodes: restarts, refused handshakes, full queues at that time.',
      reproduce: () => null,
    },
    RESETS_BY_CLIENTS: {
      hop: 'client',
      direction: 'context',
      title: 'Callers reset connections',
      says: (f) => `Callers of ${f.balancer} reset ${amount(f, 'connection')} ${when(f)}.`,
      next: () => 'Look at what callers wait for, and how long: many give up on slow answers.',
      reproduce: () => null,
    },
    BALANCER_FAILS_OPEN: {
      hop: 'load-balancer',
      direction: 'implicates',
      title: 'The balancer sent to targets that it counts as unhealthy',
      says: (f) =>
        `${f.balancer} sent ${amount(f, 'connection')} to unhealthy targets ${when(f)}, since it had too few healthy ones.`,
      next: () => 'See what its health check asks, and what the targets answer to that.',
      reproduce: () => null,
    },
    BALANCER_OUT_OF_PORTS: {
      hop: 'load-balancer',
      direction: 'implicates',
      title: 'The balancer had no port left towards a target',
      says: (f) =>
        `${f.balancer} could not open ${amount(f, 'connection')} to its targets ${when(f)}: it had no port left (about 55,000 for each target).`,
      next: (f) => `Add targets to ${f.balancer}, or keep client addresses (preserve_client_ip.enabled).`,
      reproduce: () => null,
    },
    BALANCER_REFUSES_NEW: {
      hop: 'load-balancer',
      direction: 'implicates',
      title: 'The balancer refused new connections',
      says: (f) => `${f.balancer} refused ${amount(f, 'connection')} ${when(f)}: ${f.why}.`,
      next: (f) => `See whether ${f.balancer} has targets enough, and which security group it has.`,
      reproduce: () => null,
    },
    BALANCER_MADE_ERRORS: {
      hop: 'load-balancer',
      direction: 'context',
      title: 'The balancer answered with errors of its own',
      says: (f) =>
        `${f.balancer} made ${amount(f, 'error')} itself ${when(f)}${f.statuses ? ` (${f.statuses})` : ''}; ${f.behind} came from behind it.`,
      next: () =>
        '502: a target closed or reset; 503: no target; 504: no connection in 10 s, or no answer in the idle timeout.',
      reproduce: () => null,
    },
    TARGETS_MADE_ERRORS: {
      hop: 'load-balancer',
      direction: 'clears',
      title: 'Errors were made behind the balancer',
      says: (f) => `${amount(f, 'error')} came from behind ${f.balancer} ${when(f)}, ${f.own} from itself.`,
      next: () => 'Look behind it: at the proxy and the application.',
      reproduce: () => null,
    },
    TARGETS_REFUSE_BALANCER: {
      hop: 'load-balancer',
      direction: 'context',
      title: 'The balancer could not connect to targets',
      says: (f) => `${f.balancer} failed to connect to a target ${amount(f, 'time')} ${when(f)}.`,
      next: () => 'See which target refuses, and whether it is one of ours still.',
      reproduce: () => null,
    },
    HANDSHAKES_FAIL_AT_BALANCER: {
      hop: 'load-balancer',
      direction: 'context',
      title: 'TLS handshakes with the balancer failed',
      says: (f) => `${amount(f, 'handshake')} with ${f.balancer} failed ${when(f)}.`,
      next: (f) => `Hold the TLS policy of ${f.balancer} against what the callers offer.`,
      reproduce: () => null,
    },
    ZONE_TRAFFIC_UNEVEN: {
      hop: 'load-balancer',
      direction: 'context',
      title: 'Zones of the balancer get unequal traffic',
      says: (f) =>
        `${f.balancer} took ${f.mostCount} ${f.what} in ${f.most} and ${f.leastCount} in ${f.least}: ${f.ratio} times as many.`,
      next: () => 'See which addresses callers use: fixed ones, or an old answer of DNS.',
      reproduce: () => null,
    },
    BALANCER_COUNTS_NO_TROUBLE: {
      hop: 'load-balancer',
      direction: 'clears',
      title: 'The balancer counted no trouble',
      says: (f) =>
        `${f.balancer} counted ${f.total} ${f.what} until ${clock(f.until, f.now)}, with no resets or errors worth a word.`,
      next: () => 'Nothing to do here.',
      reproduce: () => null,
    },
    BALANCER_COUNTED_NOTHING: {
      hop: 'load-balancer',
      direction: 'context',
      title: 'There are no counters of the balancer for this time',
      says: (f) =>
        `CloudWatch has no counters of ${f.balancer} for this time: there was no traffic, or they are not delivered yet (some minutes).`,
      next: () => 'Ask again in five minutes.',
      reproduce: () => null,
    },
  },
});
