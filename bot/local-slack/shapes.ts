import { createHash } from 'node:crypto';
import type { App, Channel, Fields, Message, User } from './types.ts';
import type { Workspace } from './workspace.ts';

/** How Slack shows our records to an app (docs.slack.dev/reference/objects). */

export function userShape(workspace: Workspace, user: User): Fields {
  return {
    id: user.id,
    team_id: workspace.team.id,
    name: user.name,
    real_name: user.realName,
    deleted: false,
    color: colorOf(user.id),
    tz: user.tz,
    tz_label: user.tz,
    tz_offset: offsetSeconds(user.tz),
    profile: {
      real_name: user.realName,
      real_name_normalized: user.realName,
      display_name: user.name,
      display_name_normalized: user.name,
      title: user.title,
      team: workspace.team.id,
      ...(user.isBot && { api_app_id: user.appId ?? '', bot_id: user.botId ?? '', always_active: true }),
    },
    is_admin: false,
    is_owner: false,
    is_restricted: false,
    is_ultra_restricted: false,
    is_bot: user.isBot,
    is_app_user: false,
    updated: 0,
    is_email_confirmed: true,
  };
}

export function channelShape(workspace: Workspace, channel: Channel, app: App): Fields {
  const common = {
    id: channel.id,
    created: channel.created,
    is_archived: channel.archived,
    context_team_id: workspace.team.id,
    updated: channel.created * 1000,
  };
  if (channel.kind === 'im') {
    const other = [...channel.members].find((id) => id !== app.botUserId) ?? app.botUserId;
    return { ...common, is_im: true, is_channel: false, is_group: false, is_mpim: false, user: other, priority: 0 };
  }
  return {
    ...common,
    name: channel.name,
    name_normalized: channel.name,
    is_channel: channel.kind === 'public',
    is_group: channel.kind === 'private',
    is_im: false,
    is_mpim: false,
    is_private: channel.kind === 'private',
    is_general: false,
    is_shared: false,
    is_ext_shared: false,
    is_org_shared: false,
    is_pending_ext_shared: false,
    is_member: channel.members.has(app.botUserId),
    unlinked: 0,
    creator: 'USLACKBOT',
    topic: { value: channel.topic, creator: '', last_set: 0 },
    purpose: { value: channel.topic, creator: '', last_set: 0 },
    num_members: channel.members.size,
  };
}

/** A message for an app; `metadata` only for those who ask for it. */
export function messageShape(message: Message, withMetadata = false): Fields {
  if (withMetadata) return message;
  const { metadata: _, ...rest } = message;
  return rest;
}

/** What a bot's messages carry about it. */
export function botFields(workspace: Workspace, app: App): Fields {
  return {
    user: app.botUserId,
    bot_id: app.botId,
    app_id: app.id,
    team: workspace.team.id,
    bot_profile: {
      id: app.botId,
      app_id: app.id,
      name: app.config.name,
      deleted: false,
      updated: 0,
      team_id: workspace.team.id,
    },
  };
}

/** `channel`, `group` or `im`, as events name it. */
export function channelType(channel: Channel): string {
  return { public: 'channel', private: 'group', im: 'im' }[channel.kind];
}

export function colorOf(id: string): string {
  return createHash('sha256').update(id).digest('hex').slice(0, 6);
}

function offsetSeconds(zone: string): number {
  const now = new Date();
  now.setMilliseconds(0);
  const local = new Date(`${now.toLocaleString('sv-SE', { timeZone: zone }).replace(' ', 'T')}Z`);
  return Math.round((local.getTime() - now.getTime()) / 1000);
}
