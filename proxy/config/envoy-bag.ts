import { isTree, type Tree } from '../json.ts';
import { type ConfigBag, put, SEPARATOR } from './difference.ts';
import { addressOf, chainsOf, envoyTree, HCM, typed } from './settings/envoy-tree.ts';
import { at, type PlainFile, textOf, treesOf } from './settings/plain-tree.ts';
import { canonical } from './traefik-bag.ts';

/** A tree without the parts that are compared by themselves. */
function without(tree: Tree, ...keys: string[]): Tree {
  return Object.fromEntries(
    Object.entries(tree).map(([key, value]) => [key, keys.includes(key) ? '(compared by itself)' : value]),
  );
}

/** Is it a bootstrap file or a `/config_dump`? */
export const isEnvoy = (data: unknown): boolean =>
  isTree(at(data, 'static_resources')) ||
  treesOf(at(data, 'configs')).some((one) => /envoy\.admin/.test(String(one['@type'])));

/** Clusters and their endpoints, listeners and their virtual hosts without order; routes of a virtual host in theirs. */
export function envoyBag(plain: PlainFile): ConfigBag {
  const bag: ConfigBag = new Map();
  const tree = envoyTree(plain);
  for (const { value } of tree.clusters) {
    const name = textOf(at(value, 'name')) ?? 'unnamed';
    put(bag, 'cluster', name, canonical(without(value, 'load_assignment')));
    for (const group of treesOf(at(value, 'load_assignment', 'endpoints')))
      for (const one of treesOf(at(group, 'lb_endpoints'))) {
        const rest = canonical(without(one, 'endpoint'));
        put(
          bag,
          'endpoint',
          `${name}${SEPARATOR}${addressOf(at(one, 'endpoint', 'address')) ?? 'unnamed'}`,
          rest.includes(':') ? `${rest} ${canonical(without(group, 'lb_endpoints'))}` : '',
        );
      }
  }
  const routes = (config: unknown, owner: string): void => {
    for (const virtual of treesOf(at(config, 'virtual_hosts'))) {
      const name = `${owner}${SEPARATOR}${textOf(at(virtual, 'name')) ?? 'unnamed'}`;
      put(bag, 'virtual host', name, canonical(without(virtual, 'routes')));
      const list = treesOf(at(virtual, 'routes')).map(
        (one) => `${canonical(at(one, 'match'))} -> ${canonical(without(one, 'match'))}`,
      );
      put(bag, 'directive', `${name}${SEPARATOR}routes in their order`, list.join('\n'));
    }
  };
  for (const { value } of tree.listeners) {
    const name = textOf(at(value, 'name')) ?? addressOf(at(value, 'address')) ?? 'unnamed';
    const strip = (one: unknown): unknown =>
      Array.isArray(one)
        ? one.map(strip)
        : isTree(one)
          ? Object.fromEntries(
              Object.entries(one).map(([key, inner]) => [key, key === 'virtual_hosts' ? 0 : strip(inner)]),
            )
          : one;
    put(bag, 'listener', name, canonical(strip(value)));
    for (const chain of chainsOf(value)) routes(at(typed(at(chain, 'filters'), HCM), 'route_config'), name);
  }
  for (const one of tree.routes) routes(one, textOf(at(one, 'name')) ?? 'routes');
  for (const [key, value] of Object.entries(isTree(plain.data) ? plain.data : {}))
    if (key !== 'static_resources' && key !== 'configs') put(bag, 'directive', key, canonical(value));
  return bag;
}
