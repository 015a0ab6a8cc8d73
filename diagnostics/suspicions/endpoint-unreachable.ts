import { byStatus, proxyName, type Rule, serviceName, suspect, text } from './suspicion.ts';

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
