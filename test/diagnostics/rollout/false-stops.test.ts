import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeStage } from '../../../diagnostics/rollout/judge.ts';
import type { Interval } from '../../../diagnostics/rollout/types.ts';
import { NOW, stream } from './streams.ts';

const STREAMS = 2000;
/** Looked at after each of these many intervals, whatever was said before. */
const LOOKS = [2, 4, 6, 8, 10, 12];

const everStopped = (intervals: Interval[], alpha: number): boolean =>
  LOOKS.some((end) => judgeStage(intervals.slice(0, end), { share: 0.25, alpha }, NOW).result === 'stop');

test('of 2,000 harmless stages fewer than 2 % are ever stopped, over all measures and looks, at a budget of 2 %', () => {
  let stopped = 0;
  for (let seed = 0; seed < STREAMS; seed++) {
    // A third calm, a third with a rate that drifts, a third with an application that fails for a while.
    const rate = [() => 0.002, (i: number) => 0.001 * (i + 1), (i: number) => (i > 5 && i < 8 ? 0.3 : 0.002)][seed % 3];
    const at = (i: number) => ({ old: { errors: rate?.(i) ?? 0 }, fresh: { errors: rate?.(i) ?? 0 } });
    if (everStopped(stream(seed, 12, 0.25, at, { rate: 10 }), 0.02)) stopped++;
  }
  assert.ok(stopped < 0.02 * STREAMS, `${stopped} of ${STREAMS}`);
});

test('the same stages are stopped when the new side fails 3 % more', () => {
  let stopped = 0;
  for (let seed = 0; seed < 40; seed++)
    if (
      everStopped(
        stream(seed, 12, 0.25, () => ({ fresh: { errors: 0.032 } }), { rate: 10 }),
        0.02,
      )
    )
      stopped++;
  assert.ok(stopped >= 36, `${stopped} of 40`);
});
