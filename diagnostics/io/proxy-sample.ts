/**
 * One reading of a managed proxy's own counters, in words that fit every proxy. Plain JSON: it is recorded, and it
 * becomes evidence. All counters are totals since the process (or its shared memory) began; only differences of two
 * samples say what happened.
 */

/** Who produced a status. `unknown`: this proxy's counters cannot tell. */
export type Maker = 'proxy' | 'upstream' | 'client' | 'unknown';

export interface RequestCounter {
  /** null: not told. */
  host: string | null;
  /** As the proxy calls it: a Traefik service, a HAProxy backend, an Envoy cluster, `namespace/service:port`. */
  service: string | null;
  /** Address or server name; null where the proxy has no series for endpoints. */
  endpoint: string | null;
  /** `503`, or a class: `5xx`; `other`: none of HTTP's; `all`: the proxy counts without statuses (open-source nginx). */
  status: string;
  maker: Maker;
  count: number;
}

/** A mean over the last requests, where a proxy keeps no sums (HAProxy: up to the last 1024). */
export interface RecentMean {
  service: string;
  /** null: of the whole service. */
  endpoint: string | null;
  /** `queue`: waited for a free slot; the others as in LatencyCounter. */
  kind: 'queue' | 'connect' | 'upstream' | 'total';
  seconds: number;
}

export interface LatencyCounter {
  host: string | null;
  service: string | null;
  endpoint: string | null;
  /** `total`: what the proxy needed; `upstream`: until the endpoint had answered; `connect`: to it. */
  kind: 'total' | 'upstream' | 'connect';
  /** Sum of all, s. */
  seconds: number;
  count: number;
  /** Cumulative buckets [upper bound in s, count], ascending, the last one without bound as Infinity → null. */
  buckets: [number | null, number][];
}

/** What the proxy believes of one endpoint, and what it counted for it. null: not told. */
export interface EndpointState {
  service: string;
  endpoint: string;
  up: boolean | null;
  weight: number | null;
  zone: string | null;
  /** Connections opened to it so far. */
  connections: number | null;
  /** Connections or requests under way now. */
  inflight: number | null;
  queued: number | null;
  connectErrors: number | null;
  responseErrors: number | null;
  retries: number | null;
  /** Requests (sessions in TCP mode) that were sent to it so far, every try counted; absent: not told. */
  requests?: number | null;
  /** host:port, where `endpoint` is only a name and the proxy tells both. */
  address?: string | null;
}

/** Something that this proxy, as it is set up, cannot tell, and the one line that would change that. */
export interface CannotTell {
  what: string;
  hint: string;
}

export interface ProxySample {
  v: 1;
  /** When it was read, our clock, ISO. */
  at: string;
  /** What the proxy's machine said the time was (HTTP Date), ISO; null: not told. */
  clock: string | null;
  /** URL, socket or file. */
  source: string;
  /** Name and version as the proxy states them: `traefik 3.7.9`; null: not told. */
  software: string | null;
  /** Disjoint: together they are what this proxy answered, but for `repeated`. */
  requests: RequestCounter[];
  /** Answers among `requests` that no client got, since the proxy tried again (Traefik's services count every try). */
  repeated?: { status: string; count: number }[];
  /** Tries beyond the first, by service; absent: not told. */
  retries?: { service: string; count: number }[];
  latency: LatencyCounter[];
  means?: RecentMean[];
  connections: {
    /** Under way now. */
    active: number | null;
    idle: number | null;
    /** Most that it takes at once, all workers together. */
    limit: number | null;
    accepted: number | null;
    /** Accepted but dropped for want of room, or refused at its own limit. */
    dropped: number | null;
  };
  endpoints: EndpointState[];
  tls: { version: string; cipher: string | null; count: number }[];
  /** Handshakes and headers that failed before any request. */
  refusedBeforeRequest: { handshake: number | null; proxyHeader: number | null };
  reloads: {
    ok: number | null;
    failed: number | null;
    lastOk: boolean | null;
    /** ISO, of the last one that was taken. */
    lastAt: string | null;
    /** ISO, of the last one that was refused; absent: not told. */
    lastFailedAt?: string | null;
    hash: string | null;
  };
  process: {
    /** Envoy's without `admin` comes from an uptime that is written every 5 s: two samples may differ by that. */
    startedAt: string | null;
    /** All processes that serve: nginx's workers, old ones too. */
    processes: number | null;
    residentBytes: number | null;
    cpuSeconds: number | null;
    openFiles: number | null;
    maxFiles: number | null;
  };
  certificates: { names: string[]; notAfter: string }[];
  cannotTell: CannotTell[];
}

/** What happened between two samples, for one host, service, or the whole proxy. */
export interface HistoryStep {
  /** Begin of the step, ISO. */
  at: string;
  ms: number;
  requests: number;
  /** 4xx and 5xx, by code or class. */
  errors: { [status: string]: number };
  madeByProxy: number;
  madeByUpstream: number;
  /** Mean times, s; null without requests or without such a counter. */
  seconds: number | null;
  upstreamSeconds: number | null;
  /** At the end of the step. */
  active: number | null;
  accepted: number | null;
  dropped: number | null;
  retries: number | null;
  handshakeFailures: number | null;
  reloads: number | null;
  failedReloads: number | null;
  residentBytes: number | null;
  processes: number | null;
}

export interface ProxyHistory {
  source: 'recorder' | 'prometheus' | 'two samples';
  /** What the request numbers are about: the host itself, its services, or everything that the proxy serves. */
  scope: 'host' | 'service' | 'proxy';
  /** What the proxy itself calls those services, where the scope is `service`. */
  services?: string[];
  from: string;
  to: string;
  /** Oldest first, at most 600. */
  steps: HistoryStep[];
  /** Counters that went back: the process began anew. Steps never count across one. */
  resets: { at: string; why: 'restart' | 'reload' | 'unknown' }[];
  /** Stretches of the window without samples. */
  gaps: { from: string; to: string; why: string }[];
  /** The proxy's clock minus ours, ms; null: not told. */
  clockDifferenceMs: number | null;
  /** The newest sample of the window: gauges, states, limits. */
  last: ProxySample | null;
  cannotTell: CannotTell[];
}
