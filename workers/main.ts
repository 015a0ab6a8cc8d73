import { repeatUntilPlaced } from '../diagnostics/io/repeat.ts';
import { judge } from '../diagnostics/judge.ts';
import { runLook } from '../diagnostics/run-look.ts';
import { clusterReader } from '../proxy/kubernetes/reader.ts';
import { ioFor, readChanges } from '../proxy/triage.ts';
import { type Audit, createAudit } from './audit/audit.ts';
import { noteRolloutProbes, probesNote, readNote, startNote } from './audit/notes.ts';
import { createCases } from './cases.ts';
import { type Collector, collectChanges } from './changes/collect.ts';
import { changeStore } from './changes/store.ts';
import { type Environment, readSharedConfig, type SharedConfig } from './config.ts';
import { startHealth } from './health.ts';
import { watchInventory } from './inventory-watch.ts';
import { type LastPaths, lastPaths } from './last-path.ts';
import { createLog } from './log.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { learntPriors } from './priors.ts';
import { type Running, runUntilStopped } from './process.ts';
import { type RecorderParts, startRecorder } from './recorder/schedule.ts';
import { recorderStore } from './recorder/store.ts';
import { closeRedis, connectRedis, isUp } from './redis.ts';
import { type RolloutParts, startRollouts } from './rollouts/schedule.ts';
import { rolloutSources } from './rollouts/sources.ts';
import { rolloutStore } from './rollouts/store.ts';
import { startWorkers, type WorkerParts } from './run-workers.ts';

/** A sample or a watch that is under way at a stop is as well taken by another worker, ms. */
const RECORDER_GRACE_MS = 500;

/** Runs `./dev workers` until it is told to stop. Resolves with the exit code. */
export function workersMain(env: Environment = process.env): Promise<number> {
  return runUntilStopped(async () => startWorkersProcess(readSharedConfig(env)));
}

/** The workers of one process; `parts` puts other looks, judges or samplers in. */
export async function startWorkersProcess(
  config: SharedConfig,
  parts: Partial<Pick<WorkerParts, 'look' | 'judge' | 'readChanges' | 'log'>> &
    Partial<Pick<RecorderParts, 'sample'>> & { metrics?: Metrics; rollouts?: Partial<RolloutParts> } = {},
): Promise<Running & { metricsPort: number | null }> {
  const log = parts.log ?? createLog(config.logLevel, 'workers');
  for (const warning of config.warnings) log.warn(warning);
  const metrics = parts.metrics ?? createMetrics();
  // What is wrong in a file stops the start before anything connects: Redis comes after it.
  let beyond: { collector: Collector; paths: LastPaths } | null = null;
  let audit: Audit | null = null;
  const inventory = await watchInventory(config.inventory, log, {
    onRead: (read) => audit?.note(readNote(read)),
    onChange: (change, view) => beyond?.collector.hear(change, view),
    lastPaths: () => beyond?.paths ?? null,
  });
  const redis = connectRedis(config.redisUrl, 'worker', 'iti-workers');
  const producer = connectRedis(config.redisUrl, 'producer', 'iti-workers-producer');
  // Said once per outage; what waits for Redis goes on when it is back.
  for (const client of [redis, producer]) client.on('error', () => {});
  redis.on('close', () => log.warn('redis is away'));
  redis.on('ready', () => log.info('redis is there'));
  audit = createAudit({ redis: producer, config: config.file.audit, process: 'workers', metrics, log });
  audit.note(startNote(config, inventory.current()));
  const changes = changeStore(producer);
  const collector = collectChanges(changes, metrics, log);
  const paths = lastPaths(producer);
  beyond = { collector, paths };
  metrics.watchCluster(() => inventory.cluster()?.view ?? null);
  /** What may be asked about a host, with the cluster as it is at this moment. */
  const ioOf = async (host: string, path: string) => {
    const cluster = inventory.cluster();
    const view = cluster?.view ?? null;
    return ioFor(await inventory.forHost(host, path), host, store, view && clusterReader(view), cluster?.logs ?? null);
  };
  const { recorder: recording } = config.file;
  const store =
    recording && recorderStore(producer, { ...recording, everyMs: recording.every, keepMs: recording.keep });
  const recorder =
    recording &&
    store &&
    startRecorder({
      redis,
      producer,
      store,
      inventory: { proxies: inventory.proxies },
      everyMs: recording.every,
      sample: async (of, signal) => ioFor(await inventory.proxies(), '').proxy.sample(of, signal),
      metrics,
      log,
      ...(parts.sample && { sample: parts.sample }),
    });
  const watching = config.file.rollouts;
  const rollouts = startRollouts({
    redis,
    producer,
    metrics,
    log,
    ...rolloutSources({ inventory, recorder: store, recordEveryMs: recording?.every ?? 0, changes, config: watching }),
    ...parts.rollouts,
  });
  const cases = createCases(producer);
  const rolloutProbes = noteRolloutProbes(audit, rolloutStore(producer), watching.probes);
  const priors = learntPriors(producer, log);
  const workers = startWorkers({
    redis,
    producer,
    metrics,
    log,
    async onVerdict(of) {
      await rollouts.caseEnded(of);
      // The verdict stands: what cannot be written down now does not make it wait.
      const note = await probesNote(of, cases).catch(() => null);
      if (note !== null) audit?.note(note);
    },
    concurrency: config.file.workers.concurrency,
    look: async (planned, host, options) => runLook(planned, await ioOf(host, options.path ?? '/'), options),
    judge: (input) => judge({ ...input, priors: priors.current() }),
    async repeat({ case: one, path }, evidence, budgetMs) {
      const io = await ioOf(one.target.host, one.target.path);
      const options = { budgetMs, signal: AbortSignal.timeout(budgetMs) };
      return (await repeatUntilPlaced(evidence, path, io, options)).rows;
    },
    async readChanges(one) {
      await inventory.fresh();
      const name = inventory.cluster()?.view?.cluster;
      const feed = name === undefined ? null : { between: changes.between.bind(null, name) };
      return readChanges(await inventory.forHost(one.target.host, one.target.path), one, feed);
    },
    ...parts,
  });
  metrics.watchDepth(workers.depth);
  let stopping = false;
  const ready = () => [
    ...(stopping ? ['a stop is under way'] : []),
    ...(isUp(redis) && isUp(producer) ? [] : ['redis is away']),
    ...(workers.running() && (recorder?.running() ?? true) && rollouts.running()
      ? []
      : ['the queues are not being read']),
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
      await Promise.all([workers.close(), recorder?.close(RECORDER_GRACE_MS), rollouts.close(RECORDER_GRACE_MS)]);
      rolloutProbes.close();
      await audit?.close(1000);
      priors.close();
      inventory.close();
      await collector.close();
      await health?.close();
      closeRedis(redis);
      closeRedis(producer);
    },
  };
}

if (import.meta.main) process.exit(await workersMain());
