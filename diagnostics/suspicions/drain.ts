import type { Scene } from '../scene.ts';
import type { Change, Finding, PathHop } from '../types.ts';
import { clock } from '../wording.ts';
import { endpointsFine, host, proxyName, type Rule, serviceName, suspect } from './suspicion.ts';

/** Kinds of changes in which servers leave; a reload, a certificate or a change of settings is none. */
const LEAVES = /deploy|roll|restart|replac|scal|terminat|delet|evict|drain|upgrad|preempt|shut|stop/i;
/** "2 -> 4 replicas": more of them, and nobody leaves. */
function growsOnly(summary: string): boolean {
  const counts = /\b(\d{1,5})\s*(?:->|→|to)\s*(\d{1,5})\b/.exec(summary);
  return counts !== null && Number(counts[2]) >= Number(counts[1]);
}
const leavesBy = ({ kind, summary }: Change): boolean =>
  LEAVES.test(kind) && !(/scal/i.test(kind) && growsOnly(summary));

/** A change this long before the time in question may still be what it is about, ms. */
const BEFORE_MS = 10 * 60_000;
const UNSAID_MS = 30 * 60_000;
/** Clocks of logs and change feeds differ, and a feed may tell of a rollout a little late, ms. */
const EARLY_MS = 30_000;
/** A rolling replacement goes on after its first word; errors that begin later than this belong to something else, ms. */
const LATE_MS = 5 * 60_000;

const isLeaving = (scene: Scene): boolean =>
  scene.case.symptoms.course !== 'steady' &&
  scene.reported('errors-5xx', 'reset', 'timeout', 'disconnects', 'unspecified');

/** When servers of these hops were replaced in the time in question: the change feed, and what began anew. */
function leavings(scene: Scene, hops: PathHop[]): number[] {
  const names = new Set(
    hops.flatMap((hop) => [hop.name, ...hop.instances.map((i) => i.name), ...(hop.endpoints ?? []).map((e) => e.name)]),
  );
  const until = Date.parse(scene.case.at);
  const from = (scene.case.since === null ? until - UNSAID_MS : Date.parse(scene.case.since)) - BEFORE_MS;
  // A container that ended by itself was not told to leave: no preStop, no draining.
  const ended = scene.all('PROXY_POD_RESTARTED');
  const crashed = new Set(ended.flatMap((f) => [f.about.hop, f.facts.pod]));
  const told = scene.changes
    .filter((c) => names.has(c.object) && leavesBy(c) && !(c.kind === 'restart' && crashed.has(c.object)))
    .map((c) => Date.parse(c.at));
  const restarted = scene.all('PROXY_RESTARTED_RECENTLY').filter((f) => !crashed.has(f.about.hop));
  const seen = [
    ...restarted.map((f) => ({ f, at: f.facts.at })),
    ...scene.all('PODS_LEAVING').map((f) => ({ f, at: f.facts.at })),
    // A reload begins some proxies' counters anew as well, and nobody leaves.
    ...scene
      .all('COUNTERS_BEGAN_ANEW')
      .filter((f) => f.facts.why === 'restart')
      .map((f) => ({ f, at: f.facts.last })),
  ].flatMap(({ f, at }) => (names.has(f.about.hop) ? [Date.parse(String(at))] : []));
  const begun = hops
    .flatMap((hop) => hop.endpoints ?? [])
    .flatMap(({ startedAt }) => (startedAt === null ? [] : [Date.parse(startedAt)]));
  return [...told, ...seen, ...begun].filter((at) => at >= from && at <= until).sort((a, b) => a - b);
}

/** Did these errors begin and end while servers were leaving? */
function during(errors: Finding, times: number[]): boolean {
  const [first, last] = [Date.parse(String(errors.facts.first)), Date.parse(String(errors.facts.last))];
  const belongs = (at: number): boolean => times.some((left) => at >= left - EARLY_MS && at <= left + LATE_MS);
  return belongs(first) && belongs(last);
}

/** What is killed before it is told to stop ends whatever it still has, however well it was taken out before. */
const MECHANISMS = ['DRAIN_TOO_SHORT', 'DRAIN_CUTS_REQUESTS', 'ONE_REPLICA_ROLLS', 'GRACE_CUTS_PRESTOP'];

/** What the configuration says is lost when a server of one of these hops leaves. */
function mechanisms(scene: Scene, leavers: PathHop[]): Finding[] {
  const names = leavers.map((hop) => hop.name);
  return MECHANISMS.flatMap((code) => scene.all(code)).filter((f) => names.includes(String(f.facts.leaver)));
}

const sum = (findings: Finding[]): number => findings.reduce((total, f) => total + Number(f.facts.errors), 0);

/** How requests were lost when proxies left, by the first of the mechanisms. */
function replaced({ code }: Finding, proxy: string, at: string, to: { balancer: string; host: string }): string {
  if (code === 'ONE_REPLICA_ROLLS')
    return `the only replica of ${proxy} was replaced at ${at}, and ${to.balancer} had nobody to send requests for ${to.host} to before it took the new one in`;
  if (code === 'GRACE_CUTS_PRESTOP')
    return `replicas of ${proxy} were replaced at ${at}, and killed before they were told to stop, with the requests for ${to.host} that they still had`;
  return `replicas of ${proxy} were replaced at ${at}, and closed before ${to.balancer} had stopped sending requests for ${to.host} to them`;
}

/**
 * Proxies left while the balancer still sent to them: its configuration and theirs say so, they did leave in the time
 * in question, and the errors were made before any proxy: by the balancer's own log, or since no proxy knows of them.
 */
export const drainMismatch: Rule = (scene) => {
  const proxies = scene.path.hops.filter((h) => h.hop === 'proxy');
  const balancer = scene.path.hops.find((h) => h.hop === 'load-balancer');
  const found = mechanisms(scene, proxies).filter((f) => f.about.hop === balancer?.name);
  const first = found[0];
  const times = leavings(scene, proxies);
  if (!first || !isLeaving(scene) || times.length === 0 || scene.failing !== 0) return null;
  const logged = scene.all('BALANCER_LOST_REQUESTS');
  const lost = logged.filter((f) => during(f, times));
  const behind = [...scene.all('ERRORS_MADE_UPSTREAM'), ...scene.all('ERRORS_MADE_BY_PROXY')];
  if (scene.has('BALANCER_LOST_NOTHING') || lost.length < logged.length || sum(behind) > sum(lost)) return null;
  const quiet = scene.all('NO_ERRORS_LOGGED');
  const replicas = proxies.flatMap((h) => h.instances).length;
  const cleared = behind.length === 0 && quiet.length > 0 && quiet.length >= replicas;
  return suspect(
    'lb-drain-mismatch',
    [...found, ...lost, ...(cleared ? quiet : [])],
    lost.length ? 0.95 : cleared && scene.reported('errors-5xx', 'reset', 'timeout', 'disconnects') ? 0.8 : 0.65,
    {
      fits: true,
      sentence: replaced(first, proxyName(scene), clock(new Date(times[0] as number).toISOString(), scene.case.at), {
        balancer: balancer?.name ?? '',
        host: host(scene),
      }),
    },
  );
};

/**
 * Endpoints left while the proxy still sent to them, at the application's own deployment: the proxy's errors began and
 * ended with it, and its log says that endpoints refused, or both sides' settings say that they close too early.
 */
export const rolloutDropsInPlace: Rule = (scene) => {
  const services = scene.path.hops.filter((h) => h.hop === 'service' || h.hop === 'app');
  const times = leavings(scene, services);
  const logged = [...scene.all('ERRORS_MADE_BY_PROXY'), ...scene.all('ERRORS_LOGGED')];
  if (times.length === 0 || logged.length === 0 || !isLeaving(scene) || scene.failing !== 0) return null;
  const found = mechanisms(scene, services);
  const refused = [...scene.all('UPSTREAM_REFUSED_PROXY'), ...scene.all('UPSTREAM_CLOSED_EARLY')];
  if (found.length + refused.length === 0 || !endpointsFine(scene) || !logged.every((f) => during(f, times)))
    return null;
  if (sum(scene.all('ERRORS_MADE_UPSTREAM')) > sum(logged)) return null;
  // A log that does not say who made its errors needs the error log to say it.
  const complaints = refused.reduce((total, f) => total + Number(f.facts.count), 0);
  if (!scene.has('ERRORS_MADE_BY_PROXY') && complaints * 2 < sum(logged)) return null;
  return suspect('app-rollout-drops', [...refused, ...found, ...logged], found.length ? 0.93 : 0.88, {
    fits: true,
    sentence: `endpoints of ${serviceName(scene)} closed while the proxy still sent to them, when they were replaced at ${clock(new Date(times[0] as number).toISOString(), scene.case.at)}`,
    next: `Take an endpoint of ${serviceName(scene)} out of the proxy's list first, and let it answer on for some seconds before it is told to stop (Kubernetes: a preStop sleep).`,
  });
};
