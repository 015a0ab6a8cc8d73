import type { Told } from '../diagnostics/priors.ts';
import { meaning, type Vote, type VotedCase } from './votes.ts';

/** Pure: what people say of a case, all their standing last words together; null: there is none that stands, or no verdict. */
export function toldBy({ verdicts, votes }: Pick<VotedCase, 'verdicts' | 'votes'>): Told | null {
  const standing = votes.filter((vote) => vote.undoneAt === null);
  const last = standing.at(-1);
  const ours = last && verdicts[String(last.run)];
  if (!ours) return null;
  // Whoever spoke about an earlier run spoke about another answer.
  const about = standing.filter((vote) => vote.run === last.run);
  const agrees = (vote: Vote): boolean =>
    meaning(vote.said, ours.answer) === ours.answer && (vote.cause === null || vote.cause === ours.cause);
  const right = about.filter(agrees).length;
  const wrong = about.length - right;
  return {
    ours,
    people: right > wrong ? 'right' : wrong > right ? 'wrong' : null,
    cause: mostNamed(about),
  };
}

/** The cause that more people name than any other; null where none is named or two are alike. */
function mostNamed(votes: Vote[]): string | null {
  const named = Map.groupBy(
    votes.flatMap(({ cause }) => cause ?? []),
    (cause) => cause,
  );
  const [first, second] = [...named].sort(([, a], [, b]) => b.length - a.length);
  return first && first[1].length > (second?.[1].length ?? 0) ? first[0] : null;
}
