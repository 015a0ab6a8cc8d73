import type { Interval, StageJudgement, StagePlan } from '../../diagnostics/rollout/types.ts';
import type { RolloutRecord, StageRecord } from './types.ts';

/** Mere numbers are brought to people this often at most, ms. */
const NUMBERS_MS = 30_000;
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

/** What makes one judgement another one for people: the result, which measures are worse, the words; no numbers. */
function gist(one: StageJudgement): string {
  const worse = one.measures.filter(({ verdict }) => verdict === 'worse').map(({ measure, of }) => [measure, of]);
  const words = [one.headline, ...one.because, ...one.says].map((text) => text.replace(/\d[\d.,:%]*/g, '#'));
  return JSON.stringify([one.result, worse, words]);
}

/**
 * Pure: whether people should see a judgement now: at once when more than numbers changed, and new numbers every half
 * minute. `at`: ISO.
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
  return gist(before.judgement) !== gist(after) || waited >= NUMBERS_MS;
}
