import type { Why } from '../../../diagnostics/io/proxy-reader.ts';

/** One request as an access log shows it, whichever proxy wrote it. */

export interface Upstream {
  address: string;
  status: number | null;
  seconds: number | null;
  bytes: number | null;
}

export interface AccessRow {
  /** ms since the epoch; null when the line has no readable time. */
  at: number | null;
  /** null: this format does not say. */
  host: string | null;
  /** First 40 characters of the request line as logged, without its query. */
  request: string;
  /** 0: a bare connection (TCP mode), which has none. 499: the client left before there was one. */
  status: number;
  /** From the first byte of the request to the last of the answer, s. */
  seconds: number | null;
  /** Every try, in order; empty when no upstream was asked. */
  upstreams: Upstream[];
  service: string | null;
  /** True: the proxy had no route for it at all; left out where the format cannot tell. */
  noRoute?: boolean;
  /** Who produced the status. `unknown`: this format cannot tell. */
  maker: Maker;
  /** What the log says beyond the status; left out where it says nothing. */
  why?: Why;
  /** Bytes sent to the client. */
  bytes?: number;
  /** Of `seconds`: waiting in the proxy's own queue, and for the client's request; left out where not told. */
  queued?: number;
  receiving?: number;
  /** GET or HEAD: a request without a body that a slow client could be long about. */
  bodiless?: true;
  /** HEAD: what monitors and robots send, and no browser by itself. */
  head?: true;
}

export type Maker = 'proxy' | 'upstream' | 'client' | 'unknown';
export type LineReader = (line: string) => AccessRow | null;

/** A number, or null for anything else (`-`, empty, words). */
export function number(text: string | undefined): number | null {
  if (text === undefined || text === '' || text === '-') return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}

/** A host without port, lower case; null where a log writes `-`, `_` or nothing. */
export function cleanHost(host: string | undefined | null): string | null {
  if (!host || host === '-' || host === '_') return null;
  const colon = host.lastIndexOf(':');
  const bare = colon > 0 && /^\d+$/.test(host.slice(colon + 1)) ? host.slice(0, colon) : host;
  return bare.slice(0, 253).toLowerCase();
}

/** What is kept of a request line: its beginning, without query and control characters. */
export function cleanRequest(request: string): string {
  const cut = request.slice(0, 200);
  const query = cut.indexOf('?');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return (query === -1 ? cut : cut.slice(0, query)).slice(0, 40).replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
}

/** Statuses that a proxy gives by a rule of its own, in words; undefined for those that say nothing by themselves. */
export function whyOfOwn(status: number): AccessRow['why'] {
  if (status === 429) return 'rate-limited';
  if (status === 413 || status === 414 || status === 431) return 'too-large';
  if (status === 401 || status === 403) return 'denied';
  if (status === 400) return 'bad-request';
  if (status === 408) return 'client-slow';
  if (status === 504) return 'proxy-timeout';
  return undefined;
}

/** What Go's client, in Traefik, sends again on another connection where one broke before any answer (net/http, isReplayable). */
const REPEATED = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** A 502 of Traefik: a refused or a broken connection, its log does not say which; but what it repeats fails only where a second try did. */
export const whyOf502 = (method: string): Why => (REPEATED.has(method) ? 'no-answer' : 'no-answer-once');
