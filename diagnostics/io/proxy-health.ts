/** What the machine shows of a proxy's processes. Plain JSON; every part is null where it is not visible to us. */

/** Counters are read twice; `overMs` is the time between. */
export interface CountedOver {
  count: number;
  overMs: number;
}

export interface ProxyHealth {
  /** Which traces were read: `process table`, `cgroup`, `metrics`, `configuration`. */
  sources: string[];
  /** Begin of the oldest (master) process, ISO. */
  startedAt: string | null;
  /** Processes that serve, with the youngest one's begin: workers that are younger than their master were restarted or reloaded. */
  workers: { count: number; youngest: string; shuttingDown: number } | null;
  memory: { bytes: number; limit: number | null; oomKills: number | null } | null;
  cpu: { limitCores: number | null; throttledShare: number | null; overMs: number } | null;
  /** The process that is nearest to its limit. */
  files: { open: number; limit: number } | null;
  connections: { now: number; limit: number; what: string } | null;
  /** Accept queues of its listeners, in its own network namespace. */
  queues: { address: string; waiting: number; length: number | null }[] | null;
  /** New connections that the kernel dropped for a full accept queue (TcpExt ListenOverflows, ListenDrops). */
  overflows: (CountedOver & { total: number }) | null;
  somaxconn: number | null;
  cannotTell: { what: string; hint: string }[];
}

/** What a node says of itself (node_exporter page, or /proc of this machine). */
export interface NodeHealth {
  source: string;
  conntrack: { entries: number; limit: number; dropped: CountedOver | null } | null;
  overflows: (CountedOver & { total: number }) | null;
  cannotTell: { what: string; hint: string }[];
}
