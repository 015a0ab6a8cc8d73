import type { ClusterEvent, Meta, Workload } from '../objects.ts';
import { type ClusterView, keyOf } from '../view.ts';
import { by, type ClusterChange, changed, phrases, refOf } from './change.ts';
import { eventChanges } from './events.ts';
import type { ClusterFeed } from './feed.ts';
import { toldGateway, toldGatewayRoute, toldIngress, toldIngressRoute } from './routes.ts';
import { readersOf, whosePod, whoseWorkload } from './whose.ts';

/** A stretch of time, ms. */
interface Span {
  from: number;
  to: number;
}
const within = (at: string | null | undefined, { from, to }: Span): at is string => {
  const time = Date.parse(at ?? '');
  return time >= from && time <= to;
};

/** A new ReplicaSet follows its Deployment's edit at once, ms. */
const FOLLOWS_MS = 15_000;

/**
 * What the last edit of a workload was: the newest of its ReplicaSets came right after it in a rollout, and the one
 * before still says which images ran until then.
 */
function lastEdit(view: ClusterView, workload: Workload, at: string): { kind: string; summary: string } {
  const { namespace, name } = workload.meta;
  const [newest, earlier] = [...view.objects.replicasets.values()]
    .filter((one) => one.meta.namespace === namespace && one.meta.owner?.name === name && one.revision !== null)
    .sort((a, b) => Number(b.revision) - Number(a.revision));
  const after = Date.parse(newest?.meta.createdAt ?? '') - Date.parse(at);
  if (newest && earlier && Math.abs(after) <= FOLLOWS_MS)
    return {
      kind: 'rollout',
      summary: `revision ${newest.revision}: ${
        String(newest.images) === String(earlier.images)
          ? `the same image (${newest.images.join(', ')})`
          : `${earlier.images.join(', ')} -> ${newest.images.join(', ')}`
      }`,
    };
  return { kind: 'edited', summary: `${workload.kind} ${name} was last written` };
}

const WRITTEN = (meta: Meta): string => (meta.createdAt === meta.changed?.at ? 'created' : 'last written');

/**
 * Pure: recent changes as objects still show them, for somebody who has not watched: their last edits (managedFields), pods
 * and nodes since when they are as they are, and events. What an edit changed is no longer told.
 */
export function standingChanges(view: ClusterView, from: number, to: number): ClusterChange[] {
  const span = { from, to };
  const { objects } = view;
  const found: ClusterChange[] = [];
  const edited = (
    meta: Meta,
    what: { kind: string; object: string; summary: string; about: string[]; often?: boolean },
  ): void => {
    if (within(meta.changed?.at, span))
      found.push(changed(meta.changed?.at as string, { uid: meta.uid, by: by(meta), state: 'standing', ...what }));
  };
  for (const told of [
    ...[...objects.ingresses.values()].map(toldIngress),
    ...[...objects.ingressroutes.values()].map(toldIngressRoute),
    ...[...view.gatewayRoutes()].map(toldGatewayRoute),
    ...[...objects.gateways.values()].map(toldGateway),
  ]) {
    const ways = phrases(Object.entries(told.ways).map(([match, to]) => `${match} -> ${to}`));
    edited(told.meta, {
      kind: 'route',
      object: refOf(told.kind, told.meta),
      summary: `${WRITTEN(told.meta)}, now: ${ways}`,
      about: told.hosts.map((host) => `Host ${host}`),
    });
  }
  for (const { meta } of objects.services.values())
    edited(meta, {
      kind: 'service',
      object: keyOf(meta.namespace, meta.name),
      summary: `Service ${WRITTEN(meta)}`,
      about: [refOf('Service', meta)],
    });
  for (const { meta } of objects.networkpolicies.values())
    edited(meta, {
      kind: 'network-policy',
      object: refOf('NetworkPolicy', meta),
      summary: WRITTEN(meta),
      about: [`Namespace ${meta.namespace}`],
    });
  for (const map of [objects.deployments, objects.daemonsets, objects.statefulsets])
    for (const workload of map.values()) {
      if (!within(workload.meta.changed?.at, span)) continue;
      const whose = whoseWorkload(view, workload);
      if (!whose) continue;
      const edit = lastEdit(view, workload, workload.meta.changed?.at as string);
      edited(workload.meta, { ...edit, object: whose.object, about: whose.about });
    }
  for (const one of objects.configmaps.values()) {
    if (!within(one.meta.changed?.at, span)) continue;
    const [reader] = readersOf(view, one);
    if (reader)
      edited(one.meta, {
        kind: 'config',
        object: reader.name,
        summary: `${refOf('ConfigMap', one.meta)} ${WRITTEN(one.meta)}`,
        about: [refOf('ConfigMap', one.meta)],
      });
  }
  found.push(...podsAndNodes(view, span));
  for (const event of objects.events.values()) {
    // An event of long ago that came again since then still says when it was last.
    if (within((event as ClusterEvent).last, span))
      found.push(...eventChanges(view, null, event, event.last ?? '', false));
  }
  return found.sort((a, b) => a.at.localeCompare(b.at));
}

function podsAndNodes(view: ClusterView, span: Span): ClusterChange[] {
  const found: ClusterChange[] = [];
  for (const pod of view.objects.pods.values()) {
    const { meta } = pod;
    const exits = pod.containers.filter((one) => within(one.lastExit?.at, span));
    const told =
      meta.deletedAt && new Date(Date.parse(meta.deletedAt) - pod.template.graceSeconds * 1000).toISOString();
    const since = within(pod.readySince, span);
    if (exits.length === 0 && !since && !within(told, span)) continue;
    const whose = whosePod(view, pod);
    if (!whose) continue;
    const base = { uid: meta.uid, object: whose.object, about: whose.about, often: whose.proxy === null };
    for (const { name, restarts, lastExit } of exits)
      found.push(
        changed(lastExit?.at as string, {
          ...base,
          kind: 'restart',
          summary: `container ${name} ended (${lastExit?.reason}${lastExit?.code === null ? '' : `, exit code ${lastExit?.code}`}), ${restarts} ${restarts === 1 ? 'restart' : 'restarts'} in all`,
          state: [name, restarts],
        }),
      );
    if (within(told, span))
      found.push(
        changed(told, { ...base, kind: 'terminated', summary: 'pod told to leave', state: '', timeless: true }),
      );
    else if (since)
      found.push(
        changed(pod.readySince as string, {
          ...base,
          kind: pod.ready ? 'ready' : 'not-ready',
          summary: pod.ready ? 'pod is ready since then' : 'pod is not ready since then',
          state: pod.ready ? 'ready' : 'not-ready',
        }),
      );
  }
  for (const node of view.objects.nodes.values())
    if (!node.ready && within(node.readySince, span))
      found.push(
        changed(node.readySince, {
          uid: node.meta.uid,
          kind: 'node-lost',
          object: node.meta.name,
          summary: 'node is not ready since then',
          about: [refOf('Node', node.meta)],
          state: false,
        }),
      );
  return found;
}

/** The feed of somebody who has not watched, as of now. */
export const standingFeed = (view: ClusterView): ClusterFeed => ({
  between: async (from, until) => standingChanges(view, Date.parse(from), Date.parse(until)),
});
