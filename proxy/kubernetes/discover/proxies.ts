import type { ConfigMap, Pod, PodTemplate, Workload } from '../objects.ts';
import { type ClusterView, keyOf } from '../view.ts';
import { isUnread } from './known.ts';

/** A managed proxy found in a cluster: a workload whose pods take requests from outside and pass them on. */
export interface FoundProxy {
  /** `namespace/workload`. */
  name: string;
  /** As in the inventory: ingress-nginx, traefik, haproxy-ingress, envoy, nginx, haproxy, caddy. */
  kind: string;
  /** What it calls itself where that is known: `contour`, `envoy-gateway`, `haproxytech`. */
  brand: string;
  version: string | null;
  workload: Workload;
  /** The container that proxies. */
  container: PodTemplate['containers'][number];
  /** Of the container; Contour's Envoys: of the controller, which has the settings. */
  args: { [flag: string]: string };
  configMap: ConfigMap | null;
  pods: Pod[];
  /** The Gateway that it was made for (Envoy Gateway and Contour's provisioner make a proxy for each). */
  gateway: { namespace: string; name: string } | null;
  /** The GatewayClass that it was made for (Envoy Gateway with merged Gateways). */
  gatewayClass: string | null;
}

const NAME = 'app.kubernetes.io/name';
const COMPONENT = 'app.kubernetes.io/component';
const ENVOY_GATEWAY = 'gateway.envoyproxy.io/owning-gateway';
/** Components by which people mark a plain server as what stands in front. */
const IN_FRONT = /^(ingress|edge|proxy|gateway|load-?balancer|frontproxy)(-|$)/i;

/** Last part of an image's name, without registry, tag and digest; and its tag. */
function imageOf(image: string): { path: string; name: string; tag: string | null } {
  const [withoutDigest = ''] = image.split('@');
  const slash = withoutDigest.lastIndexOf('/');
  const colon = withoutDigest.indexOf(':', slash);
  const path = colon === -1 ? withoutDigest : withoutDigest.slice(0, colon);
  return {
    path,
    name: path.slice(path.lastIndexOf('/') + 1),
    tag: colon === -1 ? null : withoutDigest.slice(colon + 1),
  };
}

interface Recognised {
  kind: string;
  brand: string;
}

/** Whose Envoy it is; one that nobody marks as standing in front may be a sidecar of an application. */
function envoyOf(template: PodTemplate): Recognised | null {
  const { labels } = template;
  if (labels[`${ENVOY_GATEWAY}-name`] || labels[`${ENVOY_GATEWAY}class`])
    return { kind: 'envoy', brand: 'envoy-gateway' };
  // Contour's Envoys stand beside its shutdown-manager (projectcontour/contour: examples/contour/03-envoy.yaml).
  const beside = template.containers.some((one) => imageOf(one.image).name === 'contour');
  if (beside || labels[NAME] === 'contour') return { kind: 'envoy', brand: 'contour' };
  return IN_FRONT.test(labels[COMPONENT] ?? '') ? { kind: 'envoy', brand: 'envoy' } : null;
}

/** Which proxy a container is, by its image, its command and the labels of its pods. null: none that we know. */
function recognise(container: PodTemplate['containers'][number], template: PodTemplate): Recognised | null {
  const { labels } = template;
  const { path, name } = imageOf(container.image);
  const [command = ''] = [...container.command, ...container.args];
  const component = labels[COMPONENT] ?? '';
  if (/ingress-nginx\/controller$|nginx-ingress-controller$/.test(path) || /nginx-ingress-controller/.test(command))
    return { kind: 'ingress-nginx', brand: 'ingress-nginx' };
  if (name === 'traefik' || (labels[NAME] === 'traefik' && /traefik/.test(path)))
    return { kind: 'traefik', brand: 'traefik' };
  if (/haproxytech\/kubernetes-ingress$/.test(path)) return { kind: 'haproxy-ingress', brand: 'haproxytech' };
  if (name === 'haproxy-ingress') return { kind: 'haproxy-ingress', brand: 'haproxy-ingress' };
  if (container.name === 'envoy' || /^envoy(-distroless)?$/.test(name)) return envoyOf(template);
  // A plain server may be any application: only where its labels say that it stands in front.
  const plain = ['nginx', 'nginx-unprivileged', 'haproxy', 'caddy'].find((one) => name === one);
  if (!plain) return null;
  const named = labels[NAME] ?? labels.app ?? '';
  if (!IN_FRONT.test(component) && !IN_FRONT.test(named) && !/(^|-)(ingress|edge|gateway)(-|$)/.test(named))
    return null;
  const kind = plain === 'nginx-unprivileged' ? 'nginx' : plain;
  return { kind, brand: kind };
}

/** Flags that may be given several times: their values are joined. */
const REPEATED = new Set(['namespace-whitelist', 'namespace-blacklist']);

/** `--flag=value`, `--flag value` and `--flag`, in lower case, as Go's flag packages read them. */
export function flagsOf(words: string[]): { [flag: string]: string } {
  const flags: { [flag: string]: string } = {};
  for (const [i, word] of words.entries()) {
    const match = /^--?([\w.-]+)(?:=([\s\S]*))?$/.exec(word);
    if (!match) continue;
    const next = words[i + 1];
    const value = match[2] ?? (next !== undefined && !next.startsWith('-') ? next : 'true');
    const flag = (match[1] as string).toLowerCase();
    flags[flag] = REPEATED.has(flag) && flags[flag] ? `${flags[flag]},${value}` : value;
  }
  return flags;
}

/** Do all of these labels stand on the other side? An empty selector selects nothing here. */
export function selects(selector: { [key: string]: string } | null, labels: { [key: string]: string }): boolean {
  if (!selector) return false;
  const wanted = Object.entries(selector);
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
}

/** `$(POD_NAMESPACE)/name`, `namespace/name` or `name`, as controllers' flags name objects. */
export function namedBy(flag: string | undefined, namespace: string): { namespace: string; name: string } | null {
  if (!flag) return null;
  const [first = '', second] = flag.replace(/\$\((POD_)?NAMESPACE\)/, namespace).split('/');
  return second === undefined ? { namespace, name: first } : { namespace: first, name: second };
}

function configOf(
  view: ClusterView,
  kind: string,
  flags: { [flag: string]: string },
  workload: Workload,
): ConfigMap | null {
  if (kind !== 'ingress-nginx' && kind !== 'haproxy-ingress') return null;
  const { namespace } = workload.meta;
  const named = namedBy(flags.configmap, namespace);
  return named ? (view.objects.configmaps.get(keyOf(named.namespace, named.name)) ?? null) : null;
}

type Hit = Omit<FoundProxy, 'configMap' | 'pods'>;

/** What a workload is never changes while its object does not: a cluster has thousands that are no proxies. */
const hits = new WeakMap<Workload, Hit | null>();

function hitOf(workload: Workload): Hit | null {
  const kept = hits.get(workload);
  if (kept !== undefined) return kept;
  const { template, meta } = workload;
  const found = template.containers
    .map((container) => ({ container, known: recognise(container, template) }))
    .find(({ known }) => known !== null);
  const label = (key: string): string | undefined => template.labels[key];
  const gateway = label(`${ENVOY_GATEWAY}-name`) ?? label('projectcontour.io/owning-gateway-name');
  const hit: Hit | null = found?.known
    ? {
        name: keyOf(meta.namespace, meta.name),
        ...found.known,
        version: imageOf(found.container.image).tag,
        workload,
        container: found.container,
        args: flagsOf([...found.container.command, ...found.container.args]),
        gateway: gateway ? { namespace: label(`${ENVOY_GATEWAY}-namespace`) ?? meta.namespace, name: gateway } : null,
        gatewayClass: gateway ? null : (label(`${ENVOY_GATEWAY}class`) ?? null),
      }
    : null;
  hits.set(workload, hit);
  return hit;
}

/** Arguments of `contour serve` beside its Envoys: class names, PROXY protocol. */
function contourArgs(view: ClusterView, namespace: string): FoundProxy['args'] | null {
  for (const { meta, template } of view.objects.deployments.values()) {
    const one = meta.namespace === namespace && template.containers.find((c) => imageOf(c.image).name === 'contour');
    if (one && [...one.command, ...one.args].includes('serve')) return flagsOf(one.args);
  }
  return null;
}

/** Workloads as far as their pods tell, where the workloads themselves may not be read: better than no proxy at all. */
function workloadsByPods(view: ClusterView, kind: Workload['kind']): Workload[] {
  const found = new Map<string, Workload>();
  for (const pod of view.objects.pods.values()) {
    const { owner, namespace, labels } = pod.meta;
    if (!owner || owner.kind !== (kind === 'Deployment' ? 'ReplicaSet' : kind)) continue;
    const hash = labels['pod-template-hash'];
    const name = kind === 'Deployment' && hash ? owner.name.replace(`-${hash}`, '') : owner.name;
    const revisions = ['pod-template-hash', 'controller-revision-hash', 'pod-template-generation'];
    const selector = Object.fromEntries(Object.entries(labels).filter(([key]) => !revisions.includes(key)));
    const known = { replicas: null, generation: 0, observed: null, updated: null, ready: null };
    found.set(keyOf(namespace, name), {
      kind,
      meta: { ...pod.meta, name, owner: null },
      selector,
      template: pod.template,
      ...known,
      maxUnavailable: null,
      minReadySeconds: 0,
    });
  }
  return [...found.values()];
}

const WORKLOADS = [
  ['deployments', 'Deployment'],
  ['daemonsets', 'DaemonSet'],
  ['statefulsets', 'StatefulSet'],
] as const;

const found = new WeakMap<ClusterView, { stamp: string; hits: Hit[] }>();

/** The workloads that are proxies: kept until a workload changes, which is seldom; pods change all the time. */
function hitsIn(view: ClusterView): Hit[] {
  const unread = WORKLOADS.filter(([plural]) => isUnread(view, plural)).map(([, kind]) => kind);
  const stamp = [
    ...WORKLOADS.map(([plural]) => view.version(plural)),
    ...unread,
    unread.length && view.version('pods'),
  ];
  const kept = found.get(view);
  if (kept?.stamp === stamp.join(' ')) return kept.hits;
  const hits: Hit[] = [];
  for (const [plural, kind] of WORKLOADS) {
    const workloads = unread.includes(kind) ? workloadsByPods(view, kind) : view.objects[plural].values();
    for (const workload of workloads) {
      const hit = hitOf(workload);
      if (hit) hits.push(hit);
    }
  }
  hits.sort((a, b) => a.name.localeCompare(b.name));
  found.set(view, { stamp: stamp.join(' '), hits });
  return hits;
}

/** Every workload that is a proxy which we know, with its pods. */
export function findProxies(view: ClusterView): FoundProxy[] {
  return hitsIn(view).map((hit): FoundProxy => {
    const { workload } = hit;
    const { namespace } = workload.meta;
    const args = hit.brand === 'contour' ? (contourArgs(view, namespace) ?? {}) : hit.args;
    const pods = [...view.podsIn(namespace)].filter((pod) => selects(workload.selector, pod.meta.labels));
    return { ...hit, args, configMap: configOf(view, hit.kind, args, workload), pods };
  });
}
