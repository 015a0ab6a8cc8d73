import type { Planned, Scope } from '../define-check.ts';
import { reasonOf } from '../errors.ts';
import type { Io } from '../io/io.ts';
import { BlindLook, type ServedRequests } from '../io/proxy-reader.ts';
import type { ProxySettings, UpstreamSettings } from '../io/proxy-settings.ts';
import { askBalancers, asksCloud } from '../settings/balancers.ts';
import type { Look, Path, PathHop } from '../types.ts';
import { type Window, windowOf } from '../window.ts';
import { type LeavingTold, leavingInCluster, policyBetween } from './cluster.ts';
import { FRONT_KEYS, LEAVING_KEYS } from './declared.ts';

/** What was read besides what the path declares. Each part is null where it could not be, `cannot` says why. */
export interface DrainData {
  /** Of the configuration of the hop in front: the group that the leaving ones are in. */
  upstream: UpstreamSettings | null;
  timeouts: Pick<ProxySettings['timeouts'], 'drain' | 'acceptAfterStop'> | null;
  /** Errors that the balancer made itself, from its own log. */
  lost: Pick<
    ServedRequests,
    'source' | 'total' | 'madeByProxy' | 'firstError' | 'lastError' | 'connections' | 'reasons'
  > | null;
  cannot: string[];
  /** Attributes that a cloud tells of its balancer; they win over what is declared. */
  told?: PathHop['attributes'];
  /** How servers leave, as the objects of a cluster say it. */
  leaving?: LeavingTold | null;
}

const declares = (hop: PathHop, keys: readonly string[]): boolean =>
  keys.some((key) => hop.settings[key] !== undefined);
const sendsOn = (hop: PathHop): boolean => hop.hop === 'load-balancer' || hop.hop === 'proxy';
const leaves = (hop: PathHop): boolean => hop.hop === 'proxy' || hop.hop === 'service' || hop.hop === 'app';
const READABLE = new Set(['nginx', 'ingress-nginx', 'haproxy', 'haproxy-ingress', 'traefik', 'envoy']);

/** A pod's own configuration is out of reach unless its admin page tells it. */
const tells = (hop: PathHop): boolean =>
  hop.discovered !== true || hop.instances.some((one) => one.config !== null || one.admin !== null);

/** Each hop that sends on, with the next one whose servers come and go. */
const boundaries = (path: Path): { front: PathHop; leaver: PathHop }[] =>
  path.hops.flatMap((front, i) => {
    const leaver = sendsOn(front) ? path.hops.slice(i + 1).find(leaves) : undefined;
    return leaver ? [{ front, leaver }] : [];
  });

/** What a look carries from the plan: names of what is to be read. */
export interface Known {
  leaver: string;
  /** A replica of the leaving hop, where it is a proxy: all of them leave in the same way. */
  part: string | null;
  addresses: string[];
  reads: { front: boolean; leaver: boolean; log: boolean; cloud?: true; objects?: 'proxy' | 'service' };
  /** The traffic policy of the nodes between the two; null: there are none. */
  overNodes?: 'Cluster' | 'Local' | null;
  host: string;
  window: Window;
}

function knownOf(front: PathHop, leaver: PathHop): Omit<Known, 'host' | 'window'> {
  const instance = front.instances[0];
  const proxy = leaver.hop === 'proxy';
  return {
    leaver: leaver.name,
    part: proxy ? (leaver.instances[0]?.name ?? null) : null,
    addresses: [
      leaver.address,
      ...leaver.instances.flatMap((i) => [i.https, i.http]),
      ...(leaver.endpoints ?? []).map((e) => e.address),
    ].filter((address) => address !== null),
    reads: {
      front: instance !== undefined && READABLE.has(front.kind) && tells(front),
      leaver: proxy && leaver.instances.length > 0 && READABLE.has(leaver.kind) && tells(leaver),
      log: front.hop === 'load-balancer' && Boolean(instance?.accessLog),
      ...(asksCloud(front) && { cloud: true as const }),
      ...(leaver.discovered && { objects: proxy ? ('proxy' as const) : ('service' as const) }),
    },
  };
}

/** Pure: one look for each hop that sends on to servers that come and go, where something says how they go. */
export function planDrain({ case: triage, path }: Scope): Planned[] {
  return boundaries(path).flatMap(({ front, leaver }): Planned[] => {
    const look: Look = {
      check: 'drain',
      vantage: 'inside',
      hop: front.hop === 'load-balancer' ? 'load-balancer' : leaver.hop,
      at: { hop: front.name, part: front.instances[0]?.name ?? null },
      address: '',
      with: {
        ...knownOf(front, leaver),
        overNodes: policyBetween(path, front, leaver),
        host: triage.target.host,
        window: { ...windowOf(triage) },
      },
    };
    const told = leaver.discovered === true && path.cluster !== undefined;
    const said = told || declares(leaver, LEAVING_KEYS) || (declares(front, FRONT_KEYS) && leaver.hop === 'proxy');
    if (said) return [{ look }];
    // Nobody said how they leave: worth a line only where it was asked for.
    const detail = `how servers of ${leaver.name} leave is not known; say it under settings of ${leaver.name} (preStop, stopSignal, terminationGracePeriodSeconds)`;
    return triage.only?.includes('drain') ? [{ look, blind: { reason: 'not-configured', detail } }] : [];
  });
}

/** The group of servers that the leaving ones are in, by their addresses. */
function groupOf(settings: ProxySettings, addresses: string[]): UpstreamSettings | null {
  const holds = (group: UpstreamSettings): boolean => group.servers.some((s) => addresses.includes(s.address));
  return settings.upstreams.find(holds) ?? (settings.upstreams.length === 1 ? (settings.upstreams[0] ?? null) : null);
}

/** Reads both sides' configurations, and the balancer's own log, each where it can be seen. */
export async function lookAtDrain(io: Io, one: Look, signal: AbortSignal): Promise<DrainData> {
  const known = one.with as unknown as Known;
  const cannot: string[] = [];
  /** A part that cannot be seen is missing, and only that. */
  const tried = <T>(asked: boolean, work: () => Promise<T>): Promise<T | null> =>
    (asked ? work() : Promise.resolve(null)).catch((error) => {
      if (!(error instanceof BlindLook)) throw error;
      cannot.push(reasonOf(error).slice(0, 300));
      return null;
    });
  const leaving = { hop: known.leaver, part: known.part };
  const inCluster = { name: known.leaver, proxy: known.reads.objects === 'proxy', host: known.host };
  const [front, leaver, served, balancers, objects] = await Promise.all([
    tried(known.reads.front, () => io.proxy.settings(one.at, known.host, signal)),
    tried(known.reads.leaver, () => io.proxy.settings(leaving, known.host, signal)),
    tried(known.reads.log, () => io.proxy.requests(one.at, known.host, known.window, signal)),
    askBalancers(io, known.reads.cloud ? [one.at.hop] : [], signal),
    tried(known.reads.objects !== undefined, () => leavingInCluster(io, inCluster, signal)),
  ]);
  const { drain, acceptAfterStop } = leaver?.timeouts ?? {};
  return {
    upstream: front && groupOf(front, known.addresses),
    timeouts: leaver
      ? { ...(drain && { drain }), ...(acceptAfterStop && { acceptAfterStop }) }
      : (objects?.timeouts ?? null),
    lost: served && {
      source: served.source,
      total: served.total,
      madeByProxy: served.madeByProxy,
      firstError: served.firstError,
      lastError: served.lastError,
      ...(served.connections && { connections: served.connections, reasons: served.reasons ?? {} }),
    },
    cannot: [...new Set(cannot)].slice(0, 5),
    ...(balancers[one.at.hop] && { told: balancers[one.at.hop] }),
    ...(known.reads.objects && { leaving: objects }),
  };
}
