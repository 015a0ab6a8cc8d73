import type { ProxyHeader } from '../../../diagnostics/types.ts';
import type { Service } from '../objects.ts';
import type { ClusterView } from '../view.ts';

/** What a Service of type LoadBalancer says of the balancer that somebody made for it. */
export interface Balancer {
  kind: string;
  sends: ProxyHeader | null;
  /** Are its targets nodes? Else pods. */
  toNodes: boolean;
  /** It takes TLS off and sends clear HTTP on. */
  endsTls: boolean;
  attributes: { [key: string]: string };
}

const AWS = 'service.beta.kubernetes.io/aws-load-balancer-';
/** aws-load-balancer-controller, and the one that EKS runs by itself. */
const NLB_CLASSES = ['service.k8s.aws/nlb', 'eks.amazonaws.com/nlb'];

const listOf = (text: string | undefined): string[] =>
  (text ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');

/** `k=v,k=v` of an annotation. */
const settingsIn = (text: string | undefined): { [key: string]: string } =>
  Object.fromEntries(
    listOf(text)
      .map((part) => part.split('='))
      .filter((pair) => pair.length === 2)
      .map(([key, value]) => [(key as string).trim(), (value as string).trim()]),
  );

/** Does the balancer take TLS off port 443 and speak plainly to its targets? (cloud-provider-aws, lbc: ssl-cert, ssl-ports, backend-protocol). */
function endsTls(service: Service, of: (name: string) => string | undefined): boolean {
  if (!of('ssl-cert') || /^(ssl|https|tls)$/i.test(of('backend-protocol') ?? '')) return false;
  const only = listOf(of('ssl-ports'));
  const name = service.ports.find((port) => port.port === 443)?.name;
  return only.length === 0 || only.some((one) => one === '*' || one === '443' || one === name);
}

/**
 * AWS by annotations. aws-load-balancer-controller takes a Service by its class, or by type external or nlb-ip, and
 * writes v2 headers; `proxy-protocol: "*"` goes before the list of ports, which goes before the attribute
 * (lbc: pkg/service/service_utils.go, model_build_target_group.go). The in-tree provider knows that annotation for
 * Classic load balancers only, with v1, and for an NLB just the attribute (cloud-provider-aws: docs/service_controller.md).
 */
function aws(service: Service, annotations: { [key: string]: string }): Balancer {
  const of = (name: string): string | undefined => annotations[AWS + name];
  const type = of('type');
  const byController =
    service.loadBalancerClass === null
      ? type === 'external' || type === 'nlb-ip'
      : NLB_CLASSES.includes(service.loadBalancerClass);
  const network = byController || type === 'nlb';
  const group = { ...settingsIn(of('target-group-attributes')), ...settingsIn(of('target-group-attributes.443')) };
  const attributes = { ...settingsIn(of('attributes')), ...group };
  const put = (key: string, value: string | undefined): void => {
    if (value !== undefined) attributes[key] ??= value;
  };
  put('load_balancing.cross_zone.enabled', of('cross-zone-load-balancing-enabled'));
  put('idle_timeout.timeout_seconds', of('connection-idle-timeout'));
  if (!network && of('connection-draining-enabled') === 'true')
    put('connection_draining.timeout', of('connection-draining-timeout') ?? '300');
  const everywhere = of('proxy-protocol') === '*';
  const some = of('proxy-protocol-per-target-group');
  const asked = group['proxy_protocol_v2.enabled'] === 'true';
  const v2 = byController ? everywhere || (some === undefined ? asked : listOf(some).includes('443')) : asked;
  const target = of('nlb-target-type') ?? (service.loadBalancerClass === 'eks.amazonaws.com/nlb' ? 'ip' : 'instance');
  return {
    kind: network ? 'aws-nlb' : 'aws-clb',
    sends: network ? (v2 ? 'proxy-v2' : 'none') : everywhere ? 'proxy-v1' : 'none',
    toNodes: !(byController && (type === 'nlb-ip' || target === 'ip')),
    endsTls: endsTls(service, of),
    attributes,
  };
}

const speakers = new WeakMap<ClusterView, { version: number; runs: boolean }>();

/** MetalLB without annotations: its speaker runs in this cluster. */
function runsMetalLb(view: ClusterView): boolean {
  const version = view.version('daemonsets');
  const kept = speakers.get(view);
  if (kept?.version === version) return kept.runs;
  const runs = [...view.objects.daemonsets.values()].some((one) =>
    one.template.containers.some((c) => /metallb\/speaker(?=[:@]|$)/.test(c.image)),
  );
  speakers.set(view, { version, runs });
  return runs;
}

/** Annotations by which a balancer of other clouds is told to send a PROXY header. */
const PROXY_ANNOTATIONS: readonly [string, ProxyHeader][] = [
  ['service.beta.kubernetes.io/do-loadbalancer-enable-proxy-protocol', 'proxy-v1'],
  ['load-balancer.hetzner.cloud/uses-proxyprotocol', 'proxy-v2'],
  ['loadbalancer.openstack.org/proxy-protocol', 'proxy-v1'],
];

/** The balancer of a Service, by its class, annotations and addresses. */
export function balancerOf(view: ClusterView, service: Service): Balancer {
  const { annotations } = service.meta;
  const has = (...starts: string[]): boolean =>
    Object.keys(annotations).some((key) => starts.some((start) => key.startsWith(start)));
  const { loadBalancerClass, addresses } = service;
  const other = (kind: string, sends: ProxyHeader | null): Balancer => ({
    kind,
    sends,
    toNodes: true,
    endsTls: false,
    attributes: {},
  });
  const onAws = addresses.some((one) => one.endsWith('.amazonaws.com'));
  if (loadBalancerClass === null ? has(AWS) || onAws : NLB_CLASSES.includes(loadBalancerClass) || onAws)
    return aws(service, annotations);
  // GKE's balancers of Services send packets to nodes as they are, by instance groups or GCE_VM_IP groups: a container-native
  // group (the annotation cloud.google.com/neg) is for an Ingress before it, not for them.
  if (has('cloud.google.com/', 'networking.gke.io/') || /^networking\.gke\.io\//.test(loadBalancerClass ?? ''))
    return other('gce', 'none');
  // MetalLB and keepalived hand the packet to a node as it is: no header can be put before it.
  if (has('metallb.universe.tf/', 'metallb.io/') || /metallb/.test(loadBalancerClass ?? ''))
    return other('metallb', 'none');
  const said = PROXY_ANNOTATIONS.find(([key]) => annotations[key] !== undefined);
  if (said) return other('other', annotations[said[0]] === 'true' ? said[1] : 'none');
  return loadBalancerClass === null && !has('service.beta.kubernetes.io/') && runsMetalLb(view)
    ? other('metallb', 'none')
    : other('other', null);
}
