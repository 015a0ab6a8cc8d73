import type { Gateway, GatewayRoute } from '../objects.ts';
import { type ClusterView, keyOf } from '../view.ts';
import type { Claim } from './claim.ts';
import { servesGateway } from './gateways.ts';
import { byElements, byPattern, exactly, hostCovers, hostRank } from './paths.ts';
import type { FoundProxy } from './proxies.ts';

type Parent = GatewayRoute['parents'][number];

export const gatewayOf = (view: ClusterView, route: GatewayRoute, parent: Parent): Gateway | undefined =>
  view.objects.gateways.get(keyOf(parent.namespace ?? route.meta.namespace, parent.name));

const closest = (names: (string | null)[]): string | null | undefined =>
  [...names].sort((a, b) => hostRank(b) - hostRank(a) || (b?.length ?? 0) - (a?.length ?? 0))[0];

/**
 * The name by which a route answers for a host: its own, as far as a listener's lets it; undefined: none. A request goes
 * to the listener that names the host most closely (Gateway API, Listener.hostname; HTTPRoute.hostnames).
 */
function nameFor(route: GatewayRoute, parent: Parent, gateway: Gateway, host: string): string | null | undefined {
  const covering = gateway.listeners.filter((one) => hostCovers(one.hostname, host, 'many'));
  const best = closest(covering.map((one) => one.hostname));
  const own = covering.filter(
    (one) =>
      one.hostname === best &&
      (!parent.section || one.name === parent.section) &&
      (!parent.port || one.port === parent.port),
  );
  if (own.length === 0) return undefined;
  if (route.hostnames.length === 0) return best;
  return closest(route.hostnames.filter((name) => hostCovers(name, host, 'many')));
}

const pathCovers = (match: { type: string; value: string }, path: string): boolean =>
  match.type === 'Exact'
    ? exactly(match.value, path)
    : match.type === 'RegularExpression'
      ? byPattern(match.value, path)
      : byElements(match.value, path);

const ANY = { type: 'PathPrefix', value: '/', conditional: false };

/** Why a route is not as it should be: its own conditions, then its Gateway's. */
const problemsOf = (route: GatewayRoute, gateway: Gateway): string[] =>
  [...route.problems, ...gateway.problems].map((p) => `${p.reason}: ${p.message}`);

function claimsOf(
  proxy: FoundProxy,
  why: string,
  route: GatewayRoute,
  gateway: Gateway,
  name: string | null,
  path: string,
): Claim[] {
  const { namespace, createdAt } = route.meta;
  const rows = route.rules.flatMap((rule) =>
    (rule.paths.length ? rule.paths : [ANY])
      .filter((match) => pathCovers(match, path))
      .map((match) => ({ rule, match })),
  );
  return rows.map(({ rule, match }): Claim => {
    const used = rule.backends.filter((one) => one.weight !== 0 || rule.backends.length === 1);
    const [first, ...others] = used
      .filter((one) => one.kind === 'Service')
      .map((one) => ({
        namespace: one.namespace ?? namespace,
        name: one.name,
        port: { name: null, number: one.port },
        weight: one.weight,
      }));
    const strange = used.find((one) => one.kind !== 'Service');
    const rank = [hostRank(name), name?.length ?? 0, Number(match.type === 'Exact'), match.value.length];
    return {
      proxy,
      object: `${route.kind} ${keyOf(namespace, route.meta.name)}`,
      why,
      host: name,
      path: match.value,
      service: first ? { namespace: first.namespace, name: first.name, port: first.port } : null,
      others,
      rank,
      // A match on a header or method takes some requests only; a plain one is what we can follow.
      order: [
        ...(proxy.brand === 'traefik' ? [1, 1] : []),
        ...rank.slice(0, 2),
        Number(!match.conditional),
        ...rank.slice(2),
      ],
      createdAt: createdAt ?? '',
      addresses: gateway.addresses,
      problems: [
        ...problemsOf(route, gateway),
        ...(strange && !first ? [`it leads to the ${strange.kind} ${strange.name}, which is not read here`] : []),
      ],
      scheme: null,
      hostSent: null,
    };
  });
}

/** Routes of the Gateway API, for each proxy that serves their Gateways. A route that its Gateway refused claims nothing. */
export function claimsByGateway(view: ClusterView, proxies: FoundProxy[], host: string, path: string): Claim[] {
  const claims: Claim[] = [];
  for (const route of view.gatewayRoutes()) {
    if (route.hostnames.length && !route.hostnames.some((name) => hostCovers(name, host, 'many'))) continue;
    for (const parent of route.parents.filter((one) => one.kind === 'Gateway' && one.refused === null)) {
      const gateway = gatewayOf(view, route, parent);
      const name = gateway && nameFor(route, parent, gateway, host);
      if (!gateway || name === undefined) continue;
      for (const proxy of proxies) {
        const serves = servesGateway(view, proxy, gateway);
        if (serves.yes) claims.push(...claimsOf(proxy, serves.why, route, gateway, name, path));
      }
    }
  }
  // The most closely named host decides before any path: a shorter name's paths are never asked.
  const best = new Map<FoundProxy, number>();
  const close = (claim: Claim): number => (claim.rank[0] ?? 0) * 1_000 + (claim.rank[1] ?? 0);
  for (const claim of claims) best.set(claim.proxy, Math.max(best.get(claim.proxy) ?? 0, close(claim)));
  return claims.filter((claim) => close(claim) === best.get(claim.proxy));
}
