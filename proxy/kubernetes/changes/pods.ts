import type { Pod } from '../objects.ts';
import type { ClusterView } from '../view.ts';
import { type ClusterChange, changed } from './change.ts';
import { type Whose, whosePod } from './whose.ts';

/**
 * When a pod was told to leave: its deletionTimestamp lies at the end of its grace period (apiserver:
 * registry/rest/delete.go, BeforeDelete). Never later than when it was heard.
 */
function toldToLeave(pod: Pod, heard: string): string {
  const end = Date.parse(pod.meta.deletedAt ?? '');
  const told = end - pod.template.graceSeconds * 1000;
  return new Date(Number.isNaN(told) ? Date.parse(heard) : Math.min(told, Date.parse(heard) || told)).toISOString();
}

const exitOf = ({ lastExit }: Pod['containers'][number]): string =>
  lastExit ? `${lastExit.reason}${lastExit.code === null ? '' : `, exit code ${lastExit.code}`}` : 'reason not known';

/** Restarts of a pod's containers since it was seen last, with how the one before ended. */
function restarts(pod: Pod, before: Pod | null, whose: Whose, heard: string): ClusterChange[] {
  return pod.containers.flatMap((one) => {
    const was = before?.containers.find((other) => other.name === one.name)?.restarts ?? 0;
    if (one.restarts <= was) return [];
    return [
      changed(one.lastExit?.at ?? one.startedAt ?? heard, {
        uid: pod.meta.uid,
        kind: 'restart',
        object: whose.object,
        summary: `container ${one.name} restarted, ${one.restarts} in all (${exitOf(one)})`,
        about: whose.about,
        state: [one.name, one.restarts],
        often: whose.proxy === null,
        timeless: one.lastExit?.at === null,
      }),
    ];
  });
}

/** Pods of proxies and behind Services that come, go, restart or are not ready any more. */
export function podChanges(view: ClusterView, before: Pod | null, after: Pod | null, heard: string): ClusterChange[] {
  const one = after ?? before;
  if (!one || (before && after && isQuiet(before, after))) return [];
  const whose = whosePod(view, one);
  if (!whose) return [];
  const base = { uid: one.meta.uid, object: whose.object, about: whose.about, often: whose.proxy === null };
  const leaves = (pod: Pod, at: string): ClusterChange =>
    changed(at, {
      ...base,
      kind: 'terminated',
      summary: `pod told to leave${pod.node ? ` (${pod.node})` : ''}`,
      state: '',
      timeless: true,
    });
  if (!after) {
    // Told before: then that was the change. A pod that ended by itself has left already.
    if (!before || before.meta.deletedAt || before.phase === 'Succeeded' || before.phase === 'Failed') return [];
    return [leaves(before, heard)];
  }
  const found = before ? restarts(after, before, whose, heard) : [];
  if (after.meta.deletedAt && !before?.meta.deletedAt) found.push(leaves(after, toldToLeave(after, heard)));
  else if (after.ready && !before?.ready && !after.meta.deletedAt)
    found.push(
      changed(after.readySince ?? heard, {
        ...base,
        kind: 'ready',
        summary: `pod is ready${after.node ? ` (${after.node})` : ''}`,
        state: 'ready',
      }),
    );
  else if (before?.ready && !after.ready && !after.meta.deletedAt)
    found.push(
      changed(after.readySince ?? heard, {
        ...base,
        kind: 'not-ready',
        summary: `pod is not ready any more${after.node ? ` (${after.node})` : ''}`,
        state: 'not-ready',
      }),
    );
  if (after.phase === 'Failed' && before && before.phase !== 'Failed')
    found.push(changed(heard, { ...base, kind: 'evicted', summary: 'pod failed', state: 'failed', timeless: true }));
  return found;
}

/** Nothing that is told of differs: most of what is heard of pods. */
function isQuiet(before: Pod, after: Pod): boolean {
  return (
    before.ready === after.ready &&
    before.meta.deletedAt === after.meta.deletedAt &&
    before.phase === after.phase &&
    before.containers.length === after.containers.length &&
    before.containers.every((one, i) => one.restarts === after.containers[i]?.restarts)
  );
}
