import { z } from 'zod';
import { BLIND_REASONS, HOPS, type Json, VANTAGES } from '../diagnostics/types.ts';

/**
 * The whole contract between the processes: names, payloads, job ids, attempts and locks. Everything of this project in
 * Redis lives under one hash tag, so that a case and its jobs share a slot of a Cluster and can be written together.
 */
export const PREFIX = '{iti}';
export const QUEUES = {
  look: 'look',
  verdict: 'verdict',
  thread: 'thread',
  record: 'record',
  rollout: 'rollout',
} as const;
export type QueueName = keyof typeof QUEUES;

/**
 * A killed worker is noticed after one lock and two rounds of the stalled check: about four seconds.
 * A job may be taken over many times before its case is given up, since the fault is then in what kills the workers.
 */
export const LOCKS = { lockDuration: 3000, stalledInterval: 1000, maxStalledCount: 40, runRetryDelay: 1000 } as const;

const caseId = z.string().regex(/^c-[0-9]{8}-[0-9a-z]{4,32}$/);
const rolloutId = z.string().regex(/^r-[0-9]{8}-[0-9a-z]{4,32}$/);
const run = z.int().min(1).max(1000);
const isoTime = z.string().max(40);

/** It comes out of a JSON document, so it is JSON; walking through it again would cost every look. */
const json = z.custom<Json>(() => true);
const blind = z.object({
  reason: z.enum(BLIND_REASONS),
  detail: z.string(),
});

const plannedSchema = z.object({
  look: z.object({
    check: z.string().min(1).max(100),
    vantage: z.enum(VANTAGES),
    hop: z.enum(HOPS),
    at: z.object({ hop: z.string(), part: z.string().nullable() }),
    address: z.string().max(2000),
    with: z.record(z.string(), json),
  }),
  blind: blind.optional(),
});

/** One look: everything it needs, so that it reads nothing else before it begins. */
export const lookPayload = z.object({
  v: z.literal(1),
  case: caseId,
  run,
  host: z.string().min(1).max(300),
  /** The path that the case is about: where a cluster's objects lead depends on it. Missing in looks of older bots. */
  path: z.string().max(4000).optional(),
  planned: plannedSchema,
  /** When the case's time is up, ms since the epoch. */
  until: z.number(),
});
export type LookPayload = z.infer<typeof lookPayload>;

export const verdictPayload = z.object({ v: z.literal(1), case: caseId, run, startedAt: z.number() });
export type VerdictPayload = z.infer<typeof verdictPayload>;

/** Where something is said, and to whom. */
export const placeSchema = z.object({
  channel: z.string().min(1).max(50),
  /** The thread to answer in; null: a message of the channel's own. */
  thread: z.string().max(30).nullable(),
  user: z.string().max(50).nullable(),
  /** Slack's way to answer a command where the bot may not post; lives for thirty minutes. */
  responseUrl: z.string().max(2000).nullable(),
});
export type Place = z.infer<typeof placeSchema>;

/** What the thread queue carries: bring a case's one message or a rollout's messages up to date, or say something once. */
export const threadPayload = z.discriminatedUnion('kind', [
  z.object({ v: z.literal(1), kind: z.literal('progress'), case: caseId, run }),
  z.object({ v: z.literal(1), kind: z.literal('verdict'), case: caseId, run }),
  z.object({ v: z.literal(1), kind: z.literal('refresh'), case: caseId, at: isoTime }),
  /** Bring this rollout's messages to what the store says; `at`: when it changed. */
  z.object({ v: z.literal(1), kind: z.literal('rollout'), rollout: rolloutId, at: isoTime }),
  /** The weekly digest of this moment, and earlier moments whose digest was not sent. */
  z.object({ v: z.literal(1), kind: z.literal('digest'), due: isoTime, missed: z.array(isoTime).max(10) }),
  z.object({
    v: z.literal(1),
    kind: z.literal('follow-up'),
    case: caseId,
    /** Answered when this run is over. */
    run,
    question: z.enum(['works-now', 'still-broken']),
    place: placeSchema,
  }),
  z.object({
    v: z.literal(1),
    kind: z.literal('say'),
    place: placeSchema,
    /** Only the person who asked sees it. */
    private: z.boolean(),
    text: z.string().max(4000),
    /** The open case that this points to; `text` then goes before its permalink. */
    about: caseId.nullable(),
  }),
]);
export type ThreadPayload = z.infer<typeof threadPayload>;

/** What the record queue carries: ask all managed proxies for their counters, or ask one, for one time slot (ms). */
export const recordPayload = z.discriminatedUnion('kind', [
  z.object({ v: z.literal(1), kind: z.literal('tick') }),
  z.object({
    v: z.literal(1),
    kind: z.literal('sample'),
    hop: z.string().min(1).max(300),
    part: z.string().min(1).max(300),
    slot: z.int().min(0),
  }),
]);
export type RecordPayload = z.infer<typeof recordPayload>;

/**
 * What the rollout queue carries: look after all rollouts, watch one of them for one time slot (ms), or say whether it
 * explains a case that ended.
 */
export const rolloutPayload = z.discriminatedUnion('kind', [
  z.object({ v: z.literal(1), kind: z.literal('tick') }),
  z.object({ v: z.literal(1), kind: z.literal('watch'), rollout: rolloutId, slot: z.int().min(0) }),
  z.object({ v: z.literal(1), kind: z.literal('case'), case: caseId, run }),
]);
export type RolloutPayload = z.infer<typeof rolloutPayload>;

const day = 24 * 60 * 60;
const failed = { age: 7 * day, count: 5000 };
/**
 * How long finished jobs are kept: their ids longer than Slack redelivers (24 h), so that a replay finds its job done
 * instead of doing it again. Told to the workers rather than written into each job, which would cost every look.
 */
export const KEPT = {
  look: { removeOnComplete: { age: 600, count: 20_000 }, removeOnFail: failed },
  verdict: { removeOnComplete: { age: 26 * 60 * 60, count: 20_000 }, removeOnFail: failed },
  thread: { removeOnComplete: { age: 26 * 60 * 60, count: 20_000 }, removeOnFail: failed },
  // Only for as long as the same slot could be asked for again; the store refuses it after that.
  record: { removeOnComplete: { age: 60, count: 2000 }, removeOnFail: { age: 60 * 60, count: 500 } },
  rollout: { removeOnComplete: { age: 600, count: 5000 }, removeOnFail: { age: 60 * 60, count: 500 } },
} as const satisfies Record<QueueName, object>;

/**
 * Attempts: a look is made once, for what goes wrong in it is a blind row and not a failure; a verdict is tried until it
 * can be stored, a word to Slack for hours, since Slack's bad days end. Whatever happens to a look, the verdict is computed.
 */
export const JOBS = {
  look: { ignoreDependencyOnFailure: true },
  verdict: { attempts: 20, backoff: { type: 'rising' }, ignoreDependencyOnFailure: true },
  thread: { attempts: 500, backoff: { type: 'rising' } },
  rollout: { attempts: 20, backoff: { type: 'rising' } },
} as const;

/** Waits before the next attempt: 0.5 s, 1 s, 2 s … 30 s. */
export function risingBackoff(attemptsMade: number): number {
  return Math.min(500 * 2 ** Math.min(attemptsMade - 1, 10), 30_000);
}

/** Job ids: from the case and the run, never with a colon, so that adding twice adds once. */
export const jobId = {
  look: (id: string, nth: number, index: number) => `${id}-${nth}-look-${index}`,
  verdict: (id: string, nth: number) => `${id}-${nth}-verdict`,
  thread: (id: string, nth: number) => `${id}-${nth}-thread`,
  progress: (id: string, nth: number) => `${id}-${nth}-progress`,
  sample: (slot: number, hop: string, part: string) => `${slot}-${encodeURIComponent(hop)}-${encodeURIComponent(part)}`,
  watch: (rollout: string, slot: number) => `${rollout}-${slot}-watch`,
  tie: (id: string, nth: number) => `${id}-${nth}-tie`,
  /** Of a rollout's messages at one revision of its record: whoever adds it first. */
  rollout: (rollout: string, revision: number) => `${rollout}-${revision}-messages`,
};
