import type { EndpointFacts, PodFacts, WorkloadFacts } from '../../../diagnostics/io/cluster-reader.ts';
import { selects } from '../discover/proxies.ts';
import type { Pod, Service, Workload } from '../objects.ts';
import { type ClusterView, keyOf } from '../view.ts';

/** The newest end of a container of the pod, of whichever container. */
function lastExitOf(pod: Pod): PodFacts['lastExit'] {
  const exits = pod.containers.flatMap((c) => (c.lastExit ? [c.lastExit] : []));
  return exits.sort((a, b) => (b.at ?? '').localeCompare(a.at ?? ''))[0] ?? null;
}

/** One pod as checks see it. `leavingSince` is when it was told to leave: deletionTimestamp less the grace period that was given. */
export function podFacts(pod: Pod): PodFacts {
  const { template, containers, meta } = pod;
  const deadline = meta.deletedAt === null ? Number.NaN : Date.parse(meta.deletedAt);
  return {
    name: meta.name,
    node: pod.node,
    ip: pod.ip,
    phase: pod.phase,
    ready: pod.ready,
    readySince: pod.readySince,
    startedAt: pod.startedAt,
    // metadata.deletionTimestamp is the time of the request plus the grace period (kubernetes: API conventions).
    leavingSince: Number.isNaN(deadline)
      ? null
      : new Date(deadline - (meta.leaveSeconds ?? template.graceSeconds) * 1_000).toISOString(),
    ports: [...new Set(template.containers.flatMap((c) => c.ports.map((p) => p.port)))].sort((a, b) => a - b),
    restarts: containers.reduce((sum, c) => sum + c.restarts, 0),
    waiting: containers.find((c) => c.waiting !== null)?.waiting ?? null,
    lastExit: lastExitOf(pod),
    readinessGates: template.readinessGates,
  };
}

const byName = (a: { name: string }, b: { name: string }): number => a.name.localeCompare(b.name);

/** Pods of a namespace that a selector matches, by name; none for no selector. */
export function podsOf(view: ClusterView, namespace: string, selector: { [key: string]: string } | null): PodFacts[] {
  return [...view.podsIn(namespace)]
    .filter((pod) => selects(selector, pod.meta.labels))
    .map(podFacts)
    .sort(byName);
}

/** Endpoints of a Service over all its slices; an address that stands in two counts once, and the ready one wins. */
export function endpointFacts(view: ClusterView, namespace: string, service: string): EndpointFacts[] {
  const found = new Map<string, EndpointFacts>();
  for (const slice of view.slicesOf(namespace, service))
    for (const one of slice.endpoints) {
      const [address] = one.addresses;
      if (!address || found.get(address)?.ready) continue;
      found.set(address, {
        address,
        // Not said means ready (discovery.k8s.io/v1).
        ready: one.ready ?? true,
        serving: one.serving,
        terminating: one.terminating ?? false,
        node: one.node,
        zone: one.zone,
        pod: one.pod,
      });
    }
  return [...found.values()].sort((a, b) => a.address.localeCompare(b.address));
}

/** The workload whose pods a Service selects: the one whose template wears the labels. */
export function workloadBehind(view: ClusterView, service: Service): Workload | null {
  const { deployments, statefulsets, daemonsets } = view.objects;
  for (const map of [deployments, statefulsets, daemonsets])
    for (const workload of map.values())
      if (workload.meta.namespace === service.meta.namespace && selects(service.selector, workload.template.labels))
        return workload;
  return null;
}

/** What its replicas may use together with their sidecars; null when one container has no such limit. */
function sumOf(values: (number | null)[]): number | null {
  return values.reduce<number | null>((sum, one) => (sum === null || one === null ? null : sum + one), 0);
}

/** A workload as checks see it, with its disruption budget and its autoscaler. */
export function workloadFacts(view: ClusterView, workload: Workload): WorkloadFacts {
  const { meta, template, kind } = workload;
  const of = (which: 'limits' | 'requests', what: 'cpu' | 'memory'): number | null =>
    sumOf(template.containers.map((c) => c[which][what]));
  const budget = [...view.objects.poddisruptionbudgets.values()].find(
    (one) => one.meta.namespace === meta.namespace && selects(one.selector, template.labels),
  );
  const scaler = [...view.objects.horizontalpodautoscalers.values()].find(
    (one) => one.meta.namespace === meta.namespace && one.target.kind === kind && one.target.name === meta.name,
  );
  const preStops = template.containers.flatMap((c) => (c.preStop ? [c.preStop] : []));
  const { replicas, updated } = workload;
  return {
    kind,
    name: keyOf(meta.namespace, meta.name),
    images: template.containers.map((c) => c.image),
    replicas,
    ready: workload.ready,
    updated,
    rolling:
      (workload.observed !== null && workload.observed < workload.generation) ||
      (updated !== null && replicas !== null && updated < replicas),
    graceSeconds: template.graceSeconds,
    preStop: preStops.sort((a, b) => (b.seconds ?? 0) - (a.seconds ?? 0))[0] ?? null,
    maxUnavailable: workload.maxUnavailable,
    minReadySeconds: workload.minReadySeconds,
    limits: { cpu: of('limits', 'cpu'), memory: of('limits', 'memory') },
    requests: { cpu: of('requests', 'cpu'), memory: of('requests', 'memory') },
    budget: budget
      ? { minAvailable: budget.minAvailable, maxUnavailable: budget.maxUnavailable, allowed: budget.allowed }
      : null,
    autoscaler: scaler
      ? {
          name: keyOf(scaler.meta.namespace, scaler.meta.name),
          min: scaler.min,
          max: scaler.max,
          current: scaler.current,
          desired: scaler.desired,
        }
      : null,
  };
}
