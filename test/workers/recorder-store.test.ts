import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { BlindLook } from '../../diagnostics/io/proxy-reader.ts';
import { type EmbeddedRedis, startEmbeddedRedis } from '../../workers/embedded-redis.ts';
import { type RecorderStore, recorderStore, type StoreOptions, streamOf } from '../../workers/recorder/store.ts';
import { closeRedis, connectRedis, isUp, type RedisClient } from '../../workers/redis.ts';
import { aSample, at, START, served } from '../proxy/history/samples.ts';
import { until } from './stand-ins.ts';

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

const HOUR = 3_600_000;
const store = (over: Partial<StoreOptions> = {}): RecorderStore =>
  recorderStore(redis, { everyMs: 15_000, keepMs: HOUR, maxBytesPerProxy: 1 << 20, ...over });
const slot = (n: number): number => START + n * 15_000;
const sample = (n: number) => aSample(n * 15 + 2, { requests: served('shop@file', { 200: 10 * n, 502: n }) });
const window = (from: number, to: number) => ({ from: at(from), to: at(to) });
const countsOf = (found: Awaited<ReturnType<RecorderStore['samples']>>) =>
  found?.samples.map((one) => one.requests.find((row) => row.status === '200')?.count);

test('a window comes with the sample before it, across key frames, written by two processes in turns', async () => {
  const [one, other] = [store(), store()];
  for (let n = 0; n < 100; n++) {
    const kept = await (n % 7 < 3 ? one : other).put('edge', 'a', slot(n), sample(n));
    assert.equal(kept.is, 'kept');
  }
  const found = await store().samples('edge', 'a', window(50 * 15, 55 * 15));
  assert.deepEqual(countsOf(found), [500, 510, 520, 530, 540]);
  assert.deepEqual(countsOf(await store().samples('edge', 'a', window(-HOUR / 1000, 10))), [0]);
  assert.equal((await store().samples('edge', 'a', window(0, 99 * 15 + 5)))?.samples.length, 100);
  assert.equal(await store().samples('edge', 'nobody', window(0, 100)), null);
});

test('a sample from long before the window is no start for a difference', async () => {
  const one = store();
  for (const n of [0, 100, 101]) await one.put('edge', 'long', slot(n), sample(n));
  assert.deepEqual(countsOf(await one.samples('edge', 'long', window(99 * 15, 102 * 15))), [1000, 1010]);
  assert.deepEqual(countsOf(await one.samples('edge', 'long', window(5 * 15, 102 * 15))), [0, 1000, 1010]);
});

test('a slot is taken once, whoever comes second, and never after a later one', async () => {
  const [one, other] = [store(), store()];
  const both = await Promise.all([
    one.put('edge', 'b', slot(1), sample(1)),
    other.put('edge', 'b', slot(1), sample(1)),
  ]);
  assert.deepEqual(both.map((kept) => kept.is).sort(), ['kept', 'there']);
  assert.equal((await one.put('edge', 'b', slot(0), sample(0))).is, 'there');
  assert.equal(await redis.xlen(streamOf('edge', 'b')), 1);
});

test('two writers at once keep both of their slots readable', async () => {
  const [one, other] = [store(), store()];
  await one.put('edge', 'c', slot(0), sample(0));
  await other.put('edge', 'c', slot(1), sample(1));
  // `one` believes that its own entry is the last.
  assert.equal((await one.put('edge', 'c', slot(2), sample(2))).is, 'kept');
  assert.deepEqual(countsOf(await one.samples('edge', 'c', window(0, 60))), [0, 10, 20]);
});

test('a missed sample leaves its reason', async () => {
  const one = store();
  await one.put('edge', 'd', slot(0), sample(0));
  await one.miss('edge', 'd', slot(1), 'http://127.0.0.1:9100/metrics: ECONNREFUSED');
  await one.put('edge', 'd', slot(2), sample(2));
  const found = await one.samples('edge', 'd', window(1, 60));
  assert.deepEqual(countsOf(found), [0, 20]);
  assert.deepEqual(found?.missed, [{ at: at(15), why: 'http://127.0.0.1:9100/metrics: ECONNREFUSED' }]);
});

test('an entry of a newer version is skipped with what builds on it; the next key frame is read again', async () => {
  const one = store();
  const stream = streamOf('edge', 'e');
  for (let n = 0; n < 3; n++) await one.put('edge', 'e', slot(n), sample(n));
  await redis.xadd(stream, `${slot(3)}-0`, 'f', Buffer.from([9, 1, 7, 7]), 'c', '5000');
  for (let n = 4; n < 6; n++) assert.equal((await one.put('edge', 'e', slot(n), sample(n))).is, 'kept');
  assert.deepEqual(countsOf(await one.samples('edge', 'e', window(0, 100))), [0, 10, 20, 40, 50]);
});

test('a stream holds as many samples and bytes as it may, the newest, and ends by itself', async () => {
  const few = store({ keepMs: 300_000 });
  for (let n = 0; n < 400; n++) await few.put('edge', 'f', slot(n), sample(n));
  const length = await redis.xlen(streamOf('edge', 'f'));
  assert.ok(length >= 60 && length <= 60 + 100, `${length} entries`);
  const ttl = await redis.pttl(streamOf('edge', 'f'));
  assert.ok(ttl > 300_000 && ttl <= HOUR, `${ttl} ms to live`);

  const small = store({ maxBytesPerProxy: 20_000 });
  const big = (n: number) =>
    aSample(n * 15, { requests: Array.from({ length: 300 }, (_, i) => served(`s${i}`, { 200: n * i * 17 })).flat() });
  for (let n = 0; n < 200; n++) await small.put('edge', 'g', slot(n), big(n));
  const used = (await redis.call('MEMORY', 'USAGE', streamOf('edge', 'g'), 'SAMPLES', '0')) as number;
  assert.ok(used < 40_000, `${used} bytes`);
  const found = await small.samples('edge', 'g', window(0, 200 * 15));
  assert.equal(found?.samples.at(-1)?.at, at(199 * 15));
  assert.ok((found?.samples.length ?? 0) > 5 && (found?.samples.length ?? 0) < 200);
});

test('Redis away: reading says so, and everything goes on when it is back', async () => {
  const own = await startEmbeddedRedis();
  const client = connectRedis(own.url, 'producer');
  client.on('error', () => {});
  await until('redis', () => isUp(client));
  const one = recorderStore(client, { everyMs: 15_000, keepMs: HOUR, maxBytesPerProxy: 1 << 20 });
  await one.put('edge', 'a', slot(0), sample(0));
  await own.stop();
  await until('away', () => !isUp(client));
  await assert.rejects(one.samples('edge', 'a', window(0, 60)), (error) => {
    assert.ok(error instanceof BlindLook);
    assert.equal(error.reason, 'no-connection');
    return true;
  });
  await assert.rejects(one.put('edge', 'a', slot(1), sample(1)));
  closeRedis(client);
});
