import type { Baseline } from './baselines.ts';
import { isForTraining } from './calibrate.ts';
import type { Incident } from './incident.ts';
import type { Kept } from './teeth.ts';

/** A case by the codes of its findings, and what is to be guessed. */
export interface Labelled {
  label: string;
  codes: ReadonlySet<string>;
}

/** Every code was seen half a time with each label and half a time not (Jeffreys' prior). */
const PRIOR = 0.5;

/**
 * Pure: naive Bayes on which codes are found and which are not (Bernoulli; McCallum and Nigam 1998), as if codes said nothing of
 * each other. Gives the likeliest label; null where nothing was learnt from.
 */
export function naiveBayes(rows: readonly Labelled[]): (codes: ReadonlySet<string>) => string | null {
  const codes = [...new Set(rows.flatMap((row) => [...row.codes]))];
  const classes = [...Map.groupBy(rows, (row) => row.label)].map(([label, mine]) => {
    const shares = codes.map(
      (code) => (mine.filter((row) => row.codes.has(code)).length + PRIOR) / (mine.length + 2 * PRIOR),
    );
    return { label, prior: Math.log(mine.length / rows.length), shares };
  });
  return (found) => {
    const odds = ({ prior, shares }: (typeof classes)[number]): number =>
      shares.reduce((sum, share, i) => sum + Math.log(found.has(codes[i] as string) ? share : 1 - share), prior);
    const [best] = classes.map((one) => ({ label: one.label, odds: odds(one) })).sort((a, b) => b.odds - a.odds);
    return best?.label ?? null;
  };
}

const PARTS = ['answer', 'hop', 'cause'] as const;
/** What an incident expects first; `none` stands for no hop or cause. */
const labelOf = ({ expect }: Incident, part: (typeof PARTS)[number]): string => String(expect[part][0] ?? null);

/** Pure: how often naive Bayes is right that learns from three of five incidents, on the others; the mean of these splits. */
export function learntBaseline(kept: readonly Kept[], seeds: readonly number[]): Baseline {
  const seen = kept.map(({ incident, saved }) => ({
    incident,
    codes: new Set(saved.verdict.findings.map((finding) => finding.code)),
  }));
  const right = (part: (typeof PARTS)[number], seed: number): number => {
    const guess = naiveBayes(
      seen
        .filter(({ incident }) => isForTraining(incident.id, seed))
        .map(({ incident, codes }) => ({ label: labelOf(incident, part), codes })),
    );
    const rest = seen.filter(({ incident }) => !isForTraining(incident.id, seed));
    const accepted = ({ incident, codes }: (typeof seen)[number]): boolean => {
      const said = guess(codes);
      return incident.expect[part].some((one) => said !== null && String(one) === said);
    };
    return rest.filter(accepted).length / Math.max(1, rest.length);
  };
  const mean = (part: (typeof PARTS)[number]): number =>
    seeds.reduce((sum, seed) => sum + right(part, seed), 0) / seeds.length;
  return {
    name: `naive Bayes on the findings’ codes (learnt on three of five, scored on the others; mean of ${seeds.length} splits)`,
    answer: mean('answer'),
    hop: mean('hop'),
    cause: mean('cause'),
  };
}
