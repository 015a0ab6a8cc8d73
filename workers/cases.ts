import { z } from 'zod';
import type { Planned } from '../diagnostics/define-check.ts';
import type { Case, Change, EvidenceRow, Path, Verdict } from '../diagnostics/types.ts';
import { type MessageState, readMessageState, setMessageState } from './messages.ts';
import { type Place, PREFIX, placeSchema } from './queues.ts';
import type { RedisClient } from './redis.ts';
import { FINISH, FIRST, LOCK, OPEN, REOPEN, UNLOCK } from './scripts.ts';

/** A case is kept for a week after its last run, its votes for a year. */
const CASE_TTL_S = 7 * 24 * 60 * 60;
/** Longer than Slack redelivers anything (24 h). */
const SEEN_TTL_S = 26 * 60 * 60;
/** Until when a case that never ends counts as open. */
const OPEN_TTL_S = 60 * 60;
/** How long after its end a case still answers those who ask about the same host. */
const JOIN_AFTER_END_MS = 60_000;
const MAX_CASES = 2000;
/** More evidence than this is not kept with the case; the verdict always is. */
const MAX_EVIDENCE_CHARS = 1_000_000;

const CASE_STATES = ['open', 'finished'] as const;
type CaseState = (typeof CASE_STATES)[number];

/** What an earlier run of the same case said. */
const earlierSchema = z.object({ at: z.coerce.number(), answer: z.string(), headline: z.string() });
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
}

export interface Vote {
  user: string;
  /** What the person says it was. */
  said: 'right' | 'ingress' | 'not-ingress';
  at: string;
}

export interface NewCase {
  case: Case;
  path: Path;
  planned: Planned[];
  place: Place;
  /** Names of what was received (event, message, trigger): the same ones never open a second case. */
  sources: string[];
}

export type Claim = { is: 'opened' | 'joined' | 'seen'; case: string };

export interface Score {
  cases: number;
  byAnswer: Record<string, number>;
  /** Cases whose report accused the ingress, and how many of those it was. */
  blamed: number;
  guilty: number;
}

/** The cases in Redis: the only place where the processes share anything but jobs. */
export type Cases = ReturnType<typeof createCases>;

const key = {
  case: (id: string) => `${PREFIX}:case:${id}`,
  evidence: (id: string) => `${PREFIX}:evidence:${id}`,
  votes: (id: string) => `${PREFIX}:votes:${id}`,
  host: (host: string) => `${PREFIX}:open:${host}`,
  seen: (source: string) => `${PREFIX}:seen:${source}`,
  opening: `${PREFIX}:opening`,
  index: `${PREFIX}:cases`,
  score: `${PREFIX}:score`,
};

/**
 * The case store on one connection. Every write is atomic by itself and may be repeated. `questionOf` says what makes two
 * questions the same.
 */
export function createCases(redis: RedisClient, questionOf: (one: Case) => string = hostOf) {
  const store = {
    /** Claims what was received and the host, and writes the case, all at once or not at all. */
    async claim(ask: NewCase, now: number): Promise<Claim> {
      const id = ask.case.id;
      const keys = [key.case(id), key.host(questionOf(ask.case)), key.opening, key.index, ...ask.sources.map(key.seen)];
      const times = [SEEN_TTL_S, CASE_TTL_S, OPEN_TTL_S].map(String);
      const fields = { ...writeAsk(ask), run: '1', state: 'open', startedAt: String(now) };
      const reply = await redis.eval(
        OPEN,
        keys.length,
        ...keys,
        id,
        String(now),
        ...times,
        ...Object.entries(fields).flat(),
      );
      const [is, which] = z.tuple([z.enum(['opened', 'joined', 'seen']), z.string()]).parse(reply);
      return { is, case: which };
    },

    /** Starts another run of a finished case; null: it is running, or gone. */
    async reopen(ask: NewCase, now: number): Promise<number | null> {
      const id = ask.case.id;
      const keys = [key.case(id), key.host(questionOf(ask.case)), key.opening];
      const { place: _, ...fields } = writeAsk(ask);
      const reply = await redis.eval(
        REOPEN,
        keys.length,
        ...keys,
        id,
        String(now),
        String(OPEN_TTL_S),
        ...Object.entries(fields).flat(),
      );
      return typeof reply === 'number' && reply > 0 ? reply : null;
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
      const keys = [key.case(id), key.host(questionOf(record.case)), key.score, key.evidence(id), key.opening];
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
      );
      return reply === 1;
    },

    async vote(id: string, vote: Vote | null, user: string): Promise<void> {
      if (vote === null) await redis.hdel(key.votes(id), user);
      else {
        await redis.hset(key.votes(id), user, JSON.stringify(vote));
        await redis.expire(key.votes(id), 365 * 24 * 60 * 60);
      }
    },

    async votes(id: string): Promise<Vote[]> {
      const all = await redis.hvals(key.votes(id));
      return all.map((vote) => JSON.parse(vote) as Vote).sort((a, b) => (a.at < b.at ? -1 : 1));
    },

    /** The newest cases, newest first. */
    async recent(count: number): Promise<CaseRecord[]> {
      const ids = await redis.zrevrange(key.index, 0, count - 1);
      const records = await Promise.all(ids.map((id) => store.load(id)));
      return records.filter((record) => record !== null);
    },

    async score(): Promise<Score> {
      const hash = await redis.hgetall(key.score);
      const byAnswer = Object.fromEntries(
        ['ingress', 'not-ingress', 'inconclusive'].map((answer) => [answer, Number(hash[answer] ?? 0)]),
      );
      const cases = Object.values(byAnswer).reduce((sum, count) => sum + count, 0);
      return { cases, byAnswer, blamed: Number(hash.blamed ?? 0), guilty: Number(hash.guilty ?? 0) };
    },

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
  };
}
