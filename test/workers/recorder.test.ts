import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { pino } from 'pino';
import { BlindLook } from '../../diagnostics/io/proxy-reader.ts';
import { blankInstance } from '../../proxy/inventory/blank.ts';
import { emptyInventory, type Inventory } from '../../proxy/inventory/inventory.ts';
import { readConfigFile } from '../../workers/config.ts';
import { type EmbeddedRedis, startEmbeddedRedis } from '../../workers/embedded-redis.ts';
import { createMetrics } from '../../workers/metrics.ts';
import { jitterOf } from '../../workers/recorder/instances.ts';
import { type RecorderParts, startRecorder } from '../../workers/recorder/schedule.ts';
import { recorderStore, streamOf } from '../../workers/recorder/store.ts';
import { closeRedis, connectRedis, isUp, type RedisClient } from '../../workers/redis.ts';
import { aSample } from '../proxy/history/samples.ts';
import { quiet, until } from './stand-ins.ts';

const EVERY = 200;
let server: EmbeddedRedis;
let redis: RedisClient;
let producer: RedisClient;

before(async () => {
  server = await startEmbeddedRedis();
  redis = connectRedis(server.url, 'worker');
  producer = connectRedis(server.url, 'producer');
  for (const client of [redis, producer]) client.on('error', () => {});
  await until('redis', () => isUp(redis) && isUp(producer));
});

after(async () => {
  closeRedis(redis);
  closeRedis(producer);
  await server.stop();
});

const now = () => aSample(0, { at: new Date().toISOString() });
const instance = (name: string, metrics: string | null = `http://127.0.0.1:9/${name}`) => ({
  ...blankInstance(name),
  metrics,
});

/** An inventory with one proxy of these instances. */
function inventoryOf(...names: string[]): Inventory {
  const edge = {
    name: 'edge',
    hop: 'proxy',
    kind: 'traefik',
    instances: [...names.map((name) => instance(name)), instance('mute', null)],
  };
  return { ...emptyInventory(), hops: { edge: edge as unknown as Inventory['hops'][string] } };
}

const storeOf = (client = producer) =>
  recorderStore(client, { everyMs: EVERY, keepMs: 600_000, maxBytesPerProxy: 1 << 20 });

function recorder(inventory: () => Inventory, over: Partial<RecorderParts> = {}) {
  return startRecorder({
    redis,
    producer,
    store: storeOf(),
    inventory: { proxies: async () => inventory() },
    sample: async () => now(),
    everyMs: EVERY,
    metrics: createMetrics({ process: false }),
    log: quiet,
    ...over,
  });
}

const lengthOf = (part: string) => redis.xlen(streamOf('edge', part));

test('two workers take one sample of each proxy per slot, and follow the inventory', async (t) => {
  let inventory = inventoryOf('a', 'b');
  const asked: string[] = [];
  const sample: RecorderParts['sample'] = async (of) => {
    asked.push(`${of.hop}/${of.part}`);
    return now();
  };
  const both = [recorder(() => inventory, { sample }), recorder(() => inventory, { sample })];
  t.after(() => Promise.all(both.map((one) => one.close(200))));
  await until('five samples of both', async () => (await lengthOf('a')) >= 5 && (await lengthOf('b')) >= 5);
  const entries = await redis.xrange(streamOf('edge', 'a'), '-', '+');
  const slots = entries.map(([id]) => Number(id.split('-')[0]));
  assert.ok(
    slots.every((slot) => slot % EVERY === 0),
    `slots ${slots}`,
  );
  assert.equal(new Set(slots).size, slots.length);
  // Two processes, and still about one question per slot.
  assert.ok(asked.filter((one) => one === 'edge/a').length <= slots.length + 2, `${asked.length} questions`);
  assert.ok(!asked.includes('edge/mute'), 'a proxy without any page is not asked');

  inventory = inventoryOf('b', 'c');
  await until('the new one is sampled', async () => (await lengthOf('c')) >= 2);
  const gone = await lengthOf('a');
  await until('more of the others', async () => (await lengthOf('c')) >= 4);
  assert.equal(await lengthOf('a'), gone, 'a removed proxy is asked no more');
  assert.ok((await redis.pttl(streamOf('edge', 'a'))) > 0, 'and what was recorded of it ends by itself');
});

test('a proxy that fails leaves gaps with the reason, one line in the log, and the others their samples', async (t) => {
  const lines: string[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
  const metrics = createMetrics({ process: false });
  const sample: RecorderParts['sample'] = async ({ part }, signal) => {
    if (part === 'refuses') throw new BlindLook('no-connection', 'http://127.0.0.1:9/refuses: ECONNREFUSED');
    if (part === 'hangs')
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    if (part === 'breaks') throw new TypeError('a mishap of ours');
    return now();
  };
  const names = ['refuses', 'hangs', 'breaks', 'works'];
  const running = recorder(() => inventoryOf(...names), { sample, log, metrics });
  t.after(() => running.close(200));
  await until('entries', async () => (await Promise.all(names.map(lengthOf))).every((length) => length >= 3));
  const window = { from: new Date(Date.now() - 60_000).toISOString(), to: new Date().toISOString() };
  const why = async (part: string) => (await storeOf().samples('edge', part, window))?.missed[0]?.why ?? '';
  assert.match(await why('refuses'), /ECONNREFUSED/);
  assert.match(await why('hangs'), /no answer within 0.08 s/);
  assert.match(await why('breaks'), /our own bug: a mishap of ours/);
  assert.equal(lines.filter((line) => line.includes('edge/refuses')).length, 1);
  const page = await metrics.registry.metrics();
  assert.match(page, /iti_recorder_samples_total\{outcome="missed"\} [1-9]/);
  assert.match(page, /iti_recorder_bytes_total [1-9]/);
  assert.match(page, /iti_recorder_newest_sample_age_seconds [0-9.]+\n/);
});

test('a worker that is killed in mid-sample leaves the slot to another', async (t) => {
  // Longer than it takes until a worker is missed, so that the slot is filled before the next one.
  const everyMs = 7000;
  const file = join(mkdtempSync(join(tmpdir(), 'iti-recorder-')), 'inventory.yaml');
  t.after(() => rmSync(dirname(file), { recursive: true, force: true }));
  writeFileSync(
    file,
    'version: 1\nhops: { edge: { hop: proxy, kind: traefik, instances: [{ name: killed, metrics: "http://127.0.0.1:9/" }] } }\n',
  );
  const script = new URL('./recorder-process.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script], {
    env: { ...process.env, REDIS_URL: server.url, INVENTORY: file, EVERY_MS: String(everyMs) },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  assert.match(line.toString(), /sampling edge\/killed/);
  const [job] = await redis.lrange('{iti}:record:active', 0, -1);
  assert.match(job ?? '', /-edge-killed$/);
  child.kill('SIGKILL');
  const running = recorder(() => inventoryOf('killed'), { everyMs });
  t.after(() => running.close(200));
  await until('the slot is filled', async () => (await lengthOf('killed')) >= 1);
  const [entry] = await redis.xrange(streamOf('edge', 'killed'), '-', '+');
  assert.equal(`${entry?.[0].split('-')[0]}-edge-killed`, job);
});

test('Redis that goes away and comes back empty is recorded into again', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'iti-recorder-'));
  const socket = join(dir, 'redis.sock');
  const start = () =>
    spawn('redis-server', ['--port', '0', '--unixsocket', socket, '--dir', dir, '--save', ''], { stdio: 'ignore' });
  let process = start();
  const [worker, asking] = [connectRedis(`unix:${socket}`, 'worker'), connectRedis(`unix:${socket}`, 'producer')];
  for (const client of [worker, asking]) client.on('error', () => {});
  await until('redis', () => isUp(worker) && isUp(asking));
  const inventory = inventoryOf('again');
  const running = recorder(() => inventory, { redis: worker, producer: asking, store: storeOf(asking) });
  t.after(async () => {
    await running.close(200);
    for (const client of [worker, asking]) closeRedis(client);
    process.kill('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  });
  const length = async () => (isUp(asking) ? asking.xlen(streamOf('edge', 'again')).catch(() => 0) : 0);
  await until('samples', async () => (await length()) >= 2);
  process.kill('SIGKILL');
  await until('away', () => !isUp(worker) && !isUp(asking));
  process = start();
  await until('samples after the loss', async () => (await length()) >= 2);
});

test('CONFIG: every setting has its default and its limits, and false switches it off', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'iti-recorder-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const read = (text: string) => {
    writeFileSync(join(dir, 'config.yaml'), text);
    const { file, warnings } = readConfigFile(join(dir, 'config.yaml'));
    assert.deepEqual(warnings, []);
    return file.recorder;
  };
  const usual = { every: 15_000, keep: 7_200_000, maxBytesPerProxy: 1_048_576 };
  assert.deepEqual(read('deadline: 20s'), usual);
  assert.deepEqual(read('recorder: { every: 30s, keep: 6h, maxBytesPerProxy: 512KiB }'), {
    every: 30_000,
    keep: 21_600_000,
    maxBytesPerProxy: 524_288,
  });
  assert.equal(read('recorder: false'), null);
  assert.throws(() => read('recorder: { every: 10ms }'), /recorder\.every: between 2s and 5m/);
  assert.throws(() => read('recorder: { maxBytesPerProxy: 1GB }'), /recorder\.maxBytesPerProxy: a size/);
});

test('two hundred proxies are not asked at the same instant', () => {
  const shares = Array.from({ length: 200 }, (_, i) => jitterOf('edge', `proxy-${i}`));
  const tenths = new Set(shares.map((share) => Math.floor(share * 10)));
  assert.equal(tenths.size, 10);
  assert.ok(shares.every((share) => share >= 0 && share < 1));
});
