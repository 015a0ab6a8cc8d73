import type { Planned, Scope } from '../define-check.ts';
import type { EventFacts, PodFacts, ProxyFacts } from '../io/cluster-reader.ts';
import type { Io } from '../io/io.ts';
import { BlindLook } from '../io/proxy-reader.ts';
import type { Look, PathHop } from '../types.ts';
import { type Window, windowOf } from '../window.ts';
import { tried } from './health.ts';

/** What a cluster says of a proxy's own pods. Plain JSON: it becomes evidence. */
export interface ProxyPods {
  cluster: string;
  proxy: string;
  kind: string;
  /** `Deployment`, `DaemonSet`, `StatefulSet`. */
  workload: string;
  replicas: number | null;
  rolling: boolean;
  limits: ProxyFacts['workload']['limits'];
  requests: ProxyFacts['workload']['requests'];
  /** Those that are or were in trouble first, at most 30 of `total`. */
  pods: PodFacts[];
  total: number;
  ready: number;
  /** Events of its pods in the time in question, oldest first: restarts, probes, reloads. null: may not be read. */
  events: EventFacts[] | null;
  /** Memory that its processes use, by its own metrics, bytes; replicas without such a page are left out. */
  used: { pod: string; bytes: number }[];
  cannot: string[];
}

const MOST_PODS = 30;
const MOST_EVENTS = 60;
const MOST_PAGES = 3;
const WORTH =
  /^(BackOff|Killing|Unhealthy|RELOAD|OOMKilling|Evicted|Failed|FailedPreStopHook|ExceededGracePeriod|Preempted)$/;

const inTrouble = (pod: PodFacts): number =>
  (pod.waiting ? 8 : 0) + (pod.ready ? 0 : 4) + (pod.lastExit ? 2 : 0) + (pod.restarts > 0 ? 1 : 0);

/** Discovered proxies of the path. */
const discoveredProxies = (hops: PathHop[]): PathHop[] =>
  hops.filter((hop) => hop.hop === 'proxy' && hop.discovered === true);

/** Pure: one look at each proxy of the path that a cluster runs. */
export function planPods({ case: triage, path }: Scope): Planned[] {
  const found = path.cluster ? discoveredProxies(path.hops) : [];
  const looks = found.map(
    (hop): Look => ({
      check: 'cluster-proxy',
      vantage: 'inside',
      hop: 'proxy',
      at: { hop: hop.name, part: null },
      address: '',
      with: {
        window: { ...windowOf(triage) },
        pages: hop.instances
          .filter((one) => one.metrics)
          .slice(0, MOST_PAGES)
          .map((one) => one.name),
      },
    }),
  );
  if (looks.length || !triage.only?.includes('cluster-proxy')) return looks.map((look) => ({ look }));
  const name = path.hops.find((hop) => hop.hop === 'proxy')?.name ?? '';
  const look: Look = {
    check: 'cluster-proxy',
    vantage: 'inside',
    hop: 'proxy',
    at: { hop: name, part: null },
    address: '',
    with: {},
  };
  const detail = 'no proxy of this path runs in a cluster that I watch; name it under kubernetes:';
  return [{ look, blind: { reason: 'not-configured', detail } }];
}

/** Reads pods, their events and, where there is a page, the memory they use. Throws BlindLook where pods may not be read. */
export async function lookAtPods(io: Io, look: Look, signal: AbortSignal): Promise<ProxyPods> {
  const { window, pages } = look.with as unknown as { window: Window; pages: string[] };
  const { cluster } = io;
  if (!cluster)
    throw new BlindLook('not-configured', 'the cluster of this path is not watched; name it under kubernetes:');
  const facts = await cluster.proxy(look.at.hop, signal);
  const [namespace = ''] = facts.name.split('/');
  const cannot = [...(facts.unread ?? [])];
  const about = facts.pods.slice(0, 200).map((pod) => `Pod ${namespace}/${pod.name}`);
  const [events, used] = await Promise.all([
    tried<EventFacts[] | null>(cannot, null, () => cluster.events(about, window, signal)),
    Promise.all(
      pages.map((part) =>
        // What a page does not say is no gap of this look.
        tried<{ pod: string; bytes: number } | null>([], null, async () => {
          const { process } = await io.proxy.sample({ hop: look.at.hop, part }, signal);
          return process.residentBytes === null ? null : { pod: part, bytes: process.residentBytes };
        }),
      ),
    ),
  ]);
  const pods = facts.pods.toSorted((a, b) => inTrouble(b) - inTrouble(a) || a.name.localeCompare(b.name));
  return {
    cluster: cluster.cluster,
    proxy: facts.name,
    kind: facts.kind,
    workload: facts.workload.kind,
    replicas: facts.workload.replicas,
    rolling: facts.workload.rolling,
    limits: facts.workload.limits,
    requests: facts.workload.requests,
    pods: pods.slice(0, MOST_PODS),
    total: pods.length,
    ready: pods.filter((pod) => pod.ready && pod.leavingSince === null).length,
    events: events?.filter((one) => WORTH.test(one.reason)).slice(-MOST_EVENTS) ?? null,
    used: used.filter((one) => one !== null),
    cannot: [...new Set(cannot)].slice(0, 5),
  };
}
