import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainJudge } from '../workers/stand-ins.ts';
import { finished, ours, rig, TRIAGE } from './rig.ts';

test('[Run again] looks anew in the same message and says when it changed its mind', async (t) => {
  let answers = 0;
  const { slack } = await rig(t, {
    workers: {
      judge: (input) => {
        const verdict = plainJudge(input);
        if (answers++ === 0) return verdict;
        return { ...verdict, answer: 'ingress', headline: 'It is the ingress: edge rejects every connection.' };
      },
    },
  });
  const report = slack.say('tom', TRIAGE, 'shop.example.test is down');
  const message = await finished(slack, TRIAGE, report.ts);
  await slack.click('maya', TRIAGE, message.ts, 'run_again');
  const changed = await slack.waitFor(() => ours(slack).find((one) => one.text.startsWith('Changed my mind at ')));
  assert.match(changed.text, /^Changed my mind at \d\d:\d\d: \*It is the ingress: /);
  assert.match(JSON.stringify(changed.blocks), /looked again; at \d\d:\d\d UTC I said: Not the ingress/);
  assert.equal(ours(slack).length, 1);
});

test('[Evidence] opens everything the verdict rests on', async (t) => {
  const { slack } = await rig(t);
  const report = slack.say('tom', TRIAGE, 'shop.example.test is down');
  const message = await finished(slack, TRIAGE, report.ts);
  await slack.click('maya', TRIAGE, message.ts, 'evidence');
  const view = slack.view('maya');
  assert.match(JSON.stringify(view?.blocks), /shop\.example\.test · not-ingress/);
});

test('App Home names open cases and the score', async (t) => {
  const { slack } = await rig(t);
  const report = slack.say('tom', TRIAGE, 'shop.example.test is down');
  await finished(slack, TRIAGE, report.ts);
  slack.openHome('maya');
  const home = await slack.waitFor(() => slack.home('maya'));
  const text = JSON.stringify(home.blocks);
  assert.match(text, /1 case in all: the ingress in 0, something else or nothing in 1/);
  assert.match(text, /Not the ingress: shop\.example\.test answers 500 itself/);
});
