import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serviceFacts } from '../../../../proxy/kubernetes/facts/service.ts';
import { type Lists, livedInLists, objectOf, type RawObject, viewOf } from '../lived-in.ts';

/** `billing` takes port 3000, named http; Traefik (namespace traefik, pods 10.244.1.12 and .2.13) sends to it. */
function saidOf(spec: RawObject, edit: (lists: Lists) => void = () => {}): { lets: string; why: string }[] {
  const lists = livedInLists();
  objectOf(lists, 'networkpolicies', 'billing/only-from-mesh').spec = { policyTypes: ['Ingress'], ...spec };
  edit(lists);
  return serviceFacts(viewOf(lists), 'billing/billing', { host: 'billing.example.test', path: '/', proxy: null })
    .policies;
}
const ALL = { podSelector: {} };
const named = (name: string): RawObject => ({
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
});
const traefikPods = { podSelector: { matchLabels: { 'app.kubernetes.io/name': 'traefik' } } };
const from = (...peers: RawObject[]): RawObject => ({ ...ALL, ingress: [{ from: peers }] });
const ports = (...list: RawObject[]): RawObject => ({ ...ALL, ingress: [{ ports: list }] });

const TABLE: [what: string, spec: RawObject, lets: string | null][] = [
  ['no rule at all', { ...ALL }, 'out'],
  ['an empty list of rules', { ...ALL, ingress: [] }, 'out'],
  ['one empty rule: everybody', { ...ALL, ingress: [{}] }, 'in'],
  ['its own namespace', from({ podSelector: {} }), 'out'],
  ['any namespace', from({ namespaceSelector: {} }), 'in'],
  ['the namespace of the proxy', from(named('traefik')), 'in'],
  ['another namespace', from(named('mesh')), 'out'],
  ['another namespace, or that of the proxy', from(named('mesh'), named('traefik')), 'in'],
  ["the proxy's pods, but of its own namespace", from(traefikPods), 'out'],
  ["the proxy's pods in theirs", from({ ...named('traefik'), ...traefikPods }), 'in'],
  [
    'other pods in the namespace of the proxy',
    from({ ...named('traefik'), podSelector: { matchLabels: { app: 'x' } } }),
    'out',
  ],
  ['namespaces by a label that is not read', from({ namespaceSelector: { matchLabels: { team: 'edge' } } }), 'unknown'],
  [
    'namespaces by expressions',
    from({ namespaceSelector: { matchExpressions: [{ key: 'a', operator: 'Exists' }] } }),
    'unknown',
  ],
  ['addresses elsewhere', from({ ipBlock: { cidr: '192.0.2.0/24' } }), 'out'],
  ['addresses of the pods, which plugins read differently', from({ ipBlock: { cidr: '10.244.0.0/16' } }), 'unknown'],
  ['a cidr that is none', from({ ipBlock: { cidr: 'anything/99' } }), 'out'],
  ['the port', ports({ protocol: 'TCP', port: 3000 }), 'in'],
  ['the port by its name', ports({ port: 'http' }), 'in'],
  ['another port', ports({ port: 9090 }), 'out'],
  ['another name', ports({ port: 'metrics' }), 'out'],
  ['a range that holds it', ports({ port: 2900, endPort: 3100 }), 'in'],
  ['a range that does not', ports({ port: 3001, endPort: 3100 }), 'out'],
  ['every port of TCP', ports({ protocol: 'UDP', port: 53 }, { protocol: 'TCP' }), 'in'],
  ['the port, but of UDP', ports({ protocol: 'UDP', port: 3000 }), 'out'],
  ['pods that are others', { podSelector: { matchLabels: { app: 'other' } }, ingress: [] }, null],
  ['pods by expressions', { podSelector: { matchExpressions: [{ key: 'app', operator: 'Exists' }] } }, 'unknown'],
  ['about sending only', { ...ALL, policyTypes: ['Egress'] }, null],
];

test('what a policy says of the proxy', async (t) => {
  for (const [what, spec, lets] of TABLE)
    await t.test(what, () => {
      const said = saidOf(spec);
      assert.deepEqual(
        said.map((one) => one.lets),
        lets === null ? [] : [lets],
        said[0]?.why,
      );
    });
});

test('a proxy in the network of its node is never said to be barred', () => {
  const said = saidOf(from(named('mesh')), (lists) => {
    objectOf(lists, 'daemonsets', 'traefik/traefik').spec.template.spec.hostNetwork = true;
  });
  assert.deepEqual(
    said.map((one) => one.lets),
    ['unknown'],
  );
});

test('why is told with names as people use them', () => {
  assert.equal(saidOf(from(named('mesh')))[0]?.why, 'it lets in namespace mesh');
  assert.equal(
    saidOf({ ...ALL, ingress: [{ from: [{ ...named('mesh'), ...traefikPods }], ports: [{ port: 3000 }] }] })[0]?.why,
    'it lets in pods with app.kubernetes.io/name=traefik of namespace mesh to port 3000',
  );
});
