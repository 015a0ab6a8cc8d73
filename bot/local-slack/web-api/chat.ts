import { checkBlocks, completeBlocks, type Surface } from '../block-limits.ts';
import { SlackError } from '../errors.ts';
import { isFields, maybeJson } from '../http.ts';
import { botFields, messageShape } from '../shapes.ts';
import type { Channel, Fields, Message } from '../types.ts';
import { type Call, channelOf, flag, type Method, messageOf, text } from './method.ts';

/** What chat.postMessage cuts off at; chat.update refuses over 4,000 (docs.slack.dev/reference/methods/chat.update). */
const maxPostText = 40_000;
const maxUpdateText = 4_000;
const maxMarkdown = 12_000;
/** `metadata_too_large` is documented, its number is not. */
const maxMetadata = 8_000;

/**
 * Text, blocks and metadata as an app gave them, checked.
 * @throws SlackError invalid_blocks_format, invalid_blocks, msg_blocks_too_long, invalid_metadata_format, metadata_too_large
 */
export function readContent(args: Fields, surface: Surface = 'message'): Fields & { text: string; blocks?: Fields[] } {
  const markdown = text(args, 'markdown_text');
  if (markdown.length > maxMarkdown) throw new SlackError('msg_too_long');
  if (markdown && (args.text || args.blocks)) throw new SlackError('markdown_text_conflict');
  const content: Fields & { text: string; blocks?: Fields[] } = { text: text(args, 'text') || markdown };
  const blocks = readBlocks(args.blocks, surface);
  if (markdown) content.blocks = completeBlocks([{ type: 'markdown', text: markdown }]);
  if (blocks) content.blocks = blocks;
  const attachments = maybeJson(args.attachments);
  if (Array.isArray(attachments) && attachments.length > 0) content.attachments = attachments.slice(0, 100);
  return content;
}

function readBlocks(given: unknown, surface: Surface): Fields[] | undefined {
  if (given === undefined || given === '') return undefined;
  const blocks = maybeJson(given);
  const problem = checkBlocks(blocks, surface);
  if (problem) {
    throw new SlackError(
      problem.error,
      problem.messages.length > 0
        ? { errors: problem.messages.map(shortForm), response_metadata: { messages: problem.messages } }
        : {},
    );
  }
  return completeBlocks(blocks as Fields[]);
}

function shortForm(message: string): string {
  return message.replace('[ERROR] ', '');
}

/** `undefined`: not given. `null`: given as an empty object, which removes it. */
function readMetadata(given: unknown): Fields | null | undefined {
  if (given === undefined || given === '') return undefined;
  const metadata = maybeJson(given);
  if (!isFields(metadata)) throw new SlackError('invalid_metadata_format');
  if (Object.keys(metadata).length === 0) return null;
  if (typeof metadata.event_type !== 'string' || !isFields(metadata.event_payload)) {
    throw new SlackError('invalid_metadata_schema');
  }
  if (JSON.stringify(metadata).length > maxMetadata) throw new SlackError('metadata_too_large');
  return metadata;
}

/** The channel to post to: an id, a name, or a person, whose direct conversation is opened. */
function postChannel({ core, app, args }: Call): Channel {
  const ref = text(args, 'channel');
  const user = core.workspace.users.get(ref);
  if (user) return core.workspace.openDirect(user.id, app.botUserId, app.config.name);
  const channel = core.workspace.findChannel(ref);
  if (!channel || (channel.kind !== 'public' && !channel.members.has(app.botUserId)))
    throw new SlackError('channel_not_found');
  if (channel.archived) throw new SlackError('is_archived');
  const mayPost = channel.members.has(app.botUserId) || app.scopes.has('chat:write.public');
  if (!mayPost) throw new SlackError('not_in_channel');
  return channel;
}

/**
 * The thread a post belongs to. A reply's ts stands for its thread.
 * What Slack does with a thread that is gone is documented nowhere; refusing is the stricter guess.
 * @throws SlackError thread_not_found
 */
function threadOf({ core, args }: Call, channel: Channel): string | undefined {
  const ts = text(args, 'thread_ts');
  if (!ts) return undefined;
  const message = core.workspace.findMessage(channel, ts);
  if (!message) throw new SlackError('thread_not_found');
  return message.thread_ts ?? message.ts;
}

const postMessage: Method = {
  tier: 'post',
  scopes: ['chat:write'],
  run(call) {
    const channel = postChannel(call);
    const content = readContent(call.args);
    const metadata = readMetadata(call.args.metadata);
    if (!content.text && !content.blocks?.length && !content.attachments) throw new SlackError('no_text');
    const threadTs = threadOf(call, channel);
    const message = call.core.workspace.post(channel, {
      ...botFields(call.core.workspace, call.app),
      ...content,
      text: content.text.slice(0, maxPostText),
      ...(metadata && { metadata }),
      ...(threadTs && { thread_ts: threadTs }),
      ...(threadTs && flag(call.args, 'reply_broadcast') && { subtype: 'thread_broadcast' }),
    });
    const cut = content.text.length > maxPostText ? { warning: 'message_truncated' } : {};
    return { channel: channel.id, ts: message.ts, message: messageShape(message, true), ...cut };
  },
};

/** @throws SlackError message_not_found, cant_update_message */
function ownMessage(call: Call, channel: Channel, otherwise: string): Message {
  const message = messageOf(call, channel);
  if (message.subtype === 'tombstone') throw new SlackError('message_not_found');
  if (message.app_id !== call.app.id) throw new SlackError(otherwise);
  return message;
}

const update: Method = {
  tier: 3,
  scopes: ['chat:write'],
  run(call) {
    const { core, args } = call;
    const channel = channelOf(call);
    if (channel.archived) throw new SlackError('is_archived');
    const message = ownMessage(call, channel, 'cant_update_message');
    const content = readContent(args);
    const metadata = readMetadata(args.metadata);
    const given = args.text !== undefined || content.blocks || content.attachments || args.markdown_text !== undefined;
    if (!given || (!content.text && !content.blocks?.length && !content.attachments)) throw new SlackError('no_text');
    if (content.text.length > maxUpdateText) throw new SlackError('msg_too_long');
    // Slack shows no "edited" mark on an update that has blocks.
    const edited = content.blocks?.length ? message.edited : { user: call.app.botUserId, ts: core.workspace.nextTs() };
    const fresh = core.workspace.edit(channel, message, {
      text: args.text === undefined && !args.markdown_text ? message.text : content.text,
      // Text without blocks takes the blocks away.
      blocks: content.blocks?.length ? content.blocks : undefined,
      attachments: content.attachments,
      ...(metadata !== undefined && { metadata: metadata ?? undefined }),
      edited,
    });
    return { channel: channel.id, ts: fresh.ts, text: fresh.text, message: messageShape(fresh, true) };
  },
};

const remove: Method = {
  tier: 3,
  scopes: ['chat:write'],
  run(call) {
    const channel = channelOf(call);
    const message = ownMessage(call, channel, 'cant_delete_message');
    call.core.workspace.remove(channel, message);
    return { channel: channel.id, ts: message.ts };
  },
};

const postEphemeral: Method = {
  tier: 4,
  scopes: ['chat:write'],
  run(call) {
    const { core, app, args } = call;
    const channel = postChannel(call);
    const user = core.workspace.users.get(text(args, 'user'));
    if (!user || !channel.members.has(user.id)) throw new SlackError('user_not_in_channel');
    const content = readContent(args);
    if (!content.text && !content.blocks?.length && !content.attachments) throw new SlackError('no_text');
    const threadTs = threadOf(call, channel);
    const { ts } = core.workspace.whisper({
      channel: channel.id,
      user: user.id,
      from: app.id,
      text: content.text,
      ...(content.blocks && { blocks: content.blocks }),
      ...(threadTs && { thread_ts: threadTs }),
    });
    return { message_ts: ts };
  },
};

const getPermalink: Method = {
  tier: 'special',
  scopes: [],
  run(call) {
    const channel = channelOf(call);
    const message = messageOf(call, channel, 'message_ts');
    return { channel: channel.id, permalink: permalinkOf(call.core.url, channel, message) };
  },
};

/** `…/archives/CHANNEL/pTS`, with the thread for a reply. */
export function permalinkOf(url: string, channel: Channel, message: Message): string {
  const base = `${url}/archives/${channel.id}/p${message.ts.replace('.', '')}`;
  const inThread = message.thread_ts && message.thread_ts !== message.ts;
  return inThread ? `${base}?thread_ts=${message.thread_ts}&cid=${channel.id}` : base;
}

export const chatMethods: Record<string, Method> = {
  'chat.postMessage': postMessage,
  'chat.update': update,
  'chat.delete': remove,
  'chat.postEphemeral': postEphemeral,
  'chat.getPermalink': getPermalink,
};
