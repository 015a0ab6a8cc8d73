import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { connect } from '../../../proxy/kubernetes/connection.ts';
import type { ConfigMap } from '../../../proxy/kubernetes/objects.ts';
import { reflect } from '../../../proxy/kubernetes/reflector.ts';
import { RESOURCES } from '../../../proxy/kubernetes/resources.ts';
import type { Rule } from '../../kubernetes/api-server/rights.ts';
import { configMap, PACE, until, world } from './worlds.ts';

const READ = ['get', 'list', 'watch'];
const route = (name: string) => ({
  apiVersion: 'traefik.io/v1alpha1',
  kind: 'IngressRoute',
  metadata: { namespace: 'shop', name },
  spec: { routes: [] },
});

test('what may not be read is named with verb, resource and namespace; the rest is there', {
  timeout: 20_000,
}, async (t) => {
  const rules: Rule[] = [
    { apiGroups: [''], resources: ['configmaps'], verbs: READ, namespaces: ['shop'] },
    { apiGroups: [''], resources: ['services'], verbs: ['get', 'list'] },
  ];
  const objects = [configMap('shop', 'a'), configMap('blog', 'b')];
  const { server, watch } = await world(t, { objects, tokens: { token: { name: 'reader', rules } } });
  const only = ['configmaps', 'services', 'leases', 'ingressroutes'] as const;
  const { cluster } = await watch({ only: [...only], namespaces: ['shop', 'blog'], pace: 0.001 });
  assert.equal(await cluster.ready(5_000), true);
  assert.deepEqual([...cluster.view.objects.configmaps.keys()], ['shop/a']);
  await until(() => cluster.view.missing.some((one) => one.plural === 'services'));
  const said = cluster.view.missing.map((one) => `${one.reason} ${one.plural} ${one.namespace}: ${one.detail}`).sort();
  assert.deepEqual(said, [
    'denied configmaps blog: configmaps may not be read in the namespace blog: grant get, list and watch on configmaps',
    'denied leases blog: leases may not be read in the namespace blog: grant get, list and watch on leases.coordination.k8s.io',
    'denied leases shop: leases may not be read in the namespace shop: grant get, list and watch on leases.coordination.k8s.io',
    'denied services blog: services in the namespace blog may be listed but not watched, so they are up to a minute old: grant watch on services',
    'denied services shop: services in the namespace shop may be listed but not watched, so they are up to a minute old: grant watch on services',
    'not-installed ingressroutes blog: IngressRoute is not installed here',
    'not-installed ingressroutes shop: IngressRoute is not installed here',
  ]);
  server.tokens.set('token', { name: 'reader', rules: null });
  await until(() => cluster.view.missing.every((one) => one.reason === 'not-installed'));
  assert.equal(cluster.view.objects.configmaps.size, 2);
});

test('a CRD that is installed later is found, one that is taken away takes its objects along', {
  timeout: 20_000,
}, async (t) => {
  const { server, watch } = await world(t, { clear: true });
  const { cluster, changes } = await watch({ only: ['ingressroutes'], pace: 0.001 });
  assert.equal(await cluster.ready(5_000), true);
  server.apply(route('a'));
  await until(() => cluster.view.objects.ingressroutes.has('shop/a') && cluster.view.missing.length === 0);
  await server.kill();
  server.store.uninstall('traefik.io');
  await server.start('cold');
  await until(() => cluster.view.objects.ingressroutes.size === 0);
  assert.deepEqual(
    changes.map((change) => [change.key, change.after]),
    [['shop/a', null]],
  );
});

test('after trouble nothing is said to be missing any more', { timeout: 20_000 }, async (t) => {
  const { server, watch } = await world(t, { clear: true, objects: [configMap('shop', 'a')] });
  const { cluster } = await watch({ only: ['configmaps'] });
  assert.equal(await cluster.ready(5_000), true);
  await server.kill();
  await until(() => cluster.view.missing[0]?.reason === 'no-connection');
  assert.equal(cluster.view.objects.configmaps.size, 1, 'the last known stays');
  await server.start('warm');
  await until(() => cluster.view.missing.length === 0);
  assert.equal(server.asked.get('list configmaps'), 1, 'the watch went on from where it was');
});

test('an error page, half a list and a list of something else delete nothing', { timeout: 20_000 }, async (t) => {
  const { server, watch } = await world(t, { clear: true, objects: [configMap('shop', 'a')] });
  const { cluster, changes } = await watch({ only: ['configmaps'] });
  assert.equal(await cluster.ready(5_000), true);
  server.faults.push({ how: 'html', times: 3, verb: 'list' }, { how: 'broken', times: 2, verb: 'list' });
  server.faults.push({ how: 'half', times: 1, verb: 'list' }, { how: 404, times: 4 }, { how: 410, times: 5 });
  server.drop('expire');
  await until(() => server.faults.every((fault) => fault.times === 0) && cluster.view.missing.length === 0);
  assert.deepEqual(changes, []);
  assert.equal(cluster.view.objects.configmaps.size, 1);
});

test('an object of a shape that can not be read stops nothing and is said; what was known of it stays', {
  timeout: 20_000,
}, async (t) => {
  const { server, kubeconfig } = await world(t, {
    clear: true,
    objects: [configMap('shop', 'old'), configMap('shop', 'bad', 'bad')],
  });
  const connection = await connect({ kubeconfig, context: null });
  const stop = new AbortController();
  const store = new Map<string, string>();
  const unread: string[] = [];
  let lists = 0;
  const running = reflect({
    connection,
    resource: {
      ...RESOURCES.configmaps,
      trim(object) {
        const kept = RESOURCES.configmaps.trim(object);
        if (kept.data.value === 'bad') throw new TypeError('a shape that nobody thought of');
        return kept;
      },
    },
    namespace: '',
    signal: stop.signal,
    pace: PACE,
    sink: {
      replace(_, __, listed) {
        lists++;
        for (const key of store.keys()) if (!listed.objects.has(key) && !listed.unread.has(key)) store.delete(key);
        for (const [key, one] of listed.objects) store.set(key, (one as ConfigMap).data.value ?? '');
      },
      apply: (_, key, one) => void (one ? store.set(key, (one as ConfigMap).data.value ?? '') : store.delete(key)),
      unread: (_, key) => void unread.push(key),
      missing() {},
      heard() {},
    },
  });
  await until(() => server.watches.size === 1);
  server.apply(configMap('shop', 'old', 'bad'));
  server.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: '__proto__', namespace: '' } });
  server.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 7, namespace: [] } } as never);
  server.apply(configMap('shop', 'after'));
  await until(() => store.has('shop/after'));
  assert.deepEqual(unread, ['shop/bad', 'shop/old']);
  server.drop('expire');
  await until(() => lists === 2);
  assert.deepEqual([...store].sort(), [
    ['__proto__', ''],
    ['shop/after', '0'],
    ['shop/old', '0'],
  ]);
  server.remove('ConfigMap', 'shop', 'old');
  await until(() => !store.has('shop/old'));
  stop.abort();
  await running;
  await connection.close();
});

test('two clusters at once stay apart; a listener that throws stops nothing', { timeout: 20_000 }, async (t) => {
  const [one, two] = [await world(t, { clear: true }), await world(t)];
  const errors: unknown[] = [];
  const first = await one.watch({
    only: ['configmaps'],
    onChange: () => {
      throw new Error('ours');
    },
    onError: (error) => errors.push(error),
  });
  const second = await two.watch({ only: ['configmaps'] });
  await Promise.all([first.cluster.ready(5_000), second.cluster.ready(5_000)]);
  for (let i = 0; i < 5; i++) one.server.apply(configMap('shop', `a${i}`));
  two.server.apply(configMap('shop', 'b'));
  await until(
    () => first.cluster.view.objects.configmaps.size === 5 && second.cluster.view.objects.configmaps.size === 1,
  );
  assert.equal(errors.length, 5);
  assert.equal(second.changes.length, 1);
});

test('what changes nothing that is kept is no change; what was replaced while nobody listened goes and comes', {
  timeout: 20_000,
}, async (t) => {
  const { server, watch } = await world(t, { clear: true, objects: [configMap('shop', 'a'), configMap('shop', 'b')] });
  const { cluster, changes } = await watch({ only: ['configmaps'] });
  assert.equal(await cluster.ready(5_000), true);
  await server.kill();
  server.remove('ConfigMap', 'shop', 'a');
  server.store.put(configMap('shop', 'a'));
  await server.start('cold');
  await until(() => changes.length > 0);
  server.store.put({ ...configMap('shop', 'b'), immutable: true });
  server.store.put(configMap('shop', 'c'));
  await until(() => changes.some((change) => change.key === 'shop/c'));
  const said = changes.map(({ key, before, after }) => [key, before !== null, after !== null]);
  assert.deepEqual(said, [
    ['shop/a', true, false],
    ['shop/a', false, true],
    ['shop/c', false, true],
  ]);
});

test('closing ends every request, also one that hangs; a kubeconfig that leads elsewhere is followed', {
  timeout: 20_000,
}, async (t) => {
  const [old, next] = [await world(t), await world(t, { objects: [configMap('shop', 'moved')] })];
  old.server.faults.push({ how: 'hang', plural: 'leases' });
  const { cluster } = await old.watch({ only: ['configmaps', 'leases', 'pods'] });
  assert.equal(await cluster.ready(100), false, 'leases hang');
  await until(() => old.server.sockets() >= 3);
  await old.server.kill();
  writeFileSync(old.kubeconfig, next.server.kubeconfig('prod'));
  await until(() => cluster.view.objects.configmaps.has('shop/moved'));
  const waiting = cluster.ready(60_000);
  await cluster.close();
  await waiting;
  await until(() => next.server.sockets() === 0);
  assert.equal(next.server.watches.size, 0);
});
