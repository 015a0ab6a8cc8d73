import type { Interval } from '../../diagnostics/rollout/types.ts';
import { percent, stageName } from './decide.ts';
import type { Decision, RolloutRecord } from './types.ts';

/** So many stretches in a row must show it: one alone may be a health check or a bot. */
const STRETCHES = 3;
/** And so many requests of both sides in them. */
const REQUESTS = 50;
/** Plans slip: a rollout without a word is waited for this long after its time, ms. */
const PATIENCE_MS = 24 * 60 * 60 * 1000;

/** When the next stage is meant to begin, ms; null: when somebody says so. */
function nextAt({ rollout, stage, state }: RolloutRecord): number | null {
  const next = rollout.stages[stage + 1];
  const at = next?.at ?? (state === 'planned' ? rollout.window?.from : null) ?? null;
  return at === null ? null : Date.parse(at);
}

/** Pure: a rollout that is planned, whose time has come, and that nobody has begun. */
export function isDue(record: RolloutRecord, now: number): boolean {
  const at = nextAt(record);
  const last = Math.max(at ?? 0, Date.parse(record.rollout.window?.to ?? '') || 0);
  return record.state === 'planned' && at !== null && at <= now && now <= last + PATIENCE_MS;
}

/**
 * Pure: the decision that nobody told us of, where the traffic shows it: the next stage's time has passed, and the new
 * side answers a share nearer to its share than to the one before. Null: nothing of the kind is seen.
 */
export function seenBegin(record: RolloutRecord, intervals: readonly Interval[], now: number): Decision | null {
  const { rollout, stage, state } = record;
  const next = rollout.stages[stage + 1];
  const at = nextAt(record);
  if (!next || at === null || at > now || (state !== 'planned' && state !== 'running')) return null;
  const last = intervals.filter((one) => one.source === 'counters').slice(-STRETCHES);
  const each = last.map((one) => [one.fresh.requests, one.fresh.requests + one.old.requests] as const);
  const [fresh, all] = each.reduce(([f, a], [nf, na]) => [f + nf, a + na], [0, 0]);
  if (last.length < STRETCHES || all < REQUESTS || Date.parse(last[0]?.from ?? '') < at) return null;
  const between = (next.share + (rollout.stages[stage]?.share ?? 0)) / 2;
  if (each.some(([f, a]) => a === 0 || f / a < between)) return null;
  return {
    what: state === 'planned' ? 'begin' : 'next-stage',
    by: null,
    at: new Date(now).toISOString(),
    stage,
    reason: `Noticed: the new side answers ${percent(fresh / all)} of the requests (${fresh} of ${all}) since ${last[0]?.from.slice(11, 16)} UTC, as ${stageName(rollout.stages, stage + 1)} would. Nobody said so.`,
  };
}
