import type { Draft, ReadScope } from '../define-check.ts';
import type { EventFacts, PodFacts } from '../io/cluster-reader.ts';
import type { ProxyPods } from './proxy-pods.ts';

interface Base {
  proxy: string;
  cluster: string;
  namespace: string;
  now: string;
  [key: string]: string | number | boolean | null;
}
type OnePod = Base & { pod: string; total: number };

export interface PodsFacts {
  PROXY_POD_CRASH_LOOPS: OnePod & {
    pods: number;
    restarts: number;
    waiting: string;
    reason: string | null;
    code: number | null;
  };
  PROXY_POD_DOES_NOT_START: OnePod & { pods: number; waiting: string };
  PROXY_POD_OUT_OF_MEMORY: OnePod & { at: string | null; restarts: number; limitMib: number | null; within: boolean };
  PROXY_POD_RESTARTED: OnePod & {
    at: string;
    restarts: number;
    reason: string;
    code: number | null;
    why: string | null;
  };
  PROXY_POD_KILLED_BY_PROBE: OnePod & { count: number; at: string; says: string };
  PROXY_POD_NOT_READY: OnePod & { pods: number; ready: number; since: string | null };
  NO_PROXY_POD_READY: Base & { total: number; replicas: number | null };
  RELOADS_TOLD_OFTEN: OnePod & { count: number; minutes: number; first: string; last: string };
  RELOAD_ERROR_TOLD: OnePod & { at: string; error: string; count: number };
  NOTE_PROXY_WITHOUT_REQUESTS: Base & { what: string };
  NOTE_PROXY_MEMORY_TIGHT: OnePod & { mib: number; limitMib: number };
  NOTE_PROXY_MEMORY_AMPLE: OnePod & { mib: number; requestMib: number };
  PROXY_PODS_WELL: Base & { total: number };
  PROXY_PODS_PARTLY_SEEN: Base & { cannot: string };
}
type Found = Draft<PodsFacts>[];

/** This many reloads within ten minutes is a storm, as in config-reloads: endpoint changes come singly. */
const STORM = 8;
const STORM_MS = 600_000;
/** Killed this often within the time in question is a habit, not an accident. */
const OFTEN = 3;
const MIB = 1024 * 1024;
const TIGHT = 0.85;
const AMPLE = 0.2;
const LOOPS = new Set(['CrashLoopBackOff', 'RunContainerError', 'StartError']);

/** What somebody else wrote, fit to be shown. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
const clean = (text: string): string => text.replace(/[\u0000-\u001f\u007f]+/g, ' ').slice(0, 200);

/** What nginx said was wrong, out of what the controller puts around it. */
function reloadError(message: string): string {
  const emerg = /\[emerg\] (?:\d+#\d+: )?([^\n]{1,300})/.exec(message)?.[1];
  return clean(emerg ?? message.replace(/^Error reloading NGINX:\s*/, '').replace(/-{5,}/g, ' '));
}

const mib = (bytes: number): number => Math.round(bytes / MIB);

function waiting(seen: ProxyPods, base: Base): Found {
  const stuck = seen.pods.filter(
    (pod) => pod.waiting !== null && pod.waiting !== 'ContainerCreating' && pod.waiting !== 'PodInitializing',
  );
  const looping = stuck.filter((pod) => LOOPS.has(pod.waiting ?? ''));
  const others = stuck.filter((pod) => !LOOPS.has(pod.waiting ?? ''));
  const of = (pods: PodFacts[]): OnePod & { pods: number; waiting: string } => ({
    ...base,
    pod: pods[0]?.name ?? '',
    pods: pods.length,
    total: seen.total,
    waiting: clean(pods[0]?.waiting ?? ''),
  });
  const found: Found = [];
  const [first] = looping;
  if (first)
    found.push({
      code: 'PROXY_POD_CRASH_LOOPS',
      facts: {
        ...of(looping),
        restarts: looping.reduce((sum, pod) => sum + pod.restarts, 0),
        reason: first.lastExit?.reason ?? null,
        code: first.lastExit?.code ?? null,
      },
    });
  if (others.length) found.push({ code: 'PROXY_POD_DOES_NOT_START', facts: of(others) });
  return found;
}

/** Killed by the kubelet for a failed liveness or startup probe, in the time in question. */
const killedByProbe = (events: EventFacts[], pod: string): EventFacts[] =>
  events.filter((one) => one.about.endsWith(`/${pod}`) && one.reason === 'Killing' && /probe/i.test(one.message));

function exits(seen: ProxyPods, base: Base, from: string): Found {
  const found: Found = [];
  const events = seen.events ?? [];
  for (const pod of seen.pods) {
    const { lastExit, restarts } = pod;
    const at = lastExit?.at ?? null;
    const within = at !== null && at >= from;
    const one = { ...base, pod: pod.name, total: seen.total };
    const killings = killedByProbe(events, pod.name);
    const kills = killings.reduce((sum, event) => sum + event.count, 0);
    const last = killings.at(-1);
    if (last)
      found.push({
        code: 'PROXY_POD_KILLED_BY_PROBE',
        ...(kills < OFTEN && { direction: 'context' as const }),
        facts: { ...one, count: kills, at: last.at, says: clean(last.message) },
      });
    if (!lastExit || pod.waiting !== null) continue;
    const limitMib = seen.limits.memory === null ? null : mib(seen.limits.memory);
    if (lastExit.reason === 'OOMKilled')
      found.push({
        code: 'PROXY_POD_OUT_OF_MEMORY',
        ...(!within && { direction: 'context' as const }),
        facts: { ...one, at, restarts, limitMib, within },
      });
    else if (within)
      found.push({
        code: 'PROXY_POD_RESTARTED',
        facts: {
          ...one,
          at,
          restarts,
          reason: clean(lastExit.reason),
          code: lastExit.code,
          why: last ? clean(last.message) : null,
        },
      });
  }
  return found;
}

function reloads(seen: ProxyPods, base: Base): Found {
  const found: Found = [];
  const told = (seen.events ?? []).filter((one) => one.reason === 'RELOAD');
  for (const [about, own] of Map.groupBy(told, (one) => one.about)) {
    const one = { ...base, pod: about.split('/').at(-1) ?? '', total: seen.total };
    const taken = own.filter((event) => event.type !== 'Warning');
    const refused = own.filter((event) => event.type === 'Warning').at(-1);
    const lastTaken = taken.at(-1)?.at ?? '';
    if (refused && refused.at > lastTaken)
      found.push({
        code: 'RELOAD_ERROR_TOLD',
        facts: { ...one, at: refused.at, error: reloadError(refused.message), count: refused.count },
      });
    for (const { count, first, at } of taken) {
      const ms = Math.max(1, Date.parse(at) - Date.parse(first ?? at));
      // Repeats stand in one event: their mean pace is what is known.
      if (count < STORM || (ms / (count - 1)) * (STORM - 1) > STORM_MS) continue;
      const minutes = Math.max(1, Math.round(ms / 60_000));
      found.push({ code: 'RELOADS_TOLD_OFTEN', facts: { ...one, count, minutes, first: first ?? at, last: at } });
    }
  }
  return found;
}

/** What it may use against what it does: notes, none of which accuses anybody. */
function sizes(seen: ProxyPods, base: Base): Found {
  const found: Found = [];
  const { limits, requests } = seen;
  // Limits alone are requests as well (kubernetes: pkg/apis/core/v1/defaults.go).
  const without = (['cpu', 'memory'] as const).filter((what) => requests[what] === null && limits[what] === null);
  if (without.length)
    found.push({ code: 'NOTE_PROXY_WITHOUT_REQUESTS', facts: { ...base, what: without.join(' and ') } });
  const most = seen.used.toSorted((a, b) => b.bytes - a.bytes)[0];
  if (!most) return found;
  const one = { ...base, pod: most.pod, total: seen.total, mib: mib(most.bytes) };
  const request = requests.memory ?? limits.memory;
  if (limits.memory && most.bytes >= limits.memory * TIGHT)
    found.push({ code: 'NOTE_PROXY_MEMORY_TIGHT', facts: { ...one, limitMib: mib(limits.memory) } });
  else if (request && most.bytes < request * AMPLE)
    found.push({ code: 'NOTE_PROXY_MEMORY_AMPLE', facts: { ...one, requestMib: mib(request) } });
  return found;
}

/** Pure: what a proxy's pods and their events say of it. */
export function readPods(seen: ProxyPods, scope: ReadScope): Found {
  const { proxy, cluster, total, ready } = seen;
  const base: Base = { proxy, cluster, namespace: proxy.split('/')[0] ?? '', now: scope.case.at };
  const { window } = scope.look.with as { window: { from: string } };
  const found: Found = [...waiting(seen, base), ...exits(seen, base, window.from), ...reloads(seen, base)];
  const out = seen.pods.filter((pod) => pod.phase === 'Running' && !pod.ready && pod.leavingSince === null);
  if (ready === 0 && (total > 0 || (seen.replicas ?? 0) > 0))
    found.push({ code: 'NO_PROXY_POD_READY', facts: { ...base, total, replicas: seen.replicas } });
  else if (out[0])
    found.push({
      code: 'PROXY_POD_NOT_READY',
      facts: { ...base, pod: out[0].name, pods: out.length, ready, total, since: out[0].readySince },
    });
  if (found.length === 0) found.push({ code: 'PROXY_PODS_WELL', facts: { ...base, total } });
  const [cannot] = seen.cannot;
  if (cannot) found.push({ code: 'PROXY_PODS_PARTLY_SEEN', facts: { ...base, cannot } });
  return [...found, ...sizes(seen, base)];
}
