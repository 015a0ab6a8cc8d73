import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { startLocalSlack } from '../bot/local-slack/index.ts';
import { startBotProcess } from '../bot/main.ts';
import type { Judged } from '../diagnostics/judge.ts';
import type { Verdict } from '../diagnostics/types.ts';
import { createCases, type Limits } from '../workers/cases.ts';
import { readConfigFile } from '../workers/config.ts';
import { startEmbeddedRedis } from '../workers/embedded-redis.ts';
import { createMetrics } from '../workers/metrics.ts';
import { closeRedis, connectRedis } from '../workers/redis.ts';
import { startWorkers } from '../workers/run-workers.ts';
import { unjudged } from '../workers/verdict-job.ts';

/** A storm of reports. */
export interface Storm {
  messages: number;
  overMs: number;
  channels: number;
  hosts: number;
  people: number;
  limits?: Limits;
  /** Without permits: what is over a limit is refused by Slack and tried again. */
  unpaced?: boolean;
  /** How long the rest may take to be said after the last report, ms. */
  drainMs: number;
}

/** What became of it. */
export interface StormResult {
  messages: number;
  /** Reports that are counted in a case, each once. */
  counted: number;
  cases: number;
  verdicts: number;
  /** Threads with a pointer, and threads in which we said more than one thing. */
  pointers: number;
  doubled: number;
  limitsBroken: number;
  posts: number;
  edits: number;
  /** From a report to its case's message, ms, for cases of their own. */
  firstWords: number[];
  /** From the last report until nothing was left to say, ms; null: more was left. */
  drainedMs: number | null;
  /** The storm's own message, as text. */
  says: string | null;
}

/** Plays a storm on a workspace that keeps Slack's limits: real Redis, Bolt, queues and intake; looks are stand-ins. */
export async function runStorm(storm: Storm): Promise<StormResult> {
  const dir = await mkdtemp(join(tmpdir(), 'iti-storm-'));
  const ends: (() => unknown)[] = [() => rm(dir, { recursive: true, force: true })];
  try {
    return await play(storm, dir, ends);
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

const hostOf = (i: number) => `app-${i}.example.test`;

async function play(storm: Storm, dir: string, ends: (() => unknown)[]): Promise<StormResult> {
  const inventory = join(dir, 'inventory.yaml');
  const routes = Array.from(
    { length: storm.hosts },
    (_, i) => `  - { host: ${hostOf(i)}, path: /, via: [public, edge, app-${i}] }`,
  );
  const apps = Array.from(
    { length: storm.hosts },
    (_, i) => `  app-${i}: { hop: service, kind: service, endpoints: [{ name: a, address: "127.0.0.1:9" }] }`,
  );
  const edge = '  edge: { hop: proxy, kind: nginx, instances: [{ name: edge-1, https: "127.0.0.1:9" }] }';
  const front = '  public: { hop: load-balancer, kind: haproxy, address: "127.0.0.1:9", scheme: https }';
  const allow = 'allow: ["*.example.test", "127.0.0.0/8"]';
  await writeFile(inventory, ['version: 1', allow, 'routes:', ...routes, 'hops:', front, edge, ...apps, ''].join('\n'));
  const names = Array.from({ length: storm.channels }, (_, i) => `trouble-${i}`);
  const people = Array.from({ length: storm.people }, (_, i) => ({ name: `person-${i}`, tz: 'Europe/Berlin' }));
  const [slack, server] = await Promise.all([
    startLocalSlack({ channels: names.map((name) => ({ name })), users: people, limits: 'real' }),
    startEmbeddedRedis(),
  ]);
  ends.push(() => server.stop(), slack.close);
  const log = pino({ level: process.env.LOG_LEVEL ?? 'silent' }, process.stderr);
  const clients = [connectRedis(server.url, 'worker'), connectRedis(server.url, 'producer')] as const;
  for (const client of clients) client.on('error', () => {});
  ends.push(() => clients.forEach(closeRedis));
  const workers = startWorkers({
    redis: clients[0],
    producer: clients[1],
    look: async (planned) => [{ v: 1, look: planned.look, startedAt: new Date().toISOString(), ms: 1, data: {} }],
    judge: (input: Judged): Verdict => ({
      ...unjudged({ case: input.case, startedAt: 0 } as never, 'a stand-in', 0),
      headline: `Nothing wrong with ${input.case.target.host} that I can see.`,
    }),
    readChanges: async () => ({ changes: [], blind: [] }),
    metrics: createMetrics({ process: false }),
    log,
  });
  ends.push(() => workers.close(500));
  const { file } = readConfigFile(null);
  const bot = await startBotProcess(
    {
      redisUrl: server.url,
      inventory,
      logLevel: 'silent',
      metricsPort: null,
      file: {
        ...file,
        channels: { ...file.channels, triage: names.map((name) => `#${name}`) },
        limits: storm.limits ?? file.limits,
      },
      warnings: [],
      botToken: slack.botToken,
      mode: { kind: 'socket', appToken: slack.appToken },
      slackApiUrl: slack.apiUrl,
      model: null,
      alertmanagerToken: null,
    },
    new AbortController().signal,
    { log, metrics: createMetrics({ process: false }), ...(storm.unpaced && { unpaced: true }) },
  );
  ends.push(bot.stop);

  const began = Date.now();
  const reports: { channel: string; ts: string; at: number }[] = [];
  for (let i = 0; i < storm.messages; i++) {
    const wait = began + (i * storm.overMs) / storm.messages - Date.now();
    if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait));
    const channel = `#${names[i % names.length]}`;
    const said = slack.say(
      `person-${(i * 7) % people.length}`,
      channel,
      `${hostOf((i * 13) % storm.hosts)} is down, 502`,
    );
    reports.push({ channel, ts: said.ts, at: Date.now() });
  }
  const last = Date.now();
  const cases = createCases(clients[0]);
  const state = async () => {
    const all = await cases.recent(2000);
    const asked = await Promise.all(all.map((one) => cases.asked(one.case.id)));
    const counted = asked.reduce((sum, one) => sum + (one?.reports ?? 0), 0);
    const { thread } = await workers.depth();
    const left = (thread?.wait ?? 0) + (thread?.active ?? 0) + (thread?.delayed ?? 0);
    const open = all.filter((one) => one.state === 'open').length;
    return { all, counted, over: counted >= storm.messages && left === 0 && open === 0 };
  };
  let now = await state();
  for (; !now.over && Date.now() - last < storm.drainMs; now = await state())
    await new Promise((resolve) => setTimeout(resolve, 200));

  const ours = names.flatMap((name) => slack.messages(`#${name}`).filter((one) => one.bot_id === slack.botId));
  const perThread = new Map<string, number>();
  for (const one of ours) perThread.set(one.thread_ts ?? one.ts, (perThread.get(one.thread_ts ?? one.ts) ?? 0) + 1);
  const firstWords = now.all.flatMap((one) => {
    const report = reports.find((each) => each.ts === one.place.thread);
    return report && one.message.ts !== null ? [Number(one.message.ts) * 1000 - report.at] : [];
  });
  return {
    messages: storm.messages,
    counted: now.counted,
    cases: now.all.length,
    verdicts: now.all.filter((one) => one.verdict !== null).length,
    pointers: ours.length - now.all.filter((one) => one.message.ts !== null).length,
    doubled: [...perThread.values()].filter((count) => count > 1).length,
    limitsBroken: slack.stats().limitsBroken,
    posts: slack.apiCalls('chat.postMessage').filter((call) => call.outcome === 'ok').length,
    edits: slack.apiCalls('chat.update').filter((call) => call.outcome === 'ok').length,
    firstWords: firstWords.sort((a, b) => a - b),
    drainedMs: now.over ? Date.now() - last : null,
    says: ours.map((one) => one.text).find((text) => /reports about \d+ hosts/.test(text)) ?? null,
  };
}
