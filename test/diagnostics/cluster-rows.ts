import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { checkNamed } from '../../diagnostics/checks/index.ts';
import { readRows } from '../../diagnostics/findings.ts';
import type { Io } from '../../diagnostics/io/io.ts';
import { BlindLook } from '../../diagnostics/io/proxy-reader.ts';
import { runLook } from '../../diagnostics/run-look.ts';
import type { Case, EvidenceRow, Path } from '../../diagnostics/types.ts';
import { findPath, loadInventory } from '../../proxy/inventory/inventory.ts';
import { withCluster } from '../../proxy/kubernetes/inventory.ts';
import { clusterReader } from '../../proxy/kubernetes/reader.ts';
import type { Missing } from '../../proxy/kubernetes/view.ts';
import {
  LIVED_AT,
  type Lists,
  livedInLists,
  objectOf,
  type RawObject,
  refused,
  viewOf,
} from '../proxy/kubernetes/lived-in.ts';

/**
 * Rows of checks that read a cluster's objects: what the reader says of the recorded lists, as they are or with one thing
 * changed. `node test/diagnostics/cluster-rows.ts` writes all of them into test/diagnostics/checks.
 */
interface Wanted {
  check: string;
  /** File name without its end. */
  name: string;
  /** Before `.example.test`. */
  host: string;
  edit?: (lists: Lists) => void;
  /** To which controller's balancer the name leads; left out: nobody knows. */
  leads?: 'nginx' | 'traefik';
  missing?: Missing[];
}

const BALANCERS = {
  nginx: { name: 'k8s-ingressn-abc123-0123456789abcdef.elb.eu-west-1.amazonaws.com', ip: '203.0.113.10' },
  traefik: { name: 'k8s-traefik-def456-fedcba9876543210.elb.eu-west-1.amazonaws.com', ip: '203.0.113.20' },
};

const not = (lists: Lists, plural: string, name: string): void => {
  const gone = objectOf(lists, plural, name);
  lists[plural] = (lists[plural] ?? []).filter((one) => one !== gone);
};
const rescaled = (lists: Lists): RawObject => (lists.events ?? []).find((one) => one.reason === 'SuccessfulRescale');

const WANTED: Wanted[] = [
  { check: 'autoscaling', name: 'AUTOSCALER_FLAPS.shop', host: 'shop' },
  {
    check: 'autoscaling',
    name: 'AUTOSCALER_AT_LIMIT.shop',
    host: 'shop',
    edit: (l) => {
      objectOf(l, 'horizontalpodautoscalers', 'shop/shop').spec.maxReplicas = 4;
    },
  },
  {
    check: 'autoscaling',
    name: 'AUTOSCALER_QUIET.shop',
    host: 'shop',
    edit: (l) => {
      rescaled(l).count = 1;
    },
  },
  { check: 'autoscaling', name: 'clear.flaps', host: 'shop' },
  { check: 'autoscaling', name: 'silent.none', host: 'billing' },
  { check: 'autoscaling', name: 'blind.denied', host: 'shop', missing: [refused('events')] },
  {
    check: 'cluster-pods',
    name: 'SELECTOR_MATCHES_NOTHING.selector',
    host: 'crm',
    edit: (l) => {
      objectOf(l, 'services', 'shop/crm').spec.selector = { app: 'crm-web' };
      const s = objectOf(l, 'endpointslices', 'shop/crm-x7k2p');
      s.endpoints = null;
      s.ports = null;
    },
  },
  {
    check: 'cluster-pods',
    name: 'SELECTOR_MATCHES_NOTHING.scaled-to-zero',
    host: 'crm',
    edit: (l) => {
      not(l, 'pods', 'shop/crm-7c9f8d6b54-u6y7t');
      objectOf(l, 'deployments', 'shop/crm').spec.replicas = 0;
      const s = objectOf(l, 'endpointslices', 'shop/crm-x7k2p');
      s.endpoints = null;
      s.ports = null;
    },
  },
  { check: 'cluster-pods', name: 'PODS_CRASH.metabase', host: 'metabase' },
  {
    check: 'cluster-pods',
    name: 'PODS_CRASHED_BEFORE.oom',
    host: 'crm',
    edit: (l) => {
      const s = objectOf(l, 'pods', 'shop/crm-7c9f8d6b54-u6y7t').status.containerStatuses[0];
      const from = objectOf(l, 'pods', 'ingress-nginx/ingress-nginx-controller-7c9f8d6b54-mz8qd').status
        .containerStatuses[0];
      s.restartCount = from.restartCount;
      s.lastState = from.lastState;
      s.state = from.state;
      objectOf(l, 'services', 'shop/crm').spec.ports[0].targetPort = 8080;
    },
  },
  { check: 'cluster-pods', name: 'PODS_NOT_READY.lost-node', host: 'shop' },
  {
    check: 'cluster-pods',
    name: 'PODS_NOT_READY.image',
    host: 'metabase',
    edit: (l) => {
      const s = objectOf(l, 'pods', 'analytics/metabase-7c9f8d6b54-zz4xw').status;
      s.phase = 'Pending';
      Object.assign(s.containerStatuses[0], {
        restartCount: 0,
        lastState: {},
        state: { waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image' } },
      });
    },
  },
  { check: 'cluster-pods', name: 'PODS_LEAVING.shop', host: 'shop' },
  { check: 'cluster-pods', name: 'PODS_READY.billing', host: 'billing' },
  { check: 'cluster-pods', name: 'TARGET_PORT_UNDECLARED.crm', host: 'crm' },
  {
    check: 'cluster-pods',
    name: 'TARGET_PORT_UNDECLARED.by-name',
    host: 'crm',
    edit: (l) => {
      objectOf(l, 'services', 'shop/crm').spec.ports[0].targetPort = 'web';
      objectOf(l, 'endpointslices', 'shop/crm-x7k2p').ports = null;
    },
  },
  { check: 'cluster-pods', name: 'clear.billing', host: 'billing' },
  { check: 'cluster-pods', name: 'blind.denied', host: 'billing', missing: [refused('pods')] },
  {
    check: 'cluster-route',
    name: 'HOST_FOR_UNSEEN_CONTROLLER.alb',
    host: 'wiki',
    edit: (l) => {
      not(l, 'ingresses', 'legacy/catch-all');
      const c = structuredClone(objectOf(l, 'ingressclasses', 'nginx'));
      c.metadata.name = 'alb';
      c.spec.controller = 'ingress.k8s.aws/alb';
      l.ingressclasses?.push(c);
      objectOf(l, 'ingresses', 'shop/wiki').spec.ingressClassName = 'alb';
    },
  },
  { check: 'cluster-route', name: 'clear.shop', host: 'shop' },
  { check: 'cluster-route', name: 'HOST_SERVED.billing', host: 'billing' },
  { check: 'cluster-route', name: 'HOST_SERVED_TWICE.orders', host: 'orders', leads: 'nginx' },
  {
    check: 'cluster-route',
    name: 'HOST_CLAIMS_TIE.shop',
    host: 'shop',
    edit: (l) => {
      const i = structuredClone(objectOf(l, 'ingresses', 'shop/shop'));
      i.metadata.name = 'shop-copy';
      i.metadata.uid = '00000000-0000-4000-8000-000000000001';
      i.metadata.creationTimestamp = '2026-12-01T15:40:00Z';
      l.ingresses?.push(i);
    },
  },
  {
    check: 'cluster-route',
    name: 'HOST_NOT_SERVED.no-class',
    host: 'wiki',
    edit: (l) => not(l, 'ingresses', 'legacy/catch-all'),
  },
  { check: 'cluster-route', name: 'HOST_NOT_SERVED.unknown-class', host: 'blog' },
  { check: 'cluster-route', name: 'HOST_BY_CATCH_ALL.blog', host: 'blog', leads: 'nginx' },
  { check: 'cluster-route', name: 'HOST_SERVED_ELSEWHERE.metabase', host: 'metabase', leads: 'nginx' },
  {
    check: 'cluster-route',
    name: 'HOST_NAMED_NOWHERE.nowhere',
    host: 'nowhere',
    edit: (l) => not(l, 'ingresses', 'legacy/catch-all'),
  },
  {
    check: 'cluster-route',
    name: 'ROUTE_OBJECT_REFUSED.api',
    host: 'v1.api',
    edit: (l) => not(l, 'ingresses', 'legacy/catch-all'),
  },
  { check: 'cluster-route', name: 'blind.denied', host: 'shop', missing: [refused('ingresses')] },
  {
    check: 'cluster-route',
    name: 'HOST_SERVED.other-path',
    host: 'shop',
    edit: (l) => {
      const p = objectOf(l, 'ingresses', 'shop/shop').spec.rules[0].http.paths[0];
      p.path = '/shop';
    },
  },
  { check: 'cluster-service', name: 'SERVICE_MISSING.ghost', host: 'ghost' },
  {
    check: 'cluster-service',
    name: 'SERVICE_LACKS_PORT.crm',
    host: 'crm',
    edit: (l) => {
      objectOf(l, 'ingresses', 'shop/crm').spec.rules[0].http.paths[0].backend.service.port = { number: 8080 };
    },
  },
  {
    check: 'cluster-service',
    name: 'SERVICE_WITHOUT_ENDPOINTS.selector',
    host: 'crm',
    edit: (l) => {
      objectOf(l, 'services', 'shop/crm').spec.selector = { app: 'crm-web' };
      const s = objectOf(l, 'endpointslices', 'shop/crm-x7k2p');
      s.endpoints = null;
      s.ports = null;
    },
  },
  { check: 'cluster-service', name: 'ENDPOINTS_NONE_READY.metabase', host: 'metabase' },
  { check: 'cluster-service', name: 'ENDPOINTS_READY.billing', host: 'billing' },
  { check: 'cluster-service', name: 'ENDPOINTS_LEAVING.shop', host: 'shop' },
  { check: 'cluster-service', name: 'clear.crm', host: 'crm' },
  { check: 'cluster-service', name: 'blind.denied', host: 'shop', missing: [refused('endpointslices')] },
  { check: 'network-policy', name: 'POLICY_BARS_PROXY.billing', host: 'billing' },
  {
    check: 'network-policy',
    name: 'POLICY_MAY_BAR_PROXY.by-label',
    host: 'billing',
    edit: (l) => {
      objectOf(l, 'networkpolicies', 'billing/only-from-mesh').spec.ingress[0].from = [
        { namespaceSelector: { matchLabels: { team: 'edge' } } },
      ];
    },
  },
  {
    check: 'network-policy',
    name: 'POLICY_LETS_PROXY_IN.traefik',
    host: 'billing',
    edit: (l) => {
      objectOf(l, 'networkpolicies', 'billing/only-from-mesh').spec.ingress[0].from.push({
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'traefik' } },
        podSelector: { matchLabels: { 'app.kubernetes.io/name': 'traefik' } },
      });
    },
  },
  { check: 'network-policy', name: 'NO_POLICY_ON_PODS.shop', host: 'shop' },
  {
    check: 'network-policy',
    name: 'PROXY_SENDING_RESTRICTED.egress',
    host: 'billing',
    edit: (l) => {
      const p = structuredClone(objectOf(l, 'networkpolicies', 'billing/only-from-mesh'));
      p.metadata.namespace = 'traefik';
      p.metadata.name = 'only-to-known';
      p.spec = {
        podSelector: {},
        policyTypes: ['Egress'],
        egress: [{ to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } } }] }],
      };
      l.networkpolicies?.push(p);
    },
  },
  { check: 'network-policy', name: 'clear.shop', host: 'shop' },
  { check: 'network-policy', name: 'blind.denied', host: 'billing', missing: [refused('networkpolicies')] },
];

/** Nothing but the objects may be asked. */
const ioOf = (cluster: Io['cluster']): Io =>
  ({
    now: () => new Date(LIVED_AT),
    resolve: async () => ({ addresses: [], error: 'ENOTFOUND' }),
    request: () => Promise.reject(new BlindLook('not-allowed', 'only objects are read here')),
    cluster,
  }) as unknown as Io;

/** The row, with its case and path, and the codes that it reads. */
export async function rowOf(wanted: Wanted): Promise<{ expect: string[]; case: Case; path: Path; row: EvidenceRow }> {
  const lists = livedInLists();
  wanted.edit?.(lists);
  const view = viewOf(lists, wanted.missing ?? []);
  const host = `${wanted.host}.example.test`;
  const of = Object.fromEntries(Object.values(BALANCERS).map(({ name, ip }) => [name, [ip]]));
  const empty = await loadInventory(fileURLToPath(new URL('../fixtures/kubernetes/empty.yaml', import.meta.url)));
  const dns = { ...of, ...(wanted.leads && { [host]: [BALANCERS[wanted.leads].ip] }) };
  const inventory = withCluster({ ...empty, dns }, view, host, '/');
  const path = { ...findPath({ ...inventory, dns: {} }, { host, port: 443, path: '/' }), others: [] };
  const triage: Case = {
    version: 1,
    id: 'c-20261121-00000000',
    at: LIVED_AT,
    report: `${host} is down`,
    target: { host, port: 443, path: '/', scheme: 'https' },
    symptoms: {
      kinds: ['unspecified'],
      statuses: [],
      errors: [],
      course: 'steady',
      suspects: [],
      clients: [],
      onlyReporter: false,
    },
    since: null,
    deadlineMs: 20_000,
    only: null,
  };
  const planned = checkNamed(wanted.check)?.plan({ case: triage, path })[0];
  if (!planned) throw new Error(`${wanted.check} ${wanted.name}: no look is planned`);
  const [row] = await runLook(planned, ioOf(clusterReader(view)), { budgetMs: 5_000 });
  if (!row) throw new Error('no row');
  const { findings } = readRows([row], triage, path);
  return { expect: [...new Set(findings.map((f) => f.code))].sort(), case: triage, path, row: { ...row, ms: 1 } };
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const wanted of WANTED) {
    const folder = new URL(`checks/${wanted.check}/`, import.meta.url);
    mkdirSync(folder, { recursive: true });
    const lines = Object.entries(await rowOf(wanted)).map(([key, value]) => `  "${key}": ${JSON.stringify(value)}`);
    writeFileSync(new URL(`${wanted.name}.json`, folder), `{\n${lines.join(',\n')}\n}\n`);
  }
