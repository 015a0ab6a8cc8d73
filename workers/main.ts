import { judge } from '../diagnostics/judge.ts';
import { runLook } from '../diagnostics/run-look.ts';
import { ioFor, readChanges } from '../proxy/triage.ts';
import { type Environment, readSharedConfig, type SharedConfig } from './config.ts';
import { startHealth } from './health.ts';
import { watchInventory } from './inventory-watch.ts';
import { createLog } from './log.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { type Running, runUntilStopped } from './process.ts';
import { closeRedis, connectRedis, isUp } from './redis.ts';
import { startWorkers, type WorkerParts } from './run-workers.ts';

/** Runs `./dev workers` until it is told to stop. Resolves with the exit code. */
export function workersMain(env: Environment = process.env): Promise<number> {
  return runUntilStopped(async () => startWorkersProcess(readSharedConfig(env)));
}

/** The workers of one process; `parts` puts other looks or judges in. */
export async function startWorkersProcess(
  config: SharedConfig,
  parts: Partial<Pick<WorkerParts, 'look' | 'judge' | 'readChanges' | 'log'>> & { metrics?: Metrics } = {},
): Promise<Running & { metricsPort: number | null }> {
  const log = parts.log ?? createLog(config.logLevel, 'workers');
  for (const warning of config.warnings) log.warn(warning);
  const inventory = await watchInventory(config.inventory, log);
  const metrics = parts.metrics ?? createMetrics();
  const redis = connectRedis(config.redisUrl, 'worker', 'iti-workers');
  const producer = connectRedis(config.redisUrl, 'producer', 'iti-workers-producer');
  // Said once per outage; what waits for Redis goes on when it is back.
  for (const client of [redis, producer]) client.on('error', () => {});
  redis.on('close', () => log.warn('redis is away'));
  redis.on('ready', () => log.info('redis is there'));
  const workers = startWorkers({
    redis,
    producer,
    metrics,
    log,
    concurrency: config.file.workers.concurrency,
    look: (planned, host, options) => runLook(planned, ioFor(inventory.current(), host), options),
    judge,
    readChanges: async (one) => readChanges(await inventory.fresh(), one),
    ...parts,
  });
  metrics.watchDepth(workers.depth);
  let stopping = false;
  const ready = () => [
    ...(stopping ? ['a stop is under way'] : []),
    ...(isUp(redis) && isUp(producer) ? [] : ['redis is away']),
    ...(workers.running() ? [] : ['the queues are not being read']),
  ];
  const health =
    config.metricsPort === null
      ? null
      : await startHealth({ port: config.metricsPort, registry: metrics.registry, ready });
  const said = setInterval(() => {
    if (ready().length > 0) return;
    clearInterval(said);
    log.info({ ready: true, metricsPort: health?.port }, 'ready');
  }, 20);
  return {
    metricsPort: health?.port ?? null,
    async stop() {
      stopping = true;
      clearInterval(said);
      log.info('stopping');
      await workers.close();
      inventory.close();
      await health?.close();
      closeRedis(redis);
      closeRedis(producer);
    },
  };
}

if (import.meta.main) process.exit(await workersMain());
