/** What the page knows. The server sends a snapshot, then every change. */
export const state = {
  me: '',
  team: { name: '' },
  /** @type {Map<string, Record<string, any>>} */
  users: new Map(),
  /** @type {Map<string, Record<string, any>>} */
  channels: new Map(),
  /** @type {Map<string, Record<string, any>[]>} */
  messages: new Map(),
  /** @type {Record<string, any>[]} */
  ephemerals: [],
  app: { id: '', botUserId: '', name: '', homeTab: false, direct: null },
  /** @type {{ command: string, description: string, hint: string }[]} */
  commands: [],
  /** @type {{ type: string, name: string, callbackId: string, description: string }[]} */
  shortcuts: [],
  home: null,
  view: null,
  viewErrors: null,
  panel: null,
  /** What is shown in the middle: a channel's id, or `home`. */
  current: '',
  thread: null,
  /** The message that a link led to. */
  marked: null,
  unread: new Map(),
  connected: false,
};

const listeners = new Set();

/** @param {(what: string) => void} listener told what kind of thing changed */
export function onChange(listener) {
  listeners.add(listener);
}

export function changed(what) {
  for (const listener of listeners) listener(what);
}

let stream = null;

/**
 * Follows the changes for a person, then loads everything. In this order nothing falls between the two; and what comes
 * while the snapshot is on its way waits until it is there.
 */
export function connect(user) {
  stream?.close();
  const me = encodeURIComponent(user);
  const opened = new EventSource(`/_page/stream?me=${me}`);
  stream = opened;
  let waiting = [];
  for (const [event, apply] of Object.entries(changes)) {
    opened.addEventListener(event, ({ data }) => {
      const run = () => changed(apply(JSON.parse(data)));
      if (waiting) waiting.push(run);
      else run();
    });
  }
  opened.onerror = () => {
    state.connected = false;
    waiting ??= [];
    changed('connection');
  };
  return new Promise((resolve) => {
    // Also after a break: the snapshot tells what was missed.
    opened.onopen = async () => {
      await load(me);
      state.connected = true;
      const held = waiting ?? [];
      waiting = null;
      changed('all');
      for (const run of held) run();
      resolve();
    };
  });
}

async function load(me) {
  const response = await fetch(`/_page/snapshot?me=${me}`);
  const { users, channels, messages, ...rest } = await response.json();
  Object.assign(state, rest);
  state.users = new Map(users.map((user) => [user.id, user]));
  state.channels = new Map(channels.map((channel) => [channel.id, channel]));
  state.messages = new Map(Object.entries(messages));
}

const changes = {
  message({ channel, message }) {
    const list = state.messages.get(channel) ?? [];
    const at = list.findLastIndex((other) => other.ts === message.ts);
    if (at >= 0) list[at] = message;
    else {
      list.push(message);
      if (list.length > 1000) list.shift();
      const seen = channel === state.current && document.hasFocus();
      // Replies in threads do not mark the channel.
      const reply = message.thread_ts && message.thread_ts !== message.ts;
      if (!seen && !reply && message.user !== state.me) state.unread.set(channel, (state.unread.get(channel) ?? 0) + 1);
    }
    state.messages.set(channel, list);
    return 'messages';
  },
  message_deleted({ channel, ts }) {
    state.messages.set(
      channel,
      (state.messages.get(channel) ?? []).filter((message) => message.ts !== ts),
    );
    return 'messages';
  },
  ephemeral({ ephemeral }) {
    const others = state.ephemerals.filter((other) => other.ts !== ephemeral.ts);
    state.ephemerals = [...others, ephemeral].slice(-50);
    return 'messages';
  },
  ephemeral_deleted({ ts }) {
    state.ephemerals = state.ephemerals.filter((other) => other.ts !== ts);
    return 'messages';
  },
  channel({ channel }) {
    if (channel.kind !== 'private' || state.channels.has(channel.id)) state.channels.set(channel.id, channel);
    return 'channels';
  },
  user({ user }) {
    state.users.set(user.id, user);
    return 'all';
  },
  view({ view, errors }) {
    state.view = view;
    state.viewErrors = errors;
    return 'view';
  },
  home({ view }) {
    state.home = view;
    return 'home';
  },
  panel({ panel }) {
    state.panel = panel;
    return 'panel';
  },
};

/**
 * Acts in the workspace.
 * @throws Error with the server's words
 */
export async function act(name, args) {
  return post(`/_control/${name}`, { user: state.me, ...args });
}

/** Works a switch of the side panel. */
export async function actPanel(id) {
  return post('/_page/panel', { id });
}

async function post(path, body) {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok || (answer.ok === false && answer.response === undefined && !answer.triggerId)) {
    if (answer.error !== 'invalid_command') throw new Error(answer.error ?? `status ${response.status}`);
  }
  return answer;
}

/** Messages that stand in the channel itself, with the person's private ones among them. */
export function channelMessages(id) {
  const own = (state.messages.get(id) ?? []).filter(
    (m) => !m.thread_ts || m.thread_ts === m.ts || m.subtype === 'thread_broadcast',
  );
  const whispers = state.ephemerals.filter((e) => e.channel === id && !e.thread_ts);
  return merge(own, whispers);
}

/** A thread's messages, its parent first. */
export function threadMessages(id, rootTs) {
  const own = (state.messages.get(id) ?? []).filter((m) => m.ts === rootTs || m.thread_ts === rootTs);
  const whispers = state.ephemerals.filter((e) => e.channel === id && e.thread_ts === rootTs);
  return merge(own, whispers);
}

function merge(messages, whispers) {
  const private_ = whispers.map((e) => ({ ...e, ephemeral: true, user: userOfApp(e.from) }));
  return [...messages, ...private_].sort((a, b) => (a.ts < b.ts ? -1 : 1));
}

function userOfApp(from) {
  return [...state.users.values()].find((user) => user.appId === from)?.id ?? 'USLACKBOT';
}
