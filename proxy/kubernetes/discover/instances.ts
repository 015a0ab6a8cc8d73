import { joinAddress } from '../../../diagnostics/io/address.ts';
import type { Instance, PathHop, ProxyExpectation, ProxyHeader } from '../../../diagnostics/types.ts';
import { blankInstance } from '../../inventory/blank.ts';
import type { Pod, Service } from '../objects.ts';
import { type ClusterView, keyOf } from '../view.ts';
import { isOn } from './classes.ts';
import { portFor } from './front.ts';
import { isUnread } from './known.ts';
import type { FoundProxy } from './proxies.ts';
import { metricsOf, targetNumber } from './services.ts';

/** Names of container ports that take requests, where no Service says it. */
const PORT_NAMES = { https: ['websecure', 'https'], http: ['web', 'http'] } as const;

/**
 * Where one pod takes requests: the container port to which the Service's leads, never the Service's own; on the node
 * where the pod has its network, or where only a hostPort leads in from outside.
 */
function listenerOf(
  view: ClusterView,
  proxy: FoundProxy,
  pod: Pod,
  front: Service | null,
  scheme: 'https' | 'http',
): string | null {
  const ports = proxy.container.ports;
  const port = front ? portFor(front, scheme) : null;
  const slice = front
    ? (view
        .slicesOf(front.meta.namespace, front.meta.name)
        .find((one) => one.endpoints.some((e) => e.pod === pod.meta.name)) ?? null)
    : null;
  const number = port
    ? targetNumber(port, slice, pod.template.containers)
    : front?.ports.length
      ? null
      : (ports.find((one) => (PORT_NAMES[scheme] as readonly string[]).includes(one.name ?? ''))?.port ?? null);
  if (number === null) return null;
  if (proxy.workload.template.hostNetwork) return pod.hostIP ? joinAddress(pod.hostIP, number) : null;
  const hostPort = ports.find((one) => one.port === number)?.hostPort;
  const outside = front !== null && (front.type !== 'ClusterIP' || front.externalIPs.length > 0);
  if (!outside && hostPort && pod.hostIP) return joinAddress(pod.hostIP, hostPort);
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
  const at = (port: number, path = '/metrics'): string => `http://${joinAddress(pod.ip as string, port)}${path}`;
  switch (proxy.brand) {
    case 'ingress-nginx':
      return isOn(args['enable-metrics']) ? at(Number(args['healthz-port']) || 10_254) : null;
    case 'traefik': {
      const on = Object.entries(args).some(
        ([flag, value]) =>
          (flag === 'metrics.prometheus' && value !== 'false') || flag.startsWith('metrics.prometheus.'),
      );
      if (!on || isOn(args['metrics.prometheus.manualrouting'])) return null;
      const entry = (args['metrics.prometheus.entrypoint'] ?? 'traefik').toLowerCase();
      const port = portIn(args[`entrypoints.${entry}.address`]) ?? (entry === 'traefik' ? 8_080 : null);
      return port === null ? null : at(port);
    }
    case 'haproxy-ingress': {
      const port = Number(proxy.configMap?.data['prometheus-port']);
      return port ? at(port) : null;
    }
    case 'haproxytech':
      // Its stats frontend answers /metrics by itself (haproxytech/kubernetes-ingress: fs/usr/local/etc/haproxy/haproxy.cfg).
      return at(Number(args['stats-bind-port']) || 1_024);
    case 'envoy-gateway':
      return at(19_001, ENVOY_PAGE);
    case 'contour':
      return at(8_002, ENVOY_PAGE);
    default:
      return null;
  }
}

const ENVOY_PAGE = '/stats/prometheus';

/** Traefik's API, only where its arguments make it reachable. */
function adminOf(proxy: FoundProxy, pod: Pod): string | null {
  if (proxy.kind !== 'traefik' || !pod.ip || !isOn(proxy.args['api.insecure'])) return null;
  return `http://${joinAddress(pod.ip, portIn(proxy.args['entrypoints.traefik.address']) ?? 8_080)}`;
}

/** Envoy Gateway: a ClientTrafficPolicy of the Gateway; one for a listener goes before (envoyproxy/gateway: api/v1alpha1). */
function byPolicy(view: ClusterView, proxy: FoundProxy, header: ProxyExpectation): ProxyExpectation | null {
  if (proxy.gateway === null || isUnread(view, 'clienttrafficpolicies', proxy.gateway.namespace)) return null;
  const { namespace, name } = proxy.gateway;
  const own = [...view.objects.clienttrafficpolicies.values()].flatMap((policy) =>
    policy.meta.namespace !== namespace
      ? []
      : policy.targets
          .filter((one) => one.kind === 'Gateway' && one.name === name)
          .map((target) => ({ policy, section: target.section })),
  );
  const [found] = own.sort((a, b) => Number(b.section !== null) - Number(a.section !== null));
  if (!found?.policy.proxyProtocol) return 'none';
  return found.policy.proxyProtocol === 'optional' ? 'optional' : header;
}

/**
 * What a listener is declared to expect before a request: ConfigMap, arguments or a policy. null: nobody said. All of
 * them read v1 and v2 alike; written is the one that the hop before is said to send.
 */
function expectsOf(view: ClusterView, proxy: FoundProxy, sent: ProxyHeader | null): ProxyExpectation | null {
  const header: ProxyExpectation = sent === 'proxy-v1' ? 'proxy-v1' : 'proxy-v2';
  const { args, configMap } = proxy;
  const { namespace } = proxy.workload.meta;
  // A ConfigMap that is named and does not exist has no settings; one that may not be read has unknown ones.
  const hidden = configMap === null && args.configmap !== undefined && isUnread(view, 'configmaps', namespace);
  switch (proxy.brand) {
    case 'ingress-nginx':
    case 'haproxy-ingress':
      if (hidden) return null;
      return configMap?.data['use-proxy-protocol'] === 'true' ? header : 'none';
    case 'haproxytech':
      if (hidden) return null;
      return configMap?.data['proxy-protocol'] ? header : 'none';
    case 'traefik': {
      const on = Object.entries(args).some(
        ([flag, value]) => /^entrypoints\.[^.]+\.proxyprotocol(\.|$)/.test(flag) && value !== 'false' && value !== '',
      );
      return on ? 'optional' : Object.keys(args).some((f) => f.startsWith('entrypoints.')) ? 'none' : null;
    }
    case 'contour':
      // Without its controller nobody said; a ContourConfiguration is not read here.
      if (Object.keys(args).length === 0 || args['contour-config-name']) return null;
      return isOn(args['use-proxy-protocol']) ? header : 'none';
    case 'envoy-gateway':
      return byPolicy(view, proxy, header);
    default:
      return null;
  }
}

/** A proxy hop with an instance for each running pod; pods that are not ready are asked too, and said to be so. */
export function proxyHop(
  view: ClusterView,
  proxy: FoundProxy,
  front: Service | null,
  before: { sends: ProxyHeader | null; endsTls: boolean },
): PathHop {
  const pods = proxy.pods
    .filter((pod) => pod.phase === 'Running')
    .sort((a, b) => a.meta.name.localeCompare(b.meta.name));
  const envoy = proxy.kind === 'envoy' ? ENVOY_PAGE : undefined;
  const instances = pods.map((pod): Instance => {
    const at = (scheme: 'https' | 'http'): string | null => listenerOf(view, proxy, pod, front, scheme);
    return {
      ...blankInstance(pod.meta.name),
      https: before.endsTls ? null : at('https'),
      http: before.endsTls ? (at('https') ?? at('http')) : at('http'),
      metrics: metricsOf(pod, envoy) ?? defaultMetrics(proxy, pod),
      admin: adminOf(proxy, pod),
      node: pod.node,
      more: {
        pod: keyOf(pod.meta.namespace, pod.meta.name),
        container: proxy.container.name,
        ready: pod.ready,
        ...(pod.meta.deletedAt && { leaving: pod.meta.deletedAt }),
        restarts: pod.containers.find((c) => c.name === proxy.container.name)?.restarts ?? 0,
      },
    };
  });
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
    expects: expectsOf(view, proxy, before.sends),
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
