import { BlindLook } from '../../../diagnostics/io/proxy-reader.ts';
import type { ProxySettings } from '../../../diagnostics/io/proxy-settings.ts';
import type { Instance, PathHop } from '../../../diagnostics/types.ts';
import type { Reach } from '../../adapters/metrics/page.ts';
import { ConfigFileError } from '../config-text.ts';
import { loadHaproxy } from '../haproxy-config.ts';
import { type ConfigProblem, loadNginx } from '../nginx-config.ts';
import { envoySettings } from './envoy-settings.ts';
import { haproxySettings } from './haproxy-settings.ts';
import { nginxSettings } from './nginx-settings.ts';
import { parsePlain, readPlain } from './plain-tree.ts';
import { versionOf } from './software.ts';
import { traefikApi } from './traefik-api.ts';
import { traefikFiles } from './traefik-files.ts';
import { traefikSettings } from './traefik-settings.ts';

/** Turns a configuration file that could not be read into a blind look that names it. */
function blindConfig(error: unknown): BlindLook {
  if (error instanceof BlindLook) return error;
  const reason =
    error instanceof ConfigFileError
      ? ({ missing: 'not-configured', denied: 'denied', unreadable: 'unreadable', 'too-large': 'too-large' } as const)[
          error.code
        ]
      : 'unreadable';
  return new BlindLook(reason, (error as Error).message, { cause: error });
}

function configOf(instance: Instance): string {
  if (instance.config) return instance.config;
  throw new BlindLook('not-configured', `${instance.name}: its configuration is not known; name the file as config:`);
}

async function nginxFile(instance: Instance, host: string): Promise<ProxySettings> {
  const config = configOf(instance);
  const problems: ConfigProblem[] = [];
  const directives = await loadNginx(config, undefined, problems);
  return nginxSettings(directives, host, config, problems);
}

/** What is served, by the API, where there is no file; the file says more: transports and where each value stands. */
async function traefik(
  instance: Instance,
  host: string,
  version: string | null,
  reach: Pick<Reach, 'page'>,
  signal: AbortSignal,
): Promise<ProxySettings> {
  const { config, admin } = instance;
  if (config) {
    const { fixed, dynamic, problems } = await traefikFiles(instance, config);
    return traefikSettings(fixed, dynamic, host, config, version, problems);
  }
  if (!admin)
    throw new BlindLook(
      'not-configured',
      `${instance.name}: neither Traefik's static file nor its API is known; name config: or admin: (--api)`,
    );
  const { fixed, dynamic } = await traefikApi(admin, reach, signal);
  return traefikSettings(fixed, dynamic, host, admin, version);
}

async function envoy(
  instance: Instance,
  host: string,
  reach: Pick<Reach, 'page'>,
  signal: AbortSignal,
): Promise<ProxySettings> {
  const { config, admin } = instance;
  // What runs may have come from a control plane: the admin page wins over the bootstrap file.
  if (!admin && config) return envoySettings(await readPlain(config), host, config);
  if (!admin)
    throw new BlindLook(
      'not-configured',
      `${instance.name}: neither Envoy's bootstrap file nor its admin page is known; name config: or admin:`,
    );
  const url = `${admin.replace(/\/+$/, '')}/config_dump`;
  try {
    return envoySettings(parsePlain(await reach.page(url, signal), url), host, url);
  } catch (error) {
    if (!config) throw error;
    const settings = envoySettings(await readPlain(config), host, config);
    return { ...settings, problems: [...settings.problems, { where: url, what: (error as Error).message }] };
  }
}

/** What a proxy's configuration says, as it holds for one host. Throws BlindLook with what to name in the inventory. */
export async function settingsOf(
  hop: PathHop,
  instance: Instance,
  host: string,
  reach: Pick<Reach, 'page'>,
  signal: AbortSignal,
): Promise<ProxySettings> {
  const version = await versionOf(hop, instance, reach, signal);
  const read = (): Promise<ProxySettings> => {
    switch (hop.kind) {
      case 'nginx':
      case 'ingress-nginx':
        return nginxFile(instance, host);
      case 'haproxy':
      case 'haproxy-ingress':
        return haproxyFile(instance, host);
      case 'traefik':
        return traefik(instance, host, version, reach, signal);
      case 'envoy':
        return envoy(instance, host, reach, signal);
      default:
        throw new BlindLook('not-configured', `${instance.name}: the configuration of ${hop.kind} cannot be read`);
    }
  };
  try {
    const settings = await read();
    return bounded({ ...settings, software: settings.software ?? (version ? `${hop.kind} ${version}` : null) });
  } catch (error) {
    throw blindConfig(error);
  }
}

async function haproxyFile(instance: Instance, host: string): Promise<ProxySettings> {
  const config = configOf(instance);
  return haproxySettings(await loadHaproxy(config), host, config);
}

/** Rows are kept with the case: more of anything than people read is left out, and said so. */
const MOST = { listeners: 200, upstreams: 200, servers: 500, problems: 20 };

function bounded(settings: ProxySettings): ProxySettings {
  const { listeners, upstreams, problems } = settings;
  const left = [
    listeners.length > MOST.listeners ? `${listeners.length - MOST.listeners} more listeners` : null,
    upstreams.length > MOST.upstreams ? `${upstreams.length - MOST.upstreams} more upstreams` : null,
    ...upstreams
      .slice(0, MOST.upstreams)
      .map((u) =>
        u.servers.length > MOST.servers ? `${u.servers.length - MOST.servers} more servers of ${u.name}` : null,
      ),
  ].filter((one) => one !== null);
  return {
    ...settings,
    listeners: listeners.slice(0, MOST.listeners),
    upstreams: upstreams.slice(0, MOST.upstreams).map((u) => ({ ...u, servers: u.servers.slice(0, MOST.servers) })),
    problems: [...problems, ...left.map((what) => ({ where: settings.source, what: `left out: ${what}` }))].slice(
      0,
      MOST.problems,
    ),
  };
}
