import { Job, Queue } from 'bullmq';
import type { EvidenceRow } from '../diagnostics/types.ts';
import type { CaseRecord } from './cases.ts';
import { jobId, PREFIX, QUEUES } from './queues.ts';
import type { RedisClient } from './redis.ts';

/** What the looks of a running case have seen so far. */
export interface LooksSoFar {
  of(record: CaseRecord): Promise<{ done: number; evidence: EvidenceRow[] }>;
  close(): Promise<void>;
}

/** Reads finished looks from the verdict job that waits for them. */
export function looksSoFar(redis: RedisClient): LooksSoFar {
  const verdicts = new Queue(QUEUES.verdict, { connection: redis, prefix: PREFIX });
  verdicts.on('error', () => {});
  return {
    async of(record) {
      const job = await Job.fromId(verdicts, jobId.verdict(record.case.id, record.run));
      const values = (await job?.getChildrenValues<EvidenceRow[]>()) ?? {};
      return { done: Object.keys(values).length, evidence: Object.values(values).flat() };
    },
    close: () => verdicts.close(),
  };
}
