/** Slack's mrkdwn as the person saw it: links opened, entities decoded, mentions gone. */

export interface PlainText {
  text: string;
  /** Links, in order, and the words that stand for them in the text. */
  links: { url: string; shown: string }[];
}

/** Messages longer than this are pasted logs: their beginning and their end say what they are. */
const HEAD = 6_000;
const TAIL = 2_000;

/** Marks that nobody sees and that hide words: control characters, zero-width and direction marks, the soft hyphen. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

const decode = (text: string): string => text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');

const shorten = (text: string): string =>
  text.length <= HEAD + TAIL ? text : `${text.slice(0, HEAD)}\n${text.slice(-TAIL)}`;

/** `<!date^1790000000^{time}|16:13>` is an instant; every other `<!…>` and `<@…>` only calls somebody. */
function special(inner: string): string {
  const seconds = Number(/^!date\^(\d{9,10})\^/.exec(inner)?.[1] ?? Number.NaN);
  return Number.isNaN(seconds) ? ' ' : new Date(seconds * 1000).toISOString();
}

/** `<https://x|shop.example.test>` becomes its label, `<@U1>`, `<!here>` and `<#C1|name>` become nothing or the name. */
export function plainText(message: string): PlainText {
  const links: PlainText['links'] = [];
  const seen = shorten(message.replace(UNSEEN, ''));
  const text = seen.replace(/<([^<>\n]{1,2000})>/g, (whole, inner: string) => {
    if (/^[@!]/.test(inner)) return special(inner);
    if (inner.startsWith('#')) return inner.includes('|') ? `#${inner.split('|')[1]}` : ' ';
    const [target = '', label] = inner.split('|');
    if (!/^(https?|mailto):/i.test(target)) return whole;
    if (/^mailto:/i.test(target)) return label ?? ' ';
    links.push({ url: decode(target), shown: decode(label ?? target) });
    return label ? ` ${label} ` : ` ${target} `;
  });
  const plain = decode(text);
  for (const [url] of plain.matchAll(/\bhttps?:\/\/[^\s<>"'`)\]]{1,2000}/gi)) {
    const bare = url.replace(/[.,;:!?]{1,20}$/, '');
    if (!links.some((link) => link.url === bare)) links.push({ url: bare, shown: bare });
  }
  return { text: plain, links };
}
