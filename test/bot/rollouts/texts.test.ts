import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkBlocks } from '../../../bot/local-slack/block-limits.ts';
import { type Around, announcementMessage } from '../../../bot/rollouts/blocks/announcement.ts';
import { complaintsText } from '../../../bot/rollouts/blocks/complaints.ts';
import { cleanUpMessage, reviewMessage } from '../../../bot/rollouts/blocks/review.ts';
import { alarmMessage, stageMessage } from '../../../bot/rollouts/blocks/stage.ts';
import { listText } from '../../../bot/rollouts/blocks/texts.ts';
import { windowText, withoutTokens } from '../../../bot/rollouts/blocks/times.ts';
import { sideChoices } from '../../../bot/rollouts/form/sides.ts';
import { oldClientsText } from '../../../bot/rollouts/old-clients.ts';
import { withoutCommon } from '../../../bot/rollouts/pictures.ts';
import type { Inventory } from '../../../proxy/inventory/inventory.ts';
import { aJudgement, aRecord, aRollout, running } from './stand-ins.ts';

const around: Around = { names: { UMAYA: 'Maya' }, complaints: { cases: [], people: 0 }, home: null };

test('the announcement says what, for whom, when, how, and how to undo it', () => {
  const { text, blocks } = announcementMessage(aRecord(), around);
  assert.equal(
    text.split('\n')[0],
    '*Traefik 2.10.7 → 3.7 for shop, billing and 14 others, Tuesday 24 Nov 08:00 to 10:00 UTC, in three steps: 10 %, 50 %, all.*',
  );
  assert.match(text, /\*Why:\* 2\.10 sometimes answers in clear text/);
  assert.match(text, /\*What you may notice:\* nothing that we know of/);
  assert.match(text, /\*Old clients:\* 3 scanners/);
  assert.match(text, /\*How to undo:\* one weight in the balancer, under a minute/);
  assert.match(JSON.stringify(blocks), /<!date\^1795507200\^\{date_long_pretty\} \{time\}\|Tuesday 24 Nov 08:00>/);
  assert.match(JSON.stringify(blocks), /announced by Maya/);
  assert.doesNotMatch(JSON.stringify(blocks), /<@/);
  assert.equal(checkBlocks(blocks, 'message'), null);
});

test('the first line says where it is, in every state', () => {
  const first = (record: Parameters<typeof announcementMessage>[0]) =>
    announcementMessage(record, around).text.split('\n')[0];
  assert.match(first(running(0)) ?? '', /^\*Running at 10 %: Traefik/);
  assert.match(first(running(0, [{ what: 'hold', stage: 0 }])) ?? '', /^\*On hold at 10 %: /);
  assert.match(first({ ...running(1, [{ what: 'stop', stage: 1 }]), state: 'stopped' }) ?? '', /^\*Stopped at 50 %: /);
  assert.match(first({ ...running(2, [{ what: 'finish', stage: 2 }]), state: 'done' }) ?? '', /^\*Done: /);
  assert.match(first({ ...aRecord(), state: 'cancelled' }) ?? '', /^\*Called off: /);
});

test('a second channel has a link to the thread and no buttons', () => {
  const { blocks } = announcementMessage(running(0), { ...around, home: 'https://x.slack.com/archives/C1/p1' });
  assert.match(JSON.stringify(blocks), /<https:\/\/x\.slack\.com\/archives\/C1\/p1\|the thread>/);
  assert.ok(!blocks.some((block) => block.type === 'actions'));
});

test('a stage says what the judge says; a decision against it stays beside it', () => {
  const record = running(0, [], aJudgement('stop'));
  const now = stageMessage(record, 0, around.names);
  assert.match(now?.text ?? '', /^\*Stop at 10 %: the new proxies lose 1\.2 % of handshakes/);
  assert.ok(!now?.blocks.some((block) => block.type === 'actions'), 'the alarm has them');
  const fine = stageMessage(running(0, [], aJudgement('go-on')), 0, around.names);
  assert.match(JSON.stringify(fine?.blocks), /rollout_next.*"style":"primary".*rollout_hold.*rollout_stop/);
  const alarm = alarmMessage(record, 0, around.names);
  assert.match(JSON.stringify(alarm?.blocks), /rollout_stop.*rollout_hold.*rollout_next/);
  const on = running(1, [{ what: 'next-stage', stage: 0, reason: 'those are scanners' }], aJudgement('stop'));
  on.stages[0] = { ...(on.stages[0] as NonNullable<(typeof on.stages)[0]>), judgement: aJudgement('stop') };
  const then = stageMessage(on, 0, around.names);
  assert.match(then?.text ?? '', /Maya went on at 10:30 UTC: those are scanners\./);
  assert.ok(!then?.blocks.some((block) => block.type === 'actions'));
});

test('the alarm is one reply: stop, then what became of it', () => {
  const stop = alarmMessage(running(0, [], aJudgement('stop')), 0, around.names);
  assert.match(stop?.text ?? '', /^\*Stop at 10 %/);
  assert.match(stop?.text ?? '', /\*How to undo:\* one weight/);
  const said = stageMessage(running(0, [], aJudgement('stop')), 0, around.names)?.text.split('\n') ?? [];
  const twice = stop?.text.split('\n').slice(1) ?? [];
  assert.deepEqual(
    twice.filter((line) => line !== '' && said.includes(line)),
    [],
    'below its first line it says nothing that the stage says',
  );
  const mind = alarmMessage(running(0, [], aJudgement('go-on')), 0, around.names);
  assert.match(mind?.text ?? '', /^\*Changed my mind at 10 %/);
});

test('complaints are counted and linked, the worst first', () => {
  const at = '2026-11-24T10:05:00.000Z';
  const text = complaintsText({
    people: 2,
    cases: [
      {
        case: 'c-1',
        host: 'wms.example.test',
        at,
        guilt: 'cleared',
        why: 'Not on this path',
        permalink: 'https://x/p1',
      },
      { case: 'c-2', host: 'shop.example.test', at, guilt: 'open', why: '', permalink: null },
    ],
  });
  assert.equal(
    text,
    '*Reports:* 2 people complained: 1 cleared, 1 open.\n• shop.example.test: open\n• <https://x/p1|wms.example.test>: cleared, not on this path',
  );
});

test('the review and the reminder', () => {
  const done = {
    ...running(2, [{ what: 'finish', stage: 2 }]),
    state: 'done' as const,
    endedAt: '2026-11-24T11:30:00.000Z',
  };
  const review = reviewMessage(done, around);
  assert.match(review?.text ?? '', /^\*Done: Traefik 2\.10\.7 → 3\.7\. Nobody complained\.\*/);
  assert.match(review?.text ?? '', /It took 90 minutes/);
  assert.doesNotMatch(announcementMessage(done, around).text, /I watch/, 'it is over');
  assert.equal(cleanUpMessage(done, around), null);
  const reminded = { ...done, remindedAt: '2026-12-01T11:30:00.000Z' };
  assert.match(JSON.stringify(cleanUpMessage(reminded, around)?.blocks), /rollout_cleaned_up/);
  reminded.decisions.push({ what: 'cleaned-up', by: 'UMAYA', at: '2026-12-02T09:00:00.000Z', stage: 2, reason: '' });
  assert.doesNotMatch(JSON.stringify(cleanUpMessage(reminded, around)?.blocks), /rollout_cleaned_up/);
});

test('what nobody announced is short, with two buttons', () => {
  const rollout = aRollout({ by: null, noticed: 'The image of traefik changed to 3.7 at 10:02 UTC' });
  const { text, blocks } = announcementMessage(aRecord({ rollout }), around);
  assert.match(text, /^\*The image of traefik changed to 3\.7 at 10:02 UTC; nobody announced it\.\*/);
  assert.match(JSON.stringify(blocks), /rollout_announce.*rollout_nothing/);
});

test('hostile words ping nobody, open no link, and keep what matters visible', () => {
  const evil = '<!channel> <@U123> @here <https://evil.test|click> *_`~ \u202Etxet \n'.repeat(60).slice(0, 3000);
  const rollout = aRollout({ title: evil, why: evil, notice: evil, undo: evil, oldClients: evil, hosts: [evil] });
  for (const state of ['planned', 'running', 'stopped', 'done', 'cancelled'] as const) {
    const record = {
      ...running(0, [{ what: 'stop', stage: 0, reason: evil }], aJudgement('stop', evil)),
      rollout,
      state,
    };
    const all = [
      announcementMessage(record, { ...around, names: { UMAYA: evil } }),
      stageMessage(record, 0, { UMAYA: evil }),
      alarmMessage(record, 0, { UMAYA: evil }),
      reviewMessage({ ...record, endedAt: '2026-11-24T11:30:00.000Z' }, around),
    ];
    for (const message of all) {
      if (message === null) continue;
      const whole = JSON.stringify(message);
      assert.doesNotMatch(whole, /<!(?!date)|<@|<https:\/\/evil|@here/);
      assert.equal(checkBlocks(message.blocks, 'message'), null);
      assert.ok(message.text.length <= 4000);
    }
    assert.match(JSON.stringify(all[0]), /How to undo/);
  }
  assert.doesNotMatch(listText([aRecord({ rollout })], {}), /<!|<@|@here/);
});

test('a stage that is over says once when it was, and the review why only of a stop', () => {
  const span = { startedAt: '2026-11-24T10:00:00.000Z', endedAt: '2026-11-24T10:30:00.000Z', judgedAt: null };
  const over = { ...running(1, [{ what: 'stop', stage: 1 }]), state: 'stopped' as const, endedAt: span.endedAt };
  over.stages = [
    { ...span, judgement: aJudgement('go-on') },
    { ...span, judgement: aJudgement('stop') },
  ];
  const review = reviewMessage(over, around)?.text ?? '';
  assert.match(review, /• \*10 %\*, 10:00 to 10:30 UTC: go on\. /);
  assert.match(review, /• \*50 %\*, 10:00 to 10:30 UTC: stop: the new proxies lose 1\.2 % of handshakes/);
  assert.match(stageMessage(over, 0, around.names)?.text ?? '', /\n10:00 to 10:30 UTC \(/);
  const whole = announcementMessage(running(2), around);
  assert.match(whole.text, /^\*Running at 100 %: /);
  assert.match(JSON.stringify(whole.blocks), /Running at 100\u00a0%/, 'drawn, a number keeps its sign');
});

test('a side is called by its kind and name, and no name stands twice', () => {
  const instance = (name: string) => ({ name, https: null });
  const hop = { name: 'edge', hop: 'proxy', kind: 'traefik', instances: [instance('edge-old'), instance('pod-7')] };
  const titles = sideChoices({ hops: { edge: hop } } as unknown as Inventory).map(({ side }) => side.title);
  assert.deepEqual(titles, ['Traefik edge', 'Traefik edge-old', 'Traefik edge pod-7']);
});

test('names under bars lose what all of them begin with, and nothing else', () => {
  assert.deepEqual(withoutCommon(['checkout 127.0.0.1:20551', 'checkout 127.0.0.1:20552']), ['20551', '20552']);
  assert.deepEqual(withoutCommon(['10.244.1.7:8080', '10.244.1.70:8080']), ['10.244.1.7:8080', '10.244.1.70:8080']);
  assert.deepEqual(withoutCommon(['shop-a', 'shop-b']), ['shop-a', 'shop-b']);
});

test('windows read alone, over days too', () => {
  const day = windowText({ from: '2026-11-24T08:00:00.000Z', to: '2026-11-24T10:00:00.000Z' });
  assert.equal(withoutTokens(day), 'Tuesday 24 Nov 08:00 to 10:00 UTC');
  const night = windowText({ from: '2026-11-24T22:00:00.000Z', to: '2026-11-25T02:00:00.000Z' });
  assert.equal(withoutTokens(night), 'Tuesday 24 Nov 22:00 to Wednesday 25 Nov 02:00 UTC');
});

test('old clients are counted by the versions that the recorder saw', () => {
  const row = (version: string, count: number) => ({ version, cipher: null, count });
  assert.equal(
    oldClientsText([row('1.0', 300), row('1.1', 12), row('1.2', 20_000), row('1.3', 5_688)]),
    '312 of 26,000 handshakes since these proxies began were TLS 1.0 or TLS 1.1',
  );
  assert.equal(oldClientsText([row('1.2', 20_000), row('1.0', 0)]), '');
});
