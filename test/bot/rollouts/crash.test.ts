import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Message } from '../../../bot/blocks/message.ts';
import { createLivingMessages } from '../../../bot/living-message.ts';
import type { Mark, Poster } from '../../../bot/posting.ts';
import { rolloutMessages } from '../../../bot/rollouts/bring.ts';
import { startEmbeddedRedis } from '../../../workers/embedded-redis.ts';
import { closeRedis, connectRedis, type RedisClient } from '../../../workers/redis.ts';
import { rolloutDesk } from '../../../workers/rollouts/desk.ts';
import type { Decision } from '../../../workers/rollouts/types.ts';
import { quiet, until } from '../../workers/stand-ins.ts';
import { aJudgement, aRollout } from './stand-ins.ts';

const CHANNELS = ['C1ROLLOUTS', 'C2SHOP'];
const at = (minute: number) => new Date(Date.UTC(2026, 10, 24, 10, minute)).toISOString();
const decision = (what: Decision['what'], stage: number, minute: number, reason = ''): Decision => ({
  what,
  by: 'UMAYA',
  at: at(minute),
  stage,
  reason,
});

/** Everything that happens to a rollout, one step after another; each is repeatable. */
const STEPS: ((desk: ReturnType<typeof rolloutDesk>, id: string) => Promise<unknown>)[] = [
  (desk, id) => desk.store.create(aRollout({ id, channels: CHANNELS }), [`source-${id}`]),
  (desk, id) => desk.store.decide(id, decision('begin', -1, 1)),
  (desk, id) => desk.store.setJudgement(id, 0, aJudgement('not-enough-data'), at(2), true),
  (desk, id) => desk.store.setJudgement(id, 0, aJudgement('go-on'), at(3), true),
  (desk, id) => desk.store.decide(id, decision('next-stage', 0, 4)),
  (desk, id) => desk.store.setJudgement(id, 1, aJudgement('stop'), at(5), true),
  (desk, id) =>
    desk.store.tie(id, {
      case: 'c-20261124-0001',
      host: 'shop.example.test',
      at: at(6),
      guilt: 'open',
      why: '',
      by: 'UTOM',
    }),
  (desk, id) => desk.store.decide(id, decision('hold', 1, 7, 'we look')),
  (desk, id) => desk.store.setJudgement(id, 1, aJudgement('go-on'), at(8), true),
  (desk, id) => desk.store.decide(id, decision('next-stage', 1, 9)),
  (desk, id) => desk.store.decide(id, decision('finish', 2, 10, 'all is well')),
  (desk, id) => desk.store.remind(id, at(30)),
  (desk, id) => desk.store.decide(id, decision('cleaned-up', 2, 40)),
];

interface Posted extends Message {
  channel: string;
  thread: string | null;
  ts: string;
  mark: Mark;
}

/** A Slack that keeps messages, and in which the process dies at its nth call: before it is done, or before it is known. */
function slackThatKills(crash: { call: number; when: 'before' | 'after' } | null) {
  const posted: Posted[] = [];
  let calls = 0;
  let died: () => void = () => {};
  const dead = new Promise<'dead'>((resolve) => {
    died = () => resolve('dead');
  });
  async function call<T>(work: () => T): Promise<T> {
    const mine = ++calls;
    // Nothing runs on in a process that was killed, no catch and no finally either.
    const end = () => {
      died();
      return new Promise<never>(() => {});
    };
    if (crash?.call === mine && crash.when === 'before') return end();
    const done = work();
    if (crash?.call === mine) return end();
    return done;
  }
  const poster: Poster = {
    post: (channel, thread, message, mark) =>
      call(() => {
        const ts = `${1000 + posted.length}.000100`;
        posted.push({ ...message, channel, thread, ts, mark });
        return ts;
      }),
    update: (channel, ts, message) =>
      call(() => {
        Object.assign(posted.find((one) => one.channel === channel && one.ts === ts) as Posted, message);
      }),
    find: (channel, thread, _since, mark) =>
      call(() => {
        const same = (one: Posted) => JSON.stringify(one.mark) === JSON.stringify(mark);
        return posted.find((one) => one.channel === channel && one.thread === thread && same(one))?.ts ?? null;
      }),
    permalink: (channel, ts) => call(() => `https://x.slack.com/${channel}/${ts}`),
    whisper: () => call(() => {}),
    respond: () => call(() => {}),
  };
  return { poster, posted, dead, calls: () => calls };
}

/** Plays all steps; a process that dies is followed by another one that gets the same job again. */
async function play(
  redis: RedisClient,
  id: string,
  crash: { call: number; when: 'before' | 'after' } | null,
): Promise<{ posted: Posted[]; calls: number[] }> {
  const slack = slackThatKills(crash);
  const desk = rolloutDesk(redis);
  const aProcess = () => {
    const living = createLivingMessages({ poster: slack.poster, log: quiet, now: Date.now });
    return rolloutMessages({ redis, poster: slack.poster, living, log: quiet, always: () => CHANNELS });
  };
  const calls: number[] = [];
  let bot = aProcess();
  let died = false;
  for (const [i, step] of STEPS.entries()) {
    await step(desk, id);
    await step(desk, id);
    const job = { id: `${id}-${i}` };
    const bringing = bot.bring(id, job);
    const ended = await (died ? bringing : Promise.race([bringing, slack.dead]));
    if (ended === 'dead') {
      died = true;
      bot = aProcess();
      await bot.bring(id, job);
    }
    // And once more, as when a job is delivered again.
    await bot.bring(id, { id: `${id}-${i}-again` });
    calls.push(slack.calls());
  }
  await desk.close();
  return { posted: slack.posted, calls };
}

test('killed at every call to Slack, in every step of a rollout: the same messages, none twice', async (t) => {
  const server = await startEmbeddedRedis();
  t.after(() => server.stop());
  const redis = connectRedis(server.url, 'producer');
  t.after(() => closeRedis(redis));
  await until('a connection', () => redis.status === 'ready');
  const messagesOf = (posted: Posted[], id: string) =>
    JSON.parse(JSON.stringify(posted.map(({ ts: _, ...one }) => one)).replaceAll(id, 'ID')) as Posted[];

  const reference = await play(redis, 'r-20261124-reference', null);
  const expected = messagesOf(reference.posted, 'r-20261124-reference');
  // Two announcements, three stages, an alarm, the review, the reminder.
  assert.equal(expected.length, 8);
  const total = reference.calls.at(-1) ?? 0;
  assert.ok(total > STEPS.length, 'every step says something');
  for (let call = 1; call <= total; call++) {
    for (const when of ['before', 'after'] as const) {
      const id = `r-20261124-${when}${call}`;
      const { posted } = await play(redis, id, { call, when });
      assert.deepEqual(messagesOf(posted, id), expected, `killed ${when} call ${call} of ${total}`);
    }
  }
  t.diagnostic(`${total} calls, killed before and after each`);
});
