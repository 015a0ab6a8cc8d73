import { renderBlocks } from './blocks.js';
import { h } from './dom.js';
import { icon } from './icons.js';
import { openMenu } from './menu.js';
import { mrkdwn, plain } from './mrkdwn.js';
import { copyLink, openThread, tellFailure } from './navigate.js';
import { act, state } from './store.js';

/** Who wrote a message: a person, a bot, or the workspace itself. */
export function authorOf(message) {
  const user = state.users.get(message.user);
  if (user) return { name: user.isBot ? (message.username ?? user.realName) : user.realName, bot: user.isBot, user };
  if (message.user === 'USLACKBOT') return { name: 'Workspace', bot: true, user: null };
  return { name: message.username ?? message.bot_profile?.name ?? 'Unknown', bot: Boolean(message.bot_id), user: null };
}

/** A picture of a name: initials on the user's own colour; bots are squarer and darker. */
export function avatar(user, name, size = '') {
  const initials = name
    .split(/[\s-]+/)
    .map((part) => [...part][0] ?? '')
    .slice(0, 2)
    .join('')
    .toUpperCase();
  const hue = user ? Number.parseInt(user.color.slice(0, 4), 16) % 360 : 220;
  return h(
    `span.avatar${size}${user?.isBot ? '.bot' : ''}`,
    { 'aria-hidden': 'true', style: { '--hue': String(hue) } },
    initials,
  );
}

export function clock(ts) {
  return new Date(Number(ts) * 1000).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
}

function fullTime(ts) {
  return new Date(Number(ts) * 1000).toLocaleString('en-GB', { dateStyle: 'full', timeStyle: 'medium' });
}

/**
 * One message.
 * @param {Record<string, any>} message
 * @param {{ channel: string, compact: boolean, inThread: boolean }} where
 */
export function messageNode(message, where) {
  const author = authorOf(message);
  const classes = ['message'];
  if (where.compact) classes.push('compact');
  if (message.ephemeral) classes.push('ephemeral');
  if (state.marked === message.ts) classes.push('marked');
  return h(
    `article.${classes.join('.')}`,
    { 'data-ts': message.ts, 'aria-label': `${author.name}, ${clock(message.ts)}` },
    h(
      'div.gutter',
      {},
      where.compact
        ? h('span.time', { title: fullTime(message.ts) }, clock(message.ts))
        : avatar(author.user, author.name),
    ),
    h(
      'div.content',
      {},
      message.ephemeral && h('div.whisper', {}, icon('eye'), ' Only visible to you'),
      !where.compact && byline(author, message, where),
      body(message, where),
      reactions(message, where),
      !where.inThread && threadSummary(message, where),
    ),
    !message.ephemeral && message.subtype !== 'tombstone' && tools(message, where),
  );
}

function byline(author, message, where) {
  return h(
    'div.byline',
    {},
    h('span.author', {}, author.name),
    author.bot && h('span.badge', {}, 'APP'),
    h('a.time', { href: permalink(message, where.channel), title: fullTime(message.ts) }, clock(message.ts)),
  );
}

function body(message, where) {
  const onAction = async (action) => {
    try {
      await act('click', { channel: where.channel, ts: message.ts, ...action });
    } catch (error) {
      tellFailure(error);
    }
  };
  // What people type comes with rich_text blocks that say the same as the text.
  const shown = message.blocks?.length && (message.bot_id || message.ephemeral) ? message.blocks : null;
  return h(
    'div.body',
    {},
    shown ? renderBlocks(shown, onAction) : h('div.text', {}, mrkdwn(message.text ?? '')),
    (message.attachments ?? []).map((a) =>
      h('div.attachment', {}, a.blocks ? renderBlocks(a.blocks, onAction) : mrkdwn(a.text ?? a.fallback ?? '')),
    ),
    message.edited && h('span.edited', { title: fullTime(message.edited.ts) }, '(edited)'),
    (message.files ?? []).map((file) =>
      h('div.file', {}, icon('file'), ' ', file.name, h('span.faint', {}, ` ${file.size} bytes`)),
    ),
  );
}

function reactions(message, where) {
  if (!message.reactions?.length) return null;
  return h(
    'div.reactions',
    {},
    message.reactions.map((reaction) => {
      const mine = reaction.users.includes(state.me);
      const names = reaction.users.map((id) => state.users.get(id)?.realName ?? id).join(', ');
      return h(
        `button.reaction${mine ? '.mine' : ''}`,
        {
          type: 'button',
          title: `${names} reacted with :${reaction.name}:`,
          onclick: () =>
            act('react', { channel: where.channel, ts: message.ts, name: reaction.name, added: !mine }).catch(
              tellFailure,
            ),
        },
        plain(`:${reaction.name}:`),
        ` ${reaction.count}`,
      );
    }),
  );
}

function threadSummary(message, where) {
  if (!message.reply_count) return null;
  const faces = (message.reply_users ?? []).slice(0, 4).map((id) => {
    const user = state.users.get(id);
    return user && avatar(user, user.realName, '.small');
  });
  return h(
    'button.replies',
    { type: 'button', onclick: () => openThread(where.channel, message.ts) },
    faces,
    h('span.count', {}, `${message.reply_count} ${message.reply_count === 1 ? 'reply' : 'replies'}`),
    message.latest_reply && h('span.faint', {}, `Last at ${clock(message.latest_reply)}`),
  );
}

function tools(message, where) {
  const root = message.thread_ts ?? message.ts;
  return h(
    'div.tools',
    { role: 'toolbar', 'aria-label': 'Message' },
    [
      ['eyes', 'eye'],
      ['+1', 'good'],
    ].map(([name, sign]) =>
      h(
        'button',
        {
          type: 'button',
          title: `React with :${name}:`,
          onclick: () => act('react', { channel: where.channel, ts: message.ts, name, added: true }).catch(tellFailure),
        },
        icon(sign),
      ),
    ),
    !where.inThread &&
      h(
        'button',
        {
          type: 'button',
          title: 'Reply in thread',
          'aria-label': 'Reply in thread',
          onclick: () => openThread(where.channel, root),
        },
        icon('reply'),
      ),
    h(
      'button.more',
      {
        type: 'button',
        title: 'More',
        'aria-label': 'More actions',
        'aria-haspopup': 'menu',
        onclick: (event) => openMenu(event.currentTarget, menuItems(message, where)),
      },
      icon('more'),
    ),
  );
}

function menuItems(message, where) {
  const shortcuts = state.shortcuts
    .filter((shortcut) => shortcut.type === 'message')
    .map((shortcut) => ({
      label: shortcut.name,
      hint: state.app.name,
      run: () => act('shortcut', { channel: where.channel, ts: message.ts, callback_id: shortcut.callbackId }),
    }));
  const own = message.user === state.me;
  return [
    ...shortcuts,
    { label: 'Copy link', run: () => copyLink(new URL(permalink(message, where.channel), location.href).href) },
    own && {
      label: 'Delete message',
      danger: true,
      run: () => act('deleteMessage', { channel: where.channel, ts: message.ts }),
    },
  ].filter(Boolean);
}

function permalink(message, channel) {
  const base = `/archives/${encodeURIComponent(channel)}/p${message.ts.replace('.', '')}`;
  const inThread = message.thread_ts && message.thread_ts !== message.ts;
  return inThread ? `${base}?thread_ts=${message.thread_ts}&cid=${encodeURIComponent(channel)}` : base;
}
