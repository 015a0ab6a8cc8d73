import { BlindLook } from '../../../diagnostics/io/proxy-reader.ts';
import type { ProxySettings } from '../../../diagnostics/io/proxy-settings.ts';
import type { Instance, PathHop } from '../../../diagnostics/types.ts';
import type { Reach } from '../../adapters/metrics/page.ts';

/** What a proxy's configuration says, as it holds for one host. Throws BlindLook with what to name in the inventory. */
export async function settingsOf(
  hop: PathHop,
  instance: Instance,
  _host: string,
  _reach: Reach,
  _signal: AbortSignal,
): Promise<ProxySettings> {
  throw new BlindLook('not-configured', `${instance.name}: the configuration of ${hop.kind} cannot be read yet`);
}
