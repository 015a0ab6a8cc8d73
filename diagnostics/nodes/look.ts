import type { Planned, Scope } from '../define-check.ts';
import { joinAddress } from '../io/address.ts';
import type { EventFacts, NodeFacts, ProxyFacts } from '../io/cluster-reader.ts';
import type { Io } from '../io/io.ts';
import { BlindLook } from '../io/proxy-reader.ts';
import type { Look, Path } from '../types.ts';
import { type Window, windowOf } from '../window.ts';
import { askHealth, hostOf, tried } from './health.ts';
import type { TrafficNode, TrafficSeen } from './model.ts';
import { ownerOf } from './owners.ts';

const MOST_NODES = 40;
/** A node is lost before anybody is told of it, ms. */
const BEFORE_MS = 5 * 60_000;
/** A virtual address is announced once, long before the trouble; events live for an hour or so. */
const OWNER_MS = 24 * 3_600_000;

/** Words of node controllers and termination handlers for a node that goes (kubernetes: pkg/controller/nodelifecycle). */
const LOST =
  /NotReady|Preempt|Shutdown|Terminat|Reboot|DeletingNode|RemovingNode|ScaleDown|SpotInterruption|SpotITN|RebalanceRecommendation/i;

/** What a look carries from the plan. */
interface Known {
  proxy: string;
  service: string;
  host: string;
  window: Window;
  /** Hosts of the balancer's own targets that it does not call unhealthy; null: not known. */
  targets: string[] | null;
  /** From the file: nodes with a health-check port, and how many replicas run there. */
  nodes: { name: string; address: string; proxies: number }[];
  inCluster: boolean;
}

function targetsOf(path: Path): string[] | null {
  const balancer = path.hops.findLast((hop) => hop.hop === 'load-balancer' && hop.targets !== null);
  return balancer?.targets
    ? balancer.targets.filter((t) => t.health !== 'unhealthy').map((t) => hostOf(t.address))
    : null;
}

/** Pure: one look at the nodes in front of the first proxy, where nodes are a hop or a file names their health ports. */
export function planTraffic({ case: triage, path }: Scope): Planned[] {
  const at = path.hops.findIndex((hop) => hop.hop === 'proxy');
  const proxy = path.hops[at];
  const between = path.hops.slice(0, Math.max(0, at)).findLast((hop) => hop.hop === 'node');
  const inCluster = path.cluster !== undefined && between !== undefined;
  const named = inCluster ? [] : path.nodes.filter((node) => node.healthCheckNodePort !== null);
  const look: Look = {
    check: 'traffic-policy',
    vantage: 'inside',
    hop: 'node',
    at: { hop: between?.name ?? proxy?.name ?? '', part: null },
    address: '',
    with: {
      proxy: proxy?.name ?? '',
      service: between?.name.replace(/^nodes of /, '') ?? proxy?.name ?? '',
      host: triage.target.host,
      window: { ...windowOf(triage) },
      targets: targetsOf(path),
      nodes: named.map((node) => ({
        name: node.name,
        address: node.healthCheckNodePort as string,
        proxies: proxy?.instances.filter((one) => one.node === node.name).length ?? 0,
      })),
      inCluster,
    },
  };
  if (proxy && (inCluster || named.length)) return [{ look }];
  if (!triage.only?.includes('traffic-policy')) return [];
  const detail =
    'no hop of this path is a node; name health ports as healthCheckNodePort: under nodes, or a kubernetes: section';
  return [{ look, blind: { reason: 'not-configured', detail } }];
}

const firstLost = (events: EventFacts[]): TrafficSeen['lost'] => {
  const found = new Map<string, { node: string; at: string; reason: string }>();
  for (const { about, reason, first, at } of events) {
    const node = /^Node (\S+)$/.exec(about)?.[1];
    if (node && LOST.test(reason) && !found.has(node)) found.set(node, { node, at: first ?? at, reason });
  }
  return [...found.values()].slice(0, 20);
};

const covers = (hosts: string[], host: string): boolean =>
  hosts.length === 0 || hosts.includes(host) || hosts.includes('*') || hosts.includes(host.replace(/^[^.]+/, '*'));

/** Where the name leads: to a node's own address, where users come without a balancer. */
async function namedAddresses(io: Io, host: string, signal: AbortSignal): Promise<string[]> {
  const { addresses } = await io.resolve(host, signal).catch(() => ({ addresses: [] as string[] }));
  return addresses;
}

const telling = (node: TrafficNode): number =>
  (node.led ? 8 : 0) + (node.ready === false ? 4 : 0) + (node.readyProxies === 0 ? 2 : 0);

async function inCluster(io: Io, known: Known, signal: AbortSignal): Promise<TrafficSeen> {
  const { cluster } = io;
  if (!cluster)
    throw new BlindLook('not-configured', 'the cluster of this path is not watched; name it under kubernetes:');
  const cannot: string[] = [];
  const early = new Date(Date.parse(known.window.from) - BEFORE_MS).toISOString();
  const yesterday = new Date(Date.parse(known.window.to) - OWNER_MS).toISOString();
  let eventsRead = true;
  const [facts, all, leads, events, announced] = await Promise.all([
    cluster.proxy(known.proxy, signal),
    cluster.nodes(known.proxy, signal),
    namedAddresses(io, known.host, signal),
    // Nodes stand in no namespace, and one that is gone has no object any more.
    tried<EventFacts[] | null>(cannot, null, () => cluster.events([''], { from: early, to: known.window.to }, signal)),
    tried<EventFacts[]>([], [], () =>
      cluster.events([`Service ${known.service}`], { from: yesterday, to: known.window.to }, signal),
    ),
  ]);
  if (events === null) eventsRead = false;
  const owner = ownerOf(announced);
  const led = (node: NodeFacts): TrafficNode['led'] =>
    owner?.node === node.name
      ? 'owner'
      : node.ip && known.targets?.includes(node.ip)
        ? 'target'
        : node.ip && leads.includes(node.ip)
          ? 'name'
          : null;
  const nodes = all
    .filter((node) => !node.excluded && node.ip !== null)
    .map((node): TrafficNode => {
      const { name, ip, ready, readySince, readyProxies, proxies } = node;
      return { name, ip, ready, readySince, readyProxies, proxies, health: null, led: led(node) };
    })
    .sort((a, b) => telling(b) - telling(a) || a.name.localeCompare(b.name));
  const port = frontOf(facts)?.healthCheckNodePort ?? null;
  if (port) await askHealth(io, nodes, (node) => node.ip && joinAddress(node.ip, port), cannot, signal);
  return {
    service: known.service,
    proxy: known.proxy,
    cluster: cluster.cluster,
    policy: frontOf(facts)?.externalTrafficPolicy === 'Local' ? 'Local' : 'Cluster',
    healthPort: port,
    nodes: nodes.slice(0, MOST_NODES),
    total: nodes.length,
    ready: nodes.filter((node) => node.ready).length,
    withProxy: nodes.filter((node) => (node.readyProxies ?? 0) > 0).length,
    lost: firstLost(events ?? []),
    eventsRead,
    targetsKnown: known.targets !== null,
    allowLists: allowListsFor(facts, known.host),
    cannot: [...new Set(cannot)].slice(0, 5),
  };
}

const frontOf = (facts: ProxyFacts): ProxyFacts['front'] => facts.front;

/** Lists that let only some addresses reach the host; a header that brings the caller's own address undoes the question. */
const allowListsFor = (facts: ProxyFacts, host: string): TrafficSeen['allowLists'] =>
  facts.config['use-forwarded-headers'] === 'true' || facts.config['use-proxy-protocol'] === 'true'
    ? []
    : (facts.allowLists ?? [])
        .filter((one) => covers(one.hosts, host))
        .slice(0, 5)
        .map(({ object, ranges }) => ({ object, ranges: ranges.slice(0, 20) }));

/** Without a cluster: a node with a health-check port has policy Local, since no other has one. */
async function fromFile(io: Io, known: Known, signal: AbortSignal): Promise<TrafficSeen> {
  const cannot: string[] = [];
  const leads = await namedAddresses(io, known.host, signal);
  const nodes = known.nodes.slice(0, MOST_NODES).map((node): TrafficNode => {
    const ip = hostOf(node.address);
    const led = known.targets?.includes(ip) ? 'target' : leads.includes(ip) ? 'name' : null;
    const proxies = { readyProxies: null, proxies: node.proxies };
    return { name: node.name, ip, ready: null, readySince: null, ...proxies, health: null, led };
  });
  const at = new Map(known.nodes.map((node) => [node.name, node.address]));
  await askHealth(io, nodes, (node) => at.get(node.name) ?? null, cannot, signal);
  if (nodes.every((node) => node.health === null))
    throw new BlindLook('not-allowed', cannot[0] ?? 'no node could be asked');
  return {
    service: known.service,
    proxy: known.proxy,
    cluster: null,
    policy: 'Local',
    healthPort: null,
    nodes,
    total: known.nodes.length,
    ready: 0,
    withProxy: nodes.filter((node) => node.health?.status === 200).length,
    lost: [],
    eventsRead: false,
    targetsKnown: known.targets !== null,
    allowLists: [],
    cannot: [...new Set(cannot)].slice(0, 5),
  };
}

/** Looks at nodes, their events and health ports. Throws BlindLook where nodes or the proxy may not be read. */
export const lookAtTraffic = (io: Io, look: Look, signal: AbortSignal): Promise<TrafficSeen> => {
  const known = look.with as unknown as Known;
  return known.inCluster ? inCluster(io, known, signal) : fromFile(io, known, signal);
};
