import { BlindLook, type ProxyRoutes, type RouteSeen } from '../../../diagnostics/io/proxy-reader.ts';
import type { Instance } from '../../../diagnostics/types.ts';
import { list, number, record, text } from '../../json.ts';
import { jsonPage } from '../json-page.ts';
import type { Reach } from '../metrics/page.ts';
import { asks } from './traefik-rule.ts';

type Item = { [key: string]: unknown };

/** Asked for at once; 100 without it, and no most is documented (traefik: pkg/api/handler.go, per_page). */
const PER_PAGE = 1_000;
/** More pages than this are not read. */
const PAGES = 20;
const MATCHED = 10;

/** All items of a list of the API. A page after the last one is answered 400: then the one before was full by chance. */
async function items(base: string, reach: Reach, signal: AbortSignal): Promise<Item[]> {
  const all: Item[] = [];
  for (let page = 1; page <= PAGES; page++) {
    const url = `${base}?per_page=${PER_PAGE}${page > 1 ? `&page=${page}` : ''}`;
    let found: unknown;
    try {
      found = await jsonPage(url, reach, signal);
    } catch (error) {
      if (page > 1 && error instanceof BlindLook && error.message.endsWith('answers 400')) return all;
      throw error;
    }
    if (!Array.isArray(found)) throw new BlindLook('unreadable', `${url} is no list of Traefik's API`);
    for (const one of found) all.push(record(one));
    if (found.length < PER_PAGE) return all;
  }
  return all;
}

/** Parts of the answer that may be missing: without them less is told, and nothing wrong. */
const orNone = (asked: Promise<Item[]>): Promise<Item[]> =>
  asked.catch((error: unknown) => {
    if (error instanceof BlindLook) return [];
    throw error;
  });

/** `:8443`, `127.0.0.1:8443/tcp`, `[::]:8443`: the port, or null. */
const portOf = (address: string): number | null => Number(/:(\d{1,5})(?:\/\w+)?$/.exec(address)?.[1] ?? 0) || null;

/** The API's own names end with `@provider`; what is written without belongs to the router's own provider. */
const qualified = (name: string, provider: string): string => (name.includes('@') ? name : `${name}@${provider}`);

/** Where the first redirecting middleware of a router sends callers (traefik: redirectScheme heeds X-Forwarded-Proto of trusted hops). */
function redirectOf(router: Item, middlewares: Map<string, Item>): RouteSeen['redirectsTo'] {
  for (const name of list(router.middlewares).map(text)) {
    const found = middlewares.get(qualified(name, text(router.provider)));
    const scheme = text(record(found?.redirectScheme).scheme);
    if (scheme === 'https' || scheme === 'http') return { scheme, host: null, path: null, always: false };
  }
  return undefined;
}

/** The address that a router's forwardAuth asks before each request; its failure is Traefik's own 500. */
function authOf(router: Item, middlewares: Map<string, Item>): string | null {
  for (const name of list(router.middlewares).map(text)) {
    const found = middlewares.get(qualified(name, text(router.provider)));
    const address = text(record(found?.forwardAuth).address);
    if (address) return address.split('?')[0]?.slice(0, 200) ?? null;
  }
  return null;
}

/** A router's priority: the length of its rule where none is given (traefik: docs, routers, priority; 2.x leaves it out). */
const priorityOf = (router: Item): number => number(router.priority) || text(router.rule).length;

/** Routers that belong to the API, the dashboard and the like serve no site; a redirect of an entry point is `noop@internal`. */
const isOwn = (router: Item): boolean =>
  text(router.service).endsWith('@internal') && router.service !== 'noop@internal';

const hasTls = (router: Item): boolean => router.tls !== undefined && router.tls !== null;

/** Could this rule take the request? What hangs on anything but host and path is taken as fulfilled. */
export const ruleCovers = (rule: string, host: string, path: string): boolean =>
  asks(rule, { host, path }).taken !== false;

/** Routers of a running Traefik that would take this request, from its API (`admin:` in the inventory). */
export async function traefikRoutes(
  instance: Instance,
  host: string,
  path: string,
  reach: Reach,
  signal: AbortSignal,
): Promise<ProxyRoutes> {
  if (!instance.admin) {
    throw new BlindLook(
      'not-configured',
      `${instance.name}: Traefik's API is not known; switch it on (--api) and name it as admin:`,
    );
  }
  const base = `${instance.admin.replace(/\/$/, '')}/api`;
  const [routers, entryPoints, passed] = await Promise.all([
    items(`${base}/http/routers`, reach, signal),
    orNone(items(`${base}/entrypoints`, reach, signal)),
    orNone(items(`${base}/tcp/routers`, reach, signal)),
  ]);
  const asked = { host: host.toLowerCase(), path };
  const covering = (router: Item) => ({ router, verdict: asks(text(router.rule), asked) });
  const http = routers
    .filter((router) => !isOwn(router))
    .map(covering)
    .filter(({ verdict }) => verdict.taken !== false)
    .sort((a, b) => priorityOf(b.router) - priorityOf(a.router));
  // A TCP router that takes the name from the TLS hello is asked before any HTTP router of the same entry point.
  const tcp = passed
    .filter(hasTls)
    .map(covering)
    .filter(({ verdict }) => verdict.taken !== false);
  const named = http.some(({ router }) => list(router.middlewares).length > 0);
  const middlewares = named ? await orNone(items(`${base}/http/middlewares`, reach, signal)) : [];
  const byName = new Map(middlewares.map((one) => [text(one.name), one]));
  const seen = ({ router, verdict }: (typeof http)[number], isTcp: boolean): RouteSeen => {
    const redirect = redirectOf(router, byName);
    const auth = authOf(router, byName);
    const listeners = list(router.using ?? router.entryPoints).map(text);
    return {
      name: text(router.name),
      rule: text(router.rule).slice(0, 300),
      service: text(router.service) || null,
      ok: router.status !== 'disabled',
      error: text(list(router.error)[0]).slice(0, 300) || null,
      covers: verdict.covers,
      priority: isTcp ? null : priorityOf(router),
      listeners,
      takes: hasTls(router) ? 'tls' : 'clear',
      owner: text(router.provider),
      ...(redirect && { redirectsTo: redirect }),
      ...(auth && { asks: auth }),
    };
  };
  return {
    source: `${base}/http/routers?per_page=${PER_PAGE}`,
    matching: [...tcp.map((one) => seen(one, true)), ...http.map((one) => seen(one, false))].slice(0, MATCHED),
    total: routers.length,
    listeners: entryPoints.map((one) => ({ name: text(one.name), port: portOf(text(one.address)) })),
  };
}
