import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { Guard } from '../../../diagnostics/io/guard.ts';
import { BlindLook } from '../../../diagnostics/io/proxy-reader.ts';

/** What an adapter may use: pages that the inventory names, behind the guard. */
export interface Reach {
  page(url: string, signal: AbortSignal): Promise<string>;
}

/** Most bytes of a metrics or admin page that one look reads. */
const PAGE_BYTES = 32 * 1024 * 1024;

/**
 * GETs a page that the inventory names. Bounded in bytes and by the signal; follows no redirect, since it could lead
 * anywhere; connects to the very addresses that the guard let through, since a name may lead elsewhere a moment later.
 * Throws BlindLook with the reason.
 */
export async function getPage(
  url: string,
  resolve: (host: string) => Promise<string[]>,
  guard: Guard,
  signal: AbortSignal,
): Promise<string> {
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
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > PAGE_BYTES) throw new BlindLook('too-large', `${url} sends more than ${PAGE_BYTES / 1024 / 1024} MiB`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  } catch (error) {
    if (error instanceof BlindLook) throw error;
    throw new BlindLook(signal.aborted ? 'deadline' : 'unreadable', `${url} broke off: ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    answer.destroy();
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
