import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Queue } from 'bullmq';
import { blankHop } from '../../../proxy/inventory/blank.ts';
import { createCases } from '../../../workers/cases.ts';
import { readConfigFile } from '../../../workers/config.ts';
import { startEmbeddedRedis } from '../../../workers/embedded-redis.ts';
import { createMetrics } from '../../../workers/metrics.ts';
import { PREFIX, QUEUES } from '../../../workers/queues.ts';
import { closeRedis, connectRedis, isUp } from '../../../workers/redis.ts';
import { rolloutDesk } from '../../../workers/rollouts/desk.ts';
import { startRollouts } from '../../../workers/rollouts/schedule.ts';
import { scratch } from '../../diagnostics/real-servers.ts';
import { aCase, anAsk, aPath, plainJudge, quiet, until } from '../stand-ins.ts';
import { aDecision, aPair, aRollout, iso, T0 } from './stand-ins.ts';

const DAY = 86_400_000;

/** Redis, a desk, and the rollouts' part of a workers' process, whose clock stands at `now`. */
async function world(t: TestContext, now: number) {
  const server = await startEmbeddedRedis();
  const [redis, producer] = [connectRedis(server.url, 'worker'), connectRedis(server.url, 'producer')];
  for (const client of [redis, producer]) client.on('error', () => {});
  await until('redis', () => isUp(redis) && isUp(producer));
  const desk = rolloutDesk(producer);
  const metrics = createMetrics({ process: false });
  const running = (): ReturnType<typeof startRollouts> => {
    const one = startRollouts({
      redis,
      producer,
      inventory: async () => aPair().inventory,
      sample: async () => Promise.reject(new Error('nothing here')),
      io: () => {
        throw new Error('no probes here');
      },
      everyMs: 100,
      probes: null,
      notice: null,
      cleanUpAfterMs: 7 * DAY,
      metrics,
      log: quiet,
      now: () => now,
    });
    ends.push(() => one.close(200));
    return one;
  };
  const ends: (() => Promise<unknown>)[] = [];
  t.after(async () => {
    await Promise.all(ends.map((end) => end()));
    await desk.close();
    closeRedis(redis);
    closeRedis(producer);
    await server.stop();
  });
  return { desk, running, redis, producer, metrics };
}

test('the old path is reminded of once, by whichever of two processes is first; and what was never told is told', async (t) => {
  const { desk, running, redis, metrics } = await world(t, T0 + 8 * DAY);
  const short = aRollout({ stages: [{ share: 1, at: null }] });
  const { id } = await desk.store.create(short, []);
  await desk.store.decide(id, aDecision('begin', -1, { at: iso(T0) }));
  await desk.store.decide(id, aDecision('finish', 0, { at: iso(T0) }));
  running();
  running();
  await until('the reminder', async () => (await desk.store.load(id))?.remindedAt);
  await until('nothing untold', async () => (await desk.store.untold()).length === 0);
  const queue = new Queue(QUEUES.thread, { connection: redis, prefix: PREFIX });
  t.after(() => queue.close());
  const { revision } = (await desk.store.load(id)) ?? {};
  assert.equal(revision, 4, 'created, begun, finished, reminded: and nothing else');
  assert.ok(await queue.getJob(`${id}-4-messages`));
  assert.match(await metrics.registry.metrics(), /iti_rollouts\{state="done"\} 1/);
});

test('a case that ended is tied by its own job, once for each run', async (t) => {
  const { desk, running, redis, producer } = await world(t, T0);
  const { id } = await desk.create(aRollout(), []);
  await desk.decide(id, aDecision('begin', -1, { at: iso(T0 - 60_000) }));
  const cases = createCases(producer);
  const one = aCase('shop.example.test', { at: iso(T0) });
  const path = { ...aPath('shop.example.test'), hops: [blankHop('old', 'proxy', 'traefik')] };
  await cases.claim(anAsk({ case: one, path }), T0);
  const record = await cases.load(one.id);
  assert.ok(record);
  const verdict = plainJudge({ case: one, path, evidence: [], changes: [], durationMs: 1 });
  await cases.finish(record, verdict, [], [], T0);
  const rollouts = running();
  await rollouts.caseEnded({ case: one.id, run: 1 });
  await rollouts.caseEnded({ case: one.id, run: 1 });
  const tied = await until('the tie', async () => (await desk.store.load(id))?.cases[0]);
  assert.deepEqual([tied.case, tied.guilt, tied.by], [one.id, 'cleared', 'U0000001']);
  assert.match(tied.why, /^Not the ingress: /);
  const queue = new Queue(QUEUES.thread, { connection: redis, prefix: PREFIX });
  t.after(() => queue.close());
  await until('the case is told as well', () => queue.getJob(`tied-${one.id}-1`));
});

test('CONFIG: how rollouts are watched, with limits; probes can be switched off', (t) => {
  const file = join(scratch(t), 'config.yaml');
  const read = (text: string) => {
    writeFileSync(file, text);
    return readConfigFile(file);
  };
  const usual = { perSecond: 1, clientsPerMinute: 12 };
  assert.deepEqual(readConfigFile(null).file.rollouts, {
    every: 10_000,
    probes: usual,
    cleanUpAfter: 7 * DAY,
    notice: true,
  });
  const off = read('rollouts: { every: 30s, probes: false, cleanUpAfter: 2d }').file.rollouts;
  assert.deepEqual([off.every, off.probes, off.cleanUpAfter], [30_000, null, 2 * DAY]);
  assert.deepEqual(read('rollouts: { probes: { perSecond: 0.2 } }').file.rollouts.probes, { ...usual, perSecond: 0.2 });
  assert.throws(() => read('rollouts: { probes: { perSecond: 500 } }'), /rollouts\.probes\.perSecond/);
  assert.match(read('rollouts: { evry: 5s }').warnings.join(), /rollouts\.evry is not known/);
});
