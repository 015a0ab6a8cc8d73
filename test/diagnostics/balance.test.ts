import assert from 'node:assert/strict';
import { test } from 'node:test';
import { calledSkewed, countedOf, drawn, pinned, seeded } from '../../bench/balance-draws.ts';
import { type BalanceGroup, balanceOf, type Counted, type Dealt } from '../../diagnostics/balance/balance.ts';
import { drawsNeeded, expectedShares, fitOf, inTurns } from '../../diagnostics/fit.ts';
import { binomialTwoSided, incompleteBeta, normalAbove } from '../../diagnostics/stats.ts';

/** `requests` over endpoints, with one list for each further key. */
function judge(
  requests: number[],
  more: Partial<Record<keyof Counted, unknown[]>> = {},
  dealt: Dealt = {},
): BalanceGroup {
  const counted = countedOf(requests).map((e, i) => ({
    ...e,
    ...Object.fromEntries(Object.entries(more).map(([key, values]) => [key, values?.[i] ?? null])),
  }));
  return balanceOf('shop', counted, dealt);
}
const said = ({ verdict, kind }: BalanceGroup): string => `${verdict} ${kind ?? '-'}`;

test('special functions: values of tables', () => {
  const near = (a: number, b: number, by = 1e-6): void => assert.ok(Math.abs(a - b) < by, `${a} is not ${b}`);
  near(incompleteBeta(0.3, 2, 5), 0.579825);
  near(incompleteBeta(0.5, 10, 10), 0.5);
  // P(X >= 8 of 10, p = 0.5) = 56 / 1024, both sides twice that.
  near(binomialTwoSided(8, 10, 0.5), 112 / 1024);
  near(binomialTwoSided(0, 20, 0.25), 2 * 0.75 ** 20);
  near(binomialTwoSided(500_000, 1_000_000, 0.5), 1, 1e-3);
  near(normalAbove(0.025), 1.959964, 5e-4);
  near(normalAbove(0.9), -1.281552, 5e-4);
  assert.equal(binomialTwoSided(3, 10, 0), 0);
});

test('a fifth too much or too little is found from 1,500 requests; fair ones are hardly ever called skewed', () => {
  // The quick version of `./dev bench balance`, which takes 3,000 seeds.
  const seeds = 800;
  assert.ok(calledSkewed(seeds, 1500, 4, 0) <= 0.015);
  assert.ok(calledSkewed(seeds, 1500, 4, 0.2) >= 0.86);
  assert.ok(calledSkewed(seeds, 1500, 4, -0.2) >= 0.88);
  for (const endpoints of [2, 3, 8]) {
    const needed = drawsNeeded(endpoints, 0.2);
    assert.ok(calledSkewed(400, needed, endpoints, 0) <= 0.02, `${endpoints}`);
    assert.ok(calledSkewed(400, needed, endpoints, 0.2) >= 0.84, `${endpoints}`);
  }
  assert.ok(calledSkewed(60, drawsNeeded(50, 0.2), 50, 0.2) >= 0.75);
  assert.ok(calledSkewed(300, 100, 50, 0) <= 0.02, 'two requests for each endpoint');
});

test('what is needed: about 58 / d² for four endpoints, and it says how many more', () => {
  assert.ok(Math.abs(drawsNeeded(4, 0.2) - 1450) < 50);
  assert.ok(Math.abs(drawsNeeded(4, 0.1) - 5700) < 200);
  const group = judge([210, 190, 205, 195]);
  assert.deepEqual([said(group), group.enough, group.needed], ['not-enough-data -', false, drawsNeeded(4, 0.2)]);
  assert.match(group.says, /800 requests, about 696 more are needed/);
  assert.equal(judge([400, 390, 410, 405]).needed, null);
});

test('fair draws of few connections are named as that, whatever their requests look like', () => {
  for (const connections of [4, 16, 64]) {
    let named = 0;
    for (const { group } of pinned(200, connections, 20_000, 4)) {
      assert.notEqual(group.verdict, 'skewed');
      if (group.kind === 'pinned-connections') {
        named++;
        assert.equal(group.connections, connections);
        assert.match(group.says, new RegExp(`follow ${connections} connections`));
      }
    }
    assert.ok(named >= 0.85 * 200, `${connections}: ${named}`);
  }
  // The runs of the field notes, one of which had p = 0.004.
  const vip: Dealt = { unit: 'connections' };
  for (const [requests, connections] of [
    [
      [125040, 152454, 150310, 167749],
      [131, 163, 160, 177],
    ],
    [
      [170799, 161018, 112545, 159292],
      [18, 17, 12, 17],
    ],
    [
      [0, 116833, 355534, 116058],
      [0, 3, 10, 3],
    ],
    [
      [0, 113720, 226128, 130917],
      [0, 1, 2, 1],
    ],
  ] as const)
    assert.equal(
      said(judge([...requests], { connections: [...connections] }, vip)),
      'not-enough-data pinned-connections',
    );
  // All of 64 at one endpoint is no luck.
  assert.equal(said(judge([9000, 0, 0, 0], { connections: [64, 0, 0, 0] }, vip)), 'skewed one-endpoint-hot');
});

test('without connections per endpoint: their sum divides chi-squared; without any, nothing is guessed', () => {
  const requests = [560, 480, 420, 540];
  assert.equal(said(judge(requests)), 'skewed uneven');
  assert.equal(judge(requests, {}, { unit: 'connections', connections: 50 }).verdict, 'not-enough-data');
  const unknown = judge(requests, {}, { unit: 'connections' });
  assert.deepEqual([said(unknown), unknown.pValue], ['not-enough-data -', null]);
  assert.match(unknown.says, /not over how many connections/);
});

test('what the proxies of the field notes do is even, though chi-squared alone says no', () => {
  for (const counts of [
    [169785, 169784, 169784, 169783],
    [152891, 151291, 151306, 152038],
    [132831, 132899, 132211, 131774],
    [19811, 19716, 19526, 19505],
  ])
    assert.equal(said(judge(counts)), 'even -');
  // 16/16/16/16 is too flat for a draw: it is dealt in turns, and few are enough.
  assert.ok(inTurns([16, 16, 16, 16]) && !inTurns([2, 2]) && !inTurns([20, 16, 16, 12]));
  const tcp = judge([16, 16, 16, 16], { connections: [16, 16, 16, 16] }, { unit: 'connections' });
  assert.equal(said(tcp), 'even -');
  assert.match(tcp.says, /^64 connections evenly/);
  assert.equal(said(judge([21, 20, 20, 19], {}, { policy: 'round-robin' })), 'even -');
});

test('even counts do not mean healthy, uneven ones not broken', () => {
  const quick = [0.0005, 0.0004, 0.0005, 0.0203];
  const slow = judge([7731, 7731, 7731, 7731], { seconds: quick });
  assert.deepEqual([said(slow), slow.endpoint], ['even one-endpoint-slow', '10.0.0.4:8080']);
  assert.match(slow.says, /20 ms: 5\.4 ms a request on average, 0\.5 ms without it/);
  const least: Dealt = { policy: 'least-conn' };
  assert.equal(said(judge([107950, 107663, 107760, 1965], { seconds: quick }, least)), 'skewed one-endpoint-slow');
  const failing = { seconds: [0.005, 0.005, 0.005, 0.0003], errors: [0, 0, 0, 9690] };
  assert.equal(said(judge([9691, 9691, 9691, 9690], failing)), 'even one-endpoint-fails');
  const attracted = judge([7926, 7950, 7934, 251246], { ...failing, errors: [0, 0, 0, 251246] }, least);
  assert.equal(said(attracted), 'skewed one-endpoint-fails');
  assert.match(attracted.says, /draws 91 % of all requests \(its share is 25 %\)/);
  assert.equal(said(judge([7926, 7950, 7934, 251246], { seconds: failing.seconds }, least)), 'even faster-gets-more');
  assert.equal(said(judge([7926, 7950, 7934, 251246], {}, least)), 'not-enough-data -');
  // Busy and therefore slow is the skew's fault, not the endpoint's.
  assert.equal(said(judge([20, 20, 20, 900], { seconds: [0.1, 0.1, 0.1, 3] })), 'skewed one-endpoint-hot');
  // One request of half a minute among 300 is no slow endpoint.
  const outlier = { seconds: [0.01, 0.01, 0.01, 0.11], deviation: [0.001, 0.001, 0.001, 1.7] };
  assert.equal(said(judge([300, 300, 300, 300], outlier)), 'even -');
});

test('weights, zones, and those that should get nothing', () => {
  const weighted = judge([300, 310, 900], { weight: [1, 1, 3] });
  assert.deepEqual([said(weighted), weighted.expected], ['even -', 'weighted']);
  assert.equal(judge([500, 500, 500], { weight: [1, 1, 3] }).verdict, 'skewed');
  const zones = { zone: ['a', 'a', 'b', 'b'] };
  assert.equal(said(judge([300, 310, 800, 790], zones)), 'skewed zone-imbalance');
  assert.equal(said(judge([300, 310, 300, 1290], zones)), 'skewed one-endpoint-hot');
  assert.equal(said(judge([500, 500, 0], { weight: [1, 1, 0] })), 'even -');
  assert.equal(said(judge([500, 510, 0], { aside: [null, null, 'backup'] })), 'even -');
  assert.equal(said(judge([500, 500, 0, 500])), 'skewed one-endpoint-idle');
  assert.equal(said(judge([900, 100, 900, 100], {}, { policy: 'sticky' })), 'skewed sticky');
});

test('who joined later is judged by the time since; who left is missed only where others remain', () => {
  const hour: Dealt = { from: '2026-11-21T10:00:00Z', to: '2026-11-21T11:00:00Z' };
  const since = (at: string): { startedAt: (string | null)[] } => ({ startedAt: [null, null, null, at] });
  assert.equal(said(judge([600, 610, 590, 100], since('2026-11-21T10:50:00Z'), hour)), 'even late-joiner');
  assert.equal(judge([600, 610, 590, 0], since('2026-11-21T10:59:50Z'), hour).kind, 'late-joiner');
  assert.equal(said(judge([600, 610, 590, 0], since('2026-11-21T10:10:00Z'), hour)), 'skewed one-endpoint-idle');
  assert.equal(said(judge([600, 610, 590, 100], since('2026-11-20T10:50:00Z'), hour)), 'skewed uneven');
  // By the order of a log.
  assert.equal(said(judge([600, 600, 600, 100], { before: [0, 0, 0, 1500] })), 'even late-joiner');
  assert.equal(said(judge([600, 600, 200, 600], { after: [0, 0, 1200, 0] })), 'even endpoint-left');
  // One that gets everything from some time on is no scaling in.
  assert.equal(judge([900, 200, 200, 200], { after: [0, 700, 700, 700] }).verdict, 'skewed');
  // Behind a service address it takes as long as connections live: 64 x 1000 / (3000 / 10 s) = 213 s.
  const pool: Dealt = {
    unit: 'connections',
    keepaliveRequests: 1000,
    from: '2026-11-21T10:00:00Z',
    to: '2026-11-21T10:00:10Z',
  };
  const late = judge([1200, 980, 820, 0], { connections: [22, 21, 21, 0], ...since('2026-11-21T10:00:05Z') }, pool);
  assert.deepEqual([late.kind, Math.round(late.catchUpSeconds ?? 0)], ['late-joiner', 213]);
  assert.match(late.says, /its share 4 min after it came/);
});

test('shares by weight and presence add up to one', () => {
  const shares = expectedShares([1, 1, 2], [0, 0.5, 0], [1, 1, 0.75]);
  assert.ok(Math.abs(shares.reduce((a, b) => a + b, 0) - 1) < 1e-12);
  assert.ok(Math.abs((shares[1] as number) - (0.25 / 4 + 0.25 / 2)) < 1e-12);
});

test('odd input never breaks the judgement', () => {
  assert.equal(balanceOf('s', []).verdict, 'not-enough-data');
  assert.equal(said(judge([7])), 'even one-address');
  assert.equal(judge([0, 0, 0]).verdict, 'not-enough-data');
  assert.equal(judge([10, 10], { weight: [0, 0] }).verdict, 'not-enough-data');
  assert.equal(fitOf([5, 5], [0, 0]), null);
  const random = seeded(1);
  for (let i = 0; i < 500; i++) {
    const endpoints = 2 + Math.floor(random() * 6);
    const requests = drawn(Math.floor(random() * 3000), endpoints, 0, random);
    const some = (): number[] => requests.map(() => (random() < 0.3 ? 0 : random() * 40));
    const dealt: Dealt = {
      unit: random() < 0.5 ? 'connections' : 'requests',
      from: 'never',
      to: '2026-11-21T10:00:00Z',
    };
    const group = judge(requests, { connections: some(), seconds: some(), weight: some(), before: some() }, dealt);
    assert.ok(!/NaN|undefined|Infinity/.test(JSON.stringify(group)), JSON.stringify(group));
    assert.ok(group.pValue === null || (group.pValue >= 0 && group.pValue <= 1));
  }
});
