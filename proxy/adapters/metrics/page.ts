import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { Guard } from '../../../diagnostics/io/guard.ts';
import { BlindLook } from '../../../diagnostics/io/proxy-reader.ts';
import { sendCommand } from './unix-socket.ts';

/** A page while it comes. */
export interface PageStream {
  /** Its bytes, cut anywhere. */
  chunks: AsyncIterable<Uint8Array>;
  /** The Date header (RFC 9110 6.6.1, whole seconds) as ISO: what the other machine's clock says; null: none. */
  date: string | null;
  /** The Server header; null: none. */
  server: string | null;
}

/** What an adapter may use: pages and sockets that the inventory names, behind the guard. */
export interface Reach {
  /** A page of at most 32 MiB as text. */
  page(url: string, signal: AbortSignal): Promise<string>;
  /** A page of at most 128 MiB, read by `read` as it comes; the connection ends with it. Absent: pages come whole. */
  stream?<T>(url: string, signal: AbortSignal, read: (page: PageStream) => Promise<T>): Promise<T>;
  /** What a command socket (a unix socket's path, or host:port) answers to one line, at most 16 MiB. Absent: there are no sockets. */
  command?(address: string, line: string, signal: AbortSignal): Promise<string>;
}

type Resolve = (host: string) => Promise<string[]>;

/** Most bytes of a page that one look keeps in memory. */
const PAGE_BYTES = 32 * 1024 * 1024;

/** Most bytes of a page that one look reads through. */
const STREAM_BYTES = 128 * 1024 * 1024;

/** Everything that adapters may ask, behind one guard. */
export function reachOf(resolve: Resolve, guard: Guard): Required<Reach> {
  return {
    page: (url, signal) => getPage(url, resolve, guard, signal),
    stream: (url, signal, read) => openPage(url, resolve, guard, signal, STREAM_BYTES, read),
    command: (address, line, signal) => sendCommand(address, line, resolve, guard, signal),
  };
}

/**
 * GETs a page that the inventory names. Bounded in bytes and by the signal; follows no redirect, since it could lead
 * anywhere; connects to the very addresses that the guard let through, since a name may lead elsewhere a moment later.
 * Throws BlindLook with the reason.
 */
export function getPage(url: string, resolve: Resolve, guard: Guard, signal: AbortSignal): Promise<string> {
  return openPage(url, resolve, guard, signal, PAGE_BYTES, async ({ chunks }) => {
    const all: Uint8Array[] = [];
    for await (const chunk of chunks) all.push(chunk);
    return Buffer.concat(all).toString('utf8');
  });
}

async function openPage<T>(
  url: string,
  resolve: Resolve,
  guard: Guard,
  signal: AbortSignal,
  limit: number,
  read: (page: PageStream) => Promise<T>,
): Promise<T> {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed?.protocol !== 'http:' && parsed?.protocol !== 'https:')
    throw new BlindLook('unreadable', `${url} is no http URL`);
  const addresses = await resolve(parsed.hostname.replace(/^\[|\]$/g, ''));
  if (addresses.length === 0) throw new BlindLook('no-connection', `${url}: ${parsed.hostname} does not resolve`);
  for (const ip of addresses) guard.check(ip);
  const answer = await ask(parsed, addresses, signal).catch((error: NodeJS.ErrnoException) => {
    if (signal.aborted) throw new BlindLook('deadline', `${url} did not answer in time`, { cause: error });
    throw new BlindLook('no-connection', `${url}: ${error.code ?? error.message}`, { cause: error });
  });
  try {
    const status = answer.statusCode;
    if (status === 401 || status === 403) throw new BlindLook('denied', `${url} answers ${status}`);
    if (status !== 200) throw new BlindLook('unreadable', `${url} answers ${status}`);
    const date = Date.parse(answer.headers.date ?? '');
    return await read({
      chunks: bounded(answer, url, limit, signal),
      date: Number.isNaN(date) ? null : new Date(date).toISOString(),
      server: String(answer.headers.server ?? '').slice(0, 200) || null,
    });
  } finally {
    answer.destroy();
  }
}

/** The bytes of an answer, up to the limit. What breaks on the way is a BlindLook; what the reader throws is its own. */
async function* bounded(
  answer: IncomingMessage,
  url: string,
  limit: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let size = 0;
  const chunks = (answer as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  for (;;) {
    const next = await chunks.next().catch((error: Error) => {
      throw new BlindLook(signal.aborted ? 'deadline' : 'unreadable', `${url} broke off: ${error.message}`, {
        cause: error,
      });
    });
    if (next.done) return;
    size += next.value.length;
    if (size > limit) throw new BlindLook('too-large', `${url} sends more than ${limit / 1024 / 1024} MiB`);
    yield next.value;
  }
}

/** One GET to addresses that are known already: no resolver is asked again. */
function ask(url: URL, addresses: string[], signal: AbortSignal): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const known = addresses.map((address) => ({ address, family: isIP(address) }));
  const lookup: LookupFunction = (_host, options, done) => {
    if (options.all) done(null, known);
    else done(null, known[0]?.address ?? '', known[0]?.family);
  };
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const headers = { accept: 'text/plain, application/json', connection: 'close' };
  request(url, { signal, lookup, agent: false, headers }, resolve).on('error', reject).end();
  return promise;
}
