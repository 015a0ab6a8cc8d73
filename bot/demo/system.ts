import { pid } from 'node:process';
import { TriageError } from '../../diagnostics/errors.ts';
import type { Case } from '../../diagnostics/types.ts';
import { LabError } from '../../proxy/lab/lab-error.ts';
import { startWorld, type World } from '../../proxy/lab/world.ts';
import { type CaseRecord, createCases } from '../../workers/cases.ts';
import { readConfigFile, type SharedConfig } from '../../workers/config.ts';
import { type EmbeddedRedis, startEmbeddedRedis } from '../../workers/embedded-redis.ts';
import { createLog } from '../../workers/log.ts';
import { startWorkersProcess } from '../../workers/main.ts';
import { createMetrics } from '../../workers/metrics.ts';
import { closeRedis, connectRedis } from '../../workers/redis.ts';
import { type RolloutStore, rolloutStore } from '../../workers/rollouts/store.ts';
import type { BotConfig } from '../config.ts';
import { type LocalSlack, startLocalSlack } from '../local-slack/index.ts';
import { startBotProcess } from '../main.ts';
import { labPanel } from './panel.ts';
import { rolloutPanel } from './rollout/panel.ts';
import { type RolloutStage, rolloutStage } from './rollout/stage.ts';

/** The channel whose reports are answered without being asked. */
export const REPORT_CHANNEL = 'major-system-issues';

/** Faults of the demo come and go within seconds: proxies are sampled more often than elsewhere, ms. */
const DEMO_PERIOD_MS = 5_000;

/** Where rollouts are announced. */
export const ROLLOUT_CHANNEL = 'rollouts';

/**
 * A rollout of the demo lasts minutes, not days: both sides are read as often as CONFIG allows.
 */
const DEMO_ROLLOUTS = { every: 2_000 };

/** The whole system on this machine. */
export interface DemoSystem {
  world: World;
  slack: LocalSlack;
  /** The newest cases. */
  recent: (count: number) => Promise<CaseRecord[]>;
  /** Where rollouts are kept, and where the lab's are played. */
  rollouts: RolloutStore;
  stage: RolloutStage;
  stop: () => Promise<void>;
}

/**
 * Brings everything up: Redis (unless there is one), the lab, the workspace, workers, bot. What was started is taken down
 * again when a part is missing. Throws TriageError `unavailable` that names it.
 */
export async function startDemo(options: {
  redisUrl: string | null;
  logLevel: SharedConfig['logLevel'];
  port?: number;
  /** What makes two questions the same; the host, unless given. */
  questionOf?: (one: Case) => string;
  /** `off` only counts Slack's rate limits, and nobody is limited. */
  limits?: 'real' | 'off';
  /** Only what a rollout needs beside its own lab: no faults are played. */
  lean?: boolean;
  signal: AbortSignal;
}): Promise<DemoSystem> {
  const ends: (() => Promise<unknown>)[] = [];
  /** The panel is drawn before all of it is there. */
  let playing: DemoSystem | null = null;
  const stop = async () => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    const [redis, world] = await startGround(options.redisUrl, ends, options.lean ?? false);
    options.signal.throwIfAborted();
    const stage = rolloutStage(world);
    ends.push(stage.close);
    const slack = await startLocalSlack({
      ...(options.port !== undefined && { port: options.port }),
      ...(options.limits && { limits: options.limits }),
      name: 'Demo workspace',
      // Pictures need one of the optional scopes, and a demo shows all there is.
      grantOptional: true,
      panel: rolloutPanel(labPanel(world, REPORT_CHANNEL), () => playing),
    }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') throw error;
      throw new TriageError('unavailable', `port ${options.port} is taken; choose another with --port`);
    });
    ends.push(() => slack.close());
    const { file } = readConfigFile(null);
    const config: BotConfig = {
      redisUrl: redis,
      inventory: world.inventory,
      logLevel: options.logLevel,
      metricsPort: null,
      file: {
        ...file,
        channels: { ...file.channels, triage: [`#${REPORT_CHANNEL}`], rollouts: [`#${ROLLOUT_CHANNEL}`] },
        rollouts: { ...file.rollouts, ...DEMO_ROLLOUTS, probes: stage.rates },
        recorder: file.recorder && { ...file.recorder, every: DEMO_PERIOD_MS },
      },
      warnings: [],
      botToken: slack.botToken,
      mode: { kind: 'socket', appToken: slack.appToken },
      slackApiUrl: slack.apiUrl,
      model: null,
    };
    const log = createLog(config.logLevel, 'demo').child({ pid });
    const metrics = createMetrics({ process: false });
    const workers = await startWorkersProcess(config, { log, metrics });
    ends.push(workers.stop);
    const bot = await startBotProcess(config, options.signal, {
      log,
      metrics,
      unlimited: options.limits === 'off',
      ...(options.questionOf && { questionOf: options.questionOf }),
    });
    ends.push(bot.stop);
    const reader = connectRedis(redis, 'worker', 'iti-demo');
    reader.on('error', () => {});
    ends.push(async () => closeRedis(reader));
    const system: DemoSystem = {
      world,
      slack,
      recent: createCases(reader).recent,
      rollouts: rolloutStore(reader),
      stage,
      stop,
    };
    playing = system;
    return system;
  } catch (error) {
    await stop();
    if (error instanceof LabError) throw new TriageError('unavailable', error.message, { cause: error });
    throw error;
  }
}

/** Redis and the lab take a second each, so they start together; if one fails the other is taken down too. */
async function startGround(
  redisUrl: string | null,
  ends: (() => Promise<unknown>)[],
  lean: boolean,
): Promise<[string, World]> {
  const [redis, world] = await Promise.allSettled([
    redisUrl === null ? startEmbeddedRedis() : redisUrl,
    startWorld(lean ? { traefik: false, traffic: false } : {}),
  ]);
  const embedded = (one: string | EmbeddedRedis): one is EmbeddedRedis => typeof one !== 'string';
  if (redis.status === 'fulfilled' && embedded(redis.value)) ends.push(redis.value.stop);
  if (world.status === 'fulfilled') ends.push(() => world.value.stop());
  if (redis.status === 'rejected') throw redis.reason;
  if (world.status === 'rejected') throw world.reason;
  return [embedded(redis.value) ? redis.value.url : redis.value, world.value];
}
