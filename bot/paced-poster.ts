import { Later } from '../workers/consume.ts';
import type { Bucket, Pace, Urgency } from '../workers/pace.ts';
import type { Poster } from './posting.ts';

/**
 * Slack's limits, kept a little below: about one post a second and channel with short bursts, a few hundred a minute in a
 * workspace (number not published), tier 4 for ephemerals, tier 3 for edits and for reading
 * (docs.slack.dev/apis/web-api/rate-limits; field notes 2.1). Burst and a minute's refill together stay under each limit, so that
 * no sliding minute holds more.
 */
const BUCKETS = {
  posts: { name: 'post', burst: 40, perSecond: 4, kept: 15 },
  edits: { name: 'edit', burst: 12, perSecond: 0.6, kept: 5 },
  whispers: { name: 'whisper', burst: 30, perSecond: 1, kept: 10 },
  reads: { name: 'read', burst: 12, perSecond: 0.6, kept: 0 },
  links: { name: 'link', burst: 60, perSecond: 8, kept: 0 },
} as const satisfies Record<string, Bucket>;

const ofChannel = (channel: string): Bucket => ({ name: `post:${channel}`, burst: 3, perSecond: 0.95, kept: 1 });

/**
 * The poster, never over a limit, whatever the number of processes: what has no permit goes back to the queue (Later) until it
 * may have one. `later` leaves the last permits to those whom somebody waits for.
 */
export function pacedPoster(poster: Poster, pace: Pace, urgency: Exclude<Urgency, 'maybe'>): Poster {
  const permit = async (what: string, buckets: readonly Bucket[]) => {
    const wait = await pace.take(buckets, urgency);
    if (wait > 0) throw new Later(wait, `${what} waits for its turn`);
  };
  return {
    ...poster,
    async post(channel, ...rest) {
      await permit('a post', [ofChannel(channel), BUCKETS.posts]);
      return poster.post(channel, ...rest);
    },
    async update(...args) {
      await permit('an edit', [BUCKETS.edits]);
      return poster.update(...args);
    },
    async whisper(...args) {
      await permit('a private word', [BUCKETS.whispers]);
      return poster.whisper(...args);
    },
    async find(...args) {
      await permit('a look for a lost message', [BUCKETS.reads]);
      return poster.find(...args);
    },
    async permalink(...args) {
      await permit('a permalink', [BUCKETS.links]);
      return poster.permalink(...args);
    },
  };
}

/** Takes a permit for an edit that may as well be left out: progress. */
export async function mayEditNow(pace: Pace): Promise<boolean> {
  return (await pace.take([BUCKETS.edits], 'maybe')) === 0;
}
