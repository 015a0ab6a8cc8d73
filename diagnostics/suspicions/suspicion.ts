import { CAUSES, type CauseId } from '../causes.ts';
import type { Scene } from '../scene.ts';
import type { Finding, Hop } from '../types.ts';

/** A cause that the findings speak for: with what, how surely, and how much of the trouble it would explain. */
export interface Suspicion {
  cause: CauseId | null;
  hop: Hop;
  because: Finding[];
  /** How sure the mechanism itself is, 0 to 1, were nothing else known. */
  strength: number;
  /** Share of users' requests that it explains now, 0 to 1; a fault that healthy requests do not show explains 0. */
  explains: number;
  /** It fits what was reported, though it may not show now. */
  fits: boolean;
  /** One sentence without its full stop, for the first line. */
  sentence: string;
  /** What to do about it, where the findings alone do not say. */
  next?: string;
}

/** One suspicion from the scene, or none. Pure. */
export type Rule = (scene: Scene) => Suspicion | null;

export const home = (cause: CauseId): Hop => CAUSES[cause].hop as Hop;
export const text = (value: unknown): string => (typeof value === 'string' ? value : '');
export const host = (scene: Scene): string => scene.case.target.host;

export function suspect(
  cause: CauseId,
  because: Finding[],
  strength: number,
  how: { explains?: number; fits?: boolean; sentence: string; hop?: Hop; next?: string },
): Suspicion {
  return {
    cause,
    hop: how.hop ?? home(cause),
    because,
    strength,
    explains: Math.min(1, how.explains ?? 0),
    fits: how.fits ?? false,
    sentence: how.sentence,
    ...(how.next !== undefined && { next: how.next }),
  };
}

/** Share of users' requests that fail in one of these ways now. */
export function failingBy(
  scene: Scene,
  test: (failure: Scene['front'][number]['failures'][number]) => boolean,
): number {
  const seen = scene.front.length ? scene.front : scene.replicas;
  const total = seen.reduce((sum, m) => sum + m.total, 0);
  const hit = seen
    .flatMap((m) => m.failures)
    .filter(test)
    .reduce((sum, f) => sum + f.count, 0);
  return total ? hit / total : 0;
}

/** It is said to come and go, or our own requests now and then fail and mostly do not. */
export const comesAndGoes = (scene: Scene): boolean =>
  scene.case.symptoms.course !== 'steady' || ((scene.failing ?? 0) > 0 && (scene.failing ?? 0) < 0.5);

/** Statuses that the report names, none of which is one of these: then it is about something else. */
export const namesOthersThan = (scene: Scene, ...statuses: number[]): boolean => {
  const named = scene.case.symptoms.statuses;
  return named.length > 0 && !named.some((status) => statuses.includes(status));
};

/** What a proxy, or a hop in front of it, says where nobody behind it took the request or answered in time. */
export const OF_A_GATEWAY = [502, 503, 504, 520, 521, 522, 523, 524];
/** The report names statuses, none of which a hop makes that found nobody behind it: then it is about answers that were given. */
export const namesGivenAnswers = (scene: Scene): boolean => namesOthersThan(scene, ...OF_A_GATEWAY);

/** Longer than this nobody waits for a page, or for a line that is silent, ms: then whoever is slow is at fault, not who cuts. */
export const ANYONE_WAITS_MS = 10_000;
/** A duration is a timeout when it is this near to it; a connection, a handshake and two clocks lie between the two, ms. */
const NEAR = { part: 0.05, ms: 60 };
/** Two durations, ms, that are one and the same timeout. */
export const near = (ms: number, limit: number): boolean =>
  Math.abs(ms - limit) <= Math.max(NEAR.ms, limit * NEAR.part);

/** Requests of the time in question that the logs count under a suspicion's findings: what it explains where nothing fails now. */
export const loggedBy = (because: Finding[]): number =>
  because.reduce((most, f) => {
    const count = typeof f.facts.errors === 'number' ? f.facts.errors : f.facts.count;
    return LOGGED.has(f.check) && typeof count === 'number' ? Math.max(most, count) : most;
  }, 0);
const LOGGED = new Set(['upstream-attribution', 'proxy-complaints', 'traffic-over-time']);

/** One or two errors a site has on any day. */
const A_FEW_ERRORS = 3;
/** Errors of a status that was reported, which the proxies' logs hold: whoever reports them was let in and answered. */
export const loggedAsReported = (scene: Scene): boolean =>
  [...scene.all('ERRORS_MADE_BY_PROXY'), ...scene.all('ERRORS_MADE_UPSTREAM'), ...scene.all('ERRORS_LOGGED')].some(
    ({ facts: { errors, statuses } }) =>
      Number(errors) >= A_FEW_ERRORS &&
      scene.case.symptoms.statuses.some(
        (status) => Array.isArray(statuses) && statuses.some((one) => String(one).endsWith(` ${status}`)),
      ),
  );

/** Endings of a connection before any HTTP: what a wrong PROXY header, a dead listener or a refused hello looks like. */
const EARLY = new Set(['PLAINTEXT', 'CLOSED', 'RESET', 'TIMEOUT', 'NOT_HTTP', 'ECONNRESET', 'ECONNREFUSED']);
export const early = (scene: Scene): number =>
  failingBy(scene, (f) => EARLY.has(f.error ?? '') || f.status === 400 || (f.error?.startsWith('ERR_SSL') ?? false));

/**
 * Share of users' requests that end as a header makes them end which the listener does not parse: before any HTTP, or by a
 * 400 (RFC 9110, section 15.5.1) to a request that is well straight at the replicas, as in clear HTTP.
 */
export function unparsed(scene: Scene): number {
  const apart = scene.all('REQUEST_ANSWERED').filter((f) => f.vantage === 'proxy-replica');
  const well = apart.length > 0 && apart.every((f) => f.facts.status !== 400);
  return early(scene) + (scene.front.length > 0 && well ? answeredWith(scene, 400) : 0);
}

export const byStatus = (scene: Scene, ...statuses: number[]): number =>
  failingBy(scene, (f) => f.status !== null && statuses.includes(f.status));
export const byCertificate = (scene: Scene): number =>
  failingBy(scene, (f) => /CERT|ISSUER|SIGNATURE|ALTNAME|SELF_SIGNED/.test(f.error ?? ''));
export const serverErrors = (scene: Scene): number =>
  failingBy(
    scene,
    (f) => (f.status ?? 0) >= 500 || f.error === 'TIMEOUT' || f.error === 'CLOSED' || f.error === 'RESET',
  );

/** The proxy's name as people know it: "edge (nginx)"; with the replica where only some of several are accused. */
export function proxyName(scene: Scene, finding?: Finding): string {
  const proxies = scene.path.hops.filter((h) => h.hop === 'proxy');
  const hop = proxies.find((h) => h.name === finding?.about.hop) ?? proxies[0];
  if (!hop) return finding?.about.hop ?? 'the proxy';
  const name = hop.kind === 'other' || hop.kind === hop.name ? hop.name : `${hop.name} (${hop.kind})`;
  if (!finding) return name;
  const accused = new Set(
    scene
      .all(finding.code)
      .filter((f) => f.about.hop === hop.name)
      .map((f) => f.about.part),
  );
  const parts = [...accused].filter((part) => part !== null);
  const some = parts.length > 0 && !accused.has(null) && parts.length < hop.instances.length;
  return some ? `${parts.join(' and ')}, ${parts.length} of ${hop.instances.length} replicas of ${name},` : name;
}

/** A hop in front by its name; where that does not say what it is, a balancer is called one: "the balancer public". */
export function frontName(scene: Scene, name: string): string {
  if (name === '') return 'the hop in front';
  const isBalancer = scene.path.hops.some((h) => h.name === name && h.hop === 'load-balancer');
  return isBalancer && !/lb|balanc|proxy|vip/i.test(name) ? `the balancer ${name}` : name;
}

/** The application as people know it: its service's name, beside the host's where the two have nothing in common. */
export const serviceName = (scene: Scene): string => {
  const service = scene.path.hops.find((h) => h.hop === 'service' || h.hop === 'app')?.name;
  if (service === undefined) return host(scene);
  const [label = ''] = host(scene).split('.');
  return service.includes(label) || label.includes(service) ? service : `${host(scene)} (${service})`;
};

/** Share of users' requests that are answered with this status now, below 500 and by nobody's own error page. */
export function answeredWith(scene: Scene, status: number): number {
  const seen = scene.front.length ? 'public' : 'proxy-replica';
  const total = (scene.front.length ? scene.front : scene.replicas).reduce((sum, m) => sum + m.total, 0);
  const hit = scene
    .all('REQUEST_ANSWERED')
    .filter((f) => f.vantage === seen && f.facts.status === status && f.facts.alternate !== true);
  return total ? hit.reduce((sum, f) => sum + Number(f.facts.count), 0) / total : 0;
}

/** Do all endpoints that were reached answer well when asked directly? false also when none was reached. */
export const endpointsFine = (scene: Scene): boolean => {
  const reached = scene.endpoints.filter((e) => e.reached);
  return reached.length > 0 && reached.every((e) => e.failing === 0);
};
/** Does an endpoint fail when asked directly? */
export const endpointsFail = (scene: Scene): boolean => scene.endpoints.some((e) => e.reached && e.failing > 0);
/**
 * An endpoint that fails or is slow when asked directly fills whatever stands in front of it: then limits, queues and losses
 * there are what it does to others, not the cause (proxies.md A8).
 */
export const appTrouble = (scene: Scene): boolean =>
  endpointsFail(scene) || scene.endpoints.some((e) => e.reached && e.slowMs !== null);
export const anyEndpointFine = (scene: Scene): boolean => scene.endpoints.some((e) => e.reached && e.failing < 1);

/** The endpoints themselves do not answer with the status that the proxy gives. */
export const notTheAppsOwn = (scene: Scene, status: number): boolean =>
  !scene.endpoints.some((e) => e.status === status);
