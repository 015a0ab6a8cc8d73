import type { ServedRequests, Why } from '../io/proxy-reader.ts';
import { shellWord } from '../wording.ts';

/** What readings of access logs share: sums, words for reasons, and the commands that show the same lines. */

export const sum = (counts: { [status: string]: number }): number => Object.values(counts).reduce((a, b) => a + b, 0);
export const listed = (counts: { [status: string]: number }): string[] =>
  Object.entries(counts).map(([status, count]) => `${count} x ${status}`);

/** Why a request ended as it did, in words that follow a count. */
const WORDS: { [why in Why]: string } = {
  'client-left': 'the client left',
  'client-slow': 'the client was too slow',
  refused: 'connection refused',
  'connect-timeout': 'no connection in time',
  'connect-failed': 'no connection',
  'closed-early': 'closed before the answer was whole',
  'no-answer': 'no answer from the endpoint',
  'no-answer-once': 'no answer from the endpoint to a request that may not be sent twice',
  'proxy-timeout': 'no answer in the time it allows',
  'queue-full': 'its own queue or circuit breaker full',
  'out-of-resources': 'its own connections or memory used up',
  'no-endpoint': 'no endpoint that it counts as healthy',
  'marked-down': 'endpoint given up meanwhile',
  'no-route': 'no route',
  denied: 'refused by a rule',
  'auth-failed': 'the authentication that it asks first failed',
  'rate-limited': 'rate limit',
  'too-large': 'too large',
  'bad-request': 'bad request',
  'bad-answer': 'an answer that it would not pass on',
  'no-room': 'no room in its buffer for the headers that it adds to an answer',
  'name-not-found': "the endpoint's name does not resolve",
  injected: 'a fault that its configuration injects',
  internal: 'an error inside the proxy',
};

export const reasonsOf = (served: ServedRequests, ...which: Why[]): number =>
  which.reduce((count, why) => count + (served.reasons?.[why] ?? 0), 0);

/** Endpoints that take this long on average are slow themselves, s. */
const SLOW_SECONDS = 1;
export const slowBehind = (served: ServedRequests): boolean => (served.upstreamSeconds ?? 0) >= SLOW_SECONDS;

/** "7 x connection refused", most frequent first, of the failures that the log explains; unknown reasons are left out. */
export function reasonsListed(served: ServedRequests, but: Why[] = []): string[] {
  return Object.entries(served.reasons ?? {})
    .filter(([why, count]) => count > 0 && Object.hasOwn(WORDS, why) && !but.includes(why as Why))
    .sort((a, b) => b[1] - a[1])
    .slice(0, 4)
    .map(([why, count]) => `${count} x ${WORDS[why as Why]}`);
}

/** The file behind a source, or null where it is none. */
export const fileOf = (source: string): string | null =>
  source.startsWith('/') ? (source.split(' (')[0] as string) : null;

/** A command that shows lines of a log by an extended pattern; null where the source is no file. */
export const grepFor = (source: string, pattern: string, lines = 20): string | null => {
  const file = fileOf(source);
  return file === null ? null : `grep -aE ${shellWord(pattern)} ${shellWord(file)} | tail -n ${lines}`;
};

/** A command that shows lines of a log which hold a text as it is. */
export const grepText = (source: string, text: string, lines = 5): string | null => {
  const file = fileOf(source);
  return file === null ? null : `grep -aF -e ${shellWord(text)} ${shellWord(file)} | tail -n ${lines}`;
};

/** Lines with a status of 4xx or 5xx (or one status), as each kind of proxy writes them. */
export function statusPattern(kind: string, status: string): string {
  const digits = status.replace('xx', '[0-9][0-9]');
  if (kind.startsWith('haproxy')) return `/[+]?-?[0-9]+ ${digits} [+]?[0-9]+ `;
  return `" ${digits} |"(status|DownstreamStatus|response_code)": ?"?${digits}`;
}
