import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createCases } from '../../workers/cases.ts';
import { connectRedis } from '../../workers/redis.ts';
import { plainJudge, until } from '../workers/stand-ins.ts';
import { finished, ours, rig, TRIAGE } from './rig.ts';

/** A finished case, and people who say what they think of it. */
async function answered(t: TestContext, judge = plainJudge) {
  const { slack, redis } = await rig(t, { workers: { judge } });
  const report = slack.say('tom', TRIAGE, 'shop.example.test is down');
  const message = await finished(slack, TRIAGE, report.ts);
  const store = connectRedis(redis.url, 'producer');
  t.after(() => store.disconnect());
  await until('Redis', () => store.status === 'ready');
  const { votes } = createCases(store);
  const [{ value }] = (message.blocks?.flatMap((block) => (block.elements as { value: string }[]) ?? []) ?? []).filter(
    (one) => one.value,
  ) as [{ value: string }];
  return {
    ...{ slack, votes, id: value },
    shown: () => JSON.stringify(ours(slack)[0]?.blocks),
    async say(user: string, said: string, place?: string, reason?: string) {
      await slack.click(user, TRIAGE, message.ts, 'who_was_right');
      return slack.submitView(user, {
        vote: { said },
        ...(place && { place: { where: place } }),
        ...(reason && { reason: { why: reason } }),
      });
    },
  };
}

test('a word is kept with name, time and reason, shown, and may be taken back', async (t) => {
  const { slack, votes, id, say, shown } = await answered(t);
  await say('maya', 'ingress', 'cause:reload-failed', 'nginx -t failed <!channel> token=hunter2');
  const line =
    /\*People say:\* [^"]+ says it was the ingress, at the proxy: the last configuration was refused[^"]+\(\d\d:\d\d UTC\)/;
  await until('the word is shown', () => line.test(shown()));
  assert.ok(!shown().includes('hunter2') && !shown().includes('<!channel>'), 'harmless');
  assert.ok(!/<@/.test(/People say[^"]+/.exec(shown())?.[0] ?? ''), 'nobody is notified');
  assert.match(ours(slack)[0]?.text ?? '', /People say/, 'as text alone too');
  const [vote] = await votes.of(id);
  assert.deepEqual(
    [vote?.said, vote?.hop, vote?.cause, vote?.answer, vote?.run],
    ['ingress', 'proxy', 'reload-failed', 'not-ingress', 1],
  );
  assert.ok(vote?.name && !vote.name.startsWith('U'));
  await say('maya', 'none');
  await until('it is shown no more', () => !shown().includes('People say'));
  assert.deepEqual(await votes.of(id), []);
  const kept = await votes.voted(id);
  assert.deepEqual(
    kept?.history.map(({ said }) => said),
    ['ingress', 'none'],
    'recorded as undone, not erased',
  );
  assert.ok(kept?.votes[0]?.undoneAt);
  assert.equal(kept?.case.report, null);
});

test('two people may disagree, and the score follows the newest word', async (t) => {
  const { votes, id, say, shown } = await answered(t);
  await say('maya', 'ingress');
  await say('tom', 'right', 'hop:app');
  await until('both are shown', () =>
    /People do not agree:\*[^"]*it was the ingress[^"]*the answer is right/.test(shown()),
  );
  const people = async () => (await votes.people()).map(({ case: _, at: __, ...rest }) => rest);
  const base = { ours: 'not-ingress', blamed: false, forIngress: 1, againstIngress: 1 };
  assert.deepEqual(await people(), [{ ...base, theirs: 'not-ingress' }]);
  await say('tom', 'none');
  await until('one is left', async () => (await votes.of(id)).length === 1);
  assert.deepEqual(await people(), [{ ...base, theirs: 'ingress', againstIngress: 0 }]);
  await say('maya', 'none');
  assert.deepEqual(await people(), []);
});

test('what does not fit together is asked again, and the same word twice is one', async (t) => {
  const { slack, votes, id, say } = await answered(t);
  await say('maya', 'ingress', 'hop:app');
  assert.deepEqual(await votes.of(id), []);
  assert.ok(slack.view('maya'), 'the form stays open');
  await say('maya', 'ingress', 'hop:node');
  const [first] = await votes.of(id);
  await say('maya', 'ingress', 'hop:node');
  assert.deepEqual(await votes.of(id), [first], 'the time of a word is that of the first click');
  assert.equal((await votes.voted(id))?.history.length, 1);
});
