/** What a managed proxy can be asked, in words that fit all of them. Plain JSON: it becomes evidence. */

/** One reload as the proxy's own traces show it. */
export interface ReloadSeen {
  /** ISO. */
  at: string;
  ok: boolean;
  /** What the proxy said about a refusal, shortened; null when it was taken. */
  error: string | null;
  /** Where in the configuration the refusal points, `file:line`, or null. */
  where: string | null;
}

export interface ReloadHistory {
  /** Which traces were read: `error log`, `metrics`, `process table`. */
  sources: string[];
  /** Oldest first, bounded to the newest 200. */
  reloads: ReloadSeen[];
  /** How far back the sources reach, ISO; null: unknown. */
  reachesBackTo: string | null;
  /** When the running configuration was taken, ISO; null: unknown. */
  servingSince: string | null;
  /** True: the last configuration was refused and an older one is served. null: cannot be told. */
  lastRefused: boolean | null;
  /** Worker processes that are shutting down but still alive; null: not visible. */
  oldWorkers: number | null;
  workers: number | null;
  /** Resident memory of all workers, bytes; null: not visible. */
  workerBytes: number | null;
  /** When the configuration file was last written, ISO; null: not visible. Newer than `servingSince`: not loaded. */
  configWrittenAt: string | null;
}

/** Requests to one host as the access log shows them, with who produced the status. */
export interface ServedRequests {
  source: string;
  from: string | null;
  to: string | null;
  /** Log lines that were read, of any host, and those that could not be parsed. */
  lines: number;
  unreadable: number;
  /** The file was longer than what we read: older requests of the window may be missing. */
  truncated: boolean;
  total: number;
  /** 4xx and 5xx that the proxy made itself (no upstream answer, or none asked). */
  madeByProxy: { [status: string]: number };
  /** 5xx that an upstream made and the proxy passed on. */
  madeByUpstream: { [status: string]: number };
  clientGone: number;
  /** Requests for which the proxy had no route at all. */
  noRoute: number;
  /** Other statuses, by class or code. */
  statuses: { [status: string]: number };
  /** Requests slower than a second. */
  slow: number;
  /** Of the slow ones, those where the upstream took at least 80 % of the time. */
  slowUpstream: number;
  /** Time of the first and last 5xx, ISO. */
  firstError: string | null;
  lastError: string | null;
  /** Addresses that requests to this host went to, with how many and how many of those failed. */
  upstreams: { address: string; requests: number; errors: number; last: string | null }[];
  /** Clear-text garbage on this listener: lines whose request was a PROXY header or a TLS record. */
  proxyHeaderLines: number;
}

/** One kind of trouble that a proxy logged, about one upstream where it names one. */
export interface Complaint {
  kind:
    | 'upstream-refused'
    | 'upstream-unreachable'
    | 'upstream-timeout'
    | 'upstream-closed'
    | 'no-live-upstream'
    | 'header-too-big'
    | 'body-too-large'
    | 'rate-limited'
    | 'auth-failed'
    | 'proxy-header-missing'
    | 'no-shared-suite'
    | 'handshake-failed'
    | 'out-of-connections'
    | 'access-forbidden'
    | 'not-found-on-disk';
  count: number;
  address: string | null;
  /** All of them came from one client address: then it is hardly the clients' own. */
  oneClient: boolean;
  /** The last line of its kind, without client and query string. */
  sample: string;
  /** ISO, or empty where the lines have no readable time. */
  last: string;
}

export interface Complaints {
  source: string;
  complaints: Complaint[];
  reachesBackTo: string | null;
}

/** What a balancer or proxy itself believes of the servers it sends to. */
export interface TargetsSeen {
  source: string;
  groups: { name: string; up: string[]; down: string[] }[];
}

/** How requests to a service were spread over its endpoints. */
export interface EndpointShares {
  source: string;
  from: string | null;
  to: string | null;
  endpoints: { address: string; requests: number; errors: number; seconds: number | null }[];
}

/** What the proxy says of its own routes for a host. */
export interface ProxyRoutes {
  source: string;
  /** Routes that would take the request, most specific first. */
  matching: { name: string; rule: string; service: string | null; ok: boolean; error: string | null }[];
  total: number;
}

/** A look at a proxy that could not be made: why, and what to switch on to see it. */
export class BlindLook extends Error {
  readonly reason:
    | 'not-configured'
    | 'not-allowed'
    | 'no-connection'
    | 'deadline'
    | 'denied'
    | 'unreadable'
    | 'resolver'
    | 'too-large';

  constructor(reason: BlindLook['reason'], detail: string, options?: { cause?: unknown }) {
    super(detail, options);
    this.name = 'BlindLook';
    this.reason = reason;
  }
}
