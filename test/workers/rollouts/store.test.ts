import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Queue } from 'bullmq';
import { type EmbeddedRedis, startEmbeddedRedis } from '../../../workers/embedded-redis.ts';
import { PREFIX, QUEUES, threadPayload } from '../../../workers/queues.ts';
import { closeRedis, connectRedis, isUp, type RedisClient } from '../../../workers/redis.ts';
import { rolloutDesk } from '../../../workers/rollouts/desk.ts';
import { rolloutStore } from '../../../workers/rollouts/store.ts';
import { until } from '../stand-ins.ts';
import { aDecision, aJudgement, anInterval, aRollout, counts, iso, T0 } from './stand-ins.ts';

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

const jobs = async (): Promise<string[]> => {
  const queue = new Queue(QUEUES.thread, { connection: redis, prefix: PREFIX });
  const all = await queue.getJobs();
  await queue.close();
  for (const job of all) threadPayload.parse(job.data);
  return all.map((job) => String(job.id));
};

test('twice the same announcement is one rollout, and one job for its messages', async () => {
  const desk = rolloutDesk(redis);
  const rollout = aRollout();
  const [first, second] = await Promise.all([
    desk.create(rollout, ['view:V1', 'hash:1']),
    desk.create(aRollout(), ['view:V1', 'hash:2']),
  ]);
  assert.equal(first.id, second.id);
  assert.deepEqual([first.is, second.is].sort(), ['created', 'seen']);
  assert.equal((await jobs()).filter((id) => id.startsWith(first.id)).length, 1);
  assert.ok((await desk.store.planned()).some((one) => one.rollout.id === first.id));
  assert.equal((await desk.store.recent(1))[0]?.rollout.id, first.id);
  const life = await redis.ttl(`${PREFIX}:rollout:${first.id}`);
  assert.ok(life > 399 * 86_400, `${life}`);
  await desk.close();
});

test('twenty clicks at once are one decision; who was first is told to the others', async () => {
  const store = rolloutStore(redis);
  const { id } = await store.create(aRollout(), []);
  const results = await Promise.all(
    Array.from({ length: 20 }, (_, i) => store.decide(id, aDecision('begin', -1, { by: `U${i}` }))),
  );
  assert.equal(results.filter((one) => one?.is === 'decided').length, 1);
  assert.equal(results.filter((one) => one?.is === 'already').length, 19);
  const record = await store.load(id);
  assert.deepEqual([record?.state, record?.stage, record?.revision, record?.decisions.length], ['running', 0, 2, 1]);
  assert.equal(await store.decide('r-20261124-nobody', aDecision('begin', -1)), null);
  assert.ok((await store.running()).some((one) => one.rollout.id === id));
  assert.ok(!(await store.planned()).some((one) => one.rollout.id === id));
});

test('a desk that died between the decision and its job: the sweep queues it, once', async () => {
  const desk = rolloutDesk(redis);
  await desk.sweep(iso(T0));
  const { id } = await desk.create(aRollout(), []);
  await desk.store.decide(id, aDecision('begin', -1));
  assert.deepEqual(await desk.store.untold(), [id]);
  await desk.sweep(iso(T0));
  await desk.sweep(iso(T0));
  assert.deepEqual(await desk.store.untold(), []);
  assert.equal((await jobs()).filter((one) => one.startsWith(id)).length, 2);
  await desk.close();
});

test('each slot is there once, late ones not at all, and the counters go with it', async () => {
  const { intervals } = rolloutStore(redis);
  const id = 'r-20261124-slots';
  assert.equal(await intervals.base(id, 0), null);
  assert.equal(await intervals.append(id, 0, T0, [], 'a'), 'kept');
  const twice = await Promise.all([0, 1].map(() => intervals.append(id, 0, T0 + 10_000, [anInterval(1)], 'b')));
  assert.deepEqual(twice.sort(), ['kept', 'there']);
  assert.equal(await intervals.append(id, 0, T0 + 5_000, [anInterval(0)], 'late'), 'there');
  assert.deepEqual(await intervals.base(id, 0), { slot: T0 + 10_000, base: 'b' });
  assert.deepEqual(await intervals.read(id, 0), [anInterval(1)]);
  assert.deepEqual(await intervals.read(id, 1), [], 'another stage has its own');
  const life = await redis.ttl(`${PREFIX}:rollout:${id}:stage:0`);
  assert.ok(life > 13 * 86_400 && life <= 14 * 86_400, `${life}`);
});

test('a day of intervals needs little room, loses no count and keeps the last hour as it was', async () => {
  const { intervals } = rolloutStore(redis);
  const id = 'r-20261124-long';
  const N = 3000;
  for (let i = 0; i < N; i++) {
    const one = anInterval(i, { fresh: counts({ requests: 10, latency: { le: [0.1, 1], counts: [1, 2, 7] } }) });
    assert.equal(await intervals.append(id, 0, T0 + i * 10_000, [one], 'x'), 'kept');
  }
  const all = await intervals.read(id, 0);
  assert.ok(all.length <= 480, `${all.length}`);
  assert.equal(
    all.reduce((sum, one) => sum + one.old.requests, 0),
    90 * N,
  );
  assert.equal(
    all.reduce((sum, one) => sum + (one.fresh.latency?.counts[2] ?? 0), 0),
    7 * N,
  );
  assert.deepEqual([all[0]?.from, all.at(-1)?.to], [iso(T0), iso(T0 + N * 10_000)]);
  assert.ok(all.every((one, i) => i === 0 || one.from === all[i - 1]?.to));
  assert.ok(all.slice(-200).every((one) => Date.parse(one.to) - Date.parse(one.from) === 10_000));
  const bytes = Number(await redis.hget(`${PREFIX}:rollout:${id}:stage:0:state`, 'bytes'));
  const real = (await redis.lrange(`${PREFIX}:rollout:${id}:stage:0`, 0, -1)).join('').length;
  assert.equal(bytes, real);
});

test('what is too large is not kept, and the next slot goes on', async () => {
  const { intervals } = rolloutStore(redis);
  const id = 'r-20261124-large';
  const huge = anInterval(0, { blind: ['x'.repeat(70_000)] });
  assert.equal(await intervals.append(id, 0, T0, [huge], 'a'), 'full');
  assert.equal(await intervals.append(id, 0, T0 + 10_000, [anInterval(1)], 'b'), 'kept');
  assert.equal((await intervals.read(id, 0)).length, 1);
});

test('a judgement belongs to the stage under way, and is frozen with its counts when that ends', async () => {
  const store = rolloutStore(redis);
  const { id } = await store.create(aRollout(), []);
  await store.decide(id, aDecision('begin', -1));
  await store.intervals.append(id, 0, T0, [anInterval(0), anInterval(0, { source: 'probes', unread: ['errors'] })], '');
  await store.setJudgement(id, 0, aJudgement(), iso(T0 + 1), true);
  assert.deepEqual(await store.untold().then((ids) => ids.includes(id)), true);
  await store.decide(id, aDecision('next-stage', 0));
  await store.setJudgement(id, 0, aJudgement({ result: 'stop' }), iso(T0 + 2), true);
  const record = await store.load(id);
  assert.equal(record?.stages[0]?.judgement?.result, 'not-enough-data');
  assert.equal(record?.stages[1]?.judgement, null);
  const { counters, probes } = record?.stages[0]?.seen ?? {};
  assert.deepEqual(counters?.old, { requests: 90, errors: 1, handshakes: null });
  assert.equal(probes?.old.errors, null, 'what nobody read is no zero');
  await store.setJudgement(id, 1, aJudgement({ result: 'go-on' }), iso(T0 + 9), false);
  await store.setJudgement(id, 1, aJudgement({ result: 'stop' }), iso(T0 + 8), false);
  assert.equal((await store.load(id))?.stages[1]?.judgement?.result, 'go-on', 'a late one does not overwrite it');
});

test('a case is tied once, and what is said of it may change', async () => {
  const store = rolloutStore(redis);
  const { id } = await store.create(aRollout(), []);
  const one = { case: 'c-20261124-abcd', host: 'shop.example.test', at: iso(T0), guilt: 'open' as const, why: 'x' };
  await store.tie(id, one);
  const revision = (await store.load(id))?.revision;
  await store.tie(id, { ...one });
  assert.equal((await store.load(id))?.revision, revision);
  await store.tie(id, { ...one, guilt: 'cleared' });
  assert.deepEqual((await store.load(id))?.cases, [{ ...one, guilt: 'cleared' }]);
});

test('the old path is reminded of once, and not after somebody cleaned up', async () => {
  const store = rolloutStore(redis);
  const short = { stages: [{ share: 1, at: null }] };
  const [a, b] = await Promise.all([store.create(aRollout(short), []), store.create(aRollout(short), [])]);
  for (const { id } of [a, b]) {
    await store.decide(id, aDecision('begin', -1));
    assert.deepEqual(await store.toRemind(T0 * 2), id === b.id ? [a.id] : []);
    await store.decide(id, aDecision('finish', 0, { at: iso(T0) }));
  }
  assert.deepEqual(await store.toRemind(T0 - 1), []);
  assert.deepEqual((await store.toRemind(T0)).sort(), [a.id, b.id].sort());
  await store.decide(b.id, aDecision('cleaned-up', 0));
  await store.remind(a.id, iso(T0 + 5));
  const { revision } = (await store.remind(a.id, iso(T0 + 6))) ?? {};
  assert.equal((await store.load(a.id))?.revision, revision);
  assert.equal((await store.load(a.id))?.remindedAt, iso(T0 + 5));
  assert.deepEqual(await store.toRemind(T0 * 2), []);
});
