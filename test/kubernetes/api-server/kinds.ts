/** One kind as an API server serves it. */
export interface ServedKind {
  plural: string;
  kind: string;
  /** Empty for the core group. */
  group: string;
  /** Newest first; all hold the same objects. */
  versions: string[];
  namespaced: boolean;
}

const of = (group: string, versions: string, namespaced: boolean, kinds: string): ServedKind[] =>
  kinds.split(' ').map((pair) => {
    const [kind = '', plural = pluralOf(kind)] = pair.split('/');
    return { plural, kind, group, versions: versions.split(' '), namespaced };
  });

/** `Ingress` to `ingresses`, `NetworkPolicy` to `networkpolicies`: how names of CRDs are made too, as a rule. */
export function pluralOf(kind: string): string {
  const lower = kind.toLowerCase();
  if (/(s|x|ch|sh)$/.test(lower)) return `${lower}es`;
  return /[^aeiou]y$/.test(lower) ? `${lower.slice(0, -1)}ies` : `${lower}s`;
}

/** What every API server has (1.28, the newest version of each first). */
export const BUILT_IN: ServedKind[] = [
  ...of('', 'v1', true, 'Pod Service ConfigMap Secret Event ServiceAccount Endpoints/endpoints'),
  ...of('', 'v1', false, 'Node Namespace'),
  ...of('apps', 'v1', true, 'Deployment DaemonSet StatefulSet ReplicaSet'),
  ...of('networking.k8s.io', 'v1', true, 'Ingress NetworkPolicy'),
  ...of('networking.k8s.io', 'v1', false, 'IngressClass'),
  ...of('discovery.k8s.io', 'v1', true, 'EndpointSlice'),
  ...of('autoscaling', 'v2 v1', true, 'HorizontalPodAutoscaler'),
  ...of('policy', 'v1', true, 'PodDisruptionBudget'),
  ...of('coordination.k8s.io', 'v1', true, 'Lease'),
  ...of('rbac.authorization.k8s.io', 'v1', true, 'Role RoleBinding'),
  ...of('rbac.authorization.k8s.io', 'v1', false, 'ClusterRole ClusterRoleBinding'),
];

/** Kinds that come with a product; installed when an object of them is given, or when somebody says so. */
export const INSTALLABLE: ServedKind[] = [
  ...of('traefik.io', 'v1alpha1', true, 'IngressRoute IngressRouteTCP IngressRouteUDP Middleware MiddlewareTCP'),
  ...of('traefik.io', 'v1alpha1', true, 'TLSOption TLSStore ServersTransport ServersTransportTCP TraefikService'),
  ...of('gateway.networking.k8s.io', 'v1 v1beta1', false, 'GatewayClass'),
  ...of('gateway.networking.k8s.io', 'v1 v1beta1', true, 'Gateway HTTPRoute'),
  ...of('gateway.networking.k8s.io', 'v1', true, 'GRPCRoute BackendTLSPolicy'),
  ...of('gateway.networking.k8s.io', 'v1beta1', true, 'ReferenceGrant'),
  ...of('gateway.networking.k8s.io', 'v1alpha2', true, 'TLSRoute TCPRoute UDPRoute'),
  ...of('gateway.envoyproxy.io', 'v1alpha1', true, 'EnvoyProxy ClientTrafficPolicy BackendTrafficPolicy'),
  ...of('projectcontour.io', 'v1', true, 'HTTPProxy TLSCertificateDelegation'),
  ...of('elbv2.k8s.aws', 'v1beta1', true, 'TargetGroupBinding'),
  ...of('metallb.io', 'v1beta1', true, 'IPAddressPool L2Advertisement'),
];

/** `apiVersion` to its parts: `apps/v1`, `v1`. */
export function groupVersion(apiVersion: string): { group: string; version: string } {
  const [first = '', second] = apiVersion.split('/');
  return second === undefined ? { group: '', version: first } : { group: first, version: second };
}

/** `pods`, `endpointslices.discovery.k8s.io`: how a Status message names a kind. */
export const nameOf = (kind: ServedKind): string => (kind.group ? `${kind.plural}.${kind.group}` : kind.plural);

/** Kinds that are asked, not kept. */
export const KINDLESS: ServedKind[] = [
  ...of('authorization.k8s.io', 'v1', false, 'SelfSubjectAccessReview SelfSubjectRulesReview'),
];
