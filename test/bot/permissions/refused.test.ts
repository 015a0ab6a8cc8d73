import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { readConfigFile } from '../../../workers/config.ts';
import { type PeopleRules, peopleSchema } from '../../../workers/people-rules.ts';
import { finished, ours, rig, settled, TRIAGE } from '../rig.ts';

const ONLY = /^\*Only some people may /;
type Ids = { tom: string; maya: string; group: string };

/** A bot with rules that name people of the workspace; maya is in the group. */
async function withRules(t: TestContext, rules: (ids: Ids) => object, grantOptional = true) {
  const made = await rig(t, { bot: false, slack: { grantOptional } });
  const { slack } = made;
  const group = slack.addUsergroup({ handle: 'platform', name: 'Platform', users: ['maya'] }).id;
  const ids: Ids = { tom: slack.user('tom').id, maya: slack.user('maya').id, group };
  const people: PeopleRules = peopleSchema.parse(rules(ids));
  const { file } = readConfigFile(null);
  Object.assign(made.config, { file: { ...file, channels: { ...file.channels, triage: [TRIAGE] }, people } });
  await made.startBot();
  return { slack, ids };
}

const told = (slack: Awaited<ReturnType<typeof withRules>>['slack'], user: string) =>
  slack.ephemerals(user).map(({ text }) => text);

test('who may not ask is refused privately, in whatever way of asking, and told whom to ask', async (t) => {
  const { slack, ids } = await withRules(t, ({ maya, group }) => ({ ask: [{ allow: [group], contact: maya }] }));
  const next = async (act: () => Promise<unknown> | unknown) => {
    const before = told(slack, 'tom').length;
    await act();
    await slack.waitFor(() => told(slack, 'tom').length > before, { what: 'a private word' });
    const text = told(slack, 'tom').at(-1) ?? '';
    assert.match(text, ONLY);
    assert.ok(text.includes(`ask <@${ids.maya}>`), text);
  };
  await next(() => slack.command('tom', '#platform', '/ingress-check shop.example.test'));
  await next(() => slack.command('tom', '#platform', '/ingress-check changes'));
  const other = slack.say('ana', '#platform', 'customers say shop.example.test is odd');
  await next(() => slack.shortcut('tom', '#platform', other.ts));
  await next(() => slack.say('tom', '#platform', '@ingress-triage shop.example.test is down'));
  await next(() => slack.say('tom', TRIAGE, 'shop.example.test is down'));
  slack.say('tom', TRIAGE, 'wiki.example.test is broken too');
  slack.say('tom', TRIAGE, 'good morning');
  // Who may, may: and everything above is over by then.
  const report = slack.say('maya', TRIAGE, 'shop.example.test is down');
  const message = await finished(slack, TRIAGE, report.ts);
  await next(() => slack.click('tom', TRIAGE, message.ts, 'run_again'));
  await next(() => slack.say('tom', TRIAGE, '@ingress-triage still broken', { thread_ts: report.ts }));
  slack.say('tom', TRIAGE, 'still broken', { thread_ts: report.ts });
  await settled(slack);
  assert.equal(told(slack, 'tom').length, 7, 'told once a day of what was only overheard, and nothing in threads');
  assert.equal(ours(slack).length + ours(slack, '#platform').length, 1, 'nothing that others see');
  assert.deepEqual(told(slack, 'maya'), []);
});

test('rules by host hold when the host is known, and a form is closed to who may not vote', async (t) => {
  const { slack } = await withRules(t, ({ tom, maya }) => ({
    ask: [{ deny: [tom], hosts: ['billing.*'] }],
    probe: [{ allow: ['everybody'], hosts: ['shop.*', 'billing.*'] }],
    vote: [{ allow: [maya] }],
  }));
  await slack.command('tom', '#platform', '/ingress-check billing.example.test');
  await slack.command('tom', '#platform', '/ingress-check wiki.example.test');
  assert.match(told(slack, 'tom')[0] ?? '', /may have me look at billing\.example\.test, and you/);
  assert.match(told(slack, 'tom')[1] ?? '', /may have me probe wiki\.example\.test, which is in no route of mine/);
  await slack.command('tom', '#platform', '/ingress-check shop.example.test');
  const message = await finished(slack, '#platform');
  await slack.click('tom', '#platform', message.ts, 'who_was_right');
  await slack.waitFor(() => told(slack, 'tom').length === 3);
  assert.match(told(slack, 'tom')[2] ?? '', /may say who was right here/);
  assert.equal(slack.view('tom'), null);
  await slack.click('maya', '#platform', message.ts, 'who_was_right');
  assert.ok(slack.view('maya'));
});

test('announcing a rollout is refused in its command', async (t) => {
  const { slack } = await withRules(t, ({ maya }) => ({ rollouts: [{ allow: [maya] }], contact: '#platform' }));
  await slack.command('tom', '#platform', '/ingress-rollout Traefik 3.7');
  const text = told(slack, 'tom')[0] ?? '';
  assert.match(text, /^\*Only some people may announce a rollout, and you are not among them\.\*/);
  assert.ok(text.includes(`<#${slack.channel('#platform').id}>`), text);
  assert.equal(slack.view('tom'), null);
});

test('without the optional scope a group grants nothing, and that is said', async (t) => {
  const { slack } = await withRules(t, ({ group, tom }) => ({ ask: [{ allow: [group, tom] }] }), false);
  await slack.command('maya', '#platform', '/ingress-check shop.example.test');
  assert.match(told(slack, 'maya')[0] ?? '', /Slack does not tell me who is in the group/);
  await slack.command('tom', '#platform', '/ingress-check shop.example.test');
  await finished(slack, '#platform');
});
