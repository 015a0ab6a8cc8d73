import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import { proxyV1, proxyV2, proxyV2Local } from '../wire/proxy-header.ts';
import type { Guard } from './guard.ts';
import type { Attempt, RequestSpec } from './io.ts';
import { CONNECT_PATIENCE_MS, open } from './sockets.ts';
import type { Trust } from './trust.ts';

/** Longest TLS handshake we wait for, ms. */
const TLS_PATIENCE_MS = 3_000;
/** Body bytes that are read before we hang up: enough to see who made the page. */
const BODY_LIMIT = 16_384;
const HEADER_LIMIT = 32_768;
/** An answer is waited for so long, however much of a hurry there is, ms. */
const LEAST_PATIENCE_MS = 2_500;
const USER_AGENT = 'is-it-the-ingress (diagnostic probe)';
/** Answer headers that tell who answered; nothing else is kept, so that no cookie or token ever is. */
const TELLING = [
  'server',
  'content-type',
  'location',
  'retry-after',
  'via',
  'x-powered-by',
  'cf-ray',
  'x-content-type-options',
  'content-length',
  'www-authenticate',
];

/** The PROXY header a probe writes before anything else, made from the connection's own addresses unless a client is named. */
export function headerBytes(kind: RequestSpec['proxyHeader'], socket: Socket, client?: string): Uint8Array | null {
  if (kind === 'none') return null;
  if (kind === 'local') return proxyV2Local();
  const connection = {
    source: client ?? socket.localAddress ?? '127.0.0.1',
    sourcePort: socket.localPort ?? 1,
    destination: socket.remoteAddress ?? '127.0.0.1',
    destinationPort: socket.remotePort ?? 1,
  };
  return kind === 'v1' ? proxyV1(connection) : proxyV2(connection);
}

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

type Outcome<T> = { value: T } | { error: string; alert: number | null };

/** Waits for one event of many, with a time limit and a signal; always leaves an error listener behind. */
function once<T>(
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
    trust: Trust;
    alpn: string[];
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
    secureContext: options.trust.context,
    rejectUnauthorized: false,
    ALPNProtocols: options.alpn,
  });
  if (options.onSession) tls.on('session', options.onSession);
  return once<TLSSocket>(tls, options.patienceMs, signal, (done) =>
    tls.on('secureConnect', () => done({ value: tls })),
  );
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
const clean = (text: string): string => text.replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, ' ');

async function readBody(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= BODY_LIMIT) break;
  }
  return clean(Buffer.concat(chunks).subarray(0, BODY_LIMIT).toString('utf8'));
}

const MOST_FOUND = 20;
/** Lines in which one of the texts stands as a whole word: 192.0.2.1 is not in 192.0.2.10. */
function linesWith(texts: string[], lines: string[]): string[] {
  const words = texts.map((text) => new RegExp(`(^|::ffff:|[^\\w.:])${text.replace(/[^\w]/g, '\\$&')}($|[^\\w.])`));
  const hits = lines.filter((line) => words.some((word) => word.test(line)));
  return hits.slice(0, MOST_FOUND).map((line) => clean(line).toLowerCase().slice(0, 200));
}

function nothingYet(): Attempt {
  return {
    ok: false,
    phase: 'connect',
    error: null,
    alert: null,
    tlsVersion: null,
    status: null,
    headers: {},
    body: '',
    ms: { connect: null, tls: null, firstByte: null, total: 0 },
  };
}

/**
 * One request over one connection of its own, the way a current client would make it: PROXY header if wanted, TLS with
 * SNI, GET. What the peer does is data, also when it is hostile; throws only BlindLook `not-allowed` and the signal.
 */
export async function request(spec: RequestSpec, guard: Guard, trust: Trust, signal: AbortSignal): Promise<Attempt> {
  const began = performance.now();
  const attempt = nothingYet();
  const connected = await open(spec.address, guard, CONNECT_PATIENCE_MS, signal);
  if (!('socket' in connected)) {
    attempt.error = connected.ending === 'connect-timeout' ? 'TIMEOUT' : connected.code;
    attempt.ms.total = performance.now() - began;
    return attempt;
  }
  const { socket } = connected;
  attempt.ms.connect = connected.ms;
  socket.on('error', () => {});
  try {
    const header = headerBytes(spec.proxyHeader, socket, spec.client);
    if (header) socket.write(header);
    const carrier = spec.scheme === 'https' ? await handshake(socket, spec, attempt, trust, signal) : socket;
    if (carrier) await exchange(carrier, spec, attempt, signal);
  } finally {
    socket.destroy();
  }
  attempt.ms.total = performance.now() - began;
  return attempt;
}

async function handshake(
  socket: Socket,
  spec: RequestSpec,
  attempt: Attempt,
  trust: Trust,
  signal: AbortSignal,
): Promise<TLSSocket | null> {
  attempt.phase = 'tls';
  const began = performance.now();
  const servername = /^[\d.]+$|:/.test(spec.host) ? null : spec.host;
  const outcome = await secure(socket, { servername, trust, alpn: ['http/1.1'], patienceMs: TLS_PATIENCE_MS }, signal);
  attempt.ms.tls = performance.now() - began;
  if ('error' in outcome) {
    attempt.error = outcome.error;
    attempt.alert = outcome.alert;
    return null;
  }
  attempt.tlsVersion = outcome.value.getProtocol();
  // Node types it as Error; at run time it is the verification code (tls: authorizationError).
  if (!outcome.value.authorized) attempt.error = String(outcome.value.authorizationError);
  return outcome.value;
}

async function exchange(carrier: Socket, spec: RequestSpec, attempt: Attempt, signal: AbortSignal): Promise<void> {
  const untrusted = attempt.error;
  attempt.phase = 'answer';
  const began = performance.now();
  let hurried: NodeJS.Timeout | undefined;
  let end = (): void => {};
  const outcome = await once<string>(carrier, spec.patienceMs, signal, (done) => {
    end = () => {
      const left = Math.max(0, LEAST_PATIENCE_MS - (performance.now() - began));
      hurried = setTimeout(() => done({ error: 'TIMEOUT', alert: null }), left);
    };
    if (spec.hurry?.aborted) end();
    else spec.hurry?.addEventListener('abort', end, { once: true });
    const asked = httpRequest({
      createConnection: () => carrier,
      method: 'GET',
      path: spec.path,
      headers: { host: spec.host, 'user-agent': USER_AGENT, accept: '*/*', connection: 'close' },
      maxHeaderSize: HEADER_LIMIT,
    });
    asked.on('error', (error: NodeJS.ErrnoException) =>
      done({ error: plainError(error), alert: alertOf(error.code ?? '') }),
    );
    asked.on('response', (answer) => {
      attempt.ms.firstByte = performance.now() - began;
      attempt.status = answer.statusCode ?? null;
      for (const name of TELLING) {
        const value = answer.headers[name];
        if (typeof value === 'string') attempt.headers[name] = clean(value).slice(0, 300);
      }
      const { seek } = spec;
      readBody(answer).then(
        (body) => {
          const headers = answer.rawHeaders.flatMap((name, i, all) => (i % 2 ? [] : `${name}: ${all[i + 1]}`));
          if (seek) attempt.found = linesWith(seek, [...headers, ...body.split(/[\n,]/)]);
          done({ value: body.slice(0, 300) });
        },
        // Cut in the middle: the status is there, the rest is not.
        () => done({ error: 'CUT_OFF', alert: null }),
      );
    });
    asked.end();
  }).finally(() => {
    clearTimeout(hurried);
    spec.hurry?.removeEventListener('abort', end);
  });
  if ('error' in outcome) {
    // A server that accepts the handshake and then refuses (TLS 1.3 client certificates) refuses at the TLS step.
    if (outcome.alert !== null) attempt.phase = 'tls';
    // The socket's end may be heard before the answer's: with a status there, both mean that the rest was cut off.
    const cut = attempt.status !== null && (outcome.error === 'CLOSED' || outcome.error === 'RESET');
    attempt.error = untrusted ?? (cut ? 'CUT_OFF' : outcome.error);
    attempt.alert = outcome.alert;
    return;
  }
  attempt.phase = 'done';
  attempt.body = outcome.value;
  attempt.ok = untrusted === null && attempt.status !== null && attempt.status < 500;
}
