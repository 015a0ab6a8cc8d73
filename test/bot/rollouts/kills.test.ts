import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Child, startProcess } from '../processes.ts';
import { INVENTORY, ROLLOUTS, rolloutRig, said } from './rollout-rig.ts';
import { aJudgement, aRollout } from './stand-ins.ts';

test('bot processes killed in mid-call while a rollout goes on: nothing twice, nothing missing', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'iti-rollout-config-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const config = join(dir, 'config.yaml');
  writeFileSync(config, `channels: { rollouts: ["${ROLLOUTS}"] }\n`);
  const { slack, redis, desk } = await rolloutRig(t, { bot: false });
  const aBot = async (): Promise<Child> => {
    const child = startProcess('./bot-process.ts', {
      REDIS_URL: redis.url,
      SLACK_API_URL: slack.apiUrl,
      SLACK_BOT_TOKEN: slack.botToken,
      SLACK_APP_TOKEN: slack.appToken,
      INVENTORY,
      CONFIG: config,
    });
    t.after(() => child.kill('SIGKILL'));
    await child.prints('"ready":true', 'err');
    return child;
  };
  const rollout = aRollout({ by: slack.user('maya').id, channels: [slack.channel('rollouts').id] });
  const { id } = rollout;
  const now = () => new Date().toISOString();
  const steps = [
    // Nobody tells of it: the process that wrote it died first, and the sweep finds it.
    () => desk.store.create(rollout, ['test']),
    () => desk.store.decide(id, { what: 'begin', by: rollout.by, at: now(), stage: -1, reason: '' }),
    () => desk.store.setJudgement(id, 0, aJudgement('stop'), now(), true),
    () => desk.store.decide(id, { what: 'stop', by: rollout.by, at: now(), stage: 0, reason: '' }),
  ];
  // The announcement, the stage, the alarm, the review: each step adds one message.
  let bot = await aBot();
  for (const [i, step] of steps.entries()) {
    const next = aBot();
    const calls = () => slack.stats().calls['chat.postMessage'] ?? 0;
    const before = calls();
    await step();
    await desk.sweep(now());
    await desk.sweep(now());
    await slack.waitFor(() => calls() > before, { timeoutMs: 20_000, what: `a message of step ${i}` });
    await bot.kill('SIGKILL');
    bot = await next;
    const root = said(slack)[0]?.ts ?? '';
    await slack.waitFor(() => said(slack, ROLLOUTS, root).length === i + 1, { timeoutMs: 30_000 });
  }
  const root = said(slack)[0]?.ts ?? '';
  await slack.waitFor(() => /^\*Stopped at 10 %/.test(said(slack)[0]?.text ?? ''), { timeoutMs: 30_000 });
  const texts = said(slack, ROLLOUTS, root).map(({ text }) => text.split('\n')[0] ?? '');
  assert.equal(texts.length, 4, texts.join('\n'));
  for (const [i, pattern] of [
    /^\*Stopped at 10 %/,
    /^\*Stop at 10 %/,
    /^\*10 % is over|^\*Stop at 10 %/,
    /Nobody complained/,
  ].entries())
    assert.match(texts[i] ?? '', pattern);
});
