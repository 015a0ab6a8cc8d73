import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { reasonOf } from '../../diagnostics/errors.ts';
import { readWebhook, type Webhook } from './payload.ts';

/** Larger bodies are refused: a storm of 10,000 alerts fits. */
const MAX_BYTES = 8 * 1_048_576;
/** A body that takes longer is cut off, ms. Alertmanager sends it at once. */
const BODY_MS = 5000;
const MAX_CONNECTIONS = 100;
/** Node looks only this often for connections that are too slow, ms; left to itself it takes half a minute. */
const CHECK_MS = 1000;

/**
 * `POST /alerts`: Alertmanager's webhook. The token comes as `Authorization: Bearer TOKEN`, or as the password of basic
 * authentication with any user name. 2xx: stored; 5xx: Alertmanager sends again; 4xx: it gives up (notify/util.go, Retrier).
 */
export async function startAlertServer(options: {
  port: number;
  host?: string;
  token: string;
  take: (webhook: Webhook) => Promise<object>;
  log: Logger;
}): Promise<{ port: number; close: () => Promise<void> }> {
  const { log } = options;
  const expected = digest(options.token);
  const answer = async (request: IncomingMessage): Promise<[number, string]> => {
    const path = (request.url ?? '/').split('?', 1)[0];
    if (path !== '/alerts') return [404, 'there is POST /alerts'];
    if (request.method !== 'POST') return [405, 'POST only'];
    // Before the body is read: who has no token gets nothing done here.
    if (!timingSafeEqual(digest(secretIn(request.headers.authorization)), expected)) return [401, 'a token is needed'];
    if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) return [415, 'application/json only'];
    if (request.headers['content-encoding'] !== undefined) return [415, 'no content-encoding is taken'];
    const body = await bodyOf(request);
    if (body === null) return [413, `more than ${MAX_BYTES} bytes, or too slow`];
    const webhook = readWebhook(body);
    if (typeof webhook === 'string') {
      log.warn({ reason: webhook }, 'alerts that were not understood');
      return [400, webhook];
    }
    try {
      return [200, JSON.stringify(await options.take(webhook))];
    } catch (error) {
      log.warn({ reason: reasonOf(error) }, 'alerts could not be taken');
      return [503, 'not now'];
    }
  };
  const server = createServer({ connectionsCheckingInterval: CHECK_MS }, (request, response) => {
    request.on('error', () => {});
    answer(request).then(
      ([status, text]) => reply(response, status, text),
      (error: unknown) => {
        log.error({ reason: reasonOf(error) }, 'the alert listener failed');
        reply(response, 500, 'our own fault');
      },
    );
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.headersTimeout = BODY_MS;
  server.requestTimeout = 2 * BODY_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Equal length, whatever was sent, so that comparing takes the same time. */
function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

function secretIn(header: string | undefined): string {
  const [, scheme = '', value = ''] = /^(bearer|basic)\s+(\S+)$/i.exec(header ?? '') ?? [];
  if (scheme.toLowerCase() === 'bearer') return value;
  const pair = Buffer.from(value, 'base64').toString('utf8');
  return pair.slice(pair.indexOf(':') + 1);
}

/** Null: too large, or it did not come in time. */
async function bodyOf(request: IncomingMessage): Promise<string | null> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_BYTES) return null;
  const parts: Buffer[] = [];
  let size = 0;
  const timer = setTimeout(() => request.destroy(), BODY_MS);
  try {
    // Not destroyed at once: who sent too much is told so.
    for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += part.length;
      if (size > MAX_BYTES) return null;
      parts.push(part);
    }
    return Buffer.concat(parts).toString('utf8');
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}

function reply(response: ServerResponse, status: number, text: string): void {
  if (response.destroyed) return;
  // Whatever of the body was not read is not wanted any more.
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
    ...(status === 401 && { 'www-authenticate': 'Bearer, Basic realm="alerts"' }),
    ...(status >= 400 && { connection: 'close' }),
  });
  response.end(`${text}\n`);
}
