import type { AcceptQueue } from '../../../diagnostics/io/proxy-health.ts';
import type { Instance } from '../../../diagnostics/types.ts';
import { type GroupReading, groupsOf } from './cgroup.ts';
import { servedAt } from './find-process.ts';
import { kernelNumber, type Machine, socketsOf } from './machine.ts';
import { type Listener, listenersOf, overflowsOf, type SocketDetail, socketDetails } from './net-namespace.ts';
import { counted } from './node.ts';

/** Everything that counts upwards or comes and goes, at one moment. */
export interface Reading {
  /** ms of a clock that never goes back. */
  at: number;
  groups: GroupReading;
  /** The proxy's own listening sockets, those it serves on where they can be told; null: not visible. */
  listeners: Listener[] | null;
  details: Map<number, SocketDetail> | null;
  overflows: number | null;
  namespace: 'own' | 'shared' | 'unknown';
}

/** Its listeners: by the sockets that its processes hold, else by the ports that it is known to serve on. */
function ours(all: Listener[], held: Set<number> | null, instance: Instance): Listener[] {
  const ports = new Set(servedAt(instance).map((address) => Number(address.slice(address.lastIndexOf(':') + 1))));
  const own = held ? all.filter((one) => held.has(one.inode)) : all.filter((one) => ports.has(one.port));
  const serving = own.filter((one) => ports.has(one.port));
  return serving.length ? serving : own;
}

/** Reads a proxy's counters once; `pids`: its processes, the master first. */
export async function readOnce(instance: Instance, machine: Machine, pids: number[]): Promise<Reading> {
  const master = pids[0] as number;
  const [groups, all, overflows, ...sockets] = await Promise.all([
    groupsOf(machine, master, new Set(pids)),
    listenersOf(machine, master),
    overflowsOf(machine, master),
    ...pids.slice(0, 8).map((pid) => socketsOf(machine, pid)),
  ]);
  const readable = sockets.filter((one) => one !== null);
  const held = readable.length ? new Set(readable.flatMap((one) => [...one])) : null;
  const listeners = all === null ? null : ours(all, held, instance);
  const details = listeners?.length
    ? await socketDetails(
        machine,
        master,
        listeners.map((one) => one.inode),
      )
    : null;
  return {
    at: performance.now(),
    groups,
    listeners,
    details,
    overflows,
    namespace: held && all ? (all.every((one) => held.has(one.inode)) ? 'own' : 'shared') : 'unknown',
  };
}

/** Has anything counted, or does anything wait, so that a second reading can tell more than the first? */
export function isMoving({ groups, listeners, details, overflows, namespace }: Reading): boolean {
  const drops = (listeners ?? []).map((one) => details?.get(one.inode)?.dropped ?? null);
  const unseen = drops.length === 0 || drops.includes(null);
  return (
    (listeners ?? []).some((one) => one.waiting > 0) ||
    drops.some((count) => (count ?? 0) > 0) ||
    ((unseen || namespace === 'own') && (overflows ?? 0) > 0) ||
    (groups.memory?.oomKills ?? 0) > 0 ||
    (groups.cpu?.throttled ?? 0) > 0
  );
}

/** Accept queues of two readings; sockets that were there only once are told as they were last. */
export function queuesOf(first: Reading, last: Reading): AcceptQueue[] | null {
  const overMs = Math.round(last.at - first.at);
  if (!last.listeners) return null;
  return last.listeners.slice(0, 64).map((one) => {
    const before = first.listeners?.find((other) => other.inode === one.inode);
    const drops = (reading: Reading): number | null => reading.details?.get(one.inode)?.dropped ?? null;
    return {
      address: one.address,
      waiting: one.waiting,
      waitedBefore: before?.waiting ?? one.waiting,
      length: last.details?.get(one.inode)?.length ?? null,
      dropped: counted(drops(first) ?? drops(last), drops(last), overMs),
    };
  });
}

/** net.core.somaxconn; of our own namespace, so it counts only where the proxy's sockets are seen from here. */
export const somaxconnOf = async (machine: Machine, reading: Reading): Promise<number | null> =>
  reading.listeners?.some((one) => reading.details?.has(one.inode))
    ? kernelNumber(`${machine.proc}/sys/net/core/somaxconn`)
    : null;
