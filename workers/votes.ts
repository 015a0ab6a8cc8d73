import { createHash } from 'node:crypto';
import { z } from 'zod';
import { CAUSES } from '../diagnostics/causes.ts';
import { type Answer, type Case, HOPS, INGRESS_HOPS, type Verdict } from '../diagnostics/types.ts';
import type { CaseRecord } from './cases.ts';
import { PREFIX } from './queues.ts';
import type { RedisClient } from './redis.ts';
import { VOTE } from './votes-script.ts';

/** What people say of verdicts is kept longer than their cases: it is learnt from. */
const KEEP_S = 365 * 24 * 60 * 60;
/** Longer than Slack delivers anything again (24 h). */
const SOURCE_S = 26 * 60 * 60;
/** Words about one case; beyond it somebody clicks for fun. */
const MOST_WORDS = 500;
/** Characters of a reason. */
export const MOST_REASON = 300;

export const SAID = ['right', 'ingress', 'not-ingress'] as const;
const ANSWERS = ['ingress', 'not-ingress', 'inconclusive'] as const satisfies readonly Answer[];

const voteSchema = z.object({
  /** Slack's id of the person, and the name they had when they said it. */
  user: z.string(),
  name: z.string().nullable().default(null),
  /** What the person says of the answer. */
  said: z.enum(SAID),
  /** Where the fault was, if the person knows: a cause with its hop, a hop alone, or neither. */
  hop: z
    .enum([...HOPS, 'none'])
    .nullable()
    .default(null),
  cause: z.string().nullable().default(null),
  reason: z.string().default(''),
  /** ISO. */
  at: z.string(),
  /** The run of the case whose answer it is about, and that answer. */
  run: z.number().default(1),
  answer: z.enum(ANSWERS).default('inconclusive'),
  /** When the person took it back, ISO; null: it stands. */
  undoneAt: z.string().nullable().default(null),
});
/** What one person says of a verdict. */
export type Vote = z.infer<typeof voteSchema>;

/** What somebody says, as it comes in: `none` takes the last word back. */
export interface Word {
  user: string;
  name: string | null;
  said: Vote['said'] | 'none';
  hop: Vote['hop'];
  cause: string | null;
  reason: string;
  at: string;
  /** Names the delivery (a view's id): the same word from the same one changes nothing, however late it comes again. */
  source: string;
}

const peopleSchema = z.object({
  ours: z.enum(ANSWERS),
  blamed: z.boolean(),
  theirs: z.enum(['ingress', 'not-ingress']),
  at: z.string(),
  forIngress: z.number(),
  againstIngress: z.number(),
});
/**
 * People's last word on a case beside our first answer, which is the one that the score counted: `theirs` is what the newest word
 * that stands says, the two numbers are how many people say each.
 */
export type PeoplesWord = z.infer<typeof peopleSchema> & { case: string };

/** A case that people spoke about: what `./dev votes` exports. */
export interface VotedCase {
  /** As it was when somebody first spoke about it; without the report's text. */
  case: Case;
  /** The verdicts that somebody spoke about, by run. */
  verdicts: { [run: string]: Verdict };
  /** Each person's last word, oldest first; one that was taken back has `undoneAt`. */
  votes: Vote[];
  /** Every word in the order in which it was said; `none` takes one back. */
  history: { user: string; said: Vote['said'] | 'none'; at: string }[];
}

const key = {
  votes: (id: string) => `${PREFIX}:votes:${id}`,
  history: (id: string) => `${PREFIX}:votes:${id}:history`,
  about: (id: string) => `${PREFIX}:votes:${id}:about`,
  source: (name: string) => `${PREFIX}:seen:vote:${name}`,
  index: `${PREFIX}:votes`,
  people: `${PREFIX}:votes:people`,
};

/** What people say of verdicts, on one connection. Every write is one step and may be repeated. */
export function createVotes(redis: RedisClient) {
  return {
    /**
     * Stores what somebody says about a case's newest verdict. `changed`: it is their word now; `same`: it was already, or this
     * very delivery was seen before; `too-many`: nothing more is kept about this case; `no-verdict`: there is none to speak about.
     */
    async cast(record: CaseRecord, word: Word): Promise<'changed' | 'same' | 'too-many' | 'no-verdict'> {
      const { verdict } = record;
      if (verdict === null) return 'no-verdict';
      const id = record.case.id;
      const { source, said, ...rest } = word;
      const content = { said, hop: word.hop, cause: word.cause, reason: cut(word.reason), run: record.run };
      const same = createHash('sha256').update(JSON.stringify(content)).digest('base64url').slice(0, 22);
      const vote = {
        ...{ ...rest, reason: cut(word.reason), said, run: record.run, answer: verdict.answer, undoneAt: null },
        ...{ same, means: meaning(said, verdict.answer) },
      };
      const keys = [key.votes(id), key.history(id), key.about(id), key.index, key.people];
      const reply = await redis.eval(
        VOTE,
        keys.length + 1,
        ...[...keys, key.source(`${source}:${same}`)],
        ...[id, word.user, said, JSON.stringify(vote), String(Date.parse(word.at)), word.at],
        ...[String(KEEP_S), String(SOURCE_S), String(MOST_WORDS)],
        JSON.stringify({ ...record.case, report: null }),
        ...[String(record.run), JSON.stringify(verdict), firstAnswer(record, verdict)],
        record.case.symptoms.suspects.length > 0 ? '1' : '0',
      );
      return z.enum(['changed', 'same', 'too-many']).parse(reply);
    },

    /** What people say about a case: each person's last word that stands, oldest first. */
    async of(id: string): Promise<Vote[]> {
      return (await lastWords(id)).filter((vote) => vote.undoneAt === null);
    },

    /** Somebody's last word about a case, even if it was taken back; null: none. */
    async by(id: string, user: string): Promise<Vote | null> {
      const text = await redis.hget(key.votes(id), user);
      return text === null ? null : readVote(text);
    },

    /** Cases of the last year about which a word stands: one read, whatever their number. */
    async people(): Promise<PeoplesWord[]> {
      const all = await redis.hgetall(key.people);
      return Object.entries(all).flatMap(([id, text]) => {
        const read = peopleSchema.safeParse(JSON.parse(text));
        return read.success ? [{ case: id, ...read.data }] : [];
      });
    },

    /** Ids of the cases that people spoke about within a year, oldest word first. */
    ids: (): Promise<string[]> => redis.zrangebyscore(key.index, '-inf', '+inf'),

    /** Everything about one of them; null: it is gone. */
    async voted(id: string): Promise<VotedCase | null> {
      const about = await redis.hgetall(key.about(id));
      if (about.case === undefined) return null;
      const history = await redis.lrange(key.history(id), 0, -1);
      // Written by `cast` alone, so the types hold by construction.
      const verdicts = Object.entries(about).filter(([field]) => field.startsWith('verdict:'));
      return {
        case: JSON.parse(about.case) as Case,
        verdicts: Object.fromEntries(verdicts.map(([field, text]) => [field.slice(8), JSON.parse(text) as Verdict])),
        votes: await lastWords(id),
        history: history.map((text) => {
          const { user, said, at } = JSON.parse(text) as VotedCase['history'][number];
          return { user, said, at };
        }),
      };
    },
  };

  async function lastWords(id: string): Promise<Vote[]> {
    const votes = (await redis.hvals(key.votes(id))).flatMap((text) => readVote(text) ?? []);
    return votes.sort((a, b) => (a.at < b.at ? -1 : 1));
  }
}

function readVote(text: string): Vote | null {
  return voteSchema.safeParse(JSON.parse(text)).data ?? null;
}

/** Pure: what a word says about the ingress; null: nothing ("right" about an answer that left it open). */
export function meaning(said: Vote['said'] | 'none', answer: Answer): 'ingress' | 'not-ingress' | null {
  if (said === 'none') return null;
  if (said !== 'right') return said;
  return answer === 'inconclusive' ? null : answer;
}

/** Pure: the hop and cause that a word names, as far as they exist and fit each other. */
export function readPlace(text: string): Pick<Vote, 'hop' | 'cause'> {
  const [what, name = ''] = text.split(':');
  const hops: readonly string[] = [...HOPS, 'none'];
  if (what === 'hop' && hops.includes(name)) return { hop: name as Vote['hop'], cause: null };
  if (what === 'cause' && Object.hasOwn(CAUSES, name))
    return { hop: CAUSES[name as keyof typeof CAUSES].hop as Vote['hop'], cause: name };
  return { hop: null, cause: null };
}

/** Pure: whether a word contradicts itself: "it was the ingress" with a hop that is none of it. */
export function contradicts(said: Vote['said'] | 'none', hop: Vote['hop'], answer: Answer): boolean {
  const means = meaning(said, answer);
  if (hop === null || means === null) return false;
  return (INGRESS_HOPS as readonly string[]).includes(hop) !== (means === 'ingress');
}

/**
 * Pure: by how much people's last words move a count of guilty verdicts, among cases whose report accused the ingress: those that
 * it cleared and people convicted, and the other way round.
 */
export function correctionOf(words: readonly PeoplesWord[]): { convicted: number; cleared: number } {
  const blamed = words.filter((word) => word.blamed);
  return {
    convicted: blamed.filter((word) => word.theirs === 'ingress' && word.ours !== 'ingress').length,
    cleared: blamed.filter((word) => word.theirs === 'not-ingress' && word.ours === 'ingress').length,
  };
}

/** The answer that the score counted: that of the first run, as far as earlier runs are remembered. */
function firstAnswer(record: CaseRecord, verdict: Verdict): Answer {
  const first = record.earlier[0]?.answer;
  return ANSWERS.find((answer) => answer === first) ?? verdict.answer;
}

const cut = (reason: string): string => reason.trim().slice(0, MOST_REASON);
