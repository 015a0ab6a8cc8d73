import type { Core } from './core.ts';
import type { Delivery } from './delivery.ts';
import { newId, secret } from './ids.ts';
import { channelType, messageShape } from './shapes.ts';
import type { App, Change, Channel, Fields, Message } from './types.ts';

/** An event before it is wrapped: what must be subscribed to and granted, and in which channel the bot must be. */
interface Occurrence {
  subscription: string;
  scope: string | null;
  channel: Channel | null;
  event: Fields;
}

const messageSubscription = { public: 'message.channels', private: 'message.groups', im: 'message.im' } as const;
const historyScope = { public: 'channels:history', private: 'groups:history', im: 'im:history' } as const;

/** Turns every change of the workspace into the events that the apps subscribed to. @returns how to stop */
export function startEvents(core: Core, delivery: Delivery): () => void {
  let mentions = 0;
  return core.workspace.onChange((change) => {
    for (const app of core.apps.values()) {
      const occurrences = occurrencesOf(core, app, change);
      if (occurrences.length > 1) mentions += 1;
      // A mention comes in two events, in no promised order: here in another one each time.
      if (mentions % 2 === 1) occurrences.reverse();
      for (const { event } of occurrences.filter((occurrence) => wanted(app, occurrence))) {
        delivery.event(app, wrap(core, app, event));
      }
    }
  });
}

function wanted(app: App, { subscription, scope, channel }: Occurrence): boolean {
  const mayKnow = scope === null || app.scopes.has(scope);
  return app.config.events.includes(subscription) && mayKnow && (!channel || channel.members.has(app.botUserId));
}

/** The envelope of the Events API (docs.slack.dev/apis/events-api/#callback-field). */
function wrap(core: Core, app: App, event: Fields): Fields & { event_id: string } {
  const team = core.workspace.team.id;
  return {
    token: app.verificationToken,
    team_id: team,
    context_team_id: team,
    context_enterprise_id: null,
    api_app_id: app.id,
    event,
    type: 'event_callback',
    event_id: newId('Ev'),
    event_time: Math.floor(core.clock.now() / 1000),
    authorizations: [
      { enterprise_id: null, team_id: team, user_id: app.botUserId, is_bot: true, is_enterprise_install: false },
    ],
    is_ext_shared_channel: false,
    event_context: `4-${secret(20)}`,
  };
}

function occurrencesOf(core: Core, app: App, change: Change): Occurrence[] {
  const channelOf = (id: string) => core.workspace.channels.get(id);
  switch (change.type) {
    case 'message': {
      const channel = channelOf(change.channel);
      return channel ? posted(app, channel, change.message) : [];
    }
    case 'message_changed': {
      const channel = channelOf(change.channel);
      if (!channel || change.silent) return [];
      return [
        messageEvent(core, channel, {
          subtype: 'message_changed',
          message: messageShape(change.message),
          previous_message: messageShape(change.previous),
        }),
      ];
    }
    case 'message_deleted': {
      const channel = channelOf(change.channel);
      if (!channel) return [];
      const previous = messageShape(change.previous);
      return [
        messageEvent(core, channel, { subtype: 'message_deleted', previous_message: previous, deleted_ts: change.ts }),
      ];
    }
    case 'reaction': {
      const { channel: id, ts, name, user, itemUser, added } = change;
      const type = added ? 'reaction_added' : 'reaction_removed';
      const item = { type: 'message', channel: id, ts };
      const event = { type, user, reaction: name, item, item_user: itemUser, event_ts: core.workspace.nextTs() };
      return [{ subscription: type, scope: 'reactions:read', channel: channelOf(id) ?? null, event }];
    }
    case 'channel':
      return channelEvent(core, channelOf(change.channel), change.change);
    case 'member': {
      const channel = channelOf(change.channel);
      if (!channel || channel.kind === 'im') return [];
      const type = change.joined ? 'member_joined_channel' : 'member_left_channel';
      const event = {
        type,
        user: change.user,
        channel: channel.id,
        channel_type: channel.kind === 'public' ? 'C' : 'G',
        team: core.workspace.team.id,
        event_ts: core.workspace.nextTs(),
      };
      return [{ subscription: type, scope: 'channels:read', channel, event }];
    }
    case 'home_opened':
      return homeOpened(core, app, change.user);
    default:
      return [];
  }
}

/** A new message; if it names the bot, an app_mention comes beside it, with an id of its own. */
function posted(app: App, channel: Channel, message: Message): Occurrence[] {
  const shape = messageShape(message);
  const event = { ...shape, channel: channel.id, event_ts: message.ts, channel_type: channelType(channel) };
  const scope = historyScope[channel.kind];
  const plain = { subscription: messageSubscription[channel.kind], scope, channel, event };
  const fromSelf = message.app_id === app.id;
  const mentioned = new RegExp(`<@${app.botUserId}(\\|[^>]*)?>`).test(message.text);
  if (!mentioned || fromSelf || channel.kind === 'im') return [plain];
  const { subtype: _, ...rest } = shape;
  const mention = { ...rest, type: 'app_mention', channel: channel.id, event_ts: message.ts };
  return [{ subscription: 'app_mention', scope: 'app_mentions:read', channel, event: mention }, plain];
}

/** An edit or a deletion: hidden, with a ts of its own. */
function messageEvent(core: Core, channel: Channel, fields: Fields): Occurrence {
  const ts = core.workspace.nextTs();
  return {
    subscription: messageSubscription[channel.kind],
    scope: historyScope[channel.kind],
    channel,
    event: {
      type: 'message',
      ...fields,
      channel: channel.id,
      hidden: true,
      ts,
      event_ts: ts,
      channel_type: channelType(channel),
    },
  };
}

function channelEvent(core: Core, channel: Channel | undefined, change: string): Occurrence[] {
  const types: Record<string, string> = {
    archived: 'channel_archive',
    unarchived: 'channel_unarchive',
    renamed: 'channel_rename',
    created: 'channel_created',
  };
  const type = types[change];
  if (!channel || channel.kind === 'im' || !type) return [];
  const whole = type === 'channel_rename' || type === 'channel_created';
  const event = {
    type,
    channel: whole ? { id: channel.id, name: channel.name, created: channel.created } : channel.id,
    event_ts: core.workspace.nextTs(),
    ...(!whole && { user: 'USLACKBOT' }),
  };
  // Channel events reach apps for every public channel.
  return [{ subscription: type, scope: 'channels:read', channel: channel.kind === 'public' ? null : channel, event }];
}

function homeOpened(core: Core, app: App, user: string): Occurrence[] {
  if (!app.config.homeTab) return [];
  const view = core.views.home(user);
  const event = {
    type: 'app_home_opened',
    user,
    channel: core.workspace.openDirect(user, app.botUserId, app.config.name).id,
    tab: 'home',
    ...(view && { view }),
    event_ts: core.workspace.nextTs(),
  };
  return [{ subscription: 'app_home_opened', scope: null, channel: null, event }];
}
