import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { BlindLook } from '../../diagnostics/io/proxy-reader.ts';
import type { ClusterChange } from '../../proxy/kubernetes/changes.ts';
import type { ObjectChange } from '../../proxy/kubernetes/cluster.ts';
import { RESOURCES } from '../../proxy/kubernetes/resources.ts';
import { collectChanges } from '../../workers/changes/collect.ts';
import { type ChangeStore, changeStore, keysOf } from '../../workers/changes/store.ts';
import { type EmbeddedRedis, startEmbeddedRedis } from '../../workers/embedded-redis.ts';
import { createMetrics } from '../../workers/metrics.ts';
import { closeRedis, connectRedis, isUp, type RedisClient } from '../../workers/redis.ts';
import { livedIn, recorded } from '../proxy/kubernetes/changes/lived-in.ts';
import { quiet, until } from './stand-ins.ts';

let server: EmbeddedRedis;
let redis: RedisClient;
before(async () => {
  server = await startEmbeddedRedis();
  redis = connectRedis(server.url, 'producer');
  redis.on('error', () => {});
  await until('redis', () => isUp(redis));
});
after(async () => {
  closeRedis(redis);
  await server.stop();
});

const NOW = Date.parse('2026-11-21T16:10:00Z');
const HOUR = 3_600_000;
const at = (secondsAgo: number): string => new Date(NOW - secondsAgo * 1000).toISOString();
const change = (id: string, secondsAgo: number, over: Partial<ClusterChange> = {}): ClusterChange => ({
  id,
  at: at(secondsAgo),
  kind: 'rollout',
  object: 'shop/shop',
  summary: `image: ${id}`,
  about: ['shop/shop'],
  often: false,
  ...over,
});
/** A clock that moves on with each look at it: what was read before is never used again. */
const ticking = (): (() => number) => {
  let ticks = 0;
  return () => NOW + 2_000 * ticks++;
};
const store = (over = {}): ChangeStore => changeStore(redis, { keepMs: 24 * HOUR, most: 100, ...over }, ticking());
const idsOf = async (from: ChangeStore, cluster: string, secondsAgo = 100_000) =>
  (await from.between(cluster, at(secondsAgo), at(-60))).map((one) => one.id);

test('several watchers write a change once, in the order of the cluster’s time, clusters apart', async () => {
  const [one, other] = [store(), store()];
  assert.equal(await one.put('a', [change('x', 30), change('y', 90)]), 2);
  assert.equal(await other.put('a', [change('y', 90, { summary: 'another watcher’s words' }), change('z', 60)]), 1);
  assert.equal(await other.put('b', [change('x', 30)]), 1);
  assert.deepEqual(await idsOf(one, 'a'), ['y', 'z', 'x']);
  assert.deepEqual(await idsOf(one, 'b'), ['x']);
  assert.deepEqual(await idsOf(one, 'nobody'), []);
  assert.deepEqual(await idsOf(one, 'a', 61), ['z', 'x']);
  const [first] = await one.between('a', at(100), at(0));
  assert.equal(first?.summary, 'image: y', 'the first to tell is kept');
});

test('bounded by age and by count, and what machines do all day pushes out nothing that people changed', async () => {
  const few = store({ most: 10, keepMs: HOUR });
  await few.put('c', [change('edit', 3_000), change('too old', 3_700)]);
  for (let n = 0; n < 50; n++) await few.put('c', [change(`pod-${n}`, 1_000 - n, { often: true, kind: 'ready' })]);
  const ids = await idsOf(few, 'c');
  assert.deepEqual(ids, ['edit', ...Array.from({ length: 10 }, (_, i) => `pod-${40 + i}`)]);
  for (const sort of ['edits', 'often'] as const) {
    const [set, hash] = keysOf('c', sort);
    assert.equal(await redis.zcard(set), await redis.hlen(hash), 'no text without its name');
    assert.ok((await redis.pttl(hash)) > 0 && (await redis.pttl(set)) > 0);
  }
  // An hour later the next word makes the old ones go.
  const later = changeStore(redis, { most: 10, keepMs: HOUR }, () => NOW + HOUR);
  await later.put('c', [change('new', -3_500)]);
  assert.deepEqual(await idsOf(few, 'c', 100_000).then((all) => all.filter((id) => id === 'edit')), []);
});

test('a watch’s changes arrive in the store; what comes while Redis is away arrives when it is back', async () => {
  const own = await startEmbeddedRedis();
  const client = connectRedis(own.url, 'producer');
  client.on('error', () => {});
  await until('redis', () => isUp(client));
  const inner = changeStore(client, undefined, () => Date.parse('2026-11-21T16:10:00Z'));
  let broken = true;
  let tries = 0;
  const moody: ChangeStore = {
    ...inner,
    async put(cluster, changes) {
      tries++;
      if (broken) throw new Error('away');
      return inner.put(cluster, changes);
    },
  };
  const metrics = createMetrics({ process: false });
  const collector = collectChanges(moody, metrics, quiet);
  const { view } = livedIn();
  const raw = recorded('ingresses').find((one) => (one.metadata as { name: string }).name === 'shop');
  const before = RESOURCES.ingresses.trim(raw as never);
  const edited = (path: string): ObjectChange => {
    const after = structuredClone(before);
    (after.rules[0] as { path: string }).path = path;
    after.meta.changed = { by: 'helm', at: '2026-11-21T16:05:00Z' };
    return { plural: 'ingresses', key: 'shop/shop', before, after };
  };
  collector.hear(edited('/a'), view);
  // What cannot be understood is said, and stops nobody.
  collector.hear({ plural: 'ingresses', key: 'x', before: null, after: {} as never }, view);
  await until('a first try', () => tries > 0);
  collector.hear(edited('/b'), view);
  broken = false;
  await collector.close();
  const found = await inner.between('lived-in', '2026-11-21T16:00:00Z', '2026-11-21T16:10:00Z');
  assert.deepEqual(
    found.map((one) => [one.kind, one.object, one.by]),
    [
      ['route', 'Ingress shop/shop', 'helm'],
      ['route', 'Ingress shop/shop', 'helm'],
    ],
  );
  assert.match(await metrics.registry.metrics(), /iti_cluster_changes_total\{cluster="lived-in"\} 2/);

  await own.stop();
  await until('away', () => !isUp(client));
  await assert.rejects(inner.between('lived-in', at(1), at(0)), (error) => {
    assert.ok(error instanceof BlindLook);
    assert.equal(error.reason, 'no-connection');
    return true;
  });
  closeRedis(client);
});
