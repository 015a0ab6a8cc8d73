import { isIP } from 'node:net';

/** Splits `host:port`, `[v6]:port`, `host`; null when it is neither. */
export function splitAddress(text: string): { host: string; port: number | null } | null {
  const match = /^(?:\[([0-9a-f:.%]+)\]|([^:[\]/\s]+))(?::(\d{1,5}))?$/i.exec(text);
  if (!match) return isIP(text) === 6 ? { host: text, port: null } : null;
  const host = (match[1] ?? match[2]) as string;
  if (match[1] !== undefined && isIP(host) !== 6) return null;
  const port = match[3] === undefined ? null : Number(match[3]);
  if (port !== null && (port < 1 || port > 65_535)) return null;
  return { host, port };
}

/** `host:port` as it is written everywhere: IPv6 in brackets. */
export const joinAddress = (host: string, port: number | string): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
