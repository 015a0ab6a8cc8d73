import { type FoundProxy, findProxies, namedBy, selects } from '../discover/proxies.ts';
import type { ConfigMap, Pod, Service, Workload } from '../objects.ts';
import { ClusterStore, type ClusterView, keyOf } from '../view.ts';
import { EVERYWHERE, refOf } from './change.ts';

/** Under which names the paths of a cluster know an object. */
export interface Whose {
  /** As a timeline names it (DESIGN 4.7): proxy `namespace/workload`, service `namespace/service`, else `Kind …`. */
  object: string;
  about: string[];
  proxy: FoundProxy | null;
}

const recognised = new WeakMap<Workload, FoundProxy | null>();
const PLURALS = { Deployment: 'deployments', DaemonSet: 'daemonsets', StatefulSet: 'statefulsets' } as const;

/** The managed proxy that a workload is, without its pods; null: it is none. Found out once per version of it. */
export function proxyOf(workload: Workload): FoundProxy | null {
  const known = recognised.get(workload);
  if (known !== undefined) return known;
  const alone = new ClusterStore('');
  alone.set(PLURALS[workload.kind], keyOf(workload.meta.namespace, workload.meta.name), workload);
  const found = findProxies(alone)[0] ?? null;
  recognised.set(workload, found);
  return found;
}

/** Every workload of a namespace, or of all. */
export function* workloadsIn(view: ClusterView, namespace: string | null = null): Generator<Workload> {
  const { deployments, daemonsets, statefulsets } = view.objects;
  for (const map of [deployments, daemonsets, statefulsets])
    for (const workload of map.values())
      if (namespace === null || workload.meta.namespace === namespace) yield workload;
}

const services = new WeakMap<ClusterView, { version: number; byNamespace: Map<string, Service[]> }>();
/** Services whose selector takes these labels. */
function servicesTaking(view: ClusterView, namespace: string, labels: { [key: string]: string }): Service[] {
  const version = view.version('services');
  let known = services.get(view);
  if (known?.version !== version) {
    known = { version, byNamespace: Map.groupBy(view.objects.services.values(), (one) => one.meta.namespace) };
    services.set(view, known);
  }
  return (known.byNamespace.get(namespace) ?? []).filter((one) => selects(one.selector, labels));
}

const nameOf = (one: { meta: { namespace: string; name: string } }): string => keyOf(one.meta.namespace, one.meta.name);

/** Controllers on which every path of a cluster depends, by their images. */
const CONTROLLER =
  /(metallb|kube-vip|keepalived|aws-load-balancer-controller|cloud-controller-manager|envoyproxy\/gateway|projectcontour\/contour|cert-manager|external-dns|kube-proxy|cilium|calico|flannel|coredns|node-termination-handler)/;

/** Whose workload it is: a proxy, what stands behind a Service, a controller that all depend on; null: on no path. */
export function whoseWorkload(view: ClusterView, workload: Workload): Whose | null {
  const ref = refOf(workload.kind, workload.meta);
  const proxy = proxyOf(workload);
  if (proxy) return { object: proxy.name, about: [ref], proxy };
  const [first, ...others] = servicesTaking(view, workload.meta.namespace, workload.template.labels).map(nameOf);
  if (first) return { object: first, about: [ref, ...others], proxy: null };
  if (workload.template.containers.some((one) => CONTROLLER.test(one.image)))
    return { object: ref, about: [EVERYWHERE], proxy: null };
  return null;
}

/** The workload that owns a pod, through its ReplicaSet. */
function workloadOf(view: ClusterView, pod: Pod): Workload | null {
  const { namespace, owner } = pod.meta;
  if (!owner) return null;
  const { deployments, daemonsets, statefulsets, replicasets } = view.objects;
  if (owner.kind === 'DaemonSet') return daemonsets.get(keyOf(namespace, owner.name)) ?? null;
  if (owner.kind === 'StatefulSet') return statefulsets.get(keyOf(namespace, owner.name)) ?? null;
  if (owner.kind !== 'ReplicaSet') return null;
  const above = replicasets.get(keyOf(namespace, owner.name))?.meta.owner;
  // The set may be gone already, or may not be read: its name is the Deployment's and a hash.
  const name = above?.name ?? owner.name.replace(/-[a-z0-9]+$/, '');
  return deployments.get(keyOf(namespace, name)) ?? null;
}

/** A pod is named by its own name, as instances and endpoints are. */
export function whosePod(view: ClusterView, pod: Pod): Whose | null {
  const ref = refOf('Pod', pod.meta);
  const workload = workloadOf(view, pod);
  const proxy = workload && proxyOf(workload);
  if (proxy) return { object: pod.meta.name, about: [ref, proxy.name], proxy };
  const behind = servicesTaking(view, pod.meta.namespace, pod.meta.labels).map(nameOf);
  if (behind.length) return { object: pod.meta.name, about: [ref, ...behind], proxy: null };
  if (pod.template.containers.some((one) => CONTROLLER.test(one.image)))
    return { object: ref, about: [EVERYWHERE], proxy: null };
  return null;
}

/** Flags by which controllers are told the names of their ConfigMaps. */
const CONFIG_FLAGS = ['configmap', 'tcp-services-configmap', 'udp-services-configmap', 'configmap-tcp-services'];

/** Proxies that read a ConfigMap: those whose arguments name it. */
export function readersOf(view: ClusterView, { meta }: ConfigMap): FoundProxy[] {
  const key = keyOf(meta.namespace, meta.name);
  return [...workloadsIn(view)].flatMap((workload) => {
    const proxy = proxyOf(workload);
    const named = CONFIG_FLAGS.map((flag) => namedBy(proxy?.args[flag], workload.meta.namespace));
    return proxy && named.some((one) => one && keyOf(one.namespace, one.name) === key) ? [proxy] : [];
  });
}
