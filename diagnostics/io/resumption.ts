import { createSecureContext, type SecureContext, type SecureVersion } from 'node:tls';
import type { Guard } from './guard.ts';
import type { RequestSpec } from './io.ts';
import { secure } from './secure.ts';
import { pause } from './sockets.ts';
import { openWithHeader } from './with-header.ts';

export interface ResumptionSpec extends Pick<RequestSpec, 'address' | 'proxyHeader'> {
  servername: string | null;
  version: 'TLSv1.2' | 'TLSv1.3';
  patienceMs: number;
}

/** Does a listener take a session up again? */
export interface ResumptionSeen {
  /** What it gave: a ticket, a session id (TLS 1.2 and older), or nothing. */
  given: 'ticket' | 'session-id' | null;
  /** The second connection took it up; null: nothing was given, or a connection did not come about. */
  resumed: boolean | null;
}

/** A ticket of TLS 1.3 comes behind the handshake: this long after it none will come, ms. */
const TICKET_MS = 250;

const contexts = new Map<SecureVersion, SecureContext>();

/** Trusts nobody and speaks one version only; made once. */
function contextFor(version: SecureVersion): SecureContext {
  const made =
    contexts.get(version) ??
    createSecureContext({ ca: [], minVersion: version, maxVersion: version, ciphers: 'DEFAULT:@SECLEVEL=0' });
  contexts.set(version, made);
  return made;
}

interface Once {
  session: Buffer | null;
  ticket: boolean;
  reused: boolean;
}

/** One handshake, with a session to offer or without; null where it did not come about. */
async function once(
  spec: ResumptionSpec,
  session: Buffer | null,
  guard: Guard,
  signal: AbortSignal,
): Promise<Once | null> {
  const connected = await openWithHeader(spec, guard, spec.patienceMs, signal);
  if (!('socket' in connected)) return null;
  const { socket } = connected;
  const { version, servername, patienceMs } = spec;
  const ticket = Promise.withResolvers<void>();
  let given: Buffer | null = null;
  const onSession = (one: Buffer): void => {
    given = one;
    ticket.resolve();
  };
  try {
    const options = { servername, trust: { context: contextFor(version) }, alpn: [], patienceMs, onSession };
    const outcome = await secure(socket, { ...options, ...(session && { session }) }, signal);
    if ('error' in outcome) return null;
    const tls = outcome.value;
    if (!given && !session && version === 'TLSv1.3') await Promise.race([ticket.promise, pause(TICKET_MS, signal)]);
    const usable = given ?? (version === 'TLSv1.2' ? (tls.getSession() ?? null) : null);
    return { session: usable, ticket: tls.getTLSTicket() !== undefined, reused: tls.isSessionReused() };
  } finally {
    socket.destroy();
  }
}

/** Two handshakes in one version, the second with what the first was given. What the peer does is data. */
export async function resumption(spec: ResumptionSpec, guard: Guard, signal: AbortSignal): Promise<ResumptionSeen> {
  const first = await once(spec, null, guard, signal);
  if (!first) return { given: null, resumed: null };
  const given = first.session === null ? null : first.ticket || spec.version === 'TLSv1.3' ? 'ticket' : 'session-id';
  if (!first.session || given === null) return { given: null, resumed: null };
  const second = await once(spec, first.session, guard, signal);
  return { given, resumed: second ? second.reused : null };
}
