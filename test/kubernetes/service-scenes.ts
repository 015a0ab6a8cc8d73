import type { Verdict } from '../../diagnostics/types.ts';
import { livedInLists, objectOf } from '../proxy/kubernetes/lived-in.ts';
import { ELSEWHERE, HOST, type SmallCluster } from './small-cluster.ts';

/** What can be wrong behind a route or with it: what the objects say, what nginx does meanwhile, and the truth. */

const PASS = 'proxy_pass http://APP;';
export const REPORT = `${HOST} is down`;
const POD = 'shop/crm-7c9f8d6b54-u6y7t';
const SLICE = 'shop/crm-x7k2p';
export const essence = ({ answer, hop, cause }: Verdict): unknown[] => [answer, hop, cause];

function notReady({ lists }: SmallCluster): void {
  objectOf(lists, 'endpointslices', SLICE).endpoints[0].conditions = {
    ready: false,
    serving: false,
    terminating: false,
  };
  const { conditions, containerStatuses } = objectOf(lists, 'pods', POD).status;
  for (const one of conditions) if (/Ready$/.test(one.type)) one.status = 'False';
  containerStatuses[0].ready = false;
}
function crashing(world: SmallCluster): void {
  notReady(world);
  Object.assign(objectOf(world.lists, 'pods', POD).status.containerStatuses[0], {
    restartCount: 14,
    state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 5m0s restarting failed container' } },
    lastState: { terminated: { exitCode: 137, reason: 'OOMKilled', finishedAt: new Date().toISOString() } },
  });
}
function unmatched({ lists }: SmallCluster): void {
  objectOf(lists, 'services', 'shop/crm').spec.selector = { app: 'crm-web' };
  Object.assign(objectOf(lists, 'endpointslices', SLICE), { endpoints: null, ports: null });
}
function wrongPort({ lists, ports }: SmallCluster): void {
  objectOf(lists, 'services', 'shop/crm').spec.ports[0].targetPort = ports.closed;
  objectOf(lists, 'endpointslices', SLICE).ports[0].port = ports.closed;
}
function policy({ lists }: SmallCluster): void {
  lists.networkpolicies = [
    {
      metadata: { name: 'only-from-mesh', namespace: 'shop', uid: '00000000-0000-4000-8000-000000000001' },
      spec: {
        podSelector: { matchLabels: { app: 'crm' } },
        policyTypes: ['Ingress'],
        ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'mesh' } } }] }],
      },
    },
  ];
}
function unknownClass({ lists }: SmallCluster): void {
  const ingress = objectOf(lists, 'ingresses', 'shop/crm');
  ingress.spec.ingressClassName = 'nginx-internal';
  ingress.status = { loadBalancer: {} };
}
function catchAll(world: SmallCluster): void {
  unknownClass(world);
  const { lists } = world;
  const other = structuredClone(objectOf(lists, 'ingresses', 'shop/crm'));
  other.metadata.name = 'everything';
  other.spec = { ingressClassName: 'nginx', rules: [{ http: other.spec.rules[0].http }] };
  lists.ingresses?.push(other);
}
function noService({ lists }: SmallCluster): void {
  objectOf(lists, 'ingresses', 'shop/crm').spec.rules[0].http.paths[0].backend.service.name = 'no-such-service';
}
function strangePort({ lists }: SmallCluster): void {
  objectOf(lists, 'ingresses', 'shop/crm').spec.rules[0].http.paths[0].backend.service.port = { number: 8080 };
}
/** The selector matches no pod, and the endpoint was made by hand: the application runs outside, and its slice is left alone. */
function madeByHand(world: SmallCluster): void {
  const { lists } = world;
  objectOf(lists, 'services', 'shop/crm').spec.selector = { app: 'crm-web' };
  const slice = objectOf(lists, 'endpointslices', SLICE);
  slice.metadata.labels = { ...slice.metadata.labels, 'endpointslice.kubernetes.io/managed-by': 'staff' };
  delete slice.metadata.ownerReferences;
  delete slice.endpoints[0].targetRef;
  delete slice.endpoints[0].nodeName;
  world.app.status = 500;
}
/** Its only pod was killed for memory a moment ago and is up again. */
function crashedBefore({ lists }: SmallCluster): void {
  Object.assign(objectOf(lists, 'pods', POD).status.containerStatuses[0], {
    restartCount: 1,
    lastState: { terminated: { exitCode: 137, reason: 'OOMKilled', finishedAt: new Date().toISOString() } },
  });
}
/** Traefik serves the host at another address than the one that its name leads to; nginx has a route for any host. */
function movedAway(world: SmallCluster): void {
  catchAll(world);
  const { lists } = world;
  const recorded = livedInLists();
  lists.daemonsets = [objectOf(recorded, 'daemonsets', 'traefik/traefik')];
  const front = objectOf(recorded, 'services', 'traefik/traefik');
  Object.assign(front, { status: { loadBalancer: { ingress: [{ ip: ELSEWHERE }] } } });
  front.metadata.annotations = {};
  lists.services?.push(front);
  const ingress = objectOf(lists, 'ingresses', 'shop/crm');
  ingress.spec.ingressClassName = 'traefik';
  ingress.status = { loadBalancer: { ingress: [{ ip: ELSEWHERE }] } };
}
/** A port that is not declared, but listened on. */
function undeclared({ lists }: SmallCluster): void {
  objectOf(lists, 'pods', POD).spec.containers[0].ports[0].containerPort = 9;
}

export interface Scene {
  name: string;
  nginx: string;
  make: (world: SmallCluster) => void;
  report?: string;
  expect: unknown[];
  because: string[];
}
export const SCENES: Scene[] = [
  {
    name: 'a selector that matches nothing',
    nginx: 'return 503;',
    make: unmatched,
    expect: ['not-ingress', 'service', 'service-no-endpoints'],
    because: ['SELECTOR_MATCHES_NOTHING'],
  },
  {
    name: 'a probe that fails',
    nginx: 'return 503;',
    make: notReady,
    expect: ['not-ingress', 'service', 'service-no-endpoints'],
    because: ['ENDPOINTS_NONE_READY', 'PODS_NOT_READY'],
  },
  {
    name: 'a crash loop',
    nginx: 'return 503;',
    make: crashing,
    expect: ['not-ingress', 'app', 'app-down'],
    because: ['PODS_CRASH'],
  },
  {
    name: 'a target port on which nobody listens',
    nginx: 'proxy_pass http://CLOSED;',
    make: wrongPort,
    expect: ['not-ingress', 'service', 'service-port-mismatch'],
    because: ['TARGET_PORT_UNDECLARED'],
  },
  {
    name: 'a port that the Service does not have',
    nginx: 'return 503;',
    make: strangePort,
    expect: ['not-ingress', 'service', 'service-port-mismatch'],
    because: ['SERVICE_LACKS_PORT'],
  },
  {
    name: 'a Service that does not exist',
    nginx: 'return 503;',
    make: noService,
    expect: ['not-ingress', 'service', 'service-no-endpoints'],
    because: ['SERVICE_MISSING'],
  },
  {
    name: 'a policy that bars the proxy',
    nginx: 'return 504;',
    make: policy,
    report: `${HOST} gives 504`,
    expect: ['not-ingress', 'service', 'network-policy-block'],
    because: ['POLICY_BARS_PROXY'],
  },
  {
    name: 'a class that nobody serves',
    nginx: 'return 404;',
    make: unknownClass,
    report: `${HOST} says 404 page not found`,
    expect: ['ingress', 'proxy', 'route-missing'],
    because: ['HOST_NOT_SERVED'],
  },
  {
    name: 'a class that nobody serves, and a route that takes any host',
    nginx: 'default_type text/html; return 200 "<title>Parking</title>";',
    make: catchAll,
    report: `${HOST} shows the wrong page, some other application`,
    expect: ['ingress', 'proxy', 'route-wrong'],
    because: ['HOST_NOT_SERVED', 'HOST_BY_CATCH_ALL'],
  },
  {
    name: 'a name that leads to another proxy than the one that serves it',
    nginx: 'return 404;',
    make: movedAway,
    report: `${HOST} says 404 not found`,
    expect: ['not-ingress', 'dns', 'dns-wrong-address'],
    because: ['HOST_SERVED_ELSEWHERE', 'HOST_BY_CATCH_ALL'],
  },
  {
    name: 'a crash that is over, told as something that comes and goes',
    nginx: PASS,
    make: crashedBefore,
    report: `${HOST} gives 503 every now and then`,
    expect: ['not-ingress', 'app', 'app-down'],
    because: ['PODS_CRASHED_BEFORE'],
  },
  {
    name: 'nothing: a crash that is over, and a fault that is claimed to last',
    nginx: PASS,
    make: crashedBefore,
    expect: ['not-ingress', 'none', 'no-fault-found'],
    because: [],
  },
  {
    name: 'an application that answers 500 itself',
    nginx: PASS,
    make: (world) => {
      world.app.status = 500;
    },
    report: `${HOST} gives 500`,
    expect: ['not-ingress', 'app', 'app-errors'],
    because: ['ENDPOINT_ERRORS'],
  },
  {
    name: 'an endpoint made by hand that answers 500, and a selector that matches nothing',
    nginx: PASS,
    make: madeByHand,
    report: `${HOST} gives 500`,
    expect: ['not-ingress', 'app', 'app-errors'],
    because: ['ENDPOINT_ERRORS'],
  },
  {
    name: 'an application that is slow itself',
    nginx: PASS,
    make: (world) => {
      world.app.delayMs = 2_500;
    },
    report: `${HOST} is terribly slow`,
    expect: ['not-ingress', 'app', 'app-slow'],
    because: ['ENDPOINT_SLOW'],
  },
  {
    name: 'a proxy that refuses for a limit of its own',
    nginx: 'return 429;',
    make: () => {},
    report: `${HOST} gives 429 too many requests`,
    expect: ['ingress', 'proxy', 'rate-limited'],
    because: [],
  },
  {
    name: 'a proxy that redirects to the very address that was asked for',
    nginx: 'return 308 http://$http_host$request_uri;',
    make: () => {},
    report: `${HOST}: ERR_TOO_MANY_REDIRECTS`,
    expect: ['ingress', 'proxy', 'redirect-loop'],
    because: ['REDIRECTED_TO_ITSELF'],
  },
  {
    name: 'nothing: all is well',
    nginx: PASS,
    make: () => {},
    expect: ['not-ingress', 'none', 'no-fault-found'],
    because: [],
  },
  {
    name: 'nothing: a policy that the network plugin does not enforce',
    nginx: PASS,
    make: policy,
    expect: ['not-ingress', 'none', 'no-fault-found'],
    because: [],
  },
  {
    name: 'nothing: a port that is listened on and not declared',
    nginx: PASS,
    make: undeclared,
    expect: ['not-ingress', 'none', 'no-fault-found'],
    because: [],
  },
];
