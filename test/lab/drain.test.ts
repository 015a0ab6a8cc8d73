import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DrainResult, runRow } from '../../proxy/lab/drain/run.ts';
import { leaveText, QUICK } from '../../proxy/lab/drain/table.ts';

/** A quarter of the table's second. What is lost by chance (few requests under way when a signal comes) is left to the bench. */
const RUN = { rate: 120, unit: 0.25 };
const CERTAIN = QUICK.filter((row) => !row.kept);

test('what leaves drops what its configuration says: real HAProxy before real nginx, under load', async (t) => {
  const runs = CERTAIN.map((row) => runRow(row, RUN));
  for (const [i, row] of CERTAIN.entries())
    await t.test(`${row.front}: ${leaveText(row)}`, async () => {
      const { predicted, counted } = (await Promise.allSettled(runs).then(() => runs[i])) as DrainResult;
      const seen = JSON.stringify(counted);
      if (predicted.verdict === 'drops-none') assert.equal(counted.failed, 0, seen);
      else assert.ok(counted.failed > 0, seen);
      assert.equal(counted.ok + counted.failed, counted.sent);
      assert.ok(counted.failed <= (predicted.atMost ?? counted.sent), seen);
    });
});
