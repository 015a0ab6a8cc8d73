import { join, relative } from 'node:path';
import type { EndpointPlace } from './outside/protocol.ts';
import type { WorldPorts } from './ports.ts';

/** What the people who keep the inventory believe, where it can change. */
export interface InventoryNotes {
  /** By application: where they believe it runs. */
  endpoints: Record<string, EndpointPlace[]>;
  /** What somebody brought up beside the world, such as the two sides of a rollout; left out: nothing. */
  more?: MoreInventory;
}

/** Parts of an inventory that belong to another lab: lines as they stand in the file. */
export interface MoreInventory {
  /** Certificate file of another root that users trust, absolute. */
  trust: string;
  hosts: string[];
  routes: string[];
  hops: string;
}

interface InventoryFacts {
  dir: string;
  ports: WorldPorts;
  trust: string;
  /** Path of the balancer's admin socket. */
  socket: string | null;
  notes: InventoryNotes;
}

/**
 * The inventory of a world as its operator keeps it: settings are what they believe (the balancer sends PROXY v2, the edge
 * expects it), whatever a fault has made of that.
 */
export function inventoryText({ dir, ports, trust, socket, notes }: InventoryFacts): string {
  const here = (file: string): string => `./${relative(dir, file)}`;
  const hosts = ['shop', 'metabase', ...(ports.traefik ? ['wiki', 'billing'] : [])];
  const front = (name: string): string => (name === 'shop' || name === 'metabase' ? 'public, edge' : 'traefik');
  return `# What the paths to our hosts are made of. Kept by hand by the platform team.
version: 1
changes: ./changes.ndjson
allow: ["*.example.test", 127.0.0.0/8]
trust: [${[here(trust), ...(notes.more ? [notes.more.trust] : [])].join(', ')}]
aliases:
${hosts.map((name) => `  ${name}: ${name}.example.test`).join('\n')}
dns:
${[...hosts.map((name) => `${name}.example.test`), ...(notes.more?.hosts ?? [])].map((host) => `  ${host}: [127.0.0.1]`).join('\n')}

routes:
${[...hosts.map((name) => `  - { host: ${name}.example.test, path: /, via: [${front(name)}, ${name}] }`), ...(notes.more?.routes ?? [])].join('\n')}

hops:
  public:
    hop: load-balancer
    kind: haproxy
    address: 127.0.0.1:${ports.public.https}
    scheme: https
    listeners:
      - { address: "127.0.0.1:${ports.public.https}", scheme: https }
      - { address: "127.0.0.1:${ports.public.http}", scheme: http }
    sends: proxy-v2
    to: https
    targets:
${ports.edges.map((edge) => `      - { name: ${edge.name}, address: "127.0.0.1:${edge.https}" }`).join('\n')}
    instances:
      - name: public-1
        https: 127.0.0.1:${ports.public.https}
        http: 127.0.0.1:${ports.public.http}
        metrics: http://127.0.0.1:${ports.public.metrics}/metrics
${socket ? `        admin: ${here(socket)}\n` : ''}        config: ./public/haproxy.cfg
        accessLog: ./public/haproxy.log
        pidFile: ./public/haproxy.pid

  edge:
    hop: proxy
    kind: nginx
    expects: proxy-v2
    settings: { handshake_burst: { connections: 60, perSecond: 200 } }
    instances:
${ports.edges.map(edgeInstance).join('\n')}
${ports.traefik ? traefikHop(ports.traefik) : ''}
${hosts.map((name) => service(name, notes.endpoints[name] ?? [])).join('\n')}${notes.more?.hops ?? ''}`;
}

function edgeInstance(edge: WorldPorts['edges'][number]): string {
  return `      - name: ${edge.name}
        https: 127.0.0.1:${edge.https}
        http: 127.0.0.1:${edge.http}
        metrics: http://127.0.0.1:${edge.status}/status
        config: ./${edge.name}/nginx.conf
        accessLog: ./${edge.name}/access.log
        errorLog: ./${edge.name}/error.log
        pidFile: ./${edge.name}/nginx.pid`;
}

function traefikHop(ports: { https: number; http: number; admin: number }): string {
  return `
  traefik:
    hop: proxy
    kind: traefik
    address: 127.0.0.1:${ports.https}
    scheme: https
    expects: none
    instances:
      - name: traefik-1
        https: 127.0.0.1:${ports.https}
        http: 127.0.0.1:${ports.http}
        metrics: http://127.0.0.1:${ports.admin}/metrics
        admin: http://127.0.0.1:${ports.admin}
        config: ./traefik/traefik.yml
        accessLog: ./traefik/access.json
        errorLog: ./traefik/traefik.log
`;
}

function service(name: string, endpoints: EndpointPlace[]): string {
  const list = endpoints.map(
    ({ name: endpoint, port }, i) =>
      `      - { name: ${endpoint}, address: "127.0.0.1:${port}", ports: [${port}], zone: ${i % 2 ? 'b' : 'a'}, metrics: "http://127.0.0.1:${port}/metrics" }`,
  );
  return `  ${name}:
    hop: service
    kind: service
    scheme: http
    health: /healthz
    endpoints:${list.length ? `\n${list.join('\n')}` : ' []'}
`;
}

export function inventoryFile(dir: string): string {
  return join(dir, 'inventory.yaml');
}
