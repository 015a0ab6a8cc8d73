import { connect } from 'node:net';
import type { Guard } from '../../diagnostics/io/guard.ts';
import { BlindLook } from '../../diagnostics/io/proxy-reader.ts';

/** Most bytes of a metrics or admin page that one look reads. */
const PAGE_BYTES = 32 * 1024 * 1024;

/**
 * GETs a page that the inventory names. Bounded in bytes and by the signal; follows no redirect, since it could lead
 * anywhere. Throws BlindLook with the reason.
 */
export async function getPage(
  url: string,
  resolve: (host: string) => Promise<string[]>,
  guard: Guard,
  signal: AbortSignal,
): Promise<string> {
  if (!URL.canParse(url)) throw new BlindLook('unreadable', `${url} is no URL`);
  for (const ip of await resolve(new URL(url).hostname.replace(/^\[|\]$/g, ''))) guard.check(ip);
  let answer: Response;
  try {
    answer = await fetch(url, { signal, redirect: 'manual', headers: { accept: 'text/plain, application/json' } });
  } catch (error) {
    if (signal.aborted) throw new BlindLook('deadline', `${url} did not answer in time`, { cause: error });
    const cause = (error as { cause?: { code?: string } }).cause;
    throw new BlindLook('no-connection', `${url}: ${cause?.code ?? (error as Error).message}`, { cause: error });
  }
  if (answer.status === 401 || answer.status === 403) throw new BlindLook('denied', `${url} answers ${answer.status}`);
  if (answer.status !== 200) throw new BlindLook('unreadable', `${url} answers ${answer.status}`);
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of answer.body ?? []) {
      size += chunk.length;
      if (size > PAGE_BYTES) throw new BlindLook('too-large', `${url} sends more than ${PAGE_BYTES / 1024 / 1024} MiB`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof BlindLook) throw error;
    throw new BlindLook(signal.aborted ? 'deadline' : 'unreadable', `${url} broke off: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** One command to HAProxy's stats socket (management.txt section 9.3), read to its end. */
export function askSocket(path: string, command: string, signal: AbortSignal): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect(path);
  const chunks: Buffer[] = [];
  let size = 0;
  const abort = (): void => {
    socket.destroy();
    reject(new BlindLook('deadline', `${path} did not answer in time`));
  };
  signal.addEventListener('abort', abort, { once: true });
  socket.on('connect', () => socket.end(`${command}\n`));
  socket.on('data', (chunk) => {
    size += chunk.length;
    if (size > PAGE_BYTES) socket.destroy(new Error('answer too large'));
    else chunks.push(chunk);
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    signal.removeEventListener('abort', abort);
    reject(
      new BlindLook(error.code === 'EACCES' ? 'denied' : 'no-connection', `${path}: ${error.code ?? error.message}`, {
        cause: error,
      }),
    );
  });
  socket.on('close', () => {
    signal.removeEventListener('abort', abort);
    resolve(Buffer.concat(chunks).toString('utf8'));
  });
  return promise;
}
