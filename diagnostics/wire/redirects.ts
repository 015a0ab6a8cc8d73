import type { Attempt } from '../io/io.ts';

/** Where answers send their callers (RFC 9110, section 15.4). Pure. */

const locationOf = ({ status, headers, error }: Pick<Attempt, 'status' | 'headers' | 'error'>): string | null =>
  error === null && status !== null && status >= 300 && status < 400 ? (headers.location ?? null) : null;

/** Does it send the caller to https, on the very host that was asked? */
export function sendsToHttps(answer: Pick<Attempt, 'status' | 'headers' | 'error'>, host: string): boolean {
  const location = locationOf(answer);
  if (location === null || !URL.canParse(location)) return false;
  const { protocol, hostname } = new URL(location);
  return protocol === 'https:' && hostname === host.toLowerCase();
}

/** Names and addresses of whoever uses them (RFC 6761, section 6.3; RFC 1122, section 3.2.1.3; RFC 4291, section 2.5.3). */
const isOwnMachine = (host: string): boolean =>
  host === 'localhost' || host.endsWith('.localhost') || /^127(\.\d{1,3}){3}$/.test(host) || host === '[::1]';

/** The address on the caller's own machine that an answer sends it to; null: it does not, or just there it was asked. */
export function sendsToOwnMachine(answer: Pick<Attempt, 'status' | 'headers' | 'error'>, host: string): string | null {
  const location = locationOf(answer);
  if (location === null || !URL.canParse(location) || isOwnMachine(host)) return null;
  return isOwnMachine(new URL(location).hostname) ? location : null;
}
