/**
 * What a proxy's configuration says, in words that fit every proxy. Plain JSON. Each value says where it stands
 * (`file:line`), or that it is the default of that software, with its source in the adapter.
 */

export interface Setting<T> {
  value: T;
  /** `file:line`; null: nobody wrote it, it is the software's default. */
  where: string | null;
}

/** A limit by rate that spaces requests out: so many a second, and so many more that wait, the last of them this long, s. */
export interface HeldBack {
  perSecond: number;
  waiting: number;
  seconds: number;
  /** The path that it holds for. */
  at: string;
}

export interface ListenerSettings {
  /** host:port as written. */
  address: string;
  tls: boolean;
  /** Does it expect a PROXY header? `optional`: uses one if there is one (Traefik). */
  proxyHeader: 'none' | 'required' | 'optional';
  /** Length of its accept queue as configured; the kernel's somaxconn bounds it. null: the software's default. */
  backlog: number | null;
  /** Most connections at once through this listener (HAProxy: `maxconn` of its section); null: only the process' own limit. */
  limit?: number | null;
  /** A queue of its own for each worker (nginx: reuseport). */
  reusePort?: boolean;
  where: string | null;
}

export interface UpstreamServer {
  name: string | null;
  address: string;
  weight: number | null;
  backup: boolean;
  down: boolean;
  /** The PROXY header that it is sent. */
  sends: 'proxy-v1' | 'proxy-v2' | 'none';
  tls: boolean;
  /** Most connections at once; null: no limit. */
  limit: number | null;
}

/** How an active health check decides; null: there is none. */
export interface HealthCheckSettings {
  /** A request to this path; null: a mere connection. */
  path: string | null;
  intervalSeconds: number;
  /** Failures in a row until it is out, successes until it is back. */
  fall: number;
  rise: number;
}

export interface UpstreamSettings {
  name: string;
  policy: string;
  /** One of several among which each request is drawn: by what name, and with which share, 0 to 1 (nginx: split_clients). */
  drawn?: { from: string; share: number };
  /** `tcp`: connections are passed on; `http`: requests are. */
  mode: 'http' | 'tcp';
  servers: UpstreamServer[];
  healthCheck: HealthCheckSettings | null;
  /** Does a request that failed at one server go to another one? */
  retries: {
    /** Tries after the first one. */
    count: number;
    /** Does a later try go to another server? */
    otherServer: boolean;
    on: string[];
    /** Pause before a try at the same server, s. */
    waitSeconds?: number;
    /** All tries together end after this, s; 0 or missing: no limit. */
    withinSeconds?: number;
  } | null;
  keepalive: { connections: number | null; idleSeconds: number | null; requests: number | null } | null;
  /** Circuit breakers: most of each at once; null: no limit is known. */
  limits?: { connections: number | null; pending: number | null; requests: number | null; retries: number | null };
  /** A server that fails this often in a row is left alone for so long (nginx: max_fails, Envoy: outlier detection). */
  ejects?: { failures: number; seconds: number };
  where: string | null;
}

export interface ProxySettings {
  source: string;
  /** Which part of the configuration takes the host: `server shop.example.test (nginx.conf:12)`; null: none names it. */
  takes?: string | null;
  /** `nginx 1.22.1`; null: not told. */
  software: string | null;
  listeners: ListenerSettings[];
  /** Those that requests to the host may go to; all of them where that cannot be told. */
  upstreams: UpstreamSettings[];
  /** Seconds; 0: no limit; a key is missing where this software has no such thing. As they hold for the host. */
  timeouts: {
    clientHeader?: Setting<number>;
    clientBody?: Setting<number>;
    /** How long an idle connection of a client is kept. */
    clientIdle?: Setting<number>;
    /** How long it waits for bytes of a client once a request is under way. */
    client?: Setting<number>;
    connect?: Setting<number>;
    /** How long it waits for bytes of the upstream. */
    upstreamRead?: Setting<number>;
    upstreamSend?: Setting<number>;
    /** How long an idle connection to an upstream is kept. */
    upstreamIdle?: Setting<number>;
    queue?: Setting<number>;
    /** How long it goes on with what is under way once told to leave. */
    drain?: Setting<number>;
    /** How long it goes on taking new connections once told to leave (Traefik: requestAcceptGraceTimeout). */
    acceptAfterStop?: Setting<number>;
  };
  limits: {
    /** `auto`: one for each core that it sees. */
    workers?: Setting<number | 'auto'>;
    /** Connections of one worker (nginx), or of all (HAProxy). */
    connections?: Setting<number>;
    connectionsAre?: 'per-worker' | 'in-all';
    files?: Setting<number>;
    bodyBytes?: Setting<number>;
    headerBytes?: Setting<number>;
    /** What comes too fast is not refused but kept waiting. */
    heldBack?: Setting<HeldBack>;
    /** Most bytes of an upstream's status line and headers together. */
    answerHeaderBytes?: Setting<number>;
  };
  /** What could not be understood: file, line, reason. */
  problems: { where: string; what: string }[];
}
