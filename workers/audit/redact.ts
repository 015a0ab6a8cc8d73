import { isIP } from 'node:net';
import { withoutSecrets } from '../../diagnostics/without-secrets.ts';

/** Characters of one text in an entry. */
const MOST_CHARS = 300;
const IPV4 = /\b\d{1,3}(?:\.\d{1,3}){3}\b/g;
/** Hex groups with at least two colons; what is a time of day is not an address. */
const IPV6 = /(?<![\w:])[0-9a-f:]{2,39}(?:\d{1,3}(?:\.\d{1,3}){3})?(?![\w:])/gi;

/**
 * Pure: what somebody wrote, fit to be kept for a year: no secrets, no query strings, no addresses of clients, one line, cut. What it
 * cuts out is marked by `…`.
 */
export function redactWords(text: string): string {
  const clean = withoutSecrets(text.slice(0, 20 * MOST_CHARS))
    .replace(/(\bhttps?:\/\/[^\s?'"`<>|]+)\?[^\s'"`<>|)]*/gi, '$1?…')
    .replace(/\b(x(?:ox[abeprs]|app)-)[A-Za-z0-9-]{6,}/g, '$1…')
    .replace(/\b(authorization|proxy-authorization|cookie|set-cookie)(["']?\s*[:=]\s*)[^\n'"]+/gi, '$1$2…')
    .replace(/\b((?:api[_-]?key|token|secret|passw(?:or)?d|session(?:id)?)["']?\s*[=:]\s*["']?)[^\s&'"]+/gi, '$1…')
    .replace(/\b(bearer|basic)\s+[A-Za-z0-9+/=._~-]{8,}/gi, '$1 …')
    .replace(/\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*/g, '…')
    .replace(IPV4, (found) => (isIP(found) === 4 ? '…' : found))
    .replace(IPV6, (found) => (found.split(':').length > 2 && isIP(found) === 6 ? '…' : found))
    .replace(/\s+/g, ' ')
    .trim();
  return clean.length > MOST_CHARS ? `${clean.slice(0, MOST_CHARS - 1)}…` : clean;
}
