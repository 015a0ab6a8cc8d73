import { readFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import type { Logger } from 'pino';
import { parse } from 'yaml';
import type { BotConfig } from '../../bot/config.ts';
import type { Intake } from '../../bot/listeners/deps.ts';
import { type LocalSlack, type LocalSlackOptions, startLocalSlack } from '../../bot/local-slack/index.ts';
import { startBotProcess } from '../../bot/main.ts';
import type { PathHop } from '../../diagnostics/types.ts';
import { readConfigFile } from '../../workers/config.ts';
import { type EmbeddedRedis, startEmbeddedRedis } from '../../workers/embedded-redis.ts';
import { createMetrics, type Metrics } from '../../workers/metrics.ts';
import { closeRedis, connectRedis } from '../../workers/redis.ts';
import { startWorkers, type WorkerParts } from '../../workers/run-workers.ts';
import { aCase, aPath, plainJudge, quickLook, quiet, somePlans, until } from '../workers/stand-ins.ts';

/** The app as it is installed for real. */
const manifest: unknown = parse(readFileSync(new URL('../../deploy/slack-manifest.yaml', import.meta.url), 'utf8'));

export const TRIAGE = '#major-system-issues';
export const FINAL =
  /^\*?(Changed my mind at \d\d:\d\d: \*?)?(It is the ingress|Most likely the ingress|Not the ingress|Most likely not the ingress|Nothing wrong|Can't tell yet)/;

/** Reads `…example.test` as a host and words of trouble as a report; needs no inventory. */
export function plainIntake(
  over: { refuse?: string; looks?: number; hops?: (host: string) => PathHop[] } = {},
): Partial<Intake> {
  const kinds = aCase().symptoms;
  return {
    readReport: (text) => {
      const hosts = [...text.matchAll(/[a-z0-9-]+\.example\.test/g)].map(([host]) => host);
      return { report: /down|broken|50\d/.test(text), hosts, since: null, symptoms: kinds, places: [] };
    },
    openCase: (reading, { id, at, report, deadlineMs }) => {
      const [host] = reading.hosts;
      if (host === undefined) return { missing: 'host' };
      if (host === over.refuse) return { refused: `${host} is not covered by the inventory; add it to allow.` };
      return { case: aCase(host, { id, at, report, deadlineMs }) };
    },
    findPath: (_inventory, target) => ({ ...aPath(target.host), hops: over.hops?.(target.host) ?? [] }),
    planLooks: () => somePlans(over.looks ?? 3),
  };
}

export interface Rig {
  slack: LocalSlack;
  redis: EmbeddedRedis;
  botMetrics: Metrics;
  config: BotConfig;
  startBot: () => Promise<{ stop: () => Promise<void>; metricsPort: number | null; alertsPort: number | null }>;
  /** The test does not wait for the end of what died in it. */
  forget: (end: () => Promise<void>) => void;
  startWorkers: (over?: Partial<WorkerParts>) => { close: (graceMs?: number) => Promise<void> };
}

/** Everything real but the diagnosis: Redis, Bolt, a local Slack, workers with stand-in looks. Gone with the test. */
export async function rig(
  t: TestContext,
  options: {
    slack?: LocalSlackOptions;
    bot?: false;
    workers?: Partial<WorkerParts> | false;
    intake?: Parameters<typeof plainIntake>[0];
    http?: boolean;
    config?: Partial<BotConfig>;
    log?: Logger;
  } = {},
): Promise<Rig> {
  const [slack, redis] = await Promise.all([
    startLocalSlack({ manifest, mode: options.http ? 'http' : 'socket', limits: 'off', ...options.slack }),
    startEmbeddedRedis(),
  ]);
  let ends: (() => Promise<void> | void)[] = [];
  t.after(async () => {
    for (const end of ends.reverse()) await end();
    await slack.close();
    await redis.stop();
  });
  const { file } = readConfigFile(null);
  const botMetrics = createMetrics({ process: false });
  const config: BotConfig = {
    redisUrl: redis.url,
    inventory: null,
    logLevel: 'silent',
    metricsPort: null,
    file: { ...file, channels: { ...file.channels, triage: [TRIAGE] } },
    warnings: [],
    botToken: slack.botToken,
    mode: options.http
      ? { kind: 'http', signingSecret: slack.signingSecret, port: 0, host: '127.0.0.1' }
      : { kind: 'socket', appToken: slack.appToken },
    slackApiUrl: slack.apiUrl,
    model: null,
    ...options.config,
  };
  const made: Rig = {
    slack,
    redis,
    botMetrics,
    config,
    async startBot() {
      const parts = { intake: plainIntake(options.intake), log: options.log ?? quiet, metrics: botMetrics };
      const bot = await startBotProcess(config, new AbortController().signal, parts);
      ends.push(bot.stop);
      return bot;
    },
    forget(end) {
      ends = ends.filter((one) => one !== end);
    },
    startWorkers(over = {}) {
      const connections = [connectRedis(redis.url, 'worker'), connectRedis(redis.url, 'producer')] as const;
      for (const client of connections) client.on('error', () => {});
      const workers = startWorkers({
        redis: connections[0],
        producer: connections[1],
        look: quickLook,
        judge: plainJudge,
        readChanges: async () => ({ changes: [], blind: [] }),
        metrics: createMetrics({ process: false }),
        log: options.log ?? quiet,
        ...over,
      });
      const end = async () => {
        await workers.close(200);
        connections.forEach(closeRedis);
      };
      ends.push(end);
      return { close: end };
    },
  };
  if (options.workers !== false) made.startWorkers(options.workers);
  if (options.bot !== false) await made.startBot();
  return made;
}

/** Messages of our app in a channel, oldest first. */
export function ours(slack: LocalSlack, channel = TRIAGE) {
  return slack.messages(channel).filter((message) => message.bot_id === slack.botId);
}

/** Waits for the finished message of a case in a channel or thread. */
export function finished(slack: LocalSlack, channel = TRIAGE, thread?: string) {
  return slack.waitFor(
    () =>
      slack
        .messages(channel, thread === undefined ? {} : { thread })
        .find((message) => message.bot_id === slack.botId && FINAL.test(message.text)),
    { what: `a finished case in ${channel}`, timeoutMs: 20_000 },
  );
}

/** Waits until the workspace has nothing on its way to us any more. */
export function settled(slack: LocalSlack) {
  return until('nothing on its way', () => slack.stats().pending === 0);
}
