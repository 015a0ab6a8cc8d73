import type { Logger } from 'pino';
import { createCases } from '../../workers/cases.ts';
import { Hopeless, type Job, Later } from '../../workers/consume.ts';
import { messageStore } from '../../workers/messages.ts';
import type { ThreadPayload } from '../../workers/queues.ts';
import type { RedisClient } from '../../workers/redis.ts';
import { rolloutStore } from '../../workers/rollouts/store.ts';
import type { Known } from '../changes/known.ts';
import type { createLivingMessages } from '../living-message.ts';
import { digestMessage, type Week } from './digest-text.ts';

const WEEK_MS = 7 * 24 * 60 * 60 * 1000;
const MOST_CASES = 500;
const MOST_ROLLOUTS = 50;
const LOCK_MS = 12_000;
const LOCKED_MS = 200;
/** Slack has not told the id of the channel that the configuration names. */
const UNRESOLVED_MS = 5_000;
/** What was sent is known that long, so that it is not sent again, s. */
const KEPT_S = 14 * 24 * 60 * 60;

/** Sends the weekly digest: once for each moment, whoever else tries, and found again where the answer to a post was lost. */
export function digests(parts: {
  redis: RedisClient;
  living: ReturnType<typeof createLivingMessages>;
  log: Logger;
  /** The channel's id; null: not known yet. */
  channel: () => string | null;
  /** Everything that changed since a time (ISO), as far as it is known. */
  changes: (from: string) => Promise<Known>;
}) {
  const { redis, living, log } = parts;
  const cases = createCases(redis);
  const rollouts = rolloutStore(redis);
  const messages = messageStore(redis);

  async function weekUntil(due: string, missed: string[]): Promise<Week> {
    const [to, from] = [Date.parse(due), Date.parse(due) - WEEK_MS];
    const since = new Date(from).toISOString();
    const [{ records, total }, people, recent, changes] = await Promise.all([
      cases.openedBetween(from, to, MOST_CASES),
      cases.votes.people(),
      rollouts.recent(MOST_ROLLOUTS),
      parts.changes(since),
    ]);
    const touched = recent.filter(
      (one) =>
        Date.parse(one.rollout.createdAt) < to &&
        (one.endedAt === undefined || one.endedAt >= since) &&
        one.state !== 'cancelled',
    );
    return {
      from: since,
      to: due,
      cases: records,
      more: total - records.length,
      people,
      rollouts: touched,
      changes,
      missed,
    };
  }

  return {
    /** Throws Later while the channel is not known, and what the queue repeats. */
    async send(ask: Extract<ThreadPayload, { kind: 'digest' }>, job: Pick<Job, 'id'>): Promise<void> {
      const channel = parts.channel();
      if (channel === null) throw new Later(UNRESOLVED_MS, "the digest's channel is not known yet");
      const name = `digest-${Date.parse(ask.due)}`;
      const holder = job.id ?? 'nobody';
      if (!(await messages.lock(name, holder, LOCK_MS))) throw new Later(LOCKED_MS, 'somebody else sends the digest');
      try {
        const at = await messages.load(name);
        if (at.shown !== null) return;
        const message = digestMessage(await weekUntil(ask.due, ask.missed));
        const { refused } = await living.bring(
          {
            ...{ name, channel, thread: null, at, must: true },
            mark: { event_type: 'ingress_note', event_payload: { note: name } },
            save: (change) => messages.set(name, change, KEPT_S),
            hold: async () => {
              if (!(await messages.lock(name, holder, LOCK_MS)))
                throw new Later(LOCKED_MS, 'the digest was taken over');
            },
          },
          message,
        );
        if (refused === null) return;
        log.warn({ channel, reason: refused }, 'the digest was refused by its channel');
        throw new Hopeless(`refused: ${refused}`);
      } finally {
        await messages.unlock(name, holder);
      }
    },
  };
}
