import type { Scene } from '../scene.ts';
import { binomialTwoSided } from '../stats.ts';
import type { Finding } from '../types.ts';
import { checkGot, markedDown } from './no-connection.ts';
import {
  ANYONE_WAITS_MS,
  byStatus,
  endpointsFine,
  host,
  namesGivenAnswers,
  proxyName,
  type Rule,
  serverErrors,
  serviceName,
  suspect,
  text,
} from './suspicion.ts';

export const proxyOverloaded: Rule = (scene) => {
  // A full queue or circuit breaker is the proxy's own limit, unless it is full because the endpoints are slow or broken.
  const full = [
    ...scene.all('PROXY_OVERFLOWS'),
    ...[...scene.all('PROXY_QUEUE_FULL'), ...scene.all('REQUESTS_QUEUED')].filter((f) => f.direction === 'implicates'),
  ];
  const behind = !endpointsFine(scene) || scene.endpoints.some((e) => e.slowMs !== null);
  if (full.length === 0 || behind) return null;
  // HAProxy gives 503 to what waited too long in its queue, Envoy to what its breaker refuses; what may wait is only slow.
  const away = full.some((f) => f.code !== 'REQUESTS_QUEUED');
  const waits = scene.slowMs !== null && scene.reported('slow', 'timeout') ? 1 : 0;
  const explains = away ? byStatus(scene, 503) : waits;
  if (explains === 0 && (scene.case.symptoms.course === 'steady' || namesGivenAnswers(scene))) return null;
  return suspect('proxy-overloaded', full, scene.has('PROXY_OVERFLOWS') ? 0.93 : 0.85, {
    explains,
    fits: scene.reported('errors-5xx', 'timeout', 'slow', 'unspecified'),
    sentence: `${proxyName(scene, full[0])} ${away ? `turns requests to ${host(scene)} away` : `lets requests for ${host(scene)} wait`} at a limit of its own, while the endpoints answer quickly`,
  });
};

/** Draws as many or as few as that are no luck. */
const NO_LUCK = 0.01;

/** Do about as many of our requests fail as are drawn for the strangers? true where it is not known how many that are. */
function asDrawn(scene: Scene, { facts: { share } }: Finding): boolean {
  if (typeof share !== 'number') return true;
  const seen = scene.front.length ? scene.front : scene.replicas;
  const total = seen.reduce((sum, m) => sum + m.total, 0);
  return binomialTwoSided(Math.round(byStatus(scene, 502, 503, 504) * total), total, share) >= NO_LUCK;
}

export const staleEndpoints: Rule = (scene) => {
  // A strange address in its list is a fault only where the proxy fails and the endpoints that there are do not.
  const broken = scene.has('PROXY_GATEWAY_ERROR') && endpointsFine(scene);
  const listed = broken ? scene.all('PROXY_LISTS_STRANGERS').filter((f) => asDrawn(scene, f)) : [];
  const found = [...scene.all('UPSTREAM_NOT_AN_ENDPOINT'), ...scene.all('STALE_UPSTREAM_LOGGED'), ...listed];
  const explains = byStatus(scene, 502, 503, 504);
  if (found.length === 0 || (explains === 0 && namesGivenAnswers(scene))) return null;
  return suspect('stale-endpoints', found, 0.9, {
    explains,
    fits: scene.reported('errors-5xx', 'timeout', 'unspecified'),
    sentence: `${proxyName(scene, found[0])} sends requests for ${host(scene)} to ${text(found[0]?.facts.upstream ?? found[0]?.facts.address ?? (found[0]?.facts.strangers as string[] | undefined)?.[0])}, which is no endpoint of ${serviceName(scene)}`,
  });
};

/** Servers that the proxy's own health check took out, though they answer the very requests that users make. */
export const wrongHealthCheck: Rule = (scene) => {
  // Where a check got no connection, or may have got none, its page need not be what is wrong.
  const found = markedDown(scene).filter((f) => checkGot(f) === 'no-good-answer');
  const said = [...scene.all('NO_HEALTHY_ENDPOINT_LOGGED'), ...scene.all('PROXY_HAS_NO_BACKEND')];
  // nginx says 502 where no server is left to it, and tells why in its log.
  const none = said.length ? said : scene.all('NO_LIVE_UPSTREAM');
  const explains = byStatus(scene, 502, 503);
  if (found.length === 0 || none.length === 0 || explains === 0 || !endpointsFine(scene)) return null;
  const why = text(found[0]?.facts.why);
  return suspect('stale-endpoints', [...found, ...none, ...scene.all('ENDPOINT_ANSWERS')], 0.9, {
    explains,
    fits: scene.reported('errors-5xx', 'unspecified'),
    sentence: `${proxyName(scene, found[0])} takes the endpoints of ${serviceName(scene)} for dead by its own health check${why ? ` (${why})` : ''}, while they answer when asked directly`,
  });
};

/** "76 of 85", "89 % of the", "all": a share in percent only from 100 requests on (voice, rule 2). */
function partOf(share: number, requests: number): string {
  if (share >= 1) return 'all';
  return requests >= 100 ? `${Math.round(share * 100)} % of the` : `${Math.round(share * requests)} of ${requests}`;
}

/**
 * Endpoints that should share evenly do not, and somebody says that it is slow or uneven. Never for what zones, late
 * joiners or one slow endpoint explain, and never for a skew that nobody would feel: those are context.
 */
export const endpointImbalance: Rule = (scene) => {
  const skewed = scene.all('ENDPOINT_SHARE_SKEWED').filter((f) => f.direction === 'implicates');
  const pinned = scene.all('PINNED_CONNECTIONS').filter((f) => f.direction === 'implicates');
  const first = skewed[0] ?? pinned[0];
  if (!first) return null;
  const slow = scene.endpoints.filter((e) => e.slowMs !== null);
  const busiest = text(first.facts.busiest);
  // Endpoints that are slow without being the busy one are the application's own trouble.
  if (slow.some((e) => e.address !== busiest)) return null;
  const fits =
    scene.reported('slow', 'uneven', 'timeout') ||
    (scene.reported('unspecified', 'errors-5xx') && scene.slowMs !== null);
  if (!fits) return null;
  const seconds = typeof first.facts.seconds === 'number' ? first.facts.seconds : 0;
  const others = typeof first.facts.others === 'number' ? first.facts.others : null;
  const felt =
    slow.length > 0 || scene.slowMs !== null || (others !== null && seconds > 2 * others) || scene.reported('uneven');
  // Pinned connections make nobody wait by themselves: only a report of just that, or a busy endpoint that is slow.
  if (skewed.length === 0 && !felt) return null;
  const share = `${partOf(Number(first.facts.share), Number(first.facts.requests))} requests for ${host(scene)}`;
  const of = `one of ${scene.endpoints.length || 'several'} endpoints`;
  return suspect('endpoint-imbalance', [...skewed, ...pinned], felt ? 0.95 : 0.8, {
    explains: scene.slowMs !== null ? 1 : serverErrors(scene),
    fits,
    sentence:
      skewed.length > 0
        ? `${proxyName(scene, first)} sends ${share} to ${of}`
        : `${proxyName(scene, first)} keeps its connections to one service address, and ${share} end at ${of}`,
  });
};

/** What to do where a proxy gives up too early; `slowest`: what the application needs, ms. */
export const waitLonger = (slowest: number): string =>
  `Let the proxy wait longer than the ${(slowest / 1000).toFixed(1)} s that the application needs here, or make this page faster.`;

export const timeoutTooShort: Rule = (scene) => {
  const cut = scene.all('PROXY_GATEWAY_ERROR').filter((f) => f.facts.status === 504);
  const finishing = scene.all('ENDPOINT_SLOW');
  const first = cut[0];
  if (!first || finishing.length === 0) return null;
  const limit = Number(first.facts.ms);
  const slowest = Math.max(...finishing.map((f) => Number(f.facts.ms)));
  // Beyond what anyone waits for, it is the application that is slow, whoever cuts first.
  if (slowest <= limit || limit >= ANYONE_WAITS_MS) return null;
  return suspect('proxy-timeout-too-short', [...cut, ...finishing], 0.9, {
    explains: byStatus(scene, 504),
    fits: true,
    sentence: `${proxyName(scene, first)} gives up on ${host(scene)} after ${(limit / 1000).toFixed(1)} s, while the application would have answered after ${(slowest / 1000).toFixed(1)} s`,
    next: waitLonger(slowest),
  });
};
