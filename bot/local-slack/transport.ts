import { createHmac } from 'node:crypto';
import { request } from 'node:http';
import type { Clock } from './clock.ts';
import { maxBody } from './http.ts';
import type { App, DeliveryAttempt, Fields } from './types.ts';

/** What came of one attempt. `body` is what the app said with its ack. */
export interface Delivered {
  outcome: DeliveryAttempt['outcome'];
  via: string;
  body?: unknown;
  status?: number;
  /** The app asked not to be tried again (`x-slack-no-retry`). */
  noRetry?: boolean;
}

export interface Retry {
  num: number;
  reason: string;
}

/**
 * Slack's request signature, version 0.
 * @param timestamp seconds, as in `x-slack-request-timestamp`
 * @see https://docs.slack.dev/authentication/verifying-requests-from-slack
 */
export function sign(signingSecret: string, timestamp: number, body: string): string {
  return `v0=${createHmac('sha256', signingSecret).update(`v0:${timestamp}:${body}`).digest('hex')}`;
}

/** Posts a payload to the app's request URL: JSON for events, a form for commands and interactions. */
export function postSigned(
  clock: Clock,
  app: App,
  url: string,
  kind: DeliveryAttempt['kind'],
  payload: Fields,
  ackMs: number,
  retry?: Retry,
): Promise<Delivered> {
  const body = bodyOf(kind, payload);
  const timestamp = Math.floor(clock.now() / 1000);
  return new Promise((resolve) => {
    const settle = (delivered: Omit<Delivered, 'via'>) => {
      clearTimeout(timer);
      resolve({ ...delivered, via: 'http' });
      req.destroy();
    };
    const req = request(url, {
      method: 'POST',
      agent: false,
      headers: {
        // Exactly this: Bolt answers 400 to a form whose type names a charset.
        'content-type': kind === 'event' ? 'application/json' : 'application/x-www-form-urlencoded',
        'content-length': Buffer.byteLength(body),
        'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
        'x-slack-request-timestamp': String(timestamp),
        'x-slack-signature': sign(app.signingSecret, timestamp, body),
        ...(retry && { 'x-slack-retry-num': String(retry.num), 'x-slack-retry-reason': retry.reason }),
      },
    });
    const timer = setTimeout(() => settle({ outcome: 'timeout' }), ackMs);
    req.on('error', () => settle({ outcome: 'connection_failed' }));
    req.on('response', (res) => {
      const parts: Buffer[] = [];
      let size = 0;
      res.on('data', (part: Buffer) => {
        size += part.length;
        if (size <= maxBody) parts.push(part);
      });
      res.on('error', () => settle({ outcome: 'connection_failed' }));
      res.on('end', () => {
        const status = res.statusCode ?? 0;
        settle({
          outcome: status >= 200 && status < 300 ? 'acked' : 'http_error',
          status,
          body: readAck(Buffer.concat(parts).toString()),
          noRetry: res.headers['x-slack-no-retry'] === '1',
        });
      });
    });
    req.end(body);
  });
}

function bodyOf(kind: DeliveryAttempt['kind'], payload: Fields): string {
  if (kind === 'event') return JSON.stringify(payload);
  if (kind === 'interactive') return new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
  const form = new URLSearchParams();
  for (const [key, value] of Object.entries(payload)) form.set(key, String(value));
  return form.toString();
}

function readAck(body: string): unknown {
  if (!body.trim()) return {};
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return { text: body };
  }
}
