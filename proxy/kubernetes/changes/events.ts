import type { ClusterEvent } from '../objects.ts';
import { type ClusterView, keyOf } from '../view.ts';
import { type ClusterChange, changed } from './change.ts';
import { whosePod, whoseWorkload } from './whose.ts';

interface Known {
  kind: string;
  /** What it says, from the event's own message where left out. */
  say?: string;
  /** Only for pods of managed proxies: of applications it happens all day. */
  proxiesOnly?: boolean;
  /** An object's own change is heard as well, and says more. */
  seenElsewhere?: boolean;
}

/**
 * Reasons that are changes (kubelet: pkg/kubelet/events/event.go; scheduler, node lifecycle and HPA controllers;
 * ingress-nginx: controller.go; aws-load-balancer-controller: service_controller.go; metallb: speaker/main.go;
 * aws-node-termination-handler; cert-manager).
 */
const REASONS: { [reason: string]: Known } = {
  RELOAD: { kind: 'reload' },
  Preempted: { kind: 'preempted' },
  PreemptScheduled: { kind: 'preempted' },
  SpotInterruption: { kind: 'preempted' },
  Preempting: { kind: 'preempted' },
  Evicted: { kind: 'evicted' },
  TaintManagerEviction: { kind: 'evicted' },
  OOMKilling: { kind: 'restart' },
  SystemOOM: { kind: 'restart' },
  BackOff: { kind: 'crash-loop' },
  NodeNotReady: { kind: 'node-lost' },
  NodeReady: { kind: 'node-ready', seenElsewhere: true },
  NodeNotSchedulable: { kind: 'cordon', seenElsewhere: true },
  RemovingNode: { kind: 'node-deleted' },
  Rebooted: { kind: 'restart' },
  SuccessfulRescale: { kind: 'hpa' },
  Unhealthy: { kind: 'probe-failed', proxiesOnly: true },
  FailedDeployModel: { kind: 'balancer-failed' },
  FailedBuildModel: { kind: 'balancer-failed' },
  SyncLoadBalancerFailed: { kind: 'balancer-failed' },
  UpdateLoadBalancerFailed: { kind: 'balancer-failed' },
  EnsuredLoadBalancer: { kind: 'balancer' },
  UpdatedLoadBalancer: { kind: 'balancer' },
  SuccessfullyReconciled: { kind: 'balancer' },
  nodeAssigned: { kind: 'virtual-address' },
  nodeWithdrawn: { kind: 'virtual-address' },
  IPAllocated: { kind: 'virtual-address' },
  AllocationFailed: { kind: 'virtual-address' },
  LeaderElection: { kind: 'leader' },
  Issuing: { kind: 'certificate' },
  Renewed: { kind: 'certificate' },
};

/** Whom an event is about, by the names that paths know. null: nobody on any path. */
function aboutOf(view: ClusterView, event: ClusterEvent, known: Known): { object: string; about: string[] } | null {
  const { kind, namespace, name } = event.about;
  const key = keyOf(namespace, name);
  const ref = `${kind} ${key}`;
  const { pods, horizontalpodautoscalers, deployments, daemonsets, statefulsets, ingresses } = view.objects;
  if (kind === 'Node') return { object: name, about: [`Node ${name}`] };
  if (kind === 'Service') return { object: key, about: [ref] };
  if (kind === 'Pod') {
    const pod = pods.get(key);
    // A pod that is gone already: its name begins as that of its workload.
    if (!pod) return known.proxiesOnly ? null : { object: name, about: [ref] };
    const whose = whosePod(view, pod);
    return whose && (whose.proxy || !known.proxiesOnly) ? whose : null;
  }
  if (kind === 'HorizontalPodAutoscaler') {
    const scaler = horizontalpodautoscalers.get(key);
    const at = scaler ? keyOf(namespace, scaler.target.name) : key;
    const target = deployments.get(at) ?? statefulsets.get(at);
    return target ? whoseWorkload(view, target) : null;
  }
  if (kind === 'Deployment' || kind === 'DaemonSet' || kind === 'StatefulSet') {
    const workload = deployments.get(key) ?? daemonsets.get(key) ?? statefulsets.get(key);
    return workload ? whoseWorkload(view, workload) : null;
  }
  if (kind === 'Lease') return { object: ref, about: [`Namespace ${namespace}`] };
  if (kind === 'Certificate') {
    const users = [...ingresses.values()].filter(
      (one) => one.meta.namespace === namespace && one.tls.some((tls) => tls.secret === name),
    );
    return { object: ref, about: users.flatMap((one) => one.rules.map((rule) => `Host ${rule.host ?? '*'}`)) };
  }
  return { object: ref, about: [ref] };
}

/** Reasons that mean different things by what they say. */
function knownAs(event: ClusterEvent, live: boolean): Known | undefined {
  const { reason, message, type } = event;
  if (reason === 'RELOAD' && type === 'Warning') return { kind: 'reload-failed' };
  // A container that failed its probe begins anew; one that is merely stopped belongs to a pod that leaves.
  if (reason === 'Killing')
    return /failed (liveness|startup) probe/.test(message)
      ? { kind: 'restart' }
      : { kind: 'terminated', seenElsewhere: true };
  // Only the target itself tells how many there were before.
  if (reason === 'SuccessfulRescale' && !live && /below target/.test(message)) return { kind: 'scale' };
  return Object.hasOwn(REASONS, reason) ? REASONS[reason] : undefined;
}

/** One entry in so many ms for what is told again and again. */
const FOLD_MS = 60_000;

/**
 * An event that is a change, at its newest time. The same event comes again with a higher count: one entry a minute.
 * `live`: its object is watched too, so that what its own change says better is left out.
 */
export function eventChanges(
  view: ClusterView,
  before: ClusterEvent | null,
  after: ClusterEvent | null,
  heard: string,
  live: boolean,
): ClusterChange[] {
  if (!after || (before && before.count === after.count && before.last === after.last)) return [];
  const known = knownAs(after, live);
  if (!known || (live && known.seenElsewhere)) return [];
  const whose = aboutOf(view, after, known);
  if (!whose) return [];
  const at = after.last ?? after.first ?? heard;
  const times = after.count > 1 ? ` (${after.count} times${after.first ? ` since ${after.first}` : ''})` : '';
  return [
    changed(at, {
      uid: after.meta.uid,
      kind: known.kind,
      object: whose.object,
      summary: `${after.message || after.reason}${times}`,
      by: after.from,
      about: whose.about,
      state: [after.reason, Math.floor(Date.parse(at) / FOLD_MS)],
      often: known.kind !== 'reload-failed' && after.about.kind === 'Pod',
      timeless: true,
    }),
  ];
}
