import type { Decision, RolloutRecord, Stage } from './types.ts';

/** What became of a decision: the record with it, the same record because it was made before, or why it cannot be made. */
export type Decided =
  | { is: 'decided'; record: RolloutRecord }
  /** A second click, a redelivery, or somebody was quicker: `by` is who decided it first. */
  | { is: 'already'; record: RolloutRecord; by: string | null }
  | { is: 'refused'; record: RolloutRecord; why: string };

/** More decisions than this no rollout needs; beyond it somebody clicks for fun. */
const MOST_DECISIONS = 200;
/** Of a reason, characters. */
const MOST_REASON = 1000;

/** A decision that nobody made: what was seen. */
export const aDecisionOf = (what: Decision['what'], stage: number, at: string, reason: string): Decision => ({
  what,
  by: null,
  at,
  stage,
  reason,
});

/** `50 %`, as people say a share. */
export const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`;

/** `stage 2 of 3 (50 %)`. */
export function stageName(stages: readonly Stage[], index: number): string {
  const share = stages[index]?.share;
  return `stage ${index + 1} of ${stages.length}${share === undefined ? '' : ` (${percent(share)})`}`;
}

/** Whether the stage under way is held: nobody goes on from it by plan until somebody says so. */
export function isHeld(record: RolloutRecord): boolean {
  const last = record.decisions.findLast((one) => one.what !== 'cleaned-up');
  return record.state === 'running' && last?.what === 'hold' && last.stage === record.stage;
}

/**
 * Pure: the state machine of a rollout. `decision.stage` is the stage that the person saw when deciding: what was meant
 * for an earlier one is refused, what was decided already changes nothing.
 */
export function decided(record: RolloutRecord, decision: Decision): Decided {
  const { rollout, state, stage } = record;
  const refused = (why: string): Decided => ({ is: 'refused', record, why });
  const before = record.decisions.find((one) => isSame(one, decision));
  if (before && !(decision.what === 'hold' && !isHeld(record))) return { is: 'already', record, by: before.by };
  if (record.decisions.length >= MOST_DECISIONS) return refused('There are too many decisions on it already.');
  if (decision.what !== 'cleaned-up' && state !== 'planned' && state !== 'running') return refused(OVER[state]);
  if (decision.what !== 'cleaned-up' && decision.stage !== stage && state === 'running')
    return refused(`${capital(stageName(rollout.stages, stage))} is under way: this was meant for another one.`);
  const all = { ...record, decisions: [...record.decisions, { ...decision, reason: cut(decision.reason) }] };
  const at = decision.at;
  switch (decision.what) {
    case 'begin':
      if (state !== 'planned') return refused(`It runs already: ${stageName(rollout.stages, stage)}.`);
      return { is: 'decided', record: entered(all, 0, at) };
    case 'next-stage':
      if (state !== 'running') return refused('It has not begun: begin the first stage.');
      if (stage + 1 >= rollout.stages.length) return refused('This is the last stage: finish it, or stop it.');
      return { is: 'decided', record: entered(all, stage + 1, at) };
    case 'hold':
      if (state !== 'running') return refused('It has not begun: there is nothing to hold.');
      return { is: 'decided', record: all };
    case 'stop':
      if (state !== 'running') return refused('It has not begun: cancel it instead.');
      return { is: 'decided', record: { ...ended(all, at), state: 'stopped', endedAt: at } };
    case 'finish':
      if (state !== 'running') return refused('It has not begun: there is nothing to finish.');
      if (stage + 1 < rollout.stages.length)
        return refused(`${capital(stageName(rollout.stages, stage + 1))} has not begun.`);
      return { is: 'decided', record: { ...ended(all, at), state: 'done', endedAt: at } };
    case 'cancel':
      if (state !== 'planned') return refused('It runs already: stop it instead.');
      return { is: 'decided', record: { ...all, state: 'cancelled', endedAt: at } };
    case 'cleaned-up':
      if (state !== 'done') return refused('It is not done: the old path is still needed.');
      return { is: 'decided', record: all };
  }
}

const OVER = {
  stopped: 'It was stopped already.',
  done: 'It is done already.',
  cancelled: 'It was cancelled already.',
} as const;

/** Decisions that can be made once in a rollout, whatever stage was looked at; the others once for each stage. */
const ONCE = new Set<Decision['what']>(['begin', 'stop', 'finish', 'cancel', 'cleaned-up']);

function isSame(one: Decision, other: Decision): boolean {
  return one.what === other.what && (ONCE.has(one.what) || one.stage === other.stage);
}

/** The next stage begins where the one before it ends, whose judgement then stays as it is. */
function entered(record: RolloutRecord, index: number, at: string): RolloutRecord {
  const stages = [...ended(record, at).stages];
  stages[index] = { startedAt: at, endedAt: null, judgement: null, judgedAt: null };
  return { ...record, state: 'running', stage: index, stages };
}

function ended(record: RolloutRecord, at: string): RolloutRecord {
  const stages = record.stages.map((one, i) => (one && i === record.stage ? { ...one, endedAt: at } : one));
  return { ...record, stages };
}

const cut = (text: string): string => text.slice(0, MOST_REASON);
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
