import type { Autoscaler, PodTemplate, Workload } from '../objects.ts';
import type { ClusterView } from '../view.ts';
import { by, type ClusterChange, changed, difference, differences, phrases, refOf } from './change.ts';
import { whoseWorkload } from './whose.ts';

type Container = PodTemplate['containers'][number];

/** `--flag=value` words by their flags, so that one changed value is one phrase; the rest by its place. */
function wordsOf(container: Container): { [name: string]: string } {
  const out: { [name: string]: string } = {};
  for (const [i, word] of [...container.command, ...container.args].entries()) {
    const flag = /^(--?[\w.-]+)(?:=([\s\S]*))?$/.exec(word);
    if (flag) out[flag[1] as string] = flag[2] ?? 'set';
    else out[`word ${i + 1}`] = word;
  }
  return out;
}

const amounts = (one: { cpu: number | null; memory: number | null }): string =>
  [one.cpu !== null && `${one.cpu} CPU`, one.memory !== null && `${Math.round(one.memory / 2 ** 20)} MiB`]
    .filter(Boolean)
    .join(', ');

function containerChanges(before: Container, after: Container, alone: boolean): string[] {
  const of = (what: string): string => (alone ? what : `${after.name} ${what}`);
  return [
    ...difference(of('image'), before.image, after.image),
    ...differences(wordsOf(before), wordsOf(after)),
    ...difference(of('limits'), amounts(before.limits), amounts(after.limits)),
    ...difference(of('requests'), amounts(before.requests), amounts(after.requests)),
    ...difference(of('preStop'), before.preStop?.text, after.preStop?.text),
    ...difference(of('readiness'), JSON.stringify(before.readiness ?? ''), JSON.stringify(after.readiness ?? '')),
    ...difference(of('ports'), before.ports.map((p) => p.port).join(', '), after.ports.map((p) => p.port).join(', ')),
  ];
}

const RESTARTED = 'kubectl.kubernetes.io/restartedAt';

/** What differs between two templates. Environment and volumes are not kept: see `generation`. */
function templateChanges(before: PodTemplate, after: PodTemplate): string[] {
  const names = [...new Set([...before.containers, ...after.containers].map((one) => one.name))];
  const out = names.flatMap((name) => {
    const [was, is] = [before, after].map((t) => t.containers.find((one) => one.name === name));
    if (was && is) return containerChanges(was, is, names.length === 1);
    return [`container ${name} ${is ? 'added' : 'removed'}`];
  });
  if (before.annotations[RESTARTED] !== after.annotations[RESTARTED]) out.push('restarted by hand');
  return [
    ...out,
    ...difference('grace period', before.graceSeconds, after.graceSeconds),
    ...difference('host network', before.hostNetwork, after.hostNetwork),
    ...difference('readiness gates', before.readinessGates.join(', '), after.readinessGates.join(', ')),
    ...differences(before.annotations, after.annotations, (key) =>
      key === RESTARTED || /time|date|stamp/i.test(key) ? null : `annotation ${key.split('/')[1] ?? key}`,
    ),
    ...differences(before.labels, after.labels, (key) => `label ${key}`),
  ];
}

const AUTOSCALED = 'kube-controller-manager';
const scaledBy = (view: ClusterView, workload: Workload): string | null => {
  const who = by(workload.meta);
  const { namespace, name } = workload.meta;
  const scaler = [...view.objects.horizontalpodautoscalers.values()].find(
    (one) => one.meta.namespace === namespace && one.target.name === name && one.target.kind === workload.kind,
  );
  return scaler && who === AUTOSCALED ? `autoscaler ${scaler.meta.name}` : who;
};

/** A rollout, a scaling, or another edit of what runs a proxy or stands behind a Service. */
export function workloadChanges(
  view: ClusterView,
  before: Workload | null,
  after: Workload | null,
  heard: string,
): ClusterChange[] {
  const one = after ?? before;
  const whose = one && whoseWorkload(view, one);
  if (!one || !whose) return [];
  const base = { uid: one.meta.uid, object: whose.object, about: whose.about };
  const what = `${one.kind} ${one.meta.name}`;
  if (!after)
    return [changed(heard, { ...base, kind: 'deleted', summary: `${what} deleted`, state: '', timeless: true })];
  const at = after.meta.changed?.at ?? heard;
  if (!before) {
    const images = after.template.containers.map((c) => c.image).join(', ');
    const made = {
      ...base,
      kind: 'created',
      summary: `${what} created (${images})`,
      by: by(after.meta),
      state: images,
    };
    return [changed(after.meta.createdAt ?? at, made)];
  }
  const found: ClusterChange[] = [];
  // The number of a DaemonSet's pods is that of its nodes: nobody changed it.
  const scales = after.kind !== 'DaemonSet' && before.replicas !== after.replicas && after.replicas !== null;
  if (scales)
    found.push(
      changed(at, {
        ...base,
        kind: 'scale',
        summary: `${before.replicas ?? '?'} -> ${after.replicas} replicas`,
        by: scaledBy(view, after),
        state: after.replicas,
      }),
    );
  const template = templateChanges(before.template, after.template);
  const rest = [
    ...difference('maxUnavailable', before.maxUnavailable, after.maxUnavailable),
    ...difference('minReadySeconds', before.minReadySeconds, after.minReadySeconds),
  ];
  const edited = { ...base, by: by(after.meta), state: after.generation };
  if (template.length)
    found.push(changed(at, { ...edited, kind: 'rollout', summary: phrases([...template, ...rest]) }));
  else if (rest.length) found.push(changed(at, { ...edited, kind: 'settings', summary: phrases(rest) }));
  else if (!scales && after.generation !== before.generation)
    found.push(
      changed(at, { ...edited, kind: 'rollout', summary: `${what} was edited: environment, volumes or other fields` }),
    );
  return found;
}

/** Limits of an autoscaler; what it does is seen at its target. */
export function autoscalerChanges(
  view: ClusterView,
  before: Autoscaler | null,
  after: Autoscaler | null,
  heard: string,
): ClusterChange[] {
  const one = after ?? before;
  if (!one) return [];
  const { deployments, statefulsets } = view.objects;
  const key = `${one.meta.namespace}/${one.target.name}`;
  const target = (one.target.kind === 'StatefulSet' ? statefulsets : deployments).get(key);
  const whose = target && whoseWorkload(view, target);
  if (!whose) return [];
  const limits = (scaler: Autoscaler | null): string => (scaler ? `${scaler.min ?? 1} to ${scaler.max}` : 'none');
  const all = difference('replicas by autoscaler', limits(before), limits(after));
  if (all.length === 0) return [];
  return [
    changed(after?.meta.changed?.at ?? heard, {
      uid: one.meta.uid,
      kind: 'hpa',
      object: whose.object,
      summary: phrases(all),
      by: after && by(after.meta),
      about: [...whose.about, refOf('HorizontalPodAutoscaler', one.meta)],
      state: limits(after),
      timeless: after === null,
    }),
  ];
}
