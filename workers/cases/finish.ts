import type { Case, Change, EvidenceRow, Verdict } from '../../diagnostics/types.ts';
import type { RedisClient } from '../redis.ts';
import { monthOfCase } from '../score.ts';
import { CASE_TTL_S, key } from './keys.ts';
import type { CaseRecord } from './record.ts';
import { FINISH } from './scripts.ts';

/** How long after its end a case that found a fault still answers those who ask about the same host. */
const JOIN_AFTER_END_MS = 60_000;
/** One that found none answers only those who wrote while it looked: who complains after it has seen something else. */
const JOIN_AFTER_NOTHING_MS = 5_000;
/** Longer than anybody may call a case a recurrence. */
const LAST_TTL_MS = 24 * 60 * 60 * 1000;
/** More evidence than this is not kept with the case; the verdict always is. */
const MAX_EVIDENCE_CHARS = 1_000_000;

/** How runs end, and what is kept of them. */
export function endings(redis: RedisClient, questionOf: (one: Case) => string) {
  return {
    /** Stores the verdict of a run once; false: this run had one already, or a later run has begun. */
    async finish(
      record: CaseRecord,
      verdict: Verdict,
      rows: EvidenceRow[],
      changes: Change[],
      now: number,
    ): Promise<boolean> {
      const id = record.case.id;
      const evidence = JSON.stringify({ evidence: rows, changes });
      const question = questionOf(record.case);
      const keys = [
        ...[key.case(id), key.host(question), key.score, key.evidence(id), key.opening],
        ...[key.running, key.runningIn(record.place.channel), key.last(question)],
      ];
      const reply = await redis.eval(
        FINISH,
        keys.length,
        ...keys,
        String(record.run),
        JSON.stringify(verdict),
        String(now),
        String(foundFault(verdict) ? JOIN_AFTER_END_MS : JOIN_AFTER_NOTHING_MS),
        verdict.answer,
        record.case.symptoms.suspects.length > 0 ? '1' : '0',
        evidence.length > MAX_EVIDENCE_CHARS ? '' : evidence,
        String(CASE_TTL_S),
        String(LAST_TTL_MS),
        monthOfCase(id),
      );
      return reply === 1;
    },

    /** The evidence and changes of a case's last finished run; null: none was kept. */
    async evidence(id: string): Promise<{ evidence: EvidenceRow[]; changes: Change[] } | null> {
      const text = await redis.get(key.evidence(id));
      // Written by `finish` alone, so the types hold by construction.
      return text === null ? null : (JSON.parse(text) as { evidence: EvidenceRow[]; changes: Change[] });
    },
  };
}

/** Whether a verdict names a fault: not "nothing wrong", not "can't tell". */
function foundFault({ answer, hop }: Verdict): boolean {
  return answer !== 'inconclusive' && hop !== 'none';
}
