import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { dice } from '../../../bench/dice.ts';
import { judgeStage } from '../../../diagnostics/rollout/judge.ts';
import type { Interval, SideCounts, StageResult } from '../../../diagnostics/rollout/types.ts';
import { intervalOf, NOW, plain, stream } from './streams.ts';

const PLAN = { share: 0.2 };
const result = (intervals: Interval[]): StageResult => judgeStage(intervals, PLAN, NOW).result;

/** Streams of all kinds: good, bad, and in between. */
const streams = (count: number): Interval[][] =>
  Array.from({ length: count }, (_, seed) => {
    const errors = [0.002, 0.006, 0.015, 0.04][seed % 4] as number;
    const slow = seed % 5 === 0 ? 0.04 : 0.01;
    return stream(500 + seed, 10 + ((seed * 7) % 50), 0.2, () => ({ fresh: { errors, slow } }));
  });

const shuffled = <T>(list: T[], random: () => number): T[] =>
  list
    .map((value) => ({ value, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value);

test('the order in which intervals, classes and endpoints are listed is nothing', () => {
  for (const [seed, intervals] of streams(30).entries()) {
    const random = dice(seed);
    const turned = (side: SideCounts): SideCounts => ({
      ...side,
      handshakes: Object.fromEntries(shuffled(Object.entries(side.handshakes), random)),
      endpoints: Object.fromEntries(shuffled(Object.entries(side.endpoints), random)),
    });
    const other = shuffled(intervals, random).map((i) => ({ ...i, old: turned(i.old), fresh: turned(i.fresh) }));
    assert.deepEqual(judgeStage(other, PLAN, NOW).result, result(intervals));
    assert.equal(judgeStage(other, PLAN, NOW).headline, judgeStage(intervals, PLAN, NOW).headline);
  }
});

/** Two halves of one interval: each count falls into one of them by itself. */
function split(interval: Interval, random: () => number): Interval[] {
  const part = random();
  const take = (n: number, most = n): number => Math.min(most, Math.round(n * Math.min(1, part * (0.5 + random()))));
  const first = (side: SideCounts): SideCounts => {
    const requests = take(side.requests);
    const connections = take(side.connections);
    const counts = side.latency?.counts.map((n) => take(n)) ?? [];
    return {
      requests,
      connections,
      errors: Math.max(take(side.errors, requests), side.errors - (side.requests - requests)),
      resets: Math.max(take(side.resets, connections), side.resets - (side.connections - connections)),
      latency: side.latency && { le: side.latency.le, counts },
      handshakes: Object.fromEntries(
        Object.entries(side.handshakes).map(([name, { tried, failed }]) => {
          const some = take(tried);
          return [name, { tried: some, failed: Math.max(take(failed, some), failed - (tried - some)) }];
        }),
      ),
      endpoints: Object.fromEntries(Object.entries(side.endpoints).map(([name, n]) => [name, take(n)])),
    };
  };
  const rest = (whole: SideCounts, some: SideCounts): SideCounts => ({
    requests: whole.requests - some.requests,
    connections: whole.connections - some.connections,
    errors: whole.errors - some.errors,
    resets: whole.resets - some.resets,
    latency: whole.latency && {
      le: whole.latency.le,
      counts: whole.latency.counts.map((n, i) => n - (some.latency?.counts[i] ?? 0)),
    },
    handshakes: Object.fromEntries(
      Object.entries(whole.handshakes).map(([name, h]) => [
        name,
        {
          tried: h.tried - (some.handshakes[name]?.tried ?? 0),
          failed: h.failed - (some.handshakes[name]?.failed ?? 0),
        },
      ]),
    ),
    endpoints: Object.fromEntries(
      Object.entries(whole.endpoints).map(([name, n]) => [name, n - (some.endpoints[name] ?? 0)]),
    ),
  });
  const middle = new Date((Date.parse(interval.from) + Date.parse(interval.to)) / 2).toISOString();
  const [old, fresh] = [first(interval.old), first(interval.fresh)];
  return [
    { ...interval, to: middle, old, fresh },
    { ...interval, from: middle, old: rest(interval.old, old), fresh: rest(interval.fresh, fresh) },
  ];
}

test('intervals split in two with the same counts never turn a stop into a go-on, nor the other way', () => {
  for (const [seed, intervals] of streams(60).entries()) {
    const random = dice(seed);
    const halves = intervals.flatMap((i) => (random() < 0.5 ? split(i, random) : [i]));
    const pair = [result(intervals), result(halves)].sort().join();
    assert.notEqual(pair, 'go-on,stop', `stream ${seed}`);
  }
});

test('the same evidence once more never weakens what was decided', () => {
  let decided = 0;
  for (const [seed, intervals] of streams(40).entries()) {
    const before = result(intervals);
    if (before === 'not-enough-data') continue;
    decided++;
    const again = intervals.map((i, at) => intervalOf(intervals.length + at, 30, i.old, i.fresh));
    assert.equal(result([...intervals, ...again]), before, `stream ${seed}`);
  }
  assert.ok(decided > 10);
});

test('an interval that is there twice counts once', () => {
  const intervals = stream(900, 8, 0.2, () => ({ fresh: { errors: 0.01 } }));
  assert.deepEqual(judgeStage([...intervals, ...intervals], PLAN, NOW), judgeStage(intervals, PLAN, NOW));
});

const BAD = [Number.NaN, -1, Number.POSITIVE_INFINITY, 1e300, '7', null, undefined, {}, 0.5, 1e9, 3];

test('hostile numbers are blind spots: nothing is thrown, and nothing is decided by them', () => {
  const any = fc.constantFrom<unknown>(...BAD);
  const name = fc.constantFrom('all', '__proto__', 'constructor', 'toString', '', 'a');
  const side = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        requests: any,
        errors: any,
        resets: any,
        connections: any,
        latency: fc.oneof(any, fc.record({ le: fc.oneof(any, fc.array(any)), counts: fc.oneof(any, fc.array(any)) })),
        handshakes: fc.oneof(any, fc.dictionary(name, fc.oneof(any, fc.record({ tried: any, failed: any })))),
        endpoints: fc.oneof(any, fc.dictionary(name, any)),
      }),
    },
    { weight: 1, arbitrary: any },
  );
  const interval = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        from: fc.constantFrom<unknown>('2026-11-24T10:00:00Z', 'never', Number.NaN, null),
        to: fc.constantFrom<unknown>('2026-11-24T10:01:00Z', '2026-11-24T10:00:00Z', 'x', '+999999-01-01T00:00:00Z', 4),
        source: fc.constantFrom<unknown>('counters', 'probes', 'gossip'),
        old: side,
        fresh: side,
        blind: fc.constantFrom<unknown>([], ['x'], null, 'text', [null, { a: 1 }]),
        unread: fc.constantFrom<unknown>(undefined, ['errors'], 'errors', [7]),
      }),
    },
    { weight: 1, arbitrary: any },
  );
  const plan = fc.record({
    share: any,
    alpha: any,
    margins: fc.record({ errors: any }),
    minimum: fc.record({ requests: any, seconds: any }),
  });
  fc.assert(
    fc.property(
      fc.array(interval, { maxLength: 5 }),
      plan,
      fc.constantFrom('2026-11-24T10:00:00Z', 'no time'),
      (list, of, now) => {
        const judged = judgeStage(list as Interval[], of as typeof PLAN, now);
        assert.ok(['go-on', 'stop', 'not-enough-data'].includes(judged.result));
        JSON.stringify(judged);
      },
    ),
    { seed: 6, numRuns: 1500 },
  );
});

test('a counter that went back, or more errors than requests, is refused and said', () => {
  const good = stream(901, 200, 0.2);
  assert.equal(result(good), 'go-on');
  for (const broken of [plain(-5, 0), plain(5, 6), plain(Number.NaN, 0), plain(1e12, 0)]) {
    const j = judgeStage(
      good.map((i) => ({ ...i, fresh: broken })),
      PLAN,
      NOW,
    );
    assert.equal(j.result, 'not-enough-data');
    assert.equal(j.measures.find((m) => m.measure === 'errors')?.verdict, 'blind');
    assert.match(j.says.join(' '), /make no sense: not counted/);
  }
  // One such interval takes nothing from the others.
  const one = good.map((i, at) => (at === 3 ? { ...i, fresh: plain(-5, 0) } : i));
  assert.equal(result(one), 'go-on');
});

test('many classes, endpoints and intervals end in time', () => {
  const names = Array.from({ length: 5000 }, (_, i) => `c${i}`);
  const wide = (): SideCounts => ({
    ...plain(5000, 1),
    handshakes: Object.fromEntries(names.map((n) => [n, { tried: 1, failed: 0 }])),
    endpoints: Object.fromEntries(names.map((n) => [n, 1])),
  });
  const j = judgeStage(
    [0, 1, 2].map((i) => intervalOf(i, 30, wide(), wide())),
    PLAN,
    NOW,
  );
  assert.ok(j.measures.length < 300);
});
