import type { Scene } from '../scene.ts';
import type { Finding } from '../types.ts';
import { byStatus, endpointsFine, proxyName, type Rule, serviceName, suspect, text } from './suspicion.ts';

/** Endpoints of the service that the proxy itself took out of service; HAProxy names `backend/server`, the others an address. */
export function markedDown(scene: Scene): Finding[] {
  const service = scene.path.hops.find((h) => h.hop === 'service' || h.hop === 'app');
  const known = new Set((service?.endpoints ?? []).flatMap((e) => [e.name, e.address]));
  const named = (upstream: string): boolean => known.has(upstream) || known.has(upstream.split('/').at(-1) as string);
  return scene.all('ENDPOINT_MARKED_DOWN').filter((f) => named(text(f.facts.upstream)));
}

/** The proxy's own words of requests that came to nothing behind it. */
const CAME_TO_NOTHING = ['UPSTREAM_UNREACHABLE_FOR_PROXY', 'UPSTREAM_REFUSED_PROXY', 'UPSTREAM_TIMED_OUT'];

/** The proxy tried, or checked, the endpoints that there are: its list of them is no old one, and they are out of its reach. */
export function triesTheRightOnes(scene: Scene): boolean {
  const known = new Set(scene.endpoints.map((e) => e.address));
  const tried = CAME_TO_NOTHING.flatMap((code) => scene.all(code)).some((f) => known.has(text(f.facts.upstream)));
  return tried || markedDown(scene).length > 0;
}

/** HAProxy's L4TOUT (doc 9.2, `show stat`), and what Go says of a network: something swallowed the check's packets. */
const SWALLOWED = /Layer4 timeout|i\/o timeout|no route to host|network is unreachable/i;
/** Traefik says the same of a connection that nobody takes and of a page that takes too long (measured on 3.7.9). */
const EITHER = /deadline exceeded|Client\.Timeout/;

/** Why a health check failed: it got no connection, it got no answer that it wants, or the words fit both. */
export function checkGot({ facts }: Finding): 'no-connection' | 'no-good-answer' | 'either' {
  const said = `${text(facts.why)} ${text(facts.sample)}`;
  if (SWALLOWED.test(said)) return 'no-connection';
  return EITHER.test(said) ? 'either' : 'no-good-answer';
}

/** The proxy gets no connection, or its checks get none, while we do. */
export const networkPolicy: Rule = (scene) => {
  // Nobody gets a connection to what we cannot reach either: that bars no proxy, and may be why it gave up.
  const unreached = new Set(scene.endpoints.filter((e) => !e.reached).map((e) => e.address));
  const cut = scene
    .all('PROXY_GATEWAY_ERROR')
    .filter((f) => f.facts.status === 504 && Number(f.facts.ms) >= 900 && unreached.size === 0);
  // What was marked down once and serves again is none of now.
  const down = markedDown(scene).filter((f) => checkGot(f) === 'no-connection');
  const marked = byStatus(scene, 503) > 0 && unreached.size === 0 ? down : [];
  const logged = [
    ...scene.all('UPSTREAM_UNREACHABLE_FOR_PROXY').filter((f) => !unreached.has(text(f.facts.upstream))),
    ...marked,
  ];
  if ((cut.length === 0 && logged.length === 0) || !endpointsFine(scene) || scene.has('ENDPOINT_SLOW')) return null;
  if (scene.has('UPSTREAM_NOT_AN_ENDPOINT') || scene.has('STALE_UPSTREAM_LOGGED')) return null;
  // One that could not load its last configuration may look for them elsewhere.
  if (scene.has('RELOAD_REFUSED') && !triesTheRightOnes(scene)) return null;
  return suspect(
    'network-policy-block',
    [...logged, ...cut, ...scene.all('ENDPOINT_ANSWERS')],
    logged.length ? 0.9 : 0.72,
    {
      explains: byStatus(scene, 504, 502, ...(marked.length ? [503] : [])),
      fits: true,
      sentence: `${proxyName(scene)} gets no connection to endpoints of ${serviceName(scene)} that answer when asked directly`,
      next: `Try the same connection from ${proxyName(scene)} itself, and look for a network policy or a firewall between the two.`,
    },
  );
};

/**
 * An endpoint to which neither the proxy nor we get a connection, while we reach others of the same service: its machine
 * hangs or is gone. Where we reach none, our own place in the network may be why.
 */
export const endpointUnreachable: Rule = (scene) => {
  if (!scene.endpoints.some((e) => e.reached && e.failing === 0)) return null;
  const logged = scene.all('UPSTREAM_UNREACHABLE_FOR_PROXY');
  const tried = new Set(logged.map((f) => text(f.facts.upstream)));
  const found = scene.all('ENDPOINT_UNREACHABLE').filter((f) => tried.has(text(f.facts.address)));
  const first = found[0];
  if (!first) return null;
  const addresses = [...new Set(found.map((f) => text(f.facts.address)))];
  const many = addresses.length > 1;
  // A proxy that may try another endpoint makes people wait instead, as long as it waits for a connection.
  const waits = scene.slowMs !== null && scene.reported('slow', 'timeout') ? 1 : 0;
  return suspect('app-down', [...logged.filter((f) => addresses.includes(text(f.facts.upstream))), ...found], 0.88, {
    explains: Math.max(byStatus(scene, 502, 503, 504), waits),
    fits: scene.reported('errors-5xx', 'timeout', 'slow', 'unspecified'),
    sentence: `${addresses.length} of ${scene.endpoints.length} endpoints of ${serviceName(scene)} ${many ? 'take' : 'takes'} no connection (${addresses.slice(0, 3).join(', ')}): neither ${proxyName(scene, logged[0])} nor I get one`,
    next: `Look at the ${many ? 'machines' : 'machine'} of ${addresses.slice(0, 3).join(', ')}: does it run, and does anything take connections there?`,
  });
};
