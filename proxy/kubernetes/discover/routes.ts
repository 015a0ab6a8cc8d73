import type { ClusterView } from '../view.ts';
import { before, type Claim } from './claim.ts';
import { claimsByGateway } from './claims-gateway.ts';
import { claimsByIngress } from './claims-ingress.ts';
import { claimsByIngressRoute } from './claims-traefik.ts';
import type { FoundProxy } from './proxies.ts';

export type { Claim } from './claim.ts';
export { type Unserved, unservedFor } from './unserved.ts';

/** Every claim of every proxy to a host and path, the one that wins first within each proxy. */
export function claimsFor(view: ClusterView, proxies: FoundProxy[], host: string, path: string): Claim[] {
  const wanted = host.toLowerCase();
  return [
    ...claimsByIngress(view, proxies, wanted, path),
    ...claimsByIngressRoute(view, proxies, wanted, path),
    ...claimsByGateway(view, proxies, wanted, path),
  ].sort(before);
}
