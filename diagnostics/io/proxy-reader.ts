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
  /** `start`: the process began then; `either`: this proxy begins a new process for both. Missing: a reload. */
  of?: 'reload' | 'start' | 'either';
}

/** What differs between a configuration and the version before it, as `./dev reloads` finds it. */
export interface ConfigChanged {
  /** File of the version before. */
  before: string;
  same: boolean;
  orderOnly: boolean;
  namesOnly: boolean;
  endpointsOnly: boolean;
  /** `changed directive a > proxy_read_timeout: 60s -> 45s`, at most 10 of `total`. */
  changes: string[];
  total: number;
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
  /** What the file now says against the version before it, where one is kept beside it or named as previousConfig:. */
  changed?: ConfigChanged | null;
  /** Memory by what serves and what is left over; `pss` counts shared pages once, `rss` once for each process. */
  memory?: { counted: 'pss' | 'rss'; servingBytes: number; oldBytes: number } | null;
}

/**
 * Why a request ended as it did, where the proxy's own log says more than a status: HAProxy's termination flags
 * (configuration manual, 8.5), Envoy's response flags, nginx' times of each try, Traefik's sizes.
 *
 * - `refused`: nothing listens there; `connect-timeout`: no connection in the proxy's time; `connect-failed`: one of the two
 * - `closed-early`: a connection, and no whole answer; `no-answer`: either of all these, the log does not tell
 * - `proxy-timeout`: connected, and the answer did not come in the time that the proxy allows
 * - `queue-full`: the proxy's own queue or circuit breaker; `out-of-resources`: its connections, files or memory
 * - `no-endpoint`: none that it counts as healthy; `marked-down`: given up while the request was there
 */
export type Why =
  | 'client-left'
  | 'client-slow'
  | 'refused'
  | 'connect-timeout'
  | 'connect-failed'
  | 'closed-early'
  | 'no-answer'
  /** As `no-answer`, to a request that the proxy must not send twice (POST, PATCH): others it repeats by itself. */
  | 'no-answer-once'
  | 'proxy-timeout'
  | 'queue-full'
  | 'out-of-resources'
  | 'no-endpoint'
  | 'marked-down'
  | 'no-route'
  | 'denied'
  /** Refused since whoever is asked first whether a request may pass failed or was late, not since they said no. */
  | 'auth-failed'
  | 'rate-limited'
  | 'too-large'
  | 'bad-request'
  | 'bad-answer'
  /** It could not add to an answer what its rules want there. */
  | 'no-room'
  | 'name-not-found'
  | 'injected'
  | 'internal';

/** Of `all` requests that ended in the same way, the largest group that took equally long: how many, and after how long, ms. */
export interface Alike {
  all: number;
  count: number;
  leastMs: number;
  mostMs: number;
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
  /** Requests and failures over time, oldest first, steps without requests left out; at most 120. */
  steps?: { at: string; ms: number; requests: number; errors: number }[];
  /** Time of the first and last failure, ISO: a 5xx, or a bare connection that broke. */
  firstError: string | null;
  lastError: string | null;
  /** Addresses that requests to this host went to, with how many and how many of those failed. */
  upstreams: { address: string; requests: number; errors: number; last: string | null }[];
  /** Clear-text garbage on this listener: lines whose request was a PROXY header or a TLS record. */
  proxyHeaderLines: number;
  /** Why requests to this host failed (5xx, or connections that ended badly), where the log says; since issue 4. */
  reasons?: { [why in Why]?: number };
  /** The same log's requests to all other hosts; null: it names no hosts. */
  others?: { requests: number; errors: number } | null;
  /** Rows of bare connections, which have no status (TCP mode). */
  connections?: number;
  /** Of the slow ones: the proxy waited for the client most of the time; they waited in the proxy's own queue. */
  slowClient?: number;
  slowQueue?: number;
  /** Of the slow ones that were not slow behind the proxy: answers of over a megabyte, where the log knows sizes. */
  slowLarge?: number;
  /** Of those that remain: GETs with small answers, quick behind the proxy; no client can have been long about them. */
  slowHeld?: number;
  /** Of the slow ones: those of which the log does not say how long what is behind the proxy took. */
  slowUntold?: number;
  /**
   * 413 that the proxy is not known to have made: passed on from behind (`behind`), or the log does not tell; how many have a
   * size in the log, how many of these are as long as nginx' own page, and the time of the first, ISO.
   */
  tooLarge?: { behind: number; untold: number; sized: number; asNginx: number; first: string | null };
  /** Requests that ended with 504 which no upstream is known to have made, connected ones: how many, and after how long, ms. */
  gaveUp?: { count: number; leastMs: number; mostMs: number };
  /** 4xx that an upstream made and the proxy passed on, by status. */
  passedOn?: { [status: string]: number };
  /** Of these, answers to HEAD. */
  passedOnHead?: { [status: string]: number };
  /** 429 that an upstream made and the proxy passed on. */
  limitedUpstream?: number;
  /** WebSockets and other tunnels (101) that have ended, those that the proxy cut since nothing was said on them, and after how long, ms. */
  tunnels?: { ended: number; cut: number; leastMs: number; mostMs: number };
  /** 401 and 403 since whoever is asked first failed or was late. */
  authFailed?: number;
  /** Callers that left (499) and requests that were not sent whole in time (408): most of them that waited equally long. */
  left?: Alike;
  unsent?: Alike;
  /** 400 that the proxy made itself, when half of them were over (ISO), and requests answered well (2xx) after that. */
  bad?: { count: number; half: string; answeredSince: number };
  /** Of the failures: those on a connection that an endpoint closed before it answered, within 50 ms of the request. */
  closedAtOnce?: number;
  /**
   * While slow requests waited for endpoints, in so many stretches of time: how many requests these endpoints answered then,
   * how many they would have by their usual rate, and how many quick ones the proxy passed on to others meanwhile.
   */
  stalls?: { times: number; endpoints: string[]; expected: number; answered: number; others: number };
  /** Mean time that endpoints took to answer, s; null: no answer, or no times in the log. */
  upstreamSeconds?: number | null;
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
    | 'client-certificate-refused'
    | 'own-files-failed'
    | 'not-found-on-disk'
    | 'endpoint-marked-down'
    | 'worker-died'
    | 'service-missing'
    | 'configuration-error';
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
  groups: {
    name: string;
    up: string[];
    down: string[];
    /** Listed, without a word on their state: nothing checks them. */
    unknown?: string[];
    /** One of several groups among which each request is drawn, and its share, 0 to 1. */
    drawn?: { from: string; share: number };
    /** Why one is down, by its name, in the proxy's own words. */
    why?: { [server: string]: string };
  }[];
}

/** How requests to a service were spread over its endpoints. What is left out is not known (see Counted and Dealt). */
export interface EndpointShares {
  source: string;
  from: string | null;
  to: string | null;
  endpoints: {
    address: string;
    requests: number;
    errors: number;
    seconds: number | null;
    deviation?: number | null;
    weight?: number | null;
    connections?: number | null;
    inflight?: number | null;
    zone?: string | null;
    startedAt?: string | null;
    before?: number;
    after?: number;
    aside?: string | null;
  }[];
  unit?: 'requests' | 'connections';
  policy?: 'round-robin' | 'random' | 'least-conn' | 'hash' | 'sticky' | null;
  connections?: number | null;
  keepaliveRequests?: number | null;
  /** Requests that went to the service's own address: which endpoint got them was drawn behind the proxy. */
  through?: number;
}

/** One route that would take a request, as the proxy itself has it. */
export interface RouteSeen {
  name: string;
  rule: string;
  service: string | null;
  ok: boolean;
  error: string | null;
  /** How it knows the host: by its very name, by a pattern, or it takes any. Missing: not told. */
  covers?: 'host' | 'pattern' | 'any';
  /** Higher ones are tried first; null: this software has none, or does not say. */
  priority?: number | null;
  /** Names of the listeners (Traefik: entry points) that it serves; missing: all of them. */
  listeners?: string[];
  /** It takes requests over TLS only, or in the clear only; missing: whatever its listener takes. */
  takes?: 'tls' | 'clear';
  /** Where it comes from: `file`, `kubernetescrd`, or the object `Ingress shop/web`. */
  owner?: string;
  /** It sends callers elsewhere; null parts stay as the caller had them. `always`: whatever X-Forwarded-Proto says. */
  redirectsTo?: { scheme: 'https' | 'http' | null; host: string | null; path: string | null; always: boolean };
  /** The address that it asks first whether a request may pass (Traefik: forwardAuth). */
  asks?: string;
  /** What its service is made of, `host:port` as written; missing: not known. */
  addresses?: string[];
}

/** What the proxy says of its own routes for a host. */
export interface ProxyRoutes {
  source: string;
  /** Routes that would take the request, most specific first. */
  matching: RouteSeen[];
  total: number;
  /** Groups of addresses that other routes lead to, at most 50; missing: not known. */
  groups?: { name: string; addresses: string[] }[];
  /** Where it listens, as it says itself. */
  listeners?: { name: string; port: number | null }[];
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
