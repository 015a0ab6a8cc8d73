import { getObject, kubectl, placeOf, refuseWithout, serviceAsked, serviceLooks, twoParts } from '../cluster-scope.ts';
import { type Draft, defineCheck, type ReadScope } from '../define-check.ts';
import type { PodFacts, ServiceFacts } from '../io/cluster-reader.ts';
import { windowOf } from '../window.ts';
import { clock, plural, shellWord } from '../wording.ts';

interface Base {
  cluster: string | null;
  service: string;
  [key: string]: string | number | boolean | null;
}
interface Crash extends Base {
  pod: string;
  crashing: number;
  total: number;
  ready: number;
  waiting: string | null;
  reason: string | null;
  exit: number | null;
  last: string | null;
  restarts: number;
  now: string;
}
interface ClusterPodsFacts {
  SELECTOR_MATCHES_NOTHING: Base & { selector: string; idle: string | null };
  PODS_CRASH: Crash;
  PODS_CRASHED_BEFORE: Crash;
  PODS_NOT_READY: Base & { pod: string; notReady: number; total: number; why: string; node: string | null };
  PODS_READY: Base & { ready: number; total: number };
  PODS_LEAVING: Base & { pod: string; leaving: number; total: number; at: string; now: string };
  TARGET_PORT_UNDECLARED: Base & { target: string; declared: string; named: boolean };
}

/** Why a container waits that ran before, and does not stay up. Others (ImagePullBackOff, …) never ran at all. */
const CRASH_WAITS = new Set(['CrashLoopBackOff', 'RunContainerError']);

const failed = (exit: PodFacts['lastExit']): boolean =>
  exit !== null && (exit.reason === 'OOMKilled' || (exit.code ?? 0) !== 0);

/** Ended badly in the time in question, or is kept from starting again. */
function crashesNow(pod: PodFacts, from: string): boolean {
  if (pod.waiting !== null && CRASH_WAITS.has(pod.waiting)) return true;
  return pod.restarts > 0 && failed(pod.lastExit) && Date.parse(pod.lastExit?.at ?? '') >= Date.parse(from);
}

const whyNotReady = (pod: PodFacts, lost: string[]): string =>
  pod.waiting ??
  (pod.node !== null && lost.includes(pod.node) ? 'its node is not ready' : null) ??
  (pod.phase === 'Running'
    ? pod.readinessGates.length
      ? 'its probe or a readiness gate has not passed'
      : 'its readiness probe has not passed'
    : pod.phase);

function readPorts(facts: ServiceFacts, pods: PodFacts[], base: Base): Draft<ClusterPodsFacts>[] {
  const { port } = facts;
  const declared = [...new Set(pods.flatMap((pod) => pod.ports))].sort((a, b) => a - b);
  if (!port || pods.length === 0) return [];
  const named = typeof port.targetPort === 'string';
  // A container may listen on what it does not declare; only where it declares others is that worth a word.
  const lost = named
    ? !facts.portNames.includes(port.targetPort as string)
    : declared.length > 0 && !declared.includes(port.targetPort as number);
  if (!lost) return [];
  const names = named ? facts.portNames : declared.map(String);
  return [
    {
      code: 'TARGET_PORT_UNDECLARED',
      facts: { ...base, target: String(port.targetPort), declared: names.join(', ') || 'none', named },
    },
  ];
}

function read(facts: ServiceFacts, scope: ReadScope): Draft<ClusterPodsFacts>[] {
  const base = placeOf(scope);
  if (!facts.exists || facts.selector === null || facts.type === 'ExternalName') return [];
  const ended = new Set(['Succeeded', 'Failed']);
  const pods = facts.pods.filter((pod) => !ended.has(pod.phase));
  const total = pods.length;
  const { workload } = facts;
  const selector = Object.entries(facts.selector)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  if (total === 0)
    return [
      {
        code: 'SELECTOR_MATCHES_NOTHING',
        facts: { ...base, selector, idle: workload?.replicas === 0 ? `${workload.kind} ${workload.name}` : null },
      },
    ];
  const found = readPorts(facts, pods, base);
  const ready = pods.filter((pod) => pod.ready && pod.leavingSince === null).length;
  const now = scope.case.at;
  const crashing = pods
    .filter((pod) => crashesNow(pod, windowOf(scope.case).from))
    .sort((a, b) => Number(a.ready) - Number(b.ready) || b.restarts - a.restarts);
  const worst = crashing[0];
  if (worst)
    found.push({
      code: crashing.some((pod) => !pod.ready) ? 'PODS_CRASH' : 'PODS_CRASHED_BEFORE',
      facts: {
        ...base,
        pod: worst.name,
        crashing: crashing.length,
        total,
        ready,
        waiting: worst.waiting,
        reason: worst.lastExit?.reason ?? null,
        exit: worst.lastExit?.code ?? null,
        last: worst.lastExit?.at ?? null,
        restarts: worst.restarts,
        now,
      },
    });
  const waiting = pods.filter((pod) => !pod.ready && pod.leavingSince === null && !crashing.includes(pod));
  const [first] = waiting;
  if (first)
    found.push({
      code: 'PODS_NOT_READY',
      ...((ready > 0 || facts.publishNotReady) && { direction: 'context' as const }),
      facts: {
        ...base,
        pod: first.name,
        notReady: waiting.length,
        total,
        why: whyNotReady(first, facts.lostNodes),
        node: first.node,
      },
    });
  if (ready > 0 && !worst && !first) found.push({ code: 'PODS_READY', facts: { ...base, ready, total } });
  const leaving = pods.filter((pod) => pod.leavingSince !== null);
  if (leaving[0])
    found.push({
      code: 'PODS_LEAVING',
      facts: {
        ...base,
        pod: leaving[0].name,
        leaving: leaving.length,
        total,
        at: leaving[0].leavingSince as string,
        now,
      },
    });
  return found;
}

const logOf = (f: Base & { pod: string }): string =>
  kubectl(f.cluster, twoParts(f.service).namespace, 'logs --previous --tail=50', shellWord(f.pod));
const describe = (f: Base & { pod: string }): string =>
  kubectl(f.cluster, twoParts(f.service).namespace, 'describe pod', shellWord(f.pod));
const getService = (f: Base): string => getObject(f.cluster, `Service ${f.service}`);

const ending = (f: Crash): string =>
  f.reason === null
    ? ''
    : `, last ended with ${f.reason}${f.exit === null || f.reason === 'OOMKilled' ? '' : ` (exit code ${f.exit})`}${f.last === null ? '' : ` at ${clock(f.last, f.now)}`}`;
const crashText = (f: Crash): string =>
  `${f.crashing} of ${plural(f.total, 'pod')} behind Service ${f.service} ${f.crashing === 1 ? 'crashes' : 'crash'}: ${f.pod}${f.waiting === null ? '' : ` is in ${f.waiting}`}, ${plural(f.restarts, 'restart')}${ending(f)}.`;

/** The pods that a Service selects: do they run, do they stay up, do they declare the port. */
export const clusterPods = defineCheck<ServiceFacts, ClusterPodsFacts>({
  id: 'cluster-pods',
  title: 'The pods behind the Service',
  asks: 'Does the selector match pods that run, stay up, and declare the target port?',
  vantages: ['inside'],
  budgetMs: 2_000,
  plan: (scope) => serviceLooks('cluster-pods', 'app', scope),
  async look(io, look, _address, signal) {
    const facts = await serviceAsked(io, look, signal);
    refuseWithout(facts, 'pods');
    return facts;
  },
  read,
  findings: {
    SELECTOR_MATCHES_NOTHING: {
      hop: 'service',
      direction: 'implicates',
      title: 'The selector of the Service matches no pod',
      says: (f) =>
        `No pod wears the labels that Service ${f.service} selects (${f.selector})${f.idle === null ? '' : `: ${f.idle} is scaled to 0`}.`,
      next: (f) =>
        f.idle === null
          ? `Compare the selector of Service ${f.service} with the labels of its pods.`
          : `Scale ${f.idle} up again, or see who scaled it to 0.`,
      reproduce: (f) =>
        kubectl(f.cluster, twoParts(f.service).namespace, 'get pods --show-labels -l', shellWord(f.selector)),
    },
    PODS_CRASH: {
      hop: 'app',
      direction: 'implicates',
      title: 'Pods behind the Service crash',
      says: crashText,
      next: (f) => `Read what ${f.pod} said before it ended.`,
      reproduce: logOf,
    },
    PODS_CRASHED_BEFORE: {
      hop: 'app',
      direction: 'context',
      title: 'Pods behind the Service crashed in the time in question and are up again',
      says: (f) => `${crashText(f).slice(0, -1)}; it is ready again.`,
      next: (f) => `Read what ${f.pod} said before it ended.`,
      reproduce: logOf,
    },
    PODS_NOT_READY: {
      hop: 'service',
      direction: 'implicates',
      title: 'Pods behind the Service are not ready',
      says: (f) =>
        `${f.notReady} of ${plural(f.total, 'pod')} behind Service ${f.service} ${f.notReady === 1 ? 'is' : 'are'} not ready: ${f.pod}${f.node === null ? '' : ` on ${f.node}`} (${f.why}).`,
      next: (f) => `See why ${f.pod} is not ready: its events, its probe, its log.`,
      reproduce: describe,
    },
    PODS_READY: {
      hop: 'app',
      direction: 'context',
      title: 'All pods behind the Service are ready',
      says: (f) =>
        `${f.ready} of ${plural(f.total, 'pod')} behind Service ${f.service} ready, none of them restarted in the time in question.`,
      next: () => 'Nothing to do here.',
      reproduce: (f) => kubectl(f.cluster, twoParts(f.service).namespace, 'get pods'),
    },
    PODS_LEAVING: {
      hop: 'app',
      direction: 'context',
      title: 'Pods behind the Service are leaving',
      says: (f) =>
        `${f.leaving} of ${plural(f.total, 'pod')} behind Service ${f.service} ${f.leaving === 1 ? 'is' : 'are'} leaving; ${f.pod} was told to at ${clock(f.at, f.now)}.`,
      next: (f) => `See that ${f.pod} goes on answering until nobody sends to it any more (preStop).`,
      reproduce: describe,
    },
    TARGET_PORT_UNDECLARED: {
      hop: 'service',
      direction: 'implicates',
      title: 'No container declares the port that the Service leads to',
      says: (f) =>
        `Service ${f.service} leads to port ${f.target}, ${f.named ? 'a name that no container of its pods has' : 'which no container of its pods declares'} (declared: ${f.declared}).`,
      next: (f) =>
        f.declared === 'none'
          ? `Name the port ${f.target} in the container, or give Service ${f.service} a number as targetPort.`
          : `Set targetPort of Service ${f.service} to a port that its containers have: ${f.declared}.`,
      reproduce: getService,
    },
  },
});
