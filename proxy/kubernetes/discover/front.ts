import { joinAddress } from '../../../diagnostics/io/address.ts';
import type { Instance, PathHop, ProxyHeader, Scheme } from '../../../diagnostics/types.ts';
import type { Service } from '../objects.ts';
import { type ClusterView, keyOf } from '../view.ts';

/** What stands in front of a proxy's Service: a load balancer, and nodes where it sends to nodes. */

const AWS = 'service.beta.kubernetes.io/aws-load-balancer-';

/** `k=v,k=v` of an annotation. */
const settingsIn = (text: string | undefined): { [key: string]: string } =>
  Object.fromEntries(
    (text ?? '')
      .split(',')
      .map((part) => part.split('='))
      .filter((pair) => pair.length === 2)
      .map(([key, value]) => [(key as string).trim(), (value as string).trim()]),
  );

interface Balancer {
  kind: string;
  sends: ProxyHeader | null;
  /** Are its targets nodes? null: not known. */
  toNodes: boolean | null;
  attributes: { [key: string]: string };
}

/**
 * AWS by annotations: aws-load-balancer-controller (type external or nlb-ip, or the class) writes v2 headers for
 * `proxy-protocol: "*"`; the in-tree provider knows that annotation for Classic load balancers only, with v1
 * (lbc: docs/guide/service/annotations.md; cloud-provider-aws: docs/service_controller.md).
 */
function aws(service: Service, annotations: { [key: string]: string }): Balancer {
  const of = (name: string): string | undefined => annotations[AWS + name];
  const type = of('type');
  const byController = type === 'external' || type === 'nlb-ip' || service.loadBalancerClass === 'service.k8s.aws/nlb';
  const network = byController || type === 'nlb';
  const group = settingsIn(of('target-group-attributes'));
  const attributes = { ...settingsIn(of('attributes')), ...group };
  if (of('cross-zone-load-balancing-enabled'))
    attributes['load_balancing.cross_zone.enabled'] ??= String(of('cross-zone-load-balancing-enabled'));
  if (of('connection-idle-timeout'))
    attributes['idle_timeout.timeout_seconds'] ??= String(of('connection-idle-timeout'));
  const everywhere = of('proxy-protocol') === '*';
  const some = (of('proxy-protocol-per-target-group') ?? '') !== '';
  const asked = group['proxy_protocol_v2.enabled'] === 'true';
  const sends: ProxyHeader = network
    ? (byController && (everywhere || some)) || asked
      ? 'proxy-v2'
      : 'none'
    : everywhere
      ? 'proxy-v1'
      : 'none';
  return {
    kind: network ? 'aws-nlb' : 'aws-clb',
    sends,
    toNodes: !(type === 'nlb-ip' || of('nlb-target-type') === 'ip'),
    attributes,
  };
}

function balancerOf(service: Service): Balancer {
  const { annotations } = service.meta;
  const has = (prefix: string): boolean => Object.keys(annotations).some((key) => key.startsWith(prefix));
  if (
    has(AWS) ||
    service.loadBalancerClass === 'service.k8s.aws/nlb' ||
    service.addresses.some((a) => a.endsWith('.amazonaws.com'))
  )
    return aws(service, annotations);
  const other = (kind: string, toNodes: boolean | null): Balancer => ({ kind, sends: null, toNodes, attributes: {} });
  if (has('cloud.google.com/') || has('networking.gke.io/'))
    return other('gce', !/"(ingress|exposed_ports)"/.test(annotations['cloud.google.com/neg'] ?? ''));
  // MetalLB and keepalived hand the packet to a node as it is: no header can be put before it.
  if (has('metallb.universe.tf/') || has('metallb.io/') || /metallb/.test(service.loadBalancerClass ?? ''))
    return { ...other('metallb', true), sends: 'none' };
  const said = annotations['service.beta.kubernetes.io/do-loadbalancer-enable-proxy-protocol'];
  return { ...other('other', true), ...(said !== undefined && { sends: said === 'true' ? 'proxy-v1' : 'none' }) };
}

export const portFor = (service: Service, scheme: 'https' | 'http'): Service['ports'][number] | null => {
  const number = scheme === 'https' ? 443 : 80;
  return (
    service.ports.find((port) => port.port === number) ??
    service.ports.find(
      (port) => port.name !== null && (scheme === 'https' ? /^(https|websecure)/ : /^(http|web)$/).test(port.name),
    ) ??
    null
  );
};

const SCHEMES = ['https', 'http'] as const;

const blank = (name: string, hop: PathHop['hop'], kind: string): PathHop => ({
  name,
  hop,
  kind,
  address: null,
  listeners: [],
  scheme: 'https',
  sends: null,
  to: null,
  expects: null,
  targets: null,
  attributes: {},
  settings: {},
  instances: [],
  endpoints: null,
  health: null,
  from: [],
});

function listenersAt(addresses: string[], service: Service): { address: string; scheme: Scheme }[] {
  return addresses.flatMap((host) =>
    SCHEMES.flatMap((scheme) => {
      const port = portFor(service, scheme);
      return port ? [{ address: joinAddress(host, port.port), scheme }] : [];
    }),
  );
}

/** Settings of the Service that decide which nodes may take traffic. */
const policyOf = (service: Service): PathHop['settings'] => ({
  externalTrafficPolicy: service.externalTrafficPolicy ?? 'Cluster',
  ...(service.healthCheckNodePort && { healthCheckNodePort: service.healthCheckNodePort }),
});

function nodesHop(view: ClusterView, service: Service, sends: ProxyHeader | null): PathHop {
  const name = keyOf(service.meta.namespace, service.meta.name);
  const instances = [...view.objects.nodes.values()]
    .filter((node) => !node.excluded && node.internalIP !== null)
    .sort((a, b) => a.meta.name.localeCompare(b.meta.name))
    .map((node): Instance => {
      const at = (scheme: 'https' | 'http'): string | null => {
        const port = portFor(service, scheme)?.nodePort;
        return port ? joinAddress(node.internalIP as string, port) : null;
      };
      return {
        name: node.meta.name,
        https: at('https'),
        http: at('http'),
        metrics: null,
        admin: null,
        node: node.meta.name,
        config: null,
        accessLog: null,
        logFormat: null,
        errorLog: null,
        pidFile: null,
        more: { ready: node.ready, ...(node.unschedulable && { unschedulable: true }) },
      };
    });
  const listeners = listenersAt(service.externalIPs, service);
  return {
    ...blank(`nodes of ${name}`, 'node', 'other'),
    address: listeners[0]?.address ?? null,
    listeners,
    // What a node is sent it passes on as it is.
    sends,
    settings: policyOf(service),
    instances,
    from: [`Service ${name}`, ...instances.map((one) => `Node ${one.name}`)],
  };
}

/** The hops before a proxy: its balancer, the nodes that it sends to; empty for a Service that is only inside. */
export function frontHops(view: ClusterView, service: Service): PathHop[] {
  const name = keyOf(service.meta.namespace, service.meta.name);
  if (service.type === 'LoadBalancer') {
    const balancer = balancerOf(service);
    const listeners = listenersAt(service.addresses, service);
    const hop: PathHop = {
      ...blank(name, 'load-balancer', balancer.kind),
      address: listeners[0]?.address ?? null,
      listeners,
      sends: balancer.sends,
      attributes: balancer.attributes,
      settings: policyOf(service),
      from: [`Service ${name}`],
    };
    return balancer.toNodes === false ? [hop] : [hop, nodesHop(view, service, balancer.sends)];
  }
  if (service.type === 'NodePort' || service.externalIPs.length) return [nodesHop(view, service, 'none')];
  return [];
}
