import { BlindLook } from '../../../diagnostics/io/proxy-reader.ts';
import type { ProxySettings } from '../../../diagnostics/io/proxy-settings.ts';
import type { Instance, PathHop } from '../../../diagnostics/types.ts';
import type { Reach } from '../../adapters/metrics/page.ts';
import { ConfigFileError } from '../config-text.ts';
import { loadHaproxy } from '../haproxy-config.ts';
import { type ConfigProblem, loadNginx } from '../nginx-config.ts';
import { haproxySettings } from './haproxy-settings.ts';
import { nginxSettings } from './nginx-settings.ts';

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

/** What a proxy's configuration says, as it holds for one host. Throws BlindLook with what to name in the inventory. */
export async function settingsOf(
  hop: PathHop,
  instance: Instance,
  host: string,
  _reach: Reach,
  _signal: AbortSignal,
): Promise<ProxySettings> {
  try {
    switch (hop.kind) {
      case 'nginx':
      case 'ingress-nginx':
        return await nginxFile(instance, host);
      case 'haproxy':
      case 'haproxy-ingress': {
        const config = configOf(instance);
        return haproxySettings(await loadHaproxy(config), host, config);
      }
      default:
        throw new BlindLook('not-configured', `${instance.name}: the configuration of ${hop.kind} cannot be read`);
    }
  } catch (error) {
    throw blindConfig(error);
  }
}
