import { isIP } from 'node:net';
import type { EndpointState, LatencyCounter, ProxySample, RequestCounter } from '../../diagnostics/io/proxy-sample.ts';

/** What a history is asked about. */
export interface About {
  host: string;
  /** Names of the services behind it, as the inventory calls them. */
  services: string[];
  /** Addresses (ip:port) of their endpoints. */
  addresses?: string[];
}

/** Which of a proxy's counters belong to what was asked. */
export interface Scope {
  kind: 'host' | 'service' | 'proxy';
  host: string;
  /** The proxy's own names of the services that were matched. */
  services: ReadonlySet<string>;
}

/** Counters whose series were too many to keep one by one are summed under this name (workers/recorder/bound.ts). */
export const OTHERS = '(others)';

type Named = { service: string | null; endpoint: string | null; address?: string | null };
type Row = Pick<RequestCounter, 'host' | 'service' | 'endpoint'>;

/** Words around a service's name that proxies' configurations like to add: `be_shop`, `shop-svc`, `shop-80`. */
const AFFIX = /^(be|bk|backend|backends|svc|service|cluster|upstream|outbound|http|https|tcp|\d{1,5})$/;

const words = (name: string): string[] =>
  name
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
const core = (name: string): string => {
  const all = words(name);
  const kept = all.filter((word) => !AFFIX.test(word));
  return (kept.length ? kept : all).join('-');
};

/**
 * Whether a proxy's name of a service means the inventory's: equal but for a Traefik provider (`shop@file`), affixes
 * (`be_shop`, `shop-80`) or a namespace (`web/shop:80`, `web-shop-80@kubernetes`; namespaces are told apart only where
 * the name says where they end, so a dash counts as an end for Kubernetes' providers alone).
 */
export function sameService(theirs: string, ours: string): boolean {
  const at = theirs.lastIndexOf('@');
  const [name, provider] = at > 0 ? [theirs.slice(0, at), theirs.slice(at + 1)] : [theirs, ''];
  const wanted = core(ours);
  if (wanted === '') return false;
  const tail = name.slice(name.lastIndexOf('/') + 1);
  if (core(name) === wanted || core(tail) === wanted) return true;
  return /^kubernetes/.test(provider) && core(name).endsWith(`-${wanted}`);
}

const hostFits = (pattern: string | null, host: string): boolean => {
  if (pattern === null) return false;
  const one = pattern.toLowerCase();
  return (
    one === host ||
    (one.startsWith('*.') && host.endsWith(one.slice(1)) && host.indexOf('.') === host.length - one.length + 1)
  );
};

/** The nearest thing to the question that these samples can tell: the host, its services, or all that the proxy serves. */
export function scopeOf(samples: readonly ProxySample[], about: About): Scope {
  const host = about.host.toLowerCase();
  const some = [...samples.slice(0, 1), ...samples.slice(-1)];
  // A proxy that counts by host has no series for a host without requests: that is a zero, not an unknown.
  if (some.some((one) => one.requests.some((row) => row.host !== null && row.host !== OTHERS)))
    return { kind: 'host', host, services: new Set() };
  const addresses = new Set(
    (about.addresses ?? []).filter((one) => isIP(one.replace(/:\d+$/, '').replace(/^\[|\]$/g, ''))),
  );
  const services = new Set<string>();
  const byAddress = (row: Named): boolean =>
    [row.endpoint, row.address].some(
      (one) => one !== null && one !== undefined && addresses.has(one.replace(/^https?:\/\//, '').replace(/\/$/, '')),
    );
  for (const sample of some) {
    const named: Named[] = [...sample.requests, ...sample.endpoints, ...sample.latency];
    for (const row of named) {
      if (row.service === null || row.service === OTHERS || services.has(row.service)) continue;
      const theirs = row.service;
      if (byAddress(row) || about.services.some((ours) => sameService(theirs, ours))) services.add(theirs);
    }
  }
  return { kind: services.size ? 'service' : 'proxy', host, services };
}

const about = <T extends Row>(rows: readonly T[], scope: Scope): T[] => {
  if (scope.kind === 'host') return rows.filter((row) => hostFits(row.host, scope.host));
  if (scope.kind === 'service') return rows.filter((row) => row.service !== null && scope.services.has(row.service));
  return [...rows];
};

/** The request counters of one sample that the scope is about: a sample's are disjoint, so none counts twice. */
export const requestsOf = (sample: ProxySample, scope: Scope): RequestCounter[] => about(sample.requests, scope);

/** The latency counters of one kind that the scope is about: of whole services where those are there, else of their parts. */
export function latencyOf(sample: ProxySample, kind: LatencyCounter['kind'], scope: Scope): LatencyCounter[] {
  const rows = about(
    sample.latency.filter((row) => row.kind === kind),
    scope,
  );
  const front = rows.filter((row) => row.service === null && row.host === null && row.endpoint === null);
  if (scope.kind === 'proxy' && front.length) return front;
  const whole = rows.filter((row) => row.endpoint === null);
  return whole.length ? whole : rows;
}

/** What is known of the endpoints that the scope is about; all of them where it is about the whole proxy or a host. */
export function endpointsOf(endpoints: readonly EndpointState[], scope: Scope): EndpointState[] {
  return scope.kind === 'service' ? endpoints.filter((one) => scope.services.has(one.service)) : [...endpoints];
}
