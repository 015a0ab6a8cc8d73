import { z } from 'zod';
import type { Planned } from '../../diagnostics/define-check.ts';
import type { Case, Path, Verdict } from '../../diagnostics/types.ts';
import { type MessageState, readMessageState } from '../messages.ts';
import { type Place, placeSchema } from '../queues.ts';

const CASE_STATES = ['open', 'finished'] as const;
type CaseState = (typeof CASE_STATES)[number];

/** What an earlier run of the same case said. */
const earlierSchema = z.object({
  at: z.coerce.number(),
  answer: z.string(),
  headline: z.string(),
  /** Since when it was failing, ISO, where that run could tell. */
  onset: z.string().optional(),
});
type Earlier = z.infer<typeof earlierSchema>;

/** A case as it stands now: everything that its one message is made from. */
export interface CaseRecord {
  case: Case;
  path: Path;
  place: Place;
  planned: Planned[];
  run: number;
  state: CaseState;
  /** When this run began, ms. */
  startedAt: number;
  finishedAt: number | null;
  verdict: Verdict | null;
  earlier: Earlier[];
  message: MessageState;
  /** How many cases of its channel ran when it began: the queue's order between channels. */
  turn: number;
  /** Why it was looked at again; null: the first run, or a button. */
  reason: RunReason | null;
  /** The case that this one repeats within hours, and the one that repeats it. */
  again: string | null;
  next: string | null;
  /** When the alert that opened or joined it ended, ms; null: there was none, or it lasts. */
  alertEndedAt: number | null;
}

const RUN_REASONS = ['still-broken', 'works-now'] as const;
/** What somebody said that made us look again. */
export type RunReason = (typeof RUN_REASONS)[number];

/** Pure: a case out of the hash that OPEN, REOPEN and FINISH write (scripts.ts). */
export function readRecord(hash: Record<string, string>): CaseRecord {
  return {
    // Written by `claim` alone, so the types hold by construction.
    case: JSON.parse(hash.case ?? 'null') as Case,
    path: JSON.parse(hash.path ?? 'null') as Path,
    planned: JSON.parse(hash.planned ?? '[]') as Planned[],
    place: placeSchema.parse(JSON.parse(hash.place ?? 'null')),
    run: Number(hash.run ?? 1),
    state: z.enum(CASE_STATES).parse(hash.state),
    startedAt: Number(hash.startedAt ?? 0),
    finishedAt: hash.finishedAt === undefined ? null : Number(hash.finishedAt),
    verdict: hash.verdict === undefined ? null : (JSON.parse(hash.verdict) as Verdict),
    earlier: hash.earlier === undefined ? [] : z.array(earlierSchema).parse(JSON.parse(hash.earlier)),
    message: readMessageState(hash),
    turn: Number(hash.turn ?? 0),
    reason: z
      .enum(RUN_REASONS)
      .nullable()
      .catch(null)
      .parse(hash.reason ?? null),
    again: hash.again ?? null,
    next: hash.next ?? null,
    alertEndedAt: hash.alertEndedAt === undefined ? null : Number(hash.alertEndedAt),
  };
}
