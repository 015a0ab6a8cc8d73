import type { Draft, ReadScope } from '../define-check.ts';
import type { ProxyHealth } from '../io/proxy-health.ts';
import { windowOf } from '../window.ts';
import { clock, plural } from '../wording.ts';

/** What every finding of this check says. */
export interface Base {
  proxy: string;
  /** The process to look at, or null. */
  pid: number | null;
  now: string;
  [key: string]: string | number | boolean | null;
}

/** Facts of each finding of the check `proxy-health`. */
export interface HealthFacts {
  PROXY_RESTARTED_RECENTLY: Base & { at: string; secondsAgo: number };
  PROXY_RESTARTS_REPEATEDLY: Base & { count: number; first: string; at: string };
  WORKERS_CRASH: Base & { count: number; at: string; signals: string };
  PROXY_AT_CONNECTION_LIMIT: Base & { used: number; limit: number; what: string };
  PROXY_NEAR_CONNECTION_LIMIT: Base & { used: number; limit: number; what: string };
  PROXY_DROPS_CONNECTIONS: Base & { count: number; total: number; overMs: number; since: string | null };
  PROXY_AT_FILE_LIMIT: Base & { open: number; limit: number };
  PROXY_NEAR_FILE_LIMIT: Base & { open: number; limit: number };
  PROXY_CPU_THROTTLED: Base & { share: number; cores: number | null; overMs: number };
  PROXY_NEAR_MEMORY_LIMIT: Base & { mib: number; limitMib: number };
  PROXY_OUT_OF_MEMORY_KILLED: Base & { count: number; total: number; shared: boolean };
  PROXY_HEALTHY: Base & { seen: string };
}

/** From here on a limit is worth a word, and from there it is reached. */
const NEAR = 0.85;
const AT = 0.97;
/** This many begins, or processes killed, in the time in question are no person's doing. */
const REPEATEDLY = 3;
const CRASHES = 2;
/** Below this share of throttled periods nobody notices; from half of them on every request waits. */
const THROTTLED = 0.1;
const THROTTLED_BADLY = 0.5;
const MIB = 1024 * 1024;

function limits(health: ProxyHealth, base: Base, began: boolean): Draft<HealthFacts>[] {
  const found: Draft<HealthFacts>[] = [];
  const { connections, files, memory, cpu } = health;
  if (connections?.limit && connections.fullAt && connections.now >= connections.fullAt * NEAR) {
    const { now: used, limit, fullAt, what } = connections;
    const code = used >= fullAt ? ('PROXY_AT_CONNECTION_LIMIT' as const) : ('PROXY_NEAR_CONNECTION_LIMIT' as const);
    found.push({ code, facts: { ...base, used, limit, what } });
  }
  const dropped = connections?.dropped;
  if (dropped && dropped.total > 0) {
    // A total without a date accuses nobody.
    const direction = dropped.count > 0 ? ('implicates' as const) : ('context' as const);
    const facts = { ...base, ...dropped, since: health.startedAt };
    found.push({ code: 'PROXY_DROPS_CONNECTIONS', direction, facts });
  }
  if (files && files.open >= files.limit * NEAR)
    found.push({
      code: files.open >= files.limit * AT ? ('PROXY_AT_FILE_LIMIT' as const) : ('PROXY_NEAR_FILE_LIMIT' as const),
      facts: { ...base, ...files },
    });
  const kills = memory?.oomKills;
  // A group lives as long as its container or unit: where the proxy began within the time in question, so did the count.
  const lately = kills ? kills.count > 0 || (began && kills.total >= REPEATEDLY) : false;
  if (memory && kills && (kills.count > 0 || (kills.total > 0 && !memory.shared)))
    found.push({
      code: 'PROXY_OUT_OF_MEMORY_KILLED',
      ...(lately && !memory.shared ? {} : { direction: 'context' as const }),
      facts: { ...base, count: kills.count, total: kills.total, shared: memory.shared },
    });
  if (memory?.limit && !memory.shared && memory.bytes >= memory.limit * NEAR)
    found.push({
      code: 'PROXY_NEAR_MEMORY_LIMIT',
      facts: { ...base, mib: Math.round(memory.bytes / MIB), limitMib: Math.round(memory.limit / MIB) },
    });
  if (cpu && (cpu.throttledShare ?? 0) >= THROTTLED)
    found.push({
      code: 'PROXY_CPU_THROTTLED',
      ...((cpu.throttledShare ?? 0) >= THROTTLED_BADLY && !cpu.shared ? {} : { direction: 'context' as const }),
      facts: { ...base, share: cpu.throttledShare ?? 0, cores: cpu.limitCores, overMs: cpu.overMs },
    });
  return found;
}

function restarts(health: ProxyHealth, base: Base, scope: ReadScope): Draft<HealthFacts>[] {
  const window = windowOf(scope.case);
  const found: Draft<HealthFacts>[] = [];
  const within = (at: string): boolean => at >= window.from && at <= scope.at;
  const starts = health.starts.filter(within);
  const { startedAt, workers } = health;
  const at = startedAt && within(startedAt) ? startedAt : null;
  if (starts.length >= REPEATEDLY)
    found.push({
      code: 'PROXY_RESTARTS_REPEATEDLY',
      facts: { ...base, count: starts.length, first: starts[0] as string, at: starts.at(-1) as string },
    });
  else if (at)
    found.push({
      code: 'PROXY_RESTARTED_RECENTLY',
      facts: { ...base, at, secondsAgo: Math.max(0, Math.round((Date.parse(scope.at) - Date.parse(at)) / 1000)) },
    });
  const exits = (workers?.exits ?? []).filter((one) => within(one.at));
  const restarted = workers && within(workers.youngest) ? workers.restarted : 0;
  if (workers && (exits.length || restarted))
    found.push({
      code: 'WORKERS_CRASH',
      ...(exits.length >= CRASHES ? {} : { direction: 'context' as const }),
      facts: {
        ...base,
        count: exits.length || restarted,
        at: exits.at(-1)?.at ?? workers.youngest,
        signals: [...new Set(exits.map((one) => one.signal))].join(', '),
      },
    });
  return found;
}

/** Pure: restarts and limits in what a machine and its metrics show of a proxy. */
export function readHealth(health: ProxyHealth, scope: ReadScope): Draft<HealthFacts>[] {
  const base = { proxy: scope.look.at.part ?? scope.look.at.hop, pid: health.pid, now: scope.case.at };
  const { from } = windowOf(scope.case);
  const began = health.startedAt !== null && health.startedAt >= from && health.startedAt <= scope.at;
  const found = [...restarts(health, base, scope), ...limits(health, base, began)];
  if (found.some((one) => one.code !== 'PROXY_RESTARTED_RECENTLY')) return found;
  const { startedAt, workers, connections, files } = health;
  const seen = [
    startedAt ? `runs since ${clock(startedAt, base.now)}` : '',
    workers ? plural(workers.count, 'process').replace('processs', 'processes') : '',
    connections?.limit ? `${connections.now} of ${connections.limit} connections (${connections.what})` : '',
    files ? `${files.open} of ${files.limit} files` : '',
  ].filter((one) => one !== '');
  return seen.length ? [...found, { code: 'PROXY_HEALTHY', facts: { ...base, seen: seen.join(', ') } }] : found;
}
