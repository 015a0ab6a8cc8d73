import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Queue } from 'bullmq';
import type { ProxySample } from '../../../diagnostics/io/proxy-sample.ts';
import { ioFor } from '../../../proxy/triage.ts';
import { type EmbeddedRedis, startEmbeddedRedis } from '../../../workers/embedded-redis.ts';
import { PREFIX, QUEUES } from '../../../workers/queues.ts';
import { closeRedis, connectRedis, isUp, type RedisClient } from '../../../workers/redis.ts';
import { type RolloutDesk, rolloutDesk } from '../../../workers/rollouts/desk.ts';
import { rolloutStore } from '../../../workers/rollouts/store.ts';
import { watch } from '../../../workers/rollouts/watch.ts';
import { aSample } from '../../proxy/history/samples.ts';
import { until } from '../stand-ins.ts';
import { aDecision, aPair, aRollout, iso, T0 } from './stand-ins.ts';

/** Each world has a Redis of its own, so that several can be lived through at the same time. */
const WORLDS = 6;
const servers: EmbeddedRedis[] = [];

before(async () => {
  servers.push(...(await Promise.all(Array.from({ length: WORLDS }, () => startEmbeddedRedis()))));
});
after(() => Promise.all(servers.map((one) => one.stop())));

async function connected(world: number): Promise<RedisClient> {
  const redis = connectRedis((servers[world] as EmbeddedRedis).url, 'producer');
  redis.on('error', () => {});
  await until('redis', () => isUp(redis));
  return redis;
}

/** Counters that only depend on the time: 9 requests a second on the old side, 1 on the new one, of which 2 % fail. */
function sampleAt(now: number, part: string | null): ProxySample {
  const seconds = (now - T0) / 1000;
  const requests = Math.round(seconds * (part === 'new-1' ? 1 : 9));
  const errors = part === 'new-1' ? Math.floor(requests / 50) : 0;
  const row = { host: null, service: 'shop', endpoint: null, maker: 'upstream' as const };
  return aSample(0, {
    at: iso(now),
    requests: [
      { ...row, status: '200', count: requests - errors },
      { ...row, status: '502', count: errors },
    ],
  });
}

const EVERY = 10_000;
const { inventory } = aPair();

type Step = (desk: RolloutDesk) => Promise<unknown>;

/** The whole life of a rollout as its processes live it: each step may be repeated, as a queue or Slack would. */
function lifeOf(id: string): Step[] {
  const slot =
    (nth: number): Step =>
    (desk) => {
      const now = () => T0 + nth * EVERY + 6_000;
      return watch(
        id,
        T0 + nth * EVERY,
        {
          desk,
          inventory: async () => inventory,
          sample: async (of) => sampleAt(now(), of.part),
          io: (known) => ioFor(known, ''),
          everyMs: EVERY,
          probes: null,
          now,
        },
        new AbortController().signal,
      );
    };
  const at = (nth: number) => ({ at: iso(T0 + nth * EVERY) });
  return [
    (desk) => desk.create(aRollout({ id, ...aPair().sides }), [`view:${id}`]),
    (desk) => desk.decide(id, aDecision('begin', -1, at(0))),
    ...[1, 2, 3].map(slot),
    (desk) => desk.decide(id, aDecision('next-stage', 0, at(4))),
    ...[4, 5].map(slot),
    (desk) => desk.store.tie(id, { case: 'c-20261124-abcd', host: 'x', at: iso(T0), guilt: 'open', why: 'x' }),
    (desk) => desk.decide(id, aDecision('next-stage', 1, at(6))),
    ...[6, 7].map(slot),
    (desk) => desk.decide(id, aDecision('finish', 2, at(8))),
    (desk) => desk.store.remind(id, iso(T0 + 9 * EVERY)),
    (desk) => desk.sweep(iso(T0 + 9 * EVERY)),
  ];
}

class Killed extends Error {}

/** A process that is killed at its `nth` command: just before it is sent, or before its answer is seen. */
function mortal(
  redis: RedisClient,
  nth: number,
  how: 'unsent' | 'unanswered',
): { commands: () => number; dead: () => boolean } {
  let commands = 0;
  const send = redis.sendCommand.bind(redis) as (...args: unknown[]) => unknown;
  redis.sendCommand = ((...args: unknown[]) => {
    commands++;
    if (commands < nth) return send(...args);
    const reply = commands === nth && how === 'unanswered' ? Promise.resolve(send(...args)) : Promise.resolve();
    return reply.then(
      () => Promise.reject(new Killed()),
      () => Promise.reject(new Killed()),
    );
  }) as typeof redis.sendCommand;
  return { commands: () => commands, dead: () => commands >= nth };
}

/** Everything that is left of a rollout. */
async function left(redis: RedisClient, id: string) {
  const store = rolloutStore(redis);
  const record = await store.load(id);
  const queue = new Queue(QUEUES.thread, { connection: redis, prefix: PREFIX });
  const last = await queue.getJob(`${id}-${record?.revision}-messages`);
  await queue.close();
  const intervals = await Promise.all([0, 1, 2].map((stage) => store.intervals.read(id, stage)));
  const told = !(await store.untold()).includes(id) && last !== undefined;
  return JSON.parse(JSON.stringify({ record, intervals, told }).replaceAll(id, 'r-')) as {
    record: { revision: number; decisions: unknown[] } | null;
    intervals: { old: { requests: number } }[][];
    told: boolean;
  };
}

/** Lives through it; every step is taken again by another process when the one that took it is killed. */
async function live(
  world: number,
  id: string,
  kill: { nth: number; how: 'unsent' | 'unanswered' } | null,
): Promise<boolean> {
  const steps = lifeOf(id);
  let redis = await connected(world);
  let life = kill && mortal(redis, kill.nth, kill.how);
  let desk = rolloutDesk(redis);
  let killed = false;
  for (let i = 0; i < steps.length; i++) {
    try {
      await (steps[i] as Step)(desk);
    } catch (error) {
      if (!life?.dead()) throw error;
    }
    if (!life?.dead()) continue;
    killed = true;
    closeRedis(redis);
    redis = await connected(world);
    desk = rolloutDesk(redis);
    life = null;
    i--;
  }
  await desk.close();
  closeRedis(redis);
  return killed;
}

test('killed at any command of its life, a rollout ends as it would have without', async (t) => {
  const redis = await connected(0);
  await live(0, 'r-20261124-whole', null);
  const whole = await left(redis, 'r-20261124-whole');
  closeRedis(redis);
  assert.deepEqual(
    whole.intervals.map((stage) => stage.map((one) => one.old.requests)),
    [[90, 90], [90], [90]],
    'each slot once; the first of a stage only begins the count',
  );
  assert.ok(whole.told && whole.record?.decisions.length === 4);
  const worlds = servers.map(async (_, world) => {
    const own = await connected(world);
    const how = world % 2 === 0 ? 'unsent' : 'unanswered';
    let places = 0;
    for (let nth = 1 + Math.floor(world / 2); ; nth += WORLDS / 2) {
      const id = `r-20261124-${how}${nth}`;
      if (!(await live(world, id, { nth, how }))) break;
      assert.deepEqual(await left(own, id), whole, `killed at command ${nth}, ${how}`);
      places++;
    }
    closeRedis(own);
    return places;
  });
  const places = (await Promise.all(worlds)).reduce((sum, one) => sum + one, 0);
  assert.ok(places > 100, `${places} places to be killed at`);
  t.diagnostic(`${places} places to be killed at`);
});
