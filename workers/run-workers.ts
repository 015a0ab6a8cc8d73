import type { Logger } from 'pino';
import type { Planned } from '../diagnostics/define-check.ts';
import { reasonOf } from '../diagnostics/errors.ts';
import type { Judged } from '../diagnostics/judge.ts';
import { type Course, courseOf } from '../diagnostics/suffices.ts';
import type { Case, Change, EvidenceRow, Verdict } from '../diagnostics/types.ts';
import { createCases } from './cases.ts';
import { type Consumer, consume, Hopeless } from './consume.ts';
import { type Looker, lookJob } from './look-job.ts';
import { lookIndex, looksSoFar } from './looks-so-far.ts';
import type { Metrics } from './metrics.ts';
import { createDesk } from './open-case.ts';
import { type LookPayload, lookPayload, QUEUES, verdictPayload } from './queues.ts';
import { isUp, type RedisClient } from './redis.ts';
import { openQueue } from './tick.ts';
import { unjudged, type VerdictParts, verdictJob } from './verdict-job.ts';

/** What a workers' process is made of; tests put their own looks and judges in. */
export interface WorkerParts {
  /** A connection of role `worker`. */
  redis: RedisClient;
  /** A connection of role `producer`, for what the sweep adds. */
  producer: RedisClient;
  look: Looker;
  judge: (input: Judged) => Verdict;
  readChanges: (one: Case) => Promise<{ changes: Change[]; blind: Planned[] }>;
  /** See VerdictParts; left out: no request is made again. */
  repeat?: VerdictParts['repeat'];
  metrics: Metrics;
  log: Logger;
  now?: () => number;
  /** Looks at the same time in this process. */
  concurrency?: number;
  /** A run has its verdict. Called again when a job is repeated. */
  onVerdict?: (of: { case: string; run: number }) => Promise<void>;
}

const SWEEP_MS = 2000;
/** How long what a run's looks have seen so far is new enough for the next one that asks, ms. */
const COURSE_KEPT_MS = 400;
/** How often a judgement is tried before the case says that it failed. */
const JUDGE_ATTEMPTS = 3;

/** Starts consuming looks and verdicts, and looking after cases that lost their opener. */
export function startWorkers(parts: WorkerParts) {
  const now = parts.now ?? Date.now;
  const { redis, metrics, log } = parts;
  const cases = createCases(redis);
  const desk = createDesk(parts.producer, now);
  const soFar = looksSoFar(parts.producer);
  const queues = Object.values(QUEUES).map((name) => openQueue(name, parts.producer));

  /** How the looks of a run go on, as far as those that are over can tell. */
  const courseOfRun = async ({ case: id, run }: LookPayload): Promise<Course> => {
    const record = await cases.load(id);
    if (record === null || record.run !== run || record.verdict !== null) return 'stop';
    const { over, evidence } = await soFar.of(record);
    const pending = record.planned.filter((_, i) => !over.has(i));
    const elapsed = now() - record.startedAt;
    const seen = { case: record.case, path: record.path, evidence, durationMs: elapsed };
    const course = courseOf({ ...seen, changes: [] }, pending, elapsed);
    if (course !== 'stop') return course;
    // What happened around that time is read only where it is the last thing that could say otherwise.
    const { changes } = await parts.readChanges(record.case);
    return courseOf({ ...seen, changes }, pending, elapsed);
  };

  // Looks of one run ask at the same moments: one reading answers all of them.
  const asked = new Map<string, Promise<Course>>();
  const courseTogether = (payload: LookPayload): Promise<Course> => {
    const of = `${payload.case}-${payload.run}`;
    const known = asked.get(of);
    if (known) return known;
    const course = courseOfRun(payload);
    asked.set(of, course);
    setTimeout(() => asked.delete(of), COURSE_KEPT_MS).unref();
    return course;
  };

  const looks = consume({
    queue: 'look',
    schema: lookPayload,
    redis,
    concurrency: parts.concurrency ?? 32,
    log,
    metrics,
    work: async (payload, _job, signal) => {
      const course = (): Promise<Course> => courseTogether(payload);
      const rows = await lookJob(payload, parts.look, { now, signal, course });
      metrics.looked(rows);
      return rows;
    },
  });

  const verdicts = consume({
    queue: 'verdict',
    schema: verdictPayload,
    redis,
    // Most of them only compute; one that repeats requests waits for seconds.
    concurrency: 12,
    log,
    metrics,
    work: async (payload, job) => {
      const [record, values, ignored] = await Promise.all([
        cases.load(payload.case),
        job.getChildrenValues<EvidenceRow[]>(),
        job.getIgnoredChildrenFailures(),
      ]);
      if (record === null) throw new Hopeless('the case is gone');
      const told = async <T>(result: T): Promise<T> => {
        await parts.onVerdict?.({ case: payload.case, run: payload.run });
        return result;
      };
      // Whoever stored it may have died before anybody else heard of it.
      if (record.run !== payload.run || record.verdict !== null) return told({ already: true });
      const results = {
        // By the look's number, not by which ended first: the same evidence gives the same verdict.
        rows: Object.entries(values ?? {})
          .sort(([a], [b]) => lookIndex(a) - lookIndex(b))
          .map(([, rows]) => rows),
        failed: Object.entries(ignored ?? {}).map(([key, reason]) => ({ index: lookIndex(key), reason })),
      };
      const done = await verdictJob(record, results, { ...parts, cases, now }).catch(async (error: unknown) => {
        if (job.attemptsMade + 1 < JUDGE_ATTEMPTS || !isUp(redis)) throw error;
        log.error(
          { case: payload.case, reason: reasonOf(error), stack: error instanceof Error ? error.stack : undefined },
          'judgement failed',
        );
        const verdict = unjudged(record, error, now());
        return (await cases.finish(record, verdict, results.rows.flat(), [], now())) ? { verdict } : null;
      });
      if (!done) return told({ already: true });
      metrics.judged(done.verdict);
      const { answer, hop, cause, durationMs } = done.verdict;
      log.info({ case: payload.case, run: payload.run, answer, hop, cause, durationMs }, 'verdict');
      return told({ answer });
    },
  });

  const consumers: Consumer[] = [looks, verdicts];
  let sweeping: Promise<unknown> = Promise.resolve();
  const sweep = () => {
    if (!isUp(parts.producer)) return;
    sweeping = desk.sweep().then(
      (ids) => ids.length > 0 && log.warn({ cases: ids }, 'cases taken over whose opener went away'),
      (error: unknown) => log.debug({ reason: reasonOf(error) }, 'sweep'),
    );
  };
  const timer = setInterval(sweep, SWEEP_MS);
  sweep();

  return {
    running: () => consumers.every((one) => one.running()),
    /** Jobs by queue and state. */
    depth: async (): Promise<Record<string, Record<string, number>>> => {
      if (!isUp(parts.producer)) return {};
      const counts = await Promise.all(
        queues.map((queue) => queue.getJobCounts('wait', 'active', 'delayed', 'failed', 'waiting-children')),
      );
      return Object.fromEntries(queues.map((queue, i) => [queue.name, counts[i] ?? {}]));
    },
    async close(graceMs = 4000): Promise<void> {
      clearInterval(timer);
      await Promise.all(consumers.map((one) => one.close(graceMs)));
      await sweeping;
      await Promise.allSettled([desk.close(), soFar.close(), ...queues.map((queue) => queue.close())]);
    },
  };
}
