import type { Logger } from 'pino';
import { judge as judgeNow } from '../diagnostics/judge.ts';
import { type CaseRecord, createCases } from '../workers/cases.ts';
import { type Consumer, consume, Hopeless, type Job, Later } from '../workers/consume.ts';
import { looksSoFar } from '../workers/looks-so-far.ts';
import type { Metrics } from '../workers/metrics.ts';
import { type ThreadPayload, threadPayload } from '../workers/queues.ts';
import type { RedisClient } from '../workers/redis.ts';
import { unjudged } from '../workers/verdict-job.ts';
import { openedMessage, type Progress } from './blocks/case-opened.ts';
import type { Message } from './blocks/message.ts';
import { cannotPostText } from './blocks/refusal.ts';
import { verdictMessage } from './blocks/verdict.ts';
import { createLivingMessages } from './living-message.ts';
import { Gone, type Mark, type Poster, Refused } from './posting.ts';
import { rolloutMessages } from './rollouts/bring.ts';

interface ThreadParts {
  /** A connection of role `worker`. */
  redis: RedisClient;
  poster: Poster;
  metrics: Metrics;
  log: Logger;
  now?: () => number;
  judge?: typeof judgeNow;
  /** Channels, by id, where every rollout is announced; null: Slack has not told their ids yet. */
  rolloutChannels?: () => readonly string[] | null;
}

/** First look at how far a case is; most are over by then and the message goes straight to its verdict. */
const FIRST_PROGRESS_MS = 1500;
const PROGRESS_MS = 2500;
/** chat.update is limited to 50 a minute in a whole workspace: verdicts must not wait for progress. */
const PROGRESS_EDITS_PER_MINUTE = 20;
/** Longer than any call to Slack may take. */
const LOCK_MS = 12_000;
/** A post takes a moment: that long the next one waits here, then it goes back to the queue. */
const LOCK_POLL_MS = 15;
const LOCK_WAIT_MS = 600;
const LOCKED_MS = 200;
/** How long somebody who asked for an open case waits for its permalink. */
const POINTER_WAIT_MS = 60_000;

/**
 * Consumes the thread queue: the only caller of chat.*. It never carries a text from job to job: each job brings the
 * case's one message to what the stored case says now, so a job that is repeated, late or twice changes nothing.
 */
export function startThread(parts: ThreadParts): Consumer {
  const { redis, poster, metrics, log } = parts;
  const now = parts.now ?? Date.now;
  const judge = parts.judge ?? judgeNow;
  const cases = createCases(redis);
  const looks = looksSoFar(redis);
  const living = createLivingMessages({ poster, log, now });
  const rollouts = rolloutMessages({ redis, poster, living, log, always: parts.rolloutChannels ?? (() => []) });

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
      if (payload.kind === 'verdict') return finished(payload.case, payload.run, job);
      if (payload.kind === 'refresh') return show(payload.case, job);
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
  async function show(id: string, job: Job): Promise<CaseRecord> {
    const holder = job.id ?? 'nobody';
    for (let waited = 0; !(await cases.lock(id, holder, LOCK_MS)); waited += LOCK_POLL_MS) {
      if (waited >= LOCK_WAIT_MS) throw new Later(LOCKED_MS, 'somebody else holds the message');
      await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MS));
    }
    try {
      const record = await cases.load(id);
      if (record === null) throw new Hopeless('the case is gone');
      // Looking for a lost message may take long: whoever posts after it must still be the holder.
      const hold = async () => {
        if (!(await cases.lock(id, holder, LOCK_MS))) throw new Later(LOCKED_MS, 'the message was taken over');
      };
      await bring(record, await compose(record), hold);
      return record;
    } finally {
      await cases.unlock(id, holder);
    }
  }

  async function compose(record: CaseRecord): Promise<Message> {
    if (record.verdict !== null) return verdictMessage(record, record.verdict, await cases.votes(record.case.id));
    const early = now() - record.startedAt < FIRST_PROGRESS_MS / 2 || record.message.ts === null;
    const state = early ? { done: 0, total: record.planned.length, findings: [] } : await progressOf(record);
    return openedMessage(record, state, now());
  }

  /** What the looks of a run have seen so far. */
  async function progressOf(record: CaseRecord): Promise<Progress> {
    const { done, evidence } = await looks.of(record);
    const durationMs = now() - record.startedAt;
    const soFar = judge({ case: record.case, path: record.path, evidence, changes: [], durationMs });
    const findings = soFar.findings.filter((finding) => finding.direction === 'implicates');
    return { done, total: record.planned.length, findings };
  }

  async function bring(record: CaseRecord, message: Message, hold: () => Promise<void>): Promise<void> {
    const id = record.case.id;
    const final = record.state === 'finished';
    const { refused } = await living.bring(
      {
        name: id,
        channel: record.place.channel,
        thread: record.place.thread,
        at: record.message,
        mark: { event_type: 'ingress_case', event_payload: { case: id } },
        must: final,
        save: (change) => cases.setMessage(id, change),
        hold,
        mayEdit: async () => final || (await cases.useThisMinute('edits', now())) <= PROGRESS_EDITS_PER_MINUTE,
      },
      message,
    );
    // The channel does not have us (any more): the person is told instead, from here on.
    if (refused !== null) await tell(record, message, refused);
  }

  /** The verdict, privately, to the person whose channel will not have it. */
  async function tell(record: CaseRecord, message: Message, reason: string): Promise<void> {
    const what = record.state === 'finished' ? 'verdict' : 'opened';
    const told = `${record.run}-${what}`;
    if (record.message.told === told) return;
    const text = `${message.text}\n_${cannotPostText(reason)}_`;
    const last = await reach(record, text, what === 'verdict');
    if (last !== null) {
      if (what === 'verdict') metrics.gaveUp.inc({ reason: last });
      log.error({ case: record.case.id, channel: record.place.channel, reason, last }, 'gave up: nobody can be told');
    }
    await cases.setMessage(record.case.id, { told });
  }

  /** Tries every way to the person who asked, directly last and only for an answer. Null: told; else why not. */
  async function reach(record: CaseRecord, text: string, directly: boolean): Promise<string | null> {
    const { channel, thread, user, responseUrl } = record.place;
    const mark: Mark = { event_type: 'ingress_case', event_payload: { case: record.case.id } };
    const ways = [
      ...(responseUrl === null ? [] : [() => poster.respond(responseUrl, text)]),
      ...(user === null ? [] : [() => poster.whisper(channel, user, thread, text)]),
      ...(user === null || !directly ? [] : [() => poster.post(user, null, { text, blocks: [] }, mark)]),
    ];
    let last = 'nobody_to_tell';
    for (const way of ways) {
      const failure = await way().then(
        () => null,
        (error: unknown) => ({ error }),
      );
      if (failure === null) return null;
      if (!(failure.error instanceof Refused || failure.error instanceof Gone)) throw failure.error;
      last = failure.error.reason;
    }
    return last;
  }

  async function say(note: Extract<ThreadPayload, { kind: 'say' }>, job: Job): Promise<void> {
    const link = note.about === null ? '' : await linkTo(note.about, job);
    const text = link === '' ? note.text : `${note.text} ${link}`;
    const { channel, thread, user, responseUrl } = note.place;
    try {
      if (note.private && responseUrl !== null) return await poster.respond(responseUrl, text);
      if (note.private && user !== null) return await poster.whisper(channel, user, thread, text);
      const mark: Mark = { event_type: 'ingress_note', event_payload: { note: job.id ?? '' } };
      // Whoever began before us may have posted it and died before saying so.
      const there = job.attemptsStarted > 1 ? await living.findOrNothing(channel, thread, job.timestamp, mark) : null;
      if (there === null) await living.postOrBeside(channel, thread, { text, blocks: [] }, mark);
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
    if (record.message.permalink !== null) return record.message.permalink;
    const { channel, ts } = record.message;
    if (channel === null || ts === null) {
      if (now() - job.timestamp > POINTER_WAIT_MS) return '';
      throw new Later(LOCKED_MS, 'the case has no message yet');
    }
    const link = (await poster.permalink(channel, ts)) ?? '';
    await cases.setMessage(id, { permalink: link });
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
