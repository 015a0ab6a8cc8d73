import { h, link } from './dom.js';
import { emojiSign } from './emoji.js';
import { state } from './store.js';

/**
 * Slack's own markup as DOM nodes: bold, italic, strike, code, quotes, links, mentions, emoji.
 * @param {string} text as Slack stores it, with `&amp; &lt; &gt;`
 * @returns {Node[]}
 */
export function mrkdwn(text) {
  const nodes = [];
  const parts = text.split(/```\n?([\s\S]*?)```/);
  parts.forEach((part, i) => {
    if (i % 2 === 1) nodes.push(h('pre', {}, h('code', {}, plainLinks(part.replace(/\n$/, '')))));
    else nodes.push(...lines(part, i > 0, i < parts.length - 1));
  });
  return nodes;
}

/** Text without markup, as in `plain_text`: only emoji. */
export function plain(text, withEmoji = true) {
  return withEmoji ? emojis(text) : [text];
}

export function unescapeText(text) {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

/** Lines, with quoted ones gathered. */
function lines(text, afterCode, beforeCode) {
  let body = text;
  if (afterCode) body = body.replace(/^\n/, '');
  if (beforeCode) body = body.replace(/\n$/, '');
  if (body === '') return [];
  const nodes = [];
  let quote = [];
  const endQuote = () => {
    if (quote.length > 0) nodes.push(h('blockquote', {}, joined(quote)));
    quote = [];
  };
  let run = [];
  const endRun = () => {
    if (run.length > 0) nodes.push(...joined(run));
    run = [];
  };
  for (const line of body.split('\n')) {
    const quoted = /^(?:&gt;|>) ?(.*)$/.exec(line);
    if (quoted) {
      endRun();
      quote.push(quoted[1]);
    } else {
      endQuote();
      run.push(line);
    }
  }
  endQuote();
  endRun();
  return nodes;
}

function joined(list) {
  return list.flatMap((line, i) => [...(i > 0 ? [h('br')] : []), ...listed(line)]);
}

/** Bullets hang, so that long items stay readable. */
function listed(line) {
  const item = /^(\s*)([•◦▪-]|\d+[.)]) (.*)$/.exec(line);
  if (!item) return inline(line);
  return [h('span.item', {}, h('span.bullet', {}, item[2] === '-' ? '–' : item[2]), h('span', {}, inline(item[3])))];
}

const marks = [
  { find: /`([^`\n]+)`/, make: (m) => h('code', {}, plainLinks(m[1])) },
  { find: /<([^<>\n]+)>/, make: (m) => token(m[1]) },
  { find: /(?<![\w*])\*(?=\S)([^*\n]*?\S)\*(?![\w*])/, make: (m) => h('strong', {}, inline(m[1])) },
  { find: /(?<![\w_])_(?=\S)([^_\n]*?\S)_(?![\w_])/, make: (m) => h('em', {}, inline(m[1])) },
  { find: /(?<![\w~])~(?=\S)([^~\n]*?\S)~(?![\w~])/, make: (m) => h('s', {}, inline(m[1])) },
];

function inline(text) {
  let best = null;
  for (const mark of marks) {
    const match = mark.find.exec(text);
    // Code wins over everything inside it, and so does whatever begins first.
    if (match && (!best || match.index < best.match.index)) best = { match, mark };
  }
  if (!best) return emojis(unescapeText(text));
  const { match, mark } = best;
  const after = text.slice(match.index + match[0].length);
  return [...emojis(unescapeText(text.slice(0, match.index))), mark.make(match), ...inline(after)];
}

function emojis(text) {
  return text
    .split(/(:[a-z0-9_+-]+:)/)
    .filter(Boolean)
    .map((part) => {
      const sign = /^:.+:$/.test(part) ? emojiSign(part.slice(1, -1)) : undefined;
      return sign ? h('span.emoji', { title: part, role: 'img', 'aria-label': part.slice(1, -1) }, sign) : part;
    });
}

/** `<https://…|label>`, `<@U…>`, `<#C…>`, `<!here>`, `<!date^…^…|fallback>`. */
function token(inside) {
  const bar = inside.indexOf('|');
  const target = bar < 0 ? inside : inside.slice(0, bar);
  const label = bar < 0 ? '' : unescapeText(inside.slice(bar + 1));
  if (target.startsWith('@')) return mention(target.slice(1), label);
  if (target.startsWith('#')) return channelLink(target.slice(1), label);
  if (target.startsWith('!date^')) return h('time', {}, date(target) ?? label);
  if (target.startsWith('!')) return h('span.mention', {}, label || `@${target.slice(1).split('^')[0]}`);
  const url = unescapeText(target);
  return link(url, label || url.replace(/^mailto:/, ''));
}

/** Links inside code lose their brackets and stay text. */
function plainLinks(text) {
  return unescapeText(text.replace(/<((?:https?:|mailto:)[^<>|]+)(?:\|([^<>]*))?>/g, (_, url, label) => label || url));
}

export function mention(id, label) {
  const user = state.users.get(id);
  return h(`span.mention${id === state.me ? '.me' : ''}`, {}, `@${user?.name ?? (label || id)}`);
}

export function channelLink(id, label) {
  const channel = state.channels.get(id);
  return h('a.mention', { href: `/archives/${encodeURIComponent(id)}` }, `#${channel?.name ?? (label || id)}`);
}

/** `{date_short_pretty} at {time}` and its likes, in the reader's own zone. */
function date(target) {
  const [, seconds, format = ''] = target.split('^');
  const at = new Date(Number(seconds) * 1000);
  if (Number.isNaN(at.getTime())) return null;
  const day = (options) => at.toLocaleDateString('en-GB', options);
  const words = {
    '{date_num}': at.toISOString().slice(0, 10),
    '{date}': day({ day: 'numeric', month: 'long', year: 'numeric' }),
    '{date_short}': day({ day: 'numeric', month: 'short', year: 'numeric' }),
    '{date_long}': day({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }),
    '{date_pretty}': day({ day: 'numeric', month: 'long' }),
    '{date_long_pretty}': day({ weekday: 'long', day: 'numeric', month: 'long' }),
    '{date_short_pretty}': day({ day: 'numeric', month: 'short' }),
    '{time}': at.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' }),
    '{time_secs}': at.toLocaleTimeString('en-GB'),
  };
  return format.replace(/\{[a-z_]+\}/g, (word) => words[word] ?? word);
}
