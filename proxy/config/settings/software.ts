import type { Instance, PathHop } from '../../../diagnostics/types.ts';
import type { Reach } from '../../adapters/metrics/page.ts';
import { at, textOf } from './plain-tree.ts';

const SAFE = /^[\w.+-]{1,40}$/;
const base = (url: string): string => url.replace(/\/+$/, '');

/** Label of a build-info series (haproxy: addons/promex; ingress-nginx: internal/ingress/metric/collectors/controller.go). */
const BUILD: { [kind: string]: RegExp } = {
  haproxy: /^haproxy_process_build_info\{[^}\n]*version="([^"\n]{1,60})"/m,
  'haproxy-ingress': /^haproxy_process_build_info\{[^}\n]*version="([^"\n]{1,60})"/m,
  'ingress-nginx': /^nginx_ingress_controller_build_info\{[^}\n]*release="v?([^"\n]{1,60})"/m,
};

/**
 * Version of the running proxy: declared (`settings.version`), else from a page that states it. null: not told; a page
 * that does not answer is no error here, since the settings are known without it.
 */
export async function versionOf(
  hop: PathHop,
  instance: Instance,
  reach: Pick<Reach, 'page'>,
  signal: AbortSignal,
): Promise<string | null> {
  const declared = textOf(hop.settings.version);
  if (declared && SAFE.test(declared)) return declared.replace(/^v/, '');
  const page = (url: string): Promise<string | null> => reach.page(url, signal).catch(() => null);
  const admin = instance.admin?.startsWith('http') ? base(instance.admin) : null;
  const found = await (async () => {
    if (hop.kind === 'traefik' && admin) return field(await page(`${admin}/api/version`), 'Version');
    // 87a81d…/1.40.0/Clean/RELEASE/BoringSSL
    if (hop.kind === 'envoy' && admin)
      return field(await page(`${admin}/server_info`), 'version')?.split('/')[1] ?? null;
    const build = BUILD[hop.kind];
    if (build && instance.metrics) return build.exec((await page(instance.metrics)) ?? '')?.[1] ?? null;
    return null;
  })();
  return found && SAFE.test(found) ? found.replace(/^v/, '') : null;
}

function field(text: string | null, key: string): string | null {
  if (text === null || text.length > 100_000) return null;
  try {
    return textOf(at(JSON.parse(text), key));
  } catch {
    return null;
  }
}
