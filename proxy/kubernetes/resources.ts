import type * as o from './objects.ts';
import type { Raw } from './pick.ts';
import * as t from './trim.ts';
import * as g from './trim-gateway.ts';
import * as w from './trim-workloads.ts';

/** Kinds that are watched, with what is kept of each. */
export interface Kinds {
  ingresses: o.Ingress;
  ingressclasses: o.IngressClass;
  ingressroutes: o.IngressRoute;
  gatewayclasses: o.GatewayClass;
  gateways: o.Gateway;
  clienttrafficpolicies: o.ClientTrafficPolicy;
  httproutes: o.GatewayRoute;
  grpcroutes: o.GatewayRoute;
  tlsroutes: o.GatewayRoute;
  services: o.Service;
  endpointslices: o.EndpointSlice;
  pods: o.Pod;
  nodes: o.ClusterNode;
  configmaps: o.ConfigMap;
  deployments: o.Workload;
  daemonsets: o.Workload;
  statefulsets: o.Workload;
  replicasets: o.ReplicaSet;
  horizontalpodautoscalers: o.Autoscaler;
  poddisruptionbudgets: o.DisruptionBudget;
  networkpolicies: o.NetworkPolicy;
  leases: o.Lease;
  events: o.ClusterEvent;
}
export type Plural = keyof Kinds;

export interface Resource<P extends Plural = Plural> {
  plural: P;
  kind: string;
  group: string;
  /** The version that is asked for; an older server may only have another, which is then found by discovery. */
  versions: string[];
  namespaced: boolean;
  /** Not installed in every cluster (CRDs): absent is no fault and no blindness. */
  optional: boolean;
  /** Why we read it: the reason beside its rule in the ClusterRole. */
  why: string;
  trim: (object: Raw) => Kinds[P];
}

const of = <P extends Plural>(
  plural: P,
  kind: string,
  group: string,
  versions: string[],
  why: string,
  trim: (object: Raw) => Kinds[P],
  more: { cluster?: true; optional?: true } = {},
): Resource<P> => ({
  plural,
  kind,
  group,
  versions,
  namespaced: !more.cluster,
  optional: more.optional ?? false,
  why,
  trim,
});

const NET = 'networking.k8s.io';
const GATEWAY = 'gateway.networking.k8s.io';

/** Everything that is watched. Never Secrets: certificates are judged from the wire. */
export const RESOURCES: { [P in Plural]: Resource<P> } = {
  ingresses: of('ingresses', 'Ingress', NET, ['v1'], 'which hosts and paths lead to which service', t.ingress),
  ingressclasses: of(
    'ingressclasses',
    'IngressClass',
    NET,
    ['v1'],
    'which controller serves which Ingress',
    t.ingressClass,
    { cluster: true },
  ),
  ingressroutes: of(
    'ingressroutes',
    'IngressRoute',
    'traefik.io',
    ['v1alpha1'],
    "Traefik's own routes",
    t.ingressRoute,
    { optional: true },
  ),
  gatewayclasses: of(
    'gatewayclasses',
    'GatewayClass',
    GATEWAY,
    ['v1', 'v1beta1'],
    'which controller serves which Gateway',
    g.gatewayClass,
    { cluster: true, optional: true },
  ),
  gateways: of(
    'gateways',
    'Gateway',
    GATEWAY,
    ['v1', 'v1beta1'],
    'listeners and addresses of the Gateway API',
    g.gateway,
    {
      optional: true,
    },
  ),
  clienttrafficpolicies: of(
    'clienttrafficpolicies',
    'ClientTrafficPolicy',
    'gateway.envoyproxy.io',
    ['v1alpha1'],
    'whether the listeners of Envoy Gateway expect a PROXY header',
    g.clientTrafficPolicy,
    { optional: true },
  ),
  httproutes: of(
    'httproutes',
    'HTTPRoute',
    GATEWAY,
    ['v1', 'v1beta1'],
    'routes of the Gateway API',
    g.gatewayRoute('HTTPRoute'),
    { optional: true },
  ),
  grpcroutes: of(
    'grpcroutes',
    'GRPCRoute',
    GATEWAY,
    ['v1', 'v1alpha2'],
    'routes of the Gateway API',
    g.gatewayRoute('GRPCRoute'),
    { optional: true },
  ),
  tlsroutes: of(
    'tlsroutes',
    'TLSRoute',
    GATEWAY,
    ['v1', 'v1alpha3', 'v1alpha2'],
    'routes of the Gateway API',
    g.gatewayRoute('TLSRoute'),
    { optional: true },
  ),
  services: of('services', 'Service', '', ['v1'], 'ports, traffic policy and what stands in front', t.service),
  endpointslices: of(
    'endpointslices',
    'EndpointSlice',
    'discovery.k8s.io',
    ['v1'],
    'which endpoints are ready, serving, leaving',
    t.endpointSlice,
  ),
  pods: of('pods', 'Pod', '', ['v1'], 'addresses, readiness and restarts of proxies and applications', w.pod),
  nodes: of('nodes', 'Node', '', ['v1'], 'nodes that are hops, and whether they are ready', w.node, { cluster: true }),
  configmaps: of('configmaps', 'ConfigMap', '', ['v1'], "the controllers' own settings", w.configMap),
  deployments: of(
    'deployments',
    'Deployment',
    'apps',
    ['v1'],
    'rollouts, arguments, grace periods',
    w.workload('Deployment'),
  ),
  daemonsets: of(
    'daemonsets',
    'DaemonSet',
    'apps',
    ['v1'],
    'rollouts, arguments, grace periods',
    w.workload('DaemonSet'),
  ),
  statefulsets: of(
    'statefulsets',
    'StatefulSet',
    'apps',
    ['v1'],
    'rollouts of applications',
    w.workload('StatefulSet'),
  ),
  replicasets: of('replicasets', 'ReplicaSet', 'apps', ['v1'], 'which pods belong to which rollout', w.replicaSet),
  horizontalpodautoscalers: of(
    'horizontalpodautoscalers',
    'HorizontalPodAutoscaler',
    'autoscaling',
    ['v2', 'v1'],
    'scaling as a change',
    w.autoscaler,
  ),
  poddisruptionbudgets: of(
    'poddisruptionbudgets',
    'PodDisruptionBudget',
    'policy',
    ['v1'],
    'how many replicas may leave at once',
    w.disruptionBudget,
  ),
  networkpolicies: of(
    'networkpolicies',
    'NetworkPolicy',
    NET,
    ['v1'],
    'whether proxies are let through to endpoints',
    w.networkPolicy,
  ),
  leases: of(
    'leases',
    'Lease',
    'coordination.k8s.io',
    ['v1'],
    'which controller leads, and when that changed',
    w.lease,
  ),
  events: of(
    'events',
    'Event',
    '',
    ['v1'],
    'reloads, evictions, failed probes: what happened in the last hour',
    w.clusterEvent,
  ),
};
