import type { Control } from './control.ts';
import { isFailMode } from './failures.ts';
import { HttpError } from './http.ts';
import type { Which } from './interactions.ts';
import type { Channel, Fields, View } from './types.ts';

/** The control API over HTTP: `POST /_control/NAME` with a JSON object. `{ ok, … }` comes back. */

type Act = (control: Control, args: Fields) => unknown;

function needed(args: Fields, key: string): string {
  const value = args[key];
  if (typeof value !== 'string' || value === '') throw new HttpError(400, `${key} is missing`);
  return value;
}

function optional(args: Fields, key: string): string | undefined {
  const value = args[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** `action_id`, or `{ action, block, value }`. */
function which(args: Fields): Which {
  const parts = { action: optional(args, 'action'), block: optional(args, 'block'), value: optional(args, 'value') };
  if (!parts.action && !parts.block) throw new HttpError(400, 'action or block is missing');
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined));
}

function channelJson(channel: Channel): Fields {
  const { messages: _, members, ...rest } = channel;
  return { ...rest, members: [...members] };
}

const acts: Record<string, Act> = {
  say: (control, args) => {
    const files = Array.isArray(args.files) ? (args.files as { name: string; content?: string }[]).slice(0, 10) : [];
    const message = control.say(needed(args, 'user'), needed(args, 'channel'), String(args.text ?? ''), {
      thread_ts: optional(args, 'thread_ts'),
      files,
      raw: args.raw === true,
    });
    return { ts: message.ts, message };
  },
  command: (control, args) => control.command(needed(args, 'user'), needed(args, 'channel'), needed(args, 'text')),
  shortcut: (control, args) =>
    control.shortcut(needed(args, 'user'), needed(args, 'channel'), needed(args, 'ts'), optional(args, 'callback_id')),
  click: (control, args) =>
    control.click(needed(args, 'user'), needed(args, 'channel'), needed(args, 'ts'), which(args)),
  clickView: (control, args) => control.clickView(needed(args, 'user'), which(args)),
  submitView: (control, args) =>
    control.submitView(needed(args, 'user'), (args.values ?? {}) as View['state']['values']),
  closeView: (control, args) => control.closeView(needed(args, 'user')),
  openHome: (control, args) => control.openHome(needed(args, 'user')),
  view: (control, args) => ({ view: control.view(needed(args, 'user')) }),
  home: (control, args) => ({ view: control.home(needed(args, 'user')) }),
  react: (control, args) => ({
    changed: control.react(
      needed(args, 'user'),
      needed(args, 'channel'),
      needed(args, 'ts'),
      needed(args, 'name'),
      args.added !== false,
    ),
  }),
  editMessage: (control, args) => ({
    message: control.editMessage(needed(args, 'channel'), needed(args, 'ts'), needed(args, 'text')),
  }),
  deleteMessage: (control, args) => control.deleteMessage(needed(args, 'channel'), needed(args, 'ts')),
  channel: (control, args) => ({ channel: channelJson(control.channel(needed(args, 'channel'))) }),
  user: (control, args) => ({ user: control.user(needed(args, 'user')) }),
  messages: (control, args) => ({
    messages: control.messages(needed(args, 'channel'), { thread: optional(args, 'thread') }),
  }),
  ephemerals: (control, args) => ({ ephemerals: control.ephemerals(optional(args, 'user')) }),
  permalink: (control, args) => ({ permalink: control.permalink(needed(args, 'channel'), needed(args, 'ts')) }),
  waitFor: waitForMessage,
  deliverAgain: (control, args) => control.deliverAgain(needed(args, 'event_id')),
  deliveries: (control) => ({ deliveries: control.deliveries() }),
  apiCalls: (control, args) => ({ calls: control.apiCalls(optional(args, 'method')) }),
  stats: (control) => control.stats(),
  fail: (control, args) => {
    if (!isFailMode(args.mode)) throw new HttpError(400, 'mode: 429, 500, hang, drop, lost-answer or error:NAME');
    const retryAfter = typeof args.retry_after === 'number' ? args.retry_after : 1;
    control.fail(needed(args, 'method'), args.mode, Number(args.times ?? 1), { retryAfter });
  },
  clearFailures: (control) => control.clearFailures(),
  sockets: (control) => ({ sockets: control.sockets() }),
  disconnectSockets: (control, args) => {
    const reasons = ['warning', 'refresh_requested', 'link_disabled', 'drop'] as const;
    const reason = reasons.find((r) => r === (args.reason ?? 'refresh_requested'));
    if (!reason) throw new HttpError(400, `reason: ${reasons.join(', ')}`);
    return { sockets: control.disconnectSockets(reason) };
  },
  setScopes: (control, args) => control.setScopes(Array.isArray(args.scopes) ? args.scopes.map(String) : []),
  setRequestUrl: (control, args) => control.setRequestUrl(needed(args, 'url')),
  advance: (control, args) => control.advance(Number(args.ms) || 0),
  addUser: (control, args) => ({
    user: control.addUser({
      name: needed(args, 'name'),
      realName: optional(args, 'realName'),
      title: optional(args, 'title'),
      tz: optional(args, 'tz'),
    }),
  }),
  addBot: (control, args) => ({ user: control.addBot(needed(args, 'name')) }),
  addChannel: (control, args) => ({
    channel: channelJson(
      control.addChannel({
        name: needed(args, 'name'),
        private: args.private === true,
        topic: optional(args, 'topic'),
        withBot: args.withBot !== false,
      }),
    ),
  }),
  addBotToChannel: (control, args) => control.addBotToChannel(needed(args, 'channel')),
  removeBotFromChannel: (control, args) => control.removeBotFromChannel(needed(args, 'channel')),
  archiveChannel: (control, args) => control.archiveChannel(needed(args, 'channel'), args.archived !== false),
  renameChannel: (control, args) => control.renameChannel(needed(args, 'channel'), needed(args, 'name')),
};

/** Waits for a message whose text contains `contains`, in a channel or one of its threads. */
async function waitForMessage(control: Control, args: Fields): Promise<Fields> {
  const channel = needed(args, 'channel');
  const contains = String(args.contains ?? '');
  const thread = optional(args, 'thread');
  const after = optional(args, 'after') ?? '';
  const message = await control.waitFor(
    () => control.messages(channel, { thread }).find((m) => m.ts > after && m.text.includes(contains)),
    { timeoutMs: Math.min(Number(args.timeout_ms ?? 10_000), 120_000), what: `"${contains}" in ${channel}` },
  );
  return { message };
}

/** @throws HttpError 404 for an unknown name, 400 for a bad argument or an act that is not possible */
export async function controlByName(control: Control, name: string, args: Fields): Promise<Fields> {
  const act = Object.hasOwn(acts, name) ? acts[name] : undefined;
  if (!act) throw new HttpError(404, `no control ${name}`);
  try {
    const result = await act(control, args);
    return { ok: true, ...(typeof result === 'object' ? result : {}) };
  } catch (error) {
    if (error instanceof HttpError) throw error;
    throw new HttpError(400, error instanceof Error ? error.message : String(error));
  }
}
