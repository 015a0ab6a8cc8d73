import { App, HTTPReceiver, type Logger, LogLevel, type Receiver, SocketModeReceiver } from '@slack/bolt';
import type { WebClientOptions } from '@slack/web-api';
import type { Logger as PinoLogger } from 'pino';
import { reasonOf } from '../diagnostics/errors.ts';
import type { BotConfig } from './config.ts';
import type { ListenerDeps } from './listeners/deps.ts';
import { registerListeners } from './listeners/index.ts';

/** Longer than Slack's slow days, shorter than the lock on a case's message. */
const CALL_MS = 4000;
/** How long a pong of Slack's may take. */
const PONG_MS = 5000;
/** The pause before a new socket, times the failures so far. */
const RECONNECT_MS = 100;
const RETRY_MAX_MS = 10_000;

interface BotApp {
  app: App;
  /** Learns who we are, however long Slack is away. Rejects only when Slack says no for good, or `signal` fires. */
  init: (signal: AbortSignal) => Promise<void>;
  /** Connects, in the same patience; from here on questions come in. */
  start: (signal: AbortSignal) => Promise<void>;
  /** Takes nothing new and waits for what is being taken. */
  stop: () => Promise<void>;
  /** Whether Slack can reach us now. */
  connected: () => boolean;
}

/** The Bolt app with its listeners; does not start anything. */
export function buildApp(config: Pick<BotConfig, 'botToken' | 'mode' | 'slackApiUrl'>, deps: ListenerDeps): BotApp {
  const logger = boltLogger(deps.log);
  const where = config.slackApiUrl === null ? {} : { slackApiUrl: config.slackApiUrl };
  // No retries here: a call that failed goes back to the queue, which knows when to try again.
  const clientOptions: WebClientOptions = {
    ...where,
    timeout: CALL_MS,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
  };
  const underWay = new Set<Promise<unknown>>();
  const socket = config.mode.kind === 'socket' ? socketReceiver(config.mode.appToken, where, logger) : null;
  const receiver: Receiver = socket ?? httpReceiver(config, logger, deps.log);
  const app = new App({
    token: config.botToken,
    receiver,
    logger,
    logLevel: LogLevel.INFO,
    clientOptions,
    deferInitialization: true,
    convoStore: false,
  });
  registerListeners(app, deps);
  app.error(async (error) => {
    deps.log.error(
      { reason: reasonOf(error.original ?? error) },
      'a listener failed; what it was given is not acknowledged',
    );
    // Swallowed here, it would count as done and Slack would not send it again.
    throw error;
  });
  if (socket) ackWhenDone(socket, app, underWay, deps.log);

  let connected = false;
  socket?.client.on('connected', () => {
    connected = true;
  });
  for (const gone of ['close', 'disconnected', 'reconnecting']) {
    socket?.client.on(gone, () => {
      connected = socket.client.websocket?.isActive() ?? false;
    });
  }

  return {
    app,
    connected: () => connected,
    init: (signal) => patiently(() => app.init(), signal, deps.log),
    async start(signal) {
      if (config.mode.kind === 'http') {
        const { port, host } = config.mode;
        await app.start({ port, ...(host !== null && { host }) } as never);
        connected = true;
        return;
      }
      await patiently(() => app.start() as Promise<unknown>, signal, deps.log);
    },
    async stop() {
      connected = false;
      await app.stop();
      await Promise.allSettled(underWay);
    },
  };
}

function httpReceiver(config: Pick<BotConfig, 'mode'>, logger: Logger, log: PinoLogger): HTTPReceiver {
  if (config.mode.kind !== 'http') throw new Error('HTTP mode needs a signing secret');
  return new HTTPReceiver({
    signingSecret: config.mode.signingSecret,
    endpoints: '/slack/events',
    processBeforeResponse: true,
    logger,
    dispatchErrorHandler: async ({ error, response }) => {
      log.debug({ reason: reasonOf(error) }, 'a request that is not for us');
      response.writeHead(404);
      response.end();
    },
  });
}

function socketReceiver(appToken: string, where: WebClientOptions, logger: Logger): SocketModeReceiver {
  const receiver = new SocketModeReceiver({
    appToken,
    logger,
    clientPingTimeout: PONG_MS,
    installerOptions: {
      // Its own options: a failure while it reconnects would otherwise end the process, and it may wait for ever.
      clientOptions: {
        ...where,
        timeout: CALL_MS,
        retryConfig: { forever: true, retries: 1000, factor: 1.3, minTimeout: 250, maxTimeout: 5000 },
      },
    },
  });
  // One number is both the patience for a pong and the pause before reconnecting, which would make each of Slack's
  // refreshes a hole of five seconds. A new socket takes the number when it is made, right after `authenticated`.
  const tuned = receiver.client as unknown as { clientPingTimeoutMS: number };
  receiver.client.on('authenticated', () => {
    tuned.clientPingTimeoutMS = PONG_MS;
  });
  receiver.client.on('connected', () => {
    tuned.clientPingTimeoutMS = RECONNECT_MS;
  });
  return receiver;
}

/**
 * Acknowledges an envelope only after its listeners are through. Socket Mode has no processBeforeResponse, so the
 * receiver's own listener is replaced; one that throws leaves the envelope unacknowledged, and Slack sends it again.
 */
function ackWhenDone(receiver: SocketModeReceiver, app: App, underWay: Set<Promise<unknown>>, log: PinoLogger): void {
  interface Envelope {
    body: Record<string, unknown>;
    envelope_id: string;
    retry_num?: number;
    retry_reason?: string;
    ack: (response?: unknown) => Promise<void>;
  }
  receiver.client.removeAllListeners('slack_event');
  receiver.client.on('slack_event', (envelope: Envelope) => {
    let answer: unknown;
    const event = {
      body: envelope.body,
      ...(envelope.retry_num !== undefined && { retryNum: envelope.retry_num }),
      ...(envelope.retry_reason !== undefined && { retryReason: envelope.retry_reason }),
      customProperties: { envelopeId: envelope.envelope_id },
      ack: async (response?: unknown) => {
        answer = response;
      },
    };
    const work = app
      .processEvent(event)
      .then(() => envelope.ack(answer ?? {}))
      .catch((error: unknown) =>
        log.warn({ envelope: envelope.envelope_id, reason: reasonOf(error) }, 'not acknowledged'),
      )
      .finally(() => underWay.delete(work));
    underWay.add(work);
  });
}

/** Tries until it works; what Slack says about the token itself is final. */
async function patiently(work: () => Promise<unknown>, signal: AbortSignal, log: PinoLogger): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const failure = await work().then(
      () => null,
      (error: unknown) => ({ error }),
    );
    if (failure === null) return;
    signal.throwIfAborted();
    if (isFinal(failure.error)) throw failure.error;
    const ms = Math.min(250 * 2 ** Math.min(attempt, 6), RETRY_MAX_MS);
    log.warn({ reason: reasonOf(failure.error), nextInMs: ms }, 'Slack is away');
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      signal.addEventListener(
        'abort',
        () => {
          clearTimeout(timer);
          resolve();
        },
        { once: true },
      );
    });
    signal.throwIfAborted();
  }
}

const FINAL = [
  'invalid_auth',
  'not_authed',
  'account_inactive',
  'token_revoked',
  'token_expired',
  'not_allowed_token_type',
  'missing_scope',
  'no_permission',
];

/** Slack's word that a token will not do. */
export function isFinal(error: unknown): boolean {
  const { data } = (error ?? {}) as { data?: { error?: string } };
  return FINAL.includes(data?.error ?? '');
}

/** Bolt's log lines as ours. Bolt is talkative at debug and shows payloads there, so that level stays shut. */
function boltLogger(log: PinoLogger): Logger {
  const say =
    (level: 'info' | 'warn' | 'error') =>
    (...parts: unknown[]) =>
      log[level](
        { from: 'bolt' },
        parts
          .map((part) => (typeof part === 'string' ? part : reasonOf(part)))
          .join(' ')
          .slice(0, 500),
      );
  return {
    debug: () => {},
    info: (...parts: unknown[]) => log.debug({ from: 'bolt' }, parts.map(String).join(' ').slice(0, 500)),
    warn: say('warn'),
    error: say('error'),
    setLevel: () => {},
    getLevel: () => LogLevel.INFO,
    setName: () => {},
  };
}
