import type {
  HealthCheckSettings,
  ListenerSettings,
  UpstreamServer,
  UpstreamSettings,
} from '../../../diagnostics/io/proxy-settings.ts';
import { type HaproxySection, inherited, lineOf, option } from '../haproxy-config.ts';
import { haproxySeconds } from './units.ts';

/** Words of a server that take a value, as far as they matter here (haproxy: doc/configuration.txt section 5.2). */
const VALUES = new Set(
  'weight maxconn inter fastinter downinter fall rise port addr ca-file crt sni verify id cookie on-error on-marked-down on-marked-up observe error-limit slowstart maxqueue pool-max-conn pool-purge-delay max-reuse resolvers resolve-prefer init-addr alpn check-alpn check-sni proto check-proto track source ciphers force-tlsv12 agent-port agent-addr agent-inter ws'.split(
    ' ',
  ),
);

type Words = Map<string, string | true>;

function words(list: string[]): Words {
  const found: Words = new Map();
  for (let i = 0; i < list.length; i++) {
    const word = list[i] as string;
    found.set(word, VALUES.has(word) ? (list[++i] ?? '') : true);
  }
  return found;
}

const sendsOf = (server: Words): UpstreamServer['sends'] =>
  server.has('send-proxy')
    ? 'proxy-v1'
    : ['send-proxy-v2', 'send-proxy-v2-ssl', 'send-proxy-v2-ssl-cn'].some((word) => server.has(word))
      ? 'proxy-v2'
      : 'none';

const count = (value: string | true | undefined): number | null =>
  typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : null;

/** Servers of a backend with what `default-server` lines give them; `settings` are theirs, for checks. */
function serversOf(section: HaproxySection): { server: UpstreamServer; settings: Words }[] {
  let defaults: Words = new Map();
  for (const one of inherited(section).toReversed())
    for (const line of one.lines)
      if (line.words[0] === 'default-server') defaults = new Map([...defaults, ...words(line.words.slice(1))]);
  return section.lines.flatMap((line) => {
    const [keyword, name = '', ...rest] = line.words;
    if (keyword !== 'server' && keyword !== 'server-template') return [];
    const [address = '', ...more] = keyword === 'server' ? rest : rest.slice(1);
    const own = words(more);
    const settings: Words = new Map([...defaults, ...own]);
    for (const off of ['check', 'ssl', 'send-proxy', 'send-proxy-v2', 'backup', 'disabled'])
      if (own.has(`no-${off}`) || (off === 'disabled' && own.has('enabled'))) settings.delete(off);
    return {
      settings,
      server: {
        name: keyword === 'server' ? name : `${name}*`,
        address: address.replace(/^ipv[46]@/, ''),
        weight: count(settings.get('weight')) ?? 1,
        backup: settings.has('backup'),
        down: settings.has('disabled'),
        sends: sendsOf(settings),
        tls: settings.has('ssl'),
        limit: count(settings.get('maxconn')) || null,
      },
    };
  });
}

/** `inter` 2 s, `fall` 3, `rise` 2 where nobody said (haproxy: doc/configuration.txt section 5.2). */
function healthCheckOf(section: HaproxySection, checked: Words | undefined): HealthCheckSettings | null {
  if (!checked) return null;
  const http = option(section, 'httpchk');
  const [, , method, uri] = http?.words ?? [];
  const sent = lineOf(section, 'http-check', 'send')?.words ?? [];
  const sentUri = sent.indexOf('uri');
  const text = (key: string): string => String(checked.get(key) ?? '');
  return {
    path: http
      ? sentUri !== -1
        ? (sent[sentUri + 1] ?? '/')
        : (uri ?? (method?.startsWith('/') ? method : '/'))
      : null,
    intervalSeconds: haproxySeconds(text('inter')) ?? 2,
    fall: count(checked.get('fall')) ?? 3,
    rise: count(checked.get('rise')) ?? 2,
  };
}

/** Requests or connections: `mode` is tcp where nobody says http. */
export const modeOf = (section: HaproxySection): 'http' | 'tcp' =>
  lineOf(section, 'mode')?.words[1] === 'http' ? 'http' : 'tcp';

/** A backend or listen section as an upstream. */
export function haproxyUpstream(section: HaproxySection, connectSeconds: number): UpstreamSettings {
  const servers = serversOf(section);
  const mode = modeOf(section);
  const retries = count(lineOf(section, 'retries')?.words[1]) ?? 3;
  const on = lineOf(section, 'retry-on')?.words.slice(1) ?? ['conn-failure'];
  const redispatch = option(section, 'redispatch');
  const closes = option(section, 'httpclose') ?? option(section, 'http-server-close') ?? option(section, 'http-tunnel');
  const reuse = lineOf(section, 'http-reuse')?.words[1] ?? 'safe';
  const first = servers.find(({ settings }) => settings.has('check'))?.settings;
  return {
    name: section.name,
    policy: lineOf(section, 'balance')?.words.slice(1).join(' ') || 'roundrobin',
    mode,
    servers: servers.map(({ server }) => server),
    healthCheck: healthCheckOf(section, first),
    retries:
      retries === 0 || on.includes('none')
        ? null
        : {
            count: retries,
            // Without redispatch every try goes to the same server (measured on 2.6: 503 after 3 s).
            otherServer: redispatch !== null && servers.length > 1,
            on,
            // doc/configuration.txt, retries: a turn-around of one second, or of timeout connect where that is shorter.
            waitSeconds: connectSeconds > 0 ? Math.min(1, connectSeconds) : 1,
          },
    // Idle ones are purged by halves every pool-purge-delay (5 s), and `safe` reuse never sends a first request on one.
    keepalive:
      mode === 'tcp' || closes || reuse === 'never'
        ? null
        : {
            connections: count(first?.get('pool-max-conn')),
            idleSeconds: null,
            requests: count(first?.get('max-reuse')),
          },
    where: `${section.file}:${section.line}`,
  };
}

/** `bind` lines of a frontend or listen section (haproxy: doc/configuration.txt section 5.1). */
export function haproxyListeners(section: HaproxySection): ListenerSettings[] {
  const limit = count(lineOf(section, 'maxconn')?.words[1]);
  // A section-wide limit for the queue is `backlog`, else its maxconn.
  const backlog = count(lineOf(section, 'backlog')?.words[1]);
  const selective = section.lines.some(
    ({ words: w }) => w[0] === 'tcp-request' && w[1] === 'connection' && w[2] === 'expect-proxy',
  );
  return section.lines
    .filter((line) => line.words[0] === 'bind')
    .flatMap((line) => {
      const rest = line.words.slice(2);
      const own = rest[rest.indexOf('backlog') + 1];
      const at = rest.indexOf('maxconn');
      return (line.words[1] ?? '').split(',').map((address) => ({
        address: address.replace(/^ipv[46]@/, '').replace(/^\*?:(?=\d)/, '0.0.0.0:'),
        tls: rest.includes('ssl'),
        proxyHeader: rest.includes('accept-proxy') ? ('required' as const) : selective ? 'optional' : 'none',
        backlog: (rest.includes('backlog') ? count(own) : null) ?? backlog ?? limit,
        limit: (at === -1 ? null : count(rest[at + 1])) ?? limit,
        where: `${line.file}:${line.line}`,
      })) as ListenerSettings[];
    });
}
