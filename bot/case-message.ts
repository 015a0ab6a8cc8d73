import type { judge as judgeNow } from '../diagnostics/judge.ts';
import type { CaseRecord, Cases } from '../workers/cases.ts';
import type { LooksSoFar } from '../workers/looks-so-far.ts';
import { rolloutNotes } from '../workers/rollouts/tie.ts';
import type { RolloutRecord } from '../workers/rollouts/types.ts';
import type { Around } from './blocks/around.ts';
import { openedMessage, type Progress } from './blocks/case-opened.ts';
import type { Message } from './blocks/message.ts';
import { verdictMessage } from './blocks/verdict.ts';

/** A case is tied to one of these at most. */
const RECENT_ROLLOUTS = 10;

/** Makes a case's one message from what is stored now. */
export function caseMessages(parts: {
  cases: Cases;
  looks: LooksSoFar;
  judge: typeof judgeNow;
  now: () => number;
  /** The permalink of a case whose message is posted; null: not yet. */
  linkOf: (record: CaseRecord) => Promise<string | null>;
  /** Rollouts, newest first. */
  rollouts: { recent: (count: number) => Promise<RolloutRecord[]> };
  /** A run this young has seen nothing worth telling, ms. */
  earlyMs: number;
}) {
  const { cases, looks, judge, now } = parts;

  async function around(record: CaseRecord): Promise<Around> {
    const [asked, before, again, next, rollouts] = await Promise.all([
      cases.asked(record.case.id),
      record.verdict === null ? cases.before(record.case.id) : 0,
      record.again === null ? null : cases.load(record.again),
      record.next === null ? null : cases.load(record.next),
      record.verdict === null ? [] : parts.rollouts.recent(RECENT_ROLLOUTS),
    ]);
    const linked = async (one: CaseRecord | null, at: number | null) =>
      one && { at: at ?? one.startedAt, headline: one.verdict?.headline ?? null, permalink: await parts.linkOf(one) };
    return {
      asked,
      before,
      again: await linked(again, again?.finishedAt ?? null),
      next: await linked(next, next && Date.parse(next.case.at)),
      rollouts: rolloutNotes(record.case.id, record.path, rollouts),
    };
  }

  /** What the looks of a run have seen so far. */
  async function progressOf(record: CaseRecord): Promise<Progress> {
    const { done, evidence } = await looks.of(record);
    const durationMs = now() - record.startedAt;
    const soFar = judge({ case: record.case, path: record.path, evidence, changes: [], durationMs });
    const findings = soFar.findings.filter((finding) => finding.direction === 'implicates');
    return { done, total: record.planned.length, findings };
  }

  return async (record: CaseRecord): Promise<Message> => {
    const beside = await around(record);
    if (record.verdict !== null)
      return verdictMessage(record, record.verdict, await cases.votes.of(record.case.id), beside);
    const early = now() - record.startedAt < parts.earlyMs || record.message.ts === null;
    const state = early ? { done: 0, total: record.planned.length, findings: [] } : await progressOf(record);
    return openedMessage(record, state, now(), beside);
  };
}
