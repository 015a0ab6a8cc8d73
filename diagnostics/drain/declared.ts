import type { ProxySettings, UpstreamSettings } from '../io/proxy-settings.ts';
import type { Json, PathHop } from '../types.ts';
import type { DrainFront, DrainLeaver, DrainTraffic } from './model.ts';

/**
 * From what an inventory declares and what configurations say to the inputs of the arithmetic. Keys of `settings`, all
 * optional, durations in seconds or as `5s`, `2m`:
 *
 * of a proxy or a service that leaves: `preStop`, `failsCheckFirst` (its health check fails from the begin of preStop
 * on), `terminationGracePeriodSeconds`, `stopSignal`, `stops` (fast, graceful), `longestRequest`, `keepsConnections`
 * (its clients do), `requestsPerSecond` (all replicas together), `replicas`, `minReadySeconds`, `maxUnavailable`,
 * `readinessGate`, `requestAcceptGraceTimeout` and `graceTimeOut` (Traefik);
 *
 * of the hop in front: `stopsSendingAfter` (measured, or promised), `healthCheck: { interval, fall, rise }`, `overNodes`
 * (Cluster, Local: nodes of a cluster with that traffic policy stand between the two).
 */
export const LEAVING_KEYS = [
  'preStop',
  'failsCheckFirst',
  'terminationGracePeriodSeconds',
  'stopSignal',
  'stops',
  'longestRequest',
  'replicas',
  'requestAcceptGraceTimeout',
  'graceTimeOut',
] as const;
export const FRONT_KEYS = ['stopsSendingAfter', 'healthCheck'] as const;

const UNITS: { [unit: string]: number } = { ms: 0.001, '': 1, s: 1, m: 60, min: 60, h: 3600, d: 86_400 };

/** Seconds of `5`, `"5s"`, `"1m30s"`, `"500ms"`; null for anything else. */
export function secondsOf(value: Json | undefined): number | null {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0 ? value : null;
  if (typeof value !== 'string' || value.length > 40) return null;
  const text = value.trim();
  if (!/^(\d+(\.\d+)?\s*(ms|s|min|m|h|d)?\s*)+$/.test(text)) return null;
  return [...text.matchAll(/(\d+(?:\.\d+)?)\s*(ms|s|min|m|h|d)?/g)].reduce(
    (sum, [, number, unit]) => sum + Number(number) * (UNITS[unit ?? ''] as number),
    0,
  );
}

const flag = (value: Json | undefined): boolean | null =>
  value === true || value === 'true' ? true : value === false || value === 'false' ? false : null;
const count = (value: Json | undefined): number | null =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;
const object = (value: Json | undefined): { [key: string]: Json } =>
  value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {};

const AWS = new Set(['aws-nlb', 'aws-alb', 'aws-clb']);
/** Connections as they are: they know no requests (AWS NLB guide, MetalLB, keepalived: layer 4). */
const LAYER_4 = new Set(['aws-nlb', 'keepalived', 'metallb']);
/** Proxies that watch a cluster's endpoints: an endpoint that is deleted is taken out without any check. */
const WATCHES = new Set(['ingress-nginx', 'traefik', 'haproxy-ingress', 'envoy']);

/** Seconds from a pod's deletion until an NLB's data plane has stopped: tens of seconds, up to three minutes reported. */
const NLB_TOLD = { least: 10, most: 180, source: 'aws-load-balancer-controller issues 2366 and 1834' };
const AWS_TOLD = { least: 0, most: 180, source: 'aws-load-balancer-controller issues 2366 and 1834' };
/** Seconds until a proxy has taken out a deleted endpoint: 5 to 15 s of preStop are the usual advice. */
const ENDPOINTS_TOLD = { least: 1, most: 15, source: 'kubernetes/ingress-nginx issues 3639 and 7097' };

/**
 * Nodes pass connections on, and kube-proxy follows EndpointSlices as proxies do: about a second by its own pace
 * (--iptables-min-sync-period), more on a busy node.
 */
const NODES_TOLD = { least: 1, most: 15, source: 'kubernetes: kube-proxy --iptables-min-sync-period' };

/** Is the leaver started and ended by an orchestrator, which tells those in front of it? */
const orchestrated = (leaver: PathHop): boolean =>
  leaver.settings.terminationGracePeriodSeconds !== undefined || leaver.settings.replicas !== undefined;

function toldOf(front: PathHop, leaver: PathHop): DrainFront['told'] {
  const declared = secondsOf(front.settings.stopsSendingAfter);
  if (declared !== null) return { least: declared, most: declared, source: `declared by ${front.name}` };
  if (!orchestrated(leaver)) return null;
  // Its targets are nodes, which stay: with policy Local only their health ports tell it, with Cluster nobody needs to.
  if (front.settings.overNodes === 'Cluster') return NODES_TOLD;
  if (front.settings.overNodes === 'Local') return null;
  if (front.kind === 'aws-nlb') return NLB_TOLD;
  if (AWS.has(front.kind)) return AWS_TOLD;
  return front.hop === 'proxy' && WATCHES.has(front.kind) ? ENDPOINTS_TOLD : null;
}

/** Names of the ELB API (TargetGroup), and of the load balancer controller's annotations. */
function awsCheck(attributes: PathHop['attributes']): { intervalSeconds: number; fall: number; rise: number } | null {
  const read = (...names: string[]): number | null =>
    secondsOf(names.map((name) => attributes[name]).find((value) => value !== undefined));
  const intervalSeconds = read('HealthCheckIntervalSeconds', 'healthcheck-interval');
  const fall = read('UnhealthyThresholdCount', 'healthcheck-unhealthy-threshold');
  const rise = read('HealthyThresholdCount', 'healthcheck-healthy-threshold');
  return intervalSeconds === null || fall === null ? null : { intervalSeconds, fall, rise: rise ?? fall };
}

/** The active check of the hop in front; null: none is known. */
export function checkOf(
  front: PathHop,
  upstream: UpstreamSettings | null,
): { intervalSeconds: number; fall: number; rise: number } | null {
  if (upstream?.healthCheck) return upstream.healthCheck;
  const declared = object(front.settings.healthCheck);
  const [intervalSeconds, fall] = [secondsOf(declared.interval), count(declared.fall)];
  if (intervalSeconds !== null && fall !== null) return { intervalSeconds, fall, rise: count(declared.rise) ?? fall };
  return awsCheck(front.attributes);
}

function retryOf(front: PathHop, upstream: UpstreamSettings | null): DrainFront['retry'] {
  // They end the connection, or answer 502 (AWS ALB guide, troubleshooting), and try nothing twice.
  if (LAYER_4.has(front.kind) || AWS.has(front.kind)) return { refused: 'nowhere', unanswered: 'none' };
  // A group whose servers are not in its file (ingress-nginx' Lua tables) may or may not have another one to try.
  if (!upstream || upstream.servers.length === 0) return null;
  const { retries } = upstream;
  const covers = (words: Set<string>): boolean => retries?.on.some((on) => words.has(on)) ?? false;
  if (!retries || retries.count === 0 || !covers(REFUSED)) return { refused: 'nowhere', unanswered: 'none' };
  if (!retries.otherServer) return { refused: 'same-server', unanswered: 'none' };
  return { refused: 'other-server', unanswered: unansweredOf(retries.on, covers(UNANSWERED)) };
}

/** What is repeated when a connection is refused: HAProxy's retry-on, nginx' proxy_next_upstream, Envoy's retry_on, Traefik's. */
const REFUSED = new Set(
  'conn-failure all-retryable-errors error connect connection connect-failure reset 5xx gateway-error'.split(' '),
);
/** What is repeated when a request was sent and the connection ended without an answer. */
const UNANSWERED = new Set('empty-response all-retryable-errors error reset 5xx gateway-error'.split(' '));

function unansweredOf(on: string[], covered: boolean): NonNullable<DrainFront['retry']>['unanswered'] {
  // Traefik's middleware repeats what got no answer; whether of every method depends on its version.
  if (on.includes('connection')) return null;
  if (!covered) return 'none';
  // nginx repeats what it has sent only if that is idempotent (ngx_http_proxy_module, proxy_next_upstream).
  return on.includes('error') && !on.includes('non_idempotent') ? 'idempotent' : 'all';
}

/** How long an AWS balancer lets open connections to a deregistered target be; null: without end. */
function cutsOpenAfter(front: PathHop): number | null {
  if (!AWS.has(front.kind)) return null;
  const ends =
    front.kind !== 'aws-nlb' || front.attributes['deregistration_delay.connection_termination.enabled'] === 'true';
  return ends ? (secondsOf(front.attributes['deregistration_delay.timeout_seconds']) ?? 300) : null;
}

/** The hop in front as the arithmetic wants it. `upstream`: its own configuration's, where that could be read. */
export function frontOf(front: PathHop, leaver: PathHop, upstream: UpstreamSettings | null): DrainFront {
  const check = checkOf(front, upstream);
  const mode =
    upstream?.mode ??
    (LAYER_4.has(front.kind) || front.scheme === 'tcp'
      ? 'tcp'
      : AWS.has(front.kind) || front.hop === 'proxy'
        ? 'http'
        : null);
  const listed = upstream?.servers.filter((server) => !server.down).length ?? 0;
  const known = listed || Math.max(front.targets?.length ?? 0, leaver.instances.length, leaver.endpoints?.length ?? 0);
  return {
    passes: mode === null ? null : mode === 'tcp' ? 'connections' : 'requests',
    told: toldOf(front, leaver),
    check: check && { intervalSeconds: check.intervalSeconds, fall: check.fall },
    checkKnown: check !== null || upstream !== null,
    retry: retryOf(front, upstream),
    others: known > 0 ? known - 1 : null,
    cutsOpenAfter: cutsOpenAfter(front),
    // The attribute is on unless it was switched off (AWS NLB guide, target groups).
    resetsUnhealthy:
      front.kind === 'aws-nlb' &&
      front.attributes['target_health_state.unhealthy.connection_termination.enabled'] !== 'false',
  };
}

/**
 * Signals that let a server finish; its other usual ones end it at once. Measured on nginx 1.22.1, Traefik 3.7.9,
 * HAProxy 2.6.12 and Envoy 1.40 (SIGTERM cuts what is under way); Caddy and Apache by their manuals ("signals").
 */
const GRACEFUL: { [kind: string]: string[] } = {
  nginx: ['SIGQUIT'],
  'ingress-nginx': ['SIGTERM', 'SIGQUIT'],
  haproxy: ['SIGUSR1'],
  'haproxy-ingress': ['SIGUSR1'],
  traefik: ['SIGTERM', 'SIGINT'],
  caddy: ['SIGTERM', 'SIGINT'],
  apache: ['SIGWINCH'],
  envoy: [],
};
/** Kinds that take SIGTERM, which they get unless somebody says otherwise, as the word to finish. */
const GRACEFUL_ANYWAY = new Set(['traefik', 'ingress-nginx', 'caddy']);
/** Own limits where nothing else is configured, s: graceTimeOut, worker-shutdown-timeout. */
const FINISHES: { [kind: string]: number } = { traefik: 10, 'ingress-nginx': 240 };

function stopOf(leaver: PathHop): DrainLeaver['stop'] {
  const { stops, stopSignal } = leaver.settings;
  if (stops === 'fast' || stops === 'graceful') return stops;
  const signal = typeof stopSignal === 'string' ? stopSignal.toUpperCase().replace(/^(?!SIG)/, 'SIG') : null;
  if (signal === 'SIGKILL') return 'fast';
  const graceful = GRACEFUL[leaver.kind];
  if (signal === null || !graceful) return signal === null && GRACEFUL_ANYWAY.has(leaver.kind) ? 'graceful' : null;
  return graceful.includes(signal) ? 'graceful' : 'fast';
}

/** The one that leaves, as the arithmetic wants it. `timeouts`: its own configuration's, where that could be read. */
export function leaverOf(leaver: PathHop, timeouts: ProxySettings['timeouts'] | null): DrainLeaver {
  const { settings } = leaver;
  const own = secondsOf(settings.graceTimeOut) ?? timeouts?.drain?.value ?? FINISHES[leaver.kind] ?? null;
  return {
    preStop: secondsOf(settings.preStop),
    failsCheckFirst: flag(settings.failsCheckFirst),
    acceptsFor: secondsOf(settings.requestAcceptGraceTimeout) ?? timeouts?.acceptAfterStop?.value ?? 0,
    stop: stopOf(leaver),
    // nginx without worker_shutdown_timeout, and a limit of 0, know no end.
    finishesFor: own === 0 && leaver.kind !== 'traefik' ? null : own,
    grace: secondsOf(settings.terminationGracePeriodSeconds),
  };
}

/** What is known of the requests that the leaving one gets. */
export function trafficOf(leaver: PathHop): DrainTraffic {
  const rate = count(leaver.settings.requestsPerSecond);
  const replicas =
    count(leaver.settings.replicas) ?? Math.max(leaver.instances.length, leaver.endpoints?.length ?? 0, 1);
  return {
    longest: secondsOf(leaver.settings.longestRequest),
    keepsConnections: flag(leaver.settings.keepsConnections),
    perSecond: rate === null ? null : rate / Math.max(1, replicas),
  };
}
