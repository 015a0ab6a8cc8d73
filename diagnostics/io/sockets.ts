import { connect, type Socket } from 'node:net';
import { toHex } from '../wire/bytes.ts';
import { splitAddress } from './address.ts';
import type { Guard } from './guard.ts';
import type { Conversation, ConversationSpec, Ending } from './io.ts';

/** Room for an answer at first, bytes: a handshake's flight with a chain of usual length. */
const FIRST_ROOM = 4_096;

/** Longest wait for a TCP connection, ms: two lost SYNs (retransmitted after 1 s and 3 s) still get through. */
export const CONNECT_PATIENCE_MS = 3_500;

/** A connection, or why there is none. */
export type Connected =
  | { socket: Socket; ms: number }
  | { ending: Exclude<Ending, 'fin' | 'open'>; code: string; ms: number };

const ENDINGS: { [code: string]: Exclude<Ending, 'fin' | 'open'> } = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'rst',
  ETIMEDOUT: 'connect-timeout',
};

/**
 * Opens one TCP connection to one address, after the guard has let it through.
 * Refusals and timeouts of the peer are data; throws BlindLook `not-allowed` and the signal's reason.
 */
export function open(address: string, guard: Guard, patienceMs: number, signal: AbortSignal): Promise<Connected> {
  const parts = splitAddress(address);
  if (!parts?.port) return Promise.reject(new Error(`not an ip:port: ${address}`));
  guard.check(parts.host);
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<Connected>();
  const began = performance.now();
  const socket = connect({ host: parts.host, port: parts.port, noDelay: true });
  const since = (): number => performance.now() - began;
  const timer = setTimeout(
    () => settle({ ending: 'connect-timeout', code: 'ETIMEDOUT', ms: since() }),
    Math.min(patienceMs, CONNECT_PATIENCE_MS),
  );
  const abort = (): void => {
    socket.destroy();
    clearTimeout(timer);
    reject(signal.reason);
  };
  function settle(outcome: Connected): void {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
    socket.removeAllListeners();
    if (!('socket' in outcome)) {
      socket.on('error', () => {});
      socket.destroy();
    }
    resolve(outcome);
  }
  signal.addEventListener('abort', abort, { once: true });
  socket.once('connect', () => settle({ socket, ms: since() }));
  socket.once('error', (error: NodeJS.ErrnoException) => {
    const code = error.code ?? 'UNKNOWN';
    settle({ ending: ENDINGS[code] ?? 'unreachable', code, ms: since() });
  });
  return promise;
}

/**
 * One raw conversation: connect, write, read until enough bytes are there, the peer ends it, or patience runs out.
 * FIN and RST are told apart, which TLS libraries do not do. Never keeps more than `spec.keep` bytes.
 */
export async function converse(spec: ConversationSpec, guard: Guard, signal: AbortSignal): Promise<Conversation> {
  const connected = await open(spec.address, guard, spec.patienceMs, signal);
  if (!('socket' in connected)) return { ending: connected.ending, bytes: '', ms: connected.ms, connectMs: null };
  const { socket } = connected;
  const began = performance.now();
  const { promise, resolve, reject } = Promise.withResolvers<Conversation>();
  // Grows with what arrives: most answers are small, and hundreds of connections are open at once.
  let received = new Uint8Array(Math.min(spec.keep, FIRST_ROOM));
  let length = 0;
  let firstByteMs: number | null = null;
  const timers: NodeJS.Timeout[] = [];
  const abort = (): void => {
    clean();
    reject(signal.reason);
  };
  function clean(): void {
    for (const timer of timers) clearTimeout(timer);
    signal.removeEventListener('abort', abort);
    socket.removeAllListeners();
    socket.on('error', () => {});
    socket.destroy();
  }
  function finish(ending: Ending): void {
    clean();
    const ms = firstByteMs ?? performance.now() - began;
    resolve({ ending, bytes: toHex(received.subarray(0, length)), ms, connectMs: connected.ms });
  }
  signal.addEventListener('abort', abort, { once: true });
  // Nothing to say and nothing to hear: that it connects was the question.
  if (spec.keep === 0) {
    finish('open');
    return promise;
  }
  timers.push(setTimeout(() => finish('open'), spec.patienceMs));
  socket.on('data', (chunk: Buffer) => {
    firstByteMs ??= performance.now() - began;
    const room = Math.min(chunk.length, spec.keep - length);
    if (length + room > received.length) {
      const larger = new Uint8Array(Math.min(spec.keep, Math.max(2 * received.length, length + room)));
      larger.set(received.subarray(0, length));
      received = larger;
    }
    received.set(chunk.subarray(0, room), length);
    length += room;
    if (length >= spec.keep || spec.enough?.(received.subarray(0, length))) finish('open');
  });
  socket.on('end', () => finish('fin'));
  socket.on('error', (error: NodeJS.ErrnoException) =>
    finish(error.code === 'ECONNRESET' || error.code === 'EPIPE' ? 'rst' : 'fin'),
  );
  socket.on('close', () => finish('fin'));
  let wait = 0;
  for (const part of spec.send) {
    wait += part.afterMs ?? 0;
    if (wait === 0) socket.write(part.bytes);
    else timers.push(setTimeout(() => socket.write(part.bytes), wait));
  }
  return promise;
}

/** A pause of `ms`, at least none. Rejects with the signal's reason. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = (): void => {
    clearTimeout(timer);
    reject(signal.reason);
  };
  const timer = setTimeout(
    () => {
      signal.removeEventListener('abort', abort);
      resolve();
    },
    Math.max(0, ms),
  );
  signal.addEventListener('abort', abort, { once: true });
  return promise;
}
