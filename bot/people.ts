import type { WebClient } from '@slack/web-api';
import type { Bucket, Pace } from '../workers/pace.ts';
import { oneLine } from './rollouts/form/fields.ts';

/** What Slack knows of a person. */
interface Person {
  /** IANA zone. */
  tz: string | null;
  /** The name that people know them by, in one line. */
  name: string | null;
}

/** What is asked of Slack about people. */
export interface People {
  /** The zone; null where Slack does not say in time: times are then read as UTC. Never rejects. */
  zoneOf: (user: string | null) => Promise<string | null>;
  /** The name; null where Slack does not say in time. Never rejects. */
  nameOf: (user: string) => Promise<string | null>;
}

const MAX_KNOWN = 2000;
/** Slack wants its answer within three seconds: nobody is worth waiting for longer than this, ms. */
const WAIT_MS = 600;
/** People travel and are renamed, ms. */
const KNOWN_MS = 12 * 60 * 60 * 1000;
/** Whoever Slack did not tell is not asked for again before, ms. */
const UNKNOWN_MS = 60_000;
/** users.info is of tier 4, 100 a minute and workspace (docs.slack.dev/apis/web-api/rate-limits): burst and refill stay below. */
const ASKED: Bucket = { name: 'people', burst: 30, perSecond: 1, kept: 10 };

/** People by Slack's id, remembered. Over all processes Slack is asked for at most 90 a minute; names go before zones. */
export function peopleFinder(
  client: Pick<WebClient, 'users'>,
  pace: Pick<Pace, 'take'>,
  now: () => number = Date.now,
): People {
  const known = new Map<string, { person: Promise<Person | null>; until: number }>();

  async function ask(user: string, urgency: 'first' | 'maybe'): Promise<Person | null> {
    if ((await pace.take([ASKED], urgency)) > 0) return null;
    const { user: one } = await client.users.info({ user });
    const name = one?.real_name || one?.profile?.display_name || one?.name;
    return {
      tz: typeof one?.tz === 'string' ? one.tz : null,
      name: typeof name === 'string' ? oneLine(name).replace(/^@+/, '').slice(0, 80) || null : null,
    };
  }

  function find(user: string, urgency: 'first' | 'maybe'): Promise<Person | null> {
    const before = known.get(user);
    if (before !== undefined && before.until > now()) return before.person;
    const person = ask(user, urgency).catch(() => null);
    const entry = { person, until: now() + KNOWN_MS };
    known.delete(user);
    if (known.size >= MAX_KNOWN) known.delete(known.keys().next().value ?? '');
    known.set(user, entry);
    void person.then((told) => {
      if (told === null) entry.until = now() + UNKNOWN_MS;
    });
    return person;
  }

  return {
    zoneOf: async (user) => (user === null ? null : ((await inTime(find(user, 'maybe')))?.tz ?? null)),
    nameOf: async (user) => (await inTime(find(user, 'first')))?.name ?? null,
  };
}

/** Null where it takes too long; what comes later is remembered all the same. */
async function inTime<T>(work: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), WAIT_MS);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
