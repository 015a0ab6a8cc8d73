import { isTree } from '../json.ts';
import { type ConfigBag, put, SEPARATOR } from './difference.ts';

/** Values without the order of their keys. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(', ')}]`;
  if (!isTree(value)) return JSON.stringify(value ?? null);
  return `{${Object.keys(value)
    .sort()
    .map((key) => `${key}: ${canonical(value[key])}`)
    .join(', ')}}`;
}

const ONE: { [many: string]: string } = {
  routers: 'router',
  services: 'service',
  middlewares: 'middleware',
  serversTransports: 'serversTransport',
  entryPoints: 'entryPoint',
  certificatesResolvers: 'certificatesResolver',
  options: 'tls option',
};

/** Turns a Traefik configuration (dynamic or static, as plain data) into a bag: servers of a service have no order. */
export function traefikBag(config: unknown, bag: ConfigBag = new Map()): ConfigBag {
  walk(config, '', bag);
  return bag;
}

function walk(value: unknown, context: string, bag: ConfigBag): void {
  if (!isTree(value)) {
    if (context) put(bag, 'directive', context, canonical(value));
    return;
  }
  for (const [key, inner] of Object.entries(value)) {
    const name = context ? `${context}${SEPARATOR}${key}` : key;
    const object = Object.hasOwn(ONE, key) ? ONE[key] : undefined;
    if (object && isTree(inner)) {
      for (const [id, one] of Object.entries(inner)) named(object, `${context ? `${context} ` : ''}${id}`, one, bag);
    } else walk(inner, name, bag);
  }
}

function named(object: string, name: string, value: unknown, bag: ConfigBag): void {
  const balancer = isTree(value) && isTree(value.loadBalancer) ? value.loadBalancer : null;
  const servers = balancer && Array.isArray(balancer.servers) ? balancer.servers : null;
  if (!isTree(value) || !balancer || !servers) {
    put(bag, object, name, canonical(value));
    return;
  }
  const { servers: _, ...rest } = balancer;
  put(bag, object, name, canonical({ ...value, loadBalancer: rest }));
  for (const server of servers) {
    const { url, address, ...more } = isTree(server) ? server : { url: String(server) };
    put(
      bag,
      'endpoint',
      `${name}${SEPARATOR}${String(url ?? address)}`,
      Object.keys(more).length ? canonical(more) : '',
    );
  }
}
