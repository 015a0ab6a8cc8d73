import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { judge } from '../../diagnostics/judge.ts';
import type { EvidenceRow, SavedCase } from '../../diagnostics/types.ts';
import { type EmbeddedRedis, startEmbeddedRedis } from '../../workers/embedded-redis.ts';
import type { Looker } from '../../workers/look-job.ts';
import { createMetrics } from '../../workers/metrics.ts';
import { createDesk, type Desk } from '../../workers/open-case.ts';
import { closeRedis, connectRedis, isUp, type RedisClient } from '../../workers/redis.ts';
import { startWorkers, type WorkerParts } from '../../workers/run-workers.ts';
import { anAsk, quiet, until } from './stand-ins.ts';

let server: EmbeddedRedis;
let redis: RedisClient;
let producer: RedisClient;
let desk: Desk;

before(async () => {
  server = await startEmbeddedRedis();
  redis = connectRedis(server.url, 'worker');
  producer = connectRedis(server.url, 'producer');
  for (const client of [redis, producer]) client.on('error', () => {});
  await until('redis', () => isUp(redis) && isUp(producer));
  desk = createDesk(producer);
});
after(async () => {
  await desk.close();
  closeRedis(redis);
  closeRedis(producer);
  await server.stop();
});

const read = (name: string): SavedCase =>
  JSON.parse(readFileSync(new URL(`../fixtures/cases/${name}.json`, import.meta.url), 'utf8')) as SavedCase;

/** Runs a saved case through the queue: each look sees what it saw then, but for those that never end by themselves. */
async function run(
  t: { after: (end: () => Promise<void>) => void },
  saved: SavedCase,
  endless: (row: EvidenceRow) => boolean,
  more: Partial<WorkerParts> = {},
): Promise<{ verdict: SavedCase['verdict']; ended: string[] }> {
  const ended: string[] = [];
  const look: Looker = async (planned, _host, { signal }) => {
    const rows = saved.evidence.filter((row) => isDeepStrictEqual(row.look, planned.look));
    if (!rows.some(endless)) return rows;
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    ended.push(planned.look.check);
    return rows;
  };
  const running = startWorkers({
    redis,
    producer,
    look,
    judge,
    readChanges: async () => ({ changes: saved.changes, blind: [] }),
    metrics: createMetrics({ process: false }),
    log: quiet,
    ...more,
  });
  t.after(() => running.close());
  const ask = anAsk();
  const id = ask.case.id;
  await desk.open({
    ...ask,
    case: { ...saved.case, id, deadlineMs: 60_000 },
    path: saved.path,
    planned: saved.evidence.map((row) => ({ look: row.look })),
  });
  return { verdict: await until(`a verdict for ${id}`, async () => (await desk.cases.load(id))?.verdict), ended };
}

test('a look that is not needed any more ends without a row, and the answer is the same', async (t) => {
  const saved = read('reload-failed');
  const whole = judge({ ...saved, durationMs: 0 });
  const { verdict, ended } = await run(t, saved, (row) => row.look.check === 'endpoint-balance');
  const late = saved.evidence.filter((row) => row.look.check === 'endpoint-balance').length;
  assert.ok(late > 0);
  assert.deepEqual([verdict.answer, verdict.hop, verdict.cause], [whole.answer, whole.hop, whole.cause]);
  assert.deepEqual(verdict.looks, { made: saved.evidence.length - late, planned: saved.evidence.length });
  assert.deepEqual([...new Set(ended)], ['endpoint-balance']);
  assert.ok(!verdict.blind.some((b) => b.check === 'endpoint-balance'));
});

test('before a verdict that needs it, requests are repeated; if that fails, what was seen is judged', async (t) => {
  const saved = read('none');
  const asked: number[] = [];
  const { verdict } = await run(t, { ...saved, case: intermittent(saved) }, () => false, {
    judge: (input) => ({ ...judge(input), answer: 'inconclusive', hop: null, cause: null }),
    repeat: async (_record, evidence, budgetMs) => {
      asked.push(evidence.length, budgetMs);
      throw new Error('the inventory is away');
    },
  });
  assert.ok((asked[0] as number) > 0);
  assert.ok((asked[1] as number) > 0);
  assert.equal(verdict.findings.length > 0, true);
});

const intermittent = ({ case: one }: SavedCase): SavedCase['case'] => ({
  ...one,
  // About another host: the same question would join the case that is there.
  target: { ...one.target, host: 'other.example.test' },
  symptoms: { ...one.symptoms, course: 'intermittent' },
});
