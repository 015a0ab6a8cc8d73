import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeStage } from '../../../diagnostics/rollout/judge.ts';
import type { Interval, Measured, SideCounts, StageJudgement } from '../../../diagnostics/rollout/types.ts';
import { ALIKE, intervalOf, NOW, plain, stream } from './streams.ts';

const PLAN = { share: 0.1 };
const measured = (j: StageJudgement, measure: Measured['measure'], of: string | null = null): Measured => {
  const found = j.measures.find((m) => m.measure === measure && (of === null || m.of === of));
  assert.ok(found, `${measure} is measured`);
  return found;
};
const judge = (intervals: Interval[], plan = PLAN): StageJudgement => judgeStage(intervals, plan, NOW);
const worse = (j: StageJudgement): string[] => j.measures.filter((m) => m.verdict === 'worse').map((m) => m.measure);

test('a good stage goes on once each measure is shown to be within its margin, not before', () => {
  const all = stream(1, 240, 0.1);
  const early = judge(all.slice(0, 4));
  assert.equal(early.result, 'not-enough-data');
  assert.match(early.headline, /^Not enough to tell at 10 %: \d+ requests on the new proxies/);
  assert.ok(early.needs && early.needs.requests > 500 && early.needs.about !== null);
  assert.match(
    early.says[0] as string,
    /^I need about [\d,]+ more requests to rule out .+; at this rate that is \d\d:\d\d UTC\.$/,
  );
  const late = judge(all);
  assert.equal(late.result, 'go-on');
  assert.match(late.headline, /^Go on from 10 %: [\d,]+ requests on the new proxies, \d+ errors, nothing worse/);
  assert.ok(late.measures.every((m) => m.verdict === 'alike'));
});

test('one per cent more errors stop it, with counts and totals', () => {
  const j = judge(stream(2, 120, 0.1, () => ({ fresh: { errors: 0.012 } })));
  assert.equal(j.result, 'stop');
  assert.deepEqual(worse(j), ['errors']);
  assert.match(j.headline, /^Stop at 10 %: the new proxies fail 1\.\d % of requests, the old ones 0\.\d+ %\.$/);
  assert.match(j.because[0] as string, /\([\d,]+ of [\d,]+ against [\d,]+ of [\d,]+\)\.$/);
});

test('each other fault is found and named', () => {
  const resets = judge(stream(3, 120, 0.1, () => ({ fresh: { resets: 0.015 } })));
  assert.deepEqual(worse(resets), ['resets']);
  assert.match(resets.headline, /reset [12](\.\d)? % of connections/);
  const slow = judge(stream(4, 120, 0.1, () => ({ fresh: { slow: 0.04 } })));
  assert.deepEqual(worse(slow), ['latency-p99']);
  assert.match(slow.headline, /the slowest 1 % of requests take/);
  assert.match(slow.says[0] as string, /^Slower than [\d.]+ m?s: [\d,]+ of [\d,]+ against [\d,]+ of [\d,]+\.$/);
  const unbalanced = stream(5, 20, 0.1);
  for (const i of unbalanced) i.fresh.endpoints = { 'a:80': i.fresh.requests, 'b:80': 0 };
  const one = judge(unbalanced);
  assert.deepEqual(worse(one), ['balance']);
  assert.match(one.headline, /a:80 gets 100 % of requests on the new proxies, (49|5\d) % on the old ones/);
});

test('12 of 12 handshakes of one class against 0 of 3,000 stop it, and the class is named', () => {
  const intervals = stream(6, 12, 0.1);
  for (const i of intervals) {
    i.old.handshakes = { all: { tried: 2000, failed: 2 }, 'java-7': { tried: 250, failed: 0 } };
    i.fresh.handshakes = { all: { tried: 220, failed: 1 }, 'java-7': { tried: 1, failed: 1 } };
  }
  const j = judge(intervals);
  assert.equal(j.result, 'stop');
  assert.equal(j.headline, 'Stop at 10 %: java-7 fails 12 of 12 handshakes on the new proxies, 0 % on the old ones.');
  assert.match(j.because.join(' '), /java-7 no longer gets in: 12 of 12 .*, 0 of 3,000 on the old ones/);
});

test('a class that never gets in on the old side is not lost, and a rare one is not waited for', () => {
  const intervals = stream(7, 240, 0.1);
  for (const [at, i] of intervals.entries()) {
    i.old.handshakes.scanner = { tried: 2, failed: 2 };
    i.fresh.handshakes.scanner = { tried: 1, failed: 1 };
    if (at === 5) i.old.handshakes['twice-a-day'] = { tried: 2, failed: 0 };
  }
  const j = judge(intervals, { ...PLAN, margins: { handshakes: 0.1 } } as typeof PLAN);
  assert.equal(j.result, 'go-on');
  assert.match(measured(j, 'lost-clients', 'scanner').says, /^scanner does not get in on the old proxies either/);
  assert.match(
    j.says.join(' '),
    /twice-a-day is too rare to tell: 2 handshakes on the old proxies, none on the new ones/,
  );
});

test('a class that should have come by now is waited for', () => {
  const intervals = stream(8, 240, 0.1);
  for (const i of intervals) delete i.fresh.handshakes['java-7'];
  const j = judge(intervals);
  assert.equal(j.result, 'not-enough-data');
  assert.match(j.because.join(' '), /java-7 was not seen on the new proxies yet, [\d,]+ handshakes on the old ones/);
});

test('an application that fails on both sides is held against neither', () => {
  const fault = { errors: 0.4 };
  const j = judge(stream(9, 240, 0.1, (i) => (i > 40 && i < 60 ? { old: fault, fresh: fault } : {})));
  assert.equal(j.result, 'go-on');
  assert.equal(measured(j, 'errors').verdict, 'alike');
});

test('a fault that begins late in a stage is found', () => {
  const j = judge(stream(10, 180, 0.1, (i) => (i > 120 ? { fresh: { errors: 0.05 } } : {})));
  assert.equal(j.result, 'stop');
});

test('a burst in one interval convicts nobody', () => {
  const intervals = stream(11, 30, 0.1, undefined, { seconds: 10 });
  (intervals[12] as Interval).fresh.errors = (intervals[12] as Interval).fresh.requests;
  assert.notEqual(judge(intervals).result, 'stop');
});

test('no traffic, no intervals and nothing read are neither success nor failure', () => {
  const none = judge([]);
  assert.equal(none.result, 'not-enough-data');
  assert.equal(none.headline, 'Not enough to tell at 10 %: nothing was counted yet.');
  const idle = judge(stream(12, 100, 0.1, undefined, { rate: 0 }));
  assert.equal(idle.result, 'not-enough-data');
  assert.match(idle.headline, /no requests on the new proxies/);
  assert.equal(idle.needs?.about, null);
  const blind = stream(13, 240, 0.1).map(
    (i): Interval => ({ ...i, unread: ['errors'], blind: ['no metrics of edge-2'] }),
  );
  const unread = judge(blind);
  assert.equal(unread.result, 'not-enough-data');
  assert.equal(measured(unread, 'errors').verdict, 'blind');
  assert.ok(unread.says.includes('no metrics of edge-2'));
});

test('what is not read is named, and does not hold up a stage whose errors are', () => {
  const intervals = stream(14, 240, 0.1).map(
    (i): Interval => ({ ...i, unread: ['handshakes', 'resets', 'balance', 'latency'] }),
  );
  const j = judge(intervals);
  assert.equal(j.result, 'go-on');
  assert.match(j.says.join(' '), /Not seen: latency, the slowest requests, handshakes, resets, balance\./);
});

test('no stage goes on with less than the least exposure', () => {
  const intervals = Array.from({ length: 10 }, (_, i) => intervalOf(i, 30, plain(4000, 0), plain(400, 0)));
  assert.equal(judge(intervals).result, 'go-on');
  const strict = { share: 0.1, minimum: { requests: 5000 } };
  const j = judge(intervals, strict);
  assert.equal(j.result, 'not-enough-data');
  assert.equal(j.needs?.requests, 1000);
  assert.match(j.says[0] as string, /^I need about 1,000 more requests, however alike the two look/);
});

const earlier = stream(20, 120, 0.5);
const last = (errors = ALIKE.errors): Interval[] =>
  stream(21, 40, 1, () => ({ fresh: { errors } })).map((i) => ({ ...i, old: plain(0, 0) }));

test('with all traffic on the new side, earlier stages are the comparison: they can clear it', () => {
  assert.equal(judgeStage(last(), { share: 1 }, NOW).result, 'not-enough-data');
  const j = judgeStage(last(), { share: 1, earlier }, NOW);
  assert.equal(j.result, 'go-on');
  assert.equal(measured(j, 'errors').concurrent, false);
  assert.match(j.headline, /^All may stay at 100 %/);
});

test('earlier stages never convict, since the application may have changed since', () => {
  const j = judgeStage(last(0.03), { share: 1, earlier }, NOW);
  assert.equal(j.result, 'not-enough-data');
  assert.match(j.says.join(' '), /it may be the application: giving them some back would tell/);
});

test('probes alone may decide where no counters are read; with counters they only convict', () => {
  const probes = (errors: number): Interval[] =>
    stream(30, 240, 0.5, () => ({ fresh: { errors } }), { rate: 4 }).map((i) => ({ ...i, source: 'probes' }));
  assert.equal(judge(probes(ALIKE.errors)).result, 'go-on');
  const idle = stream(31, 240, 0.1, undefined, { rate: 0 });
  assert.equal(judge([...idle, ...probes(ALIKE.errors)]).result, 'not-enough-data');
  const j = judge([...idle, ...probes(0.05)]);
  assert.equal(j.result, 'stop');
  assert.match(j.headline, /fail \d\.\d % of probe requests/);
});

test('where only probes tell clients apart, a stage waits for their classes, and stops by them', () => {
  const counters = stream(40, 240, 0.1).map((i): Interval => ({ ...i, unread: ['handshakes'] }));
  const probes = (tried: number, failed: number): Interval[] =>
    counters.map((i) => {
      const side = (bad: number): SideCounts => ({ ...plain(3, 0), handshakes: { 'java-7': { tried, failed: bad } } });
      return { ...i, unread: [], source: 'probes', old: side(0), fresh: side(failed) };
    });
  assert.equal(judge([...counters, ...probes(1, 0)]).result, 'go-on');
  const few = judge([...counters, ...probes(1, 0).slice(0, 6)]);
  assert.equal(few.result, 'not-enough-data');
  assert.match(few.because.join(' '), /java-7: 0 of 6 handshakes fail/);
  const lost = judge([...counters, ...probes(1, 1)]);
  assert.equal(lost.result, 'stop');
  assert.match(
    lost.headline,
    /java-7 fails 100 % of probe handshakes on the new proxies, 0 % on the old ones \(worse too: handshakes\)\.$/,
  );
});

test('nothing is said twice, and classes too rare to tell are one line', () => {
  const handshakes = (failed: number): SideCounts['handshakes'] =>
    Object.fromEntries(['a', 'b', 'c', 'd', 'e'].map((of) => [of, { tried: 1, failed: of < 'c' ? failed : 0 }]));
  const counters = stream(41, 240, 0.1, () => ({ fresh: { errors: 0.03 } }));
  const bare = counters.map((i): Interval => ({ ...i, unread: ['handshakes'] }));
  const probes = bare.map((i, at): Interval => {
    const side = (failed: number): SideCounts => ({ ...plain(3, 0), handshakes: at < 5 ? handshakes(failed) : {} });
    return { ...i, unread: [], source: 'probes', old: side(0), fresh: side(1) };
  });
  for (const j of [judge([...bare.slice(0, 8), ...probes.slice(0, 8)]), judge([...bare, ...probes])]) {
    assert.equal(new Set(j.says).size, j.says.length, j.says.join('\n'));
    assert.equal(j.says.filter((line) => line.startsWith('a: 5 of 5')).length, 1, j.says.join('\n'));
  }
  const stop = judge([...bare, ...probes]);
  assert.equal(stop.result, 'stop');
  assert.match(stop.says[0] as string, /^[\d,]+ of [\d,]+ against [\d,]+ of [\d,]+\.$/, 'the headline says what parts');
  const rare = judge([...bare.slice(0, 8), ...probes.slice(0, 3)]);
  assert.match(rare.says.join(' '), /3 classes of clients are too rare to tell so far; none fails more .* \(c, d, e\)/);
});

test('what probes see otherwise is not called alike in the same breath', () => {
  const counters = stream(42, 120, 0.1);
  const probes = stream(43, 120, 0.5, () => ({ fresh: { errors: 0.05 } }), { rate: 4 }).map(
    (i): Interval => ({ ...i, source: 'probes' }),
  );
  const j = judge([...counters, ...probes]);
  assert.equal(j.result, 'stop');
  assert.doesNotMatch(j.says.join(' '), /Alike on both sides: errors/);
  assert.match(j.says.join(' '), /Alike on both sides: /);
});

test('sides are unequal from stage to stage and within: no paradox of shares', () => {
  // The new side gets most of its traffic while everything fails, on both sides alike.
  const parts = (i: number): SideCounts[] =>
    i % 2 ? [plain(50, 20), plain(450, 180)] : [plain(900, 1), plain(100, 0)];
  const intervals = Array.from({ length: 240 }, (_, i) => intervalOf(i, 30, ...(parts(i) as [SideCounts, SideCounts])));
  assert.equal(measured(judge(intervals), 'errors').verdict, 'alike');
});
