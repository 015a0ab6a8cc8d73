import type { Clock } from './clock.ts';
import { SlackError } from './errors.ts';
import { secret } from './ids.ts';
import type { Timing } from './types.ts';

/** What a payload lets the app do for a while: open one modal (trigger), answer a few times (response URL). */

const maxKept = 5_000;

interface Trigger {
  user: string;
  app: string;
  until: number;
  used: boolean;
}

/** `trigger_id`s: three seconds, once (docs.slack.dev/interactivity/handling-user-interaction). */
export class Triggers {
  readonly #clock: Clock;
  readonly #timing: Timing;
  readonly #kept = new Map<string, Trigger>();
  #count = 0;

  constructor(clock: Clock, timing: Timing) {
    this.#clock = clock;
    this.#timing = timing;
  }

  issue(app: string, user: string): string {
    this.#count += 1;
    const id = `${Math.floor(this.#clock.now())}${this.#count}.${7_000_000 + this.#count}.${secret()}`;
    this.#kept.set(id, { app, user, until: this.#clock.now() + this.#timing.triggerMs, used: false });
    dropOldest(this.#kept);
    return id;
  }

  /**
   * Uses a trigger up. @returns the person it came from
   * @throws SlackError invalid_trigger_id, exchanged_trigger_id, expired_trigger_id
   * @see https://docs.slack.dev/reference/methods/views.open/
   */
  exchange(app: string, id: unknown): string {
    const trigger = typeof id === 'string' ? this.#kept.get(id) : undefined;
    if (!trigger || trigger.app !== app) throw new SlackError('invalid_trigger_id');
    if (trigger.used) throw new SlackError('exchanged_trigger_id');
    if (this.#clock.now() > trigger.until) throw new SlackError('expired_trigger_id');
    trigger.used = true;
    return trigger.user;
  }
}

/** Where an answer through a response URL goes. */
export interface ResponseTarget {
  app: string;
  user: string;
  channel: string;
  /** The message the person acted on, if the app may replace it. */
  origin?: { ts: string; ephemeral: boolean };
  /** The thread the person acted in. */
  threadTs?: string;
}

/** `response_url`s: five answers in thirty minutes. */
export class ResponseUrls {
  readonly #clock: Clock;
  readonly #timing: Timing;
  readonly #kept = new Map<string, ResponseTarget & { until: number; uses: number }>();

  constructor(clock: Clock, timing: Timing) {
    this.#clock = clock;
    this.#timing = timing;
  }

  /** @returns the secret part of the URL */
  issue(target: ResponseTarget): string {
    const key = secret(12);
    this.#kept.set(key, { ...target, until: this.#clock.now() + this.#timing.responseUrlMs, uses: 0 });
    dropOldest(this.#kept);
    return key;
  }

  /** Counts one use. @throws SlackError expired_url, used_url */
  use(key: string): ResponseTarget {
    const kept = this.#kept.get(key);
    if (!kept || this.#clock.now() > kept.until) throw new SlackError('expired_url');
    if (kept.uses >= this.#timing.responseUrlUses) throw new SlackError('used_url');
    kept.uses += 1;
    return kept;
  }
}

function dropOldest(map: Map<string, unknown>): void {
  if (map.size <= maxKept) return;
  const oldest = map.keys().next();
  if (!oldest.done) map.delete(oldest.value);
}
