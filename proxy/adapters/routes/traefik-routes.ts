import { BlindLook, type ProxyRoutes } from '../../../diagnostics/io/proxy-reader.ts';
import type { Instance } from '../../../diagnostics/types.ts';
import type { Reach } from '../metrics/page.ts';

interface Router {
  name?: string;
  rule?: string;
  service?: string;
  status?: string;
  error?: string[];
  priority?: number;
}

/** Pages of the API hold 100 routers each (traefik: pkg/api/handler.go, per_page). */
const PER_PAGE = 1_000;
const MATCHED = 10;

const literals = (rule: string, matcher: string): string[] =>
  [...rule.matchAll(new RegExp(`${matcher}\\(([^)]*)\\)`, 'g'))].flatMap((m) =>
    [...(m[1] as string).matchAll(/[`"']([^`"']+)[`"']/g)].map((l) => l[1] as string),
  );

/**
 * Could this rule take the request? Host, HostRegexp and the path matchers are judged, `!` and further matchers are
 * taken as fulfilled: enough to tell "there is none" from "there is one".
 */
export function ruleCovers(rule: string, host: string, path: string): boolean {
  const hosts = [...literals(rule, 'Host'), ...literals(rule, 'HostHeader')].map((h) => h.toLowerCase());
  const patterns = literals(rule, 'HostRegexp');
  const covers = (pattern: string): boolean => {
    try {
      return new RegExp(pattern.replace(/\{[^:}]+:([^}]+)\}/g, '$1')).test(host);
    } catch {
      return false; // Go's syntax that JavaScript does not share: say no rather than guess
    }
  };
  if ((hosts.length || patterns.length) && !hosts.includes(host) && !patterns.some(covers)) return false;
  const prefixes = literals(rule, 'PathPrefix');
  const exact = literals(rule, 'Path');
  if (!prefixes.length && !exact.length) return true;
  return prefixes.some((prefix) => path.startsWith(prefix)) || exact.includes(path.split('?')[0] ?? path);
}

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
  const url = `${instance.admin.replace(/\/$/, '')}/api/http/routers?per_page=${PER_PAGE}`;
  let routers: Router[];
  try {
    const parsed: unknown = JSON.parse(await reach.page(url, signal));
    if (!Array.isArray(parsed)) throw new Error('no list');
    routers = parsed as Router[];
  } catch (error) {
    if (error instanceof BlindLook) throw error;
    throw new BlindLook('unreadable', `${url} is no list of routers: ${(error as Error).message}`, { cause: error });
  }
  const matching = routers
    .filter((router) => !String(router.name).endsWith('@internal') && ruleCovers(String(router.rule ?? ''), host, path))
    .sort((a, b) => (b.priority ?? 0) - (a.priority ?? 0))
    .slice(0, MATCHED)
    .map((router) => ({
      name: String(router.name ?? ''),
      rule: String(router.rule ?? '').slice(0, 300),
      service: router.service ?? null,
      ok: router.status !== 'disabled' && !(router.error?.length ?? 0),
      error: router.error?.[0]?.slice(0, 300) ?? null,
    }));
  return { source: url, matching, total: routers.length };
}
