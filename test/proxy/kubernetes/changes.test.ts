import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changesOn } from '../../../proxy/kubernetes/changes/feed.ts';
import { standingChanges } from '../../../proxy/kubernetes/changes/standing.ts';
import type { ClusterChange } from '../../../proxy/kubernetes/changes.ts';
import { EDITED, HEARD, type LivedIn, livedIn } from './changes/lived-in.ts';

const NGINX = 'ingress-nginx/ingress-nginx-controller';
const POD = 'ingress-nginx-controller-7c9f8d6b54-4xk9v';
const SHOP_POD = 'shop-7c9f8d6b54-a1b2c';
const at = (iso: string): string => new Date(iso).toISOString();
/** kind, object, summary, by, at. */
const told = (found: ClusterChange[]) => found.map((c) => [c.kind, c.object, c.summary, c.by ?? null, c.at]);

type Row = [name: string, run: (c: LivedIn) => ClusterChange[], expected: ReturnType<typeof told>];

const CHANGES: Row[] = [
  [
    'a rollout of a proxy: image and arguments',
    (c) =>
      c.edit('deployments', NGINX, ({ spec }) => {
        const [container] = spec.template.spec.containers;
        container.image = 'registry.k8s.io/ingress-nginx/controller:v1.15.1';
        container.args = [...container.args.filter((a: string) => !a.startsWith('--enable-metrics')), '--v=3'];
      }),
    [
      [
        'rollout',
        NGINX,
        'image: registry.k8s.io/ingress-nginx/controller:v1.11.3 -> registry.k8s.io/ingress-nginx/controller:v1.15.1; --enable-metrics: true -> none; --v: none -> 3',
        'kubectl edit',
        at(EDITED),
      ],
    ],
  ],
  [
    'scaling by the autoscaler, of a backend, under the name of its Service',
    (c) =>
      c.edit(
        'deployments',
        'shop/shop',
        (o) => {
          o.spec.replicas = 9;
          o.metadata.managedFields.push({ manager: 'kube-controller-manager', subresource: 'scale', time: EDITED });
        },
        null,
      ),
    [['scale', 'shop/shop', '4 -> 9 replicas', 'autoscaler shop', at(EDITED)]],
  ],
  [
    'an edit of what is not kept still is a rollout',
    (c) => c.edit('deployments', 'shop/crm', (o) => (o.metadata.generation = 2)),
    [
      [
        'rollout',
        'shop/crm',
        'Deployment crm was edited: environment, volumes or other fields',
        'kubectl edit',
        at(EDITED),
      ],
    ],
  ],
  [
    'settings of a controller, a snippet by its directives',
    (c) => {
      c.edit('configmaps', NGINX, (o) => (o.data['http-snippet'] = 'gzip on;\nmap $a $b { default 1; }\n'));
      return c.edit('configmaps', NGINX, (o) => {
        o.data['use-proxy-protocol'] = 'false';
        o.data['http-snippet'] = 'gzip on;\n# why\nmap $a $b { default 1; }\nlimit_req_zone $x zone=a:10m rate=1r/s;';
      });
    },
    [
      [
        'config',
        NGINX,
        'ingress-nginx-controller: http-snippet: added `limit_req_zone $x zone=a:10m rate=1r/s`; use-proxy-protocol: true -> false',
        'kubectl edit',
        at(EDITED),
      ],
    ],
  ],
  [
    "an application's ConfigMap: keys, never values",
    (c) =>
      c.add('configmaps', {
        metadata: { name: 'settings', namespace: 'shop', uid: 'u1', creationTimestamp: EDITED },
        data: { DATABASE_PASSWORD: 'hunter2' },
      }),
    [['config', 'ConfigMap shop/settings', 'created: keys DATABASE_PASSWORD', null, at(EDITED)]],
  ],
  [
    'a route that leads elsewhere and another timeout',
    (c) =>
      c.edit('ingresses', 'shop/shop', (o) => {
        o.spec.rules[0].http.paths[0].backend.service.port = { number: 81 };
        o.metadata.annotations['nginx.ingress.kubernetes.io/proxy-read-timeout'] = '5';
      }),
    [
      [
        'route',
        'Ingress shop/shop',
        'shop.example.test/: shop:http -> shop:81; proxy-read-timeout: 20 -> 5',
        'kubectl edit',
        at(EDITED),
      ],
    ],
  ],
  [
    'a route that was removed: when it was heard, since nobody wrote that down',
    (c) => c.remove('ingresses', 'shop/crm'),
    [['route', 'Ingress shop/crm', 'removed: crm.example.test/ -> crm:80', null, at(HEARD)]],
  ],
  [
    "Traefik's own route and the Gateway API",
    (c) => [
      ...c.edit('ingressroutes', 'billing/billing', (o) => (o.spec.routes[0].services[0].port = 81)),
      ...c.edit('httproutes', 'shop/api', (o) => (o.spec.rules[0].backendRefs[1].weight = 50)),
      ...c.edit('gateways', 'shop/edge', (o) => (o.spec.listeners[0].port = 8443)),
    ],
    [
      [
        'route',
        'IngressRoute billing/billing',
        'Host(`billing.example.test`) && PathPrefix(`/`): billing:80 -> billing:81',
        'kubectl edit',
        at(EDITED),
      ],
      [
        'route',
        'HTTPRoute shop/api',
        'PathPrefix /: shop:80 x9, billing:80 x1 -> shop:80 x9, billing:80 x50',
        'kubectl edit',
        at(EDITED),
      ],
      [
        'route',
        'Gateway shop/edge',
        'https: *.api.example.test HTTPS 443 Terminate -> *.api.example.test HTTPS 8443 Terminate',
        'kubectl edit',
        at(EDITED),
      ],
    ],
  ],
  [
    'a Service: traffic policy, and the balancer that moved',
    (c) => [
      ...c.edit('services', 'traefik/traefik', (o) => (o.spec.externalTrafficPolicy = 'Cluster')),
      ...c.edit('services', 'traefik/traefik', (o) => (o.status.loadBalancer.ingress = [{ ip: '192.0.2.99' }]), null),
    ],
    [
      ['service', 'traefik/traefik', 'externalTrafficPolicy: Local -> Cluster', 'kubectl edit', at(EDITED)],
      [
        'balancer',
        'traefik/traefik',
        'addresses: k8s-traefik-def456-fedcba9876543210.elb.eu-west-1.amazonaws.com -> 192.0.2.99',
        null,
        at(HEARD),
      ],
    ],
  ],
  [
    'endpoints by hand',
    (c) =>
      c.edit('endpointslices', 'legacy/monolith-manual', (o) => {
        o.endpoints = [{ addresses: ['192.0.2.77'], conditions: { ready: true } }];
      }),
    [
      [
        'endpoints',
        'legacy/monolith',
        'endpoints by hand: added 192.0.2.77; removed 192.0.2.40; removed 192.0.2.41',
        'kubectl edit',
        at(EDITED),
      ],
    ],
  ],
  [
    'a NetworkPolicy that lets nobody in any more',
    (c) => c.edit('networkpolicies', 'billing/only-from-mesh', (o) => (o.spec.ingress = [])),
    [
      [
        'network-policy',
        'NetworkPolicy billing/only-from-mesh',
        'lets in: namespaces {"kubernetes.io/metadata.name":"mesh"} to 3000 -> nobody',
        'kubectl edit',
        at(EDITED),
      ],
    ],
  ],
  [
    'a node lost, by its condition; one cordoned, by whom',
    (c) => [
      ...c.edit(
        'nodes',
        'n1',
        (o) => {
          const ready = o.status.conditions.find((one: { type: string }) => one.type === 'Ready');
          Object.assign(ready, { status: 'Unknown', lastTransitionTime: '2026-11-21T16:00:00Z' });
        },
        null,
      ),
      ...c.edit(
        'nodes',
        'n2',
        (o) => {
          o.spec.unschedulable = true;
          o.spec.taints = [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }];
        },
        'kubectl-cordon',
      ),
    ],
    [
      ['node-lost', 'n1', 'node is not ready any more', null, at('2026-11-21T16:00:00Z')],
      ['cordon', 'n2', 'cordoned: takes no new pods', 'kubectl cordon', at(EDITED)],
    ],
  ],
  [
    'a pod told to leave: before its grace period, not at its end; then gone, which is nothing new',
    (c) => [
      ...c.edit('pods', `shop/${SHOP_POD}`, (o) => (o.metadata.deletionTimestamp = '2026-11-21T16:05:40Z'), null),
      ...c.remove('pods', `shop/${SHOP_POD}`),
    ],
    [['terminated', SHOP_POD, 'pod told to leave (n1)', null, at('2026-11-21T16:05:10Z')]],
  ],
  [
    'a proxy that was killed for its memory',
    (c) =>
      c.edit(
        'pods',
        `ingress-nginx/${POD}`,
        (o) => {
          const [one] = o.status.containerStatuses;
          one.restartCount = 1;
          one.lastState = { terminated: { reason: 'OOMKilled', exitCode: 137, finishedAt: '2026-11-21T16:04:59Z' } };
        },
        null,
      ),
    [
      [
        'restart',
        POD,
        'container ingress-nginx-controller restarted, 1 in all (OOMKilled, exit code 137)',
        null,
        at('2026-11-21T16:04:59Z'),
      ],
    ],
  ],
  [
    'another leader',
    (c) =>
      c.edit('leases', 'ingress-nginx/ingress-nginx-leader', (o) => {
        o.spec.holderIdentity = 'ingress-nginx-controller-7c9f8d6b54-mz8qd';
        o.spec.acquireTime = '2026-11-21T16:05:01.000000Z';
      }),
    [
      [
        'leader',
        NGINX,
        `ingress-nginx-controller-7c9f8d6b54-mz8qd leads now, before ${POD} (ingress-nginx-leader)`,
        null,
        at('2026-11-21T16:05:01Z'),
      ],
    ],
  ],
];

for (const [name, run, expected] of CHANGES)
  test(name, () => {
    assert.deepEqual(told(run(livedIn())), expected);
  });

test('noise is none: status, heartbeats, leader annotations, renewed leases, versions, endpoints that follow pods', () => {
  const c = livedIn();
  const quiet: [string, ClusterChange[]][] = [
    ['version', c.edit('ingresses', 'shop/shop', () => {})],
    [
      'status of a route',
      c.edit('ingresses', 'shop/shop', (o) => (o.status = { loadBalancer: { ingress: [] } }), null),
    ],
    [
      'status in an annotation',
      c.edit('services', 'shop/shop', (o) => {
        o.metadata.annotations = { ...o.metadata.annotations, 'cloud.google.com/neg-status': '{"zones":["a"]}' };
      }),
    ],
    ['status of a workload', c.edit('deployments', 'shop/shop', (o) => (o.status.readyReplicas = 1), null)],
    [
      'leader election in a ConfigMap',
      c.edit('configmaps', NGINX, (o) => {
        o.metadata.annotations = { 'control-plane.alpha.kubernetes.io/leader': `{"renewTime":"${EDITED}"}` };
      }),
    ],
    [
      'renewal',
      c.edit('leases', 'ingress-nginx/ingress-nginx-leader', (o) => (o.spec.renewTime = '2026-11-21T16:05:12.000000Z')),
    ],
    [
      'heartbeat of a node',
      c.edit('nodes', 'n1', (o) => (o.status.conditions[0].lastHeartbeatTime = EDITED), 'kubelet'),
    ],
    ['a slice that follows pods', c.edit('endpointslices', 'shop/shop-x7k2p', (o) => (o.endpoints = []))],
    ['another status of a pod', c.edit('pods', `shop/${SHOP_POD}`, (o) => (o.status.qosClass = 'Burstable'), null)],
    [
      'a DaemonSet on one more node',
      c.edit('daemonsets', 'traefik/traefik', (o) => (o.status.desiredNumberScheduled = 9), null),
    ],
  ];
  for (const [what, found] of quiet) assert.deepEqual(told(found), [], what);
});

test('two watchers name a change alike, also when one of them was told of several at once', () => {
  const [one, other] = [livedIn(), livedIn()];
  other.view.asOf = '2026-11-21T16:07:44.000Z';
  const image = (o: { spec: { template: { spec: { containers: { image: string }[] } } } }, tag: string): void => {
    for (const container of o.spec.template.spec.containers) container.image = `shop:${tag}`;
  };
  one.edit('deployments', 'shop/shop', (o) => image(o, '2'));
  const step = one.edit('deployments', 'shop/shop', (o) => image(o, '3'));
  const merged = other.edit('deployments', 'shop/shop', (o) => image(o, '3'));
  assert.equal(step[0]?.id, merged[0]?.id);
  assert.equal(one.remove('ingresses', 'shop/crm')[0]?.id, other.remove('ingresses', 'shop/crm')[0]?.id);
});

test('an event that comes again within a minute is the same change; a later one is another', () => {
  const c = livedIn();
  const [key] = [...c.view.objects.events].find(([, one]) => one.reason === 'RELOAD') as [string, unknown];
  const again = (last: string, count: number) =>
    c.edit('events', key, (o) => Object.assign(o, { lastTimestamp: last, count }), null);
  const [first, second, third] = [
    again('2026-11-21T16:05:00Z', 38),
    again('2026-11-21T16:05:40Z', 39),
    again('2026-11-21T16:06:10Z', 40),
  ];
  assert.equal(first[0]?.kind, 'reload');
  assert.equal(first[0]?.id, second[0]?.id);
  assert.notEqual(second[0]?.id, third[0]?.id);
  assert.deepEqual(
    c.edit('events', key, () => {}, null),
    [],
    'the same event listed anew',
  );
});

test('nobody watched: what stands still tells of edits, restarts, lost nodes and events, at their own times', () => {
  const from = Date.parse('2026-11-21T15:20:00Z');
  const found = standingChanges(livedIn().view, from, Date.parse('2026-11-21T15:40:29Z'));
  const kinds = found.map((c) => `${c.kind} ${c.object}`);
  for (const wanted of [
    'preempted n3',
    'node-lost n3',
    `balancer-failed ${NGINX}`,
    'restart ingress-nginx-controller-7c9f8d6b54-mz8qd',
    'reload ingress-nginx-controller-7c9f8d6b54-mz8qd',
    'hpa shop/shop',
    'crash-loop metabase-7c9f8d6b54-zz4xw',
  ])
    assert.ok(kinds.includes(wanted), `${wanted} in ${kinds.join(', ')}`);
  // Everything was written a second after this window: none of it is told.
  assert.ok(!kinds.some((one) => one.startsWith('route') || one.startsWith('edited')));
  assert.ok(found.every((c) => Date.parse(c.at) >= from));
});

test('of a path only what concerns it, pods together, and pods that are gone under their Service', () => {
  const c = livedIn();
  const pods = [...c.view.objects.pods.keys()].filter((key) => key.startsWith('shop/shop-'));
  const all = [
    ...pods.flatMap((key, i) =>
      c.edit('pods', key, (o) => (o.metadata.deletionTimestamp = `2026-11-21T16:05:3${i}Z`), null),
    ),
    ...c.remove('ingresses', 'shop/shop'),
    ...c.remove('ingresses', 'shop/crm'),
    ...c.edit('nodes', 'n2', (o) => (o.spec.unschedulable = true)),
  ];
  const hop = { name: 'shop/shop', hop: 'service', instances: [], endpoints: [], from: ['Service shop/shop'] };
  const path = { host: 'shop.example.test', hops: [hop] } as unknown as Parameters<typeof changesOn>[0];
  const found = changesOn(path, all);
  assert.deepEqual(
    found.map((one) => [one.kind, one.object]),
    [
      ['terminated', 'shop/shop'],
      ['route', 'Ingress shop/shop'],
    ],
  );
  assert.match(
    found[0]?.summary ?? '',
    /^\d pods \(shop-[\w-]+, shop-[\w-]+, shop-[\w-]+( and \d more)?\): pod told to leave/,
  );
});
