import type { ClusterNode, Lease } from '../objects.ts';
import type { ClusterView } from '../view.ts';
import { by, type ClusterChange, changed, refOf } from './change.ts';
import { proxyOf, workloadsIn } from './whose.ts';

/** Taints that only say what conditions or a cordon say. */
const ECHO =
  /^node\.kubernetes\.io\/(not-ready|unreachable|unschedulable|memory-pressure|disk-pressure|pid-pressure|network-unavailable)$/;

/** Nodes that are lost, back, cordoned, tainted, added, removed, or kept from balancers. Heartbeats are none. */
export function nodeChanges(before: ClusterNode | null, after: ClusterNode | null, heard: string): ClusterChange[] {
  const one = after ?? before;
  if (!one) return [];
  const base = { uid: one.meta.uid, object: one.meta.name, about: [refOf('Node', one.meta)] };
  if (!after)
    return [changed(heard, { ...base, kind: 'node-deleted', summary: 'node removed', state: '', timeless: true })];
  if (!before) {
    const made = { ...base, kind: 'node-added', summary: 'node added', state: '', timeless: true };
    return [changed(after.meta.createdAt ?? heard, made)];
  }
  const edited = after.meta.changed?.at ?? heard;
  const found: ClusterChange[] = [];
  if (before.ready !== after.ready)
    found.push(
      changed(after.readySince ?? heard, {
        ...base,
        kind: after.ready ? 'node-ready' : 'node-lost',
        summary: after.ready ? 'node is ready again' : 'node is not ready any more',
        state: after.ready,
      }),
    );
  if (before.unschedulable !== after.unschedulable)
    found.push(
      changed(edited, {
        ...base,
        kind: 'cordon',
        summary: after.unschedulable ? 'cordoned: takes no new pods' : 'uncordoned',
        by: by(after.meta),
        state: after.unschedulable,
      }),
    );
  const taints = after.taints.filter((taint) => !before.taints.includes(taint) && !ECHO.test(taint));
  if (taints.length)
    found.push(
      changed(edited, {
        ...base,
        kind: 'taint',
        summary: `tainted ${taints.join(', ')}`,
        by: by(after.meta),
        state: taints,
      }),
    );
  if (before.excluded !== after.excluded)
    found.push(
      changed(edited, {
        ...base,
        kind: 'balancer',
        summary: after.excluded ? 'kept from load balancers now' : 'may take traffic of load balancers again',
        by: by(after.meta),
        state: after.excluded,
      }),
    );
  return found;
}

/** `pod_uuid` or `pod-hash_uuid`, as leader election writes its holder. */
const holder = (lease: Lease): string => (lease.holder ?? 'nobody').split('_', 1)[0] as string;

/** Another leader among a proxy's replicas. Renewals are none; node heartbeats and those of the control plane neither. */
export function leaseChanges(
  view: ClusterView,
  before: Lease | null,
  after: Lease | null,
  heard: string,
): ClusterChange[] {
  if (!before || !after || holder(before) === holder(after)) return [];
  const proxies = [...workloadsIn(view, after.meta.namespace)].flatMap((workload) => proxyOf(workload) ?? []);
  const [first, ...others] = proxies.map((proxy) => proxy.name);
  if (!first) return [];
  return [
    changed(after.acquiredAt ?? heard, {
      uid: after.meta.uid,
      kind: 'leader',
      object: first,
      summary: `${holder(after)} leads now, before ${holder(before)} (${after.meta.name})`,
      about: [refOf('Lease', after.meta), ...others],
      state: [holder(after), after.transitions],
    }),
  ];
}
