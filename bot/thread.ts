import type { Logger } from 'pino';
import { judge as judgeNow } from '../diagnostics/judge.ts';
import { type CaseRecord, createCases } from '../workers/cases.ts';
import { type Consumer, consume, Hopeless, type Job, Later } from '../workers/consume.ts';
import { looksSoFar } from '../workers/looks-so-far.ts';
import { messageStore } from '../workers/messages.ts';
import type { Metrics } from '../workers/metrics.ts';
import { createPace } from '../workers/pace.ts';
import { type Place, type ThreadPayload, threadPayload } from '../workers/queues.ts';
import type { RedisClient } from '../workers/redis.ts';
import { rolloutStore } from '../workers/rollouts/store.ts';
import { unjudged } from '../workers/verdict-job.ts';
import type { Message } from './blocks/message.ts';
import { caseMessages } from './case-message.ts';
import type { Known } from './changes/known.ts';
import { afterRunText } from './follow-ups/after-run.ts';
import { digests } from './home/digest.ts';
import { createLivingMessages } from './living-message.ts';
import { mayEditNow, pacedPoster } from './paced-poster.ts';
import type { Gallery } from './pictures/upload.ts';
import { Gone, type Poster, Refused } from './posting.ts';
import { rolloutMessages } from './rollouts/bring.ts';
import { personTeller } from './tell-person.ts';

interface ThreadParts {
  /** A connection of role `worker`. */
  redis: RedisClient;
  poster: Poster;
  metrics: Metrics;
  log: Logger;
  /** False: Slack's limits are met instead of kept; for measurements only. */
  paced?: boolean;
  now?: () => number;
  judge?: typeof judgeNow;
  /** Channels, by id, where every rollout is announced; null: Slack has not told their ids yet. */
  rolloutChannels?: () => readonly string[] | null;
  /** Where pictures are drawn; null or left out: words only. */
  gallery?: Gallery | null;
  /** The weekly digest's channel, by id (null: not known yet), and what changed in its week; left out: nobody wants one. */
  digest?: { channel: () => string | null; changes: (from: string) => Promise<Known> };
}

/** First look at how far a case is; most are over by then and the message goes straight to its verdict. */
const FIRST_PROGRESS_MS = 1500;
const PROGRESS_MS = 2500;
/** Longer than any call to Slack may take. */
const LOCK_MS = 12_000;
/** A post takes a moment: that long the next one waits here, then it goes back to the queue. */
const LOCK_POLL_MS = 15;
const LOCK_WAIT_MS = 600;
const LOCKED_MS = 200;
/** How long somebody who asked for an open case waits for its permalink. */
const POINTER_WAIT_MS = 60_000;
/** A note that was said is known that long, so that it is not said again, s. */
const NOTE_TTL_S = 26 * 60 * 60;
/** How often an answer looks whether the run that it waits for is over, and for how long. */
const RUN_POLL_MS = 1000;
const RUN_WAIT_MS = 180_000;

/**
 * Consumes the thread queue: the only caller of chat.*. It never carries a text from job to job: each job brings the
 * case's one message to what the stored case says now, so a job that is repeated, late or twice changes nothing.
 */
export function startThread(parts: ThreadParts): Consumer {
  const { redis, metrics, log } = parts;
  const now = parts.now ?? Date.now;
  const judge = parts.judge ?? judgeNow;
  const cases = createCases(redis);
  const looks = looksSoFar(redis);
  const notes = messageStore(redis);
  const pace = parts.paced === false ? { take: async () => 0 } : createPace(redis, now);
  const poster = pacedPoster(parts.poster, pace, 'first');
  const patient = pacedPoster(parts.poster, pace, 'later');
  const living = createLivingMessages({ poster, log, now });
  const always = parts.rolloutChannels ?? (() => []);
  const rollouts = rolloutMessages({ redis, poster, living, log, always, gallery: parts.gallery ?? null });
  const digest = parts.digest ? digests({ redis, living, log, ...parts.digest }) : null;
  const livingLater = createLivingMessages({ poster: patient, log, now });
  // Progress asks for its permit itself, and is left out without one.
  const livingMaybe = createLivingMessages({ poster: { ...poster, update: parts.poster.update }, log, now });
  const tell = personTeller({ poster, cases, metrics, log });
  const compose = caseMessages({
    cases,
    rollouts: rolloutStore(redis),
    looks,
    judge,
    now,
    linkOf,
    earlyMs: FIRST_PROGRESS_MS / 2,
  });

  const consumer = consume({
    queue: 'thread',
    schema: threadPayload,
    redis,
    concurrency: 20,
    log,
    metrics,
    work: async (payload, job) => {
      if (payload.kind === 'say') return say(payload, job);
      if (payload.kind === 'rollout') return rollouts.bring(payload.rollout, job);
      if (payload.kind === 'digest') return digest?.send(payload, job);
      if (payload.kind === 'verdict') return finished(payload.case, payload.run, job);
      if (payload.kind === 'refresh') return show(payload.case, job, 'later');
      if (payload.kind === 'follow-up') return followUp(payload, job);
      return progress(payload.case, payload.run, job);
    },
  });

  /** Opens the message, then keeps it up to date until the run is over. */
  async function progress(id: string, run: number, job: Job): Promise<void> {
    const record = await show(id, job);
    if (record.state === 'finished' || record.run !== run) return;
    throw new Later(now() - record.startedAt < FIRST_PROGRESS_MS ? FIRST_PROGRESS_MS : PROGRESS_MS, 'not over yet');
  }

  async function finished(id: string, run: number, job: Job): Promise<void> {
    const record = await cases.load(id);
    if (record === null) throw new Hopeless('the case is gone');
    if (record.run === run && record.verdict === null) {
      // The verdict job failed for good; the person still gets an end.
      const verdict = unjudged(record, new Error('the verdict job failed'), now());
      await cases.finish(record, verdict, [], [], now());
    }
    await show(id, job);
  }

  /** Brings the message to what the case says now. One holder at a time, over all processes. */
  async function show(id: string, job: Job, when: 'first' | 'later' = 'first'): Promise<CaseRecord> {
    const holder = job.id ?? 'nobody';
    for (let waited = 0; !(await cases.lock(id, holder, LOCK_MS)); waited += LOCK_POLL_MS) {
      if (waited >= LOCK_WAIT_MS) throw new Later(LOCKED_MS, 'somebody else holds the message');
      await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MS));
    }
    let record: CaseRecord | null;
    try {
      record = await cases.load(id);
      if (record === null) throw new Hopeless('the case is gone');
      // Looking for a lost message may take long: whoever posts after it must still be the holder.
      const hold = async () => {
        if (!(await cases.lock(id, holder, LOCK_MS))) throw new Later(LOCKED_MS, 'the message was taken over');
      };
      await bring(record, await compose(record), hold, when);
    } finally {
      await cases.unlock(id, holder);
    }
    // The case that it repeats says so; an edit that changes nothing is not made.
    if (record.again !== null && when === 'first' && record.state === 'finished' && (await cases.load(record.again)))
      await show(record.again, job, 'later');
    return record;
  }

  async function bring(record: CaseRecord, message: Message, hold: () => Promise<void>, when: 'first' | 'later') {
    const id = record.case.id;
    const final = record.state === 'finished';
    const way = !final ? livingMaybe : when === 'later' ? livingLater : living;
    const { refused } = await way.bring(
      {
        name: id,
        channel: record.place.channel,
        thread: record.place.thread,
        at: record.message,
        mark: { event_type: 'ingress_case', event_payload: { case: id } },
        must: final,
        save: async (change) => {
          // Known before the message is: what is answered under it is answered about this case.
          if (typeof change.ts === 'string') {
            await cases.ownThread(record.place.channel, change.ts, id);
            if (record.place.thread !== null) await cases.ownThread(record.place.channel, record.place.thread, id);
          }
          await cases.setMessage(id, change);
        },
        hold,
        mayEdit: async () => final || mayEditNow(pace),
      },
      message,
    );
    // The channel does not have us (any more): the person is told instead, from here on.
    if (refused !== null) await tell(record, message, refused);
  }

  async function say(note: Extract<ThreadPayload, { kind: 'say' }>, job: Job): Promise<void> {
    const link = note.about === null ? '' : await linkTo(note.about, job);
    const text = link === '' ? note.text : `${note.text} ${link}`;
    // A pointer is one of many, and nobody's first word: it leaves the last permits to those.
    await tellOnce(note.place, note.private, text, note.about === null ? 'first' : 'later', job);
  }

  /** Answers what a person said under a case, once the run that it set off is over. */
  async function followUp(ask: Extract<ThreadPayload, { kind: 'follow-up' }>, job: Job): Promise<void> {
    const record = await cases.load(ask.case);
    if (record === null) throw new Hopeless('the case is gone');
    const over = record.run > ask.run || record.state === 'finished';
    if (!over && now() - job.timestamp < RUN_WAIT_MS) throw new Later(RUN_POLL_MS, 'the run is not over yet');
    const text = over ? afterRunText(ask.question, record, await cases.evidence(ask.case)) : null;
    if (text !== null) await tellOnce(ask.place, false, text, 'first', job);
  }

  /** Says something once: whoever began before us may have posted it and died before saying so. */
  async function tellOnce(place: Place, privately: boolean, text: string, when: 'first' | 'later', job: Job) {
    const { channel, thread, user, responseUrl } = place;
    const name = job.id ?? '';
    try {
      if (privately && responseUrl !== null) return await poster.respond(responseUrl, text);
      if (privately && user !== null) return await poster.whisper(channel, user, thread, text);
      const { refused } = await (when === 'later' ? livingLater : living).bring(
        {
          name,
          channel,
          thread,
          at: await notes.load(name),
          mark: { event_type: 'ingress_note', event_payload: { note: name } },
          must: false,
          save: (change) => notes.set(name, change, NOTE_TTL_S),
          hold: async () => {},
        },
        { text, blocks: [] },
      );
      if (refused !== null) throw new Refused(refused);
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Gone)) throw error;
      metrics.gaveUp.inc({ reason: error.reason });
      throw new Hopeless(error.message);
    }
  }

  /** The permalink of a case's message; waits for a message that is just being posted. */
  async function linkTo(id: string, job: Job): Promise<string> {
    const record = await cases.load(id);
    if (record === null || record.message.refused !== null) return '';
    const link = await linkOf(record);
    if (link !== null) return link;
    const waited = now() - job.timestamp;
    if (waited > POINTER_WAIT_MS) return '';
    throw new Later(Math.max(LOCKED_MS, Math.min(waited, 5000)), 'the case has no message yet');
  }

  async function linkOf(record: CaseRecord): Promise<string | null> {
    const { channel, ts, permalink } = record.message;
    if (permalink !== null || channel === null || ts === null) return permalink;
    const link = (await poster.permalink(channel, ts)) ?? '';
    await cases.setMessage(record.case.id, { permalink: link });
    return link;
  }

  return {
    running: consumer.running,
    async close(graceMs) {
      await consumer.close(graceMs);
      await looks.close();
    },
  };
}
