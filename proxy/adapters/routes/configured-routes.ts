import { BlindLook, type ProxyRoutes } from '../../../diagnostics/io/proxy-reader.ts';
import type { Instance, PathHop } from '../../../diagnostics/types.ts';
import { envoyRoutes } from '../envoy/routes.ts';
import type { Reach } from '../metrics/page.ts';
import { haproxyRoutes } from './haproxy-routes.ts';
import { nginxRoutes } from './nginx-routes.ts';
import { traefikRoutes } from './traefik-routes.ts';

/**
 * Routes for a request as the proxy itself has them: from the API of a running one (Traefik, Envoy), else from its
 * configuration file, which may be newer than what runs. Throws BlindLook with the line that would let us see.
 */
export async function routesOf(
  hop: PathHop,
  instance: Instance,
  asked: { host: string; path: string },
  reach: Reach,
  signal: AbortSignal,
): Promise<ProxyRoutes> {
  const { host, path } = asked;
  if (hop.kind === 'traefik') return traefikRoutes(instance, host, path, reach, signal);
  if (hop.kind === 'envoy') return envoyRoutes(instance, host, path, reach, signal);
  if (!instance.config)
    throw new BlindLook('not-configured', `${instance.name}: its configuration is not known; name the file as config:`);
  return hop.kind.startsWith('haproxy')
    ? haproxyRoutes(instance.config, host, path)
    : nginxRoutes(instance.config, host, path);
}
