import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import type { MessageState } from '../workers/messages.ts';
import type { Message } from './blocks/message.ts';
import { PARENT_GONE_TEXT } from './blocks/refusal.ts';
import { Gone, InDoubt, type Mark, type Poster, Refused } from './posting.ts';

/** One message of ours that is kept true to what the store says: posted once, edited in place from then on. */
interface Living {
  /** For the log: the case or rollout it belongs to. */
  name: string;
  channel: string;
  /** The thread it stands in; null: a message of the channel's own. */
  thread: string | null;
  /** What we know of it. */
  at: MessageState;
  /** By this it is found again when the answer to a post was lost. */
  mark: Mark;
  /** True: it must be seen, so it is posted anew if it cannot be changed any more. False: progress, which may be missed. */
  must: boolean;
  save: (change: Partial<MessageState>) => Promise<void>;
  /** Throws when somebody else has taken the message over meanwhile: looking for a lost post may take long. */
  hold: () => Promise<void>;
  /** Whether an edit may be spent on it now; left out: yes. */
  mayEdit?: () => Promise<boolean>;
}

/** Where a message stands after `bring`: shown (or left as it was), or refused by its channel for the reason named. */
type Brought = { refused: string | null };

/** Posting and editing, with every way Slack may fail in between. The caller holds the message's lock. */
export function createLivingMessages(parts: { poster: Poster; log: Logger; now: () => number }) {
  const { poster, log, now } = parts;

  /** Brings a message to `message`. Repeating it changes nothing. Throws Later, InDoubt and the like for the queue. */
  async function bring(living: Living, message: Message): Promise<Brought> {
    const { at } = living;
    if (at.refused !== null) return { refused: at.refused };
    const digest = digestOf(message);
    if (at.shown === digest) return { refused: null };
    if (at.ts === null || at.channel === null) return post(living, message, digest);
    if (living.mayEdit && !(await living.mayEdit())) return { refused: null };
    try {
      await poster.update(at.channel, at.ts, message);
      await living.save({ shown: digest });
    } catch (error) {
      if (error instanceof Refused) return refuse(living, error.reason);
      // Somebody removed our message, or the workspace forbids late edits.
      if (!(error instanceof Gone)) throw error;
      log.warn({ of: living.name, reason: error.reason }, 'message cannot be changed any more');
      if (living.must) return post({ ...living, at: { ...at, posting: null } }, message, digest);
    }
    return { refused: null };
  }

  async function refuse(living: Living, reason: string): Promise<Brought> {
    log.warn({ of: living.name, channel: living.channel, reason }, 'may not be posted here');
    await living.save({ refused: reason });
    return { refused: reason };
  }

  async function post(living: Living, message: Message, digest: string): Promise<Brought> {
    const { channel, thread, mark, at } = living;
    // Outside of what follows: a look that could not be made leaves the doubt as it is.
    if (at.posting !== null) {
      const there = await findOrNothing(channel, thread, at.posting, mark);
      if (there !== null) {
        await living.save({ channel, ts: there, posting: null });
        return bring({ ...living, at: { ...at, channel, ts: there, posting: null } }, message);
      }
      await living.hold();
    }
    try {
      await living.save({ posting: at.posting ?? now() });
      const ts = await postOrBeside(channel, thread, message, mark);
      await living.save({ channel, ts, posting: null, shown: digest, permalink: null });
      return { refused: null };
    } catch (error) {
      // A clear answer leaves nothing in doubt; without one the mark stays, and the next try looks first.
      if (!(error instanceof InDoubt)) await living.save({ posting: null });
      if (!(error instanceof Refused)) throw error;
      return refuse(living, error.reason);
    }
  }

  /** In the thread, or, when the message that began it is gone, in the channel rather than nowhere. */
  async function postOrBeside(channel: string, thread: string | null, message: Message, mark: Mark): Promise<string> {
    return poster.post(channel, thread, message, mark).catch((error: unknown) => {
      if (!(error instanceof Gone) || thread === null) throw error;
      const note = { type: 'context' as const, elements: [{ type: 'mrkdwn' as const, text: PARENT_GONE_TEXT }] };
      return poster.post(
        channel,
        null,
        { text: `${message.text}\n${PARENT_GONE_TEXT}`, blocks: [...message.blocks, note] },
        mark,
      );
    });
  }

  /** Where history may not be read, a doubtful post is repeated: twice is better than never. */
  async function findOrNothing(
    channel: string,
    thread: string | null,
    since: number,
    mark: Mark,
  ): Promise<string | null> {
    return poster.find(channel, thread, since, mark).catch((error: unknown) => {
      if (error instanceof Refused || error instanceof Gone) return null;
      throw error;
    });
  }

  return { bring, postOrBeside, findOrNothing };
}

/** What tells two states of a message apart. */
function digestOf(message: Message): string {
  return createHash('sha1').update(JSON.stringify(message)).digest('base64');
}
