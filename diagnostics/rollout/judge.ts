import type { Interval, StageJudgement, StagePlan } from './types.ts';

/** Pure: go on, stop, or not enough data. */
export function judgeStage(intervals: readonly Interval[], plan: StagePlan, now: string): StageJudgement {
  const headline = `Not enough to tell at ${Math.round(plan.share * 100)} %: ${intervals.length} intervals until ${now}.`;
  return { result: 'not-enough-data', measures: [], because: [], needs: null, says: [], headline };
}
