import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Directory, matches, may, type Wish } from '../../../bot/permissions/may.ts';
import { mayNotRollOut, permissions } from '../../../bot/permissions/permissions.ts';
import { refusalText } from '../../../bot/permissions/texts.ts';
import { namesIn, peopleSchema } from '../../../workers/people-rules.ts';
import type { RolloutRecord } from '../../../workers/rollouts/types.ts';
import { quiet } from '../../workers/stand-ins.ts';

const directory: Directory = {
  membersOf: (group) => (group === 'S0TEAM' ? new Set(['U0MAYA', 'U0ANN']) : null),
  channelOf: (name) => ({ '#ingress': 'C0INGRESS', '#help': 'C0HELP' })[name] ?? null,
};
const rules = peopleSchema.parse({
  contact: '#help',
  ask: [
    { deny: ['U0EVE'] },
    { deny: ['everybody'], hosts: ['secret.*'], contact: 'U0MAYA' },
    { deny: ['U0BOB'], in: ['#ingress'] },
  ],
  probe: [{ allow: ['U0MAYA'], hosts: ['*.lab.test'] }],
  rollouts: [{ allow: ['S0TEAM', 'U0BOB'], contact: 'S0TEAM' }],
  decide: [
    { allow: ['S0TEAM'], in: ['#ingress'] },
    { allow: ['U0BOB'], in: ['C0SHOP'], hosts: ['shop.*', '*.shop.test'], contact: 'U0BOB' },
    { deny: ['U0ANN'], hosts: ['billing.*'] },
  ],
  vote: [{ allow: ['S0GONE', 'U0MAYA'], in: ['#nowhere', 'C0HELP'] }],
});

const table: [string, Partial<Wish> & Pick<Wish, 'act'>, 'ok' | string, string | null][] = [
  ['an act without rules is everybody’s, as far as nothing denies', { act: 'ask' }, 'ok', null],
  ['nobody in person: an alert', { act: 'rollouts', user: null }, 'ok', null],
  ['denied by name', { act: 'ask', user: 'U0EVE' }, 'denied', '#help'],
  ['denied by name before the host is known', { act: 'ask', user: 'U0EVE', hosts: 'later' }, 'denied', '#help'],
  ['denied by host, with whom to ask', { act: 'ask', hosts: ['secret.example.test'] }, 'denied', 'U0MAYA'],
  ['one of several hosts is enough', { act: 'ask', hosts: ['a.test', 'SECRET.b.test.'] }, 'denied', 'U0MAYA'],
  ['everything at once holds what is denied', { act: 'ask', hosts: 'all' }, 'denied', 'U0MAYA'],
  ['a host that is said later is asked about later', { act: 'ask', hosts: 'later' }, 'ok', null],
  ['denied in one channel', { act: 'ask', user: 'U0BOB', channel: 'C0INGRESS' }, 'denied', '#help'],
  ['and in no other', { act: 'ask', user: 'U0BOB', channel: 'C0OTHER' }, 'ok', null],
  ['allowed by host', { act: 'probe', user: 'U0MAYA', hosts: ['x.lab.test'] }, 'ok', null],
  [
    'every host must be allowed',
    { act: 'probe', user: 'U0MAYA', hosts: ['x.lab.test', 'y.test'] },
    'not-allowed',
    '#help',
  ],
  ['no host at all is none that is allowed', { act: 'probe', user: 'U0MAYA', hosts: [] }, 'not-allowed', '#help'],
  [
    'a list for hosts does not cover everything',
    { act: 'probe', user: 'U0MAYA', hosts: 'all' },
    'not-allowed',
    '#help',
  ],
  [
    'allowed for some is allowed for nobody else',
    { act: 'probe', user: 'U0TOM', hosts: ['x.lab.test'] },
    'not-allowed',
    '#help',
  ],
  ['allowed by group', { act: 'rollouts', user: 'U0ANN' }, 'ok', null],
  ['allowed by name beside a group', { act: 'rollouts', user: 'U0BOB' }, 'ok', null],
  ['not in the group', { act: 'rollouts', user: 'U0TOM' }, 'not-allowed', 'S0TEAM'],
  ['in the group, in the channel', { act: 'decide', user: 'U0MAYA', channel: 'C0INGRESS' }, 'ok', null],
  ['in the group, elsewhere', { act: 'decide', user: 'U0MAYA', channel: 'C0OTHER' }, 'not-allowed', '#help'],
  ['in a form whose opening was asked for', { act: 'decide', user: 'U0MAYA', channel: null }, 'ok', null],
  [
    'person, place and host together',
    { act: 'decide', user: 'U0BOB', channel: 'C0SHOP', hosts: ['shop.test'] },
    'ok',
    null,
  ],
  [
    'the nearest rule says whom to ask',
    { act: 'decide', user: 'U0TOM', channel: 'C0SHOP', hosts: ['a.shop.test'] },
    'not-allowed',
    'U0BOB',
  ],
  [
    'deny wins over allow',
    { act: 'decide', user: 'U0ANN', channel: 'C0INGRESS', hosts: ['billing.test'] },
    'denied',
    '#help',
  ],
  [
    'a channel that is not resolved grants nothing',
    { act: 'vote', user: 'U0MAYA', channel: 'C0OTHER' },
    'channel-unknown',
    '#help',
  ],
  ['one that is resolved does', { act: 'vote', user: 'U0MAYA', channel: 'C0HELP' }, 'ok', null],
  [
    'a group that nobody tells grants nothing',
    { act: 'vote', user: 'U0TOM', channel: 'C0HELP' },
    'group-unknown',
    '#help',
  ],
];

for (const [title, wish, expected, contact] of table) {
  test(`may: ${title}`, () => {
    const whole: Wish = { user: 'U0TOM', channel: 'C0OTHER', hosts: ['www.example.test'], ...wish };
    const found = may(whole, rules, directory);
    assert.equal(found.ok ? 'ok' : found.why, expected);
    if (!found.ok) assert.equal(found.contact, contact);
  });
}

test('a deny that nobody can read denies', () => {
  const unread = peopleSchema.parse({ ask: [{ deny: ['S0GONE'] }] });
  const wish: Wish = { user: 'U0TOM', act: 'ask', channel: 'C0A', hosts: ['a.test'] };
  assert.deepEqual(may(wish, unread, directory), { ok: false, why: 'group-unknown', contact: null });
  const elsewhere = peopleSchema.parse({ ask: [{ deny: ['S0GONE'], in: ['C0B'] }] });
  assert.deepEqual(may(wish, elsewhere, directory), { ok: true });
});

test('without rules everybody may everything', () => {
  const none = peopleSchema.parse({});
  for (const act of ['ask', 'probe', 'rollouts', 'decide', 'vote'] as const)
    assert.deepEqual(may({ user: 'U0TOM', act, channel: null, hosts: 'all' }, none, directory), { ok: true });
});

test('globs cover hosts and take linear time', () => {
  const fits: [string, string, boolean][] = [
    ['shop.example.test', 'SHOP.example.test.', true],
    ['*.example.test', 'a.b.example.test', true],
    ['*.example.test', 'example.test', false],
    ['*', 'anything', true],
    ['a*b*c', 'a-b-b-c', true],
    ['a*b*c', 'a-c-b', false],
    ['ab*ba', 'aba', false],
    ['shop.*', 'workshop.test', false],
    ['10.0.*', '10.0.3.4', true],
  ];
  for (const [glob, host, yes] of fits) assert.equal(matches(glob, host), yes, `${glob} ${host}`);
  assert.equal(matches('*a*a*a*a*b', 'a'.repeat(200_000)), false);
});

test('wrong rules are named', () => {
  const wrong: [unknown, RegExp, string][] = [
    [{ rollout: [] }, /no such act: rollout; there are ask, probe, rollouts, decide, vote/, ''],
    [{ ask: [{ allow: ['bob'] }] }, /"bob" is not a user id \(U…\), a group id \(S…\) or everybody/, 'ask.0.allow.0'],
    [{ ask: [{ allow: ['U0BOB'], deny: ['U0EVE'] }] }, /either allow or deny/, 'ask.0'],
    [{ ask: [{ in: ['C0A'] }] }, /either allow or deny/, 'ask.0'],
    [{ ask: [{ allow: [] }] }, /./, 'ask.0.allow'],
    [{ ask: [{ allow: ['U0BOB'], host: ['a'] }] }, /takes allow or deny, in, hosts and contact/, 'ask.0'],
    [{ ask: [{ allow: ['U0BOB'], in: ['ingress'] }] }, /a channel id or #name/, 'ask.0.in.0'],
    [{ ask: [{ allow: ['U0BOB'], hosts: ['a/b'] }] }, /a host or a glob/, 'ask.0.hosts.0'],
    [{ ask: [{ allow: ['U0BOB'], hosts: ['*a*a*a*a*a*'] }] }, /at most 5 stars/, 'ask.0.hosts.0'],
  ];
  for (const [given, says, at] of wrong) {
    const [issue] = peopleSchema.safeParse(given).error?.issues ?? [];
    assert.match(issue?.message ?? 'taken', says);
    assert.equal(issue?.path.join('.'), at);
  }
  assert.deepEqual(namesIn(rules), { groups: ['S0TEAM', 'S0GONE'], channels: ['#ingress', '#nowhere', '#help'] });
});

test('a refusal says what, whom to ask, and repeats nothing that could harm', () => {
  const wish: Wish = { user: 'U0TOM', act: 'ask', channel: 'C0A', hosts: ['<!channel>.test'] };
  const text = (contact: string | null, over: Partial<Wish> = {}) =>
    refusalText({ ...wish, ...over }, { ok: false, why: 'denied', contact }, directory.channelOf);
  assert.match(
    text('U0MAYA'),
    /^\*Only some people may have me look at &lt;!channel&gt;\.test, .*ask <@U0MAYA>\. Nothing has been started\.$/,
  );
  assert.match(text('#help'), /ask in <#C0HELP>\./);
  assert.match(text('#hidden'), /ask #hidden\./);
  assert.match(text('S0TEAM'), /ask <!subteam\^S0TEAM>\./);
  assert.match(text('the platform team <!here>'), /ask the platform team &lt;!here&gt;\./);
  assert.match(text(null), /ask who runs me/);
  assert.match(text(null, { act: 'rollouts', hosts: 'later' }), /may announce a rollout, and you are not/);
});

test('announcing and deciding are two acts, about the hosts of the rollout', async () => {
  const refused: string[] = [];
  const mayNot = permissions({
    rules: peopleSchema.parse({
      rollouts: [{ allow: ['U0MAYA'], hosts: ['shop.*'] }],
      decide: [{ deny: ['U0MAYA'] }],
    }),
    directory: () => directory,
    log: quiet,
    onRefusal: ({ act }, way, { why }) => refused.push(`${way} ${act} ${why}`),
  });
  const ask = mayNotRollOut(mayNot);
  const record = { rollout: { hosts: ['shop.test'] } } as RolloutRecord;
  const maya = { user: 'U0MAYA', channel: 'C0A' };
  assert.equal(await ask({ ...maya, record: null }), null, 'the form opens, for its hosts come later');
  assert.equal(await ask({ ...maya, record: null, hosts: ['shop.test'] }), null);
  assert.match((await ask({ ...maya, record: null, hosts: ['billing.test'] })) ?? '', /announce a rollout for billing/);
  assert.match((await ask({ ...maya, record: null, hosts: [] })) ?? '', /for everything at once/);
  assert.match((await ask({ ...maya, record })) ?? '', /may decide on this rollout/);
  assert.equal(await ask({ user: 'U0BOB', channel: null, record }), null);
  assert.deepEqual(refused, ['rollout rollouts not-allowed', 'rollout rollouts not-allowed', 'rollout decide denied']);
});
