import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addWorse,
  noWorse,
  ODDS,
  type Table,
  withinIn,
  worseIn,
  worseSoFar,
} from '../../../diagnostics/rollout/evidence.ts';
import { lnGamma } from '../../../diagnostics/stats.ts';

const choose = (n: number, k: number): number => Math.exp(lnGamma(n + 1) - lnGamma(k + 1) - lnGamma(n - k + 1));
const binomial = (n: number, k: number, p: number): number => choose(n, k) * p ** k * (1 - p) ** (n - k);

/** Mean e-value over all ways in which `bad` failures fall on both sides by chance. */
function meanWorse(oldTotal: number, freshTotal: number, bad: number, odds: number): number {
  let mean = 0;
  for (let k = Math.max(0, bad - oldTotal); k <= Math.min(bad, freshTotal); k++) {
    const p = (choose(freshTotal, k) * choose(oldTotal, bad - k)) / choose(oldTotal + freshTotal, bad);
    const table: Table = { oldBad: bad - k, oldTotal, freshBad: k, freshTotal };
    mean += p * Math.exp(worseIn(table)[odds] as number);
  }
  return mean;
}

test('evidence for worse has a mean of one where failures fall by chance, exactly, and no more where it is bounded', () => {
  for (const [oldTotal, freshTotal, bad] of [
    [9, 1, 1],
    [180, 20, 3],
    [5, 3, 4],
    [12, 40, 30],
  ] as const)
    for (const odds of ODDS.keys())
      assert.ok(Math.abs(meanWorse(oldTotal, freshTotal, bad, odds) - 1) < 1e-8, `${oldTotal} ${freshTotal} ${bad}`);
  for (const [oldTotal, freshTotal, bad] of [
    [400, 300, 200],
    [900, 100, 120],
  ] as const)
    for (const odds of ODDS.keys()) assert.ok(meanWorse(oldTotal, freshTotal, bad, odds) <= 1 + 1e-9);
});

test('bets that the new side is within its margin have a mean of at most one wherever it is not', () => {
  for (const allowed of [
    { times: 1.1, more: 0.005 },
    { times: 1, more: 0.1 },
    { times: 1, more: 0.25 },
  ])
    for (const level of [0.0003, 0.01, 0.3, 0.6])
      for (const [oldTotal, freshTotal] of [
        [18, 2],
        [10, 10],
        [2, 12],
        [0, 15],
      ] as const)
        for (const old of [0, 0.001, 0.02, 0.3, 0.6])
          for (const beyond of [0, 0.05]) {
            const fresh = allowed.times * old + allowed.more + beyond;
            if (fresh > 1) continue;
            let mean = 0;
            for (let a = 0; a <= oldTotal; a++)
              for (let b = 0; b <= freshTotal; b++)
                mean +=
                  binomial(oldTotal, a, old) *
                  binomial(freshTotal, b, fresh) *
                  Math.exp(withinIn({ oldBad: a, oldTotal, freshBad: b, freshTotal }, allowed, level));
            assert.ok(
              mean <= 1 + 1e-6,
              `${JSON.stringify({ allowed, level, oldTotal, freshTotal, old, fresh })}: ${mean}`,
            );
          }
});

test('a bet gains where both sides are alike', () => {
  const table = { oldBad: 0, oldTotal: 9000, freshBad: 0, freshTotal: 1000 };
  assert.ok(withinIn(table, { times: 1.1, more: 0.005 }, 0.0003) > 4);
});

test('small counts are exact: 12 of 12 against 0 of 3,000 is no chance, 1 of 12 may be', () => {
  const all = { oldBad: 0, oldTotal: 3000, freshBad: 12, freshTotal: 12 };
  const evidence = worseSoFar(addWorse(noWorse(), worseIn(all)));
  // Never more than the exact probability allows, and most of it.
  assert.ok(evidence < Math.log(choose(3012, 12)));
  assert.ok(evidence > 60);
  assert.ok(worseSoFar(addWorse(noWorse(), worseIn({ ...all, freshBad: 1 }))) < 6);
});

test('an interval in which both sides fail alike, or one saw nothing, says nothing', () => {
  for (const table of [
    { oldBad: 0, oldTotal: 0, freshBad: 5, freshTotal: 5 },
    { oldBad: 9, oldTotal: 9, freshBad: 1, freshTotal: 1 },
    { oldBad: 0, oldTotal: 900, freshBad: 0, freshTotal: 100 },
  ])
    assert.ok(worseIn(table).every((log) => log === 0));
});

test('huge counts are quick and finite', () => {
  const logs = worseIn({ oldBad: 4e8, oldTotal: 9e8, freshBad: 5e8, freshTotal: 1e9 });
  assert.ok(logs.every(Number.isFinite));
});
