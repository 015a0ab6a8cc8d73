import { SlackError } from '../errors.ts';
import { channelShape, messageShape } from '../shapes.ts';
import type { Fields, Message } from '../types.ts';
import {
  type Call,
  channelOf,
  count,
  flag,
  type Method,
  messageOf,
  needReadScope,
  needScope,
  page,
  readableChannel,
  text,
} from './method.ts';

const anyRead = ['channels:read', 'groups:read', 'im:read', 'mpim:read'];
const readScopes = { public: 'channels:read', private: 'groups:read', im: 'im:read' } as const;
const anyHistory = ['channels:history', 'groups:history', 'im:history', 'mpim:history'];

const list: Method = {
  tier: 2,
  scopes: anyRead,
  run({ core, app, args }) {
    const kinds: Record<string, string> = {
      public_channel: 'public',
      private_channel: 'private',
      im: 'im',
      mpim: 'mpim',
    };
    const wanted = (text(args, 'types') || 'public_channel').split(',').map((type) => kinds[type.trim()]);
    if (wanted.includes(undefined)) throw new SlackError('invalid_types');
    // Each kind that is asked for needs its own scope, or nothing is answered at all.
    for (const kind of ['public', 'private', 'im'] as const)
      if (wanted.includes(kind)) needScope(app, readScopes[kind]);
    const channels = [...core.workspace.channels.values()].filter(
      (channel) =>
        wanted.includes(channel.kind) &&
        (channel.kind === 'public' || channel.members.has(app.botUserId)) &&
        !(channel.archived && flag(args, 'exclude_archived')),
    );
    const { items, next } = page(channels, args, 100, 1000);
    return {
      channels: items.map((channel) => channelShape(core.workspace, channel, app)),
      response_metadata: { next_cursor: next },
    };
  },
};

const info: Method = {
  tier: 3,
  scopes: anyRead,
  run(call) {
    const channel = channelOf(call);
    needReadScope(call, channel);
    return { channel: channelShape(call.core.workspace, channel, call.app) };
  },
};

/** Those within `oldest` and `latest`; the ends count only with `inclusive`. */
function within(messages: Message[], args: Fields): Message[] {
  const oldest = text(args, 'oldest') || '0';
  const latest = text(args, 'latest') || '9999999999.999999';
  for (const ts of [oldest, latest]) if (!/^\d+(\.\d+)?$/.test(ts)) throw new SlackError('invalid_ts_oldest');
  const inclusive = flag(args, 'inclusive');
  return messages.filter(({ ts }) => {
    const [low, high] = [compareTs(ts, oldest), compareTs(ts, latest)];
    return inclusive ? low >= 0 && high <= 0 : low > 0 && high < 0;
  });
}

/** Compares two `ts` without losing the microseconds to floating point. */
function compareTs(a: string, b: string): number {
  const [aSeconds = '0', aRest = ''] = a.split('.');
  const [bSeconds = '0', bRest = ''] = b.split('.');
  return Number(aSeconds) - Number(bSeconds) || Number(aRest.padEnd(6, '0')) - Number(bRest.padEnd(6, '0'));
}

const history: Method = {
  tier: 3,
  scopes: anyHistory,
  run(call) {
    const channel = readableChannel(call);
    const withMetadata = flag(call.args, 'include_all_metadata');
    const tops = channel.messages.filter(
      (m) => !m.thread_ts || m.thread_ts === m.ts || m.subtype === 'thread_broadcast',
    );
    const { items, next } = page(within(tops, call.args).reverse(), call.args, 100, 999);
    return {
      messages: items.map((message) => messageShape(message, withMetadata)),
      has_more: next !== '',
      pin_count: 0,
      ...(next && { response_metadata: { next_cursor: next } }),
    };
  },
};

const replies: Method = {
  tier: 3,
  scopes: anyHistory,
  run(call) {
    const channel = readableChannel(call);
    const asked = call.core.workspace.findMessage(channel, text(call.args, 'ts'));
    if (!asked) throw new SlackError('thread_not_found');
    const withMetadata = flag(call.args, 'include_all_metadata');
    const [root, ...rest] = call.core.workspace.thread(channel, asked.thread_ts ?? asked.ts);
    // The parent leads every page, whatever the time range.
    count(call.args, 'limit', 1000, 1000);
    const { items, next } = page(within(rest, call.args), call.args, 1000, 1000);
    return {
      messages: [...(root ? [root] : []), ...items].map((message) => messageShape(message, withMetadata)),
      has_more: next !== '',
      ...(next && { response_metadata: { next_cursor: next } }),
    };
  },
};

const join: Method = {
  tier: 3,
  scopes: ['channels:join'],
  run(call) {
    const channel = channelOf(call);
    if (channel.archived) throw new SlackError('is_archived');
    if (channel.kind !== 'public') throw new SlackError('method_not_supported_for_channel_type');
    call.core.workspace.setMember(channel, call.app.botUserId, true);
    return { channel: channelShape(call.core.workspace, channel, call.app) };
  },
};

const open: Method = {
  tier: 3,
  scopes: ['im:write', 'mpim:write', 'channels:manage', 'groups:write'],
  run({ core, app, args }) {
    const ids = text(args, 'users').split(',').filter(Boolean);
    const user = core.workspace.users.get(ids[0] ?? '');
    if (!user || ids.length > 1)
      throw new SlackError(ids.length > 1 ? 'method_not_supported_for_channel_type' : 'user_not_found');
    return { channel: { id: core.workspace.openDirect(user.id, app.botUserId, app.config.name).id } };
  },
};

const members: Method = {
  tier: 4,
  scopes: anyRead,
  run(call: Call) {
    const channel = channelOf(call);
    needReadScope(call, channel);
    const { items, next } = page([...channel.members], call.args, 100, 1000);
    return { members: items, response_metadata: { next_cursor: next } };
  },
};

/** @throws SlackError already_reacted, no_reaction, invalid_name */
function react(call: Call, added: boolean): Fields {
  const channel = channelOf(call);
  const message = messageOf(call, channel, 'timestamp');
  const name = text(call.args, 'name').replaceAll(':', '');
  if (!/^[a-z0-9_+'-]+$/.test(name)) throw new SlackError('invalid_name');
  if (!call.core.workspace.react(channel, message, name, call.app.botUserId, added)) {
    throw new SlackError(added ? 'already_reacted' : 'no_reaction');
  }
  return {};
}

const reactionsGet: Method = {
  tier: 3,
  scopes: ['reactions:read'],
  run(call) {
    const channel = channelOf(call);
    return { type: 'message', channel: channel.id, message: messageShape(messageOf(call, channel, 'timestamp')) };
  },
};

export const conversationMethods: Record<string, Method> = {
  'conversations.list': list,
  'conversations.info': info,
  'conversations.history': history,
  'conversations.replies': replies,
  'conversations.join': join,
  'conversations.open': open,
  'conversations.members': members,
  'reactions.add': { tier: 3, scopes: ['reactions:write'], run: (call) => react(call, true) },
  'reactions.remove': { tier: 2, scopes: ['reactions:write'], run: (call) => react(call, false) },
  'reactions.get': reactionsGet,
};
