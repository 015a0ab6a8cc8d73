import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { framingFault, framingFaultOf } from '../wire/framing.ts';
import type { Guard } from './guard.ts';
import type { Attempt, RequestSpec } from './io.ts';
import { alertOf, once, plainError, secure } from './secure.ts';
import { CONNECT_PATIENCE_MS } from './sockets.ts';
import type { Trust } from './trust.ts';
import { PROBE_AGENT } from './user-agent.ts';
import { openWithHeader } from './with-header.ts';

/** Longest TLS handshake we wait for, ms. */
const TLS_PATIENCE_MS = 3_000;
/** Body bytes that are read before we hang up: enough to see who made the page. */
const BODY_LIMIT = 16_384;
const HEADER_LIMIT = 32_768;
/** An answer is waited for so long, however much of a hurry there is, ms. */
const LEAST_PATIENCE_MS = 2_500;
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

/** As they came over the wire: a line each, and an empty one (RFC 9112, section 2.1). */
const sizeOfHeaders = ({ httpVersion, statusCode, statusMessage, rawHeaders }: IncomingMessage): number =>
  `HTTP/${httpVersion} ${statusCode} ${statusMessage}\r\n\r\n`.length +
  rawHeaders.reduce((sum, text) => sum + Buffer.byteLength(text, 'latin1') + 2, 0);

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
  const connected = await openWithHeader(spec, guard, CONNECT_PATIENCE_MS, signal);
  if (!('socket' in connected)) {
    attempt.error = connected.ending === 'connect-timeout' ? 'TIMEOUT' : connected.code;
    attempt.ms.total = performance.now() - began;
    return attempt;
  }
  const { socket } = connected;
  attempt.ms.connect = connected.ms;
  try {
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
      headers: {
        host: spec.host,
        'user-agent': PROBE_AGENT,
        accept: '*/*',
        connection: 'close',
        ...(spec.forwardedHttps && { 'x-forwarded-proto': 'https' }),
      },
      maxHeaderSize: HEADER_LIMIT,
    });
    asked.on('error', (error: NodeJS.ErrnoException) => {
      const fault = framingFaultOf(error);
      if (fault !== null) attempt.misframed = fault;
      done({ error: plainError(error), alert: alertOf(error.code ?? '') });
    });
    asked.on('response', (answer) => {
      attempt.ms.firstByte = performance.now() - began;
      attempt.status = answer.statusCode ?? null;
      attempt.headerBytes = sizeOfHeaders(answer);
      const fault = framingFault(answer.rawHeaders);
      if (fault !== null) attempt.misframed = fault;
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
