import { fill, h } from './dom.js';
import { icon } from './icons.js';
import { avatar } from './message.js';
import { show } from './navigate.js';
import { state } from './store.js';

/** Workspace name, channels with unread marks, the app, and who one is. */
export function drawSidebar(node, { onPerson }) {
  const channels = [...state.channels.values()].filter((c) => c.kind !== 'im');
  const me = state.users.get(state.me);
  const people = [...state.users.values()].filter((user) => !user.isBot);
  fill(
    node,
    h(
      'header.workspace',
      {},
      h('div.workspace-name', {}, state.team.name),
      h('div.workspace-note', {}, state.connected ? 'Stand-in for Slack' : 'Connecting…'),
    ),
    h(
      'div.sidebar-scroll',
      {},
      h('h2', {}, 'Channels'),
      channels.map((channel) => entry(channel.id, channel.kind === 'private' ? icon('lock') : '#', channel.name)),
      state.app.homeTab && [h('h2', {}, 'Apps'), appEntry()],
    ),
    h(
      'label.whoami',
      {},
      me && avatar(me, me.realName),
      h('span.whoami-text', {}, h('span.small', {}, 'You are'), h('span.whoami-name', {}, me?.realName ?? '')),
      h(
        'select',
        { 'aria-label': 'You are', onchange: (event) => onPerson(event.target.value) },
        people.map((user) =>
          h(
            'option',
            { value: user.id, selected: user.id === state.me },
            user.title ? `${user.realName} · ${user.title}` : user.realName,
          ),
        ),
      ),
    ),
  );
}

function entry(id, sign, name) {
  const unread = state.unread.get(id) ?? 0;
  const here = state.current === id;
  return h(
    `button.channel${here ? '.here' : ''}${unread ? '.unread' : ''}`,
    { type: 'button', 'data-channel': name, 'aria-current': here ? 'page' : null, onclick: () => show(id) },
    h('span.sign', { 'aria-hidden': 'true' }, sign),
    h('span.name', {}, name),
    unread > 0 && h('span.pill', { 'aria-label': `${unread} unread` }, unread > 99 ? '99+' : unread),
  );
}

function appEntry() {
  const bot = state.users.get(state.app.botUserId);
  const unread = state.unread.get(state.app.direct) ?? 0;
  const here = state.current === 'home' || state.current === state.app.direct;
  return h(
    `button.channel${here ? '.here' : ''}`,
    { type: 'button', 'data-channel': 'home', 'aria-current': here ? 'page' : null, onclick: () => show('home') },
    bot && avatar(bot, state.app.name, '.small'),
    h('span.name', {}, state.app.name),
    unread > 0 && h('span.pill', { 'aria-label': `${unread} unread` }, unread),
  );
}
