import { once } from 'node:events';
import type { Logger } from 'pino';
import { TriageError } from '../diagnostics/errors.ts';
import { planLooks } from '../diagnostics/plan.ts';
import type { Case } from '../diagnostics/types.ts';
import { findPath } from '../proxy/inventory/inventory.ts';
import { createAudit } from '../workers/audit/audit.ts';
import { startNote } from '../workers/audit/notes.ts';
import { changeStore } from '../workers/changes/store.ts';
import type { Environment } from '../workers/config.ts';
import { startHealth } from '../workers/health.ts';
import { watchInventory } from '../workers/inventory-watch.ts';
import { type LastPaths, lastPaths } from '../workers/last-path.ts';
import { createLog } from '../workers/log.ts';
import { createMetrics, type Metrics } from '../workers/metrics.ts';
import { createDesk } from '../workers/open-case.ts';
import { createPace } from '../workers/pace.ts';
import { type Running, runUntilStopped } from '../workers/process.ts';
import { recorderStore } from '../workers/recorder/store.ts';
import { closeRedis, connectRedis, isUp, type RedisClient } from '../workers/redis.ts';
import { rolloutDesk } from '../workers/rollouts/desk.ts';
import { listenForAlerts } from './alertmanager/listen.ts';
import { buildApp, isFinal } from './app.ts';
import { redact } from './blocks/mrkdwn.ts';
import { changesSince } from './changes-since.ts';
import { type Channels, resolveChannels } from './channels.ts';
import { type BotConfig, readBotConfig } from './config.ts';
import { newCaseId, openCase, readReport } from './intake.ts';
import type { Intake, ListenerDeps } from './listeners/deps.ts';
import type { ModelLimits } from './model/config.ts';
import { createModel } from './model/model.ts';
import { type People, peopleFinder } from './people.ts';
import { directoryOf } from './permissions/directory.ts';
import { auditedDesk, auditedModelCalls, refusalNote } from './permissions/notes.ts';
import { mayNotRollOut, NO_DIRECTORY, permissions } from './permissions/permissions.ts';
import { createPoster } from './posting.ts';
import { draftStore, nameStore } from './rollouts/form/draft.ts';
import { oldClientsOf } from './rollouts/old-clients.ts';
import { createSights } from './sights.ts';
import { startThread } from './thread.ts';

/** A question waits this long for a cluster that is not listed yet: Slack wants its answer within three seconds. */
const CLUSTER_MS = 500;

/** How long the first question may wait for Redis at a start. */
const REDIS_MS = 1_000;

/** Runs `./dev bot` until it is told to stop. Resolves with the exit code. */
export function botMain(env: Environment = process.env): Promise<number> {
  return runUntilStopped(async (signal) => startBotProcess(readBotConfig(env), signal));
}

/** The bot of one process; `parts` puts another intake or log in. Resolves once Slack can reach it. */
export async function startBotProcess(
  config: BotConfig,
  signal: AbortSignal,
  parts: {
    intake?: Partial<Intake>;
    log?: Logger;
    metrics?: Metrics;
    now?: () => number;
    questionOf?: (one: Case) => string;
    /** True: neither people's nor Slack's limits are kept; for measurements only. */
    unlimited?: boolean;
    /** True: Slack's limits are met instead of kept. */
    unpaced?: boolean;
  } = {},
): Promise<Running & { metricsPort: number | null; alertsPort: number | null }> {
  const log = parts.log ?? createLog(config.logLevel, 'bot');
  for (const warning of config.warnings) log.warn(warning);
  const now = parts.now ?? Date.now;
  const metrics = parts.metrics ?? createMetrics();
  // What is wrong in a file stops the start before anything connects: Redis comes after it.
  let paths: LastPaths | null = null;
  const inventory = await watchInventory(config.inventory, log, { patienceMs: CLUSTER_MS, lastPaths: () => paths });
  const redis = connectRedis(config.redisUrl, 'worker', 'iti-bot');
  const producer = connectRedis(config.redisUrl, 'producer', 'iti-bot-producer');
  for (const client of [redis, producer]) client.on('error', () => {});
  redis.on('close', () => log.warn('redis is away'));
  redis.on('ready', () => log.info('redis is there'));
  const audit = createAudit({ redis: producer, config: config.file.audit, process: 'bot', metrics, log, now, redact });
  audit.note(startNote(config, inventory.current()));
  paths = lastPaths(producer);
  metrics.watchCluster(() => inventory.cluster()?.view ?? null);
  const desk = createDesk(producer, now, parts.questionOf);
  const none: Channels = { has: () => false, ids: () => null, idOf: () => null, close: () => {} };
  let channels = none;
  let rolloutChannels = none;
  let directory: Awaited<ReturnType<typeof directoryOf>> | null = null;
  const mayNot = permissions({
    rules: config.file.people,
    directory: () => directory ?? NO_DIRECTORY,
    log,
    onRefusal: (...refusal) => audit.note(refusalNote(...refusal)),
  });
  const rollouts = auditedDesk(rolloutDesk(producer), audit);
  const recording = config.file.recorder;
  const recorder =
    recording && recorderStore(producer, { ...recording, everyMs: recording.every, keepMs: recording.keep });
  const sights = createSights({ config, inventory: inventory.current, redis: producer, desk, recorder, log, now });
  let people: People | null = null;
  const deps: ListenerDeps = {
    desk,
    intake: { readReport, openCase, newCaseId, findPath, planLooks, ...parts.intake },
    inventory: inventory.current,
    freshInventory: inventory.fresh,
    inventoryFor: inventory.forHost,
    deadlineMs: config.file.deadline,
    ...(!parts.unlimited && { limits: config.file.limits }),
    recurrenceMs: config.file.recurrence,
    changesSince: changesSince({
      inventory,
      store: changeStore(producer),
      cluster: () => inventory.cluster()?.view?.cluster ?? null,
      now,
    }),
    metrics,
    log,
    now,
    isTriageChannel: (channel) => channels.has(channel),
    alerts: config.file.channels.alerts,
    audit,
    mayNot,
    zoneOf: async (user) => (await people?.zoneOf(user)) ?? null,
    nameOf: async (user) => (await people?.nameOf(user)) ?? null,
    redis: producer,
    changeSources: sights.sources,
    triageChannels: () => config.file.channels.triage.length,
    model: createModel(config.model, {
      redis: producer,
      metrics: auditedModelCalls(metrics, audit),
      log,
      now,
      limits: modelLimits(config),
    }),
    rolloutParts: {
      desk: rollouts,
      drafts: draftStore(producer),
      names: nameStore(producer),
      always: () => rolloutChannels.ids(),
      mayNot: mayNotRollOut(mayNot),
      oldClients: (side, known) => oldClientsOf(side, known, recorder, now()),
    },
  };
  // Word tables and names are compiled by the first reading: not while a person waits.
  deps.intake.readReport('is it down?', { at: new Date(now()).toISOString(), tz: null }, inventory.current());
  const bot = buildApp(config, deps);
  const poster = createPoster(bot.app.client, metrics);
  deps.gallery = sights.gallery(bot.app.client);
  const digest = sights.digest(deps);
  let stopping = false;
  let started = false;
  let alerts: Awaited<ReturnType<typeof listenForAlerts>> = null;
  const ready = () => [
    ...(stopping ? ['a stop is under way'] : []),
    ...(isUp(redis) && isUp(producer) ? [] : ['redis is away']),
    ...(started && bot.connected() ? [] : ['Slack is away']),
  ];
  const health =
    config.metricsPort === null
      ? null
      : await startHealth({ port: config.metricsPort, registry: metrics.registry, ready });
  // What waits to be said is said even while no new question can reach us.
  const thread = startThread({
    ...{ redis, poster, metrics, log, now, paced: !parts.unlimited && !parts.unpaced },
    rolloutChannels: () => rolloutChannels.ids(),
    gallery: deps.gallery,
    ...(digest && { digest }),
  });
  const stop = async () => {
    stopping = true;
    clearInterval(said);
    log.info('stopping');
    await alerts?.close();
    await bot.stop();
    await thread.close(4000);
    await sights.close();
    await desk.close();
    await audit.close(1000);
    await rollouts.close();
    channels.close();
    rolloutChannels.close();
    directory?.close();
    inventory.close();
    await health?.close();
    closeRedis(redis);
    closeRedis(producer);
  };
  const said = setInterval(() => {
    if (ready().length > 0) return;
    clearInterval(said);
    log.info({ ready: true, mode: config.mode.kind, metricsPort: health?.port }, 'ready');
  }, 20);
  try {
    await bot.init(signal);
    people = peopleFinder(bot.app.client, createPace(producer, now), now);
    directory = await directoryOf(config.file.people, bot.app.client, log);
    await soonUp(producer);
    channels = await resolveChannels(config.file.channels.triage, bot.app.client, log);
    rolloutChannels = await resolveChannels(config.file.channels.rollouts, bot.app.client, log);
    await sights.start(bot.app.client);
    alerts = await listenForAlerts(config, bot.app.client, deps);
    await bot.start(signal);
    started = true;
  } catch (error) {
    await stop();
    if (isFinal(error))
      throw new TriageError(
        'wrong-usage',
        `SLACK_BOT_TOKEN or SLACK_APP_TOKEN: Slack says ${(error as Error).message}`,
      );
    throw error;
  }
  return { stop, metricsPort: health?.port ?? null, alertsPort: alerts?.port ?? null };
}

/** What CONFIG lets the model cost. */
function modelLimits({ file }: BotConfig): ModelLimits {
  const { calls, tokens, deadline } = file.model;
  return { calls, tokens, deadlineMs: deadline };
}

/** Nobody is asked to come again because Slack was connected some milliseconds before Redis; away, nobody waits for it. */
async function soonUp(redis: RedisClient): Promise<void> {
  if (isUp(redis)) return;
  await once(redis, 'ready', { signal: AbortSignal.timeout(REDIS_MS) }).catch(() => {});
}

if (import.meta.main) process.exit(await botMain());
