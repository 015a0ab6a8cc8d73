import { z } from 'zod';
import type { Planned } from '../diagnostics/define-check.ts';
import type { Case, Change, EvidenceRow, Path, Verdict } from '../diagnostics/types.ts';
import { type Asked, readAsked } from './asked.ts';
import { type MessageState, readMessageState, setMessageState } from './messages.ts';
import { type Place, PREFIX, placeSchema } from './queues.ts';
import type { RedisClient } from './redis.ts';
import { loadScore, monthOfCase, type Score } from './score.ts';
import { FINISH, FIRST, LOCK, OPEN, REOPEN, UNLOCK } from './scripts.ts';
import { createVotes } from './votes.ts';

/** A case is kept for a week after its last run, and a day more, so that a weekly digest that is late sees its whole week. */
const CASE_TTL_S = 8 * 24 * 60 * 60;
/** Longer than Slack redelivers anything (24 h). */
const SEEN_TTL_S = 26 * 60 * 60;
/** Until when a case that never ends counts as open. */
const OPEN_TTL_S = 60 * 60;
/** How long after its end a case still answers those who ask about the same host. */
const JOIN_AFTER_END_MS = 60_000;
const MAX_CASES = 2000;
/** Longer than anybody may call a case a recurrence. */
const LAST_TTL_MS = 24 * 60 * 60 * 1000;
/** How long a convicted hop explains reports about other hosts that go through it. */
const GUILTY_MS = 15 * 60 * 1000;
const NO_LIMITS: Limits = {
  inAll: Number.POSITIVE_INFINITY,
  perChannel: Number.POSITIVE_INFINITY,
  perPerson: Number.POSITIVE_INFINITY,
  storm: { inAll: Number.POSITIVE_INFINITY, perChannel: Number.POSITIVE_INFINITY },
};
/** More evidence than this is not kept with the case; the verdict always is. */
const MAX_EVIDENCE_CHARS = 1_000_000;

const CASE_STATES = ['open', 'finished'] as const;
type CaseState = (typeof CASE_STATES)[number];

/** What an earlier run of the same case said. */
const earlierSchema = z.object({
  at: z.coerce.number(),
  answer: z.string(),
  headline: z.string(),
  /** Since when it was failing, ISO, where that run could tell. */
  onset: z.string().optional(),
});
type Earlier = z.infer<typeof earlierSchema>;

/** A case as it stands now: everything that its one message is made from. */
export interface CaseRecord {
  case: Case;
  path: Path;
  place: Place;
  planned: Planned[];
  run: number;
  state: CaseState;
  /** When this run began, ms. */
  startedAt: number;
  finishedAt: number | null;
  verdict: Verdict | null;
  earlier: Earlier[];
  message: MessageState;
  /** How many cases of its channel ran when it began: the queue's order between channels. */
  turn: number;
  /** Why it was looked at again; null: the first run, or a button. */
  reason: RunReason | null;
  /** The case that this one repeats within hours, and the one that repeats it. */
  again: string | null;
  next: string | null;
  /** When the alert that opened or joined it ended, ms; null: there was none, or it lasts. */
  alertEndedAt: number | null;
}

const RUN_REASONS = ['still-broken', 'works-now'] as const;
/** What somebody said that made us look again. */
type RunReason = (typeof RUN_REASONS)[number];

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

/** The cases in Redis: the only place where the processes share anything but jobs. */
export type Cases = ReturnType<typeof createCases>;

const key = {
  case: (id: string) => `${PREFIX}:case:${id}`,
  evidence: (id: string) => `${PREFIX}:evidence:${id}`,
  host: (host: string) => `${PREFIX}:open:${host}`,
  seen: (source: string) => `${PREFIX}:seen:${source}`,
  opening: `${PREFIX}:opening`,
  index: `${PREFIX}:cases`,
  asked: (id: string) => `${PREFIX}:asked:${id}`,
  last: (host: string) => `${PREFIX}:last:${host}`,
  guilty: (hop: string) => `${PREFIX}:guilty:${hop}`,
  thread: (channel: string, ts: string) => `${PREFIX}:thread:${channel}-${ts}`,
  running: `${PREFIX}:running`,
  runningIn: (channel: string) => `${PREFIX}:running:${channel}`,
  use: (what: string) => `${PREFIX}:use:${what}`,
  storm: `${PREFIX}:storm`,
  score: `${PREFIX}:score`,
};

/**
 * The case store on one connection. Every write is atomic by itself and may be repeated. `questionOf` says what makes two
 * questions the same.
 */
export function createCases(redis: RedisClient, questionOf: (one: Case) => string = hostOf) {
  const store = {
    /** What people say of verdicts. */
    votes: createVotes(redis),

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

    /** How many cases go before this one; 0: none, or it is over. */
    async before(id: string): Promise<number> {
      return (await redis.zrank(key.running, id)) ?? 0;
    },

    /** Who reported this case so far. Null: nobody was counted. */
    async asked(id: string): Promise<Asked | null> {
      return readAsked(await redis.hgetall(key.asked(id)));
    },

    /** The newest finished case about a host (see LAST_TTL_MS), or null. */
    async lastOf(one: Case): Promise<CaseRecord | null> {
      const id = await redis.get(key.last(questionOf(one)));
      return id === null ? null : store.load(id);
    },

    /** Finished cases that convicted one of these hops a moment ago. */
    async guiltyHops(hops: string[]): Promise<{ hop: string; record: CaseRecord }[]> {
      if (hops.length === 0) return [];
      const ids = await redis.mget(hops.map(key.guilty));
      const found = await Promise.all(
        ids.map(async (id, i) => ({ hop: hops[i] ?? '', record: id === null ? null : await store.load(id) })),
      );
      return found.flatMap(({ hop, record }) => (record === null ? [] : [{ hop, record }]));
    },

    /** Remembers that a case convicted hops that others share. */
    async convict(id: string, hops: string[]): Promise<void> {
      for (const hop of hops) await redis.set(key.guilty(hop), id, 'PX', GUILTY_MS);
    },

    /** Remembers in which thread a case is talked about; the newest case of a thread is the one that is meant. */
    async ownThread(channel: string, ts: string, id: string): Promise<void> {
      await redis.set(key.thread(channel, ts), id, 'EX', CASE_TTL_S);
    },

    /** The case that a thread belongs to, or null. */
    async ofThread(channel: string, ts: string): Promise<CaseRecord | null> {
      const id = await redis.get(key.thread(channel, ts));
      return id === null ? null : store.load(id);
    },

    /** When the alert about a case ended, ms; null: it is firing again. */
    async alertEnded(id: string, at: number | null): Promise<void> {
      if (at === null) await redis.hdel(key.case(id), 'alertEndedAt');
      else if ((await redis.exists(key.case(id))) === 1) await redis.hset(key.case(id), 'alertEndedAt', String(at));
    },

    /** What these sources stood for, or null. */
    async seenAs(sources: string[]): Promise<string | null> {
      const found = sources.length === 0 ? [] : await redis.mget(sources.map(key.seen));
      return found.find((one) => one !== null) ?? null;
    },

    /** The evidence and changes of a case's last finished run; null: none was kept. */
    async evidence(id: string): Promise<{ evidence: EvidenceRow[]; changes: Change[] } | null> {
      const text = await redis.get(key.evidence(id));
      // Written by `finish` alone, so the types hold by construction.
      return text === null ? null : (JSON.parse(text) as { evidence: EvidenceRow[]; changes: Change[] });
    },

    /** The case's jobs are queued: from here on the queue looks after it. */
    async queued(id: string): Promise<void> {
      await redis.zrem(key.opening, id);
    },

    /** Cases that were claimed and whose jobs may never have been added, since the process died in between. */
    async halfOpened(before: number): Promise<string[]> {
      return redis.zrangebyscore(key.opening, 0, before, 'LIMIT', 0, 100);
    },

    /** Whether anything with these names was received before; remembers them as `what` if not. */
    async firstTime(sources: string[], what: string): Promise<string | null> {
      const keys = sources.map(key.seen);
      const reply = await redis.eval(FIRST, keys.length, ...keys, what, String(SEEN_TTL_S));
      return z.string().nullable().parse(reply);
    },

    async load(id: string): Promise<CaseRecord | null> {
      const hash = await redis.hgetall(key.case(id));
      return hash.case === undefined ? null : readRecord(hash);
    },

    /** Only what says where the message is: cheap, for those who wait for its permalink. */
    async setMessage(id: string, change: Partial<MessageState>): Promise<void> {
      await setMessageState(redis, key.case(id), change);
    },

    /** Stores the verdict of a run once; false: this run had one already, or a later run has begun. */
    async finish(
      record: CaseRecord,
      verdict: Verdict,
      rows: EvidenceRow[],
      changes: Change[],
      now: number,
    ): Promise<boolean> {
      const id = record.case.id;
      const evidence = JSON.stringify({ evidence: rows, changes });
      const question = questionOf(record.case);
      const keys = [
        ...[key.case(id), key.host(question), key.score, key.evidence(id), key.opening],
        ...[key.running, key.runningIn(record.place.channel), key.last(question)],
      ];
      const reply = await redis.eval(
        FINISH,
        keys.length,
        ...keys,
        String(record.run),
        JSON.stringify(verdict),
        String(now),
        String(JOIN_AFTER_END_MS),
        verdict.answer,
        record.case.symptoms.suspects.length > 0 ? '1' : '0',
        evidence.length > MAX_EVIDENCE_CHARS ? '' : evidence,
        String(CASE_TTL_S),
        String(LAST_TTL_MS),
        monthOfCase(id),
      );
      return reply === 1;
    },

    /** The newest cases, newest first. */
    async recent(count: number): Promise<CaseRecord[]> {
      const ids = await redis.zrevrange(key.index, 0, count - 1);
      const records = await Promise.all(ids.map((id) => store.load(id)));
      return records.filter((record) => record !== null);
    },

    /** Cases that were opened from `from` on and before `to` (ms), newest first, at most `most`; `total`: how many there were. */
    async openedBetween(from: number, to: number, most: number): Promise<{ records: CaseRecord[]; total: number }> {
      const ids = await redis.zrevrangebyscore(key.index, `(${to}`, from);
      const records = (await Promise.all(ids.slice(0, most).map((id) => store.load(id)))).filter((one) => one !== null);
      // Those that are forgotten are none of the others: they are told to be more.
      return { records, total: ids.length };
    },

    /** How often the ingress was blamed and guilty, in all and by month until `now` (ms). */
    score: (now: number = Date.now()): Promise<Score> => loadScore(redis, now),

    /** Forgets the oldest cases beyond what is listed. */
    async trim(): Promise<void> {
      await redis.zremrangebyrank(key.index, 0, -MAX_CASES - 1);
    },

    /** Lets one holder at a time touch a case's message. The same holder may take it again, as after a crash. */
    async lock(id: string, holder: string, ms: number): Promise<boolean> {
      const name = `${key.case(id)}:lock`;
      return (await redis.eval(LOCK, 1, name, holder, String(ms))) === 1;
    },

    async unlock(id: string, holder: string): Promise<void> {
      const name = `${key.case(id)}:lock`;
      await redis.eval(UNLOCK, 1, name, holder);
    },

    /** Counts one use of something that is limited per minute over all processes. */
    async useThisMinute(what: string, now: number): Promise<number> {
      const name = `${PREFIX}:minute:${what}:${Math.floor(now / 60_000)}`;
      const used = await redis.incr(name);
      if (used === 1) await redis.expire(name, 120);
      return used;
    },
  };
  return store;
}

/** What makes two questions the same: the host, whatever the port and path. */
function hostOf(one: Case): string {
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

function readRecord(hash: Record<string, string>): CaseRecord {
  return {
    // Written by `claim` alone, so the types hold by construction.
    case: JSON.parse(hash.case ?? 'null') as Case,
    path: JSON.parse(hash.path ?? 'null') as Path,
    planned: JSON.parse(hash.planned ?? '[]') as Planned[],
    place: placeSchema.parse(JSON.parse(hash.place ?? 'null')),
    run: Number(hash.run ?? 1),
    state: z.enum(CASE_STATES).parse(hash.state),
    startedAt: Number(hash.startedAt ?? 0),
    finishedAt: hash.finishedAt === undefined ? null : Number(hash.finishedAt),
    verdict: hash.verdict === undefined ? null : (JSON.parse(hash.verdict) as Verdict),
    earlier: hash.earlier === undefined ? [] : z.array(earlierSchema).parse(JSON.parse(hash.earlier)),
    message: readMessageState(hash),
    turn: Number(hash.turn ?? 0),
    reason: z
      .enum(RUN_REASONS)
      .nullable()
      .catch(null)
      .parse(hash.reason ?? null),
    again: hash.again ?? null,
    next: hash.next ?? null,
    alertEndedAt: hash.alertEndedAt === undefined ? null : Number(hash.alertEndedAt),
  };
}
