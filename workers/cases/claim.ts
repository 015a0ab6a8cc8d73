import { z } from 'zod';
import type { Planned } from '../../diagnostics/define-check.ts';
import type { Case, Path } from '../../diagnostics/types.ts';
import type { Place } from '../queues.ts';
import type { RedisClient } from '../redis.ts';
import { CASE_TTL_S, key } from './keys.ts';
import type { RunReason } from './record.ts';
import { FIRST, OPEN, REOPEN } from './scripts.ts';

/** Longer than Slack redelivers anything (24 h). */
const SEEN_TTL_S = 26 * 60 * 60;
/** Until when a case that never ends counts as open. */
const OPEN_TTL_S = 60 * 60;
const NO_LIMITS: Limits = {
  inAll: Number.POSITIVE_INFINITY,
  perChannel: Number.POSITIVE_INFINITY,
  perPerson: Number.POSITIVE_INFINITY,
  storm: { inAll: Number.POSITIVE_INFINITY, perChannel: Number.POSITIVE_INFINITY },
};

export interface NewCase {
  case: Case;
  path: Path;
  planned: Planned[];
  place: Place;
  /** Names of what was received (event, message, trigger): the same ones never open a second case. */
  sources: string[];
  /**
   * `direct`: somebody asked us, and is refused over a limit. `report`: it was overheard, and joins a storm instead. Left out:
   * direct, without limits.
   */
  asked?: { how: 'direct' | 'report'; limits: Limits };
  /** A case about another host whose convicted hop explains this one; only if the host has no open case of its own. */
  join?: string | null;
  /** A finished case about the same host that this one repeats. */
  again?: string | null;
  /** Why it is looked at again. */
  reason?: RunReason | null;
}

/** How much of a minute's questions is taken; Infinity: all. */
export interface Limits {
  inAll: number;
  perChannel: number;
  perPerson: number;
  /** More reports than this a minute, in all or in one channel, are a storm: they share one case. */
  storm: { inAll: number; perChannel: number };
}

export type Claim =
  | {
      is: 'opened' | 'joined' | 'seen';
      case: string;
      /** Joined: this person had not asked in this case before. */
      newcomer?: boolean;
      /** Joined: so many reports come in that only newcomers are answered one by one. */
      busy?: boolean;
      /** Opened: how many cases of its channel run already; left out: none. */
      turn?: number;
    }
  | { is: 'limited'; case: ''; by: 'all' | 'channel' | 'person' };

/** How cases begin, and begin again; what was received is taken once. */
export function claims(redis: RedisClient, questionOf: (one: Case) => string) {
  return {
    /** Claims what was received and the host, and writes the case, all at once or not at all. */
    async claim(ask: NewCase, now: number): Promise<Claim> {
      const { id } = ask.case;
      const { channel, user } = ask.place;
      const { how, limits } = ask.asked ?? { how: 'direct', limits: NO_LIMITS };
      const uses = ['all', `channel:${channel}`, `person:${user}`, 'reports', `reports:${channel}`].map(key.use);
      const keys = [
        ...[key.case(id), key.host(questionOf(ask.case)), key.opening, key.index, key.running, key.runningIn(channel)],
        ...uses,
        key.storm,
        ...ask.sources.map(key.seen),
      ];
      const ceilings = [limits.inAll, limits.perChannel, user === null ? NO_LIMITS.perPerson : limits.perPerson];
      const storm = [limits.storm.inAll, limits.storm.perChannel];
      const fields = { ...writeAsk(ask), run: '1', state: 'open', startedAt: String(now) };
      const reply = await redis.eval(
        OPEN,
        keys.length,
        ...keys,
        ...[id, String(now), ...[SEEN_TTL_S, CASE_TTL_S, OPEN_TTL_S].map(String), how],
        ...[...ceilings, ...storm].map((most) => String(Math.min(most, 1e9))),
        ...[ask.join ?? '', ask.again ?? '', user ?? '', channel, hostOf(ask.case)],
        JSON.stringify([...new Set(ask.path.hops.map((hop) => hop.name))].slice(0, 50)),
        ask.place.thread ?? '',
        ...Object.entries(fields).flat(),
      );
      const [is, which, newcomer, busy, turn] = claimSchema.parse(reply);
      if (is === 'limited') return { is, case: '', by: z.enum(['all', 'channel', 'person']).parse(which) };
      const joined = is === 'joined' && { newcomer: newcomer === 1, busy: busy === 1 };
      return { is, case: which, ...joined, ...(turn > 0 && { turn }) };
    },

    /** Starts another run of a finished case; `busy`: it is running, or gone; `seen`: its sources were received before. */
    async reopen(ask: NewCase, now: number): Promise<{ run: number; turn: number } | 'busy' | 'seen'> {
      const id = ask.case.id;
      const keys = [
        ...[key.case(id), key.host(questionOf(ask.case)), key.opening, key.running, key.runningIn(ask.place.channel)],
        ...ask.sources.map(key.seen),
      ];
      const { place: _, ...fields } = writeAsk(ask);
      const reply = await redis.eval(
        REOPEN,
        keys.length,
        ...keys,
        ...[id, String(now), String(OPEN_TTL_S), String(SEEN_TTL_S)],
        ...Object.entries({ ...fields, ...(ask.reason && { reason: ask.reason }) }).flat(),
      );
      const [run, turn] = z.tuple([z.number(), z.number()]).parse(reply);
      if (run < 1) return run < 0 ? 'seen' : 'busy';
      return { run, turn };
    },

    /** What these sources stood for, or null. */
    async seenAs(sources: string[]): Promise<string | null> {
      const found = sources.length === 0 ? [] : await redis.mget(sources.map(key.seen));
      return found.find((one) => one !== null) ?? null;
    },

    /** Whether anything with these names was received before; remembers them as `what` if not. */
    async firstTime(sources: string[], what: string): Promise<string | null> {
      const keys = sources.map(key.seen);
      const reply = await redis.eval(FIRST, keys.length, ...keys, what, String(SEEN_TTL_S));
      return z.string().nullable().parse(reply);
    },
  };
}

/** What makes two questions the same: the host, whatever the port and path. */
export function hostOf(one: Case): string {
  return one.target.host.toLowerCase();
}

function writeAsk(ask: NewCase): Record<string, string> {
  return {
    case: JSON.stringify(ask.case),
    path: JSON.stringify(ask.path),
    planned: JSON.stringify(ask.planned),
    place: JSON.stringify(ask.place),
  };
}

/** What OPEN replies. */
const claimSchema = z.tuple([
  z.enum(['opened', 'joined', 'seen', 'limited']),
  z.string(),
  z.number(),
  z.number(),
  z.number(),
]);
