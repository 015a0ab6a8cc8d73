import type { ProxyFacts } from '../io/cluster-reader.ts';
import type { ListenerSettings, ProxySettings, Setting } from '../io/proxy-settings.ts';

/**
 * What a controller's objects say of the configuration that it writes: flags of its workload, entries of its ConfigMap.
 * Only what an Ingress cannot say otherwise for its own host: timeouts and sizes that annotations may change are left out.
 */

const UNITS: { [unit: string]: number } = { ms: 0.001, '': 1, s: 1, m: 60, h: 3600 };

/** Seconds of `240`, `240s`, `1m30s` (nginx, Go); null for anything else. */
export function secondsIn(text: string | undefined): number | null {
  if (text === undefined || text.length > 40 || !/^(\d+(\.\d+)?(ms|s|m|h)?)+$/.test(text)) return null;
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)?/g)].reduce(
    (sum, [, number, unit]) => sum + Number(number) * (UNITS[unit ?? ''] as number),
    0,
  );
}

const NOTHING: Omit<ProxySettings, 'source' | 'software'> = {
  listeners: [],
  upstreams: [],
  timeouts: {},
  limits: {},
  problems: [],
};

const listener = (
  address: string,
  tls: boolean,
  proxyHeader: ListenerSettings['proxyHeader'],
  where: string | null,
): ListenerSettings => ({ address, tls, proxyHeader, backlog: null, where });

/** The ConfigMap that a flag names: `ConfigMap namespace/name`. */
function configMapOf(facts: ProxyFacts): string {
  const namespace = facts.name.split('/')[0] ?? '';
  const named = (facts.args.configmap ?? '').replace(/\$\((POD_)?NAMESPACE\)/, namespace);
  return `ConfigMap ${named.includes('/') ? named : `${namespace}/${named}`}`;
}

/** An entry of the ConfigMap, else the controller's default. */
function entry(facts: ProxyFacts, key: string, fallback: number): Setting<number> {
  const said = secondsIn(facts.config[key]);
  return said === null ? { value: fallback, where: null } : { value: said, where: `${configMapOf(facts)}: ${key}` };
}

/** Defaults: ingress-nginx, internal/ingress/controller/config/config.go and pkg/flags/flags.go. */
function ingressNginx(facts: ProxyFacts): Omit<ProxySettings, 'source' | 'software'> {
  const on = facts.config['use-proxy-protocol'];
  const where = on === undefined ? null : `${configMapOf(facts)}: use-proxy-protocol`;
  const header = on === 'true' ? 'required' : 'none';
  const workers = facts.config['worker-processes'];
  return {
    ...NOTHING,
    listeners: [
      listener(`0.0.0.0:${facts.args['https-port'] ?? 443}`, true, header, where),
      listener(`0.0.0.0:${facts.args['http-port'] ?? 80}`, false, header, where),
    ],
    timeouts: {
      clientIdle: entry(facts, 'keep-alive', 75),
      clientHeader: entry(facts, 'client-header-timeout', 60),
      drain: entry(facts, 'worker-shutdown-timeout', 240),
      acceptAfterStop: { value: secondsIn(facts.args['shutdown-grace-period']) ?? 0, where: null },
    },
    limits: {
      // `auto` is Go's count of the machine's processors, whatever the pod may use of them.
      workers: /^\d{1,4}$/.test(workers ?? '')
        ? { value: Number(workers), where: `${configMapOf(facts)}: worker-processes` }
        : { value: 'auto', where: null },
      connections: entry(facts, 'max-worker-connections', 16_384),
      connectionsAre: 'per-worker',
    },
  };
}

function haproxyIngress(facts: ProxyFacts): Omit<ProxySettings, 'source' | 'software'> {
  const on = facts.config['use-proxy-protocol'];
  const where = on === undefined ? null : `${configMapOf(facts)}: use-proxy-protocol`;
  const header = on === 'true' ? 'required' : 'none';
  return {
    ...NOTHING,
    listeners: [listener('0.0.0.0:443', true, header, where), listener('0.0.0.0:80', false, header, where)],
  };
}

/** Defaults: traefik, docs/content/reference/install-configuration/entrypoints.md. Flags are in lower case here. */
function traefik(facts: ProxyFacts): Omit<ProxySettings, 'source' | 'software'> | null {
  const { args } = facts;
  const object = `${facts.workload.kind} ${facts.name}`;
  const names = Object.keys(args).flatMap((flag) => /^entrypoints\.([^.]+)\.address$/.exec(flag)?.[1] ?? []);
  // Without entry points in its flags it has a file, which nobody reads here.
  if (names.length === 0) return null;
  const flagOf = (start: string): string | undefined =>
    Object.keys(args).find((flag) => (flag === start || flag.startsWith(`${start}.`)) && args[flag] !== 'false');
  const listeners = names.flatMap((name): ListenerSettings[] => {
    const [address = '', protocol] = (args[`entrypoints.${name}.address`] ?? '').split('/');
    if (protocol === 'udp') return [];
    const header = flagOf(`entrypoints.${name}.proxyprotocol`);
    const tls = flagOf(`entrypoints.${name}.http.tls`) !== undefined || name === 'websecure';
    return [listener(address, tls, header ? 'optional' : 'none', header ? `${object}: --${header}` : null)];
  });
  const main = names.includes('websecure') ? 'websecure' : (names[0] as string);
  const of = (key: string, fallback: number): Setting<number> => {
    const flag = `entrypoints.${main}.transport.${key}`;
    const said = secondsIn(args[flag]);
    return said === null ? { value: fallback, where: null } : { value: said, where: `${object}: --${flag}` };
  };
  return {
    ...NOTHING,
    listeners,
    timeouts: {
      clientIdle: of('respondingtimeouts.idletimeout', 180),
      drain: of('lifecycle.gracetimeout', 10),
      acceptAfterStop: of('lifecycle.requestacceptgracetimeout', 0),
    },
  };
}

/** Kinds whose flags and ConfigMap are read here. */
export const TOLD_BY_OBJECTS = new Set(['ingress-nginx', 'haproxy-ingress', 'traefik']);

/**
 * Pure: a proxy's settings as its objects tell them. null: they do not say enough, or the ConfigMap may not be read, and
 * then a default would be a guess.
 */
export function clusterSettings(facts: ProxyFacts): ProxySettings | null {
  const unread = facts.unread?.some((detail) => /\bconfigmaps\b/.test(detail)) && facts.args.configmap !== undefined;
  const read =
    facts.kind === 'traefik'
      ? traefik(facts)
      : unread
        ? null
        : facts.kind === 'ingress-nginx'
          ? ingressNginx(facts)
          : facts.kind === 'haproxy-ingress'
            ? haproxyIngress(facts)
            : null;
  const source = `${facts.workload.kind} ${facts.name}`;
  return read && { source, software: facts.version ? `${facts.brand} ${facts.version}` : null, ...read };
}
