/**
 * What is kept of each object of a cluster: only what a path, a change or a check needs, so that a large cluster fits
 * into little memory. Plain data; absent fields are null or empty, never undefined.
 */

export interface Meta {
  name: string;
  /** Empty for objects without a namespace. */
  namespace: string;
  uid: string;
  labels: { [key: string]: string };
  /** Without `last-applied-configuration` and other long ones. */
  annotations: { [key: string]: string };
  createdAt: string | null;
  deletedAt: string | null;
  /** deletionGracePeriodSeconds: `deletedAt` is that long after it was told to leave; left out: not leaving. */
  leaveSeconds?: number;
  /** The controlling owner. */
  owner: { kind: string; name: string } | null;
  /** The newest managedFields entry that is about the spec, not the status. */
  changed: { by: string; at: string } | null;
}

export interface PortRef {
  name: string | null;
  number: number | null;
}

export interface Ingress {
  meta: Meta;
  className: string | null;
  /** The old annotation kubernetes.io/ingress.class. */
  classAnnotation: string | null;
  /** Host null: any. */
  rules: { host: string | null; path: string; type: string; service: string; port: PortRef }[];
  defaultBackend: { service: string; port: PortRef } | null;
  tls: { hosts: string[]; secret: string | null }[];
  /** IPs and host names of its status. */
  addresses: string[];
}

export interface IngressClass {
  meta: Meta;
  controller: string;
  isDefault: boolean;
}

export interface IngressRoute {
  meta: Meta;
  /** Empty: all default entry points. */
  entryPoints: string[];
  routes: {
    match: string;
    priority: number | null;
    services: {
      name: string;
      namespace: string | null;
      kind: string;
      port: PortRef;
      weight: number | null;
      /** `https`, `h2c`, …; null: Traefik goes by the port. */
      scheme: string | null;
    }[];
    middlewares: string[];
  }[];
  tls: { options: string | null; secret: string | null } | null;
}

export interface GatewayClass {
  meta: Meta;
  controller: string;
}

/** Conditions whose status says that something is wrong. */
export interface Problem {
  type: string;
  reason: string;
  message: string;
  since: string | null;
}

export interface Gateway {
  meta: Meta;
  className: string;
  listeners: { name: string; hostname: string | null; port: number; protocol: string; mode: string | null }[];
  addresses: string[];
  problems: Problem[];
}

/** Envoy Gateway's settings of a Gateway's listeners: only what they expect before a request. */
export interface ClientTrafficPolicy {
  meta: Meta;
  targets: { kind: string; name: string; section: string | null }[];
  /** null: none asked for. */
  proxyProtocol: 'required' | 'optional' | null;
}

/** HTTPRoute, GRPCRoute or TLSRoute. */
export interface GatewayRoute {
  kind: 'HTTPRoute' | 'GRPCRoute' | 'TLSRoute';
  meta: Meta;
  /** Empty: those of the listener. */
  hostnames: string[];
  parents: {
    kind: string;
    name: string;
    namespace: string | null;
    section: string | null;
    port: number | null;
    /** Why its controller does not take the route, from its status; null: it does, or has not said. */
    refused: string | null;
  }[];
  rules: {
    /** One for each match: `PathPrefix`, `Exact` or `RegularExpression`; empty: all. Conditional: on more than the path. */
    paths: { type: string; value: string; conditional: boolean }[];
    backends: { kind: string; name: string; namespace: string | null; port: number | null; weight: number | null }[];
    redirects: boolean;
  }[];
  problems: Problem[];
}

export interface Service {
  meta: Meta;
  type: string;
  /** `None` for a headless one; null for ExternalName. */
  clusterIP: string | null;
  /** null: none, its endpoints are made by hand. */
  selector: { [key: string]: string } | null;
  ports: {
    name: string | null;
    port: number;
    targetPort: string | number;
    nodePort: number | null;
    protocol: string;
    appProtocol: string | null;
  }[];
  externalTrafficPolicy: string | null;
  internalTrafficPolicy: string | null;
  externalIPs: string[];
  externalName: string | null;
  healthCheckNodePort: number | null;
  loadBalancerClass: string | null;
  /** IPs and host names of its status, and spec.loadBalancerIP. */
  addresses: string[];
  publishNotReady: boolean;
}

export interface SliceEndpoint {
  addresses: string[];
  /** null: not said, which means ready (discovery.k8s.io/v1). */
  ready: boolean | null;
  serving: boolean | null;
  terminating: boolean | null;
  node: string | null;
  zone: string | null;
  pod: string | null;
}

export interface EndpointSlice {
  meta: Meta;
  service: string | null;
  addressType: string;
  ports: { name: string | null; port: number | null; protocol: string }[];
  endpoints: SliceEndpoint[];
}

export interface Container {
  name: string;
  image: string;
  command: string[];
  args: string[];
  ports: { name: string | null; port: number; hostPort: number | null }[];
  /** Cores and bytes; null: none set. */
  limits: { cpu: number | null; memory: number | null };
  requests: { cpu: number | null; memory: number | null };
  /** Seconds that the preStop hook waits, where it is a plain sleep; the hook's words else. */
  preStop: { seconds: number | null; text: string } | null;
  readiness: { path: string | null; port: string | number | null; periodSeconds: number; failures: number } | null;
}

export interface PodTemplate {
  labels: { [key: string]: string };
  annotations: { [key: string]: string };
  containers: Container[];
  hostNetwork: boolean;
  /** terminationGracePeriodSeconds. */
  graceSeconds: number;
  readinessGates: string[];
}

export interface Pod {
  meta: Meta;
  template: PodTemplate;
  node: string | null;
  ip: string | null;
  hostIP: string | null;
  phase: string;
  ready: boolean;
  /** Since when it is ready or not. */
  readySince: string | null;
  startedAt: string | null;
  containers: {
    name: string;
    ready: boolean;
    restarts: number;
    startedAt: string | null;
    /** Why it waits now: CrashLoopBackOff, ImagePullBackOff, … */
    waiting: string | null;
    lastExit: { reason: string; code: number | null; at: string | null } | null;
  }[];
}

export interface Workload {
  kind: 'Deployment' | 'DaemonSet' | 'StatefulSet';
  meta: Meta;
  replicas: number | null;
  selector: { [key: string]: string };
  template: PodTemplate;
  /** generation ≠ observed: a rollout that nobody has looked at yet. */
  generation: number;
  observed: number | null;
  updated: number | null;
  ready: number | null;
  maxUnavailable: string | null;
  minReadySeconds: number;
}

export interface ReplicaSet {
  meta: Meta;
  replicas: number;
  revision: string | null;
  images: string[];
}

export interface Autoscaler {
  meta: Meta;
  target: { kind: string; name: string };
  min: number | null;
  max: number;
  current: number | null;
  desired: number | null;
}

export interface DisruptionBudget {
  meta: Meta;
  selector: { [key: string]: string };
  minAvailable: string | null;
  maxUnavailable: string | null;
  allowed: number | null;
}

export interface ConfigMap {
  meta: Meta;
  data: { [key: string]: string };
}

export interface ClusterNode {
  meta: Meta;
  ready: boolean;
  readySince: string | null;
  unschedulable: boolean;
  taints: string[];
  internalIP: string | null;
  externalIP: string | null;
  zone: string | null;
  /** Labelled node.kubernetes.io/exclude-from-external-load-balancers. */
  excluded: boolean;
  kubeProxyVersion: string | null;
}

export interface NetworkPolicy {
  meta: Meta;
  /** Empty: every pod of the namespace. null: expressions that are not read here. */
  pods: { [key: string]: string } | null;
  types: string[];
  /** null: no ingress rules at all, so nothing is let in. */
  ingress: {
    /** Empty: from everywhere. */
    from: {
      pods: { [key: string]: string } | null;
      namespaces: { [key: string]: string } | null;
      cidr: string | null;
      unread: boolean;
    }[];
    ports: (string | number)[];
  }[];
}

export interface Lease {
  meta: Meta;
  holder: string | null;
  renewedAt: string | null;
  acquiredAt: string | null;
  transitions: number;
}

export interface ClusterEvent {
  meta: Meta;
  about: { kind: string; namespace: string; name: string };
  type: string;
  reason: string;
  message: string;
  from: string;
  first: string | null;
  last: string | null;
  count: number;
}
