import { secret } from './ids.ts';
import type { Fields } from './types.ts';
import type { Workspace } from './workspace.ts';

/**
 * What Slack makes of a line that a person types: `&`, `<`, `>` escaped, mentions and links between angle brackets
 * (docs.slack.dev/messaging/formatting-message-text).
 */

/** Tokens that are already in Slack's form, names, and things that look like links. */
const typed =
  /(<(?:@[UW][A-Z0-9]+|#C[A-Z0-9]+|![a-z^A-Z0-9]+|https?:\/\/[^\s<>|]+|mailto:[^\s<>|]+)(?:\|[^<>]*)?>)|(https?:\/\/[^\s<>|]+)|(?<![\w@.-])([a-z0-9](?:[a-z0-9-]*\.)+(?:com|org|net|io|dev|de|eu|cloud|app|co|uk|tech|ai)(?::\d+)?(?:\/[^\s<>|]*)?)(?![\w.-]*\w)|(?<![\w.])@([\w.-]+)|(?<![\w&])#([\w-]+)/gi;

/** @param named whether mentions carry the name too, as in commands with `should_escape` */
export function encodeTyped(workspace: Workspace, text: string, named = false): string {
  let out = '';
  let from = 0;
  for (const match of text.matchAll(typed)) {
    out += escapeText(text.slice(from, match.index)) + encodeToken(workspace, match, named);
    from = match.index + match[0].length;
  }
  return out + escapeText(text.slice(from));
}

function encodeToken(workspace: Workspace, match: RegExpExecArray, named: boolean): string {
  const [whole, ready, url, domain, user, channel] = match;
  if (ready) return ready;
  if (url) {
    // Closing punctuation belongs to the sentence.
    const end = /[).,;:!?'"\]]+$/.exec(url)?.[0] ?? '';
    return `<${escapeText(url.slice(0, url.length - end.length))}>${escapeText(end)}`;
  }
  if (domain) return `<http://${escapeText(domain)}|${escapeText(domain)}>`;
  if (user) {
    if (['here', 'channel', 'everyone'].includes(user)) return `<!${user}>`;
    const found = workspace.findUser(user);
    if (found) return named ? `<@${found.id}|${found.name}>` : `<@${found.id}>`;
    const group = workspace.usergroups.find((g) => g.handle === user);
    if (group) return `<!subteam^${group.id}${named ? `|@${group.handle}` : ''}>`;
  }
  if (channel) {
    const found = workspace.findChannel(channel);
    if (found && found.kind !== 'im') return named ? `<#${found.id}|${found.name}>` : `<#${found.id}|>`;
  }
  return escapeText(whole);
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

export function unescapeText(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

/** The rich_text block that Slack's composer sends along with a person's text. */
export function richTextOf(encoded: string): Fields {
  const elements: Fields[] = [];
  let from = 0;
  const plain = (until: number) => {
    if (until > from) elements.push({ type: 'text', text: unescapeText(encoded.slice(from, until)) });
  };
  for (const match of encoded.matchAll(/<([^<>|]+)(?:\|([^<>]*))?>/g)) {
    plain(match.index);
    elements.push(richElement(match[1] ?? '', match[2]));
    from = match.index + match[0].length;
  }
  plain(encoded.length);
  return { type: 'rich_text', block_id: secret(3), elements: [{ type: 'rich_text_section', elements }] };
}

function richElement(token: string, label?: string): Fields {
  if (token.startsWith('@')) return { type: 'user', user_id: token.slice(1) };
  if (token.startsWith('#')) return { type: 'channel', channel_id: token.slice(1) };
  if (token.startsWith('!subteam^')) return { type: 'usergroup', usergroup_id: token.slice('!subteam^'.length) };
  if (token.startsWith('!')) return { type: 'broadcast', range: token.slice(1) };
  return { type: 'link', url: unescapeText(token), ...(label && { text: unescapeText(label) }) };
}
