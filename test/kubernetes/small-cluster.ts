import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { inventoryOf, openCase, readReport, readTarget } from '../../bot/intake.ts';
import type { Verdict } from '../../diagnostics/types.ts';
import { loadInventory } from '../../proxy/inventory/inventory.ts';
import { clusterReader } from '../../proxy/kubernetes/reader.ts';
import { RESOURCES } from '../../proxy/kubernetes/resources.ts';
import { inventorySource } from '../../proxy/kubernetes/source.ts';
import { triageInProcess } from '../../workers/in-process.ts';
import { freePorts, scratch, startNginx } from '../diagnostics/real-servers.ts';
import { type Lists, livedInLists, objectOf } from '../proxy/kubernetes/lived-in.ts';
import { startApiServer } from './api-server/server.ts';

/**
 * The recorded cluster's ingress-nginx and `shop/crm` with real servers behind them: a real nginx for the controller's
 * one pod, a real application for crm's. A real API server refuses loopback addresses in EndpointSlices; the stand-in
 * takes them.
 */
export interface SmallCluster {
  lists: Lists;
  /** Port of the proxy, of the application, and one on which nobody listens. */
  ports: { web: number; app: number; closed: number };
  /** How the application answers; changed by a scene. */
  app: { status: number; delayMs: number };
  dir: string;
}

export const HOST = 'crm.example.test';
export const FRONT = '127.0.0.1';
const POD = '127.0.0.2';
/** Another proxy, at which the application's own page is always to be had. */
export const ELSEWHERE = '127.0.0.3';

const kept = (lists: Lists, plural: string, ...names: string[]): void => {
  lists[plural] = names.map((name) => objectOf(lists, plural, name));
};

/** The objects, with the addresses of this machine in place of the recorded ones. */
function objects(ports: SmallCluster['ports']): Lists {
  const lists = livedInLists();
  const nginx = 'ingress-nginx/ingress-nginx-controller';
  kept(lists, 'pods', `${nginx}-7c9f8d6b54-4xk9v`, 'shop/crm-7c9f8d6b54-u6y7t');
  kept(lists, 'deployments', nginx, 'shop/crm');
  kept(lists, 'daemonsets');
  kept(lists, 'services', nginx, 'shop/crm');
  kept(lists, 'endpointslices', `${nginx}-x7k2p`, 'shop/crm-x7k2p');
  kept(lists, 'ingresses', 'shop/crm');
  for (const plural of ['ingressroutes', 'gateways', 'httproutes', 'networkpolicies', 'events', 'nodes', 'configmaps'])
    kept(lists, plural);
  const front = objectOf(lists, 'services', nginx);
  front.metadata.annotations = { 'service.beta.kubernetes.io/aws-load-balancer-nlb-target-type': 'ip' };
  front.spec.ports = [{ name: 'http', protocol: 'TCP', port: ports.web, targetPort: 'http', nodePort: 31655 }];
  front.status = { loadBalancer: { ingress: [{ ip: FRONT }] } };
  const slice = objectOf(lists, 'endpointslices', `${nginx}-x7k2p`);
  slice.ports = [{ name: 'http', protocol: 'TCP', port: ports.web }];
  slice.endpoints = slice.endpoints.slice(0, 1);
  slice.endpoints[0].addresses = [POD];
  const proxy = objectOf(lists, 'pods', `${nginx}-7c9f8d6b54-4xk9v`);
  proxy.status.podIP = POD;
  proxy.spec.containers[0].ports = [{ name: 'http', containerPort: ports.web, protocol: 'TCP' }];
  const deployment = objectOf(lists, 'deployments', nginx);
  deployment.spec.replicas = 1;
  deployment.spec.template.spec.containers[0].args = [
    '/nginx-ingress-controller',
    '--controller-class=k8s.io/ingress-nginx',
  ];
  proxy.spec.containers[0].args = deployment.spec.template.spec.containers[0].args;
  const pod = objectOf(lists, 'pods', 'shop/crm-7c9f8d6b54-u6y7t');
  pod.status.podIP = FRONT;
  pod.spec.containers[0].ports[0].containerPort = ports.app;
  objectOf(lists, 'services', 'shop/crm').spec.ports[0].targetPort = ports.app;
  const own = objectOf(lists, 'endpointslices', 'shop/crm-x7k2p');
  own.ports[0].port = ports.app;
  own.endpoints[0].addresses = [FRONT];
  objectOf(lists, 'ingresses', 'shop/crm').status = { loadBalancer: { ingress: [{ ip: FRONT }] } };
  return lists;
}

/** `location`: what nginx does with requests for the host, where APP stands for the application's address. */
export async function smallCluster(t: TestContext, location: string): Promise<SmallCluster> {
  const dir = scratch(t);
  const { web, closed } = await freePorts(t, 'web', 'closed');
  const answers = { status: 200, delayMs: 0 };
  const app = createServer((_request, response) => {
    response.statusCode = answers.status;
    setTimeout(() => response.end('<title>CRM</title>'), answers.delayMs).unref();
  });
  await new Promise<void>((resolve) => app.listen(0, FRONT, resolve));
  t.after(() => app.close());
  const ports = { web, closed, app: (app.address() as AddressInfo).port };
  const place = location.replaceAll('APP', `${FRONT}:${ports.app}`).replaceAll('CLOSED', `${FRONT}:${closed}`);
  await startNginx(
    t,
    dir,
    [web],
    `server { listen ${FRONT}:${web}; listen ${POD}:${web}; location / { ${place} } }
    server { listen ${ELSEWHERE}:${web}; location / { proxy_pass http://${FRONT}:${ports.app}; } }`,
  );
  return { lists: objects(ports), ports, app: answers, dir };
}

const kindOf = (plural: string): { apiVersion: string; kind: string } | null => {
  const resource = Object.values(RESOURCES).find((one) => one.plural === plural);
  if (!resource) return null;
  const version = resource.versions[0] as string;
  return { apiVersion: resource.group ? `${resource.group}/${version}` : version, kind: resource.kind };
};

/** A stand-in API server with these objects; `without`: kinds that may not be read. Gone after the test. */
export async function serveObjects(
  t: TestContext,
  lists: Lists,
  without: string[] = [],
): ReturnType<typeof startApiServer> {
  const all = Object.entries(lists).flatMap(([plural, items]) => {
    const kind = kindOf(plural);
    return kind ? items.map((one) => ({ ...kind, ...one })) : [];
  });
  const rules = Object.values(RESOURCES)
    .filter((one) => !without.includes(one.plural))
    .map((one) => ({ apiGroups: [one.group], resources: [one.plural], verbs: ['get', 'list', 'watch'] }));
  const server = await startApiServer({ objects: all, tokens: { reader: { name: 'reader', rules } } });
  t.after(() => server.close());
  return server;
}

/** The whole triage of a report about the host, as `./dev check` makes it; `without`: kinds that may not be read. */
export async function triage(
  t: TestContext,
  world: SmallCluster,
  report: string,
  without: string[] = [],
): Promise<Verdict> {
  const server = await serveObjects(t, world.lists, without);
  writeFileSync(join(world.dir, 'kubeconfig'), server.kubeconfig('prod'));
  const file = join(world.dir, 'inventory.yaml');
  writeFileSync(
    file,
    `version: 1\nkubernetes: { kubeconfig: ./kubeconfig }\nallow: [ "*.example.test", 127.0.0.0/8 ]\ndns: { ${HOST}: [${FRONT}] }\n`,
  );
  const source = await inventorySource(await loadInventory(file));
  try {
    const at = new Date().toISOString();
    const told = readReport(report, { at, tz: null }, source.known());
    const places = readTarget(`http://${HOST}:${world.ports.web}/`, source.known())?.places ?? [];
    const reading = { ...told, places };
    const inventory = await inventoryOf(source, reading);
    const opened = openCase(reading, { id: 'c-20261121-00000000', at, report, inventory, deadlineMs: 20_000 });
    if (!('case' in opened)) throw new Error('no case');
    const bugs: unknown[] = [];
    const saved = await triageInProcess(
      opened.case,
      inventory,
      (error) => bugs.push(error),
      source.view && clusterReader(source.view),
    );
    if (bugs.length) throw bugs[0];
    return saved.verdict;
  } finally {
    source.close();
  }
}
