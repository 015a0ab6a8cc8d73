import { FlowProducer, Worker } from 'bullmq';
import { pino } from 'pino';
import type { Judged } from '../diagnostics/judge.ts';
import type { Case, EvidenceRow, Path, Verdict } from '../diagnostics/types.ts';
import type { NewCase } from '../workers/cases.ts';
import { consume } from '../workers/consume.ts';
import { startEmbeddedRedis } from '../workers/embedded-redis.ts';
import { createMetrics } from '../workers/metrics.ts';
import { createDesk } from '../workers/open-case.ts';
import { threadPayload } from '../workers/queues.ts';
import { closeRedis, connectRedis, isUp } from '../workers/redis.ts';
import { startWorkers } from '../workers/run-workers.ts';
import { unjudged } from '../workers/verdict-job.ts';

/** One run: a job that says "under way", eight looks, a verdict, a thread job. */
const LOOKS = 8;
/** Both sides are compiled and connected before anything counts. */
const WARM_UP = 60;

/** Milliseconds per case: ours from the desk to the thread job, and a bare BullMQ flow of the same shape beside it. */
interface QueueTimes {
  ours: number[];
  bare: number[];
}

/** Runs `rounds` cases of either kind, in turns on one Redis, so that both meet the same machine. */
export async function measureQueue(rounds: number): Promise<QueueTimes> {
  const server = await startEmbeddedRedis();
  const [ours, bare] = await Promise.all([ourQueue(server.url), bareQueue(server.url)]);
  const times: QueueTimes = { ours: [], bare: [] };
  for (let i = 0; i < rounds + WARM_UP; i++) {
    const first = i % 2 === 0 ? ours : bare;
    const second = first === ours ? bare : ours;
    for (const one of [first, second]) {
      const ms = await one.run();
      if (i >= WARM_UP) times[one.name].push(ms);
    }
  }
  await Promise.all([ours.close(), bare.close()]);
  await server.stop();
  return times;
}

async function ourQueue(url: string) {
  const [redis, producer] = [connectRedis(url, 'worker'), connectRedis(url, 'producer')];
  while (!isUp(redis) || !isUp(producer)) await new Promise((resolve) => setTimeout(resolve, 5));
  const log = pino({ level: 'silent' });
  const metrics = createMetrics({ process: false });
  const desk = createDesk(producer);
  const workers = startWorkers({
    redis,
    producer,
    look: async (planned) => [rowOf(planned.look)],
    judge: (input: Judged): Verdict => unjudged({ case: input.case, startedAt: 0 } as never, 'none', 0),
    readChanges: async () => ({ changes: [], blind: [] }),
    metrics,
    log,
  });
  let done: (id: string) => void = () => {};
  const thread = consume({
    queue: 'thread',
    schema: threadPayload,
    redis,
    concurrency: 20,
    log,
    metrics,
    work: async (payload) => {
      if (payload.kind === 'verdict') done(payload.case);
    },
  });
  return {
    name: 'ours' as const,
    async run() {
      const ask = anAsk();
      const over = new Promise<void>((resolve) => {
        done = (id) => id === ask.case.id && resolve();
      });
      const began = performance.now();
      await desk.open(ask);
      await over;
      return performance.now() - began;
    },
    async close() {
      await Promise.all([workers.close(200), thread.close(200), desk.close()]);
      for (const client of [redis, producer]) closeRedis(client);
    },
  };
}

async function bareQueue(url: string) {
  const connection = connectRedis(url, 'worker');
  const prefix = '{bare}';
  let done: () => void = () => {};
  const ask = anAsk();
  const look = new Worker('look', async () => [rowOf(ask.planned[0]!.look)], { connection, prefix, concurrency: 32 });
  const verdict = new Worker('verdict', async (job) => Object.keys(await job.getChildrenValues()).length, {
    connection,
    prefix,
    concurrency: 4,
  });
  const thread = new Worker('thread', async (job) => (job.name === 'thread' ? done() : null), {
    connection,
    prefix,
    concurrency: 20,
  });
  const flows = new FlowProducer({ connection, prefix });
  return {
    name: 'bare' as const,
    async run() {
      const over = new Promise<void>((resolve) => {
        done = resolve;
      });
      const began = performance.now();
      const looks = anAsk().planned.map((planned) => ({ name: 'look', queueName: 'look', data: { planned } }));
      const child = { name: 'verdict', queueName: 'verdict', data: {}, children: looks };
      // The same shape: the job that says "under way" is queued with the flow, in one step.
      const opening = { name: 'opening', queueName: 'thread', data: {} };
      await flows.addBulk([opening, { name: 'thread', queueName: 'thread', data: {}, children: [child] }]);
      await over;
      return performance.now() - began;
    },
    async close() {
      await Promise.all([look, verdict, thread, flows].map((one) => one.close()));
      closeRedis(connection);
    },
  };
}

function rowOf(look: EvidenceRow['look']): EvidenceRow {
  return { v: 1, look, startedAt: '2026-11-21T09:00:00.000Z', ms: 1, data: { status: 200 } };
}

let count = 0;

function anAsk(): NewCase {
  const host = `bench-${++count}.example.test`;
  const symptoms: Case['symptoms'] = {
    kinds: ['unspecified'],
    statuses: [],
    errors: [],
    course: 'steady',
    suspects: [],
    clients: [],
    onlyReporter: false,
  };
  const target = { host, port: 443, path: '/', scheme: 'https' as const };
  const id = `c-20261121-${crypto.randomUUID().slice(0, 8)}`;
  const one: Case = {
    version: 1,
    id,
    at: new Date().toISOString(),
    report: null,
    target,
    symptoms,
    since: null,
    deadlineMs: 20_000,
    only: null,
  };
  const path: Path = {
    host,
    path: '/',
    port: 443,
    routed: true,
    hops: [],
    others: [],
    nodes: [],
    dns: null,
    trust: [],
    changes: null,
    prometheus: null,
    ambiguous: [],
    unknown: [],
  };
  const planned = Array.from({ length: LOOKS }, (_, i) => ({
    look: {
      check: 'bench',
      vantage: 'endpoint' as const,
      hop: 'app' as const,
      at: { hop: 'shop', part: `shop-${i}` },
      address: `127.0.0.1:${9000 + i}`,
      with: {},
    },
  }));
  const place = { channel: 'C0000001', thread: null, user: null, responseUrl: null };
  return { case: one, path, planned, place, sources: [`bench:${id}`] };
}
