import type { ProxyFacts, WorkloadFacts } from '../io/cluster-reader.ts';
import type { Io } from '../io/io.ts';
import { BlindLook } from '../io/proxy-reader.ts';
import type { ProxySettings } from '../io/proxy-settings.ts';
import { clusterSettings } from '../settings/cluster.ts';
import type { Json, Path, PathHop } from '../types.ts';

/** How pods leave, as the objects of a cluster say it: keys of `settings` as an inventory would declare them. */
export interface LeavingTold {
  settings: { [key: string]: Json };
  /** Where it stands: `Deployment namespace/name`. */
  from: string;
  /** Attributes of the balancer in front that annotations of the Service set. */
  front: { [attribute: string]: string };
  /** How a proxy itself ends; null: it is none, or its objects do not say. */
  timeouts: Pick<ProxySettings['timeouts'], 'drain' | 'acceptAfterStop'> | null;
}

const AWS = 'service.beta.kubernetes.io/aws-load-balancer-';
/** Defaults of aws-load-balancer-controller for an NLB: docs/guide/service/annotations.md. */
const HEALTH: { [annotation: string]: string } = {
  'healthcheck-interval': '10',
  'healthcheck-unhealthy-threshold': '3',
  'healthcheck-healthy-threshold': '3',
};

function healthOf(annotations: { [key: string]: string }): { [attribute: string]: string } {
  const byController = ['external', 'nlb-ip'].includes(annotations[`${AWS}type`] ?? '');
  const pairs = Object.entries(HEALTH).flatMap(([key, fallback]): [string, string][] => {
    const said = annotations[AWS + key] ?? (byController ? fallback : undefined);
    return said === undefined ? [] : [[key, said]];
  });
  return Object.fromEntries(pairs);
}

/** `1`, or `25%` of the replicas, rounded down (kubernetes: apps/v1, RollingUpdateDeployment). */
function countOf(value: string | null, replicas: number | null): number | null {
  const match = /^(\d{1,6})(%?)$/.exec(value ?? '');
  if (!match) return null;
  if (!match[2]) return Number(match[1]);
  return replicas === null ? null : Math.floor((Number(match[1]) / 100) * replicas);
}

/** The hook by which ingress-nginx hands its own signal to itself and waits: it delays nothing (cmd/waitshutdown/main.go). */
const HANDS_ON = /\/wait-shutdown\b/;

/** No hook is no wait; a hook in other words than a sleep is not known. */
function preStopOf(preStop: WorkloadFacts['preStop']): number | null {
  if (preStop === null || HANDS_ON.test(preStop.text)) return 0;
  return preStop.seconds;
}

function settingsOf(workload: WorkloadFacts, gates: string[]): { [key: string]: Json } {
  const preStop = preStopOf(workload.preStop);
  const maxUnavailable = countOf(workload.maxUnavailable, workload.replicas);
  return {
    terminationGracePeriodSeconds: workload.graceSeconds,
    preStop: preStop ?? 'unknown',
    ...(workload.replicas !== null && { replicas: workload.replicas }),
    minReadySeconds: workload.minReadySeconds,
    ...(maxUnavailable !== null && { maxUnavailable }),
    // A pod counts as ready only once the balancer has found it healthy (aws-load-balancer-controller).
    readinessGate: gates.some((gate) => gate.startsWith('target-health.')),
  };
}

function ofProxy(facts: ProxyFacts): LeavingTold {
  const timeouts = clusterSettings(facts)?.timeouts;
  return {
    settings: settingsOf(
      facts.workload,
      facts.pods.flatMap((pod) => pod.readinessGates),
    ),
    from: `${facts.workload.kind} ${facts.name}`,
    front: healthOf(facts.front?.annotations ?? {}),
    timeouts: timeouts
      ? {
          ...(timeouts.drain && { drain: timeouts.drain }),
          ...(timeouts.acceptAfterStop && { acceptAfterStop: timeouts.acceptAfterStop }),
        }
      : null,
  };
}

/** Asks the cluster how servers of a hop leave; null: it has no workload there. Throws BlindLook where it may not be read. */
export async function leavingInCluster(
  io: Io,
  of: { name: string; proxy: boolean; host: string },
  signal: AbortSignal,
): Promise<LeavingTold | null> {
  const { cluster } = io;
  if (!cluster) throw new BlindLook('not-configured', `the cluster that ${of.name} runs in is not watched`);
  if (of.proxy) return ofProxy(await cluster.proxy(of.name, signal));
  const { workload, pods } = await cluster.service(of.name, of.host, signal);
  if (!workload) return null;
  const gates = pods.flatMap((pod) => pod.readinessGates);
  return {
    settings: settingsOf(workload, gates),
    from: `${workload.kind} ${workload.name}`,
    front: {},
    timeouts: null,
  };
}

/** The traffic policy of the nodes between two hops; null: there are none. */
export function policyBetween(path: Path, front: PathHop, leaver: PathHop): 'Cluster' | 'Local' | null {
  const between = path.hops
    .slice(path.hops.indexOf(front) + 1, path.hops.indexOf(leaver))
    .find((hop) => hop.hop === 'node');
  if (!between) return null;
  return between.settings.externalTrafficPolicy === 'Local' ? 'Local' : 'Cluster';
}

/** Pure: both hops with what the cluster says of the leaving; what a file says of a hop of its own stays. */
export function withLeaving(
  front: PathHop,
  leaver: PathHop,
  told: LeavingTold | null | undefined,
  policy: 'Cluster' | 'Local' | null,
): { front: PathHop; leaver: PathHop } {
  const between = policy && { overNodes: policy };
  const before = between ? { ...front, settings: { ...front.settings, ...between } } : front;
  if (!told) return { front: before, leaver };
  // With policy Local the health port of a node fails as soon as its last pod is told to leave, while kube-proxy goes on
  // sending to it (KEP-1669).
  const fails: PathHop['settings'] = policy === 'Local' ? { failsCheckFirst: true } : {};
  const settings: PathHop['settings'] = leaver.discovered
    ? { ...leaver.settings, ...told.settings, ...fails }
    : { ...told.settings, ...fails, ...leaver.settings };
  return {
    front: { ...before, attributes: { ...told.front, ...before.attributes } },
    leaver: { ...leaver, settings },
  };
}
