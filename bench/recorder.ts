import { parseArgs } from 'node:util';
import { deflateRawSync } from 'node:zlib';
import { EXIT, reasonOf, TriageError } from '../diagnostics/errors.ts';
import type { ProxySample } from '../diagnostics/io/proxy-sample.ts';
import { startEmbeddedRedis } from '../workers/embedded-redis.ts';
import { recorderStore } from '../workers/recorder/store.ts';
import { closeRedis, connectRedis, isUp, type RedisClient } from '../workers/redis.ts';
import { dice } from './dice.ts';
import { busyProxies, underTraffic } from './recorder-traffic.ts';

const EVERY_MS = 15_000;
const SAMPLES = 480;
const GOAL_MB = 200;
/** The simple way needs so much memory that a few proxies must do. */
const PEER_PROXIES = 3;
const READS = 60;

interface Spread {
  p50: number;
  p95: number;
}

interface Way {
  proxies: number;
  samples: number;
  mb: number;
  bytesPerSample: number;
  samplesPerSecond: number;
  read30mMs: Spread;
  read2hMs: Spread;
}

/** What the bench says: ours, one JSON text per sample in a list, and the same deflated; ratios are peer to ours. */
interface RecorderBench {
  proxies: number;
  series: { requests: number; latency: number; endpoints: number }[];
  ours: Way;
  json: Way;
  deflated: Way;
  ratios: { memoryJson: number; memoryDeflated: number; read30mJson: number; read2hJson: number; writeJson: number };
  goalMb: number;
  met: boolean;
}

/** `./dev bench recorder`: two hours of 200 proxies at 15 s in a real Redis, and the simple way beside it. */
export async function benchRecorder(args: string[]): Promise<number> {
  try {
    const { values } = parseArgs({ args, options: { json: { type: 'boolean' }, proxies: { type: 'string' } } });
    const proxies = Number(values.proxies ?? 200);
    if (!Number.isInteger(proxies) || proxies < 3 || proxies > 2000)
      throw new TriageError('wrong-usage', '--proxies takes 3 to 2000');
    const bench = await measure(proxies);
    process.stdout.write(values.json ? `${JSON.stringify(bench)}\n` : tableOf(bench));
    return bench.met ? 0 : 1;
  } catch (error) {
    process.stderr.write(`bench recorder: ${reasonOf(error)}\n`);
    return error instanceof TriageError ? EXIT[error.code] : EXIT['our-bug'];
  }
}

/** How one way keeps and reads samples. */
interface Keeper {
  put(proxy: number, slot: number, sample: ProxySample): Promise<unknown>;
  /** Samples of the last so many minutes. */
  read(proxy: number, minutes: number): Promise<unknown[]>;
}

async function measure(proxies: number): Promise<RecorderBench> {
  const kinds = await busyProxies();
  const server = await startEmbeddedRedis();
  const redis = connectRedis(server.url, 'worker');
  try {
    while (!isUp(redis)) await new Promise((resolve) => setTimeout(resolve, 5));
    const end = Date.parse('2026-11-21T18:00:00.000Z');
    const begin = end - SAMPLES * EVERY_MS;
    const run = (keeper: Keeper, count: number) => measureWay(redis, keeper, kinds, count, begin);
    const ours = await run(ourKeeper(redis, end), proxies);
    const json = await run(listKeeper(redis, 'json', JSON.stringify), PEER_PROXIES);
    const deflated = await run(
      listKeeper(redis, 'deflated', (one) => deflateRawSync(JSON.stringify(one))),
      PEER_PROXIES,
    );
    return {
      proxies,
      series: kinds.map((one) => ({
        requests: one.requests.length,
        latency: one.latency.length,
        endpoints: one.endpoints.length,
      })),
      ours,
      json,
      deflated,
      ratios: {
        memoryJson: round(json.bytesPerSample / ours.bytesPerSample),
        memoryDeflated: round(deflated.bytesPerSample / ours.bytesPerSample),
        read30mJson: round(json.read30mMs.p50 / ours.read30mMs.p50),
        read2hJson: round(json.read2hMs.p50 / ours.read2hMs.p50),
        writeJson: round(json.samplesPerSecond / ours.samplesPerSecond),
      },
      goalMb: GOAL_MB,
      met: ours.mb * (200 / proxies) < GOAL_MB,
    };
  } finally {
    closeRedis(redis);
    await server.stop();
  }
}

function ourKeeper(redis: RedisClient, end: number): Keeper {
  const store = recorderStore(redis, { everyMs: EVERY_MS, keepMs: SAMPLES * EVERY_MS, maxBytesPerProxy: 1024 * 1024 });
  return {
    put: (proxy, slot, sample) => store.put('edge', `proxy-${proxy}`, slot, sample),
    async read(proxy, minutes) {
      const window = { from: new Date(end - minutes * 60_000).toISOString(), to: new Date(end + 1000).toISOString() };
      return (await store.samples('edge', `proxy-${proxy}`, window))?.samples ?? [];
    },
  };
}

function listKeeper(redis: RedisClient, name: string, pack: (sample: ProxySample) => string | Buffer): Keeper {
  const key = (proxy: number) => `{bench}:${name}:${proxy}`;
  return {
    async put(proxy, _slot, sample) {
      await redis.rpush(key(proxy), pack(sample));
      await redis.ltrim(key(proxy), -SAMPLES, -1);
    },
    async read(proxy, minutes) {
      const texts = await redis.lrangeBuffer(key(proxy), -Math.ceil((minutes * 60_000) / EVERY_MS) - 1, -1);
      const { inflateRawSync } = await import('node:zlib');
      return texts.map((one) => JSON.parse((one[0] === 0x7b ? one : inflateRawSync(one)).toString()) as unknown);
    },
  };
}

async function measureWay(
  redis: RedisClient,
  keeper: Keeper,
  kinds: ProxySample[],
  proxies: number,
  begin: number,
): Promise<Way> {
  const all = Array.from({ length: proxies }, (_, i) =>
    underTraffic(kinds[i % kinds.length] as ProxySample, begin, EVERY_MS, dice(i + 1)),
  );
  const before = await usedMemory(redis);
  let ms = 0;
  for (let slot = 1; slot <= SAMPLES; slot++) {
    const samples = all.map((next) => next());
    const began = performance.now();
    await Promise.all(samples.map((sample, i) => keeper.put(i, begin + slot * EVERY_MS, sample)));
    ms += performance.now() - began;
  }
  const used = (await usedMemory(redis)) - before;
  const reading = async (minutes: number): Promise<Spread> => {
    const times: number[] = [];
    for (let i = 0; i < READS; i++) {
      const began = performance.now();
      const { length } = await keeper.read((i * 7) % proxies, minutes);
      times.push(performance.now() - began);
      const wanted = (minutes * 60_000) / EVERY_MS;
      if (length < wanted - 1) throw new Error(`${length} of ${wanted} samples came back`);
    }
    return spread(times);
  };
  return {
    proxies,
    samples: proxies * SAMPLES,
    mb: round(used / 1e6),
    bytesPerSample: Math.round(used / (proxies * SAMPLES)),
    samplesPerSecond: Math.round((proxies * SAMPLES) / (ms / 1000)),
    read30mMs: await reading(30),
    read2hMs: await reading(120),
  };
}

async function usedMemory(redis: RedisClient): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]);
}

function spread(values: number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  return { p50: at(0.5), p95: at(0.95) };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function tableOf({ proxies, series, ours, json, deflated, ratios, goalMb, met }: RecorderBench): string {
  const line = (name: string, way: Way) =>
    `${name.padEnd(26)} ${String(way.proxies).padStart(4)} proxies ${way.mb.toFixed(1).padStart(8)} MB  ${String(way.bytesPerSample).padStart(6)} bytes a sample ${String(way.samplesPerSecond).padStart(6)} written/s   30 min: P50 ${way.read30mMs.p50} P95 ${way.read30mMs.p95} ms   2 h: P50 ${way.read2hMs.p50} P95 ${way.read2hMs.p95} ms\n`;
  return [
    `2 h at 15 s of proxies with ${series.map((one) => one.requests + one.latency + one.endpoints).join(', ')} series\n`,
    line('recorder', ours),
    line('JSON per sample in a list', json),
    line('the same, deflated', deflated),
    `memory: JSON ${ratios.memoryJson} times ours, deflated ${ratios.memoryDeflated} times\n`,
    `reading: JSON takes ${ratios.read30mJson} times ours for 30 min, ${ratios.read2hJson} times for 2 h; writing JSON is ${ratios.writeJson} times as fast\n`,
    `goal: under ${goalMb} MB for 200 proxies: ${met ? 'met' : 'missed'} (${((ours.mb / proxies) * 200).toFixed(1)} MB)\n`,
  ].join('');
}
