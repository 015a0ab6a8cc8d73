import { Agent, request as httpRequest } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Guard } from './guard.ts';
import type { RequestSpec } from './io.ts';
import { secure } from './secure.ts';
import { CONNECT_PATIENCE_MS, pause } from './sockets.ts';
import type { Trust } from './trust.ts';
import { openWithHeader } from './with-header.ts';

export interface WatchSpec extends Pick<RequestSpec, 'address' | 'scheme' | 'host' | 'path' | 'proxyHeader'> {
  /** How long the connections are held, ms. */
  holdMs: number;
  /** When each idle connection is opened, ms from the beginning: apart, so that an idle timeout ends them apart. */
  openAt: number[];
}

export interface WatchedReload {
  /** One for each connection: idle from when to when, ms from the beginning; `endedMs` null: it outlived the watch. */
  idle: { idleMs: number; endedMs: number | null }[];
  /** Connections that the server would not keep, or that did not come about. */
  unusable: number;
  /** Was one and the same TLS session resumed at the beginning, and at the end? null: not tried, or no session given. */
  resumption: { before: boolean | null; after: boolean | null };
  heldMs: number;
}

/** Longest wait for one answer or handshake, ms. */
const PATIENCE_MS = 3_000;

/** A connection, and whether the other side has ended it. */
type Secured = { socket: Socket; ended: boolean };

/** A connection with what has to stand before the request; null: none came about. */
async function carrier(
  spec: WatchSpec,
  guard: Guard,
  trust: Trust,
  signal: AbortSignal,
  resuming: Pick<Parameters<typeof secure>[1], 'session' | 'onSession'> = {},
): Promise<Socket | null> {
  const connected = await openWithHeader(spec, guard, CONNECT_PATIENCE_MS, signal);
  if (!('socket' in connected)) return null;
  const { socket } = connected;
  if (spec.scheme === 'http') return socket;
  const options = { servername: nameOf(spec.host), trust, alpn: ['http/1.1'], patienceMs: PATIENCE_MS };
  const outcome = await secure(socket, { ...options, ...resuming }, signal);
  if ('value' in outcome) return outcome.value;
  socket.destroy();
  return null;
}

const nameOf = (host: string): string | null => (/^[\d.]+$|:/.test(host) ? null : host);

/** Makes one request and leaves the connection idle; null: it was not kept, or there was no answer. */
function idleAfterRequest(socket: Socket, spec: WatchSpec, signal: AbortSignal): Promise<Secured | null> {
  const { promise, resolve } = Promise.withResolvers<Secured | null>();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const state: Secured = { socket, ended: false };
  const timer = setTimeout(() => resolve(null), PATIENCE_MS);
  agent.createConnection = () => socket;
  socket.on('end', () => {
    state.ended = true;
  });
  const asked = httpRequest({ agent, method: 'HEAD', path: spec.path, headers: { host: spec.host }, signal });
  asked.on('error', () => resolve(null));
  asked.on('response', (answer) => {
    answer.resume();
    answer.on('error', () => resolve(null));
    answer.on('end', () => resolve(answer.headers.connection === 'close' ? null : state));
  });
  asked.end();
  return promise.finally(() => clearTimeout(timer));
}

/** A session that the server gives after a request; null: it gives none. */
async function newSession(spec: WatchSpec, guard: Guard, trust: Trust, signal: AbortSignal): Promise<Buffer | null> {
  let session: Buffer | null = null;
  const socket = await carrier(spec, guard, trust, signal, {
    onSession: (given) => {
      session = given;
    },
  });
  if (!socket) return null;
  // In TLS 1.3 a ticket comes behind the handshake: an answer is surely behind it too.
  await idleAfterRequest(socket, spec, signal);
  socket.destroy();
  return session;
}

/** Is this session taken up again? null: no handshake came about. */
async function resumed(
  spec: WatchSpec,
  session: Buffer,
  guard: Guard,
  trust: Trust,
  signal: AbortSignal,
): Promise<boolean | null> {
  const socket = await carrier(spec, guard, trust, signal, { session });
  const reused = socket instanceof TLSSocket ? socket.isSessionReused() : null;
  socket?.destroy();
  return reused;
}

/**
 * The two marks that a reload leaves outside, without any right on the machine (measured on nginx 1.22: idle keep-alive
 * connections get a FIN 110 ms after the signal, and with ticket keys in memory no session is resumed any more). Holds a
 * few idle connections for `holdMs`. What the peer does is data; throws BlindLook `not-allowed` and the signal's reason.
 */
export async function watchReload(
  spec: WatchSpec,
  guard: Guard,
  trust: Trust,
  signal: AbortSignal,
): Promise<WatchedReload> {
  const began = performance.now();
  const since = (): number => Math.round(performance.now() - began);
  const sockets: Socket[] = [];
  const holdOne = async (openAt: number): Promise<WatchedReload['idle'][number] | null> => {
    await pause(openAt, signal);
    const socket = await carrier(spec, guard, trust, signal);
    if (!socket) return null;
    sockets.push(socket);
    const idle = await idleAfterRequest(socket, spec, signal);
    if (!idle || idle.ended || socket.destroyed) return null;
    const idleMs = since();
    const { promise, resolve } = Promise.withResolvers<number | null>();
    for (const event of ['end', 'error', 'close'] as const) socket.on(event, () => resolve(since()));
    // Node's agent hears of the end of what it keeps only where somebody reads.
    socket.resume();
    const watch = pause(spec.holdMs - idleMs, signal).then(() => null);
    const endedMs = await Promise.race([promise, watch]);
    return { idleMs, endedMs };
  };
  try {
    const session = spec.scheme === 'https' ? await newSession(spec, guard, trust, signal) : null;
    const before = session && (await resumed(spec, session, guard, trust, signal));
    const held = await Promise.all(spec.openAt.map(holdOne));
    // Where nothing could be held the session alone is the witness: it is asked at the end all the same.
    if (session && held.every((one) => one === null)) await pause(spec.holdMs - since(), signal);
    const again = session && (await resumed(spec, session, guard, trust, signal));
    const idle = held.filter((one) => one !== null);
    return {
      idle,
      unusable: held.length - idle.length,
      resumption: { before, after: again },
      heldMs: since(),
    };
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}
