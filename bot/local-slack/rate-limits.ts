import type { Clock } from './clock.ts';

/**
 * What a method may be called. Tiers count per method, workspace and app in a sliding minute
 * (docs.slack.dev/apis/web-api/rate-limits); `post` is chat.postMessage's own rule.
 */
export type Tier = 1 | 2 | 3 | 4 | 'special' | 'post';

const perMinute: Record<Exclude<Tier, 'post'>, number> = { 1: 1, 2: 20, 3: 50, 4: 100, special: 600 };

/** About one post a second and channel; "short bursts" is all that Slack says, four are let through here. */
const postBurst = 4;
/** "Several hundred messages per minute" in a workspace; the number itself is not published. */
const postsPerMinute = 300;

const minute = 60_000;

/** Channels are named by callers, so their number is bounded here. */
const maxBuckets = 2_000;

/** Counts every call and says when one is over its limit. */
export class RateLimits {
  readonly #clock: Clock;
  readonly #calls = new Map<string, number[]>();
  /** Per channel: when its bucket was last looked at, and what was in it. */
  readonly #buckets = new Map<string, { at: number; tokens: number }>();
  broken = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Counts a call.
   * @returns seconds to wait (for `Retry-After`) if it is over the limit, else 0. A refused call does not count.
   */
  take(app: string, method: string, tier: Tier, channel: string): number {
    const wait = tier === 'post' ? this.#takePost(app, channel) : this.#takeFrom(`${app} ${method}`, perMinute[tier]);
    if (wait > 0) this.broken += 1;
    return wait;
  }

  #takeFrom(key: string, limit: number): number {
    const now = this.#clock.now();
    const recent = (this.#calls.get(key) ?? []).filter((at) => at > now - minute);
    this.#calls.set(key, recent);
    const oldest = recent[recent.length - limit];
    if (oldest !== undefined) return Math.max(1, Math.ceil((oldest + minute - now) / 1000));
    recent.push(now);
    return 0;
  }

  #takePost(app: string, channel: string): number {
    const now = this.#clock.now();
    const key = `${app} ${channel}`;
    const bucket = this.#buckets.get(key) ?? { at: now, tokens: postBurst };
    bucket.tokens = Math.min(postBurst, bucket.tokens + (now - bucket.at) / 1000);
    bucket.at = now;
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > maxBuckets) this.#buckets.delete(this.#buckets.keys().next().value ?? '');
    if (bucket.tokens < 1) return 1;
    const wait = this.#takeFrom(`${app} posts`, postsPerMinute);
    if (wait === 0) bucket.tokens -= 1;
    return wait;
  }
}
