import { Job } from 'bullmq';
import type { EvidenceRow } from '../diagnostics/types.ts';
import type { CaseRecord } from './cases.ts';
import { jobId } from './queues.ts';
import type { RedisClient } from './redis.ts';
import { openQueue } from './tick.ts';

/** The number of a look from the key of its job. */
export const lookIndex = (key: string): number => Number(/-look-(\d+)$/.exec(key)?.[1] ?? -1);

/** What the looks of a running case have seen so far. */
export interface LooksSoFar {
  /** `over`: the numbers of the looks that are over, in the order of the plan. */
  of(record: CaseRecord): Promise<{ done: number; over: ReadonlySet<number>; evidence: EvidenceRow[] }>;
  close(): Promise<void>;
}

/** Reads finished looks from the verdict job that waits for them. */
export function looksSoFar(redis: RedisClient): LooksSoFar {
  const verdicts = openQueue('verdict', redis);
  return {
    async of(record) {
      const job = await Job.fromId(verdicts, jobId.verdict(record.case.id, record.run));
      const values = (await job?.getChildrenValues<EvidenceRow[]>()) ?? {};
      const seen = Object.entries(values).map(([key, rows]) => ({ look: lookIndex(key), rows }));
      seen.sort((a, b) => a.look - b.look);
      return {
        done: seen.length,
        over: new Set(seen.map(({ look }) => look)),
        evidence: seen.flatMap(({ rows }) => rows),
      };
    },
    close: () => verdicts.close(),
  };
}
