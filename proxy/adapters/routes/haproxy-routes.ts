import { readFile } from 'node:fs/promises';
import { BlindLook, type ProxyRoutes, type RouteSeen } from '../../../diagnostics/io/proxy-reader.ts';
import { haproxyLines } from '../../config/haproxy-bag.ts';
import { type Acls, type Asked, conditionTaken } from './haproxy-rule.ts';

const MATCHED = 10;
const SECTION =
  /^(global|defaults|frontend|backend|listen|peers|resolvers|userlist|mailers|cache|http-errors|ring|program|fcgi-app|log-forward|crt-list|crt-store|traces)\b/;

interface Frontend {
  name: string;
  lines: string[][];
  ports: number[];
  tls: boolean | null;
  acls: Acls;
}

/** Frontends and listen sections, with what `defaults` before them said. */
function frontendsOf(lines: string[]): Frontend[] {
  const found: Frontend[] = [];
  let current: string[][] | null = null;
  let defaults: string[][] = [];
  for (const line of lines) {
    const words = line.split(' ');
    if (SECTION.test(line)) {
      const kind = words[0];
      if (kind === 'defaults') current = defaults = [];
      else if (kind === 'frontend' || kind === 'listen') {
        current = [...defaults.filter(([word]) => word === 'default_backend')];
        if (kind === 'listen') current.push(['default_backend', words[1] ?? '']);
        found.push({ name: words[1] ?? '', lines: current, ports: [], tls: false, acls: new Map() });
      } else current = null;
    } else current?.push(words);
  }
  for (const frontend of found) {
    const binds = frontend.lines.filter(([word]) => word === 'bind');
    frontend.ports = binds.flatMap((bind) =>
      (bind[1] ?? '').split(',').flatMap((place) => Number(/:(\d{1,5})(?:-\d+)?$/.exec(place)?.[1] ?? 0) || []),
    );
    const ssl = binds.map((bind) => bind.includes('ssl'));
    frontend.tls = ssl.every(Boolean) && ssl.length > 0 ? true : ssl.some(Boolean) ? null : false;
    for (const [, name = '', ...rest] of frontend.lines.filter(([word]) => word === 'acl'))
      frontend.acls.set(name, [...(frontend.acls.get(name) ?? []), rest]);
  }
  return found;
}

/** The order in which HAProxy asks: http-request rules, then use_backend, then default_backend (section 2.3 of its manual). */
function routesOf(frontend: Frontend, host: string, path: string): RouteSeen[] {
  const asked: Asked = { host, path, tls: frontend.tls };
  const base = {
    ok: true,
    error: null,
    listeners: [frontend.name],
    ...(frontend.tls === null ? {} : { takes: frontend.tls ? ('tls' as const) : ('clear' as const) }),
  };
  const routes: RouteSeen[] = [];
  const add = (words: string[], covers: RouteSeen['covers'], more: Partial<RouteSeen>): void => {
    const line = words.join(' ');
    routes.push({
      ...base,
      name: line.slice(0, 120),
      rule: line.slice(0, 300),
      service: null,
      ...(covers && { covers }),
      ...more,
    });
  };
  for (const words of frontend.lines) {
    const rule = words[0] === 'http-request' ? words.slice(1) : words;
    const { taken, covers } = conditionTaken(words, frontend.acls, asked);
    // What hangs on something unknown redirects some callers, not this one for sure.
    if (taken !== true) continue;
    if (rule[0] === 'redirect' && rule[1] === 'scheme')
      add(words, covers, {
        redirectsTo: { scheme: rule[2] === 'https' ? 'https' : 'http', host: null, path: null, always: true },
      });
    else if (words[0] === 'http-request' && (rule[0] === 'return' || rule[0] === 'redirect'))
      add(words, covers, { service: 'answers itself' });
  }
  for (const words of frontend.lines.filter(([word]) => word === 'use_backend')) {
    const { taken, covers } = conditionTaken(words, frontend.acls, asked);
    // A map or an expression may know any host: then the file does not tell, and what it does is not guessed at.
    if (taken !== false) add(words, words[1]?.includes('%[') ? undefined : covers, { service: words[1] ?? null });
  }
  const fallback = frontend.lines.findLast(([word]) => word === 'default_backend');
  if (fallback) add(fallback, 'any', { service: fallback[1] ?? null });
  return routes;
}

/** Pure: routes of a haproxy.cfg for a request. */
export function routesInHaproxy(text: string, source: string, host: string, path: string): ProxyRoutes {
  const frontends = frontendsOf(haproxyLines(text));
  return {
    source,
    matching: frontends.flatMap((frontend) => routesOf(frontend, host, path)).slice(0, MATCHED),
    total: frontends
      .flatMap((frontend) => frontend.lines)
      .filter(([word]) => word === 'use_backend' || word === 'default_backend').length,
    listeners: frontends.flatMap(({ name, ports }) => ports.map((port) => ({ name, port }))),
  };
}

/** Routes of a HAProxy configuration file. Throws BlindLook where it cannot be read. */
export async function haproxyRoutes(config: string, host: string, path: string): Promise<ProxyRoutes> {
  const text = await readFile(config, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new BlindLook(error.code === 'EACCES' ? 'denied' : 'not-configured', `${config}: ${error.code}`, {
      cause: error,
    });
  });
  return routesInHaproxy(text, config, host.toLowerCase(), path);
}
