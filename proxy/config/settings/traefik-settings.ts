import type {
  ListenerSettings,
  ProxySettings,
  Setting,
  UpstreamSettings,
} from '../../../diagnostics/io/proxy-settings.ts';
import { ruleCovers } from '../../adapters/routes/traefik-routes.ts';
import { isTree, list } from '../../json.ts';
import type { ConfigProblem } from '../nginx-config.ts';
import { defined } from './nginx-settings.ts';
import { at, entriesOf, numberOf, type PlainFile, textOf } from './plain-tree.ts';
import { traefikUpstreams } from './traefik-upstreams.ts';
import { goSeconds } from './units.ts';

/** Is `version` (3.7.9, v2.11.2) at least this one? null: not known. */
export function atLeast(version: string | null, wanted: [number, number, number]): boolean | null {
  const match = /(\d+)\.(\d+)\.(\d+)/.exec(version ?? '');
  if (!match) return null;
  const parts = match.slice(1).map(Number);
  for (let i = 0; i < 3; i++) if (parts[i] !== wanted[i]) return (parts[i] as number) > (wanted[i] as number);
  return true;
}

/** `readTimeout` is 60 s since 2.11.2 and 3.0.0, none before (traefik: pkg/config/static/static_config.go, #10598). */
const readTimeout = (version: string | null): Setting<number> | undefined => {
  const limited = atLeast(version, [2, 11, 2]);
  return limited === null ? undefined : { value: limited ? 60 : 0, where: null };
};

interface Router {
  name: string;
  rule: string;
  entryPoints: string[];
  service: string | null;
  tls: boolean;
  middlewares: string[];
  priority: number;
  file: PlainFile;
  kind: 'http' | 'tcp';
}

function routersOf(files: PlainFile[]): Router[] {
  return files.flatMap((file) =>
    (['http', 'tcp'] as const).flatMap((kind) =>
      entriesOf(at(file.data, kind, 'routers')).map(([name, router]) => ({
        name,
        kind,
        file,
        rule: textOf(at(router, 'rule')) ?? '',
        entryPoints: list(at(router, 'entryPoints')).map(String),
        service: textOf(at(router, 'service')),
        tls: isTree(at(router, 'tls')) || at(router, 'tls') === null || at(router, 'tls') === true,
        middlewares: list(at(router, 'middlewares')).map(String),
        priority: numberOf(at(router, 'priority')) ?? 0,
      })),
    ),
  );
}

/** Routers of the host, those that answer a request at all before TCP ones of any name; longer rules first, as Traefik ranks them. */
function forHost(routers: Router[], host: string): Router[] {
  const sni = (rule: string): boolean => /HostSNI\(`\*`\)/.test(rule) || rule.includes(`\`${host}\``);
  return routers
    .filter((one) => !one.name.endsWith('@internal'))
    .filter((one) => (one.kind === 'http' ? ruleCovers(one.rule, host, '/') : sni(one.rule)))
    .sort((a, b) => (b.priority || b.rule.length) - (a.priority || a.rule.length));
}

function listenersOf(fixed: PlainFile, routers: Router[]): ListenerSettings[] {
  const points = entriesOf(at(fixed.data, 'entryPoints'));
  return points.flatMap(([name, point]) => {
    const [address = '', network] = (textOf(at(point, 'address')) ?? '').split('/');
    if (!address || network === 'udp') return [];
    const own = at(point, 'proxyProtocol');
    const trusts = isTree(own) && (at(own, 'insecure') === true || list(at(own, 'trustedIPs')).length > 0);
    const tls = isTree(at(point, 'http', 'tls'));
    const used = routers.some((r) => r.tls && (r.entryPoints.length === 0 || r.entryPoints.includes(name)));
    return [
      {
        address: address.replace(/^:/, '0.0.0.0:'),
        tls: tls || used,
        // Present: used; absent: accepted all the same (traefik: pkg/server/server_entrypoint_tcp.go, policy USE).
        proxyHeader: trusts ? ('optional' as const) : ('none' as const),
        backlog: null, // Go takes the kernel's somaxconn
        where: fixed.where('entryPoints', name, ...(trusts ? ['proxyProtocol'] : ['address'])),
      },
    ];
  });
}

/** Entry points that the host's routers name; without any, all but Traefik's own. */
function pointsOf(fixed: PlainFile, routers: Router[]): string[] {
  const all = entriesOf(at(fixed.data, 'entryPoints')).map(([name]) => name);
  const named = routers.flatMap((r) => (r.tls ? r.entryPoints : [])).concat(routers.flatMap((r) => r.entryPoints));
  return [...new Set([...named.filter((n) => all.includes(n)), ...all.filter((n) => n !== 'traefik')])];
}

/**
 * Pure: what Traefik's static and dynamic configuration (2.10 to 3.x) say of a host. Defaults:
 * traefik: pkg/config/static/static_config.go and pkg/config/dynamic, `where: null`.
 */
export function traefikSettings(
  fixed: PlainFile,
  dynamic: PlainFile[],
  host: string,
  source: string,
  version: string | null,
  problems: ConfigProblem[] = [],
): ProxySettings {
  const all = routersOf([fixed, ...dynamic]);
  const routers = forHost(all, host);
  const [point] = pointsOf(fixed, routers);
  const set = (parse: (value: unknown) => number | null, fallback: number | null, ...keys: string[]) => {
    const value = parse(at(fixed.data, ...keys));
    if (value !== null) return { value, where: fixed.where(...keys) };
    return fallback === null ? undefined : { value: fallback, where: null };
  };
  const transport = ['entryPoints', point ?? '', 'transport'];
  const read = set(goSeconds, null, ...transport, 'respondingTimeouts', 'readTimeout') ?? readTimeout(version);
  const found = traefikUpstreams(fixed, dynamic, routers);
  const main = routers.find((r) => r.kind === 'http') ?? routers[0];
  const upstreams: UpstreamSettings[] = found.upstreams;
  return {
    source,
    takes: main ? `router ${main.name} (${main.file.where(main.kind, 'routers', main.name)})` : null,
    software: version ? `traefik ${version}` : null,
    listeners: listenersOf(fixed, all),
    upstreams,
    timeouts: defined({
      // One limit for the whole request, headers and body.
      clientHeader: read,
      clientBody: read,
      client: set(goSeconds, 0, ...transport, 'respondingTimeouts', 'writeTimeout'),
      clientIdle: set(goSeconds, 180, ...transport, 'respondingTimeouts', 'idleTimeout'),
      ...found.timeouts,
      drain: set(goSeconds, 10, ...transport, 'lifeCycle', 'graceTimeOut'),
      acceptAfterStop: set(goSeconds, 0, ...transport, 'lifeCycle', 'requestAcceptGraceTimeout'),
    }),
    limits: defined({
      bodyBytes: found.bodyBytes,
      // Go: net/http DefaultMaxHeaderBytes, 1 MiB.
      headerBytes: set(numberOf, 1024 ** 2, 'entryPoints', point ?? '', 'http', 'maxHeaderBytes'),
    }),
    problems,
  };
}
