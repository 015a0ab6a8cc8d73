import { isIP } from 'node:net';
import type { Planned, Scope } from '../define-check.ts';
import type { EventFacts, NodeFacts } from '../io/cluster-reader.ts';
import type { Io } from '../io/io.ts';
import { BlindLook } from '../io/proxy-reader.ts';
import type { Look } from '../types.ts';
import { type Window, windowOf } from '../window.ts';
import { tried } from './health.ts';
import { type Announcer, announcersIn } from './owners.ts';

/** What is known of who holds the addresses of a Service. */
export interface AddressSeen {
  service: string;
  cluster: string | null;
  type: string;
  addresses: string[];
  /** Some node must hold them: no balancer outside the cluster does. */
  held: boolean;
  announcers: Announcer[];
  /** When its address was given, where an event still tells, ISO. */
  allocated: string | null;
  /** What stood in the way, in the words of MetalLB or of the service controller. */
  refusals: string[];
  rivals: { service: string; address: string; port: number }[];
  /** The nodes that announce. */
  nodes: { name: string; ready: boolean; readySince: string | null }[];
  eventsRead: boolean;
  nodesRead: boolean;
}

/** Hops whose address a node holds; a balancer outside the cluster that has a name of its own is none. */
const HELD = new Set(['metallb', 'keepalived', 'other']);
/** Words for an address that could not be given or announced (metallb: internal/k8s, speaker; kubernetes: service controller). */
const REFUSED =
  /^(AllocationFailed|announceFailed|SyncLoadBalancerFailed|FailedDeployModel|FailedBuildModel|FailedReconcile|ClearAssignment)$/;
/** Announced once, long before the trouble; events live for an hour or so. */
const BACK_MS = 24 * 3_600_000;

/** Pure: one look at the Service in front of the first proxy, where a node may hold its address or nobody has one. */
export function planAddress({ case: triage, path }: Scope): Planned[] {
  const at = path.hops.findIndex((hop) => hop.hop === 'proxy');
  const proxy = path.hops[at];
  const before = path.hops.slice(0, Math.max(0, at));
  const front = before.find((hop) => hop.hop === 'load-balancer' || hop.hop === 'node');
  const service = front?.name.replace(/^nodes of /, '') ?? '';
  const look: Look = {
    check: 'virtual-address',
    vantage: 'inside',
    hop: 'node',
    at: { hop: front?.name ?? proxy?.name ?? '', part: null },
    address: '',
    with: { proxy: proxy?.name ?? '', service, kind: front?.kind ?? '', window: { ...windowOf(triage) } },
  };
  // A balancer of whatever kind that never got an address leads nowhere.
  const nowhere = front?.hop === 'load-balancer' && front.discovered === true && front.address === null;
  if (path.cluster && proxy && front && (HELD.has(front.kind) || nowhere)) return [{ look }];
  if (!triage.only?.includes('virtual-address')) return [];
  const detail = 'no node holds an address of this path that I know of; name the cluster under kubernetes:';
  return [{ look, blind: { reason: 'not-configured', detail } }];
}

/** Reads the Service in front, its events and the nodes. Throws BlindLook where the proxy or its Service may not be read. */
export async function lookAtAddress(io: Io, look: Look, signal: AbortSignal): Promise<AddressSeen> {
  const { proxy, kind, window } = look.with as unknown as { proxy: string; kind: string; window: Window };
  const { cluster } = io;
  if (!cluster)
    throw new BlindLook('not-configured', 'the cluster of this path is not watched; name it under kubernetes:');
  const { front } = await cluster.proxy(proxy, signal);
  if (!front) throw new BlindLook('not-configured', `no Service stands in front of ${proxy}`);
  const from = new Date(Date.parse(window.to) - BACK_MS).toISOString();
  const [events, nodes] = await Promise.all([
    tried<EventFacts[] | null>([], null, () =>
      cluster.events([`Service ${front.name}`], { from, to: window.to }, signal),
    ),
    tried<NodeFacts[] | null>([], null, () => cluster.nodes(proxy, signal)),
  ]);
  const announcers = announcersIn(events ?? []).slice(-20);
  const said = new Set(announcers.map((one) => one.node));
  const addresses = [...front.addresses, ...(front.externalIPs ?? [])];
  return {
    service: front.name,
    cluster: cluster.cluster,
    type: front.type,
    addresses: addresses.slice(0, 20),
    held:
      kind !== 'other' ||
      (front.externalIPs?.length ?? 0) > 0 ||
      (front.addresses.some((a) => isIP(a) !== 0) && announcers.length > 0),
    announcers,
    allocated: events?.findLast((one) => one.reason === 'IPAllocated')?.at ?? null,
    refusals: (events ?? [])
      .filter((one) => REFUSED.test(one.reason))
      .map((one) => `${one.reason}: ${one.message}`.slice(0, 300))
      .slice(-5),
    rivals: front.rivals ?? [],
    nodes: (nodes ?? [])
      .filter((node) => said.has(node.name))
      .map(({ name, ready, readySince }) => ({ name, ready, readySince })),
    eventsRead: events !== null,
    nodesRead: nodes !== null,
  };
}
