import type { Core } from './core.ts';
import type { Sockets } from './sockets.ts';
import { type Delivered, postSigned, type Retry } from './transport.ts';
import type { App, DeliveryAttempt, Fields } from './types.ts';

const maxKept = 2_000;
const maxAttempts = 5_000;

/** Retry reasons as Slack names them (docs.slack.dev/apis/events-api, "Error handling"). */
const reasons: Record<string, string> = {
  timeout: 'http_timeout',
  http_error: 'http_error',
  connection_failed: 'connection_failed',
  no_connection: 'connection_failed',
};

/** Hands payloads to apps. Events are tried again on Slack's schedule; commands and interactions are not. */
export class Delivery {
  readonly #core: Core;
  readonly #sockets: Sockets;
  readonly #kept = new Map<string, { app: App; payload: Fields }>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly attempts: DeliveryAttempt[] = [];
  /** Payloads on their way, those that wait for a retry included. */
  pending = 0;
  #closed = false;

  constructor(core: Core, sockets: Sockets) {
    this.#core = core;
    this.#sockets = sockets;
  }

  /** Delivers an event and sees to its retries. */
  event(app: App, payload: Fields & { event_id: string }): void {
    this.#kept.set(payload.event_id, { app, payload });
    if (this.#kept.size > maxKept) this.#kept.delete(this.#kept.keys().next().value ?? '');
    void this.#deliver(app, payload, 0);
  }

  /** Delivers an event once more, as Slack does when an ack was lost. @throws Error if it is not known (any more) */
  again(eventId: string): void {
    const kept = this.#kept.get(eventId);
    if (!kept) throw new Error(`no event ${eventId}`);
    void this.#deliver(kept.app, kept.payload, 1, { num: 1, reason: this.#reason('timeout', kept.app) });
  }

  async #deliver(app: App, payload: Fields, attempt: number, retry?: Retry): Promise<void> {
    this.pending += 1;
    const delivered = await this.#attempt(app, 'event', payload, attempt, retry);
    const delay = this.#core.timing.retryDelaysMs[attempt];
    if (delivered.outcome === 'acked' || delivered.noRetry || delay === undefined || this.#closed) {
      this.#settled();
      return;
    }
    const next = { num: attempt + 1, reason: this.#reason(delivered.outcome, app) };
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.pending -= 1;
      void this.#deliver(app, payload, attempt + 1, next);
    }, delay);
    this.#timers.add(timer);
    this.#core.workspace.announce({ type: 'delivery' });
  }

  #settled(): void {
    this.pending -= 1;
    if (!this.#closed) this.#core.workspace.announce({ type: 'delivery' });
  }

  #reason(outcome: string, app: App): string {
    return app.config.socketMode ? 'timeout' : (reasons[outcome] ?? 'unknown_error');
  }

  /** Delivers a command or an interaction, once. */
  async interaction(app: App, kind: 'command' | 'interactive', payload: Fields): Promise<Delivered> {
    this.pending += 1;
    const delivered = await this.#attempt(app, kind, payload, 0);
    this.#settled();
    return delivered;
  }

  async #attempt(
    app: App,
    kind: DeliveryAttempt['kind'],
    payload: Fields,
    attempt: number,
    retry?: Retry,
  ): Promise<Delivered> {
    const at = this.#core.clock.now();
    const started = performance.now();
    const delivered = await this.#send(app, kind, payload, retry);
    this.attempts.push({
      kind,
      id: String(kind === 'event' ? payload.event_id : payload.trigger_id),
      what: describe(kind, payload),
      attempt,
      ...(retry && { retryReason: retry.reason }),
      via: delivered.via,
      at,
      ms: Math.round(performance.now() - started),
      outcome: delivered.outcome,
    });
    if (this.attempts.length > maxAttempts) this.attempts.shift();
    return delivered;
  }

  #send(app: App, kind: DeliveryAttempt['kind'], payload: Fields, retry?: Retry): Promise<Delivered> {
    if (app.config.socketMode) return this.#sockets.send(app, kind, payload, retry);
    const command = app.config.commands.find((c) => c.command === payload.command);
    const url = { event: app.config.eventsUrl, interactive: app.config.interactivityUrl, command: command?.url }[kind];
    if (!url) return Promise.resolve({ outcome: 'no_connection', via: 'http' });
    return postSigned(this.#core.clock, app, url, kind, payload, this.#core.timing.ackMs, retry);
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}

function describe(kind: DeliveryAttempt['kind'], payload: Fields): string {
  if (kind === 'command') return String(payload.command);
  if (kind === 'interactive') return String(payload.type);
  const event = payload.event as Fields;
  return [event.type, event.subtype].filter(Boolean).join('.');
}
