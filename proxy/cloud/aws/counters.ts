import type { MetricDataQuery, MetricDataResult } from '@aws-sdk/client-cloudwatch';
import type { BalancerCounters, BalancerSeen, CounterSeen } from '../../../diagnostics/io/balancer-reader.ts';
import { BlindLook } from '../../../diagnostics/io/proxy-reader.ts';
import type { Window } from '../../../diagnostics/window.ts';
import { ask, type Clients, endpointOf, pages } from './clients.ts';
import { dimensionOf } from './name.ts';

/** Names and statistics: AWS user guides, "CloudWatch metrics" of each kind. A minute is the finest there is. */
const PERIOD = 60;
/** Metrics of a minute are kept for 15 days; one look reads a day at most (1,440 points of each). */
const MOST_MS = 24 * 3_600_000;
const MOST_PAGES = 10;

interface Metric {
  name: string;
  statistic: CounterSeen['statistic'];
  byZone?: boolean;
}
const sum = (...names: string[]): Metric[] => names.map((name) => ({ name, statistic: 'Sum' }));

export const METRICS: { [kind in BalancerSeen['kind']]: { namespace: string; metrics: Metric[] } } = {
  'aws-nlb': {
    namespace: 'AWS/NetworkELB',
    metrics: [
      { name: 'NewFlowCount', statistic: 'Sum', byZone: true },
      ...sum(
        'NewFlowCount',
        'TCP_Client_Reset_Count',
        'TCP_ELB_Reset_Count',
        'TCP_Target_Reset_Count',
        'UnhealthyRoutingFlowCount',
        'PortAllocationErrorCount',
        'ClientTLSNegotiationErrorCount',
        'TargetTLSNegotiationErrorCount',
        'RejectedFlowCount',
        'SecurityGroupBlockedFlowCount_Inbound_TCP',
      ),
    ],
  },
  'aws-alb': {
    namespace: 'AWS/ApplicationELB',
    metrics: [
      { name: 'RequestCount', statistic: 'Sum', byZone: true },
      ...sum(
        'RequestCount',
        'HTTPCode_ELB_5XX_Count',
        'HTTPCode_ELB_500_Count',
        'HTTPCode_ELB_502_Count',
        'HTTPCode_ELB_503_Count',
        'HTTPCode_ELB_504_Count',
        'HTTPCode_Target_5XX_Count',
        'TargetConnectionErrorCount',
        'RejectedConnectionCount',
        'UnhealthyRoutingRequestCount',
        'ClientTLSNegotiationErrorCount',
        'TargetTLSNegotiationErrorCount',
      ),
      { name: 'TargetResponseTime', statistic: 'Average' },
    ],
  },
  'aws-clb': {
    namespace: 'AWS/ELB',
    metrics: [
      { name: 'RequestCount', statistic: 'Sum', byZone: true },
      ...sum('RequestCount', 'HTTPCode_ELB_5XX', 'HTTPCode_Backend_5XX', 'BackendConnectionErrors', 'SpilloverCount'),
      { name: 'SurgeQueueLength', statistic: 'Maximum' },
    ],
  },
};

interface Query {
  metric: Metric;
  zone: string | null;
  query: MetricDataQuery;
}

function queriesFor(kind: BalancerSeen['kind'], arn: string, zones: string[]): Query[] {
  const { namespace, metrics } = METRICS[kind];
  const balancer =
    kind === 'aws-clb' ? { Name: 'LoadBalancerName', Value: arn } : { Name: 'LoadBalancer', Value: dimensionOf(arn) };
  const wanted = metrics.flatMap((metric): { metric: Metric; zone: string | null }[] =>
    metric.byZone ? zones.slice(0, 8).map((zone) => ({ metric, zone })) : [{ metric, zone: null }],
  );
  return wanted.map(({ metric, zone }, i) => ({
    metric,
    zone,
    query: {
      Id: `m${i}`,
      MetricStat: {
        Metric: {
          Namespace: namespace,
          MetricName: metric.name,
          Dimensions: [...(zone === null ? [] : [{ Name: 'AvailabilityZone', Value: zone }]), balancer],
        },
        Period: PERIOD,
        Stat: metric.statistic,
      },
    },
  }));
}

const iso = (ms: number): string => new Date(ms).toISOString();

function counterOf({ metric, zone }: Query, results: MetricDataResult[]): CounterSeen | null {
  const points = results
    .flatMap((one) =>
      (one.Timestamps ?? []).map((at, i) => ({ at: at.getTime(), value: one.Values?.[i] ?? Number.NaN })),
    )
    .filter((one) => Number.isFinite(one.at) && Number.isFinite(one.value));
  if (points.length === 0) return null;
  const moved = points.filter((one) => one.value > 0).map((one) => one.at);
  const total = points.reduce((all, one) => all + one.value, 0);
  return {
    name: metric.name,
    zone,
    value:
      metric.statistic === 'Sum'
        ? total
        : metric.statistic === 'Maximum'
          ? Math.max(...points.map((one) => one.value))
          : total / points.length,
    statistic: metric.statistic,
    points: points.length,
    first: moved.length ? iso(Math.min(...moved)) : null,
    last: moved.length ? iso(Math.max(...moved)) : null,
  };
}

/** What CloudWatch counted for a balancer in a window. Metrics without traffic are absent: not 0, not an error. */
export async function countersOf(
  clients: Clients,
  of: { kind: BalancerSeen['kind']; arn: string; zones: string[] },
  window: Window,
  abortSignal: AbortSignal,
): Promise<BalancerCounters> {
  const { watch, place, commands } = clients;
  const minute = PERIOD * 1000;
  // Points stand at the begin of their minute; the window begins with the minute in which it begins.
  const to = Math.ceil(Date.parse(window.to) / minute) * minute;
  const from = Math.max(Math.floor(Date.parse(window.from) / minute) * minute, to - MOST_MS);
  const queries = queriesFor(of.kind, of.arn, of.zones);
  const action = 'cloudwatch:GetMetricData';
  const partial: string[] = [];
  const results = await pages(async (NextToken) => {
    const answer = await ask(
      place,
      action,
      watch.send(
        new commands.watch.GetMetricDataCommand({
          MetricDataQueries: queries.map((one) => one.query),
          StartTime: new Date(from),
          EndTime: new Date(to),
          ScanBy: 'TimestampAscending',
          ...(NextToken && { NextToken }),
        }),
        { abortSignal },
      ),
    );
    for (const one of answer.Messages ?? []) partial.push(`${one.Code ?? ''} ${one.Value ?? ''}`.trim());
    return { items: answer.MetricDataResults ?? [], next: answer.NextToken };
  }, MOST_PAGES);
  const ended = new Map(results.map((one) => [one.Id, one]));
  const forbidden = [...ended.values()].find((one) => one.StatusCode === 'Forbidden');
  if (forbidden) throw new BlindLook('denied', `AWS refuses ${action}; allow it to this process' role (Resource: "*")`);
  for (const one of ended.values())
    if (one.StatusCode === 'PartialData' || one.StatusCode === 'InternalError')
      partial.push(`${one.Label ?? one.Id}: ${one.StatusCode}`);
  const counters = queries.flatMap(
    (query) =>
      counterOf(
        query,
        results.filter((one) => one.Id === query.query.Id),
      ) ?? [],
  );
  const newest = Math.max(
    ...results.flatMap((one) => (one.Timestamps ?? []).map((at) => at.getTime())).filter(Number.isFinite),
  );
  return {
    source: `CloudWatch ${METRICS[of.kind].namespace} (${endpointOf(place)})`,
    kind: of.kind,
    from: iso(from),
    to: window.to,
    until: Number.isFinite(newest) ? iso(newest + minute) : null,
    counters,
    partial: partial.length ? [...new Set(partial)].join('; ').slice(0, 300) : null,
  };
}
