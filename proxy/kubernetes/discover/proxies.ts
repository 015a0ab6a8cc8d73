import type { ConfigMap, Pod, PodTemplate, Service, Workload } from '../objects.ts';
import { type ClusterView, keyOf } from '../view.ts';

/** A managed proxy found in a cluster: a workload whose pods take requests from outside and pass them on. */
export interface FoundProxy {
  /** `namespace/workload`. */
  name: string;
  /** As in the inventory: ingress-nginx, traefik, haproxy-ingress, envoy, nginx, haproxy, caddy. */
  kind: string;
  /** What it calls itself where that is known: `contour`, `envoy-gateway`. */
  brand: string;
  version: string | null;
  workload: Workload;
  /** The container that proxies. */
  container: PodTemplate['containers'][number];
  args: { [flag: string]: string };
  configMap: ConfigMap | null;
  pods: Pod[];
  /** Gateways that own it (Envoy Gateway makes a proxy for each). */
  gateway: { namespace: string; name: string } | null;
}

const NAME = 'app.kubernetes.io/name';
const COMPONENT = 'app.kubernetes.io/component';
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

/** Which proxy a container is, by its image, its command and the labels of its pods. null: none that we know. */
function recognise(container: PodTemplate['containers'][number], labels: PodTemplate['labels']): Recognised | null {
  const { path, name } = imageOf(container.image);
  const words = [...container.command, ...container.args];
  const component = labels[COMPONENT] ?? '';
  if (
    /ingress-nginx\/controller$|nginx-ingress-controller$/.test(path) ||
    /nginx-ingress-controller/.test(words[0] ?? '')
  )
    return { kind: 'ingress-nginx', brand: 'ingress-nginx' };
  if (name === 'traefik' || (labels[NAME] === 'traefik' && /traefik/.test(path)))
    return { kind: 'traefik', brand: 'traefik' };
  if (/haproxy-ingress/.test(path) || /haproxytech\/kubernetes-ingress$/.test(path))
    return { kind: 'haproxy-ingress', brand: 'haproxy-ingress' };
  if (container.name === 'envoy' || name === 'envoy' || name === 'envoy-distroless') {
    if (labels['gateway.envoyproxy.io/owning-gateway-name']) return { kind: 'envoy', brand: 'envoy-gateway' };
    if (labels[NAME] === 'contour' || labels[COMPONENT] === 'envoy') return { kind: 'envoy', brand: 'contour' };
    return IN_FRONT.test(component) ? { kind: 'envoy', brand: 'envoy' } : null;
  }
  // A plain server may be any application: only where its labels say that it stands in front.
  const plain = ['nginx', 'nginx-unprivileged', 'haproxy', 'caddy'].find((one) => name === one);
  if (!plain) return null;
  const named = labels[NAME] ?? labels.app ?? '';
  if (!IN_FRONT.test(component) && !IN_FRONT.test(named) && !/(^|-)(ingress|edge|gateway)(-|$)/.test(named))
    return null;
  const kind = plain === 'nginx-unprivileged' ? 'nginx' : plain;
  return { kind, brand: kind };
}

/** `--flag=value`, `--flag value` and `--flag`, in lower case, as Go's flag packages read them. */
export function flagsOf(words: string[]): { [flag: string]: string } {
  const flags: { [flag: string]: string } = {};
  for (const [i, word] of words.entries()) {
    const match = /^--?([\w.-]+)(?:=([\s\S]*))?$/.exec(word);
    if (!match) continue;
    const next = words[i + 1];
    const value = match[2] ?? (next !== undefined && !next.startsWith('-') ? next : 'true');
    flags[(match[1] as string).toLowerCase()] = value;
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

/** Every workload that is a proxy which we know, with its pods. */
export function findProxies(view: ClusterView): FoundProxy[] {
  const { deployments, daemonsets, statefulsets } = view.objects;
  const found: FoundProxy[] = [];
  for (const workload of [...deployments.values(), ...daemonsets.values(), ...statefulsets.values()]) {
    const { template, meta } = workload;
    const hit = template.containers
      .map((container) => ({ container, known: recognise(container, template.labels) }))
      .find(({ known }) => known !== null);
    if (!hit?.known) continue;
    const args = flagsOf([...hit.container.command, ...hit.container.args]);
    const owner = template.labels['gateway.envoyproxy.io/owning-gateway-name'];
    found.push({
      name: keyOf(meta.namespace, meta.name),
      ...hit.known,
      version: imageOf(hit.container.image).tag,
      workload,
      container: hit.container,
      args,
      configMap: configOf(view, hit.known.kind, args, workload),
      pods: [...view.podsIn(meta.namespace)].filter((pod) => selects(workload.selector, pod.meta.labels)),
      gateway: owner
        ? {
            namespace: template.labels['gateway.envoyproxy.io/owning-gateway-namespace'] ?? meta.namespace,
            name: owner,
          }
        : null,
    });
  }
  return found.sort((a, b) => a.name.localeCompare(b.name));
}

/** How much a Service looks like the one in front: what the controller itself publishes, then what the world can reach. */
function frontness(service: Service, published: string | null): number {
  if (published === keyOf(service.meta.namespace, service.meta.name)) return 5;
  if (service.type === 'LoadBalancer') return 4;
  if (service.externalIPs.length) return 3;
  if (service.type === 'NodePort') return 2;
  return service.ports.some((port) => port.port === 443 || port.port === 80) ? 1 : 0;
}

/** The Services that lead to a proxy's pods and that requests come through, the most likely front first. */
export function frontsOf(view: ClusterView, proxy: FoundProxy): Service[] {
  const { namespace } = proxy.workload.meta;
  const flag =
    proxy.args['publish-service'] ?? proxy.args['providers.kubernetesingress.ingressendpoint.publishedservice'];
  const named = namedBy(flag, namespace);
  const published = named ? keyOf(named.namespace, named.name) : null;
  return [...view.objects.services.values()]
    .filter((s) => s.meta.namespace === namespace && selects(s.selector, proxy.workload.template.labels))
    .map((service) => ({ service, rank: frontness(service, published) }))
    .filter(({ rank }) => rank > 0)
    .sort((a, b) => b.rank - a.rank || a.service.meta.name.localeCompare(b.service.meta.name))
    .map(({ service }) => service);
}
