import { createServer } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import type { TestContext } from 'node:test';
import type { Case, SavedCase } from '../../../diagnostics/types.ts';
import { emptyInventory } from '../../../proxy/inventory/inventory.ts';
import { withCluster } from '../../../proxy/kubernetes/inventory.ts';
import { clusterReader } from '../../../proxy/kubernetes/reader.ts';
import type { Missing } from '../../../proxy/kubernetes/view.ts';
import { triageInProcess } from '../../../workers/in-process.ts';
import { type Lists, livedInLists, objectOf, viewOf } from '../../proxy/kubernetes/lived-in.ts';
import { caseOf } from './lived-in-looks.ts';

/** The lived-in cluster with real servers behind its addresses: all of them on loopback. */

export const NGINX = 'ingress-nginx/ingress-nginx-controller';
export const TRAEFIK = 'traefik/traefik';
export const NODE: { [name: string]: string } = { n1: '127.0.0.11', n2: '127.0.0.12', n3: '127.0.0.13' };
const POD = ['127.0.0.31', '127.0.0.32'];

interface Served {
  status: number;
  body?: string;
}

/** An HTTP server on an address; port 0: a free one. Gone after the test. */
export async function serve(t: TestContext, address: string, port: number, answer: Served): Promise<number> {
  const server = createServer((_request, response) => {
    response.writeHead(answer.status, { 'content-type': 'text/html', server: 'nginx', connection: 'close' });
    response.end(answer.body ?? '<html><head><title>Shop</title></head></html>');
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(port, address, () => resolve());
  await promise;
  t.after(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** A balancer of connections that knows no health: each goes to the next target, and what does not connect is closed. */
export async function balancer(
  t: TestContext,
  address: string,
  targets: { host: string; port: number }[],
): Promise<number> {
  let next = 0;
  const server = createTcpServer((client) => {
    const target = targets[next++ % targets.length] as { host: string; port: number };
    const behind = connect(target);
    for (const [a, b] of [
      [client, behind],
      [behind, client],
    ] as const) {
      a.on('error', () => b.destroy());
      a.pipe(b);
    }
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, address, () => resolve());
  await promise;
  t.after(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** Nodes and pods of a proxy at loopback addresses, in clear HTTP: `nodePort` and `podPort` are where they listen. */
export function onLoopback(lists: Lists, service: string, ports: { nodePort: number; podPort: number }): void {
  for (const [name, address] of Object.entries(NODE))
    objectOf(lists, 'nodes', name).status.addresses[0].address = address;
  const [namespace] = service.split('/');
  const front = objectOf(lists, 'services', service);
  const http = front.spec.ports.find((one: { port: number }) => one.port === 80);
  http.nodePort = ports.nodePort;
  const name = http.targetPort;
  const pods = (lists.pods ?? []).filter((one) => one.metadata.namespace === namespace);
  for (const [i, pod] of pods.entries()) {
    pod.status.podIP = POD[i];
    for (const c of pod.spec.containers)
      for (const port of c.ports) if (port.name === name) port.containerPort = ports.podPort;
  }
  for (const slice of (lists.endpointslices ?? []).filter((one) => one.metadata.namespace === namespace)) {
    for (const port of slice.ports ?? []) if (port.name === http.name) port.port = ports.podPort;
    for (const endpoint of slice.endpoints ?? []) {
      const at = pods.findIndex((pod) => pod.metadata.name === endpoint.targetRef?.name);
      if (at >= 0) endpoint.addresses = [POD[at]];
    }
  }
}

/** No PROXY header anywhere on ingress-nginx. */
export function withoutHeader(lists: Lists): void {
  objectOf(lists, 'configmaps', NGINX).data['use-proxy-protocol'] = 'false';
  delete objectOf(lists, 'services', NGINX).metadata.annotations[
    'service.beta.kubernetes.io/aws-load-balancer-proxy-protocol'
  ];
}

/** Two real replicas of a proxy; returns the port of both. */
export async function replicas(t: TestContext, answer: Served): Promise<number> {
  const port = await serve(t, POD[0] as string, 0, answer);
  await serve(t, POD[1] as string, port, answer);
  return port;
}

/** A whole triage of a host that leads to this address and port. */
export async function triaged(
  host: string,
  at: { address: string; port: number },
  edit: (lists: Lists) => void,
  more: {
    course?: 'steady' | 'intermittent';
    kinds?: Case['symptoms']['kinds'];
    statuses?: number[];
    missing?: Missing[];
  } = {},
): Promise<SavedCase> {
  const lists = livedInLists();
  edit(lists);
  const view = viewOf(lists, more.missing ?? []);
  const base = {
    ...emptyInventory(),
    file: '/srv/inventory.yaml',
    allow: ['127.0.0.0/8'],
    dns: { [host]: [at.address] },
  };
  const opened = caseOf(host, null);
  const triage: Case = {
    ...opened,
    target: { host, port: at.port, path: '/', scheme: 'http' },
    symptoms: {
      ...opened.symptoms,
      kinds: more.kinds ?? ['unspecified'],
      course: more.course ?? 'intermittent',
      statuses: more.statuses ?? [],
    },
  };
  return triageInProcess(triage, withCluster(base, view, host, '/'), undefined, clusterReader(view));
}
