import { PREFIX } from './queues.ts';
import type { RedisClient } from './redis.ts';
import { correctionOf, createVotes, type PeoplesWord } from './votes.ts';

/** What was found in a stretch of time. A case is counted once, by its first verdict. */
interface ScoreCount {
  cases: number;
  byAnswer: Record<string, number>;
  /** Cases whose report accused the ingress, and how many of those it was by our verdict. */
  blamed: number;
  guilty: number;
  /** The same as `guilty`, by people's last word where somebody gave one. */
  guiltyByPeople: number;
  /** Cases in which a word of people stands, and those of them that say another answer than ours. */
  said: number;
  overturned: number;
}

/** One month (UTC): `2026-11`. */
interface MonthScore extends ScoreCount {
  month: string;
}

export interface Score extends ScoreCount {
  /** Oldest first, without holes, the present month last; nothing before the first case that was counted by month. */
  months: MonthScore[];
}

/** More months than a chart can show. */
const MOST_MONTHS = 12;
const ANSWERS = ['ingress', 'not-ingress', 'inconclusive'] as const;
const NAME = `${PREFIX}:score`;

/** `2026-11`, of a case's id: verdict and people's word are counted in the month in which the case was opened. */
export const monthOfCase = (id: string): string => `${id.slice(2, 6)}-${id.slice(6, 8)}`;

/** How often the ingress was blamed and guilty: in all, and in the last twelve months until `now` (ms). */
export async function loadScore(redis: RedisClient, now: number): Promise<Score> {
  const [hash, people] = await Promise.all([redis.hgetall(NAME), createVotes(redis).people()]);
  return readScore(hash, people, now);
}

/** Pure: the score out of its hash (in all, and for each month under its name) and what people say. */
export function readScore(hash: Record<string, string>, people: readonly PeoplesWord[], now: number): Score {
  const counted = (prefix: string, words: readonly PeoplesWord[]): ScoreCount => {
    const of = (name: string) => Number(hash[`${prefix}${name}`] ?? 0);
    const { convicted, cleared } = correctionOf(words);
    return {
      cases: ANSWERS.reduce((sum, answer) => sum + of(answer), 0),
      byAnswer: Object.fromEntries(ANSWERS.map((answer) => [answer, of(answer)])),
      blamed: of('blamed'),
      guilty: of('guilty'),
      guiltyByPeople: Math.min(of('blamed'), Math.max(0, of('guilty') + convicted - cleared)),
      said: words.length,
      overturned: words.filter(({ ours, theirs }) => ours !== theirs).length,
    };
  };
  const [first = '9999'] = Object.keys(hash)
    .flatMap((name) => /^(\d{4}-\d{2}):/.exec(name)?.[1] ?? [])
    .sort();
  const present = new Date(now);
  const months = Array.from({ length: MOST_MONTHS }, (_, i) =>
    new Date(Date.UTC(present.getUTCFullYear(), present.getUTCMonth() - (MOST_MONTHS - 1 - i), 1))
      .toISOString()
      .slice(0, 7),
  ).filter((month) => month >= first);
  const wordsOf = (month: string) => people.filter((word) => monthOfCase(word.case) === month);
  return {
    ...counted('', people),
    months: months.map((month) => ({ month, ...counted(`${month}:`, wordsOf(month)) })),
  };
}
