import type * as o from './objects.ts';
import { list, number, pairs, type Raw, raw, scalar, text, words } from './pick.ts';
import { metaOf } from './trim.ts';

/** Pods, workloads, nodes and what else is about processes, as `trim.ts` does it for routes and services. */

const UNITS: { [suffix: string]: number } = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
};

/** A quantity such as `250m`, `1.5`, `128Mi`, `1e3` as a number; null for anything else (apimachinery: pkg/api/resource). */
function quantity(value: unknown): number | null {
  if (typeof value === 'number') return value;
  const match = /^([+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)([numkMGTP]|[KMGTP]i)?$/.exec(text(value) ?? '');
  return match ? Number(match[1]) * (UNITS[match[2] ?? ''] as number) : null;
}

const resources = (value: unknown): { cpu: number | null; memory: number | null } => ({
  cpu: quantity(raw(value).cpu),
  memory: quantity(raw(value).memory),
});

/** `sleep 15`, `["sleep","15"]`, `["sh","-c","sleep 15 && …"]`, or the newer `sleep: { seconds }`. */
function preStop(lifecycle: unknown): o.Container['preStop'] {
  const hook = raw(raw(lifecycle).preStop);
  if (Object.keys(hook).length === 0) return null;
  const seconds = number(raw(hook.sleep).seconds);
  if (seconds !== null) return { seconds, text: `sleep ${seconds}` };
  const command = words(raw(hook.exec).command).join(' ');
  const sleep = /\bsleep\s+(\d+(?:\.\d+)?)([smh]?)\b/.exec(command);
  const factor = sleep?.[2] === 'm' ? 60 : sleep?.[2] === 'h' ? 3600 : 1;
  return {
    seconds: sleep ? Number(sleep[1]) * factor : null,
    text: command.slice(0, 200) || `http ${text(raw(hook.httpGet).path) ?? ''}`,
  };
}

function container(value: Raw): o.Container {
  const limits = raw(value.resources);
  const probe = raw(value.readinessProbe);
  const get = raw(probe.httpGet);
  const tcp = raw(probe.tcpSocket);
  const port = (p: unknown): string | number | null => number(p) ?? text(p);
  return {
    name: text(value.name) ?? '',
    image: text(value.image) ?? '',
    command: words(value.command),
    args: words(value.args),
    ports: list(value.ports).map((one) => ({
      name: text(one.name),
      port: number(one.containerPort) ?? 0,
      hostPort: number(one.hostPort),
    })),
    limits: resources(limits.limits),
    requests: resources(limits.requests),
    preStop: preStop(value.lifecycle),
    readiness:
      value.readinessProbe === undefined
        ? null
        : {
            path: text(get.path),
            port: port(get.port) ?? port(tcp.port),
            periodSeconds: number(probe.periodSeconds) ?? 10,
            failures: number(probe.failureThreshold) ?? 3,
          },
  };
}

function template(meta: Raw, spec: Raw): o.PodTemplate {
  return {
    labels: pairs(meta.labels),
    annotations: pairs(meta.annotations),
    containers: list(spec.containers).map(container),
    hostNetwork: spec.hostNetwork === true,
    graceSeconds: number(spec.terminationGracePeriodSeconds) ?? 30,
    readinessGates: list(spec.readinessGates).map((gate) => text(gate.conditionType) ?? ''),
  };
}

export function pod(object: Raw): o.Pod {
  const spec = raw(object.spec);
  const status = raw(object.status);
  const ready = list(status.conditions).find((c) => c.type === 'Ready');
  return {
    meta: metaOf(object),
    template: template(raw(object.metadata), spec),
    node: text(spec.nodeName),
    ip: text(status.podIP),
    hostIP: text(status.hostIP),
    phase: text(status.phase) ?? 'Unknown',
    ready: ready?.status === 'True',
    readySince: text(ready?.lastTransitionTime),
    startedAt: text(status.startTime),
    containers: list(status.containerStatuses).map((one) => {
      const last = raw(raw(one.lastState).terminated);
      return {
        name: text(one.name) ?? '',
        ready: one.ready === true,
        restarts: number(one.restartCount) ?? 0,
        startedAt: text(raw(raw(one.state).running).startedAt),
        waiting: text(raw(raw(one.state).waiting).reason),
        lastExit: text(last.reason)
          ? { reason: text(last.reason) as string, code: number(last.exitCode), at: text(last.finishedAt) }
          : null,
      };
    }),
  };
}

export const workload =
  (kind: o.Workload['kind']) =>
  (object: Raw): o.Workload => {
    const spec = raw(object.spec);
    const status = raw(object.status);
    const of = raw(spec.template);
    const rolling = raw(raw(spec.strategy ?? spec.updateStrategy).rollingUpdate);
    return {
      kind,
      meta: metaOf(object),
      replicas: number(spec.replicas) ?? number(status.desiredNumberScheduled),
      selector: pairs(raw(spec.selector).matchLabels),
      template: template(raw(of.metadata), raw(of.spec)),
      generation: number(raw(object.metadata).generation) ?? 0,
      observed: number(status.observedGeneration),
      updated: number(status.updatedReplicas) ?? number(status.updatedNumberScheduled),
      ready: number(status.readyReplicas) ?? number(status.numberReady),
      maxUnavailable: scalar(rolling.maxUnavailable),
      minReadySeconds: number(spec.minReadySeconds) ?? 0,
    };
  };

export function replicaSet(object: Raw): o.ReplicaSet {
  const spec = raw(object.spec);
  const meta = metaOf(object);
  return {
    meta,
    replicas: number(spec.replicas) ?? 0,
    revision: meta.annotations['deployment.kubernetes.io/revision'] ?? null,
    images: list(raw(raw(spec.template).spec).containers).map((c) => text(c.image) ?? ''),
  };
}

export function autoscaler(object: Raw): o.Autoscaler {
  const spec = raw(object.spec);
  const status = raw(object.status);
  const target = raw(spec.scaleTargetRef);
  return {
    meta: metaOf(object),
    target: { kind: text(target.kind) ?? '', name: text(target.name) ?? '' },
    min: number(spec.minReplicas),
    max: number(spec.maxReplicas) ?? 0,
    current: number(status.currentReplicas),
    desired: number(status.desiredReplicas),
  };
}

export function disruptionBudget(object: Raw): o.DisruptionBudget {
  const spec = raw(object.spec);
  return {
    meta: metaOf(object),
    selector: pairs(raw(spec.selector).matchLabels),
    minAvailable: scalar(spec.minAvailable),
    maxUnavailable: scalar(spec.maxUnavailable),
    allowed: number(raw(object.status).disruptionsAllowed),
  };
}

/** A ConfigMap may hold a megabyte; a controller's own does not. */
const LONGEST_VALUE = 64 * 1024;
export const configMap = (object: Raw): o.ConfigMap => ({
  meta: metaOf(object),
  data: pairs(object.data, LONGEST_VALUE),
});

export function node(object: Raw): o.ClusterNode {
  const meta = metaOf(object);
  const spec = raw(object.spec);
  const status = raw(object.status);
  const ready = list(status.conditions).find((c) => c.type === 'Ready');
  return {
    meta,
    ready: ready?.status === 'True',
    readySince: text(ready?.lastTransitionTime),
    unschedulable: spec.unschedulable === true,
    taints: list(spec.taints).map((taint) => text(taint.key) ?? ''),
    internalIP: text(list(status.addresses).find((one) => one.type === 'InternalIP')?.address),
    externalIP: text(list(status.addresses).find((one) => one.type === 'ExternalIP')?.address),
    zone: meta.labels['topology.kubernetes.io/zone'] ?? null,
    excluded: 'node.kubernetes.io/exclude-from-external-load-balancers' in meta.labels,
    kubeProxyVersion: text(raw(status.nodeInfo).kubeProxyVersion),
  };
}

/** Labels of a selector; null when it has expressions too, which are not read here. */
const selectorOf = (value: unknown): { [key: string]: string } | null =>
  list(raw(value).matchExpressions).length ? null : pairs(raw(value).matchLabels);

/**
 * TCP ports of a rule: empty for all, `3000-3100` for a range, 0 where it is about other protocols only. An entry
 * without a port is every port of its protocol.
 */
function tcpPorts(ports: Raw[]): (string | number)[] {
  const tcp = ports.filter((one) => (text(one.protocol) ?? 'TCP') === 'TCP');
  if (ports.length === 0 || tcp.some((one) => (number(one.port) ?? text(one.port)) === null)) return [];
  if (tcp.length === 0) return [0];
  return tcp.map((one) =>
    number(one.endPort) === null ? (number(one.port) ?? (text(one.port) as string)) : `${one.port}-${one.endPort}`,
  );
}

export function networkPolicy(object: Raw): o.NetworkPolicy {
  const spec = raw(object.spec);
  return {
    meta: metaOf(object),
    pods: selectorOf(spec.podSelector),
    types: words(spec.policyTypes),
    ingress: list(spec.ingress).map((rule) => ({
      from: list(rule.from).map((peer) => {
        const pods = peer.podSelector === undefined ? {} : selectorOf(peer.podSelector);
        const namespaces = peer.namespaceSelector === undefined ? {} : selectorOf(peer.namespaceSelector);
        return {
          pods: peer.podSelector === undefined ? null : (pods ?? {}),
          namespaces: peer.namespaceSelector === undefined ? null : (namespaces ?? {}),
          cidr: text(raw(peer.ipBlock).cidr),
          unread: pods === null || namespaces === null,
        };
      }),
      ports: tcpPorts(list(rule.ports)),
    })),
  };
}

export function lease(object: Raw): o.Lease {
  const spec = raw(object.spec);
  return {
    meta: metaOf(object),
    holder: text(spec.holderIdentity),
    renewedAt: text(spec.renewTime),
    acquiredAt: text(spec.acquireTime),
    transitions: number(spec.leaseTransitions) ?? 0,
  };
}

/** Core events and events.k8s.io ones; repeats are folded into count or series, so both times are kept. */
export function clusterEvent(object: Raw): o.ClusterEvent {
  const about = raw(object.involvedObject ?? object.regarding);
  const series = raw(object.series);
  const at = text(object.eventTime) ?? text(raw(object.metadata).creationTimestamp);
  return {
    meta: metaOf(object),
    about: { kind: text(about.kind) ?? '', namespace: text(about.namespace) ?? '', name: text(about.name) ?? '' },
    type: text(object.type) ?? '',
    reason: text(object.reason) ?? '',
    message: (text(object.message) ?? text(object.note) ?? '').slice(0, 1_000),
    from: text(raw(object.source).component) ?? text(object.reportingComponent) ?? '',
    first: text(object.firstTimestamp) ?? at,
    last: text(series.lastObservedTime) ?? text(object.lastTimestamp) ?? at,
    count: number(series.count) ?? number(object.count) ?? 1,
  };
}
