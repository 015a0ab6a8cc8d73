import { list, n, p, table } from './markdown.ts';
import { type Scored, scoreAll } from './score.ts';

/** A whole run of all worlds, with its seed where it had one. */
export interface WholeRun {
  seed: number | null;
  scored: Scored[];
}

/** Answer, hop and cause are right. */
export const wholly = ({ right }: Scored): boolean => right.answer && right.hop && right.cause;
/** A row of `SHARES`. */
export const shares = (name: string, all: Scored[]): (string | number)[] => {
  const score = scoreAll(all);
  return [name, all.length, p(score.accuracy.answer), p(score.accuracy.hop), p(score.accuracy.cause), n(score.brier)];
};
/** Columns of a part of the incidents. */
export const SHARES = ['', 'incidents', 'answer', 'hop', 'cause', 'Brier'];

/** Every world anew: another order, other chances where a world leaves something to chance. */
export function liveRuns(runs: WholeRun[]): string {
  const rows = runs.map(({ seed, scored }) => {
    const score = scoreAll(scored);
    const shares = [score.accuracy.answer, score.accuracy.hop, score.accuracy.cause].map(p);
    const wrong = scored.filter((one) => !wholly(one)).map((one) => `\`${one.id}\``);
    return [
      seed ?? 'none',
      scored.length,
      ...shares,
      score.confidentlyWrong,
      n(score.brier),
      score.p50Ms ?? '-',
      score.p95Ms ?? '-',
      wrong.join(', '),
    ];
  });
  return table(
    ['seed', 'incidents', 'answer', 'hop', 'cause', 'wrong at 0.7', 'Brier', 'P50 ms', 'P95 ms', 'not wholly right'],
    rows,
  );
}

/** Hop expected (the first that is accepted) against hop named. */
export function confusion(scored: Scored[]): string {
  const named = (hop: string | null | undefined): string => hop ?? 'no answer';
  const expected = (one: Scored): string => named(one.expected.hop[0]);
  // Where several hops are accepted, the accepted one that was named is no confusion.
  const truth = (one: Scored): string => {
    const got = one.got?.hop ?? null;
    return one.expected.hop.includes(got) ? named(got) : expected(one);
  };
  const hops = [...new Set(scored.flatMap((one) => [truth(one), named(one.got?.hop)]))].sort();
  const rows = hops.map((hop) => {
    const mine = scored.filter((one) => truth(one) === hop);
    return [hop, ...hops.map((other) => mine.filter((one) => named(one.got?.hop) === other).length || '')];
  });
  return table(['is \\ said', ...hops], rows);
}

/** Pure: every incident that is not wholly right, with what was said. */
export function wrongCases(scored: Scored[]): string {
  const wrong = scored.filter((one) => !wholly(one));
  if (wrong.length === 0) return 'None.';
  const rows = wrong.map((one) => [
    `\`${one.id}\``,
    `${one.expected.answer.join(' or ')}, ${one.expected.cause.join(' or ')}`,
    `${one.got?.answer}, ${one.got?.cause ?? '-'} (${one.confidence})`,
    one.wrong ?? '',
  ]);
  return table(['incident', 'is', 'said', ''], rows);
}

/** Pure: how each kind of variant fared. */
export function variantTable(variants: Scored[]): string {
  const masks = (scoreAll(variants).masks ?? []).sort((a, b) => (a.mask < b.mask ? -1 : 1));
  const rows = masks.map((m) => [
    m.mask,
    m.stayed + m.inconclusive + m.wrong.length,
    m.stayed,
    m.inconclusive,
    m.otherCause.length,
    m.wrong.length === 0 ? '0' : `**${m.wrong.length}**: ${list(m.wrong)}`,
  ]);
  return table(['variant', 'incidents', 'stayed', 'became inconclusive', 'stayed, another cause', 'wrong'], rows);
}
