import type { ProxyFacts } from '../../../diagnostics/io/cluster-reader.ts';
import { BlindLook } from '../../../diagnostics/io/proxy-reader.ts';
import { proxiesIn } from '../discover/discover.ts';
import { frontsOf } from '../discover/fronts.ts';
import type { FoundProxy } from '../discover/proxies.ts';
import type { Service } from '../objects.ts';
import type { Plural } from '../resources.ts';
import { type ClusterView, keyOf } from '../view.ts';
import { endpointFacts, podFacts, workloadFacts } from './pods.ts';
import { gapIn, needs } from './rights.ts';

const PLURAL = { Deployment: 'deployments', DaemonSet: 'daemonsets', StatefulSet: 'statefulsets' } as const;
const WORKLOADS = ['deployments', 'daemonsets', 'statefulsets'] as const;
/** Bounds of what is kept: a hostile cluster makes no row too large. */
const MOST_ENTRIES = 200;
const LONGEST = 500;

const shortened = (pairs: { [key: string]: string }): { [key: string]: string } =>
  Object.fromEntries(
    Object.entries(pairs)
      .slice(0, MOST_ENTRIES)
      .map(([key, value]) => [key, value.slice(0, LONGEST)]),
  );

/** The proxy of this name, or a BlindLook that says what could not be read, or that there is none. */
export function proxyNamed(view: ClusterView, name: string): FoundProxy {
  const found = proxiesIn(view).find((one) => one.name === name);
  if (found) return found;
  needs(view, name.split('/')[0] ?? '', ...WORKLOADS);
  throw new BlindLook('not-configured', `cluster ${view.cluster} has no proxy ${name} that I know`);
}

/** Addresses that the world reaches a Service at. */
const outside = (service: Service): string[] => [...service.addresses, ...service.externalIPs];

/**
 * Other Services that claim an address and port of this one. MetalLB lets Services share an address by
 * `allow-shared-ip`, but never a port of it (metallb: website/content/usage, IP address sharing); the API server
 * checks nothing of the kind for externalIPs.
 */
function rivalsOf(view: ClusterView, front: Service): { service: string; address: string; port: number }[] {
  const own = new Set(outside(front));
  if (own.size === 0) return [];
  const ports = new Set(front.ports.map((one) => `${one.port}/${one.protocol}`));
  const found: { service: string; address: string; port: number }[] = [];
  for (const other of view.objects.services.values()) {
    if (other.meta.uid === front.meta.uid && other.meta.name === front.meta.name) continue;
    // Balancers that are told apart by name share none.
    const address = outside(other).find((one) => own.has(one));
    const port = other.ports.find((one) => ports.has(`${one.port}/${one.protocol}`));
    if (address && port)
      found.push({ service: keyOf(other.meta.namespace, other.meta.name), address, port: port.port });
  }
  return found.slice(0, 10);
}

/** Annotations of an Ingress by which ingress-nginx and haproxy-ingress let only some addresses in. */
const ALLOW = [
  'nginx.ingress.kubernetes.io/whitelist-source-range',
  'nginx.ingress.kubernetes.io/allowlist-source-range',
  'haproxy-ingress.github.io/allowlist-source-range',
  'haproxy-ingress.github.io/whitelist-source-range',
  'haproxy.org/allow-list',
  'haproxy.org/whitelist',
];
const rangesIn = (text: string): string[] =>
  text
    .split(/[\s,]+/)
    .filter((one) => one !== '')
    .slice(0, 50);

function allowListsOf(view: ClusterView, proxy: FoundProxy): NonNullable<ProxyFacts['allowLists']> {
  const whole = proxy.configMap?.data['whitelist-source-range'];
  const found: NonNullable<ProxyFacts['allowLists']> = [];
  if (whole && proxy.configMap) {
    const { namespace, name } = proxy.configMap.meta;
    found.push({ object: `ConfigMap ${keyOf(namespace, name)}`, hosts: [], ranges: rangesIn(whole) });
  }
  if (proxy.kind !== 'ingress-nginx' && proxy.kind !== 'haproxy-ingress') return found;
  for (const { meta, rules } of view.objects.ingresses.values()) {
    const text = ALLOW.map((key) => meta.annotations[key]).find((value) => value !== undefined);
    if (!text) continue;
    const hosts = [...new Set(rules.map((rule) => rule.host ?? '*'))].slice(0, 20);
    found.push({ object: `Ingress ${keyOf(meta.namespace, meta.name)}`, hosts, ranges: rangesIn(text) });
    if (found.length >= MOST_ENTRIES) break;
  }
  return found;
}

/** The Lease by which replicas of ingress-nginx agree on who writes statuses (flag --election-id). */
function leaderOf(view: ClusterView, proxy: FoundProxy): ProxyFacts['leader'] {
  if (proxy.kind !== 'ingress-nginx') return null;
  const id = proxy.args['election-id'] ?? 'ingress-nginx-leader';
  const lease = view.objects.leases.get(keyOf(proxy.workload.meta.namespace, id));
  return lease ? { holder: lease.holder, since: lease.acquiredAt, transitions: lease.transitions } : null;
}

/** What is told without, where it may not be read: none of these is worth losing the rest. */
function unreadOf(view: ClusterView, proxy: FoundProxy): string[] {
  const { namespace } = proxy.workload.meta;
  const asked: [Plural, string][] = [
    ['configmaps', namespace],
    ['ingresses', ''],
    ['services', namespace],
    ['endpointslices', namespace],
    ['horizontalpodautoscalers', namespace],
    ['poddisruptionbudgets', namespace],
  ];
  return asked.flatMap(([plural, where]) => gapIn(view, plural, where)?.detail ?? []);
}

/**
 * A proxy of the cluster as checks see it: `name` is `namespace/workload`. Throws BlindLook naming the right to grant
 * when its workload, its pods or the Services in front may not be read, and when there is no such proxy.
 */
export function proxyFacts(view: ClusterView, name: string): ProxyFacts {
  const proxy = proxyNamed(view, name);
  const { namespace } = proxy.workload.meta;
  needs(view, namespace, 'pods', PLURAL[proxy.workload.kind]);
  const front = frontsOf(view, proxy)[0] ?? null;
  if (!front) needs(view, namespace, 'services');
  return {
    name,
    kind: proxy.kind,
    brand: proxy.brand,
    version: proxy.version,
    workload: workloadFacts(view, proxy.workload),
    pods: proxy.pods.map(podFacts).sort((a, b) => a.name.localeCompare(b.name)),
    args: shortened(proxy.args),
    config: shortened(proxy.configMap?.data ?? {}),
    front: front && {
      name: keyOf(front.meta.namespace, front.meta.name),
      type: front.type,
      externalTrafficPolicy: front.externalTrafficPolicy ?? 'Cluster',
      healthCheckNodePort: front.healthCheckNodePort,
      endpoints: endpointFacts(view, front.meta.namespace, front.meta.name),
      annotations: shortened(front.meta.annotations),
      addresses: front.addresses,
      externalIPs: front.externalIPs,
      rivals: rivalsOf(view, front),
    },
    allowLists: allowListsOf(view, proxy),
    unread: unreadOf(view, proxy),
    leader: leaderOf(view, proxy),
  };
}
