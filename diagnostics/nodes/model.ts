/** What is seen of the nodes between a balancer and a proxy. Plain JSON: it becomes evidence. */

/** What a node's health-check port said (kube-proxy: pkg/proxy/healthcheck/service_health.go). */
export interface HealthAnswer {
  /** null: no answer. */
  status: number | null;
  error: string | null;
  /** Local endpoints that kube-proxy knows there; null: not told. */
  endpoints: number | null;
}

export interface TrafficNode {
  name: string;
  ip: string | null;
  /** null: nobody said. */
  ready: boolean | null;
  readySince: string | null;
  /** Ready pods of the proxy there, and all of them; null: not known. */
  readyProxies: number | null;
  proxies: number | null;
  /** null: not asked. */
  health: HealthAnswer | null;
  /** Why traffic gets to this very node: a target of the balancer, the holder of the address, where the name leads. */
  led: 'target' | 'owner' | 'name' | null;
}

/** What is known of the nodes between a balancer and a proxy. */
export interface TrafficSeen {
  /** `namespace/service`, or the hop's name where there is no cluster. */
  service: string;
  proxy: string;
  cluster: string | null;
  policy: 'Cluster' | 'Local';
  healthPort: number | null;
  /** Nodes that may take traffic, what matters first, at most 40 of `total`. */
  nodes: TrafficNode[];
  total: number;
  ready: number;
  withProxy: number;
  /** Nodes of which an event says that they were lost, with the first such event in the time in question. */
  lost: { node: string; at: string; reason: string }[];
  /** False: events could not be read, so that nodes may have been lost unseen. */
  eventsRead: boolean;
  /** The balancer's own list of targets is known: nodes that are not on it get nothing. */
  targetsKnown: boolean;
  allowLists: { object: string; ranges: string[] }[];
  cannot: string[];
}
