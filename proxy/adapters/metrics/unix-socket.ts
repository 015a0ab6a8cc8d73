import { connect, isIP } from 'node:net';
import { splitAddress } from '../../../diagnostics/io/address.ts';
import type { Guard } from '../../../diagnostics/io/guard.ts';
import { BlindLook } from '../../../diagnostics/io/proxy-reader.ts';

/** Most bytes of one answer: `show stat` of 20,000 servers is below it. */
const ANSWER_BYTES = 16 * 1024 * 1024;

/** True for what `admin` may say of a command socket: an absolute path, `unix:`, `tcp://host:port` or `host:port`. */
export function isCommandSocket(address: string): boolean {
  return /^(unix:|tcp:\/\/)|^\//.test(address) || (!address.includes('/') && splitAddress(address) !== null);
}

/**
 * Sends one line to a command socket that the inventory names (HAProxy's stats socket) and reads until it is closed from
 * there (haproxy: doc/management.txt 9.3: one command per connection unless `prompt` was sent). Only `show` commands may
 * be sent: nothing that we say changes a proxy. A TCP address is behind the guard like every other one.
 * Throws BlindLook with the reason.
 */
export async function sendCommand(
  address: string,
  line: string,
  resolve: (host: string) => Promise<string[]>,
  guard: Guard,
  signal: AbortSignal,
): Promise<string> {
  if (!/^show [a-z ]+$/.test(line)) throw new Error(`only show commands are sent, not ${line}`);
  const target = await placeOf(address, resolve, guard);
  const { promise, resolve: done, reject } = Promise.withResolvers<string>();
  const socket = connect({ ...target, signal });
  const chunks: Buffer[] = [];
  let size = 0;
  socket.on('connect', () => socket.end(`${line}\n`));
  socket.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > ANSWER_BYTES)
      socket.destroy(new BlindLook('too-large', `${address} answers more than ${ANSWER_BYTES / 1024 / 1024} MiB`));
    else chunks.push(chunk);
  });
  socket.on('error', reject);
  socket.on('end', () => done(Buffer.concat(chunks).toString('utf8')));
  socket.on('close', () => reject(new Error('closed')));
  try {
    return await promise;
  } catch (error) {
    throw error instanceof BlindLook ? error : blindOf(address, error as NodeJS.ErrnoException, signal);
  } finally {
    socket.destroy();
  }
}

async function placeOf(
  address: string,
  resolve: (host: string) => Promise<string[]>,
  guard: Guard,
): Promise<{ path: string } | { host: string; port: number }> {
  const path = address.replace(/^unix:(\/\/)?/, '');
  if (path.startsWith('/')) return { path };
  const place = splitAddress(address.replace(/^tcp:\/\//, ''));
  if (!place?.port) throw new BlindLook('unreadable', `${address} is neither the path of a socket nor host:port`);
  const ips = isIP(place.host) ? [place.host] : await resolve(place.host);
  for (const ip of ips) guard.check(ip);
  const host = ips[0];
  if (!host) throw new BlindLook('no-connection', `${address} does not resolve`);
  return { host, port: place.port };
}

function blindOf(address: string, error: NodeJS.ErrnoException, signal: AbortSignal): BlindLook {
  if (signal.aborted) return new BlindLook('deadline', `${address} did not answer in time`, { cause: error });
  if (error.code === 'EACCES' || error.code === 'EPERM')
    return new BlindLook(
      'denied',
      `${address} may not be opened by this user; its owner is set by "stats socket … mode 660 group …"`,
      { cause: error },
    );
  return new BlindLook('no-connection', `${address}: ${error.code ?? error.message}`, { cause: error });
}
