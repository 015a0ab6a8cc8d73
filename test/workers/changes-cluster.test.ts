import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Change } from '../../diagnostics/types.ts';
import { findPath } from '../../proxy/inventory/inventory.ts';
import { changeStore } from '../../workers/changes/store.ts';
import { readSharedConfig } from '../../workers/config.ts';
import { type EmbeddedRedis, startEmbeddedRedis } from '../../workers/embedded-redis.ts';
import { watchInventory } from '../../workers/inventory-watch.ts';
import { ageOf, lastPaths } from '../../workers/last-path.ts';
import { startWorkersProcess } from '../../workers/main.ts';
import { createMetrics } from '../../workers/metrics.ts';
import { createDesk } from '../../workers/open-case.ts';
import { closeRedis, connectRedis, isUp, type RedisClient } from '../../workers/redis.ts';
import { objectsIn } from '../kubernetes/api-server/folder.ts';
import { type ApiServer, startApiServer } from '../kubernetes/api-server/server.ts';
import { aCase, anAsk, quickLook, quiet, until } from './stand-ins.ts';

const LISTS = join(import.meta.dirname, '../fixtures/kubernetes/1.28.5/lists');
const HOST = 'shop.example.test';

let redisServer: EmbeddedRedis;
let redis: RedisClient;
let api: ApiServer;
let folder: string;
const file = (): string => join(folder, 'inventory.yaml');

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'iti-cluster-'));
  [redisServer, api] = await Promise.all([startEmbeddedRedis(), startApiServer({ objects: objectsIn(LISTS) })]);
  redis = connectRedis(redisServer.url, 'producer');
  redis.on('error', () => {});
  await until('redis', () => isUp(redis));
  writeFileSync(join(folder, 'kubeconfig'), api.kubeconfig('eu-1'));
  // With `dns`, nothing here asks a resolver.
  const names = ['nobody.invalid', HOST, 'k8s-ingressn-abc123-0123456789abcdef.elb.eu-west-1.amazonaws.com'];
  const dns = names.map((name) => `  ${name}: 192.0.2.10`).join('\n');
  writeFileSync(file(), `version: 1\nkubernetes: { kubeconfig: kubeconfig }\ndns:\n${dns}\n`);
});
after(async () => {
  closeRedis(redis);
  await api.close();
  await redisServer.stop();
  rmSync(folder, { recursive: true });
});

const target = { host: HOST, port: null, path: '/' };
const hopsOf = (inventory: Parameters<typeof findPath>[0]): string[] =>
  findPath(inventory, target).hops.map((h) => h.name);

test('a process finds the path at the time of asking; away, the last known one stays; after a restart it comes from Redis', async () => {
  const paths = lastPaths(redis);
  const first = await watchInventory(file(), quiet, { lastPaths: () => paths });
  const found = await first.forHost(HOST, '/');
  const hops = hopsOf(found);
  assert.ok(hops.includes('ingress-nginx/ingress-nginx-controller') && hops.includes('shop/shop'), hops.join());
  assert.equal(findPath(found, target).cluster?.name, 'eu-1');
  assert.ok(first.current().hosts.includes('metabase.example.test'), 'hosts that objects name are known');
  const proxies = Object.values((await first.proxies()).hops).flatMap((hop) => (hop.hop === 'proxy' ? hop.name : []));
  assert.deepEqual(proxies.sort(), ['ingress-nginx/ingress-nginx-controller', 'traefik/traefik']);
  await until('it is kept', async () => (await redis.keys('*path:eu-1*')).length > 0);

  await api.kill();
  await until('the watch noticed', () => first.cluster()?.view?.missing.some((one) => one.reason === 'no-connection'));
  const away = await first.forHost(HOST, '/away');
  assert.deepEqual(hopsOf(away), hops);
  const { asOf } = away.cluster ?? {};
  assert.ok(asOf && findPath(away, target).unknown.some((line) => line.includes(asOf)), 'its age is said');
  first.close();

  const later = Date.now() + 3 * 3_600_000;
  const second = await watchInventory(file(), quiet, { lastPaths: () => paths, patienceMs: 50, now: () => later });
  const restored = await second.forHost(HOST, '/');
  assert.deepEqual(hopsOf(restored), hops);
  assert.match(
    findPath(restored, target).unknown.join('\n'),
    /the API server of eu-1 has not answered since this process began: .* as it was known at \S+ \(3 h ago\)/,
  );
  assert.ok(
    Object.values(restored.hops).every((hop) => hop.discovered),
    'what was discovered is still probed only where `allow` covers it',
  );
  assert.deepEqual(hopsOf(await second.forHost('never-asked.example.test', '/')), []);
  await api.start();
  await until('listed again', async () =>
    second.cluster()?.view?.missing.every((one) => one.reason !== 'no-connection' && one.reason !== 'not-yet'),
  );
  assert.ok(!findPath(await second.forHost(HOST, '/again'), target).unknown.some((line) => /ago\)/.test(line)));
  second.close();
});

test('ages as people say them', () => {
  const now = Date.parse('2026-11-21T12:00:00Z');
  const ages = ['2026-11-21T11:59:40Z', '2026-11-21T10:01:00Z', '2026-11-20T12:00:00Z', '2026-11-18T12:00:00Z', null];
  assert.deepEqual(
    ages.map((at) => ageOf(at, now)),
    ['0 min', '119 min', '24 h', '3 d', 'unknown age'],
  );
});

test('two workers’ processes watch one cluster: a case’s timeline has each change of its path once, and no other', async (t) => {
  const config = { ...readSharedConfig({ REDIS_URL: redisServer.url, INVENTORY: file() }), metricsPort: 0 };
  const seen = { look: quickLook, log: quiet };
  const metrics = createMetrics({ process: false });
  const both = await Promise.all([
    startWorkersProcess(config, { ...seen, metrics }),
    startWorkersProcess(config, seen),
  ]);
  const desk = createDesk(redis);
  t.after(async () => {
    await Promise.all(both.map((one) => one.stop()));
    await desk.close();
  });
  const page = async (of: (typeof both)[number]): Promise<string> =>
    (await fetch(`http://127.0.0.1:${of.metricsPort}/metrics`)).text();
  for (const one of both)
    await until(
      'everything is listed',
      async () =>
        !(await page(one)).includes('reason="not-yet"') &&
        (await page(one)).includes('iti_cluster_age_seconds{cluster="eu-1"}'),
    );
  assert.match(await page(both[0]), /iti_cluster_objects\{cluster="eu-1",resource="ingresses"\} 9/);

  const spec = (port: number) => ({
    rules: [
      {
        host: HOST,
        http: {
          paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'shop', port: { number: port } } } }],
        },
      },
    ],
  });
  api.patch('Ingress', 'shop', 'shop', { spec: spec(81) }, 'helm');
  api.patch('Ingress', 'shop', 'crm', { spec: { ingressClassName: 'other' } }, 'helm');
  api.patch('Deployment', 'shop', 'shop', { spec: { replicas: 7 } }, 'kubectl-scale');
  api.remove('Pod', 'shop', 'shop-7c9f8d6b54-a1b2c');
  const store = changeStore(redis);
  const all = () =>
    store.between('eu-1', new Date(Date.now() - 3_600_000).toISOString(), new Date(Date.now() + 60_000).toISOString());
  await until('four changes', async () => (await all()).length >= 4);
  await until('both have written', async () => {
    const of = /iti_cluster_changes_total\{cluster="eu-1"\} (\d+)/;
    const counts = await Promise.all(both.map(async (one) => Number(of.exec(await page(one))?.[1] ?? 0)));
    return counts.reduce((sum, n) => sum + n, 0) === 4;
  });

  const ask = anAsk({ case: aCase(HOST, { at: new Date(Date.now() + 2_000).toISOString() }) });
  await desk.open(ask);
  await until('a verdict', async () => (await desk.cases.load(ask.case.id))?.verdict);
  const kept = JSON.parse((await redis.get(`{iti}:evidence:${ask.case.id}`)) ?? '{}') as { changes: Change[] };
  const told = kept.changes.map((one) => `${one.kind} ${one.object} ${one.by ?? ''}`.trim()).sort();
  assert.deepEqual(told, ['route Ingress shop/shop helm', 'scale shop/shop kubectl scale', 'terminated shop/shop']);
});
