import type { Window } from '../window.ts';

/**
 * What a cluster's objects say of one part of a path. Plain JSON: projections of what is watched, made when a look asks,
 * so that evidence holds what was true then. Every method throws BlindLook naming the right to grant when the objects it
 * needs may not be read.
 */

export interface PodFacts {
  name: string;
  node: string | null;
  ip: string | null;
  phase: string;
  ready: boolean;
  readySince: string | null;
  startedAt: string | null;
  /** When it was told to leave; null: it was not. */
  leavingSince: string | null;
  /** Ports that its containers declare. */
  ports: number[];
  restarts: number;
  waiting: string | null;
  lastExit: { reason: string; code: number | null; at: string | null } | null;
  readinessGates: string[];
}

export interface EndpointFacts {
  address: string;
  ready: boolean;
  serving: boolean | null;
  terminating: boolean;
  node: string | null;
  zone: string | null;
  pod: string | null;
}

export interface WorkloadFacts {
  kind: string;
  name: string;
  images: string[];
  replicas: number | null;
  ready: number | null;
  updated: number | null;
  /** A newer version of it is being rolled out. */
  rolling: boolean;
  graceSeconds: number;
  preStop: { seconds: number | null; text: string } | null;
  maxUnavailable: string | null;
  minReadySeconds: number;
  limits: { cpu: number | null; memory: number | null };
  requests: { cpu: number | null; memory: number | null };
  budget: { minAvailable: string | null; maxUnavailable: string | null; allowed: number | null } | null;
  /** `namespace/name` of the HorizontalPodAutoscaler. */
  autoscaler: { name: string; min: number | null; max: number; current: number | null; desired: number | null } | null;
}

export interface EventFacts {
  at: string;
  first: string | null;
  count: number;
  type: string;
  reason: string;
  /** `Pod namespace/name`. */
  about: string;
  message: string;
  from: string;
}

export interface ServiceFacts {
  /** `namespace/name`. */
  name: string;
  exists: boolean;
  type: string | null;
  selector: { [key: string]: string } | null;
  /** The port that the route uses, where the Service has it. */
  port: { name: string | null; port: number; targetPort: string | number; nodePort: number | null } | null;
  /** What the route asked for, as written. */
  wantedPort: string | number | null;
  ports: { name: string | null; port: number; targetPort: string | number }[];
  /** Pods that its selector matches. */
  pods: PodFacts[];
  endpoints: EndpointFacts[];
  /** Endpoints are made by hand: there is no selector. */
  manual: boolean;
  /** Pods count as endpoints before they are ready (publishNotReadyAddresses); left out in older rows. */
  publishNotReady?: boolean;
  workload: WorkloadFacts | null;
  /** Policies that select its pods, and whether they let the proxy of the path in. */
  policies: {
    name: string;
    lets: 'in' | 'out' | 'unknown';
    why: string;
    /** Names of the pods that it selects. */
    pods: string[];
  }[];
  /** `Ingress namespace/name` of the route that leads here; null: none is known. */
  route: string | null;
  /** `namespace/workload` of the proxy that sends to it; null: not known. */
  sender: string | null;
  /** Port numbers of pods to which the port leads: by name they may differ between pods. */
  targets: number[];
  /** Names of ports that containers of its pods declare. */
  portNames: string[];
  /** Policies that restrict what the sender's pods may send; their rules are not read. */
  restricted: string[];
  /** Nodes of its pods that are not ready; empty too where nodes may not be read. */
  lostNodes: string[];
  /** Kinds that could not be read and that the rest is told without. */
  unread: { what: string; reason: 'denied' | 'no-connection'; detail: string }[];
}

export interface ProxyFacts {
  /** `namespace/workload`. */
  name: string;
  kind: string;
  brand: string;
  version: string | null;
  workload: WorkloadFacts;
  pods: PodFacts[];
  /** Flags and ConfigMap entries that matter, as written. */
  args: { [flag: string]: string };
  config: { [key: string]: string };
  /** The Service in front. */
  front: {
    name: string;
    type: string;
    externalTrafficPolicy: string;
    healthCheckNodePort: number | null;
    endpoints: EndpointFacts[];
    annotations: { [key: string]: string };
    addresses: string[];
    /** Addresses of its own that some node must hold (spec.externalIPs). */
    externalIPs?: string[];
    /** Other Services that claim one of its addresses with one of its ports. */
    rivals?: { service: string; address: string; port: number }[];
  } | null;
  /** Objects of this proxy that let only some client addresses in: `whitelist-source-range` and its like. */
  allowLists?: { object: string; hosts: string[]; ranges: string[] }[];
  /** Kinds that could not be read and that the rest is told without, each with the right to grant. */
  unread?: string[];
  leader: { holder: string | null; since: string | null; transitions: number } | null;
}

export interface NodeFacts {
  name: string;
  ip: string | null;
  ready: boolean;
  readySince: string | null;
  unschedulable: boolean;
  taints: string[];
  zone: string | null;
  /** Takes no traffic of load balancers. */
  excluded: boolean;
  /** Ready pods of the proxy that run here, and all of them. */
  readyProxies: number;
  proxies: number;
}

/** Who serves a host, by which object, and who else names it. */
export interface ClaimFacts {
  host: string;
  claims: {
    proxy: string;
    object: string;
    why: string;
    host: string | null;
    path: string;
    service: string | null;
    /** What its status, or its Gateway's, says is wrong. */
    problems: string[];
    /** What we cannot follow of it, or that no rule of it covers the path; null: nothing. */
    note: string | null;
    /** Where the object's status says that it is reached. */
    addresses: string[];
    /** Its Service does not exist. */
    missing: boolean;
    /** What decides between claims of one proxy: higher numbers first, from the left. */
    rank: number[];
    /** Services that share with the first one by weight. */
    others: { service: string; weight: number | null }[];
  }[];
  unserved: {
    object: string;
    why: string;
    problems: string[];
    /** What speaks for a controller that was not found; null: nobody can be meant but those that were. */
    foreign: string | null;
  }[];
  /** Objects that name the host and are for a controller that we do not know or see, with what says so. */
  unseen: { object: string; why: string }[];
  /** Every managed proxy that was found, `namespace/workload`. */
  proxies: string[];
}

export interface ClusterReader {
  /** The context's name. */
  cluster: string;
  /** When the newest of it was heard, ISO. */
  asOf: string | null;
  /** `of.proxy`: the one that sends to it; left out: whichever claims the host. */
  service(
    name: string,
    host: string,
    signal: AbortSignal,
    of?: { path?: string; proxy?: string | null },
  ): Promise<ServiceFacts>;
  proxy(name: string, signal: AbortSignal): Promise<ProxyFacts>;
  /** Nodes that may take traffic for the Service in front of a proxy. */
  nodes(proxy: string, signal: AbortSignal): Promise<NodeFacts[]>;
  claims(host: string, path: string, signal: AbortSignal): Promise<ClaimFacts>;
  /** Events about these objects (`Kind namespace/name`, or a namespace) in a window, oldest first, at most 200. */
  events(about: string[], window: Window, signal: AbortSignal): Promise<EventFacts[]>;
}
