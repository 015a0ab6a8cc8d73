/**
 * What a person, a log line, a certificate or a proxy said, made harmless for Slack: nothing in it links, mentions or
 * notifies, and nothing secret is repeated.
 */
export function plain(text: string): string {
  return escapeMrkdwn(redact(text));
}

/** Slack's three control characters, and the words that would wake a channel up. */
export function escapeMrkdwn(text: string): string {
  return text
    .replace(/&(?!(?:amp|lt|gt);)/g, '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/@(?=(?:here|channel|everyone|group)\b)/gi, '');
}

/** Cuts out query strings, credentials in URLs, tokens and cookies. What is repeated is bounded: hostile text takes no longer. */
export function redact(text: string): string {
  return text
    .replace(/(\b[a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/@'"`]{1,2000}@/gi, '$1')
    .replace(/(\bhttps?:\/\/[^\s?'"`<>|]{1,4000})\?[^\s'"`<>|)]*/gi, '$1?…')
    .replace(/\b(x(?:ox[abeprs]|app)-)[A-Za-z0-9-]{6,}/g, '$1…')
    .replace(/\b(authorization|proxy-authorization|cookie|set-cookie)(["']?\s*[:=]\s*)[^\n'"]+/gi, '$1$2…')
    .replace(/\b(bearer|basic)\s+[A-Za-z0-9+/=._~-]{8,}/gi, '$1 …')
    .replace(/\b((?:api[_-]?key|token|secret|passw(?:or)?d|session(?:id)?)["']?\s*[=:]\s*["']?)[^\s&'"]+/gi, '$1…')
    .replace(/[A-Za-z0-9_.-]{24,}/g, withoutJwt);
}

/** One run of a token's letters, cut where a JSON Web Token may begin. Every run is read once, however many beginnings it has. */
function withoutJwt(run: string): string {
  const at = run.search(/\beyJ/);
  return at >= 0 && run.length - at >= 24 && run.includes('.', at) ? `${run.slice(0, at)}…` : run;
}

/** Bold, on one line: marks inside would end it early. */
export function bold(text: string): string {
  return `*${text.replaceAll('*', '').replace(/\s+/g, ' ').trim()}*`;
}

/** A command that can be pasted as it is. */
export function code(command: string): string {
  const one = plain(command.trim());
  if (/[\n`]/.test(one)) return `\`\`\`\n${one.replaceAll('```', "'''")}\n\`\`\``;
  return `\`${one}\``;
}

/** Cuts escaped text to a length, never in the middle of an entity, and says that it did. */
export function clip(text: string, max: number): string {
  if (text.length <= max) return text;
  const cut = text
    .slice(0, max - 1)
    .replace(/&[a-z]{0,3}$/, '')
    .replace(/[\uD800-\uDBFF]$/, '');
  const fences = cut.split('```').length - 1;
  return fences % 2 === 1 ? `${cut.slice(0, max - 5)}…\n\`\`\`` : `${cut}…`;
}

/** `09:16`, in UTC. */
export function clock(at: number | string): string {
  return new Date(at).toISOString().slice(11, 16);
}

/** A person by id, as Slack writes it; nothing when it is none. */
export function person(id: string | null): string {
  return id !== null && /^[UW][A-Z0-9]{2,}$/.test(id) ? `<@${id}>` : 'somebody';
}
