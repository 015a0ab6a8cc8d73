/** Numbers and names as people read them (voice: counts with totals, percent only from 100 on). */

/** "9 of 9", "2 of 187 (1.1 %)", "0 of 187". */
export function share(count: number, total: number): string {
  return total >= 100 && count > 0 ? `${count} of ${total} (${percent(count / total)})` : `${count} of ${total}`;
}

/** "1.1 %", "37 %". */
export function percent(fraction: number): string {
  const value = fraction * 100;
  return `${value >= 10 || value === 0 ? Math.round(value) : value.toFixed(1)} %`;
}

/** "31 ms", "2.4 s". */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1).replace(/\.0$/, '')} s`;
  return `${Math.round(ms / 60_000)} min`;
}

/** "14:03 UTC" on the same day, "20 Nov 14:03 UTC" otherwise. */
export function clock(iso: string, now: string): string {
  const time = `${iso.slice(11, 16)} UTC`;
  if (iso.slice(0, 10) === now.slice(0, 10)) return time;
  const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
  return `${Number(iso.slice(8, 10))} ${months[Number(iso.slice(5, 7)) - 1]} ${time}`;
}

/** "at 14:03 UTC" where both lie in one minute, "14:03 UTC to 14:09 UTC" otherwise. */
export function span(from: string, to: string, now: string): string {
  const [first, last] = [clock(from, now), clock(to, now)];
  return first === last ? `at ${first}` : `${first} to ${last}`;
}

/** "one request", "3 requests". */
export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** The first letter large. */
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** "once", "3 times". */
export const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);

/** "nginx.conf:14" of "/etc/nginx/nginx.conf:14", "config_dump (web)" of a page's address. */
export const fileName = (place: string): string => place.replace(/^\S*\//, '');

/** A shell word that is safe to paste: quoted unless it is plainly harmless. */
export const shellWord = (text: string): string =>
  /^[\w@%+=:,./[\]-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

/** A command that tries whether a port takes connections; `seconds`: how long it waits, where it should not wait longer. */
export function tryPort(address: string, seconds: number | null = null): string {
  const at = address.lastIndexOf(':');
  const host = address.slice(0, at).replace(/^\[|\]$/g, '');
  return `nc -vz${seconds === null ? '' : ` -w ${seconds}`} ${shellWord(host)} ${shellWord(address.slice(at + 1))}`;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const UNSEEN = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** A text as people may see it in a terminal, whatever names of the outside are in it: line feeds stay, no other control characters. */
export const seen = (text: string): string => text.replace(UNSEEN, ' ');

/** The error codes of one connection in words that need no library's manual. */
const ERRORS: { [code: string]: string } = {
  ECONNREFUSED: 'connection refused',
  TIMEOUT: 'no answer in time',
  CLOSED: 'closed without an answer',
  RESET: 'connection reset',
  PLAINTEXT: 'answered in clear text on a TLS port',
  NOT_HTTP: 'answered with something that is no HTTP',
  CUT_OFF: 'answer cut off in the middle',
  CERT_HAS_EXPIRED: 'certificate expired',
  CERT_NOT_YET_VALID: 'certificate not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'certificate is for another name',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate chain incomplete',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'certificate authority not trusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'certificate authority not trusted',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'self-signed certificate',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
};

/** "connection refused", "502", "TLS alert 40". */
export function failure(error: string | null, status: number | null, alert: number | null): string {
  if (error === null && status !== null) return String(status);
  if (alert !== null) return `TLS alert ${alert}`;
  return ERRORS[error ?? ''] ?? (error ?? 'failed').toLowerCase().replaceAll('_', ' ');
}

/** A piece of somebody's configuration on one line: whatever it holds, only what ASCII prints. */
export const visible = (text: string): string => text.replace(/[^\x20-\x7e]/g, ' ');
