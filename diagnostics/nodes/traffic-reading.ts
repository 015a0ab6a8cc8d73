import type { Draft, ReadScope } from '../define-check.ts';
import type { TrafficNode, TrafficSeen } from './model.ts';
import { inRanges } from './ranges.ts';

export interface Base {
  service: string;
  policy: string;
  cluster: string | null;
  now: string;
  [key: string]: string | number | boolean | string[] | null;
}
export interface TrafficFacts {
  NODE_LOST_IS_A_HOP: Base & {
    node: string;
    ip: string | null;
    /** When it was lost, ISO; null: before anything that is still told. */
    at: string | null;
    reason: string;
    /** It was lost in the time in question. */
    within: boolean;
    /** It is lost now; false: it has come back. */
    lost: boolean;
    /** It stands on the balancer's own list; false: it may, by its labels. */
    listed: boolean;
    /** The node is no more, and whether a proxy ran there cannot be told. */
    gone: boolean;
  };
  NODE_LOST_WITH_PROXY: Base & { node: string; proxies: number; at: string | null };
  TRAFFIC_TO_NODE_WITHOUT_PROXY: Base & {
    node: string;
    ip: string | null;
    why: string;
    health: number | null;
    withProxy: number;
  };
  HEALTH_PORT_DENIES_PROXY: Base & {
    node: string;
    ip: string | null;
    port: number | null;
    proxies: number;
    all: boolean;
  };
  NODES_LEFT_OUT: Base & { nodes: number; total: number; asked: number };
  ALLOW_LIST_SEES_NODES: Base & { object: string; ranges: string[]; nodes: number };
  NODES_STAY: Base & { nodes: number };
  TRAFFIC_POLICY_HOLDS: Base & { nodes: number; withProxy: number; asked: number };
  NODES_PARTLY_SEEN: Base & { cannot: string };
}

type Found = Draft<TrafficFacts>[];

/** A node that never was heard of again: an autoscaler or a provider took it. */
function lostNodes(seen: TrafficSeen, base: Base, since: string): Found {
  if (seen.policy !== 'Cluster') return [];
  const found: Found = [];
  const event = new Map(seen.lost.map((one) => [one.node, one]));
  const names = new Set(seen.nodes.map((node) => node.name));
  for (const node of seen.nodes) {
    const told = event.get(node.name);
    if (node.ready !== false && !told) continue;
    // Only what the balancer sends to is a hop; where its list is not known, every node may be on it.
    if (seen.targetsKnown && node.led !== 'target') continue;
    const at = told?.at ?? node.readySince;
    if ((node.proxies ?? 0) > 0) {
      found.push({ code: 'NODE_LOST_WITH_PROXY', facts: { ...base, node: node.name, proxies: node.proxies ?? 0, at } });
      continue;
    }
    const { name, ip } = node;
    const facts = {
      ...base,
      node: name,
      ip,
      at,
      reason: told?.reason ?? 'NotReady',
      lost: node.ready === false,
      gone: false,
    };
    const within = at !== null && at >= since;
    found.push({ code: 'NODE_LOST_IS_A_HOP', facts: { ...facts, within, listed: node.led === 'target' } });
  }
  // A node whose object is gone cannot be said to have run no proxy: a hint, unless others speak for it.
  for (const { node, at, reason } of seen.lost)
    if (!names.has(node) && !seen.targetsKnown)
      found.push({
        code: 'NODE_LOST_IS_A_HOP',
        facts: { ...base, node, ip: null, at, reason, within: at >= since, lost: true, listed: false, gone: true },
      });
  return found;
}

const WHY: { [led: string]: string } = {
  target: "the balancer's list of targets has it",
  owner: 'it holds the virtual address',
  name: 'the name leads to it',
};

/** With policy Local a node without a ready proxy drops what it gets: bad only where something sends to it. */
function dropping(seen: TrafficSeen, base: Base): Found {
  if (seen.policy !== 'Local') return [];
  const empty = (node: TrafficNode): boolean =>
    node.readyProxies === 0 || (node.readyProxies === null && node.health?.status === 503);
  const found: Found = [];
  const without = seen.nodes.filter(empty);
  for (const node of without) {
    const claims = node.health?.status === 200 && (node.health.endpoints ?? 0) > 0;
    const why = node.led ? (WHY[node.led] as string) : claims ? 'its health port says that a proxy is there' : null;
    if (why === null || (seen.withProxy === 0 && node.health?.status !== 503)) continue;
    const { name, ip } = node;
    const facts = { ...base, node: name, ip, why, health: node.health?.status ?? null, withProxy: seen.withProxy };
    found.push({ code: 'TRAFFIC_TO_NODE_WITHOUT_PROXY', facts });
  }
  const good = seen.nodes.filter((node) => (node.readyProxies ?? 0) > 0);
  const denied = good.filter((node) => node.health?.status === 503);
  for (const { name, ip, readyProxies } of denied)
    found.push({
      code: 'HEALTH_PORT_DENIES_PROXY',
      ...(denied.length < good.length && { direction: 'context' as const }),
      facts: {
        ...base,
        node: name,
        ip,
        port: seen.healthPort,
        proxies: readyProxies ?? 0,
        all: denied.length === good.length,
      },
    });
  if (without.length && found.length === 0)
    found.push({
      code: 'NODES_LEFT_OUT',
      facts: {
        ...base,
        nodes: without.length,
        total: seen.total,
        asked: without.filter((n) => n.health?.status === 503).length,
      },
    });
  return found;
}

/** Policy Cluster puts a node's address in place of the caller's: a list that holds no node lets nobody in. */
function hidden(seen: TrafficSeen, base: Base, scope: ReadScope): Found {
  const sends = scope.hop?.sends;
  if (seen.policy !== 'Cluster' || sends === 'proxy-v1' || sends === 'proxy-v2') return [];
  const ips = seen.nodes.flatMap((node) => node.ip ?? []);
  return seen.allowLists
    .filter(({ ranges }) => ranges.length > 0 && ips.length > 0 && !ips.some((ip) => inRanges(ranges, ip)))
    .map(({ object, ranges }) => ({
      code: 'ALLOW_LIST_SEES_NODES' as const,
      facts: { ...base, object, ranges: ranges.slice(0, 5), nodes: seen.total },
    }));
}

/** Pure: what nodes, their events and their health ports say of the way to a proxy. */
export function readTraffic(seen: TrafficSeen, scope: ReadScope): Found {
  const { service, policy, cluster } = seen;
  const base: Base = { service, policy, cluster, now: scope.case.at };
  const { window } = scope.look.with as { window: { from: string } };
  const found = [...lostNodes(seen, base, window.from), ...dropping(seen, base)];
  if (found.length === 0 && policy === 'Cluster' && seen.eventsRead && seen.ready === seen.total && seen.total > 0)
    found.push({ code: 'NODES_STAY', facts: { ...base, nodes: seen.total } });
  const asked = seen.nodes.filter((node) => node.health?.status === 200).length;
  if (policy === 'Local' && asked > 0 && !found.some((one) => one.code !== 'NODES_LEFT_OUT'))
    found.push({
      code: 'TRAFFIC_POLICY_HOLDS',
      facts: { ...base, nodes: seen.total, withProxy: seen.withProxy, asked },
    });
  found.push(...hidden(seen, base, scope));
  const [cannot] = seen.cannot;
  if (cannot) found.push({ code: 'NODES_PARTLY_SEEN', facts: { ...base, cannot } });
  return found;
}
