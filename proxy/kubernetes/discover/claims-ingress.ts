import type { Ingress } from '../objects.ts';
import { type ClusterView, keyOf } from '../view.ts';
import type { Claim, ServiceRef } from './claim.ts';
import { isOn, type Serves, servesIngress } from './classes.ts';
import { byCharacters, byElements, byPattern, exactly, hostCovers, hostRank } from './paths.ts';
import type { FoundProxy } from './proxies.ts';

const NGINX = 'nginx.ingress.kubernetes.io/';

export const isCanary = (ingress: Ingress): boolean => ingress.meta.annotations[`${NGINX}canary`] === 'true';

/** Names that ingress-nginx serves beside those of the rules. */
const aliasesOf = (ingress: Ingress): string[] => {
  const said = ingress.meta.annotations[`${NGINX}server-alias`];
  return said === undefined ? [] : said.split(',').map((one) => one.trim().toLowerCase());
};

const aliased = new WeakMap<ClusterView, { version: number; by: Map<string, Ingress[]> }>();

/** Ingresses that name a host by ingress-nginx' annotation server-alias only. */
function aliasesFor(view: ClusterView, host: string): Ingress[] {
  const version = view.version('ingresses');
  const kept = aliased.get(view);
  if (kept?.version === version) return kept.by.get(host) ?? [];
  const by = new Map<string, Ingress[]>();
  for (const ingress of view.objects.ingresses.values())
    for (const alias of aliasesOf(ingress)) if (alias) by.set(alias, [...(by.get(alias) ?? []), ingress]);
  aliased.set(view, { version, by });
  return by.get(host) ?? [];
}

/** Which brands look for the host first, and answer 404 themselves when none of its paths fits; the others go on to patterns and catch-alls. */
const HOST_FIRST = new Set(['ingress-nginx', 'haproxytech', 'contour']);

interface Row {
  host: string | null;
  path: string;
  type: string;
  service: string;
  port: Ingress['rules'][number]['port'];
}

/** Rules that count for a host, with what a default backend means to this proxy. */
function rowsFor(proxy: FoundProxy, ingress: Ingress, host: string): Row[] {
  const labels = proxy.brand === 'ingress-nginx' ? 'many' : 'one';
  const isAlias = proxy.brand === 'ingress-nginx' && aliasesOf(ingress).includes(host);
  const rows: Row[] = ingress.rules.filter((rule) => isAlias || hostCovers(rule.host, host, labels));
  const back = ingress.defaultBackend;
  if (!back) return rows;
  // ingress-nginx and Traefik: with rules beside it, it is no catch-all; ingress-nginx uses it for the hosts of its
  // rules (controller.go, createServers), Traefik not at all. The HAProxys and Contour: for any host.
  const isAny = ingress.rules.length === 0 || !['ingress-nginx', 'traefik'].includes(proxy.brand);
  const of = (one: string | null): Row => ({ host: one, path: '/', type: 'Default', ...back });
  if (isAny) return [...rows, of(null)];
  const first = rows[0];
  return proxy.brand === 'ingress-nginx' && first ? [...rows, of(first.host)] : rows;
}

type Covers = (row: Row, path: string) => boolean;

/** How each controller reads a path; `Prefix` by elements, but for Traefik unless told to (strictPrefixMatching). */
function coversBy(proxy: FoundProxy, usesRegex: boolean): Covers {
  const strict = proxy.brand !== 'traefik' || isOn(proxy.args['providers.kubernetesingress.strictprefixmatching']);
  return (row, path) => {
    if (row.type === 'Default') return true;
    if (usesRegex) return byPattern(row.path, path);
    if (row.type === 'Exact') return exactly(row.path, path);
    if (row.type === 'Prefix' && strict) return byElements(row.path, path);
    return byCharacters(row.path, path);
  };
}

/** A version of Traefik as major * 100 + minor; what is not known counts as new. */
const versionOf = (proxy: FoundProxy): number => {
  const found = /^v?(\d+)\.(\d+)/.exec(proxy.version ?? '');
  return found ? Number(found[1]) * 100 + Number(found[2]) : 999;
};

/**
 * Traefik goes by the length of the rule that it writes for a row, so that a pattern written as a regular expression
 * (before 3.7) goes before the host itself (pkg/provider/kubernetes/ingress/kubernetes.go, loadRouter;
 * pkg/muxer/http/mux.go, GetRulePriority).
 */
function traefikPriority(proxy: FoundProxy, ingress: Ingress, row: Row): number {
  const given = Number(ingress.meta.annotations['traefik.ingress.kubernetes.io/router.priority']);
  if (row.type === 'Default') return -Infinity;
  if (given) return given;
  const version = versionOf(proxy);
  const rest = row.host?.startsWith('*.') ? row.host.slice(1) : null;
  const host =
    row.host === null
      ? ''
      : rest === null || version >= 307
        ? `Host(\`${row.host}\`)`
        : version < 300
          ? `HostRegexp(\`{subdomain:[a-zA-Z0-9-]+}${rest}\`)`
          : `HostRegexp(\`^[a-zA-Z0-9-]+${rest.replaceAll('.', '\\.')}$\`)`;
  const path = `${row.type === 'Exact' ? 'Path' : 'PathPrefix'}(\`${row.path}\`)`;
  return host === '' ? path.length : host.length + 4 + path.length;
}

/** What is spoken to the service, where an Ingress says it; null: the Service does. */
function schemeOf(ingress: Ingress): 'https' | 'http' | null {
  const { annotations } = ingress.meta;
  const said = annotations[`${NGINX}backend-protocol`] ?? annotations['haproxy-ingress.github.io/backend-protocol'];
  if (said !== undefined) return /^(HTTPS|GRPCS|H1-SSL|H2-SSL)$/i.test(said) ? 'https' : 'http';
  const secure = annotations['haproxy-ingress.github.io/secure-backends'] ?? annotations['haproxy.org/server-ssl'];
  return secure === 'true' ? 'https' : null;
}

function claimsOf(proxy: FoundProxy, serves: Serves, ingress: Ingress, host: string, path: string, usesRegex: boolean) {
  const { namespace, name, createdAt, annotations } = ingress.meta;
  const covers = coversBy(proxy, usesRegex);
  return rowsFor(proxy, ingress, host).map((row): { claim: Claim; covers: boolean } => {
    const isDefault = row.type === 'Default';
    const rank = [
      hostRank(row.host),
      row.host?.length ?? 0,
      Number(row.type === 'Exact' && !usesRegex),
      isDefault ? 0 : row.path.length,
    ];
    const service: ServiceRef | null = row.service ? { namespace, name: row.service, port: row.port } : null;
    return {
      covers: covers(row, path),
      claim: {
        proxy,
        object: `Ingress ${keyOf(namespace, name)}`,
        why: serves.why,
        host: row.host,
        path: row.path,
        service,
        others: [],
        rank,
        order: proxy.brand === 'traefik' ? [1, 1, traefikPriority(proxy, ingress, row)] : rank,
        createdAt: createdAt ?? '',
        addresses: ingress.addresses,
        problems: service ? [] : ['its backend is no Service'],
        scheme: schemeOf(ingress),
        hostSent: proxy.brand === 'ingress-nginx' ? (annotations[`${NGINX}upstream-vhost`] ?? null) : null,
      },
    };
  });
}

/** Ingresses that may take a host: those that name it, a pattern of it or none. */
export const ingressesFor = (view: ClusterView, host: string): Ingress[] => [
  ...new Set([...view.ingressesFor(host), ...view.ingressesFor(null), ...aliasesFor(view, host)]),
];

const takesCanaries = (proxy: FoundProxy, serves: Serves): boolean =>
  proxy.brand === 'ingress-nginx' || serves.why.includes('provider for ingress-nginx');

/** What the Ingresses of a cluster say of a host and path, for each proxy that serves them. */
export function claimsByIngress(view: ClusterView, proxies: FoundProxy[], host: string, path: string): Claim[] {
  const ingresses = ingressesFor(view, host);
  return proxies.flatMap((proxy) => {
    const served = ingresses
      .map((ingress) => ({ ingress, serves: servesIngress(view, proxy, ingress) }))
      .filter(({ serves }) => serves.yes);
    const main = served.filter(({ ingress, serves }) => !(takesCanaries(proxy, serves) && isCanary(ingress)));
    const canaries = served.filter((one) => !main.includes(one)).map(({ ingress }) => ingress);
    // One Ingress with a regex makes every path of its host one (internal/ingress/controller/template, enforceRegex).
    const usesRegex =
      proxy.brand === 'ingress-nginx' &&
      main.some(
        ({ ingress: { rules, meta } }) =>
          rules.some((rule) => rule.host !== null) &&
          (meta.annotations[`${NGINX}use-regex`] === 'true' || !!meta.annotations[`${NGINX}rewrite-target`]),
      );
    const all = main.flatMap(({ ingress, serves }) => claimsOf(proxy, serves, ingress, host, path, usesRegex));
    const fitting = hostsFirst(proxy, all, path);
    return fitting.map((claim) => withCanaries(claim, canaries, host));
  });
}

/** A proxy that looks for the host first stays with it, also where none of its paths fits. */
function hostsFirst(proxy: FoundProxy, all: { claim: Claim; covers: boolean }[], path: string): Claim[] {
  const fitting = all.filter((one) => one.covers).map(({ claim }) => claim);
  if (!HOST_FIRST.has(proxy.brand)) return fitting;
  const rankOf = (claim: Claim): number => (claim.rank[0] ?? 0) * 1_000 + (claim.rank[1] ?? 0);
  const best = Math.max(0, ...all.map(({ claim }) => rankOf(claim)));
  const own = fitting.filter((claim) => rankOf(claim) === best);
  const named = all.find(({ claim }) => rankOf(claim) === best)?.claim;
  if (own.length || !named) return own;
  const problems = [`it names ${named.host ?? 'any host'}, but none of its paths covers ${path}`];
  return [{ ...named, service: null, problems }];
}

function withCanaries(claim: Claim, canaries: Ingress[], host: string): Claim {
  const beside = canaries.flatMap((ingress) =>
    ingress.rules
      .filter(
        (rule) => rule.path === claim.path && (rule.host === null || rule.host === claim.host || rule.host === host),
      )
      .map((rule) => ({
        namespace: ingress.meta.namespace,
        name: rule.service,
        port: rule.port,
        weight: Number(ingress.meta.annotations[`${NGINX}canary-weight`] ?? 0),
      })),
  );
  return beside.length ? { ...claim, others: [...claim.others, ...beside] } : claim;
}
