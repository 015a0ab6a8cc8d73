import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDue, seenBegin } from '../../../workers/rollouts/begun.ts';
import { isNews } from '../../../workers/rollouts/judged.ts';
import { grownBetween, totalsOf } from '../../../workers/rollouts/totals.ts';
import type { StageRecord } from '../../../workers/rollouts/types.ts';
import { aSample } from '../../proxy/history/samples.ts';
import { aJudgement, anInterval, aRecord, aRollout, counts, iso, T0 } from './stand-ins.ts';

const stage = (over: Partial<StageRecord> = {}): StageRecord => ({
  startedAt: iso(T0),
  endedAt: null,
  judgement: aJudgement(),
  judgedAt: iso(T0),
  toldAt: iso(T0),
  ...over,
});

test('another result is said at once, other words and numbers every half minute, the same never again', () => {
  const numbers = aJudgement({ headline: 'Not enough to tell at 10 %: 240 requests on the new proxies, 1 error.' });
  assert.ok(isNews(stage({ judgement: null }), aJudgement(), iso(T0)));
  assert.ok(isNews(stage(), aJudgement({ result: 'stop' }), iso(T0 + 1)));
  assert.ok(!isNews(stage(), numbers, iso(T0 + 29_999)));
  assert.ok(isNews(stage(), numbers, iso(T0 + 30_000)));
  assert.ok(!isNews(stage(), aJudgement(), iso(T0 + 3_600_000)));
  const words = aJudgement({ headline: 'Not enough to tell at 10 %: errors not read.', says: ['Not seen: resets.'] });
  assert.ok(!isNews(stage(), words, iso(T0 + 29_999)));
  assert.ok(isNews(stage(), words, iso(T0 + 30_000)));
});

const planned = aRecord({
  rollout: aRollout({
    stages: [
      { share: 0.1, at: iso(T0) },
      { share: 0.5, at: iso(T0 + 60_000) },
      { share: 1, at: null },
    ],
  }),
});
const shares = (...fresh: number[]) =>
  fresh.map((n, i) => anInterval(i + 10, { old: counts({ requests: 100 - n }), fresh: counts({ requests: n }) }));

test('a stage that nobody announced begins where the traffic shows it, and only after its time', () => {
  const now = T0 + 200_000;
  assert.ok(isDue(planned, now) && !isDue(planned, T0 - 1) && !isDue(aRecord(), now));
  const begun = seenBegin(planned, shares(10, 9, 12), now);
  assert.deepEqual([begun?.what, begun?.by, begun?.stage], ['begin', null, -1]);
  assert.match(begun?.reason ?? '', /^Noticed: the new side answers 10\.3 % of the requests \(31 of 300\)/);
  assert.equal(seenBegin(planned, shares(10, 9), now), null, 'two stretches may be chance');
  assert.equal(seenBegin(planned, shares(10, 0, 12), now), null);
  assert.equal(seenBegin(planned, shares(10, 9, 12), T0 - 1), null, 'not before its time');
  assert.equal(seenBegin(aRecord(), shares(10, 9, 12), now), null, 'without a time somebody has to say so');
  const none = shares(10, 9, 12).map((one) => ({ ...one, source: 'probes' as const }));
  assert.equal(seenBegin(planned, none, now), null, 'our own probes are no traffic');
  const running = { ...planned, state: 'running' as const, stage: 0 };
  assert.equal(seenBegin(running, shares(10, 12, 11), now), null, 'still the first stage');
  assert.equal(seenBegin(running, shares(45, 55, 50), now)?.what, 'next-stage');
  const last = { ...planned, state: 'running' as const, stage: 1 };
  assert.equal(seenBegin(last, shares(100, 100, 100), now), null, 'the last one has no time');
});

const row = { service: 'shop', endpoint: null, maker: 'upstream' as const };
const sampled = (over: Parameters<typeof aSample>[1]) => totalsOf(aSample(0, over), ['shop.example.test']);

test('only the hosts of the rollout count where a proxy tells hosts apart', () => {
  const requests = [
    { ...row, host: 'shop.example.test', status: '200', count: 5 },
    { ...row, host: 'other.example.test', status: '500', count: 9 },
  ];
  assert.deepEqual([sampled({ requests }).requests, sampled({ requests }).errors], [5, 0]);
  const unnamed = requests.map((one) => ({ ...one, host: null }));
  assert.deepEqual([sampled({ requests: unnamed }).requests, sampled({ requests: unnamed }).errors], [14, 9]);
});

test('what a proxy repeated is no answer; errors without statuses are unknown and not zero', () => {
  const requests = [
    { ...row, host: null, status: '200', count: 10 },
    { ...row, host: null, status: '502', count: 4 },
  ];
  const again = sampled({ requests, repeated: [{ status: '502', count: 3 }] });
  assert.deepEqual([again.requests, again.errors], [11, 1]);
  const all = sampled({ requests: [{ ...row, host: null, status: 'all', count: 10 }] });
  assert.equal(all.errors, null);
  const grown = grownBetween(all, all, 'nginx');
  assert.ok(grown.is === 'grown' && grown.unread.includes('errors') && grown.unread.includes('handshakes'));
});

test('histograms are differences by bucket; anything that went back makes the stretch unknown', () => {
  const at = (n: number, slow: number) =>
    sampled({
      requests: [{ ...row, host: null, status: '200', count: n + slow }],
      latency: [
        {
          host: null,
          service: 'shop',
          endpoint: null,
          kind: 'total',
          seconds: 1,
          count: n + slow,
          buckets: [
            [0.1, n],
            [1, n],
            [null, n + slow],
          ],
        },
      ],
    });
  const grown = grownBetween(at(10, 1), at(30, 4), 'traefik');
  assert.deepEqual(grown.is === 'grown' && grown.counts.latency, { le: [0.1, 1], counts: [20, 0, 3] });
  assert.equal(grown.is === 'grown' && grown.counts.requests, 23);
  assert.equal(grownBetween(at(30, 4), at(10, 1), 'traefik').is, 'anew');
  assert.equal(grownBetween(at(10, 4), at(20, 1), 'traefik').is, 'anew', 'one bucket that shrank is enough');
});
