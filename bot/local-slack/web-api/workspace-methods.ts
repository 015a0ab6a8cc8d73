import { SlackError } from '../errors.ts';
import { isFields, maybeJson } from '../http.ts';
import { botFields, userShape } from '../shapes.ts';
import type { Fields } from '../types.ts';
import { channelOf, type Method, page, text } from './method.ts';

/** Methods about the app itself, people, views and files. */

const authTest: Method = {
  tier: 'special',
  scopes: [],
  run({ core, app }) {
    return {
      url: `${core.url}/`,
      team: core.workspace.team.name,
      user: app.config.botName,
      team_id: core.workspace.team.id,
      user_id: app.botUserId,
      bot_id: app.botId,
      is_enterprise_install: false,
    };
  },
};

const connectionsOpen: Method = {
  tier: 3,
  scopes: [],
  appToken: true,
  run({ core, app }) {
    if (!app.config.socketMode) throw new SlackError('socket_mode_not_enabled');
    return { url: core.issueSocketUrl(app) };
  },
};

const usersInfo: Method = {
  tier: 4,
  scopes: ['users:read'],
  run({ core, args }) {
    const user = core.workspace.users.get(text(args, 'user'));
    if (!user) throw new SlackError('user_not_found');
    return { user: userShape(core.workspace, user) };
  },
};

const usersList: Method = {
  tier: 2,
  scopes: ['users:read'],
  run({ core, args }) {
    const { items, next } = page([...core.workspace.users.values()], args, 1000, 1000);
    return {
      members: items.map((user) => userShape(core.workspace, user)),
      cache_ts: Math.floor(core.clock.now() / 1000),
      response_metadata: { next_cursor: next },
    };
  },
};

const usergroupsList: Method = {
  tier: 2,
  scopes: ['usergroups:read'],
  run({ core }) {
    return {
      usergroups: core.workspace.usergroups.map((group) => ({
        id: group.id,
        team_id: core.workspace.team.id,
        is_usergroup: true,
        name: group.name,
        handle: group.handle,
        users: group.users,
        user_count: group.users.length,
      })),
    };
  },
};

const usergroupsUsersList: Method = {
  tier: 2,
  scopes: ['usergroups:read'],
  run({ core, args }) {
    const group = core.workspace.usergroups.find((one) => one.id === text(args, 'usergroup'));
    if (!group) throw new SlackError('no_such_subteam');
    return { users: group.users };
  },
};

const botsInfo: Method = {
  tier: 3,
  scopes: ['users:read'],
  run({ core, args }) {
    const app = [...core.apps.values()].find((a) => a.botId === text(args, 'bot'));
    if (!app) throw new SlackError('bot_not_found');
    return {
      bot: { id: app.botId, deleted: false, name: app.config.name, updated: 0, app_id: app.id, user_id: app.botUserId },
    };
  },
};

const teamInfo: Method = {
  tier: 3,
  scopes: ['team:read'],
  run: ({ core }) => ({ team: { ...core.workspace.team, email_domain: '', icon: {} } }),
};

/** Answers what it was sent; with `error` it fails with that. */
const apiTest: Method = {
  tier: 4,
  scopes: [],
  run({ args }) {
    const { token: _, ...rest } = args;
    if (typeof rest.error === 'string') throw new SlackError(rest.error, { args: rest });
    return { args: rest };
  },
};

function viewMethod(run: Method['run']): Method {
  return { tier: 4, scopes: [], run };
}

const viewMethods: Record<string, Method> = {
  'views.open': viewMethod(({ core, app, args }) => {
    const user = core.triggers.exchange(app.id, args.trigger_id);
    return { view: core.views.show(app, user, maybeJson(args.view)) };
  }),
  'views.push': viewMethod(({ core, app, args }) => {
    const user = core.triggers.exchange(app.id, args.trigger_id);
    return { view: core.views.show(app, user, maybeJson(args.view), true) };
  }),
  'views.update': viewMethod(({ core, app, args }) => {
    const by = { id: args.view_id, externalId: args.external_id, hash: args.hash };
    return { view: core.views.update(app, by, maybeJson(args.view)) };
  }),
  'views.publish': viewMethod(({ core, app, args }) => {
    const user = core.workspace.users.get(text(args, 'user_id'));
    if (!user) throw new SlackError('user_not_found');
    if (!app.config.homeTab) throw new SlackError('not_enabled');
    return { view: core.views.publish(app, user.id, maybeJson(args.view), args.hash) };
  }),
};

const uploadUrl: Method = {
  tier: 4,
  scopes: ['files:write'],
  run({ core, args }) {
    const length = Number(args.length);
    if (!text(args, 'filename') || !Number.isInteger(length) || length < 1) throw new SlackError('invalid_arguments');
    const { id, key } = core.files.announce(text(args, 'filename'), length, text(args, 'alt_text'));
    return { upload_url: `${core.url}/upload/v1/${key}`, file_id: id };
  },
};

const completeUpload: Method = {
  tier: 4,
  scopes: ['files:write'],
  run(call) {
    const { core, args } = call;
    const given = maybeJson(args.files);
    if (!Array.isArray(given) || given.length === 0) throw new SlackError('invalid_arguments');
    const files = given
      .slice(0, 50)
      .filter(isFields)
      .map((file) =>
        core.files.complete(String(file.id), typeof file.title === 'string' ? file.title : undefined, core.url),
      );
    if (text(args, 'channel_id')) shareFiles(files, call);
    return { files: files.map(({ id, title }) => ({ id, title })) };
  },
};

function shareFiles(files: Fields[], call: Parameters<Method['run']>[0]): void {
  const { core, app, args } = call;
  const channel = channelOf(call, 'channel_id');
  if (!channel.members.has(app.botUserId)) throw new SlackError('not_in_channel');
  const threadTs = text(args, 'thread_ts');
  core.workspace.post(channel, {
    ...botFields(core.workspace, app),
    subtype: 'file_share',
    text: text(args, 'initial_comment'),
    files,
    upload: true,
    ...(threadTs && { thread_ts: threadTs }),
  });
}

export const workspaceMethods: Record<string, Method> = {
  'api.test': apiTest,
  'auth.test': authTest,
  'apps.connections.open': connectionsOpen,
  'users.info': usersInfo,
  'users.list': usersList,
  'usergroups.list': usergroupsList,
  'usergroups.users.list': usergroupsUsersList,
  'bots.info': botsInfo,
  'team.info': teamInfo,
  'files.getUploadURLExternal': uploadUrl,
  'files.completeUploadExternal': completeUpload,
  ...viewMethods,
};
