/** Slack's mrkdwn as the person saw it: links opened, entities decoded, mentions gone. */

export interface PlainText {
  text: string;
  /** Link targets, in order. */
  links: string[];
}

/** Messages longer than this are pasted logs: their beginning and end say what they are. */
const MAX_CHARS = 12_000;

const decode = (text: string): string => text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');

/** `<https://x|shop.example.test>` becomes its label, `<@U1>`, `<!here>` and `<#C1|name>` become nothing or the name. */
export function plainText(message: string): PlainText {
  const links: string[] = [];
  const text = message.slice(0, MAX_CHARS).replace(/<([^<>\n]{1,2000})>/g, (whole, inner: string) => {
    if (/^[@!]/.test(inner)) return ' ';
    if (inner.startsWith('#')) return inner.includes('|') ? `#${inner.split('|')[1]}` : ' ';
    const [target = '', label] = inner.split('|');
    if (!/^(https?|mailto):/i.test(target)) return whole;
    if (/^mailto:/i.test(target)) return label ?? ' ';
    links.push(decode(target));
    return label ? ` ${label} ` : ` ${target} `;
  });
  const plain = decode(text);
  for (const [url] of plain.matchAll(/\bhttps?:\/\/[^\s<>"'`)\]]+/gi)) {
    const bare = url.replace(/[.,;:!?]+$/, '');
    if (!links.includes(bare)) links.push(bare);
  }
  return { text: plain, links };
}
