import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { EDITS as READINGS } from '../../diagnostics/nodes/edits.ts';
import { NGINX, onLoopback, TRAEFIK, withoutHeader } from '../../diagnostics/nodes/worlds.ts';
import { LIVED_AT, type Lists, livedInLists, objectOf, type RawObject } from '../../proxy/kubernetes/lived-in.ts';

/**
 * `cluster.ts FOLDER SERVICE NODE_PORT POD_PORT ADDRESS EDIT…`: writes the lists of the lived-in cluster, recorded from a
 * real API server, moved to now and to loopback addresses, with what the incident makes otherwise. ADDRESS: where the
 * balancer's Service says that it is reached.
 */
const event = (lists: Lists, reason: string): RawObject | undefined =>
  (lists.events ?? []).find((one) => one.reason === reason);
const without = (lists: Lists, ...reasons: string[]): void => {
  lists.events = (lists.events ?? []).filter((one) => !reasons.includes(one.reason));
};

/** What the recording holds besides the incident's own fault, and would be a fault of its own. */
function calm(lists: Lists): void {
  without(lists, 'RELOAD', 'Killing', 'Unhealthy');
  for (const pod of lists.pods ?? [])
    if (pod.metadata.namespace === 'ingress-nginx')
      for (const one of pod.status.containerStatuses) Object.assign(one, { restartCount: 0, lastState: {} });
}

const EDITS: { [name: string]: (lists: Lists) => void } = {
  calm,
  'no-header': withoutHeader,
  /** The controller has not reloaded but for what another edit says. */
  'no-reloads': (lists) => {
    lists.events = (lists.events ?? []).filter((one) => one.reason !== 'RELOAD' || one.type === 'Warning');
  },
  /** The kubelet has killed the second pod for its probe over and over, as events count it. */
  'probe-kills-often': (lists) => {
    for (const one of lists.events ?? []) if (one.reason === 'Killing') one.count = 9;
  },
  /** No pod of the proxy was killed by its probe, or none for memory. */
  'no-probe-kills': (lists) => without(lists, 'Killing', 'Unhealthy'),
  'no-restarts': (lists) => {
    for (const pod of lists.pods ?? [])
      if (pod.metadata.namespace === 'ingress-nginx')
        for (const one of pod.status.containerStatuses) Object.assign(one, { restartCount: 0, lastState: {} });
  },
  /** Both pods of ingress-nginx crashed once, a minute ago, and are up again. */
  'both-crashed': (lists) => {
    for (const pod of lists.pods ?? [])
      if (pod.metadata.namespace === 'ingress-nginx')
        for (const one of pod.status.containerStatuses)
          Object.assign(one, {
            restartCount: 1,
            lastState: { terminated: { exitCode: 139, reason: 'Error', finishedAt: '2026-11-21T15:39:30Z' } },
          });
  },
  /** The second pod of ingress-nginx is not ready. */
  'second-not-ready': (lists) => {
    const second = (lists.pods ?? []).filter((one) => one.metadata.namespace === 'ingress-nginx')[1];
    for (const one of second?.status.conditions ?? []) if (/Ready$/.test(one.type)) one.status = 'False';
  },
  /** Policy Local, with the health port that the world listens on. */
  'health-port': (lists) => {
    objectOf(lists, 'services', TRAEFIK).spec.healthCheckNodePort = Number(process.env.HEALTH);
  },
  'policy-cluster': (lists) => {
    const { spec } = objectOf(lists, 'services', TRAEFIK);
    spec.externalTrafficPolicy = 'Cluster';
    delete spec.healthCheckNodePort;
  },
  /** The third node is well: it was never preempted. */
  'node-well': (lists) => {
    without(lists, 'Preempted', 'NodeNotReady');
    const [ready] = objectOf(lists, 'nodes', 'n3').status.conditions;
    Object.assign(ready, { status: 'True', lastTransitionTime: '2026-11-21T13:27:07Z' });
  },
  'metallb-on-lost-node': (lists) => {
    const service = objectOf(lists, 'services', TRAEFIK);
    service.metadata.annotations = { 'metallb.io/ip-allocated-from-pool': 'edge' };
    service.spec.externalTrafficPolicy = 'Cluster';
    delete service.spec.healthCheckNodePort;
    const assigned = event(lists, 'nodeAssigned');
    if (assigned) assigned.message = 'announcing from node "n3" with protocol "layer2"';
  },
  /** The pods of ingress-nginx crash over and over, in the words of the application that does so in the recording. */
  'pods-crash': (lists) => {
    const looping = (lists.pods ?? []).find((pod) => pod.metadata.name.startsWith('metabase-'))?.status;
    for (const pod of lists.pods ?? []) {
      if (pod.metadata.namespace !== 'ingress-nginx') continue;
      const [own] = pod.status.containerStatuses;
      const [like] = looping.containerStatuses;
      Object.assign(own, {
        ready: false,
        restartCount: 14,
        state: like.state,
        lastState: structuredClone(like.lastState),
      });
      for (const c of pod.status.conditions) if (c.type === 'Ready' || c.type === 'ContainersReady') c.status = 'False';
    }
    for (const slice of lists.endpointslices ?? [])
      if (slice.metadata.namespace === 'ingress-nginx')
        for (const one of slice.endpoints ?? []) one.conditions = { ready: false, serving: false, terminating: false };
  },
  /** Somebody renamed the port of the Service; the Ingress still asks for `http`. */
  'shop-port-renamed': (lists) => {
    objectOf(lists, 'services', 'shop/shop').spec.ports[0].name = 'web';
  },
  /** A Service whose selector is a word that no pod has: Kubernetes empties its slices at once. */
  'crm-selector': (lists) => {
    objectOf(lists, 'services', 'shop/crm').spec.selector = { app: 'crm-web' };
    for (const slice of lists.endpointslices ?? [])
      if (slice.metadata.name.startsWith('crm-')) Object.assign(slice, { endpoints: [] });
  },
  /** Three pods of the shop at loopback addresses, port $SHOP; the third was told to leave half a minute ago and has ten to end. */
  'shop-scales-down': (lists) => {
    const port = Number(process.env.SHOP);
    const kept = ['a1b2c', 'd3e4f', 'm9n0p'].map((name) => `shop-7c9f8d6b54-${name}`);
    lists.pods = (lists.pods ?? []).filter(
      (one) => !one.metadata.name.startsWith('shop-') || kept.includes(one.metadata.name),
    );
    for (const [i, name] of kept.entries()) {
      const pod = objectOf(lists, 'pods', `shop/${name}`);
      pod.status.podIP = `127.0.0.${41 + i}`;
      pod.spec.containers[0].ports[0].containerPort = port;
    }
    const leaving = objectOf(lists, 'pods', `shop/${kept[2]}`).metadata;
    Object.assign(leaving, { deletionTimestamp: '2026-11-21T15:50:00Z', deletionGracePeriodSeconds: 600 });
    for (const slice of (lists.endpointslices ?? []).filter((one) => one.metadata.name.startsWith('shop-'))) {
      slice.ports[0].port = port;
      slice.endpoints = slice.endpoints.filter((one: RawObject) => kept.includes(one.targetRef.name));
      for (const one of slice.endpoints) one.addresses = [`127.0.0.${41 + kept.indexOf(one.targetRef.name)}`];
    }
    // Who left has closed its port: its readiness probe has failed since.
    const gone = (lists.endpointslices ?? []).flatMap((one) => one.endpoints ?? []);
    for (const one of gone) if (one.targetRef?.name === kept[2]) one.conditions.serving = false;
    lists.events = (lists.events ?? []).filter((one) => !/^shop/.test(one.involvedObject.name));
    Object.assign(objectOf(lists, 'deployments', 'shop/shop').spec, { replicas: 2 });
    Object.assign(objectOf(lists, 'horizontalpodautoscalers', 'shop/shop').status, {
      currentReplicas: 2,
      desiredReplicas: 2,
    });
  },
  /** The Gateway is in order, and its route's only backend is in a namespace that has not granted it. */
  'gateway-backend-refused': (lists) => {
    const gateway = objectOf(lists, 'gateways', 'shop/edge');
    const [listener] = gateway.spec.listeners;
    gateway.spec.listeners = [{ name: 'http', port: 80, protocol: 'HTTP', hostname: listener.hostname }];
    const good = { lastTransitionTime: '2026-11-21T13:35:27Z', message: '', observedGeneration: 2, status: 'True' };
    gateway.status.addresses = [{ type: 'IPAddress', value: '192.0.2.80' }];
    gateway.status.conditions = ['Accepted', 'Programmed'].map((type) => ({ ...good, type, reason: type }));
    Object.assign(gateway.status.listeners[0], {
      name: 'http',
      conditions: ['Accepted', 'Programmed', 'ResolvedRefs'].map((type) => ({ ...good, type, reason: type })),
    });
    const [rule] = objectOf(lists, 'httproutes', 'shop/api').spec.rules;
    rule.backendRefs = rule.backendRefs.filter((one: { name: string }) => one.name === 'billing');
    lists.ingresses = (lists.ingresses ?? []).filter((one) => one.metadata.name !== 'catch-all');
  },
  /** Two nodes that were there all along have said in turn that they announce the address. */
  'announced-twice': (lists) => {
    const said = event(lists, 'nodeAssigned');
    const times = ['14:17:07', '14:44:11', '15:03:52', '15:31:20'];
    const nodes = ['n2', 'n1', 'n2', 'n1'];
    const events = times.map((time, i) => {
      const one = structuredClone(said) as RawObject;
      one.metadata.name = `traefik.00000000000000${i}f`;
      one.metadata.uid = `d107d7c8-1c17-4d39-be14-793b971d0d${i}f`;
      const at = `2026-11-21T${time}Z`;
      return Object.assign(one, {
        message: `announcing from node "${nodes[i]}" with protocol "layer2"`,
        ...{ firstTimestamp: at, lastTimestamp: at },
      });
    });
    lists.events = [...(lists.events ?? []).filter((one) => one !== said), ...events];
    objectOf(lists, 'services', TRAEFIK).metadata.annotations = { 'metallb.io/ip-allocated-from-pool': 'edge' };
  },
};

/** Every time in the recording, as far from now as it was from then. */
function toNow(text: string): string {
  const shift = Date.now() - Date.parse(LIVED_AT);
  return text.replace(/"(2026-11-21T\d\d:\d\d:\d\d)(\.\d+)?Z"/g, (whole, seconds: string, fraction?: string) => {
    const at = new Date(Date.parse(`${seconds}Z`) + shift);
    return Number.isNaN(at.getTime()) ? whole : `"${at.toISOString().slice(0, 19)}${fraction ?? ''}Z"`;
  });
}

const [folder = 'objects', service = NGINX, nodePort = '0', podPort = '0', address = '', ...edits] =
  process.argv.slice(2);
const lists = livedInLists();
onLoopback(lists, service, { nodePort: Number(nodePort), podPort: Number(podPort) });
objectOf(lists, 'services', service).status.loadBalancer = { ingress: [{ ip: address }] };
for (const edit of edits) {
  // Or one of those that the readings of checks are made with, by its file.
  const change = EDITS[edit] ?? READINGS[edit]?.edit;
  if (!change) throw new Error(`no edit ${edit}`);
  change(lists);
}
mkdirSync(folder, { recursive: true });
const LISTS = new URL('../../fixtures/kubernetes/1.28.5/lists/', import.meta.url);
for (const [plural, items] of Object.entries(lists)) {
  const recorded = JSON.parse(readFileSync(new URL(`${plural}.json`, LISTS), 'utf8')) as object;
  writeFileSync(
    `${folder}/${plural}.json`,
    toNow(JSON.stringify({ ...recorded, items }).replaceAll('192.0.2.80', address)),
  );
}
