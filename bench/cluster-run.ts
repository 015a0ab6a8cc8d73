import { readFileSync } from 'node:fs';
import type { Informer, KubernetesObject } from '@kubernetes/client-node';
import { emptyInventory } from '../proxy/inventory/model.ts';
import { hostOf } from './cluster-objects.ts';

/** What a process that holds a cluster says when it is asked. */
export interface Held {
  /** From its start until everything was there, ms. */
  readyMs: number;
  objects: number;
  events: number;
  /** Share of one core during the quiet half of the changes. */
  cpu: number;
  /** Resident at the end, and most ever, MiB. */
  rssMib: number;
  peakMib: number;
  /** Of path look-ups, ms; null for informers, which know no paths. */
  p50Ms: number | null;
  p99Ms: number | null;
  lookups: number;
}

const [what = 'ours', kubeconfig = '', expected = '0', hosts = '0', seconds = '20'] = process.argv.slice(2);
const begun = performance.now();
const status = (key: string): number =>
  Math.round(
    Number(new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0) / 1024,
  );
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

interface Holder {
  objects(): number;
  events(): number;
  lookup: ((host: string) => number) | null;
}

const EMPTY = emptyInventory();

async function ours(): Promise<Holder> {
  const { connect } = await import('../proxy/kubernetes/connection.ts');
  const { watchCluster } = await import('../proxy/kubernetes/cluster.ts');
  const { withCluster } = await import('../proxy/kubernetes/inventory.ts');
  let heard = 0;
  const connection = await connect({ kubeconfig, context: null });
  const cluster = watchCluster({ connection, namespaces: [], now: () => new Date(), onChange: () => void heard++ });
  if (!(await cluster.ready(120_000))) throw new Error('not ready within two minutes');
  const { view } = cluster;
  return {
    objects: () => Object.values(view.objects).reduce((sum, map) => sum + map.size, 0),
    events: () => heard,
    lookup: (host) => withCluster(EMPTY, view, host, '/').routes[0]?.via.length ?? 0,
  };
}

async function informers(): Promise<Holder> {
  const k8s = await import('@kubernetes/client-node');
  const config = new k8s.KubeConfig();
  config.loadFromFile(kubeconfig);
  const core = config.makeApiClient(k8s.CoreV1Api);
  const apps = config.makeApiClient(k8s.AppsV1Api);
  const net = config.makeApiClient(k8s.NetworkingV1Api);
  const discovery = config.makeApiClient(k8s.DiscoveryV1Api);
  let heard = 0;
  const made = [
    k8s.makeInformer(config, '/api/v1/pods', () => core.listPodForAllNamespaces()),
    k8s.makeInformer(config, '/api/v1/services', () => core.listServiceForAllNamespaces()),
    k8s.makeInformer(config, '/api/v1/nodes', () => core.listNode()),
    k8s.makeInformer(config, '/apis/apps/v1/deployments', () => apps.listDeploymentForAllNamespaces()),
    k8s.makeInformer(config, '/apis/apps/v1/replicasets', () => apps.listReplicaSetForAllNamespaces()),
    k8s.makeInformer(config, '/apis/networking.k8s.io/v1/ingresses', () => net.listIngressForAllNamespaces()),
    k8s.makeInformer(config, '/apis/networking.k8s.io/v1/ingressclasses', () => net.listIngressClass()),
    k8s.makeInformer(config, '/apis/discovery.k8s.io/v1/endpointslices', () =>
      discovery.listEndpointSliceForAllNamespaces(),
    ),
  ];
  for (const one of made) {
    const informer = one as Informer<KubernetesObject>;
    informer.on('update', () => void heard++);
    informer.on('error', () => {});
    await one.start();
  }
  const objects = (): number => made.reduce((sum, one) => sum + one.list().length, 0);
  while (objects() < Number(expected)) await sleep(20);
  return { objects, events: () => heard, lookup: null };
}

const holder = await (what === 'ours' ? ours() : informers());
const readyMs = performance.now() - begun;
process.stdout.write('ready\n');
// The parent begins to make changes now.
await sleep(1_000);
const half = (Number(seconds) * 1000) / 2;
const [cpuBefore, at] = [process.cpuUsage(), performance.now()];
await sleep(half);
const used = process.cpuUsage(cpuBefore);
const cpu = (used.user + used.system) / 1000 / (performance.now() - at);
const times: number[] = [];
const end = performance.now() + half;
for (let i = 0; performance.now() < end; i++) {
  await sleep(4);
  if (!holder.lookup) continue;
  const host = hostOf((i * 7919) % Number(hosts));
  const start = performance.now();
  if (holder.lookup(host) < 2) throw new Error(`no path to ${host}`);
  times.push(performance.now() - start);
}
times.sort((a, b) => a - b);
const quantile = (q: number): number | null => times[Math.min(times.length - 1, Math.floor(times.length * q))] ?? null;
const held: Held = {
  readyMs: Math.round(readyMs),
  objects: holder.objects(),
  events: holder.events(),
  cpu,
  rssMib: status('VmRSS'),
  peakMib: status('VmHWM'),
  p50Ms: quantile(0.5),
  p99Ms: quantile(0.99),
  lookups: times.length,
};
process.stdout.write(`${JSON.stringify(held)}\n`, () => process.exit(0));
