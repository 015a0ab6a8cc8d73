import { isTree } from '../../json.ts';
import type { Tally } from './tally.ts';
import { hostOf } from './traefik.ts';

/** `/api/version` of Traefik: `{"Version":"3.7.9", …}`. */
export function readVersion(page: unknown, tally: Tally): void {
  if (isTree(page) && typeof page.Version === 'string') tally.sample.software = `traefik ${page.Version.slice(0, 50)}`;
}

/**
 * `/api/http/services`: every server with what Traefik believes of it. Without a health check Traefik calls all of them
 * UP and knows nothing: those are left unknown. Replaces what the page said, since 3.0.x names no services there.
 */
export function readServices(page: unknown, tally: Tally): void {
  if (!Array.isArray(page)) return;
  for (const service of page) {
    if (!isTree(service) || typeof service.name !== 'string' || !isTree(service.serverStatus)) continue;
    const balancer = isTree(service.loadBalancer) ? service.loadBalancer : {};
    const checked = isTree(balancer.healthCheck);
    for (const [url, status] of Object.entries(service.serverStatus))
      tally.endpoint(service.name, hostOf(url)).up = checked ? status === 'UP' : null;
  }
  tally.forgetEndpoints('(not named)');
}
