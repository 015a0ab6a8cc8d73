import { setTimeout as wait } from 'node:timers/promises';
import {
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebAPIRequestError,
  type WebClient,
} from '@slack/web-api';
import { Hopeless, Later } from '../workers/consume.ts';
import type { Metrics } from '../workers/metrics.ts';
import type { Message } from './blocks/message.ts';
import { FILE_READY_MS } from './pictures/ready.ts';
import { hasPictures, withoutPictures } from './pictures/without.ts';

/** Slack will not have this message in this place, now or later. */
export class Refused extends Error {
  readonly reason: string;
  constructor(reason: string) {
    super(`Slack refused: ${reason}`);
    this.name = 'Refused';
    this.reason = reason;
  }
}

/** The message that was to be changed or answered is not there. */
export class Gone extends Error {
  readonly reason: string;
  constructor(reason: string) {
    super(`Slack does not have it: ${reason}`);
    this.name = 'Gone';
    this.reason = reason;
  }
}

/** The call was sent and no answer came: it may have been done. */
export class InDoubt extends Error {
  constructor(cause: unknown) {
    super('Slack did not answer', { cause });
    this.name = 'InDoubt';
  }
}

const REFUSALS = new Set([
  'not_in_channel',
  'channel_not_found',
  'is_archived',
  'restricted_action',
  'restricted_action_read_only_channel',
  'restricted_action_thread_only_channel',
  'restricted_action_non_threadable_channel',
  'restricted_action_thread_locked',
  'posting_to_general_channel_denied',
  'messages_tab_disabled',
  'no_permission',
  'missing_scope',
  'access_denied',
  'cannot_dm_bot',
  'user_not_in_channel',
  'user_not_found',
  'channel_type_not_supported',
  'team_access_not_granted',
]);
const GONE = new Set([
  'message_not_found',
  'thread_not_found',
  'cant_update_message',
  'edit_window_closed',
  'cannot_reply_to_message',
]);
const TOO_MUCH = new Set([
  'msg_too_long',
  'msg_blocks_too_long',
  'invalid_blocks',
  'invalid_blocks_format',
  'block_mismatch',
]);

/** What a message carries so that it is found again after a lost answer. */
export interface Mark {
  event_type: 'ingress_case' | 'ingress_note' | 'ingress_rollout';
  event_payload: Record<string, string>;
}

const PAGE = 15;
const MAX_PAGES = 10;
/** Slack's clock and ours may differ by this much. */
const CLOCKS_APART_MS = 120_000;
const RESPOND_MS = 4000;

/** The few things that are said to Slack, with every way it may fail sorted into what to do about it. */
export type Poster = ReturnType<typeof createPoster>;

export function createPoster(client: WebClient, metrics: Metrics) {
  async function call<T>(method: string, work: () => Promise<T>): Promise<T> {
    try {
      const answer = await work();
      metrics.slack(method, 'ok');
      return answer;
    } catch (error) {
      throw sortOut(method, error, metrics);
    }
  }

  return {
    /** Posts a message. Charts and pictures that Slack does not like are left out first, then all blocks: the text says everything. */
    async post(channel: string, thread: string | null, message: Message, mark: Mark): Promise<string> {
      const send = (part: Partial<Message>) =>
        call('chat.postMessage', () =>
          client.chat.postMessage({
            channel,
            ...(thread !== null && { thread_ts: thread }),
            text: part.text ?? '',
            ...(part.blocks && { blocks: part.blocks }),
            metadata: mark,
            unfurl_links: false,
            unfurl_media: false,
          }),
        );
      const answer = await lessAndLess(message, send, { text: message.text.slice(0, 3000) });
      if (!answer.ts) throw new Error('chat.postMessage answered without ts');
      return answer.ts;
    },

    async update(channel: string, ts: string, message: Message): Promise<void> {
      const send = (part: Message) => call('chat.update', () => client.chat.update({ channel, ts, ...part }));
      await lessAndLess(message, send, { text: message.text.slice(0, 3000), blocks: [] });
    },

    /** Looks for a message that may have been posted although its answer was lost. Bounded; null: it is not there. */
    async find(channel: string, thread: string | null, since: number, mark: Mark): Promise<string | null> {
      const [key = '', value = ''] = Object.entries(mark.event_payload)[0] ?? [];
      const oldest = String((since - CLOCKS_APART_MS) / 1000);
      let cursor: string | undefined;
      for (let page = 0; page < MAX_PAGES; page++) {
        const options = { channel, oldest, limit: PAGE, include_all_metadata: true, ...(cursor && { cursor }) };
        const answer =
          thread === null
            ? await call('conversations.history', () => client.conversations.history(options))
            : await call('conversations.replies', () => client.conversations.replies({ ...options, ts: thread }));
        const found = answer.messages?.find((message) => {
          const { metadata } = message as { metadata?: Partial<Mark> };
          return metadata?.event_type === mark.event_type && metadata.event_payload?.[key] === value;
        });
        if (found?.ts) return found.ts;
        cursor = answer.response_metadata?.next_cursor;
        if (!cursor) return null;
      }
      return null;
    },

    async whisper(channel: string, user: string, thread: string | null, text: string): Promise<void> {
      const inThread = thread !== null && { thread_ts: thread };
      await call('chat.postEphemeral', () => client.chat.postEphemeral({ channel, user, text, ...inThread }));
    },

    /** Slack's way back to the person who used a command or a shortcut. */
    async respond(url: string, text: string): Promise<void> {
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json; charset=utf-8' },
        body: JSON.stringify({ response_type: 'ephemeral', replace_original: false, text }),
        signal: AbortSignal.timeout(RESPOND_MS),
      }).catch((error: unknown) => {
        metrics.slack('response_url', 'no_answer');
        throw new InDoubt(error);
      });
      await answer.body?.cancel();
      metrics.slack('response_url', answer.ok ? 'ok' : String(answer.status));
      if (answer.status === 429) throw new Later(1000 * Number(answer.headers.get('retry-after') ?? 1), 'rate limited');
      if (answer.status >= 500) throw new InDoubt(`status ${answer.status}`);
      if (!answer.ok) throw new Refused('response_url_expired');
    },

    async permalink(channel: string, ts: string): Promise<string | null> {
      const answer = await call('chat.getPermalink', () => client.chat.getPermalink({ channel, message_ts: ts }));
      return answer.permalink ?? null;
    },
  };
}

/** Sends a message, without its pictures if Slack does not like it, and at last its words alone. */
async function lessAndLess<P, A>(message: Message, send: (part: Message | P) => Promise<A>, words: P): Promise<A> {
  const orWords = (error: unknown) => {
    if (error instanceof Hopeless) return send(words);
    throw error;
  };
  if (!hasPictures(message.blocks)) return send(message).catch(orWords);
  const orWithout = (error: unknown) => {
    if (!(error instanceof Hopeless)) throw error;
    return send({ ...message, blocks: withoutPictures(message.blocks) }).catch(orWords);
  };
  if (!message.blocks.some(({ type }) => type === 'image')) return send(message).catch(orWithout);
  return send(message).catch(async (error: unknown) => {
    if (!(error instanceof Hopeless)) throw error;
    // An uploaded file may not be ready yet.
    await wait(FILE_READY_MS);
    return send(message).catch(orWithout);
  });
}

function sortOut(method: string, error: unknown, metrics: Metrics): unknown {
  if (error instanceof WebAPIRateLimitedError) {
    metrics.slack(method, 'ratelimited');
    return new Later(Math.max(1, error.retryAfter) * 1000, `${method} is limited for ${error.retryAfter} s`);
  }
  if (error instanceof WebAPIPlatformError) {
    const reason = error.data.error;
    metrics.slack(method, reason);
    if (GONE.has(reason)) return new Gone(reason);
    if (REFUSALS.has(reason)) return new Refused(reason);
    if (TOO_MUCH.has(reason)) return new Hopeless(reason);
    if (reason === 'ratelimited') return new Later(5000, `${method} is limited`);
    // These say that Slack itself had trouble, and not whether the work was done.
    if (['internal_error', 'fatal_error', 'service_unavailable', 'request_timeout'].includes(reason))
      return new InDoubt(error);
    return error;
  }
  if (error instanceof WebAPIHTTPError) {
    metrics.slack(method, `http_${error.statusCode}`);
    return new InDoubt(error);
  }
  metrics.slack(method, 'no_answer');
  return error instanceof WebAPIRequestError ? new InDoubt(error) : error;
}
