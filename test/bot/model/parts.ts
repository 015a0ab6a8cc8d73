import { readFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { MODEL_LIMITS, type ModelLimits } from '../../../bot/model/config.ts';
import { createModel, type Model } from '../../../bot/model/model.ts';
import { judge } from '../../../diagnostics/judge.ts';
import type { SavedCase } from '../../../diagnostics/types.ts';
import { type EmbeddedRedis, startEmbeddedRedis } from '../../../workers/embedded-redis.ts';
import { createMetrics, type Metrics } from '../../../workers/metrics.ts';
import { closeRedis, connectRedis, type RedisClient } from '../../../workers/redis.ts';
import { quiet } from '../../workers/stand-ins.ts';

/** A case that was recorded on real servers, judged now; `plant` changes what was recorded before it is judged. */
export function savedCase(name = 'proxy-protocol-unexpected', plant: (text: string) => string = (text) => text) {
  const file = new URL(`../../fixtures/cases/${name}.json`, import.meta.url);
  const saved = JSON.parse(plant(readFileSync(file, 'utf8'))) as Omit<SavedCase, 'verdict'>;
  const { evidence, changes, path } = saved;
  return { case: saved.case, path, verdict: judge({ case: saved.case, path, evidence, changes, durationMs: 900 }) };
}

export async function redisFor(t: {
  after: TestContext['after'];
}): Promise<{ server: EmbeddedRedis; connect: () => RedisClient }> {
  const server = await startEmbeddedRedis();
  const clients: RedisClient[] = [];
  t.after(async () => {
    clients.forEach(closeRedis);
    await server.stop();
  });
  return {
    server,
    connect() {
      const client = connectRedis(server.url, 'worker');
      client.on('error', () => {});
      clients.push(client);
      return client;
    },
  };
}

/** A model as one process has it. */
export function modelAt(
  baseUrl: string,
  redis: RedisClient,
  over: { limits?: Partial<ModelLimits>; now?: () => number; metrics?: Metrics } = {},
): { model: Model; metrics: Metrics; calls: (result: string) => Promise<number> } {
  const metrics = over.metrics ?? createMetrics({ process: false });
  const limits = { ...MODEL_LIMITS, ...over.limits };
  const config = { apiKey: 'sk-of-the-test', baseUrl, model: 'mock' };
  const now = over.now ?? Date.now;
  const model = createModel(config, { redis, metrics, log: quiet, limits, now }) as Model;
  return {
    model,
    metrics,
    async calls(result) {
      const all = await metrics.registry.getMetricsAsJSON();
      const values = (all.find(({ name }) => name === 'iti_model_calls_total')?.values ?? []) as {
        value: number;
        labels: { result?: string };
      }[];
      return values.filter(({ labels }) => labels.result === result).reduce((sum, { value }) => sum + value, 0);
    },
  };
}
