/** The words of the local workspace. Fields named with underscores are Slack's own and travel as they are. */

/** A JSON object whose shape belongs to someone else: a block, a view, a payload. */
export type Fields = Record<string, unknown>;

/** A person or a bot user. */
export interface User {
  id: string;
  /** The handle, as in `@maya`. */
  name: string;
  realName: string;
  title: string;
  tz: string;
  isBot: boolean;
  /** For bot users: the app that owns it. */
  appId?: string;
  botId?: string;
}

export interface Channel {
  id: string;
  /** Without `#`; for a direct conversation the app's name. */
  name: string;
  kind: 'public' | 'private' | 'im';
  topic: string;
  archived: boolean;
  created: number;
  members: Set<string>;
  /** Oldest first, bounded. */
  messages: Message[];
}

/** A message in Slack's own shape. `metadata` is kept here and shown only to those who ask for it. */
export interface Message extends Fields {
  type: 'message';
  ts: string;
  text: string;
  user?: string;
  bot_id?: string;
  app_id?: string;
  subtype?: string;
  thread_ts?: string;
  parent_user_id?: string;
  blocks?: Fields[];
  attachments?: Fields[];
  metadata?: Fields;
  edited?: { user: string; ts: string };
  reactions?: { name: string; users: string[]; count: number }[];
  files?: Fields[];
  reply_count?: number;
  reply_users?: string[];
  latest_reply?: string;
}

/** A message that one person sees. It lives in that person's session only. */
export interface Ephemeral {
  ts: string;
  channel: string;
  user: string;
  /** The app that sent it, or `slackbot` for Slack's own notices. */
  from: string;
  text: string;
  blocks?: Fields[];
  thread_ts?: string;
}

/** A modal or a Home tab in Slack's own shape. */
export interface View extends Fields {
  id: string;
  type: 'modal' | 'home';
  callback_id: string;
  hash: string;
  blocks: Fields[];
  state: { values: Record<string, Record<string, Fields>> };
  root_view_id: string;
  previous_view_id: string | null;
}

/** What the manifest declares, as far as this stand-in acts on it. */
export interface AppConfig {
  name: string;
  botName: string;
  scopes: string[];
  optionalScopes: string[];
  commands: { command: string; description: string; hint: string; escape: boolean; url?: string }[];
  shortcuts: { type: 'message' | 'global'; name: string; callbackId: string; description: string }[];
  events: string[];
  eventsUrl?: string;
  interactivity: boolean;
  interactivityUrl?: string;
  homeTab: boolean;
  socketMode: boolean;
}

/** An installed app. */
export interface App {
  id: string;
  botUserId: string;
  botId: string;
  botToken: string;
  appToken: string;
  signingSecret: string;
  /** The deprecated token inside payloads; present because Slack still sends it. */
  verificationToken: string;
  config: AppConfig;
  scopes: Set<string>;
}

/** Durations in milliseconds. Slack's own are in {@link slackTiming}; tests shorten them. */
export interface Timing {
  /** How long an app has for its ack. */
  ackMs: number;
  /** Waits before the 1st, 2nd and 3rd redelivery of an event. */
  retryDelaysMs: readonly number[];
  triggerMs: number;
  responseUrlMs: number;
  responseUrlUses: number;
  socketPingMs: number;
}

/** Slack's durations (docs.slack.dev/apis/events-api, docs.slack.dev/interactivity/handling-user-interaction). */
export const slackTiming: Timing = {
  ackMs: 3_000,
  retryDelaysMs: [0, 60_000, 300_000],
  triggerMs: 3_000,
  responseUrlMs: 30 * 60_000,
  responseUrlUses: 5,
  socketPingMs: 10_000,
};

/** Everything that happened in the workspace, in the order it happened. */
export type Change =
  | { type: 'message'; channel: string; message: Message; by?: 'share' }
  | { type: 'message_changed'; channel: string; message: Message; previous: Message; silent?: boolean }
  | { type: 'message_deleted'; channel: string; ts: string; previous: Message }
  | { type: 'ephemeral'; ephemeral: Ephemeral }
  | { type: 'ephemeral_deleted'; user: string; channel: string; ts: string }
  | { type: 'reaction'; added: boolean; channel: string; ts: string; name: string; user: string; itemUser?: string }
  | { type: 'channel'; channel: string; change: 'created' | 'archived' | 'unarchived' | 'renamed' }
  | { type: 'member'; channel: string; user: string; joined: boolean }
  | { type: 'user'; user: string }
  | { type: 'view'; user: string; view: View | null; errors?: Record<string, string> }
  | { type: 'home'; user: string; view: View }
  | { type: 'home_opened'; user: string }
  | { type: 'call' }
  | { type: 'delivery' }
  | { type: 'sockets' };

/** One call of the Web API, without its token. */
export interface ApiCall {
  method: string;
  args: Fields;
  app: string | null;
  at: number;
  /** `ok`, an error string of Slack's, or the forced failure. */
  outcome: string;
  status: number;
  /** Whether a limit was broken by it, refused or not. */
  overLimit: boolean;
}

/** One attempt to hand a payload to the app. */
export interface DeliveryAttempt {
  kind: 'event' | 'command' | 'interactive';
  /** `event_id` for events, `trigger_id` otherwise. */
  id: string;
  /** The event's type (and subtype), the command, or the interaction's type. */
  what: string;
  attempt: number;
  retryReason?: string;
  /** Number of the socket, or `http`. */
  via: string;
  at: number;
  ms: number;
  outcome: 'acked' | 'timeout' | 'http_error' | 'connection_failed' | 'no_connection';
}

export interface PanelItem {
  id: string;
  label: string;
  hint?: string;
  on: boolean;
  disabled?: boolean;
}

/** What the side panel shows. */
export interface PanelState {
  note?: string;
  groups: { title: string; items: PanelItem[] }[];
  suggestions?: { label: string; text: string; channel?: string }[];
}

/** A side panel that the embedding program fills, for example with the faults of a lab. */
export interface Panel {
  title: string;
  state(): Promise<PanelState>;
  /** Throws an Error whose message is shown to the person. */
  act(id: string): Promise<void>;
  /** Calls back whenever the state changed by itself. May return how to stop that. */
  subscribe?(changed: () => void): undefined | (() => void);
}
