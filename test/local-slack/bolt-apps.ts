import type { TestContext } from 'node:test';
import { App, HTTPReceiver, LogLevel, SocketModeReceiver } from '@slack/bolt';
import { type LocalSlack, type LocalSlackOptions, startLocalSlack } from '../../bot/local-slack/index.ts';

/** A workspace that ends with the test. */
export async function workspace(t: TestContext, options: LocalSlackOptions = {}): Promise<LocalSlack> {
  const slack = await startLocalSlack(options);
  t.after(() => slack.close());
  return slack;
}

interface SocketOptions {
  /** Acks only after the listeners are through, so that one that throws leaves the event unacked. */
  ackAfterListeners?: boolean;
  listen?: (app: App) => void;
  /**
   * Bolt waits this long before it reconnects, and takes a socket for dead whose pong is older than that: short is quick
   * to come back, and on a busy machine quick to leave.
   */
  clientPingTimeout?: number;
}

/** A real Bolt app in Socket Mode, connected; ends with the test. */
export async function socketApp(t: TestContext, slack: LocalSlack, options: SocketOptions = {}): Promise<App> {
  const clientOptions = { slackApiUrl: slack.apiUrl, retryConfig: { retries: 0 } };
  const receiver = new SocketModeReceiver({
    appToken: slack.appToken,
    logLevel: LogLevel.ERROR,
    clientPingTimeout: options.clientPingTimeout ?? 20_000,
    installerOptions: { clientOptions: { slackApiUrl: slack.apiUrl } },
  });
  const app = new App({
    token: slack.botToken,
    receiver,
    clientOptions: { ...clientOptions, rejectRateLimitedCalls: true },
    logLevel: LogLevel.ERROR,
    deferInitialization: true,
  });
  if (options.ackAfterListeners) {
    receiver.client.removeAllListeners('slack_event');
    receiver.client.on('slack_event', async ({ body, ack, retry_num, retry_reason }) => {
      let stored: unknown;
      try {
        await app.processEvent({
          body,
          retryNum: retry_num,
          retryReason: retry_reason,
          ack: async (response) => {
            stored = response;
          },
        });
      } catch {
        return;
      }
      await ack(stored);
    });
    app.error(async (error) => {
      throw error;
    });
  }
  options.listen?.(app);
  await app.init();
  await app.start();
  t.after(() => app.stop());
  return app;
}

/** A real Bolt app behind HTTP, with its request URL registered; ends with the test. */
export async function httpApp(
  t: TestContext,
  slack: LocalSlack,
  options: { signingSecret?: string; listen?: (app: App) => void } = {},
): Promise<{ app: App; url: string }> {
  const receiver = new HTTPReceiver({
    signingSecret: options.signingSecret ?? slack.signingSecret,
    processBeforeResponse: true,
    logLevel: LogLevel.ERROR,
    logger: silent,
  });
  const app = new App({
    token: slack.botToken,
    receiver,
    clientOptions: { slackApiUrl: slack.apiUrl, retryConfig: { retries: 0 } },
    logger: silent,
    deferInitialization: true,
  });
  options.listen?.(app);
  await app.init();
  await app.start({ port: 0, host: '127.0.0.1' });
  t.after(() => app.stop());
  const address = (receiver as unknown as { server: { address(): { port: number } } }).server.address();
  return { app, url: `http://127.0.0.1:${address.port}/slack/events` };
}

/** These tests make apps fail on purpose; their complaints would only hide real ones. */
const silent = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  setLevel() {},
  getLevel: () => LogLevel.ERROR,
  setName() {},
};

/** A call of the Web API without any client in between. */
export async function call(
  slack: LocalSlack,
  method: string,
  args: Record<string, unknown> = {},
  token = slack.botToken,
): Promise<Record<string, unknown> & { ok: boolean; error?: string }> {
  const response = await fetch(slack.apiUrl + method, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(args),
  });
  return (await response.json()) as Record<string, unknown> & { ok: boolean };
}

export const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } });

export const button = (action_id: string, text = action_id) => ({
  type: 'button',
  action_id,
  text: { type: 'plain_text', text },
  value: 'v1',
});
