import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { type AuditEntry, entrySchema } from '../../../workers/audit/entry.ts';
import { auditStore } from '../../../workers/audit/store.ts';
import { readConfigFile } from '../../../workers/config.ts';
import { peopleSchema } from '../../../workers/people-rules.ts';
import { connectRedis } from '../../../workers/redis.ts';
import { until } from '../../workers/stand-ins.ts';
import { finished, rig, settled, TRIAGE } from '../rig.ts';

test('questions, refusals, votes and the start are written down, once, without what is secret; ./dev votes exports', async (t) => {
  const made = await rig(t, { bot: false });
  const { slack } = made;
  const [tom, maya] = [slack.user('tom').id, slack.user('maya').id];
  const people = peopleSchema.parse({ ask: [{ deny: [tom], hosts: ['billing.*'] }] });
  const { file } = readConfigFile(null);
  Object.assign(made.config, { file: { ...file, channels: { ...file.channels, triage: [TRIAGE] }, people } });
  await made.startBot();
  const redis = connectRedis(made.redis.url, 'producer');
  t.after(() => redis.disconnect());
  await until('Redis', () => redis.status === 'ready');
  const entries = async (): Promise<AuditEntry[]> => {
    const all: AuditEntry[] = [];
    for await (const page of auditStore(redis).pages(null))
      all.push(...page.map(({ body }) => entrySchema.parse(JSON.parse(body))));
    return all;
  };
  const kinds = async () =>
    (await entries()).map(({ kind, facts }) =>
      `${kind} ${facts.way ?? facts.said ?? facts.what} ${facts.is ?? ''}`.trim(),
    );

  const report = slack.say(
    'tom',
    TRIAGE,
    '@ingress-triage shop.example.test is down for 203.0.113.7, password=hunter2',
  );
  const message = await finished(slack, TRIAGE, report.ts);
  await slack.command('tom', '#platform', '/ingress-check billing.example.test');
  slack.say('tom', TRIAGE, 'good morning');
  await slack.click('maya', TRIAGE, message.ts, 'who_was_right');
  await slack.submitView('maya', { vote: { said: 'ingress' }, reason: { why: 'reload at 14:03' } });
  for (const { kind, id } of [...slack.deliveries()]) if (kind === 'event') slack.deliverAgain(id);
  await settled(slack);
  await until('all is written', async () => (await kinds()).length >= 4);
  const question = (await kinds()).find((one) => one.startsWith('question'));
  assert.deepEqual((await kinds()).toSorted(), [
    'configuration start',
    question,
    'refusal command denied',
    'vote ingress',
  ]);
  assert.match(question ?? '', /^question (mention|message) opened$/);
  const all = await entries();
  assert.deepEqual(
    all.map(({ by }) => by),
    [null, tom, tom, maya],
  );
  const text = JSON.stringify(all);
  assert.ok(!text.includes('hunter2') && !text.includes('203.0.113.7'), text);
  assert.equal(all.at(-1)?.facts.reason, 'reload at 14:03');

  const run = async (...args: string[]) =>
    (
      await promisify(execFile)(process.execPath, ['bot/cli/main.ts', ...args], {
        env: { ...process.env, REDIS_URL: made.redis.url },
      })
    ).stdout;
  const exported = JSON.parse(await run('votes', '--json')) as {
    cases: { case: { report: null }; verdicts: object; votes: { said: string; reason: string }[] }[];
  };
  assert.deepEqual(
    exported.cases.map((one) => [one.case.report, Object.keys(one.verdicts), one.votes.map(({ said }) => said)]),
    [[null, ['1'], ['ingress']]],
  );
  assert.match(
    await run('votes'),
    /^c-\d+-\w+ {2}shop\.example\.test {2}not-ingress, app-errors \(0\.98\)\n.*ingress: reload at 14:03$/m,
  );
});
