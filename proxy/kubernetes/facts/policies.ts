import { BlockList, isIP } from 'node:net';
import type { NetworkPolicy, Pod } from '../objects.ts';
import { type ClusterView, keyOf } from '../view.ts';

/** Who wants in: the pods of a proxy. */
export interface Source {
  namespace: string;
  labels: { [key: string]: string };
  ips: string[];
  /** In the node's own network: whether policies hold for those is up to the network plugin. */
  hostNetwork: boolean;
}

type Lets = 'in' | 'out' | 'unknown';
interface Said {
  lets: Lets;
  why: string;
}
/** Who is let in, and what keeps us from saying so for sure. */
interface PeerSaid {
  lets: Lets;
  who: string;
  but?: string;
}

/** The label that every namespace has by itself since 1.22; others are not read. */
const NAMESPACE_NAME = 'kubernetes.io/metadata.name';

/** Do all of these labels stand on the other side? Here an empty selector is everybody. */
const matches = (selector: { [key: string]: string }, labels: { [key: string]: string }): boolean =>
  Object.entries(selector).every(([key, value]) => labels[key] === value);

/** `k=v, k=v`, or "any". */
const labelsText = (selector: { [key: string]: string }): string =>
  Object.entries(selector)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ') || 'any';

function covers(cidr: string, ip: string): boolean {
  const [net = '', bits] = cidr.split('/');
  const family = isIP(net);
  if (family === 0 || family !== isIP(ip) || !/^\d{1,3}$/.test(bits ?? '')) return false;
  const kind = family === 4 ? 'ipv4' : 'ipv6';
  try {
    const list = new BlockList();
    list.addSubnet(net, Number(bits), kind);
    return list.check(ip, kind);
  } catch {
    return false;
  }
}

type Peer = NetworkPolicy['ingress'][number]['from'][number];

function whoOf(peer: Peer, home: string): string {
  const spaces = peer.namespaces;
  const [name, ...others] = spaces === null ? [home] : Object.keys(spaces);
  const where =
    spaces === null || (name === NAMESPACE_NAME && others.length === 0)
      ? `namespace ${spaces?.[NAMESPACE_NAME] ?? home}`
      : name === undefined
        ? 'any namespace'
        : `namespaces with ${labelsText(spaces)}`;
  return peer.pods && Object.keys(peer.pods).length ? `pods with ${labelsText(peer.pods)} of ${where}` : where;
}

function byPeer(peer: Peer, home: string, source: Source): PeerSaid {
  if (peer.cidr !== null) {
    const who = `addresses in ${peer.cidr}`;
    if (!source.ips.some((ip) => covers(peer.cidr as string, ip))) return { lets: 'out', who };
    // Whether an ipBlock holds for pods differs by plugin: Calico says yes, Cilium no.
    return { lets: 'unknown', who, but: 'some network plugins do not apply addresses to pods' };
  }
  const spaces = peer.namespaces;
  if (spaces === null && peer.pods === null) return { lets: 'unknown', who: 'a peer of a kind that is not read' };
  const who = whoOf(peer, home);
  const name = spaces?.[NAMESPACE_NAME];
  if (spaces === null ? source.namespace !== home : name !== undefined && name !== source.namespace)
    return { lets: 'out', who };
  if (peer.pods && !matches(peer.pods, source.labels)) return { lets: 'out', who };
  if (peer.unread) return { lets: 'unknown', who, but: 'by expressions that are not read' };
  const others = Object.keys(spaces ?? {}).filter((key) => key !== NAMESPACE_NAME);
  return others.length ? { lets: 'unknown', who, but: 'labels of namespaces are not read' } : { lets: 'in', who };
}

/** Is a port of a pod among those of a rule? Numbers, names of container ports, and ranges `3000-3100`. */
function coversPort(ports: (string | number)[], port: number | null, names: string[]): boolean | null {
  if (ports.length === 0) return true;
  if (port === null) return null;
  return ports.some((one) => {
    const range = /^(\d+)-(\d+)$/.exec(String(one));
    if (range) return port >= Number(range[1]) && port <= Number(range[2]);
    return typeof one === 'number' ? one === port : names.includes(one);
  });
}

/**
 * What one policy says of one source, for one port of the pods that it selects. All rules count together, as the API
 * says (networking.k8s.io/v1): one that lets it in is enough.
 */
function judged(policy: NetworkPolicy, source: Source, port: number | null, names: string[]): Said {
  if (policy.ingress.length === 0) return { lets: 'out', why: 'it lets nobody in' };
  const said: Said[] = policy.ingress.flatMap((rule): Said[] => {
    const fits = coversPort(rule.ports, port, names);
    if (fits === false) return [{ lets: 'out', why: `port ${rule.ports.join(', ')} only` }];
    const on = rule.ports.length ? ` to port ${rule.ports.join(', ')}` : '';
    const peers: PeerSaid[] = rule.from.length
      ? rule.from.map((peer) => byPeer(peer, policy.meta.namespace, source))
      : [{ lets: 'in', who: 'anybody' }];
    return peers.map(
      ({ lets, who, but }): Said => ({
        lets: fits === null && lets === 'in' ? 'unknown' : lets,
        why: `${who}${on}${but === undefined ? '' : `; ${but}`}`,
      }),
    );
  });
  const best = said.find((one) => one.lets === 'in') ?? said.find((one) => one.lets === 'unknown');
  if (best) return { ...best, why: `it lets in ${best.why}` };
  const text = `it lets in ${[...new Set(said.map((one) => one.why))].slice(0, 4).join('; ')}`;
  if (source.hostNetwork)
    return { lets: 'unknown', why: `${text}; the proxy runs in the node's network, to which policies need not apply` };
  return { lets: 'out', why: text };
}

const isFor = (policy: NetworkPolicy, direction: 'Ingress' | 'Egress'): boolean =>
  policy.types.length ? policy.types.includes(direction) : direction === 'Ingress';

interface PolicySaid extends Said {
  /** `namespace/name`. */
  name: string;
  /** Names of the pods that it selects. */
  pods: string[];
}

/** Policies of the namespace that select some of these pods, and what each says of the source. */
export function policiesOn(view: ClusterView, pods: Pod[], source: Source | null, port: number | null): PolicySaid[] {
  const found: PolicySaid[] = [];
  for (const policy of view.objects.networkpolicies.values()) {
    if (!isFor(policy, 'Ingress')) continue;
    const { pods: selector } = policy;
    const selected = pods.filter(
      (pod) =>
        pod.meta.namespace === policy.meta.namespace && (selector === null || matches(selector, pod.meta.labels)),
    );
    const [first] = selected;
    if (!first) continue;
    const names = first.template.containers.flatMap((c) =>
      c.ports.filter((p) => p.port === port && p.name).map((p) => p.name as string),
    );
    const said: Said =
      source === null
        ? { lets: 'unknown', why: 'the pods of the proxy are not known' }
        : selector === null
          ? { lets: 'unknown', why: 'it selects pods by expressions that are not read' }
          : judged(policy, source, port, names);
    found.push({
      name: keyOf(policy.meta.namespace, policy.meta.name),
      pods: selected.map((p) => p.meta.name),
      ...said,
    });
  }
  return found.sort((a, b) => a.name.localeCompare(b.name));
}

/** Policies that restrict what these pods may send; their rules are not read. */
export function policiesAgainstSending(view: ClusterView, source: Source): string[] {
  return [...view.objects.networkpolicies.values()]
    .filter(
      (one) =>
        one.meta.namespace === source.namespace &&
        isFor(one, 'Egress') &&
        (one.pods === null || matches(one.pods, source.labels)),
    )
    .map((one) => keyOf(one.meta.namespace, one.meta.name))
    .sort();
}
