import { ERROR_STRINGS } from './error-strings.ts';
import { STATUS_CLASS, statusesIn } from './statuses.ts';

/** Where a text names a place. */
export interface Marked {
  at: number;
  end: number;
  /** Whether the inventory knows it. */
  known: boolean;
}

const PROXY =
  /(?<![\w.@/-])(?:ingress(?:es)?|traefik|nginx|haproxy|envoy|istio|caddy|apache|cloudflare|akamai|fastly|nlb|alb|elb|metallb|keepalived|kong|varnish|squid|load ?balancers?|balancers?|balanceador|reverse proxy|proxy|proxies|proxys|gateway|edge|lb)(?:'s)?(?![\w-]|\.\w)/gi;
const URL_LIKE = /\b(?:https?|wss?|grpc):\/\/[^\s<>"'`)\]]{1,300}/gi;
const CLOCK = /\b\d{1,2}[:.h]\d{2}(?::\d{2})?(?: ?[ap]m)?\b|\b\d{1,2} ?(?:am|pm|uhr|h)\b/gi;
const VERSION = /\bv?\d{1,4}\.\d{1,4}(?:\.\d{1,4}){0,2}\b/gi;
const ALL_STATUS_CLASS = new RegExp(STATUS_CLASS, 'gi');

/** Pure: a text with what it names as marks, so that names and numbers teach nothing: `‹place› returns ‹status›`. */
export function withMarks(text: string, places: readonly Marked[]): string {
  let out = '';
  let from = 0;
  for (const { at, end, known } of [...places].sort((a, b) => a.at - b.at || b.end - a.end)) {
    if (at < from) continue;
    out += `${text.slice(from, at)} ‹${known ? 'place' : 'stranger'}› `;
    from = end;
  }
  out = (out + text.slice(from)).replace(URL_LIKE, ' ‹url› ');
  for (const { pattern } of ERROR_STRINGS) out = out.replace(pattern, ' ‹error› ');
  out = out.replace(CLOCK, ' ‹time› ').replace(VERSION, ' ‹version› ');
  for (const status of statusesIn(out))
    out = out.replace(new RegExp(`(?<![\\d.:])${status}(?:er|'?s)?(?!\\d)`, 'g'), ' ‹status› ');
  return out.replace(ALL_STATUS_CLASS, ' ‹status› ').replace(PROXY, ' ‹proxy› ').replace(/\d+/g, ' ‹n› ');
}
