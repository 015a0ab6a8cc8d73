import { createHash } from 'node:crypto';
import { FlowProducer } from 'bullmq';
import type { Case } from '../diagnostics/types.ts';
import { type CaseRecord, type Cases, type Claim, createCases, type NewCase } from './cases.ts';
import {
  JOBS,
  jobId,
  type LookPayload,
  type Place,
  PREFIX,
  QUEUES,
  type ThreadPayload,
  type VerdictPayload,
} from './queues.ts';
import type { RedisClient } from './redis.ts';
import { openQueue } from './tick.ts';

/** How long the queue may take to accept something: Slack wants its answer within three seconds. */
const ACCEPT_MS = 2000;
/** A claimed case whose jobs are not there after this time lost the process that should have added them. */
const HALF_OPEN_MS = 2000;
/** How often the counts of who asked are shown anew. */
const REFRESH_MS = 5000;

/** Something said once: to everybody in the place, or privately to the one who asked. */
export interface Note {
  place: Place;
  private: boolean;
  text: string;
  about: string | null;
  sources: string[];
}

/** Where cases are handed in. */
export type Desk = ReturnType<typeof createDesk>;

/** The queue could not be reached in time: nothing was promised to anybody yet. */
export class QueueAway extends Error {
  constructor(cause: unknown) {
    super('the queue cannot be reached', { cause });
    this.name = 'QueueAway';
  }
}

/** The desk on a producer's connection. Whatever it returns from has been stored: the caller may then acknowledge. */
export function createDesk(redis: RedisClient, now: () => number = Date.now, questionOf?: (one: Case) => string) {
  const flows = new FlowProducer({ connection: redis, prefix: PREFIX, skipVersionCheck: true });
  flows.on('error', () => {});
  const thread = openQueue<ThreadPayload>('thread', redis);
  const cases: Cases = createCases(redis, questionOf);

  const desk = {
    cases,

    /**
     * Opens a case, or finds the one that is open already. Safe to repeat with the same sources. `complete` adds what only the
     * store can tell, within the same time.
     */
    open: (given: NewCase, complete?: (cases: Cases) => Promise<Partial<NewCase>>): Promise<Claim> =>
      inTime(async () => {
        const ask = { ...given, ...(await complete?.(cases)) };
        const startedAt = now();
        const claim = await cases.claim(ask, startedAt);
        if (claim.is === 'opened') await enqueue({ ...ask, run: 1, startedAt, turn: claim.turn ?? 0 });
        if (claim.is === 'joined') await desk.refreshSoon(claim.case);
        // A redelivery may be here because the first try died after its claim.
        if (claim.is === 'seen' && claim.case.startsWith('c-')) await finishOpening(claim.case);
        return claim;
      }),

    /** Another run of a finished case in the same message. */
    again: (ask: NewCase): Promise<'started' | 'busy' | 'seen'> =>
      inTime(async () => {
        const startedAt = now();
        const begun = await cases.reopen(ask, startedAt);
        // A redelivery may be here because the first try died after its claim.
        if (begun === 'seen') await finishOpening(ask.case.id);
        if (begun === 'seen' || begun === 'busy') return begun;
        await enqueue({ ...ask, ...begun, startedAt });
        return 'started';
      }),

    /** Says something once, however often it is asked for with the same sources. False: these were seen before. */
    say: (note: Note): Promise<boolean> =>
      inTime(async () => {
        const { sources, ...said } = note;
        const id = `say-${createHash('sha256').update(sources.join('\n')).digest('hex').slice(0, 24)}`;
        const before = await cases.firstTime(sources, id);
        if (before !== null && before !== id) return false;
        await thread.add('say', { v: 1, kind: 'say', ...said }, { ...JOBS.thread, jobId: id });
        return before === null;
      }),

    /** Points somebody to an open case. Its sources were claimed when the case was found. */
    point: (place: Place, about: string, privately: boolean, text: string, source: string): Promise<void> =>
      inTime(async () => {
        const id = `point-${createHash('sha256').update(source).digest('hex').slice(0, 24)}`;
        const data: ThreadPayload = { v: 1, kind: 'say', place, private: privately, text, about };
        await thread.add('say', data, { ...JOBS.thread, jobId: id });
      }),

    /** Sends the digest of a moment (ms), once; `missed`: earlier moments whose digest was not sent. */
    digest: (due: number, missed: readonly number[]): Promise<void> =>
      inTime(async () => {
        const iso = (at: number) => new Date(at).toISOString();
        const data: ThreadPayload = { v: 1, kind: 'digest', due: iso(due), missed: missed.map(iso) };
        await thread.add('digest', data, { ...JOBS.thread, jobId: `digest-${due}` });
      }),

    /** Brings a case's message up to date, after something beside the verdict changed. */
    refresh: (id: string): Promise<void> =>
      inTime(async () => {
        const at = new Date(now()).toISOString();
        await thread.add('refresh', { v: 1, kind: 'refresh', case: id, at }, { ...JOBS.thread });
      }),

    /** The same, a moment later and once for all who ask for it meanwhile: counts that change with every report. */
    refreshSoon: (id: string): Promise<void> =>
      inTime(async () => {
        const slot = Math.floor(now() / REFRESH_MS) + 1;
        const at = new Date(slot * REFRESH_MS).toISOString();
        const options = { jobId: `refresh-${id}-${slot}`, delay: Math.max(0, slot * REFRESH_MS - now()) };
        await thread.add('refresh', { v: 1, kind: 'refresh', case: id, at }, { ...JOBS.thread, ...options });
      }),

    /** Answers a question in a case's thread once the run it waits for is over; `name` is the message's. */
    followUp: (
      name: string,
      payload: Omit<Extract<ThreadPayload, { kind: 'follow-up' }>, 'v' | 'kind'>,
    ): Promise<void> =>
      inTime(async () => {
        const id = `follow-${createHash('sha256').update(name).digest('hex').slice(0, 24)}`;
        await thread.add('follow-up', { v: 1, kind: 'follow-up', ...payload }, { ...JOBS.thread, jobId: id });
      }),

    /** Adds the jobs of cases that were claimed by a process that died. Returns their ids. */
    async sweep(): Promise<string[]> {
      const ids = await cases.halfOpened(now() - HALF_OPEN_MS);
      for (const id of ids) await finishOpening(id);
      if (ids.length > 0) await cases.trim();
      return ids;
    },

    async close(): Promise<void> {
      await Promise.allSettled([flows.close(), thread.close()]);
    },
  };

  async function enqueue(run: Run): Promise<void> {
    // That they are there is noted when the run ends, or by the sweep: one command less while a person waits.
    await flows.addBulk(flowOf(run));
  }

  async function finishOpening(id: string): Promise<void> {
    const record = await cases.load(id);
    // The root's id outlives the run, so a flow that is there is never added again.
    if (record === null || (await thread.getJob(jobId.thread(id, record.run)))) await cases.queued(id);
    else await enqueue(record);
  }

  async function inTime<T>(work: () => Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${ACCEPT_MS} ms`)), ACCEPT_MS);
    });
    return Promise.race([work(), late])
      .catch((error: unknown) => {
        throw new QueueAway(error);
      })
      .finally(() => clearTimeout(timer));
  }

  return desk;
}

/** One run of a case, as far as its jobs need to know. */
export type Run = Pick<CaseRecord, 'case' | 'planned' | 'run' | 'startedAt' | 'turn'>;

/** Pure: the jobs of one run of a case. One flow, and beside it the job that shows how far it is. */
function flowOf({ case: one, planned, run, startedAt, turn }: Run) {
  const { id } = one;
  const until = startedAt + one.deadlineMs;
  const looks = planned.map((each, index) => ({
    name: each.look.check,
    queueName: QUEUES.look,
    data: {
      v: 1,
      case: id,
      run,
      host: one.target.host,
      path: one.target.path,
      planned: each,
      until,
    } satisfies LookPayload,
    // A channel's first case goes before the second of any other; without a priority it costs the queue nothing.
    opts: { ...JOBS.look, jobId: jobId.look(id, run, index), ...(turn > 0 && { priority: turn }) },
  }));
  const verdict = {
    name: 'verdict',
    queueName: QUEUES.verdict,
    data: { v: 1, case: id, run, startedAt } satisfies VerdictPayload,
    opts: { ...JOBS.verdict, jobId: jobId.verdict(id, run) },
    children: looks,
  };
  const root = {
    name: 'verdict',
    queueName: QUEUES.thread,
    data: { v: 1, kind: 'verdict', case: id, run } satisfies ThreadPayload,
    opts: { ...JOBS.thread, jobId: jobId.thread(id, run) },
    children: [verdict],
  };
  const progress = {
    name: 'progress',
    queueName: QUEUES.thread,
    data: { v: 1, kind: 'progress', case: id, run } satisfies ThreadPayload,
    opts: { ...JOBS.thread, jobId: jobId.progress(id, run) },
  };
  return [progress, root];
}
