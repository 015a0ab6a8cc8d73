import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SavedCase } from '../../../diagnostics/types.ts';
import { type Lists, objectOf, refused } from '../../proxy/kubernetes/lived-in.ts';
import { announcing, nodeWell, well } from './edits.ts';
import { healthPorts } from './lived-in-looks.ts';
import { balancer, NGINX, NODE, onLoopback, replicas, serve, TRAEFIK, triaged, withoutHeader } from './worlds.ts';

const SHOP = 'shop.example.test';
const METABASE = 'metabase.example.test';
const WELL = { status: 200 };

const said = ({ verdict }: SavedCase): unknown[] => [verdict.answer, verdict.hop, verdict.cause];
const why = (saved: SavedCase): string =>
  JSON.stringify([saved.verdict.headline, saved.verdict.because, saved.verdict.confidence]);

/** Two nodes answer on their port, the preempted third one does not. */
async function nodes(t: Parameters<typeof serve>[0], answer = WELL): Promise<number> {
  const port = await serve(t, NODE.n1 as string, 0, answer);
  await serve(t, NODE.n2 as string, port, answer);
  return port;
}
const targets = (port: number): { host: string; port: number }[] => Object.values(NODE).map((host) => ({ host, port }));

test('policy Cluster: a preempted node without a proxy is found behind a balancer that loses a third', async (t) => {
  const nodePort = await nodes(t);
  const podPort = await replicas(t, WELL);
  const port = await balancer(t, '127.0.0.10', targets(nodePort));
  const saved = await triaged(SHOP, { address: '127.0.0.10', port }, (lists) => {
    withoutHeader(lists);
    onLoopback(lists, NGINX, { nodePort, podPort });
  });
  assert.deepEqual(said(saved), ['ingress', 'node', 'traffic-policy-node-lost'], why(saved));
  assert.ok(saved.verdict.confidence >= 0.8, why(saved));
});

test('the same node is no culprit where the application answers 500 itself', async (t) => {
  const nodePort = await nodes(t, { status: 500 });
  const podPort = await replicas(t, { status: 500 });
  const port = await balancer(t, '127.0.0.10', targets(nodePort).slice(0, 2));
  const saved = await triaged(
    SHOP,
    { address: '127.0.0.10', port },
    (lists) => {
      withoutHeader(lists);
      onLoopback(lists, NGINX, { nodePort, podPort });
    },
    { kinds: ['errors-5xx'], statuses: [500], course: 'steady' },
  );
  assert.notEqual(saved.verdict.cause, 'traffic-policy-node-lost', why(saved));
  assert.notEqual(saved.verdict.cause, 'proxy-restarting', why(saved));
});

test('nor where everything answers and the trouble is said to last', async (t) => {
  const nodePort = await nodes(t);
  const podPort = await replicas(t, WELL);
  const port = await balancer(t, '127.0.0.10', targets(nodePort).slice(0, 2));
  const saved = await triaged(
    SHOP,
    { address: '127.0.0.10', port },
    (lists) => {
      withoutHeader(lists);
      onLoopback(lists, NGINX, { nodePort, podPort });
    },
    { course: 'steady' },
  );
  assert.deepEqual(said(saved), ['not-ingress', 'none', 'no-fault-found'], why(saved));
});

test('a 502 behind a balancer of connections was made by a proxy, not by a lost node', async (t) => {
  const nodePort = await nodes(t);
  const podPort = await replicas(t, WELL);
  const port = await balancer(t, '127.0.0.10', targets(nodePort).slice(0, 2));
  const saved = await triaged(
    SHOP,
    { address: '127.0.0.10', port },
    (lists) => {
      withoutHeader(lists);
      onLoopback(lists, NGINX, { nodePort, podPort });
    },
    { kinds: ['errors-5xx'], statuses: [502] },
  );
  assert.notEqual(saved.verdict.cause, 'traffic-policy-node-lost', why(saved));
});

/** Traefik with policy Local: real health ports, the third node has no proxy. */
const local =
  (ports: { nodePort: number; podPort: number; health: number }) =>
  (lists: Lists): void => {
    onLoopback(lists, TRAEFIK, ports);
    objectOf(lists, 'services', TRAEFIK).spec.healthCheckNodePort = ports.health;
  };

test('policy Local: the name leads to a node without a proxy', async (t) => {
  const nodePort = await nodes(t);
  const podPort = await replicas(t, WELL);
  const health = await healthPorts(TRAEFIK, { [NODE.n1 as string]: 1, [NODE.n2 as string]: 1, [NODE.n3 as string]: 0 });
  t.after(health.close);
  const saved = await triaged(
    METABASE,
    { address: NODE.n3 as string, port: nodePort },
    local({ nodePort, podPort, health: health.port }),
    { course: 'steady', kinds: ['timeout'] },
  );
  assert.deepEqual(said(saved), ['ingress', 'node', 'traffic-policy-blackhole'], why(saved));
});

test('policy Local: a node left out as it should be accuses nobody', async (t) => {
  const nodePort = await nodes(t);
  const podPort = await replicas(t, WELL);
  const health = await healthPorts(TRAEFIK, { [NODE.n1 as string]: 1, [NODE.n2 as string]: 1, [NODE.n3 as string]: 0 });
  t.after(health.close);
  const port = await balancer(t, '127.0.0.10', targets(nodePort).slice(0, 2));
  const saved = await triaged(
    METABASE,
    { address: '127.0.0.10', port },
    local({ nodePort, podPort, health: health.port }),
    { kinds: ['timeout'] },
  );
  assert.notEqual(saved.verdict.hop, 'node', why(saved));
});

test('a virtual address whose owner was preempted', async (t) => {
  const nodePort = await nodes(t);
  const podPort = await replicas(t, WELL);
  const saved = await triaged(
    METABASE,
    { address: '127.0.0.80', port: 80 },
    (lists) => {
      onLoopback(lists, TRAEFIK, { nodePort, podPort });
      const service = objectOf(lists, 'services', TRAEFIK);
      service.metadata.annotations = { 'metallb.io/ip-allocated-from-pool': 'edge' };
      service.spec.externalTrafficPolicy = 'Cluster';
      service.status.loadBalancer = { ingress: [{ ip: '127.0.0.80' }] };
      for (const event of lists.events ?? [])
        if (event.reason === 'nodeAssigned') event.message = 'announcing from node "n3" with protocol "layer2"';
    },
    { course: 'steady', kinds: ['timeout'] },
  );
  assert.deepEqual(said(saved), ['ingress', 'node', 'vip-conflict'], why(saved));
});

test('an allow-list that is compared with nodes', async (t) => {
  const forbidden = {
    status: 403,
    body: '<html><head><title>403 Forbidden</title></head><body><center><h1>403 Forbidden</h1></center><hr><center>nginx</center></body></html>',
  };
  const nodePort = await nodes(t, forbidden);
  const podPort = await replicas(t, forbidden);
  const port = await balancer(t, '127.0.0.10', targets(nodePort).slice(0, 2));
  const saved = await triaged(
    SHOP,
    { address: '127.0.0.10', port },
    (lists) => {
      withoutHeader(lists);
      onLoopback(lists, NGINX, { nodePort, podPort });
      objectOf(lists, 'ingresses', 'shop/shop').metadata.annotations[
        'nginx.ingress.kubernetes.io/whitelist-source-range'
      ] = '203.0.113.0/24';
    },
    { course: 'steady', kinds: ['forbidden'], statuses: [403] },
  );
  assert.deepEqual(said(saved), ['ingress', 'node', 'client-address-lost'], why(saved));
});

test('no pod of the proxy is ready, and nobody listens', async (t) => {
  const port = await balancer(t, '127.0.0.10', [{ host: '127.0.0.11', port: 9 }]);
  const saved = await triaged(
    SHOP,
    { address: '127.0.0.10', port },
    (lists) => {
      withoutHeader(lists);
      onLoopback(lists, NGINX, { nodePort: 9, podPort: 9 });
      for (const pod of lists.pods ?? [])
        if (pod.metadata.namespace === 'ingress-nginx') {
          for (const c of pod.status.conditions) if (c.type === 'Ready') c.status = 'False';
          const [one] = pod.status.containerStatuses;
          Object.assign(one, { ready: false, restartCount: 9, state: { waiting: { reason: 'CrashLoopBackOff' } } });
        }
    },
    { course: 'steady', kinds: ['reset'] },
  );
  assert.deepEqual(said(saved), ['ingress', 'proxy', 'proxy-restarting'], why(saved));
});

test('a right that is taken away is named, and nobody is accused in its place', async (t) => {
  const nodePort = await nodes(t);
  const podPort = await replicas(t, WELL);
  const port = await balancer(t, '127.0.0.10', targets(nodePort));
  for (const missing of [refused('nodes'), refused('events'), refused('pods', 'ingress-nginx'), refused('services')]) {
    const saved = await triaged(
      SHOP,
      { address: '127.0.0.10', port },
      (lists) => {
        withoutHeader(lists);
        onLoopback(lists, NGINX, { nodePort, podPort });
        // What may not be read is not there: an informer that is refused has no objects.
        lists[missing.plural] = (lists[missing.plural] ?? []).filter(
          (one) => missing.namespace !== '' && one.metadata.namespace !== missing.namespace,
        );
      },
      { missing: [missing] },
    );
    const { verdict } = saved;
    const told = JSON.stringify([verdict.blind, verdict.findings.map((f) => f.facts), saved.path.unknown]);
    assert.ok(told.includes(missing.detail), `${missing.plural}: ${why(saved)}`);
    assert.ok([null, 'traffic-policy-node-lost'].includes(verdict.cause), `${missing.plural}: ${why(saved)}`);
    assert.notEqual(verdict.answer, 'not-ingress', `${missing.plural}: ${why(saved)}`);
  }
});

test('two speakers that announce one address in turn, while half of the connections are lost', async (t) => {
  const nodePort = await nodes(t);
  const podPort = await replicas(t, WELL);
  const port = await balancer(t, '127.0.0.80', targets(nodePort).slice(1));
  const saved = await triaged(METABASE, { address: '127.0.0.80', port }, (lists) => {
    onLoopback(lists, TRAEFIK, { nodePort, podPort });
    const service = objectOf(lists, 'services', TRAEFIK);
    service.metadata.annotations = { 'metallb.io/ip-allocated-from-pool': 'edge' };
    service.spec.externalTrafficPolicy = 'Cluster';
    service.status.loadBalancer = { ingress: [{ ip: '127.0.0.80' }] };
    well(lists);
    announcing(lists, 'n1', '2026-11-21T15:10:00Z', '2026-11-21T15:38:00Z', 14);
    announcing(lists, 'n2', '2026-11-21T15:12:00Z', '2026-11-21T15:39:00Z', 12);
  });
  assert.deepEqual(said(saved), ['ingress', 'node', 'vip-conflict'], why(saved));
});

test('a proxy killed for memory three times is suspected for what came and went; with a lost node beside it neither is', async (t) => {
  const nodePort = await nodes(t);
  const podPort = await replicas(t, WELL);
  const port = await balancer(t, '127.0.0.10', targets(nodePort).slice(0, 2));
  const at = { address: '127.0.0.10', port };
  const edit = (lists: Lists): void => {
    withoutHeader(lists);
    onLoopback(lists, NGINX, { nodePort, podPort });
    lists.events = (lists.events ?? []).filter((one) => one.reason !== 'RELOAD');
  };
  const alone = await triaged(
    SHOP,
    at,
    (lists) => {
      edit(lists);
      nodeWell(lists);
    },
    { kinds: ['reset'] },
  );
  assert.deepEqual(said(alone), ['ingress', 'proxy', 'proxy-restarting'], why(alone));
  const both = await triaged(SHOP, at, edit, { kinds: ['reset'] });
  assert.deepEqual(said(both), ['inconclusive', null, null], why(both));
});
