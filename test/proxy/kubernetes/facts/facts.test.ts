import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BlindLook } from '../../../../diagnostics/io/proxy-reader.ts';
import { claimFacts } from '../../../../proxy/kubernetes/facts/claims.ts';
import { eventFacts } from '../../../../proxy/kubernetes/facts/events.ts';
import { serviceFacts } from '../../../../proxy/kubernetes/facts/service.ts';
import { clusterReader } from '../../../../proxy/kubernetes/reader.ts';
import type { Plural } from '../../../../proxy/kubernetes/resources.ts';
import { livedInLists, objectOf, refused, viewOf } from '../lived-in.ts';

const view = viewOf(livedInLists());
const of = (name: string, host: string) =>
  serviceFacts(view, name, { host: `${host}.example.test`, path: '/', proxy: null });
const denied = (error: unknown): boolean => error instanceof BlindLook && error.reason === 'denied';

test('endpoints over two slices: ready, not ready and leaving, each once', () => {
  const { endpoints, pods, targets, workload } = of('shop/shop', 'shop');
  assert.deepEqual(
    endpoints.map((one) => [one.address, one.ready, one.serving, one.terminating]),
    [
      ['10.244.1.14', true, true, false],
      ['10.244.1.18', false, true, true],
      ['10.244.2.15', true, true, false],
      ['10.244.2.16', true, true, false],
      ['10.244.3.17', false, false, false],
    ],
  );
  // Told to leave 60 s before its deletionTimestamp, as its deletionGracePeriodSeconds says; its template says 30.
  assert.deepEqual(
    pods.flatMap((pod) => pod.leavingSince ?? []),
    ['2026-11-21T15:40:30.000Z'],
  );
  assert.deepEqual(targets, [8080]);
  assert.deepEqual(workload?.autoscaler, { name: 'shop/shop', min: 2, max: 12, current: 4, desired: 5 });
});

test('an address that stands in two slices counts once, and ready wins', () => {
  const lists = livedInLists();
  const copy = structuredClone(objectOf(lists, 'endpointslices', 'shop/shop-x7k2p'));
  copy.metadata.name = 'shop-again';
  for (const one of copy.endpoints) one.conditions.ready = false;
  lists.endpointslices?.unshift(copy);
  const facts = serviceFacts(viewOf(lists), 'shop/shop', { host: 'shop.example.test', path: '/', proxy: null });
  assert.equal(facts.endpoints.length, 5);
  assert.equal(facts.endpoints.filter((one) => one.ready).length, 3);
});

test('the port as the route names it, who sends, and from which object', () => {
  const shop = of('shop/shop', 'shop');
  assert.deepEqual(
    [shop.wantedPort, shop.port?.port, shop.route, shop.sender],
    ['http', 80, 'Ingress shop/shop', 'ingress-nginx/ingress-nginx-controller'],
  );
  const billing = of('billing/billing', 'billing');
  assert.deepEqual(
    [billing.wantedPort, billing.route, billing.sender],
    [80, 'IngressRoute billing/billing', 'traefik/traefik'],
  );
  const ghost = of('shop/no-such-service', 'ghost');
  assert.deepEqual([ghost.exists, ghost.route], [false, 'Ingress shop/ghost']);
  assert.equal(of('legacy/monolith', 'blog').manual, true);
});

test('who serves which host, as the recorded cluster has it', () => {
  const claims = (host: string) => claimFacts(view, `${host}.example.test`, '/');
  const byName = (host: string): string[] =>
    claims(host)
      .claims.filter((one) => one.host !== null)
      .map((one) => `${one.object} by ${one.proxy}${one.missing ? ', missing' : ''}`)
      .sort();
  const nginx = 'ingress-nginx/ingress-nginx-controller';
  assert.deepEqual(byName('orders'), [
    `Ingress shop/orders-new by traefik/traefik`,
    `Ingress shop/orders-old by ${nginx}`,
  ]);
  assert.deepEqual(byName('ghost'), [`Ingress shop/ghost by ${nginx}, missing`]);
  assert.deepEqual(byName('wiki'), []);
  for (const [host, object] of [
    ['wiki', 'Ingress shop/wiki'],
    ['blog', 'Ingress shop/blog'],
  ] as const) {
    const [one] = claims(host).unserved;
    assert.deepEqual([one?.object, one?.foreign], [object, null]);
  }
  const [api] = claims('v1.api').unserved;
  assert.match(api?.foreign ?? '', /gateway\.envoyproxy\.io/);
  assert.match(api?.problems.join('\n') ?? '', /RefNotPermitted[\s\S]*InvalidCertificateRef: Secret shop\/api-tls/);
});

test('events of a window, folded repeats included', () => {
  const window = { from: '2026-11-21T15:35:00Z', to: '2026-11-21T15:38:00Z' };
  const [rescaled, ...more] = eventFacts(view, ['HorizontalPodAutoscaler shop/shop'], window);
  assert.deepEqual([rescaled?.reason, rescaled?.count, more], ['SuccessfulRescale', 9, []]);
  assert.deepEqual(
    eventFacts(view, ['HorizontalPodAutoscaler shop/shop'], {
      from: '2026-11-21T15:39:00Z',
      to: '2026-11-21T15:40:00Z',
    }),
    [],
  );
  assert.ok(eventFacts(view, ['shop'], window).length > 1);
});

test('a right that is missing is named; what the rest does not need takes nothing from it', async () => {
  const reader = (plural: Plural, namespace = '') =>
    clusterReader(viewOf(livedInLists(), [refused(plural, namespace)]));
  const signal = AbortSignal.timeout(1_000);
  await assert.rejects(reader('services').service('shop/shop', 'shop.example.test', signal), denied);
  for (const plural of ['pods', 'endpointslices', 'networkpolicies', 'horizontalpodautoscalers'] as const) {
    const facts = await reader(plural).service('shop/shop', 'shop.example.test', signal);
    assert.deepEqual(
      facts.unread.map((one) => one.what),
      [plural],
    );
    assert.match(facts.unread[0]?.detail ?? '', new RegExp(plural));
  }
  // Refused in another namespace only.
  await reader('services', 'billing').service('shop/shop', 'shop.example.test', signal);
  for (const plural of ['ingresses', 'ingressclasses', 'deployments', 'httproutes'] as const)
    await assert.rejects(reader(plural).claims('shop.example.test', '/', signal), denied);
  await assert.rejects(
    reader('events').events(['shop'], { from: '2026-11-21T15:00:00Z', to: '2026-11-21T16:00:00Z' }, signal),
    denied,
  );
});

test('an API server that went away: what was heard before still counts', () => {
  const lost = viewOf(livedInLists(), [{ plural: 'services', namespace: '', reason: 'no-connection', detail: 'away' }]);
  assert.equal(serviceFacts(lost, 'shop/shop', { host: 'shop.example.test', path: '/', proxy: null }).exists, true);
  const never = viewOf({}, [{ plural: 'services', namespace: '', reason: 'no-connection', detail: 'away' }]);
  assert.throws(
    () => serviceFacts(never, 'shop/shop', { host: 'shop.example.test', path: '/', proxy: null }),
    BlindLook,
  );
});
