import { joinAddress } from '../../../diagnostics/io/address.ts';
import type { Instance, PathHop, ProxyExpectation, ProxyHeader } from '../../../diagnostics/types.ts';
import type { Pod, Service } from '../objects.ts';
import { type ClusterView, keyOf } from '../view.ts';
import { portFor } from './front.ts';
import type { FoundProxy } from './proxies.ts';
import { metricsOf, targetNumber } from './services.ts';

/** Names of container ports that take requests, where no Service says it. */
const PORT_NAMES = { https: ['websecure', 'https'], http: ['web', 'http'] } as const;

/** Where one pod takes requests: the container port to which the Service's leads, never the Service's own. */
function listenerOf(
  view: ClusterView,
  proxy: FoundProxy,
  pod: Pod,
  front: Service | null,
  scheme: 'https' | 'http',
): string | null {
  const ports = pod.template.containers.flatMap((c) => c.ports);
  const port = front ? portFor(front, scheme) : null;
  const slice = front
    ? (view
        .slicesOf(front.meta.namespace, front.meta.name)
        .find((one) => one.endpoints.some((e) => e.pod === pod.meta.name)) ?? null)
    : null;
  const number = port
    ? targetNumber(port, slice, pod.template.containers)
    : (ports.find((one) => (PORT_NAMES[scheme] as readonly string[]).includes(one.name ?? ''))?.port ?? null);
  if (number === null) return null;
  if (proxy.workload.template.hostNetwork) return pod.hostIP ? joinAddress(pod.hostIP, number) : null;
  const hostPort = ports.find((one) => one.port === number)?.hostPort;
  if (!front && hostPort && pod.hostIP) return joinAddress(pod.hostIP, hostPort);
  return pod.ip ? joinAddress(pod.ip, number) : null;
}

const portIn = (address: string | undefined): number | null => {
  const match = /:(\d+)(?:\/\w+)?$/.exec(address ?? '');
  return match ? Number(match[1]) : null;
};

/** The kind's default metrics page, where arguments or ConfigMap switch it on (proxies.md B). */
function defaultMetrics(proxy: FoundProxy, pod: Pod): string | null {
  if (!pod.ip) return null;
  const { args } = proxy;
  switch (proxy.kind) {
    case 'ingress-nginx':
      return args['enable-metrics'] === 'true' ? `http://${joinAddress(pod.ip, 10_254)}/metrics` : null;
    case 'traefik': {
      if (!Object.keys(args).some((flag) => flag === 'metrics.prometheus' || flag.startsWith('metrics.prometheus.')))
        return null;
      const entry = (args['metrics.prometheus.entrypoint'] ?? 'traefik').toLowerCase();
      const port = portIn(args[`entrypoints.${entry}.address`]) ?? (entry === 'traefik' ? 8_080 : null);
      return port === null ? null : `http://${joinAddress(pod.ip, port)}/metrics`;
    }
    case 'haproxy-ingress': {
      const port = Number(proxy.configMap?.data['prometheus-port']);
      return port ? `http://${joinAddress(pod.ip, port)}/metrics` : null;
    }
    case 'envoy':
      return proxy.brand === 'envoy-gateway' ? `http://${joinAddress(pod.ip, 19_001)}/stats/prometheus` : null;
    default:
      return null;
  }
}

/** Traefik's API, only where its arguments make it reachable. */
function adminOf(proxy: FoundProxy, pod: Pod): string | null {
  const insecure = proxy.args['api.insecure'];
  if (proxy.kind !== 'traefik' || !pod.ip || insecure === undefined || insecure === 'false') return null;
  return `http://${joinAddress(pod.ip, portIn(proxy.args['entrypoints.traefik.address']) ?? 8_080)}`;
}

/** What a listener is declared to expect before a request: ConfigMap or arguments. null: nobody said. */
function expectsOf(proxy: FoundProxy, sent: ProxyHeader | null): ProxyExpectation | null {
  switch (proxy.kind) {
    case 'ingress-nginx':
    case 'haproxy-ingress':
      // Both take v1 and v2 (nginx: ngx_proxy_protocol.c); we write the one that the balancer is said to send.
      if (proxy.configMap === null && proxy.args.configmap !== undefined) return null;
      return proxy.configMap?.data['use-proxy-protocol'] === 'true'
        ? sent === 'proxy-v1'
          ? 'proxy-v1'
          : 'proxy-v2'
        : 'none';
    case 'traefik': {
      const on = Object.entries(proxy.args).some(
        ([flag, value]) => /^entrypoints\.[^.]+\.proxyprotocol(\.|$)/.test(flag) && value !== 'false' && value !== '',
      );
      return on ? 'optional' : Object.keys(proxy.args).some((f) => f.startsWith('entrypoints.')) ? 'none' : null;
    }
    default:
      return null;
  }
}

/** A proxy hop with an instance for each running pod; pods that are not ready are asked too, and said to be so. */
export function proxyHop(
  view: ClusterView,
  proxy: FoundProxy,
  front: Service | null,
  sent: ProxyHeader | null,
): PathHop {
  const pods = proxy.pods
    .filter((pod) => pod.phase === 'Running')
    .sort((a, b) => a.meta.name.localeCompare(b.meta.name));
  const instances = pods.map(
    (pod): Instance => ({
      name: pod.meta.name,
      https: listenerOf(view, proxy, pod, front, 'https'),
      http: listenerOf(view, proxy, pod, front, 'http'),
      metrics: metricsOf(pod) ?? defaultMetrics(proxy, pod),
      admin: adminOf(proxy, pod),
      node: pod.node,
      config: null,
      accessLog: null,
      logFormat: null,
      errorLog: null,
      pidFile: null,
      more: {
        pod: keyOf(pod.meta.namespace, pod.meta.name),
        container: proxy.container.name,
        ready: pod.ready,
        ...(pod.meta.deletedAt && { leaving: pod.meta.deletedAt }),
        restarts: pod.containers.find((c) => c.name === proxy.container.name)?.restarts ?? 0,
      },
    }),
  );
  const { template, meta, kind } = proxy.workload;
  const from = [`${kind} ${keyOf(meta.namespace, meta.name)}`];
  if (proxy.configMap) from.push(`ConfigMap ${keyOf(proxy.configMap.meta.namespace, proxy.configMap.meta.name)}`);
  if (front) from.push(`Service ${keyOf(front.meta.namespace, front.meta.name)}`);
  return {
    name: proxy.name,
    hop: 'proxy',
    kind: proxy.kind,
    address: null,
    listeners: [],
    scheme: 'https',
    sends: null,
    to: null,
    expects: expectsOf(proxy, sent),
    targets: null,
    attributes: {},
    settings: {
      ...(proxy.version && { version: proxy.version }),
      brand: proxy.brand,
      terminationGracePeriodSeconds: template.graceSeconds,
      ...(proxy.container.preStop && { preStop: proxy.container.preStop.text }),
      ...(proxy.container.limits.cpu !== null && { worker_cpu_limit: proxy.container.limits.cpu }),
      ...(proxy.workload.replicas !== null && { replicas: proxy.workload.replicas }),
    },
    instances,
    endpoints: null,
    health: null,
    from: [...from, ...pods.map((pod) => `Pod ${keyOf(pod.meta.namespace, pod.meta.name)}`)],
  };
}
