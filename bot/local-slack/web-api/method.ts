import type { Core } from '../core.ts';
import { SlackError } from '../errors.ts';
import type { Tier } from '../rate-limits.ts';
import type { App, Channel, Fields, Message } from '../types.ts';

export interface Call {
  core: Core;
  app: App;
  args: Fields;
}

/** One Web API method: who may call it how often, and what it does. */
export interface Method {
  tier: Tier;
  /** Any one of these suffices; empty: none needed. */
  scopes: string[];
  /** `xapp-` tokens instead of `xoxb-` ones. */
  appToken?: boolean;
  /** @returns the answer without `ok` @throws SlackError */
  run(call: Call): Fields;
}

/** An argument as text; the empty text if it is missing. */
export function text(args: Fields, key: string): string {
  const value = args[key];
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

export function flag(args: Fields, key: string): boolean {
  return args[key] === true || args[key] === 'true' || args[key] === '1' || args[key] === 1;
}

/** A number within bounds, as `limit` is. @throws SlackError invalid_limit */
export function count(args: Fields, key: string, otherwise: number, max: number): number {
  if (args[key] === undefined || args[key] === '') return otherwise;
  const value = Number(args[key]);
  if (!Number.isInteger(value) || value < 1) throw new SlackError('invalid_limit');
  return Math.min(value, max);
}

const scopeOf = {
  read: { public: 'channels:read', private: 'groups:read', im: 'im:read' },
  history: { public: 'channels:history', private: 'groups:history', im: 'im:history' },
} as const;

/** @throws SlackError missing_scope */
export function needScope(app: App, scope: string): void {
  if (!app.scopes.has(scope))
    throw new SlackError('missing_scope', { needed: scope, provided: [...app.scopes].join(',') });
}

/**
 * The channel that an id names. A private one that the bot is not in does not exist for it.
 * @throws SlackError channel_not_found
 */
export function channelOf({ core, app, args }: Call, key = 'channel'): Channel {
  const channel = core.workspace.channels.get(text(args, key));
  if (!channel || (channel.kind !== 'public' && !channel.members.has(app.botUserId)))
    throw new SlackError('channel_not_found');
  return channel;
}

/** The channel, if its messages may be read. @throws SlackError channel_not_found, missing_scope, not_in_channel */
export function readableChannel(call: Call): Channel {
  const channel = channelOf(call);
  needScope(call.app, scopeOf.history[channel.kind]);
  if (!channel.members.has(call.app.botUserId)) throw new SlackError('not_in_channel');
  return channel;
}

/** @throws SlackError missing_scope */
export function needReadScope(call: Call, channel: Channel): void {
  needScope(call.app, scopeOf.read[channel.kind]);
}

/** @throws SlackError message_not_found */
export function messageOf(call: Call, channel: Channel, key = 'ts'): Message {
  const message = call.core.workspace.findMessage(channel, text(call.args, key));
  if (!message) throw new SlackError('message_not_found');
  return message;
}

/**
 * One page of a list. Cursors are opaque to callers: the offset, encoded.
 * @throws SlackError invalid_cursor
 * @see https://docs.slack.dev/apis/web-api/pagination
 */
export function page<T>(items: T[], args: Fields, otherwise: number, max: number): { items: T[]; next: string } {
  const limit = count(args, 'limit', otherwise, max);
  const cursor = text(args, 'cursor');
  const from = cursor ? Number(/^at:(\d+)$/.exec(Buffer.from(cursor, 'base64').toString())?.[1] ?? Number.NaN) : 0;
  if (Number.isNaN(from)) throw new SlackError('invalid_cursor');
  const next = from + limit < items.length ? Buffer.from(`at:${from + limit}`).toString('base64') : '';
  return { items: items.slice(from, from + limit), next };
}
