import { renderBlocks } from './blocks.js';
import { createComposer } from './composer.js';
import { fill, h } from './dom.js';
import { icon } from './icons.js';
import { createList } from './list.js';
import { avatar } from './message.js';
import { drawModal } from './modal.js';
import { mrkdwn } from './mrkdwn.js';
import { catchLinks, closeThread, followAddress, show, tellFailure } from './navigate.js';
import { drawPanel } from './panel.js';
import { drawSidebar } from './sidebar.js';
import { act, channelMessages, connect, onChange, state, threadMessages } from './store.js';

const nodes = Object.fromEntries(
  ['app', 'sidebar', 'main', 'thread', 'panel'].map((id) => [id, document.getElementById(id)]),
);

const scroll = h('div.messages', { role: 'log', 'aria-label': 'Messages', tabindex: 0 });
const drawMessages = createList(scroll, { inThread: false });
const composer = createComposer({ name: 'channel', target: () => ({ channel: state.current, threadTs: null }) });

const threadScroll = h('div.messages', { role: 'log', 'aria-label': 'Thread', tabindex: 0 });
const drawThreadMessages = createList(threadScroll, { inThread: true });
const threadComposer = createComposer({
  name: 'thread',
  target: () => ({ channel: state.current, threadTs: state.thread }),
});
threadComposer.label('Reply…');

let panelOpen = sessionStorage.getItem('panel') !== 'closed';

function draw(what) {
  drawSidebarIfNew();
  if (what === 'panel' || what === 'all' || what === 'place') drawSide();
  if (what === 'view' || what === 'all') drawModal();
  if (what === 'panel' || what === 'view' || what === 'connection') return;
  if (state.current !== 'home' || what !== 'messages') drawMain();
  drawThread();
  document.title = title();
}

let sidebarLook = '';

/** Drawing it anew would close the list of people under the reader's hand. */
function drawSidebarIfNew() {
  const { channels, users, unread, current, me, connected, team, app } = state;
  const look = JSON.stringify([
    [...channels.values()],
    [...users.values()],
    [...unread],
    current,
    me,
    connected,
    team,
    app,
  ]);
  if (look !== sidebarLook) drawSidebar(nodes.sidebar, { onPerson: become });
  sidebarLook = look;
}

function title() {
  const unread = [...state.unread.values()].reduce((sum, n) => sum + n, 0);
  const channel = state.channels.get(state.current);
  const name = !channel || channel.kind === 'im' ? state.app.name : `#${channel.name}`;
  return `${unread > 0 ? `(${unread}) ` : ''}${name} · ${state.team.name}`;
}

function drawMain() {
  if (state.current === 'home') return void drawHome();
  const channel = state.channels.get(state.current);
  if (!channel) return;
  if (scroll.parentNode !== nodes.main) {
    fill(nodes.main, h('header.bar', {}), scroll, composer.node);
  }
  const bar = nodes.main.querySelector('.bar');
  if (channel.kind === 'im') fill(bar, appBar());
  else drawChannelBar(bar, channel);
  composer.label(channel.kind === 'im' ? `Message ${state.app.name}` : `Message #${channel.name}`);
  const list = channelMessages(channel.id);
  drawMessages(list, { key: channel.id, channel: channel.id, head: list.length === 0 ? emptyChannel(channel) : null });
}

function drawChannelBar(bar, channel) {
  fill(
    bar,
    h('h1', {}, h('span.sign', {}, channel.kind === 'private' ? icon('lock') : '#'), channel.name),
    channel.topic && h('span.topic', {}, channel.topic),
    !channel.withBot &&
      h(
        'span.tag',
        { title: `${state.app.name} reads and posts only where it is a member` },
        `${state.app.name} is not here`,
      ),
    channel.archived && h('span.tag', {}, 'Archived'),
  );
}

/** The app's own place: its Home and the conversation with it. */
function appBar() {
  const bot = state.users.get(state.app.botUserId);
  const tab = (id, label) =>
    h(
      `button.tab${state.current === id ? '.here' : ''}`,
      { type: 'button', 'aria-current': state.current === id ? 'page' : null, onclick: () => show(id) },
      label,
    );
  return [
    bot && avatar(bot, state.app.name, '.small'),
    h('h1', {}, state.app.name),
    h('nav.tabs', {}, tab('home', 'Home'), state.app.direct && tab(state.app.direct, 'Messages')),
  ];
}

function emptyChannel(channel) {
  const command = state.commands[0];
  return h(
    'div.empty',
    {},
    channel.kind !== 'im' && h('div.empty-sign', {}, '#'),
    h('h2', {}, channel.name),
    h('p', {}, 'Nothing has been said here yet.'),
    command && h('p.faint', {}, 'Say what is broken, or type ', h('code', {}, command.command), '.'),
  );
}

function drawHome() {
  const onAction = (action) => act('clickView', action).catch(tellFailure);
  fill(
    nodes.main,
    h('header.bar', {}, appBar()),
    h(
      'div.home',
      {},
      state.home
        ? renderBlocks(state.home.blocks, onAction)
        : h(
            'div.empty',
            {},
            h('h2', {}, 'Nothing here yet'),
            h('p', {}, `${state.app.name} has not published its Home.`),
          ),
    ),
  );
}

function drawThread() {
  const channel = state.channels.get(state.current);
  const open = Boolean(state.thread && channel);
  nodes.thread.hidden = !open;
  nodes.app.classList.toggle('with-thread', open);
  if (!open) return;
  if (threadScroll.parentNode !== nodes.thread) {
    fill(nodes.thread, h('header.bar', {}), threadScroll, threadComposer.node);
  }
  fill(
    nodes.thread.querySelector('.bar'),
    h('h1', {}, 'Thread'),
    h('span.topic', {}, `#${channel.name}`),
    h(
      'button.close',
      { type: 'button', title: 'Close', 'aria-label': 'Close thread', onclick: closeThread },
      icon('close'),
    ),
  );
  const list = threadMessages(channel.id, state.thread);
  const gone = list.length === 0 ? h('div.empty', {}, h('p', {}, mrkdwn('That message is not here.'))) : null;
  drawThreadMessages(list, { key: `${channel.id} ${state.thread}`, channel: channel.id, head: gone });
}

function drawSide() {
  nodes.app.classList.toggle('with-panel', Boolean(state.panel));
  nodes.app.classList.toggle('panel-open', Boolean(state.panel) && panelOpen);
  drawPanel(nodes.panel, {
    open: panelOpen,
    onToggle() {
      panelOpen = !panelOpen;
      sessionStorage.setItem('panel', panelOpen ? 'open' : 'closed');
      drawSide();
    },
    onSuggestion(suggestion) {
      const wanted = suggestion.channel?.replace(/^#/, '');
      const channel = [...state.channels.values()].find((c) => wanted && (c.id === wanted || c.name === wanted));
      if (channel && channel.id !== state.current) show(channel.id);
      else if (state.current === 'home') followAddress();
      composer.set(suggestion.text);
    },
  });
}

async function become(user) {
  sessionStorage.setItem('me', user);
  state.unread.clear();
  await connect(user);
}

onChange(draw);
addEventListener('popstate', followAddress);
document.addEventListener('click', catchLinks);
addEventListener('focus', () => {
  if (state.unread.delete(state.current)) draw('channels');
});
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && state.thread && !document.querySelector('dialog[open], .menu')) closeThread();
});

await connect(sessionStorage.getItem('me') ?? '');
followAddress();
composer.focus();
