/** What the machine shows of a proxy's processes. Plain JSON; every part is null where it is not visible to us. */

/** Counters are read twice; `overMs` is the time between. 0: read once, since the total was 0 or nothing waited. */
interface CountedOver {
  count: number;
  overMs: number;
}

/** A counter that only grows: what it grew by while we looked, and all it has counted so far. */
export interface CountedInAll extends CountedOver {
  total: number;
}

/** The accept queue of one listening socket. The kernel holds one connection more than its length (measured, Linux 6.18). */
export interface AcceptQueue {
  address: string;
  /** Connections that wait now to be accepted. */
  waiting: number;
  /** The same at the first of two readings; equal to `waiting` where one reading was enough. */
  waitedBefore: number;
  /** null: not visible from here. */
  length: number | null;
  /** New connections dropped at this very socket (sk_drops, `ss -m`: d), since it was opened. null: not visible. */
  dropped: CountedInAll | null;
}

export interface ProxyHealth {
  /** Which traces were read: `process table`, `cgroup`, `network namespace`, `error log`, `metrics`. */
  sources: string[];
  /** The oldest (master) process; null: not visible. */
  pid: number | null;
  /** Begin of the oldest (master) process, ISO. */
  startedAt: string | null;
  /** Begins of earlier and of this process that its own log shows, ISO, oldest first, at most 50. */
  starts: string[];
  /**
   * Processes that serve, with the youngest one's begin: workers that are younger than their siblings, their master and
   * the last reload were started anew (`restarted`). `exits`: what the master logged of workers that ended by a signal.
   */
  workers: {
    count: number;
    youngest: string;
    shuttingDown: number;
    restarted: number;
    exits: { at: string; signal: number }[];
  } | null;
  /**
   * Of the control group: bytes without file cache that can be given back, the tightest limit above it, processes
   * killed for memory so far. `shared`: others than the proxy live in it.
   */
  memory: { bytes: number; limit: number | null; oomKills: CountedInAll | null; shared: boolean } | null;
  /** Of the control group: cores it may use, share of its periods in which it had to wait (while we looked, and in all). */
  cpu: {
    limitCores: number | null;
    throttledShare: number | null;
    throttledShareInAll: number | null;
    overMs: number;
    shared: boolean;
  } | null;
  /** The process that is nearest to its limit. */
  files: { open: number; limit: number } | null;
  /**
   * What is nearest to its limit. `fullAt`: from here on the proxy itself acts as being full. `dropped`: connections that
   * it took and let go for want of room. `limit` and `fullAt` are null where it counts those and does not say how many it
   * may have (Envoy's page).
   */
  connections: {
    now: number;
    limit: number | null;
    fullAt: number | null;
    what: string;
    dropped: CountedInAll | null;
  } | null;
  /** Accept queues of its listeners, in its own network namespace. */
  queues: AcceptQueue[] | null;
  /**
   * New connections that the kernel dropped for a full accept queue (TcpExt ListenOverflows). `namespace`: `own` when
   * nobody but the proxy listens in its network namespace, so that the counter is about the proxy.
   */
  overflows: (CountedInAll & { namespace: 'own' | 'shared' | 'unknown' }) | null;
  /** net.core.somaxconn of its namespace: the longest accept queue that there can be. */
  somaxconn: number | null;
  cannotTell: { what: string; hint: string }[];
}

/** What a node says of itself (node_exporter page). */
export interface NodeHealth {
  source: string;
  /** Connections that the kernel tracks, and those it dropped or could not insert for want of room. */
  conntrack: { entries: number; limit: number; dropped: CountedInAll | null } | null;
  overflows: CountedInAll | null;
  /**
   * Packets that came in by another interface than their answer would leave by, dropped so far (TcpExt IPReversePathFilter,
   * which node_exporter leaves out unless its netstat collector is told), and the interfaces whose filter is strict
   * (rp_filter 1: the higher of `all` and the interface's own); null: not on the page. Missing: no such counter there.
   */
  reversePath?: { dropped: number; strict: string[] | null };
  cannotTell: { what: string; hint: string }[];
}
