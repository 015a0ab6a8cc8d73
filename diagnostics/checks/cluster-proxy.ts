import { defineCheck, type FindingSpec } from '../define-check.ts';
import { type PodsFacts, readPods } from '../nodes/pods-reading.ts';
import { lookAtPods, type ProxyPods, planPods } from '../nodes/proxy-pods.ts';
import { clock, plural, shellWord } from '../wording.ts';

type Where = { cluster: string; namespace: string };
const kubectl = (f: Where): string => `kubectl --context ${shellWord(f.cluster)} -n ${shellWord(f.namespace)}`;
const describe = (f: Where & { pod: string }): string => `${kubectl(f)} describe pod ${shellWord(f.pod)}`;
const previous = (f: Where & { pod: string }): string => `${kubectl(f)} logs ${shellWord(f.pod)} --previous --tail=50`;
const pods = (f: Where): string => `${kubectl(f)} get pods -o wide`;
const eventsOf = (f: Where & { pod: string }): string =>
  `${kubectl(f)} get events --field-selector ${shellWord(`involvedObject.kind=Pod,involvedObject.name=${f.pod}`)}`;
const nothing = (): string => 'Nothing to do here.';

/** Each is about the pods of a proxy, as the cluster tells of them. */
const findings: { [K in keyof PodsFacts]: FindingSpec<PodsFacts[K]> } = {
  PROXY_POD_CRASH_LOOPS: {
    hop: 'proxy',
    direction: 'implicates',
    title: 'Pods of the proxy crash over and over',
    says: (f) =>
      `${f.pods} of ${plural(f.total, 'pod')} of ${f.proxy} ${f.pods === 1 ? 'is' : 'are'} in ${f.waiting}: ${f.pod} ended${f.reason ? ` with ${f.reason}${f.code === null ? '' : ` (${f.code})`}` : ''}, ${plural(f.restarts, 'restart')} so far.`,
    next: (f) => `Read the last lines of Pod ${f.namespace}/${f.pod} before it ended.`,
    reproduce: previous,
  },
  PROXY_POD_DOES_NOT_START: {
    hop: 'proxy',
    direction: 'context',
    title: 'Pods of the proxy do not start',
    says: (f) =>
      `${f.pods} of ${plural(f.total, 'pod')} of ${f.proxy} ${f.pods === 1 ? 'does' : 'do'} not start: ${f.pod} waits (${f.waiting}).`,
    next: (f) => `See the events of Pod ${f.namespace}/${f.pod}.`,
    reproduce: describe,
  },
  PROXY_POD_OUT_OF_MEMORY: {
    hop: 'proxy',
    direction: 'implicates',
    title: 'A pod of the proxy was killed for memory',
    says: (f) =>
      `Pod ${f.pod}, one of ${f.total} of ${f.proxy}, was killed for memory${f.at ? ` at ${clock(f.at, f.now)}` : ''}${f.limitMib === null ? '' : ` (its limit is ${f.limitMib} MiB)`}; ${plural(f.restarts, 'restart')} so far.`,
    next: (f) => `Raise the memory limit of ${f.proxy}, and find what grows: old workers, buffers, large tables.`,
    reproduce: describe,
  },
  PROXY_POD_RESTARTED: {
    hop: 'proxy',
    direction: 'context',
    title: 'A pod of the proxy was restarted in the time in question',
    says: (f) =>
      `Pod ${f.pod}, one of ${f.total} of ${f.proxy}, ended at ${clock(f.at, f.now)} (${f.reason}${f.code === null ? '' : `, ${f.code}`}) and was started anew${f.why ? `: ${f.why}` : ''}; ${plural(f.restarts, 'restart')} so far.`,
    next: (f) =>
      `Read the last lines of Pod ${f.namespace}/${f.pod} before it ended; one restart alone convicts nobody.`,
    reproduce: previous,
  },
  PROXY_POD_KILLED_BY_PROBE: {
    hop: 'proxy',
    direction: 'implicates',
    title: 'A pod of the proxy is killed since its probe fails',
    says: (f) =>
      `Pod ${f.pod}, one of ${f.total} of ${f.proxy}, was killed ${f.count === 1 ? 'once' : `${f.count} times`} since its probe failed, last at ${clock(f.at, f.now)}: ${f.says}.`,
    next: (f) =>
      `See what kept ${f.pod} from answering its probe: a full accept queue, no processor time, too short a limit.`,
    reproduce: eventsOf,
  },
  PROXY_POD_NOT_READY: {
    hop: 'proxy',
    direction: 'context',
    title: 'Pods of the proxy are not ready',
    says: (f) =>
      `${f.ready} of ${plural(f.total, 'pod')} of ${f.proxy} ${f.ready === 1 ? 'is' : 'are'} ready; ${f.pod} is not${f.since ? `, since ${clock(f.since, f.now)}` : ''}.`,
    next: (f) => `See which probe of Pod ${f.namespace}/${f.pod} fails.`,
    reproduce: describe,
  },
  NO_PROXY_POD_READY: {
    hop: 'proxy',
    direction: 'implicates',
    title: 'No pod of the proxy is ready',
    says: (f) =>
      `No pod of ${f.proxy} is ready (${f.total} there${f.replicas === null ? '' : `, ${f.replicas} wanted`}).`,
    next: (f) => `See why the pods of ${f.proxy} are not ready.`,
    reproduce: pods,
  },
  RELOADS_TOLD_OFTEN: {
    hop: 'proxy',
    direction: 'implicates',
    title: 'The controller reloads over and over',
    says: (f) =>
      `Pod ${f.pod} of ${f.proxy} told of ${plural(f.count, 'reload')} in ${f.minutes} min, ${clock(f.first, f.now)} to ${clock(f.last, f.now)}.`,
    next: () =>
      'Find what changes over and over: an Ingress that somebody rewrites, two controllers that write one status.',
    reproduce: eventsOf,
  },
  RELOAD_ERROR_TOLD: {
    hop: 'proxy',
    direction: 'implicates',
    title: 'The controller could not load its last configuration',
    says: (f) =>
      `Pod ${f.pod} of ${f.proxy} could not reload at ${clock(f.at, f.now)} and serves an older configuration: ${f.error}.`,
    next: () => 'Take back the Ingress or ConfigMap change that the error names.',
    reproduce: eventsOf,
  },
  NOTE_PROXY_WITHOUT_REQUESTS: {
    hop: 'proxy',
    direction: 'context',
    title: 'Note: the proxy asks for no resources',
    says: (f) => `${f.proxy} sets no request for ${f.what}: under pressure its pods are starved and evicted first.`,
    next: (f) => `Set requests for ${f.what} on ${f.proxy}, to what it uses at its peak.`,
    reproduce: pods,
  },
  NOTE_PROXY_MEMORY_TIGHT: {
    hop: 'proxy',
    direction: 'context',
    title: 'Note: the proxy is near its memory limit',
    says: (f) => `Pod ${f.pod} of ${f.proxy} uses ${f.mib} of ${f.limitMib} MiB; above that it is killed.`,
    next: (f) => `Raise the memory limit of ${f.proxy} before the next peak.`,
    reproduce: (f) => `${kubectl(f)} top pod ${shellWord(f.pod)}`,
  },
  NOTE_PROXY_MEMORY_AMPLE: {
    hop: 'proxy',
    direction: 'context',
    title: 'Note: the proxy reserves far more memory than it uses',
    says: (f) =>
      `The largest pod of ${f.proxy} that I could ask uses ${f.mib} MiB of the ${f.requestMib} MiB that each reserves.`,
    next: (f) => `If this is its peak, lower the memory request of ${f.proxy}.`,
    reproduce: (f) => `${kubectl(f)} top pod ${shellWord(f.pod)}`,
  },
  PROXY_PODS_WELL: {
    hop: 'proxy',
    direction: 'clears',
    title: 'All pods of the proxy are ready, and none was restarted',
    says: (f) =>
      `All ${plural(f.total, 'pod')} of ${f.proxy} are ready, and none was restarted in the time in question.`,
    next: nothing,
    reproduce: pods,
  },
  PROXY_PODS_PARTLY_SEEN: {
    hop: 'proxy',
    direction: 'context',
    title: 'A part of what the cluster knows of the proxy could not be read',
    says: (f) => `A part of what the cluster knows of ${f.proxy} could not be read: ${f.cannot}.`,
    next: (f) => `Let me see more: ${f.cannot}.`,
    reproduce: () => null,
  },
};

/** Do the pods of the proxy live, and what do they say of themselves in events? */
export const clusterProxy = defineCheck<ProxyPods, PodsFacts>({
  id: 'cluster-proxy',
  title: "The proxy's pods",
  asks: 'Are the pods of the proxy ready, were they restarted or killed, and do they reload over and over?',
  vantages: ['inside'],
  budgetMs: 5_000,
  plan: planPods,
  look: (io, look, _address, signal) => lookAtPods(io, look, signal),
  read: readPods,
  findings,
});
