import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fillForm, ROLLOUTS, rolloutRig, said, submit } from './rollout-rig.ts';
import { aJudgement, aRollout } from './stand-ins.ts';

test('the form knows the proxies and their hosts, shows a preview, and announces once', async (t) => {
  const { slack, desk } = await rolloutRig(t);
  await slack.command('maya', '#platform', '/ingress-rollout');
  await slack.waitFor(() => slack.view('maya')?.blocks.some((block) => block.block_id === 'old'));
  const wrong = await submit(slack, 'maya', { title: '' });
  assert.deepEqual(Object.keys(wrong.response?.errors ?? {}).sort(), ['fresh', 'old', 'title']);
  slack.closeView('maya');
  const filled = await fillForm(slack, 'maya', { notice: 'nothing' });
  assert.equal(filled.ok, true, JSON.stringify(filled.response));
  const preview = JSON.stringify(slack.view('maya')?.blocks);
  assert.match(preview, /Traefik 2\.10\.7 → 3\.7 for billing and shop, in three steps: 10 %, 50 %, all/);
  assert.match(preview, /This goes to <#C/);
  assert.equal(said(slack).length, 0);
  const both = [submit(slack, 'maya'), submit(slack, 'maya')];
  await Promise.allSettled(both);
  const message = await slack.waitFor(() => said(slack)[0], { what: 'the announcement' });
  assert.match(message.text, /^\*Traefik 2\.10\.7 → 3\.7 for billing and shop/);
  assert.match(JSON.stringify(message.blocks), /announced by Maya Lindqvist/);
  await slack.waitFor(() => slack.stats().pending === 0);
  assert.equal((await desk.store.recent(10)).length, 1);
  assert.equal(said(slack).length, 1);
});

test('what is wrong in the form is said at its field', async (t) => {
  const { slack } = await rolloutRig(t);
  const errorsOf = async (details: Record<string, string>) => {
    slack.closeView('maya');
    const answer = await fillForm(slack, 'maya', details);
    return (answer.response?.errors ?? {}) as Record<string, string>;
  };
  assert.match((await errorsOf({ stages: '50, 10' })).stages ?? '', /larger than the one before/);
  assert.match((await errorsOf({ stages: '10, 50' })).stages ?? '', /last stage must be 100/);
  assert.match((await errorsOf({ why: 'x'.repeat(3000) })).why ?? '', /3000 characters; it must be at most 800/);
  assert.match((await errorsOf({ undo: '\u202E \u200B\n' })).undo ?? '', /how to undo it/);
  assert.match((await errorsOf({ hosts: 'shop.example.test, <!channel>' })).hosts ?? '', /is no host name/);
  const past = await errorsOf({ from_date: '2020-01-01', from_time: '10:00', to_time: '12:00' });
  assert.match(past.from_date ?? '', /in the past/);
  const half = await errorsOf({ from_date: '2027-01-01' });
  assert.deepEqual(Object.keys(half).sort(), ['from_time', 'to_time']);
});

test('decisions are recorded with a name, against the judge only with a reason; stale and second clicks change nothing', async (t) => {
  const { slack, desk } = await rolloutRig(t);
  await fillForm(slack, 'maya');
  await submit(slack, 'maya');
  const root = await slack.waitFor(() => said(slack)[0]);
  const [planned] = await desk.store.planned();
  const id = planned?.rollout.id ?? '';
  const stale = structuredClone(root.blocks);
  await Promise.all([
    slack.click('maya', ROLLOUTS, root.ts, 'rollout_begin'),
    slack.click('tom', ROLLOUTS, root.ts, 'rollout_begin'),
  ]);
  const stage = await slack.waitFor(() => said(slack, ROLLOUTS, root.ts).find((one) => /Stage 10 %/.test(one.text)));
  await slack.waitFor(() => /^\*Running at 10 %/.test(said(slack)[0]?.text ?? ''));
  assert.equal((await desk.store.load(id))?.decisions.length, 1);
  assert.equal(
    [...slack.ephemerals('maya'), ...slack.ephemerals('tom')].filter((e) => /decided already/.test(e.text ?? ''))
      .length,
    1,
  );

  // Against the judge's word: not enough data yet.
  await slack.click('maya', ROLLOUTS, stage.ts, 'rollout_next');
  assert.match(JSON.stringify(slack.view('maya')?.blocks), /not enough data/);
  const empty = await submit(slack, 'maya', { reason: ' ' });
  assert.equal(empty.ok, false);
  await submit(slack, 'maya', { reason: 'only <!here> scanners are left' });
  await slack.waitFor(() =>
    /Maya Lindqvist went on at .*: only .* scanners are left/.test(said(slack, ROLLOUTS, root.ts)[1]?.text ?? ''),
  );

  await desk.store.setJudgement(id, 1, aJudgement('stop'), new Date().toISOString(), true);
  await desk.tell(id, new Date().toISOString());
  const alarm = await slack.waitFor(() =>
    said(slack, ROLLOUTS, root.ts).find(
      (one) => /^\*Stop at/.test(one.text) && one.text.includes('The counts: in the message'),
    ),
  );
  const replies = said(slack, ROLLOUTS, root.ts).length;
  await desk.store.setJudgement(
    id,
    1,
    aJudgement('stop', 'Stop at 50 %: worse still.'),
    new Date(Date.now() + 1000).toISOString(),
    true,
  );
  await desk.tell(id, new Date().toISOString());
  await slack.waitFor(() => said(slack, ROLLOUTS, root.ts).some((one) => /worse still/.test(one.text)));
  assert.equal(said(slack, ROLLOUTS, root.ts).length, replies, 'numbers change in place');

  await slack.click('tom', ROLLOUTS, alarm.ts, 'rollout_stop');
  await slack.waitFor(() => /^\*Stopped at 50 %/.test(said(slack)[0]?.text ?? ''));
  await slack.waitFor(() => said(slack, ROLLOUTS, root.ts).some((one) => /Nobody complained/.test(one.text)));
  assert.ok(
    !said(slack, ROLLOUTS, root.ts).some((one) => one.blocks?.some((block) => block.type === 'actions')),
    'no stale button',
  );
  assert.ok(stale);
  assert.doesNotMatch(JSON.stringify(slack.messages(ROLLOUTS)), /<!here>|<@U/);
});

test('several channels: one thread, the others link to it; refused ones are told to the author, and tried again when asked', async (t) => {
  const { slack, desk } = await rolloutRig(t);
  slack.addChannel({ name: 'team-shop', withBot: false });
  slack.addChannel({ name: 'old-stuff' });
  slack.archiveChannel('old-stuff');
  const of = (name: string) => slack.channel(name).id;
  const maya = slack.user('maya').id;
  const rollout = aRollout({ by: maya, channels: ['team-shop', 'rollouts', 'platform', 'old-stuff'].map(of) });
  await desk.create(rollout, ['test']);
  const home = await slack.waitFor(() => said(slack)[0]);
  const other = await slack.waitFor(() => said(slack, '#platform')[0]);
  assert.match(JSON.stringify(other.blocks), new RegExp(`${home.ts.replace('.', '')}\\|the thread`));
  const told = await slack.waitFor(() =>
    slack.apiCalls('chat.postMessage').find((call) => call.args?.channel === maya),
  );
  assert.match(JSON.stringify(told.args), /I am not in it.*it is archived/s);
  slack.addBotToChannel('team-shop');
  await slack.command('maya', '#platform', `/ingress-rollout ${rollout.id}`);
  // The thread stays where it began; who comes later points to it.
  const late = await slack.waitFor(() => said(slack, '#team-shop')[0]);
  assert.match(JSON.stringify(late.blocks), new RegExp(`${home.ts.replace('.', '')}\\|the thread`));
  assert.equal(said(slack).length, 1);
});

test('a deleted announcement is posted anew, its thread goes on', async (t) => {
  const { slack, desk } = await rolloutRig(t);
  const rollout = aRollout({ channels: [slack.channel('rollouts').id] });
  await desk.create(rollout, ['test']);
  const first = await slack.waitFor(() => said(slack)[0]);
  slack.deleteMessage(ROLLOUTS, first.ts);
  await desk.decide(rollout.id, { what: 'begin', by: null, at: new Date().toISOString(), stage: -1, reason: '' });
  const second = await slack.waitFor(() => said(slack).find((one) => one.ts !== first.ts));
  await slack.waitFor(() => said(slack, ROLLOUTS, second.ts).find((one) => /Stage 10 %/.test(one.text)));
});

test('what was noticed becomes announced in its own message; nothing is nothing', async (t) => {
  const { slack, desk } = await rolloutRig(t);
  const noticed = { by: null, noticed: 'The image of traefik changed to 3.7 at 10:02 UTC', channels: [] };
  await desk.create(aRollout({ ...noticed, id: 'r-20261124-0000bbbb' }), ['one']);
  const message = await slack.waitFor(() => said(slack)[0]);
  assert.match(message.text, /nobody announced it/);
  await slack.click('maya', ROLLOUTS, message.ts, 'rollout_announce');
  await slack.waitFor(() => slack.view('maya')?.blocks.some((block) => block.block_id === 'fresh'));
  await submit(slack, 'maya', {});
  await submit(slack, 'maya', { why: 'security', undo: 'weight' });
  await submit(slack, 'maya');
  await slack.waitFor(() => /^\*Traefik 2\.10\.7 → 3\.7 for/.test(said(slack)[0]?.text ?? ''));
  assert.equal(said(slack).length, 1);

  await desk.create(aRollout({ ...noticed, id: 'r-20261124-0000cccc' }), ['two']);
  const second = await slack.waitFor(() => said(slack)[1]);
  await slack.click('tom', ROLLOUTS, second.ts, 'rollout_nothing');
  await slack.waitFor(() => /It is nothing \(Tom Okafor/.test(said(slack)[1]?.text ?? ''));
});

test('help, list and one rollout are private', async (t) => {
  const { slack, desk } = await rolloutRig(t);
  await desk.create(aRollout(), ['test']);
  for (const [line, expected] of [
    ['/ingress-rollout help', /opens a form/],
    ['/ingress-rollout list', /planned \(`r-20261124-0000aaaa`\)/],
    ['/ingress-rollout r-20261124-0000aaaa', /planned/],
    ['/ingress-rollout r-20200101-gone', /do not have this rollout/],
  ] as const) {
    const { response } = await slack.command('tom', '#platform', line);
    assert.match(String(response?.text), expected);
    assert.equal(response?.response_type, 'ephemeral');
  }
});
