import { readFileSync } from 'node:fs';
import { type Lists, objectOf, type RawObject, refused } from '../../proxy/kubernetes/lived-in.ts';
import { healthPorts, type LookAt, pageAt } from './lived-in-looks.ts';

/** The lived-in cluster with one thing made otherwise, by the file of the reading that it gives. */
interface Edited extends LookAt {
  /** Health ports to be listened on, by node: how many endpoints each counts. */
  health?: { [node: string]: number };
  /** A recorded metrics page of Traefik (99 MB in use) on its first pod. */
  page?: string;
}

const SHOP = 'shop.example.test';
/** Served by Traefik, whose Service has policy Local. */
const LOCAL = 'metabase.example.test';
const NGINX = 'ingress-nginx/ingress-nginx-controller';
const VIP = '192.0.2.80';
const PAGE = 'traefik/3.7.9/json.metrics.txt';

const event = (lists: Lists, reason: string): RawObject =>
  (lists.events ?? []).find((one) => one.reason === reason) as RawObject;
const without = (lists: Lists, ...reasons: string[]): void => {
  lists.events = (lists.events ?? []).filter((one) => !reasons.includes(one.reason));
};
/** One more event like a recorded one. */
function another(lists: Lists, reason: string, change: (copy: RawObject) => void): void {
  const copy = structuredClone(event(lists, reason));
  copy.metadata.name += `-${(lists.events ?? []).length}`;
  change(copy);
  lists.events?.push(copy);
}
const pod = (lists: Lists, name: string): RawObject => objectOf(lists, 'pods', name);
const status = (lists: Lists, name: string): RawObject => pod(lists, name).status.containerStatuses[0];
const FIRST = 'ingress-nginx/ingress-nginx-controller-7c9f8d6b54-4xk9v';
const SECOND = 'ingress-nginx/ingress-nginx-controller-7c9f8d6b54-mz8qd';

/** The third node is there and was never preempted. */
export function nodeWell(lists: Lists): void {
  without(lists, 'Preempted', 'NodeNotReady');
  const node = objectOf(lists, 'nodes', 'n3');
  node.status.conditions[0] = {
    ...node.status.conditions[0],
    status: 'True',
    lastTransitionTime: '2026-11-21T13:27:07Z',
  };
}

/** All is well: no lost node, no restart, no reloads. */
export function well(lists: Lists): void {
  nodeWell(lists);
  without(lists, 'RELOAD', 'Killing', 'Unhealthy');
  Object.assign(status(lists, SECOND), { restartCount: 0, lastState: {} });
}

/** Traefik behind MetalLB. */
function metallb(lists: Lists): void {
  const service = objectOf(lists, 'services', 'traefik/traefik');
  service.metadata.annotations = { 'metallb.io/ip-allocated-from-pool': 'edge' };
  service.status.loadBalancer = { ingress: [{ ip: VIP }] };
}
export function announcing(lists: Lists, node: string, first: string, last: string, count: number): void {
  another(lists, 'nodeAssigned', (copy) => {
    copy.message = `announcing from node "${node}" with protocol "layer2"`;
    Object.assign(copy, { firstTimestamp: first, lastTimestamp: last, count });
  });
}
const told = (lists: Lists, reason: string, message: string, type: string): void =>
  another(lists, 'nodeAssigned', (copy) =>
    Object.assign(copy, {
      reason,
      message,
      type,
      firstTimestamp: '2026-11-21T15:30:00Z',
      lastTimestamp: '2026-11-21T15:30:00Z',
    }),
  );

const ADDRESSES: { [node: string]: string } = { n1: '127.0.0.11', n2: '127.0.0.12', n3: '127.0.0.13' };

const PAGE_AT = '127.0.0.21';
async function withPage(one: Edited, text: string): Promise<{ look: LookAt; close: () => Promise<void> }> {
  const page = await pageAt(PAGE_AT, text);
  const edit = (lists: Lists): void => {
    one.edit?.(lists);
    const first = pod(lists, 'traefik/traefik-b4x2k');
    first.status.podIP = PAGE_AT;
    first.metadata.annotations = { 'prometheus.io/scrape': 'true', 'prometheus.io/port': String(page.port) };
  };
  return { look: { ...one, edit, file: { allow: ['127.0.0.0/8'] } }, close: page.close };
}
const memory = (lists: Lists, limit: string): void => {
  for (const one of objectOf(lists, 'daemonsets', 'traefik/traefik').spec.template.spec.containers)
    one.resources = { limits: { memory: limit }, requests: { cpu: '1', memory: limit } };
};

/** An edit with its health ports listening, and what closes them. */
export async function listening(one: Edited): Promise<{ look: LookAt; close: () => Promise<void> }> {
  if (one.page) return withPage(one, readFileSync(new URL(`../../fixtures/${one.page}`, import.meta.url), 'utf8'));
  if (!one.health) return { look: one, close: async () => {} };
  const counts = Object.fromEntries(Object.entries(one.health).map(([node, n]) => [ADDRESSES[node] as string, n]));
  const ports = await healthPorts('traefik/traefik', counts);
  const edit = (lists: Lists): void => {
    for (const [node, address] of Object.entries(ADDRESSES))
      objectOf(lists, 'nodes', node).status.addresses[0].address = address;
    objectOf(lists, 'services', 'traefik/traefik').spec.healthCheckNodePort = ports.port;
    one.edit?.(lists);
  };
  return { look: { ...one, edit, file: { allow: ['127.0.0.0/8'], ...one.file } }, close: ports.close };
}

export const EDITS: { [file: string]: Edited } = {
  'traffic-policy/NODE_LOST_IS_A_HOP.preempted': { check: 'traffic-policy', host: SHOP },
  'traffic-policy/NODE_LOST_WITH_PROXY.its-replica': {
    check: 'traffic-policy',
    host: SHOP,
    edit: (lists) => {
      pod(lists, SECOND).spec.nodeName = 'n3';
    },
  },
  'traffic-policy/TRAFFIC_TO_NODE_WITHOUT_PROXY.name-leads-there': {
    check: 'traffic-policy',
    host: LOCAL,
    health: { n1: 1, n2: 1, n3: 0 },
    file: { dns: { [LOCAL]: [ADDRESSES.n3 as string] } },
  },
  'traffic-policy/HEALTH_PORT_DENIES_PROXY.other-node-names': {
    check: 'traffic-policy',
    host: LOCAL,
    health: { n1: 0, n2: 0, n3: 0 },
  },
  'traffic-policy/TRAFFIC_POLICY_HOLDS.two-of-three': {
    check: 'traffic-policy',
    host: LOCAL,
    health: { n1: 1, n2: 1, n3: 0 },
  },
  'traffic-policy/clear.two-of-three': { check: 'traffic-policy', host: LOCAL, health: { n1: 1, n2: 1, n3: 0 } },
  'traffic-policy/NODES_LEFT_OUT.not-asked': { check: 'traffic-policy', host: LOCAL },
  'traffic-policy/ALLOW_LIST_SEES_NODES.office-only': {
    check: 'traffic-policy',
    host: SHOP,
    edit: (lists) => {
      well(lists);
      objectOf(lists, 'configmaps', NGINX).data['use-proxy-protocol'] = 'false';
      delete objectOf(lists, 'services', NGINX).metadata.annotations[
        'service.beta.kubernetes.io/aws-load-balancer-proxy-protocol'
      ];
      objectOf(lists, 'ingresses', 'shop/shop').metadata.annotations[
        'nginx.ingress.kubernetes.io/whitelist-source-range'
      ] = '203.0.113.0/24, 198.51.100.7';
    },
  },
  'traffic-policy/NODES_STAY.all-ready': { check: 'traffic-policy', host: SHOP, edit: well },
  'traffic-policy/NODES_PARTLY_SEEN.no-events': {
    check: 'traffic-policy',
    host: SHOP,
    edit: well,
    missing: [refused('events')],
  },
  'traffic-policy/blind.denied': { check: 'traffic-policy', host: SHOP, missing: [refused('nodes')] },
  'virtual-address/VIP_HAS_ONE_OWNER.metallb': { check: 'virtual-address', host: LOCAL, edit: metallb },
  'virtual-address/clear.metallb': { check: 'virtual-address', host: LOCAL, edit: metallb },
  'virtual-address/VIP_TWO_OWNERS.in-turn': {
    check: 'virtual-address',
    host: LOCAL,
    edit: (lists) => {
      metallb(lists);
      announcing(lists, 'n1', '2026-11-21T15:10:00Z', '2026-11-21T15:38:00Z', 14);
      announcing(lists, 'n2', '2026-11-21T15:12:00Z', '2026-11-21T15:39:00Z', 12);
    },
  },
  'virtual-address/VIP_CLAIMED_TWICE.external-ip': {
    check: 'virtual-address',
    host: LOCAL,
    edit: (lists) => {
      metallb(lists);
      objectOf(lists, 'services', 'legacy/vip').spec.externalIPs = [VIP];
    },
  },
  'virtual-address/VIP_OWNER_LOST.preempted': {
    check: 'virtual-address',
    host: LOCAL,
    edit: (lists) => {
      metallb(lists);
      event(lists, 'nodeAssigned').message = 'announcing from node "n3" with protocol "layer2"';
    },
  },
  'virtual-address/VIP_MOVED.fail-over': {
    check: 'virtual-address',
    host: LOCAL,
    edit: (lists) => {
      metallb(lists);
      announcing(lists, 'n1', '2026-11-21T15:35:00Z', '2026-11-21T15:35:00Z', 1);
    },
  },
  'virtual-address/VIP_NOT_ANNOUNCED.no-advertisement': {
    check: 'virtual-address',
    host: LOCAL,
    edit: (lists) => {
      metallb(lists);
      told(lists, 'IPAllocated', `Assigned IP ["${VIP}"]`, 'Normal');
      without(lists, 'nodeAssigned');
    },
  },
  'virtual-address/VIP_NOT_GIVEN.pool-empty': {
    check: 'virtual-address',
    host: LOCAL,
    edit: (lists) => {
      metallb(lists);
      objectOf(lists, 'services', 'traefik/traefik').status.loadBalancer = {};
      told(lists, 'AllocationFailed', 'Failed to allocate IP for "traefik/traefik": no available IPs', 'Warning');
      without(lists, 'nodeAssigned');
    },
  },
  'virtual-address/VIP_OWNER_UNTOLD.long-ago': {
    check: 'virtual-address',
    host: LOCAL,
    edit: (lists) => {
      metallb(lists);
      without(lists, 'nodeAssigned');
    },
  },
  'virtual-address/blind.denied': {
    check: 'virtual-address',
    host: LOCAL,
    edit: metallb,
    missing: [refused('pods', 'traefik')],
  },
  'cluster-proxy/PROXY_POD_OUT_OF_MEMORY.one-of-two': { check: 'cluster-proxy', host: SHOP },
  'cluster-proxy/PROXY_POD_KILLED_BY_PROBE.one-of-two': { check: 'cluster-proxy', host: SHOP },
  'cluster-proxy/RELOADS_TOLD_OFTEN.once-a-minute': { check: 'cluster-proxy', host: SHOP },
  'cluster-proxy/PROXY_POD_CRASH_LOOPS.one-of-two': {
    check: 'cluster-proxy',
    host: SHOP,
    edit: (lists) => {
      // In the words of the pod that does so in the recording.
      const looping = structuredClone(status(lists, 'analytics/metabase-7c9f8d6b54-zz4xw'));
      const own = status(lists, SECOND);
      Object.assign(own, { state: looping.state, lastState: looping.lastState, restartCount: 14, ready: false });
      for (const c of pod(lists, SECOND).status.conditions) if (c.type === 'Ready') c.status = 'False';
    },
  },
  'cluster-proxy/PROXY_POD_DOES_NOT_START.no-image': {
    check: 'cluster-proxy',
    host: SHOP,
    edit: (lists) => {
      well(lists);
      const own = status(lists, SECOND);
      Object.assign(own, { state: { waiting: { reason: 'ImagePullBackOff' } }, ready: false });
      for (const c of pod(lists, SECOND).status.conditions) if (c.type === 'Ready') c.status = 'False';
    },
  },
  'cluster-proxy/PROXY_POD_RESTARTED.once': {
    check: 'cluster-proxy',
    host: SHOP,
    edit: (lists) => {
      const ended = structuredClone(status(lists, SECOND).lastState);
      well(lists);
      ended.terminated = { ...ended.terminated, reason: 'Error', exitCode: 1 };
      Object.assign(status(lists, SECOND), { restartCount: 1, lastState: ended });
    },
  },
  'cluster-proxy/PROXY_POD_NOT_READY.one-of-two': {
    check: 'cluster-proxy',
    host: SHOP,
    edit: (lists) => {
      well(lists);
      for (const c of pod(lists, SECOND).status.conditions) if (c.type === 'Ready') c.status = 'False';
    },
  },
  'cluster-proxy/NO_PROXY_POD_READY.both': {
    check: 'cluster-proxy',
    host: SHOP,
    edit: (lists) => {
      well(lists);
      for (const name of [FIRST, SECOND])
        for (const c of pod(lists, name).status.conditions) if (c.type === 'Ready') c.status = 'False';
    },
  },
  'cluster-proxy/RELOAD_ERROR_TOLD.bad-snippet': {
    check: 'cluster-proxy',
    host: SHOP,
    edit: (lists) => {
      another(lists, 'RELOAD', (copy) =>
        Object.assign(copy, {
          type: 'Warning',
          message: `Error reloading NGINX: \n${'-'.repeat(79)}\nError: exit status 1\n2026/11/21 16:00:39 [emerg] 727#727: invalid number of arguments in "proxy_set_header" directive in /tmp/nginx/nginx-cfg4191816485:2512\nnginx: [emerg] invalid number of arguments in "proxy_set_header" directive in /tmp/nginx/nginx-cfg4191816485:2512\nnginx: configuration file /tmp/nginx/nginx-cfg4191816485 test failed\n`,
          firstTimestamp: '2026-11-21T15:36:02Z',
          lastTimestamp: '2026-11-21T15:39:02Z',
          count: 6,
        }),
      );
    },
  },
  'cluster-proxy/NOTE_PROXY_WITHOUT_REQUESTS.traefik': { check: 'cluster-proxy', host: LOCAL },
  'cluster-proxy/NOTE_PROXY_MEMORY_TIGHT.traefik': {
    check: 'cluster-proxy',
    host: LOCAL,
    page: PAGE,
    edit: (lists) => memory(lists, '100Mi'),
  },
  'cluster-proxy/NOTE_PROXY_MEMORY_AMPLE.traefik': {
    check: 'cluster-proxy',
    host: LOCAL,
    page: PAGE,
    edit: (lists) => memory(lists, '2Gi'),
  },
  'cluster-proxy/PROXY_PODS_WELL.both': { check: 'cluster-proxy', host: SHOP, edit: well },
  'cluster-proxy/clear.both': { check: 'cluster-proxy', host: SHOP, edit: well },
  'cluster-proxy/PROXY_PODS_PARTLY_SEEN.no-events': {
    check: 'cluster-proxy',
    host: SHOP,
    edit: well,
    missing: [refused('events', 'ingress-nginx')],
  },
  'drain/DRAIN_TOO_SHORT.ingress-nginx-over-nodes': { check: 'drain', host: SHOP },
  'drain/GRACE_CUTS_PRESTOP.sleep-420': {
    check: 'drain',
    host: SHOP,
    // The recipe of report S2 over the chart's grace period (proxies.md D.6).
    edit: (lists) => {
      for (const one of objectOf(lists, 'deployments', NGINX).spec.template.spec.containers)
        one.lifecycle = { preStop: { exec: { command: ['sleep', '420'] } } };
    },
  },
  'drain/DRAIN_COVERS.ip-targets-wait': {
    check: 'drain',
    host: SHOP,
    edit: (lists) => {
      const service = objectOf(lists, 'services', NGINX).metadata.annotations;
      service['service.beta.kubernetes.io/aws-load-balancer-nlb-target-type'] = 'ip';
      const { spec } = objectOf(lists, 'deployments', NGINX).spec.template;
      spec.terminationGracePeriodSeconds = 500;
      for (const one of spec.containers) one.lifecycle = { preStop: { exec: { command: ['sleep', '200'] } } };
    },
  },
  'drain/ONE_REPLICA_ROLLS.ip-targets': {
    check: 'drain',
    host: SHOP,
    edit: (lists) => {
      const service = objectOf(lists, 'services', NGINX).metadata.annotations;
      service['service.beta.kubernetes.io/aws-load-balancer-nlb-target-type'] = 'ip';
      objectOf(lists, 'deployments', NGINX).spec.replicas = 1;
    },
  },
  'config-risks/NOTE_WORKERS_ABOVE_CPU_LIMIT.ingress-nginx-objects': { check: 'config-risks', host: SHOP },
  'config-risks/NOTE_END_OF_SUPPORT.traefik-objects': { check: 'config-risks', host: LOCAL },
  'proxy-header-settings/PROXY_HEADER_SETTINGS_AGREE.objects': { check: 'proxy-header-settings', host: SHOP },
  'proxy-header-settings/PROXY_HEADER_SETTINGS_DISAGREE.objects': {
    check: 'proxy-header-settings',
    host: SHOP,
    edit: (lists) => {
      objectOf(lists, 'configmaps', NGINX).data['use-proxy-protocol'] = 'false';
    },
  },
  'proxy-header-settings/blind.denied': {
    check: 'proxy-header-settings',
    host: SHOP,
    missing: [refused('pods', 'ingress-nginx')],
  },
  'cluster-proxy/blind.denied': { check: 'cluster-proxy', host: SHOP, missing: [refused('pods', 'ingress-nginx')] },
};
