import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { Inventory } from '../../../proxy/inventory/inventory.ts';
import type { ClusterChange } from '../../../proxy/kubernetes/changes.ts';
import { type EmbeddedRedis, startEmbeddedRedis } from '../../../workers/embedded-redis.ts';
import { closeRedis, connectRedis, isUp, type RedisClient } from '../../../workers/redis.ts';
import { type RolloutDesk, rolloutDesk } from '../../../workers/rollouts/desk.ts';
import { noticeRollouts } from '../../../workers/rollouts/known.ts';
import { until } from '../stand-ins.ts';
import { aDecision, aPair, aRollout, iso, T0 } from './stand-ins.ts';

let server: EmbeddedRedis;
let redis: RedisClient;
let desk: RolloutDesk;

before(async () => {
  server = await startEmbeddedRedis();
  redis = connectRedis(server.url, 'producer');
  redis.on('error', () => {});
  await until('redis', () => isUp(redis));
  desk = rolloutDesk(redis);
});
after(async () => {
  await desk.close();
  closeRedis(redis);
  await server.stop();
});
beforeEach(async () => {
  await redis.flushall();
});

const HOUR = 3_600_000;
const { inventory } = aPair();
inventory.routes.push({ host: 'shop.example.test', path: '/', via: ['old'] });

/** Looks once. */
const look = (
  over: { now?: number; inventory?: Inventory; changes?: ClusterChange[]; software?: { [part: string]: string } } = {},
) =>
  noticeRollouts({
    redis,
    desk,
    inventory: async () => over.inventory ?? inventory,
    changes: async (from, to) => (over.changes ?? []).filter(({ at }) => at >= from && at <= to),
    software: async (_hop, one) => over.software?.[one] ?? null,
    now: () => over.now ?? T0,
  });

const imageChange: ClusterChange = {
  id: 'uid-1:rollout:abc',
  at: iso(T0),
  kind: 'rollout',
  object: 'old',
  summary: 'image: docker.io/library/traefik:v2.10.7 -> docker.io/library/traefik:v3.7.0; limits: 1 CPU -> 2 CPU',
  by: 'kubectl edit',
  about: ['old'],
  often: false,
};

test('an image that changed is one rollout, however often it is looked at, and is watched from then on', async () => {
  await look({ now: T0 - 60_000 });
  const [id] = await look({ changes: [imageChange] });
  assert.deepEqual(await look({ changes: [imageChange], now: T0 + 60_000 }), []);
  const all = await desk.store.recent(9);
  assert.equal(all.length, 1);
  const { rollout, state } = all[0] as (typeof all)[number];
  assert.deepEqual([rollout.id, rollout.by, state, rollout.hosts], [id, null, 'running', ['shop.example.test']]);
  assert.match(
    rollout.noticed ?? '',
    /^The image of old changed from traefik:v2\.10\.7 to traefik:v3\.7\.0 at 10:00 UTC by kubectl edit; nobody announced it\.$/,
  );
  assert.deepEqual(
    [rollout.old.instances, rollout.fresh.instances],
    [['old-1'], null],
    'pods to come are the new side',
  );
});

test('an edit without another image, an application, and what happened long before are no rollouts', async () => {
  const others = [
    { ...imageChange, id: '1', summary: 'limits: 1 CPU -> 2 CPU' },
    { ...imageChange, id: '2', object: 'web/shop' },
    { ...imageChange, id: '3', kind: 'scale' },
    { ...imageChange, id: '4', at: iso(T0 - 2 * HOUR) },
  ];
  assert.deepEqual(await look({ changes: others }), []);
});

test('one that was announced begins it instead, inside its window and not outside', async () => {
  const window = { from: iso(T0 - HOUR), to: iso(T0 + HOUR) };
  const { id } = await desk.create(aRollout({ window }), []);
  assert.deepEqual(await look({ changes: [imageChange] }), []);
  const record = await desk.store.load(id);
  assert.equal(record?.state, 'running');
  assert.deepEqual([record?.decisions[0]?.by, record?.decisions.length], [null, 1]);
  assert.match(record?.decisions[0]?.reason ?? '', /^Noticed: The image of old/);
  assert.deepEqual(await look({ changes: [imageChange], now: T0 + 60_000 }), []);

  const later = { ...imageChange, id: 'uid-1:rollout:later', at: iso(T0 + 9 * HOUR) };
  await desk.decide(id, aDecision('stop', 0));
  await desk.create(aRollout({ window }), []);
  assert.equal((await look({ changes: [later], now: T0 + 9 * HOUR })).length, 1);
});

test('a version that an instance states and did not before; more of them follow the first', async () => {
  const edge = {
    ...inventory.hops.old,
    name: 'edge',
    instances: ['a', 'b', 'c'].map((name) => ({ ...inventory.hops.old?.instances[0], name })),
  };
  const one = { ...inventory, hops: { edge } } as unknown as Inventory;
  const all = (a: string, b: string, c: string) => ({ a, b, c });
  await look({ inventory: one, software: all('nginx 1.24', 'nginx 1.24', 'nginx 1.24') });
  assert.deepEqual(await look({ inventory: one, now: T0 + 60_000 }), [], 'silence is no other version');
  const [id] = await look({
    inventory: one,
    now: T0 + 120_000,
    software: all('nginx 1.27', 'nginx 1.24', 'nginx 1.24'),
  });
  assert.ok(id);
  const first = (await desk.store.load(id))?.rollout;
  assert.match(first?.noticed ?? '', /^a of edge says nginx 1\.27 since 10:02 UTC, before it was nginx 1\.24/);
  assert.deepEqual([first?.old.instances, first?.fresh.instances], [['b', 'c'], ['a']]);
  // The others are of a version that is known by now: no other rollout.
  assert.deepEqual(
    await look({ inventory: one, now: T0 + 180_000, software: all('nginx 1.27', 'nginx 1.27', 'nginx 1.24') }),
    [],
  );
  const second = (await desk.store.load(id))?.rollout;
  assert.deepEqual([second?.old.instances, second?.fresh.instances], [['c'], ['a', 'b']]);
});

test('a new proxy before hosts of an older one; the first look at a world notices nothing', async () => {
  const { hops } = inventory;
  const before = { ...inventory, hops: { old: hops.old } } as unknown as Inventory;
  assert.deepEqual(await look({ inventory: before }), []);
  const routes = [...inventory.routes, { host: 'shop.example.test', path: '/', via: ['new'] }];
  const [id] = await look({ inventory: { ...inventory, routes }, now: T0 + 60_000 });
  assert.ok(id);
  const rollout = (await desk.store.load(id))?.rollout;
  assert.deepEqual([rollout?.old.hop, rollout?.fresh.hop], ['old', 'new']);
  assert.match(rollout?.noticed ?? '', /^new \(traefik\) is new in the inventory beside old since 10:01 UTC/);
});

test('a new proxy before hosts that nobody served before replaces none; before none yet it may', async () => {
  const { hops } = inventory;
  const before = { ...inventory, hops: { old: hops.old } } as unknown as Inventory;
  await look({ inventory: before });
  const routes = [...inventory.routes, { host: 'checkout.example.test', path: '/', via: ['new'] }];
  assert.deepEqual(await look({ inventory: { ...inventory, routes }, now: T0 + 60_000 }), []);
  await redis.flushall();
  await look({ inventory: before });
  assert.equal((await look({ now: T0 + 60_000 })).length, 1);
});

test('nobody says anything for a day: it ends, and nobody is reminded of anything', async () => {
  await look({ now: T0 - 60_000 });
  const [id] = await look({ changes: [imageChange] });
  assert.ok(id);
  await look({ now: T0 + 23 * HOUR });
  assert.equal((await desk.store.load(id))?.state, 'running');
  await look({ now: T0 + 24 * HOUR });
  assert.equal((await desk.store.load(id))?.state, 'done');
  assert.deepEqual(await desk.store.toRemind(T0 * 2), []);
});
