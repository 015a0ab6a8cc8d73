import type { Socket } from 'node:net';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import type { Trust } from './trust.ts';

/** TLS alert number in an OpenSSL error of Node's, read from its code's name; null when it was no alert. */
const ALERT_CODES: { [fragment: string]: number } = {
  HANDSHAKE_FAILURE: 40,
  PROTOCOL_VERSION: 70,
  UNRECOGNIZED_NAME: 112,
  CERTIFICATE_REQUIRED: 116,
  INTERNAL_ERROR: 80,
  ILLEGAL_PARAMETER: 47,
  DECODE_ERROR: 50,
  UNEXPECTED_MESSAGE: 10,
  RECORD_OVERFLOW: 22,
  BAD_CERTIFICATE: 42,
  CERTIFICATE_UNKNOWN: 46,
  INSUFFICIENT_SECURITY: 71,
  NO_APPLICATION_PROTOCOL: 120,
};
export function alertOf(code: string): number | null {
  if (!code.includes('ALERT') && !code.includes('UNRECOGNIZED_NAME') && !code.includes('NO_APPLICATION_PROTOCOL'))
    return null;
  const fragment = Object.keys(ALERT_CODES).find((name) => code.includes(name));
  return fragment ? (ALERT_CODES[fragment] as number) : null;
}

/** Errors of the TLS library that mean: the peer answered with bytes that are no TLS record. */
const isPlaintext = (code: string): boolean =>
  /WRONG_VERSION_NUMBER|HTTP_REQUEST|PACKET_LENGTH_TOO_LONG|UNKNOWN_PROTOCOL/.test(code);

/** One vocabulary for what ends a connection, whatever library said it. */
export function plainError(error: NodeJS.ErrnoException): string {
  const code = error.code ?? 'UNKNOWN';
  if (isPlaintext(code)) return 'PLAINTEXT';
  if (code === 'ECONNRESET' && /before secure TLS|socket hang up/.test(error.message)) return 'CLOSED';
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'RESET';
  if (code.startsWith('HPE_')) return 'NOT_HTTP';
  return code;
}

/** What came of waiting for a peer. */
export type Outcome<T> = { value: T } | { error: string; alert: number | null };

/** Waits for one event of many, with a time limit and a signal; always leaves an error listener behind. */
export function once<T>(
  socket: Socket,
  patienceMs: number,
  signal: AbortSignal,
  arm: (done: (outcome: Outcome<T>) => void) => void,
): Promise<Outcome<T>> {
  const { promise, resolve, reject } = Promise.withResolvers<Outcome<T>>();
  const timer = setTimeout(() => done({ error: 'TIMEOUT', alert: null }), patienceMs);
  const abort = (): void => {
    clearTimeout(timer);
    socket.destroy();
    reject(signal.reason);
  };
  let settled = false;
  function done(outcome: Outcome<T>): void {
    if (settled) return;
    settled = true;
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
    resolve(outcome);
  }
  signal.addEventListener('abort', abort, { once: true });
  socket.on('error', (error: NodeJS.ErrnoException) =>
    done({ error: plainError(error), alert: alertOf(error.code ?? '') }),
  );
  socket.on('close', () => done({ error: 'CLOSED', alert: null }));
  arm(done);
  return promise;
}

/** A TLS handshake on a connected socket with the settings a current client would use; trust is checked, not enforced. */
export async function secure(
  socket: Socket,
  options: {
    servername: string | null;
    trust: Pick<Trust, 'context'>;
    /** Empty: the hello has no such extension. */
    alpn: string[];
    /** A session to be resumed. */
    session?: Buffer;
    patienceMs: number;
    /** Hears of sessions that the server offers to resume. */
    onSession?: (session: Buffer) => void;
  },
  signal: AbortSignal,
): Promise<Outcome<TLSSocket>> {
  // A FIN that has already arrived would leave tls.connect({ socket }) silent for ever; our own timer covers it.
  const tls = tlsConnect({
    socket,
    ...(options.servername ? { servername: options.servername } : {}),
    ...(options.session && { session: options.session }),
    secureContext: options.trust.context,
    rejectUnauthorized: false,
    ...(options.alpn.length > 0 && { ALPNProtocols: options.alpn }),
  });
  if (options.onSession) tls.on('session', options.onSession);
  return once<TLSSocket>(tls, options.patienceMs, signal, (done) =>
    tls.on('secureConnect', () => done({ value: tls })),
  );
}
