import { EventEmitter } from 'node:events';
import type { Clock } from './clock.ts';
import { idOf, newId } from './ids.ts';
import type { Change, Channel, Ephemeral, Fields, Message, User } from './types.ts';

/** A channel keeps this many messages; older ones are forgotten. */
const maxMessages = 10_000;
const maxEphemerals = 500;
const maxChannels = 1_000;
const maxUsers = 2_000;

/** People, channels and messages of one workspace. Every change is announced once, synchronously, to listeners. */
export class Workspace {
  readonly team: { id: string; name: string; domain: string };
  readonly users = new Map<string, User>();
  readonly channels = new Map<string, Channel>();
  readonly ephemerals: Ephemeral[] = [];
  /** How people name several others at once: `@platform`. */
  readonly usergroups: { id: string; handle: string; name: string; users: string[] }[] = [];
  readonly #clock: Clock;
  readonly #changes = new EventEmitter();
  #lastMicros = 0;

  constructor(clock: Clock, name: string) {
    this.#clock = clock;
    const domain = name.toLowerCase().replace(/[^a-z0-9]+/g, '-');
    this.team = { id: idOf('T', domain), name, domain };
    this.#changes.setMaxListeners(0);
  }

  onChange(listener: (change: Change) => void): () => void {
    this.#changes.on('change', listener);
    return () => this.#changes.off('change', listener);
  }

  announce(change: Change): void {
    this.#changes.emit('change', change);
  }

  /** A message's `ts`: seconds, a dot, six digits; unique in the workspace and rising. */
  nextTs(): string {
    const sinceMilli = Math.floor(Math.random() * 1000);
    this.#lastMicros = Math.max(this.#lastMicros + 1, Math.floor(this.#clock.now()) * 1000 + sinceMilli);
    const micros = String(this.#lastMicros);
    return `${micros.slice(0, -6)}.${micros.slice(-6)}`;
  }

  addUser(spec: Partial<User> & { name: string }): User {
    if (this.users.size >= maxUsers) throw new Error(`a workspace holds ${maxUsers} users`);
    const user: User = {
      id: spec.id ?? idOf('U', spec.name),
      name: spec.name,
      realName: spec.realName ?? spec.name,
      title: spec.title ?? '',
      tz: spec.tz ?? 'Europe/Berlin',
      isBot: spec.isBot ?? false,
      ...(spec.appId && { appId: spec.appId }),
      ...(spec.botId && { botId: spec.botId }),
    };
    this.users.set(user.id, user);
    // People are everywhere by default; who may not read what is not this stand-in's subject.
    if (!user.isBot)
      for (const channel of this.channels.values()) if (channel.kind === 'public') channel.members.add(user.id);
    this.announce({ type: 'user', user: user.id });
    return user;
  }

  addChannel(spec: {
    name: string;
    kind?: Channel['kind'];
    topic?: string;
    members?: Iterable<string>;
    id?: string;
  }): Channel {
    if (this.channels.size >= maxChannels) throw new Error(`a workspace holds ${maxChannels} channels`);
    const kind = spec.kind ?? 'public';
    const people = [...this.users.values()].filter((user) => !user.isBot).map((user) => user.id);
    const channel: Channel = {
      id: spec.id ?? idOf(kind === 'im' ? 'D' : 'C', spec.name),
      name: spec.name,
      kind,
      topic: spec.topic ?? '',
      archived: false,
      created: Math.floor(this.#clock.now() / 1000),
      members: new Set(spec.members ?? people),
      messages: [],
    };
    this.channels.set(channel.id, channel);
    this.announce({ type: 'channel', channel: channel.id, change: 'created' });
    return channel;
  }

  /** A channel by id, by name or by `#name`. */
  findChannel(ref: string): Channel | undefined {
    const name = ref.startsWith('#') ? ref.slice(1) : ref;
    return this.channels.get(ref) ?? [...this.channels.values()].find((c) => c.kind !== 'im' && c.name === name);
  }

  /** A user by id, handle or `@handle`. */
  findUser(ref: string): User | undefined {
    const name = ref.startsWith('@') ? ref.slice(1) : ref;
    return this.users.get(ref) ?? [...this.users.values()].find((user) => user.name === name);
  }

  /** The direct conversation of two users, opened on first use. */
  openDirect(userId: string, otherId: string, name: string): Channel {
    const id = idOf('D', `${userId}:${otherId}`);
    return this.channels.get(id) ?? this.addChannel({ id, name, kind: 'im', members: [userId, otherId] });
  }

  findMessage(channel: Channel, ts: unknown): Message | undefined {
    // Recent messages are asked for most, so the search starts at the end.
    return typeof ts === 'string' ? channel.messages.findLast((message) => message.ts === ts) : undefined;
  }

  /** Adds a message; a reply is counted at its thread's parent. */
  post(channel: Channel, fields: Fields & { text: string; thread_ts?: string }, by?: 'share'): Message {
    const ts = this.nextTs();
    const parent = fields.thread_ts ? this.findMessage(channel, fields.thread_ts) : undefined;
    const { thread_ts: _, ...rest } = fields;
    const message: Message = { type: 'message', ts, ...rest };
    if (parent) {
      message.thread_ts = parent.thread_ts ?? parent.ts;
      const root = this.findMessage(channel, message.thread_ts) ?? parent;
      if (root.user) message.parent_user_id = root.user;
      this.#countReply(root, message);
      this.announce({ type: 'message_changed', channel: channel.id, message: root, previous: root, silent: true });
    }
    channel.messages.push(message);
    if (channel.messages.length > maxMessages) channel.messages.splice(0, channel.messages.length - maxMessages);
    this.announce({ type: 'message', channel: channel.id, message, ...(by && { by }) });
    return message;
  }

  #countReply(root: Message, reply: Message): void {
    root.thread_ts = root.ts;
    root.reply_count = (root.reply_count ?? 0) + 1;
    root.reply_users = [...new Set([...(root.reply_users ?? []), reply.user ?? reply.bot_id ?? ''])].slice(0, 5);
    root.reply_users_count = root.reply_users.length;
    root.latest_reply = reply.ts;
    root.is_locked = false;
    root.subscribed = false;
  }

  /** Replaces parts of a message. `undefined` removes a field. */
  edit(channel: Channel, message: Message, changes: Fields): Message {
    const previous = structuredClone(message);
    for (const [key, value] of Object.entries(changes)) {
      if (value === undefined) delete message[key];
      else message[key] = value;
    }
    this.announce({ type: 'message_changed', channel: channel.id, message, previous });
    return message;
  }

  /** Removes a message. A parent that has replies leaves a tombstone, as in Slack. */
  remove(channel: Channel, message: Message): void {
    const previous = structuredClone(message);
    if (message.reply_count) {
      for (const key of [
        'blocks',
        'attachments',
        'metadata',
        'edited',
        'files',
        'bot_id',
        'app_id',
        'bot_profile',
        'reactions',
      ])
        delete message[key];
      Object.assign(message, {
        subtype: 'tombstone',
        user: 'USLACKBOT',
        text: 'This message was deleted.',
        hidden: true,
      });
      this.announce({ type: 'message_changed', channel: channel.id, message, previous });
      return;
    }
    channel.messages.splice(channel.messages.indexOf(message), 1);
    const root = message.thread_ts ? this.findMessage(channel, message.thread_ts) : undefined;
    if (root?.reply_count) {
      const replies = this.thread(channel, root.ts).slice(1);
      root.reply_count = replies.length;
      root.latest_reply = replies.at(-1)?.ts;
      this.announce({ type: 'message_changed', channel: channel.id, message: root, previous: root, silent: true });
    }
    this.announce({ type: 'message_deleted', channel: channel.id, ts: message.ts, previous });
  }

  /** A thread's messages, the parent first. */
  thread(channel: Channel, rootTs: string): Message[] {
    return channel.messages.filter((message) => message.ts === rootTs || message.thread_ts === rootTs);
  }

  /** @returns false if there is nothing to do: it is there already, or not there */
  react(channel: Channel, message: Message, name: string, user: string, added: boolean): boolean {
    const all = message.reactions ?? [];
    const one = all.find((reaction) => reaction.name === name) ?? { name, users: [], count: 0 };
    if (one.users.includes(user) === added) return false;
    one.users = added ? [...one.users, user] : one.users.filter((id) => id !== user);
    one.count = one.users.length;
    message.reactions = [...all.filter((reaction) => reaction !== one), one].filter((reaction) => reaction.count > 0);
    this.announce({ type: 'reaction', added, channel: channel.id, ts: message.ts, name, user, itemUser: message.user });
    return true;
  }

  /** A message for one person only. */
  whisper(spec: Omit<Ephemeral, 'ts'>): Ephemeral {
    const ephemeral = { ts: this.nextTs(), ...spec };
    this.ephemerals.push(ephemeral);
    if (this.ephemerals.length > maxEphemerals) this.ephemerals.shift();
    this.announce({ type: 'ephemeral', ephemeral });
    return ephemeral;
  }

  unwhisper(user: string, channel: string, ts: string): boolean {
    const at = this.ephemerals.findIndex((e) => e.user === user && e.channel === channel && e.ts === ts);
    if (at < 0) return false;
    this.ephemerals.splice(at, 1);
    this.announce({ type: 'ephemeral_deleted', user, channel, ts });
    return true;
  }

  setMember(channel: Channel, userId: string, member: boolean): void {
    if (channel.members.has(userId) === member) return;
    if (member) channel.members.add(userId);
    else channel.members.delete(userId);
    this.announce({ type: 'member', channel: channel.id, user: userId, joined: member });
  }

  newFileId(): string {
    return newId('F');
  }
}
