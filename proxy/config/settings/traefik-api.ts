import { BlindLook } from '../../../diagnostics/io/proxy-reader.ts';
import type { Reach } from '../../adapters/metrics/page.ts';
import { isTree, type Tree } from '../../json.ts';
import { type PlainFile, textOf } from './plain-tree.ts';

const PER_PAGE = 1_000;

/**
 * A running Traefik's entry points, routers and services as files of its own shape (traefik: pkg/api). The API tells
 * what is served, whichever provider it came from; serversTransports are not in it.
 */
export async function traefikApi(
  admin: string,
  reach: Pick<Reach, 'page'>,
  signal: AbortSignal,
): Promise<{ fixed: PlainFile; dynamic: PlainFile[] }> {
  const base = `${admin.replace(/\/+$/, '')}/api`;
  const list = async (path: string): Promise<Tree> => {
    const url = `${base}/${path}?per_page=${PER_PAGE}`;
    const text = await reach.page(url, signal);
    try {
      const parsed: unknown = JSON.parse(text);
      if (!Array.isArray(parsed)) throw new Error('no list');
      return Object.fromEntries(
        parsed
          .filter(isTree)
          .map((one) => [textOf(one.name) ?? '', one.status === 'disabled' ? { ...one, rule: '' } : one]),
      );
    } catch (error) {
      throw new BlindLook('unreadable', `${url}: ${(error as Error).message.slice(0, 100)}`, { cause: error });
    }
  };
  const [entryPoints, routers, services, middlewares, tcpRouters, tcpServices] = await Promise.all(
    ['entrypoints', 'http/routers', 'http/services', 'http/middlewares', 'tcp/routers', 'tcp/services'].map(list),
  );
  const page = (data: Tree): PlainFile => ({
    file: base,
    data,
    where: (...keys) => `${base} (${keys.slice(1).join('.')})`,
  });
  return {
    fixed: page({ entryPoints }),
    dynamic: [
      page({
        http: { routers, services, middlewares },
        tcp: { routers: tcpRouters, services: tcpServices },
      }),
    ],
  };
}
