import { z } from 'zod';
import type { CaseRecord } from '../../workers/cases.ts';
import { PREFIX } from '../../workers/queues.ts';
import type { RedisClient } from '../../workers/redis.ts';
import type { Prose } from './prose.ts';

/** As long as the case itself. */
const KEPT_S = 7 * 24 * 60 * 60;
/** Who clicks again and again does not ask again and again. */
const NOTHING_S = 5 * 60;

const paragraph = z.object({ text: z.string().max(4000), codes: z.array(z.string().max(100)).max(50) }).nullable();
const schema = z.object({ forAsker: paragraph, forEngineer: paragraph }).nullable();

const keyOf = (record: CaseRecord): string => `${PREFIX}:model:prose:${record.case.id}:${record.run}`;

/** The prose of a run of a case, as it was written once; `asked` false: nobody tried lately. Never rejects. */
export async function keptProse(
  redis: RedisClient,
  record: CaseRecord,
): Promise<{ asked: boolean; prose: Prose | null }> {
  const kept = await redis.get(keyOf(record)).catch(() => null);
  if (kept === null) return { asked: false, prose: null };
  const read = schema.safeParse(JSON.parse(kept));
  return { asked: true, prose: read.success ? read.data : null };
}

/** Keeps what was written, and for a while that nothing was. Rejects while Redis is away. */
export async function keepProse(redis: RedisClient, record: CaseRecord, prose: Prose | null): Promise<void> {
  await redis.set(keyOf(record), JSON.stringify(prose), 'EX', prose === null ? NOTHING_S : KEPT_S);
}
