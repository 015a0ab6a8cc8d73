import { request } from 'node:http';
import type { Clock } from './clock.ts';
import { secret } from './ids.ts';
import { sign } from './transport.ts';
import type { App } from './types.ts';

/**
 * Slack's check of a request URL: a signed challenge that must come back.
 * @throws Error if it does not
 * @see https://docs.slack.dev/reference/events/url_verification
 */
export async function verifyRequestUrl(clock: Clock, app: App, url: string, timeoutMs: number): Promise<void> {
  const challenge = secret();
  const body = JSON.stringify({ token: app.verificationToken, challenge, type: 'url_verification' });
  const timestamp = Math.floor(clock.now() / 1000);
  const answer = await new Promise<string>((resolve, reject) => {
    const req = request(url, {
      method: 'POST',
      agent: false,
      timeout: timeoutMs,
      headers: {
        'content-type': 'application/json',
        'x-slack-request-timestamp': String(timestamp),
        'x-slack-signature': sign(app.signingSecret, timestamp, body),
      },
    });
    req.on('timeout', () => req.destroy(new Error('no answer in time')));
    req.on('error', reject);
    req.on('response', async (res) => {
      let text = '';
      for await (const part of res) if (text.length < 10_000) text += String(part);
      resolve(text);
    });
    req.end(body);
  });
  if (!answer.includes(challenge)) {
    throw new Error("Your URL didn't respond with the value of the `challenge` parameter.");
  }
}
