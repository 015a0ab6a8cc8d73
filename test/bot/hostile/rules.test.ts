import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { readConfigFile } from '../../../workers/config.ts';
import { peopleSchema } from '../../../workers/people-rules.ts';
import { finished, rig, settled, TRIAGE } from '../rig.ts';

/** A bot whose rules are about tom; nothing is routed, so every look is a probe. */
async function about(t: TestContext, rules: (tom: string, maya: string) => object) {
  const made = await rig(t, { bot: false });
  const { slack, config } = made;
  const { file } = readConfigFile(null);
  const people = peopleSchema.parse(rules(slack.user('tom').id, slack.user('maya').id));
  Object.assign(config, { file: { ...file, channels: { ...file.channels, triage: [TRIAGE] }, people } });
  await made.startBot();
  const report = slack.say('maya', TRIAGE, 'shop.example.test is down');
  const message = await finished(slack, TRIAGE, report.ts);
  const said = () => slack.messages(TRIAGE, { thread: report.ts }).filter((one) => one.bot_id === slack.botId);
  return { ...made, report, message, said };
}

test('who may not probe does not get it through somebody else’s case', async (t) => {
  const { slack, report, message, said } = await about(t, (_, maya) => ({ probe: [{ allow: [maya] }] }));
  await slack.click('tom', TRIAGE, message.ts, 'run_again');
  const [word] = await slack.waitFor(() => (slack.ephemerals('tom').length > 0 ? slack.ephemerals('tom') : null), {
    what: 'a refusal',
  });
  assert.match(word?.text ?? '', /may have me probe shop\.example\.test/);
  slack.say('tom', TRIAGE, 'still broken', { thread_ts: report.ts });
  slack.say('tom', TRIAGE, 'works now', { thread_ts: report.ts });
  slack.say('tom', TRIAGE, '@ingress-triage still broken', { thread_ts: report.ts });
  await slack.waitFor(() => slack.ephemerals('tom').length === 2, { what: 'a refusal of the mention' });
  // Whoever may, may: and everything above is over by then.
  slack.say('maya', TRIAGE, 'still broken', { thread_ts: report.ts });
  await slack.waitFor(() => said().some(({ text }) => /Looked again/.test(text)), { what: 'another look' });
  await settled(slack);
  assert.equal(said().filter(({ text }) => /Looked again|Recovered|still see/.test(text)).length, 1);
});

test('a question about another host under a case needs what that host needs', async (t) => {
  const { slack, report, said } = await about(t, (tom) => ({ ask: [{ deny: [tom], hosts: ['billing.*'] }] }));
  for (const text of [
    'what about billing.example.test?',
    'what about <http://BILLING.example.test|BILLING.example.test>?',
    'and billing.example.test?',
  ])
    slack.say('tom', TRIAGE, text, { thread_ts: report.ts });
  slack.say('tom', TRIAGE, '@ingress-triage what about billing.example.test?', { thread_ts: report.ts });
  await slack.waitFor(() => slack.ephemerals('tom').length === 1, { what: 'a private refusal' });
  slack.say('tom', TRIAGE, 'what about wiki.example.test?', { thread_ts: report.ts });
  await slack.waitFor(() => said().some(({ text }) => /I know no route to wiki/.test(text)), { what: 'an answer' });
  await settled(slack);
  assert.ok(!said().some(({ text }) => /billing/i.test(text)));
});
