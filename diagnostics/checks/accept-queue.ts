import { type Draft, defineCheck, type ReadScope } from '../define-check.ts';
import { instanceLooks, proxiesOf } from '../instance-looks.ts';
import type { AcceptQueue, ProxyHealth } from '../io/proxy-health.ts';
import type { Instance } from '../types.ts';
import { windowOf } from '../window.ts';
import { clock, duration, plural, shellWord } from '../wording.ts';

interface Base {
  proxy: string;
  pid: number | null;
  now: string;
  [key: string]: string | number | boolean | null;
}
interface QueueFacts {
  ACCEPT_QUEUE_FULL: Base & { listener: string; waiting: number; length: number; steady: boolean };
  ACCEPT_QUEUE_OVERFLOWS: Base & { listener: string; count: number; overMs: number; total: number; few: boolean };
  ACCEPT_QUEUE_OVERFLOWED: Base & {
    listener: string;
    total: number;
    since: string | null;
    within: boolean;
    beyondChecks: boolean;
  };
  ACCEPT_QUEUE_WAITS: Base & { listener: string; waiting: number; length: number | null };
  NAMESPACE_OVERFLOWS: Base & { count: number; overMs: number; total: number };
  NO_OVERFLOWS: Base & { listeners: number; length: number | null; since: string | null };
}

/** This many connections waiting at both of two looks a second apart are no chance: a live proxy takes them at once. */
const WAITS = 2;

/**
 * Drops for a full queue. The socket's own counter holds other things as well, above all a reset in place of the handshake's last
 * ACK, as HAProxy's health checks send each second (tcp_v4_rcv, discard_and_relse: sk_drops; measured on Linux 6.18); those of
 * the namespace are of full queues only. Where the socket's cannot be seen, a namespace in which nobody else listens tells.
 */
function overflowsOf(dropped: AcceptQueue['dropped'], all: ProxyHealth['overflows']): AcceptQueue['dropped'] {
  if (!dropped) return all?.namespace === 'own' ? all : null;
  if (!all) return dropped;
  return { ...dropped, count: Math.min(dropped.count, all.count), total: Math.min(dropped.total, all.total) };
}

/**
 * Drops that health checks may leave on a socket which lost nothing, beside other listeners of the namespace that do overflow:
 * HAProxy's default is one check in two seconds (doc, `inter`), so this is four balancers', and a few at either end.
 */
const OF_CHECKS = { aSecond: 2, beside: 5, whileLooking: 1 };
const secondsSince = (since: string | null, at: string): number =>
  since === null ? 0 : Math.max(0, Date.parse(at) - Date.parse(since)) / 1000;

/** What one listening socket says. */
function ofQueue(queue: AcceptQueue, health: ProxyHealth, base: Base, scope: ReadScope): Draft<QueueFacts>[] {
  const { address: listener, waiting, waitedBefore, length, dropped } = queue;
  const found: Draft<QueueFacts>[] = [];
  const isFull = length !== null && Math.max(waiting, waitedBefore) >= length;
  if (isFull) {
    const steady = Math.min(waiting, waitedBefore) >= length;
    const most = Math.max(waiting, waitedBefore);
    found.push({ code: 'ACCEPT_QUEUE_FULL', facts: { ...base, listener, waiting: most, length, steady } });
  } else if (Math.min(waiting, waitedBefore) >= WAITS)
    found.push({ code: 'ACCEPT_QUEUE_WAITS', facts: { ...base, listener, waiting, length } });
  const counted = overflowsOf(dropped, health.overflows);
  const alone = health.overflows?.namespace === 'own';
  if (counted && counted.count > 0) {
    const { count, overMs, total } = counted;
    const few = !alone && count <= OF_CHECKS.whileLooking + (OF_CHECKS.aSecond * overMs) / 1000;
    found.push({
      code: 'ACCEPT_QUEUE_OVERFLOWS',
      ...(few ? { direction: 'context' as const } : {}),
      facts: { ...base, listener, count, overMs, total, few },
    });
  } else if (counted && counted.total > 0) {
    const since = health.startedAt;
    const within = since !== null && since >= windowOf(scope.case).from;
    const beyondChecks =
      alone || counted.total > OF_CHECKS.beside + OF_CHECKS.aSecond * secondsSince(since, scope.case.at);
    found.push({
      code: 'ACCEPT_QUEUE_OVERFLOWED',
      facts: { ...base, listener, total: counted.total, since, within, beyondChecks },
    });
  }
  return found;
}

function read(health: ProxyHealth, scope: ReadScope): Draft<QueueFacts>[] {
  const base = { proxy: scope.look.at.part ?? scope.look.at.hop, pid: health.pid, now: scope.case.at };
  const queues = health.queues ?? [];
  const found = queues.flatMap((queue) => ofQueue(queue, health, base, scope));
  const { overflows } = health;
  const seen = queues.every((queue) => queue.dropped !== null) || overflows?.namespace === 'own';
  if (!seen && overflows && overflows.count > 0) {
    const { count, overMs, total } = overflows;
    found.push({ code: 'NAMESPACE_OVERFLOWS', facts: { ...base, count, overMs, total } });
  }
  if (found.length || queues.length === 0 || !seen) return found;
  const lengths = queues.map((queue) => queue.length).filter((length) => length !== null);
  const length = lengths.length ? Math.min(...lengths) : null;
  return [{ code: 'NO_OVERFLOWS', facts: { ...base, listeners: queues.length, length, since: health.startedAt } }];
}

const ss = (f: Base): string => {
  const port = /:(\d+)$/.exec(String(f.listener ?? ''))?.[1];
  return port ? `ss -ltnm ${shellWord(`sport = :${port}`)}` : 'ss -ltnm';
};
const netstat = (f: Base): string =>
  f.pid === null ? 'nstat -az TcpExtListenOverflows' : `nsenter -t ${f.pid} -n nstat -az TcpExtListenOverflows`;

const LOOPBACK = /^(127\.|\[::1\]|localhost:)/;
/** Could its processes be on this machine? Elsewhere nobody can see a queue, and nothing is gained by saying so twice. */
const mayBeHere = (instance: Instance): boolean =>
  instance.pidFile !== null ||
  [instance.https, instance.http].some((address) => address !== null && LOOPBACK.test(address));

/** Are new connections dropped before the proxy sees them? */
export const acceptQueue = defineCheck<ProxyHealth, QueueFacts>({
  id: 'accept-queue',
  title: "The proxy's accept queues",
  asks: 'Are new connections dropped, or do they wait, before the proxy takes them?',
  vantages: ['inside'],
  budgetMs: 5_000,
  plan: (scope) =>
    instanceLooks('accept-queue', proxiesOf(scope), (one) => (mayBeHere(one) ? (one.pidFile ?? one.name) : null)),
  look: (io, look, _address, signal) => io.proxy.health(look.at, signal),
  read,
  findings: {
    ACCEPT_QUEUE_FULL: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'The accept queue is full',
      says: (f) =>
        `${f.proxy}'s accept queue at ${f.listener} is full: ${f.waiting} connections wait, it holds ${f.length}${f.steady ? ', at both of two looks' : ''}. Whoever comes now gets no answer at all.`,
      next: (f) =>
        `See why ${f.proxy} does not take connections (a stuck or overloaded worker, its own limit); then a longer backlog= and net.core.somaxconn.`,
      reproduce: ss,
    },
    ACCEPT_QUEUE_OVERFLOWS: {
      hop: 'proxy',
      direction: 'implicates',
      title: 'New connections are dropped for a full accept queue',
      says: (f) =>
        `The kernel dropped ${plural(f.count, 'attempt')} to connect to ${f.proxy} (${f.listener}) within ${duration(f.overMs)}, ${f.total} in all: ${f.few ? 'no more than health checks may leave where listeners beside it overflow' : 'its accept queue was full. No log of the proxy shows them'}.`,
      next: (f) =>
        `Give ${f.proxy} more workers or replicas, and its listener a longer backlog= (and net.core.somaxconn).`,
      reproduce: ss,
    },
    ACCEPT_QUEUE_OVERFLOWED: {
      hop: 'proxy',
      direction: 'context',
      title: 'New connections were dropped at some time for a full accept queue',
      says: (f) =>
        `The kernel dropped ${plural(f.total, 'attempt')} to connect to ${f.proxy} (${f.listener}) ${f.since ? `since the proxy began ${clock(f.since, f.now)}` : 'at some time'}, none while I looked.`,
      next: (f) => `Watch whether this counter grows when it happens again; ${f.listener} may need a longer backlog.`,
      reproduce: ss,
    },
    ACCEPT_QUEUE_WAITS: {
      hop: 'proxy',
      direction: 'context',
      title: 'Connections wait to be taken',
      says: (f) =>
        `${plural(f.waiting, 'connection')} to ${f.proxy} (${f.listener}) waited to be taken at both of two looks${f.length === null ? '' : `; there is room for ${f.length}`}.`,
      next: (f) => `See whether ${f.proxy}'s workers are stuck, busy, or at their limit of connections.`,
      reproduce: ss,
    },
    NAMESPACE_OVERFLOWS: {
      hop: 'proxy',
      direction: 'context',
      title: 'Connections are dropped in the network namespace, at whose listener cannot be seen',
      says: (f) =>
        `The kernel dropped ${plural(f.count, 'attempt')} to connect within ${duration(f.overMs)} in the network namespace of ${f.proxy} (${f.total} in all), at a listener that I cannot tell.`,
      next: () => 'Install iproute2 (ss) where I run: it shows at which listener.',
      reproduce: netstat,
    },
    NO_OVERFLOWS: {
      hop: 'proxy',
      direction: 'clears',
      title: 'No new connection was ever dropped, and none waits',
      says: (f) =>
        `No attempt to connect to ${f.proxy} was dropped${f.since ? ` since it began ${clock(f.since, f.now)}` : ''}, and none waits (${plural(f.listeners, 'listener')}${f.length === null ? '' : `, room for ${f.length}`}).`,
      next: () => 'Nothing to do here.',
      reproduce: ss,
    },
  },
});
