import assert from 'node:assert/strict';
import { after, type TestContext, test } from 'node:test';
import { until } from '../workers/stand-ins.ts';
import { armDeath } from './deaths.ts';
import { FINAL, ours, type Rig, rig, settled, TRIAGE } from './rig.ts';

/** Slack sends again what nobody acknowledged, sooner than it really does. */
const SLACK = { timing: { retryDelaysMs: [0, 300, 600], ackMs: 1500 } };
/** `EVERY_STEP=1` dies at each step before and after it; else at some of them, in turns. */
const ALL = process.env.EVERY_STEP === '1';

// What died may leave something open that nobody can close any more.
after(() => setTimeout(() => process.exit(), 2000).unref());

type Who = 'bot' | 'workers';
const NAMES = { bot: /^iti-bot/, workers: /^iti$/ } as const;

/** What stands in the channel, oldest first, without times. */
const textsOf = ({ slack }: Rig) =>
  ours(slack).map((one) => `${one.thread_ts === undefined ? '' : '> '}${one.text.replace(/\d\d:\d\d/g, 'hh:mm')}`);

/** A report, its verdict, and then a reply that sets off another run and is answered after it. */
async function wholeCase(t: TestContext, who: Who, step: number, mode: 'before' | 'after') {
  const system = await rig(t, { bot: false, workers: false, slack: SLACK });
  const { slack, redis } = system;
  const bot = await system.startBot();
  const workers = system.startWorkers();
  const death = armDeath(redis.url, NAMES[who], step, mode);
  let restarted: Promise<unknown> = Promise.resolve();
  death.died.then(() => {
    system.forget(who === 'bot' ? bot.stop : workers.close);
    if (who === 'bot') void bot.stop().catch(() => {});
    else void workers.close(0).catch(() => {});
    restarted = who === 'bot' ? system.startBot() : Promise.resolve(system.startWorkers());
  });
  const report = slack.say('tom', TRIAGE, 'shop.example.test is down');
  await until(`a verdict (${who}, ${mode} ${step})`, () => ours(slack).some((one) => FINAL.test(one.text)), 40_000);
  slack.say('tom', TRIAGE, 'still broken', { thread_ts: report.ts });
  await until(`an answer (${who}, ${mode} ${step}: ${death.at()})`, () => ours(slack).length >= 2, 40_000);
  await until('the end', () => ours(slack).every((one) => !/Looking at/.test(one.text)), 20_000);
  await settled(slack);
  await restarted;
  return { texts: textsOf(system), steps: death.steps(), at: death.at() };
}

for (const who of ['bot', 'workers'] as const) {
  test(`the ${who} dying at any step of a case: the same messages as without`, async (t) => {
    const without = await wholeCase(t, who, 0, 'before');
    assert.equal(without.texts.length, 2);
    const deaths = Array.from({ length: without.steps }, (_, i) => i + 1).flatMap((step) =>
      (['before', 'after'] as const)
        .filter((mode) => ALL || step % 32 === (mode === 'before' ? 9 : 19))
        .map((mode) => ({ step, mode })),
    );
    const wrong: object[] = [];
    for (const { step, mode } of deaths) {
      await t.test(`${mode} ${step}`, async (part) => {
        const { texts, at } = await wholeCase(part, who, step, mode);
        if (JSON.stringify(texts) !== JSON.stringify(without.texts)) wrong.push({ step, at, texts });
      });
    }
    t.diagnostic(`${deaths.length} deaths in ${without.steps} steps`);
    assert.deepEqual(wrong, []);
  });
}
