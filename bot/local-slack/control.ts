import { installApp, postingBot } from './apps.ts';
import type { Core } from './core.ts';
import type { Delivery } from './delivery.ts';
import type { FailMode } from './failures.ts';
import { fileShape } from './files.ts';
import { newId } from './ids.ts';
import { inputStates } from './input-states.ts';
import type { ActResult, Interactions, Which } from './interactions.ts';
import { encodeTyped, richTextOf } from './mrkdwn.ts';
import { botFields } from './shapes.ts';
import type { DisconnectReason, SocketInfo, Sockets } from './sockets.ts';
import type { ApiCall, Channel, DeliveryAttempt, Ephemeral, Fields, Message, User, View } from './types.ts';
import { type WaitOptions, waitFor } from './wait-for.ts';
import { permalinkOf } from './web-api/chat.ts';

export interface SayOptions {
  thread_ts?: string;
  /** Names and contents, or finished file objects. */
  files?: { name: string; content?: string }[];
  /** Send the text as it is, instead of turning what a person types into Slack's form. */
  raw?: boolean;
}

export interface Stats {
  calls: Record<string, number>;
  /** Calls over a limit, refused or not. */
  limitsBroken: number;
  /** Delivered payloads by outcome. */
  deliveries: Record<string, number>;
  /** Payloads on their way, waiting retries included. */
  pending: number;
}

/** What can be done to a local workspace from outside: as its people, and as fate. Users and channels by id or name. */
export interface Control {
  /** A person (or another bot) posts a message. Mentions and links are typed as in Slack: `@ingress-triage`, `#random`. */
  say(user: string, channel: string, text: string, options?: SayOptions): Message;
  /** A person types a slash command, the slash included. */
  command(user: string, channel: string, line: string): Promise<ActResult>;
  shortcut(user: string, channel: string, ts: string, callbackId?: string): Promise<ActResult>;
  /** A click on a message's button or menu. */
  click(user: string, channel: string, ts: string, which: Which): Promise<ActResult>;
  /** A click inside the open modal or, if there is none, the Home tab. */
  clickView(user: string, which: Which): Promise<ActResult>;
  /** Submits the open modal. Texts are wrapped as their input needs it. */
  submitView(user: string, values?: Record<string, Record<string, Fields | string>>): Promise<ActResult>;
  closeView(user: string): Promise<void>;
  openHome(user: string): void;
  /** The modal that the person sees. */
  view(user: string): View | null;
  home(user: string): View | null;
  /** A person adds or takes back a reaction. */
  react(user: string, channel: string, ts: string, name: string, added?: boolean): boolean;
  editMessage(channel: string, ts: string, text: string): Message;
  deleteMessage(channel: string, ts: string): void;

  /** @throws Error if there is none of that id or name, as everything here does */
  channel(ref: string): Channel;
  user(ref: string): User;
  /** Messages of a channel, or of one thread, oldest first. */
  messages(channel: string, options?: { thread?: string }): Message[];
  ephemerals(user?: string): Ephemeral[];
  permalink(channel: string, ts: string): string;
  /** Resolves with the first truthy value; asks again after every change, and now and then. @throws Error when the time is up */
  waitFor<T>(predicate: () => T | undefined | null | false, options?: WaitOptions): Promise<T>;

  /** Delivers an event again, with the same event_id. */
  deliverAgain(eventId: string): void;
  deliveries(): readonly DeliveryAttempt[];
  apiCalls(method?: string): readonly ApiCall[];
  stats(): Stats;
  /** Makes the next calls of a method (or `*`) fail. */
  fail(method: string, mode: FailMode, times?: number, options?: { retryAfter?: number }): void;
  clearFailures(): void;
  sockets(): SocketInfo[];
  /** @returns how many sockets there were */
  disconnectSockets(reason?: DisconnectReason): number;
  setScopes(scopes: string[]): void;
  /**
   * HTTP mode: registers the request URL for everything, after Slack's url_verification.
   * @throws Error if the challenge does not come back
   */
  setRequestUrl(url: string): Promise<void>;
  /** Moves the workspace's time forward: limits, triggers and response URLs age. */
  advance(ms: number): void;

  addUser(user: { name: string; realName?: string; title?: string; tz?: string }): User;
  /** A bot that posts, such as an alert manager; `say` with its name posts as it. @returns its bot user */
  addBot(name: string): User;
  addChannel(channel: { name: string; private?: boolean; topic?: string; withBot?: boolean }): Channel;
  addBotToChannel(channel: string): void;
  removeBotFromChannel(channel: string): void;
  archiveChannel(channel: string, archived?: boolean): void;
  renameChannel(channel: string, name: string): void;
  addUsergroup(group: { handle: string; name: string; users: string[] }): { id: string };
}

export function createControl(
  core: Core,
  parts: {
    delivery: Delivery;
    sockets: Sockets;
    interactions: Interactions;
    setRequestUrl(url: string): Promise<void>;
    waiting: Set<() => void>;
  },
): Control {
  const { workspace } = core;
  const { delivery, sockets, interactions } = parts;

  function userOf(ref: string): User {
    const user = workspace.findUser(ref);
    if (!user) throw new Error(`no user ${ref}`);
    return user;
  }

  function channelOf(ref: string): Channel {
    const channel = workspace.findChannel(ref);
    if (!channel) throw new Error(`no channel ${ref}`);
    return channel;
  }

  function messageOf(channel: Channel, ts: string): Message {
    const message = workspace.findMessage(channel, ts);
    if (!message) throw new Error(`no message ${ts} in ${channel.name}`);
    return message;
  }

  function say(userRef: string, channelRef: string, text: string, options: SayOptions = {}): Message {
    const user = userOf(userRef);
    const channel = channelOf(channelRef);
    if (channel.archived) throw new Error(`#${channel.name} is archived`);
    const thread = options.thread_ts ? { thread_ts: messageOf(channel, options.thread_ts).ts } : {};
    const files = (options.files ?? []).map(({ name, content }) => {
      const id = workspace.newFileId();
      return fileShape(id, name, name, content?.length ?? 0, core.url);
    });
    const share = files.length > 0 ? { subtype: 'file_share', files, upload: false } : {};
    const app = user.appId ? core.apps.get(user.appId) : undefined;
    if (app) {
      const about = { ...botFields(workspace, app), ...(app === core.app ? {} : { subtype: 'bot_message' }) };
      return workspace.post(channel, { ...about, username: app.config.name, text, ...share, ...thread });
    }
    const encoded = options.raw ? text : encodeTyped(workspace, text);
    return workspace.post(channel, {
      user: user.id,
      client_msg_id: crypto.randomUUID(),
      text: encoded,
      team: workspace.team.id,
      blocks: [richTextOf(encoded)],
      ...share,
      ...thread,
    });
  }

  return {
    say,
    command: (user, channel, line) => interactions.command(userOf(user), channelOf(channel), line),
    async shortcut(user, channelRef, ts, callbackId = 'triage_message') {
      const channel = channelOf(channelRef);
      return interactions.shortcut(userOf(user), channel, messageOf(channel, ts), callbackId);
    },
    async click(user, channel, ts, which) {
      return interactions.clickMessage(userOf(user), channelOf(channel), ts, which);
    },
    async clickView(userRef, which) {
      const user = userOf(userRef);
      const view = core.views.open(user.id) ?? core.views.home(user.id);
      if (!view) throw new Error(`${user.name} sees no view`);
      return interactions.clickView(user, view, which);
    },
    async submitView(userRef, values = {}) {
      const user = userOf(userRef);
      const view = core.views.open(user.id);
      if (!view) throw new Error(`${user.name} has no open modal`);
      return interactions.submit(user, inputStates(view, values));
    },
    closeView: (user) => interactions.dismiss(userOf(user)),
    openHome: (user) => workspace.announce({ type: 'home_opened', user: userOf(user).id }),
    view: (user) => core.views.open(userOf(user).id),
    home: (user) => core.views.home(userOf(user).id),
    react(user, channelRef, ts, name, added = true) {
      const channel = channelOf(channelRef);
      return workspace.react(channel, messageOf(channel, ts), name, userOf(user).id, added);
    },
    editMessage(channelRef, ts, text) {
      const channel = channelOf(channelRef);
      const message = messageOf(channel, ts);
      const encoded = encodeTyped(workspace, text);
      const edited = { user: message.user ?? '', ts: workspace.nextTs() };
      return workspace.edit(channel, message, { text: encoded, blocks: [richTextOf(encoded)], edited });
    },
    deleteMessage(channelRef, ts) {
      const channel = channelOf(channelRef);
      workspace.remove(channel, messageOf(channel, ts));
    },
    channel: channelOf,
    user: userOf,
    messages(channelRef, options = {}) {
      const channel = channelOf(channelRef);
      return options.thread ? workspace.thread(channel, options.thread) : [...channel.messages];
    },
    ephemerals(user) {
      const id = user && userOf(user).id;
      return workspace.ephemerals.filter((e) => !id || e.user === id);
    },
    permalink(channelRef, ts) {
      const channel = channelOf(channelRef);
      return permalinkOf(core.url, channel, messageOf(channel, ts));
    },
    waitFor: (predicate, options = {}) =>
      waitFor(predicate, options, { onChange: (look) => workspace.onChange(look), waiting: parts.waiting }),
    deliverAgain: (eventId) => delivery.again(eventId),
    deliveries: () => delivery.attempts,
    apiCalls: (method) => (method ? core.calls.filter((call) => call.method === method) : core.calls),
    stats: () => ({
      calls: tally(core.calls.map((call) => call.method)),
      limitsBroken: core.limits.broken,
      deliveries: tally(delivery.attempts.map((attempt) => attempt.outcome)),
      pending: delivery.pending,
    }),
    fail: (method, mode, times = 1, options = {}) => core.failures.order(method, mode, times, options.retryAfter),
    clearFailures: () => core.failures.clear(),
    sockets: () => sockets.list(),
    disconnectSockets: (reason = 'refresh_requested') => sockets.disconnect(reason),
    setScopes(scopes) {
      core.app.scopes.clear();
      for (const scope of scopes) core.app.scopes.add(scope);
    },
    setRequestUrl: (url) => parts.setRequestUrl(url),
    advance: (ms) => core.clock.advance(ms),
    addUser: (user) => workspace.addUser(user),
    addBot(name) {
      const app = installApp(workspace, postingBot(name));
      core.apps.set(app.id, app);
      return userOf(app.botUserId);
    },
    addChannel({ name, private: hidden = false, topic = '', withBot = true }) {
      const channel = workspace.addChannel({ name, kind: hidden ? 'private' : 'public', topic });
      if (withBot) workspace.setMember(channel, core.app.botUserId, true);
      return channel;
    },
    addBotToChannel: (channel) => workspace.setMember(channelOf(channel), core.app.botUserId, true),
    removeBotFromChannel: (channel) => workspace.setMember(channelOf(channel), core.app.botUserId, false),
    archiveChannel(channelRef, archived = true) {
      const channel = channelOf(channelRef);
      channel.archived = archived;
      workspace.announce({ type: 'channel', channel: channel.id, change: archived ? 'archived' : 'unarchived' });
    },
    renameChannel(channelRef, name) {
      const channel = channelOf(channelRef);
      channel.name = name;
      workspace.announce({ type: 'channel', channel: channel.id, change: 'renamed' });
    },
    addUsergroup({ handle, name, users }) {
      const group = { id: newId('S'), handle, name, users: users.map((user) => userOf(user).id) };
      workspace.usergroups.push(group);
      return { id: group.id };
    },
  };
}

function tally(words: string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}
