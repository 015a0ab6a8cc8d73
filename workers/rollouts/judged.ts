import type { Interval, StageJudgement, StagePlan } from '../../diagnostics/rollout/types.ts';
import type { RolloutRecord, StageRecord } from './types.ts';

/** While the result stays what it is, its words and numbers are brought to people this often at most, ms. */
const WORDS_MS = 30_000;
/** A new side with all of the traffic is compared with what the old one did before. */
const ALL = 0.999;

/** Whether the stage under way has to be compared with earlier ones. */
export const needsEarlier = (record: RolloutRecord): boolean =>
  (record.rollout.stages[record.stage]?.share ?? 0) >= ALL && record.stage > 0;

/** Pure: what the judge is to know of the stage under way. */
export function planOf(record: RolloutRecord, earlier: readonly Interval[]): StagePlan {
  const share = record.rollout.stages[record.stage]?.share ?? 1;
  return earlier.length > 0 ? { share, earlier } : { share };
}

/**
 * Pure: whether people should see a judgement now: another result at once, other words and numbers every half minute: a
 * measure that is alike in one interval and open in the next changed a message twenty times a minute. `at`: ISO.
 */
export function isNews(before: StageRecord, after: StageJudgement, at: string): boolean {
  if (before.judgement === null) return true;
  // A stop is said at once, whatever was said when; so is the end of one.
  if (before.judgement.result !== after.result) return true;
  const waited = before.toldAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(at) - Date.parse(before.toldAt);
  if (
    JSON.stringify([before.judgement.headline, before.judgement.says]) === JSON.stringify([after.headline, after.says])
  )
    return false;
  return waited >= WORDS_MS;
}
