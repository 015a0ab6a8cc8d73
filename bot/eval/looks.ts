import { weigh } from '../../diagnostics/judge.ts';
import { nextLook, type State, stateOf } from '../../diagnostics/next-look.ts';
import type { EvidenceRow, SavedCase } from '../../diagnostics/types.ts';
import { isForTraining, SEED } from './calibrate.ts';
import type { Incident } from './incident.ts';
import { judgeAgain } from './saved.ts';
import type { Kept } from './teeth.ts';
import { VARIANTS } from './variants.ts';

/** A case that has no answer for want of looks, and which of them would have brought one. */
export interface Trial {
  incident: string;
  state: State;
  symptoms: string[];
  /** Checks with a blind look. */
  blind: string[];
  /** Those of them that alone bring an answer, with what they saw in the whole case. */
  would: string[];
  /** The one that the judge names. */
  named: string | null;
}

/** Two rows of the same look, whatever address a name led to. */
const keyOf = ({ look }: EvidenceRow): string => JSON.stringify([look.check, look.vantage, look.at, look.with]);

/** Pure: every variant of a case that has an answer and loses it: is each blind look given back in turn, which one brings it back? */
export function trialsOf({ id }: Incident, saved: SavedCase): Trial[] {
  if (saved.verdict.answer === 'inconclusive') return [];
  const whole = Map.groupBy(saved.evidence, keyOf);
  const saw = new Set(saved.evidence.filter((row) => !row.blind).map((row) => row.look.check));
  return VARIANTS.flatMap((variant): Trial[] => {
    const less = variant.of(saved);
    if (less === null) return [];
    const { scene, answer } = weigh({ ...less, durationMs: 0 });
    if (answer !== 'inconclusive') return [];
    const blind = [...new Set(scene.blind.map(({ check }) => check))];
    const brings = (check: string): boolean => {
      const evidence = less.evidence.flatMap((row) =>
        row.blind && row.look.check === check ? (whole.get(keyOf(row)) ?? [row]) : [row],
      );
      return judgeAgain({ ...less, evidence }).answer !== 'inconclusive';
    };
    return [
      {
        incident: id,
        state: stateOf(scene),
        symptoms: [...scene.case.symptoms.kinds],
        blind,
        would: blind.filter((check) => saw.has(check) && brings(check)),
        named: nextLook(scene)?.check ?? null,
      },
    ];
  });
}

type Counts = { [check: string]: [told: number, tried: number] };

/** That a look never brought an answer says something from so many trials on. */
const MANY = 8;

/** Pure: how often each look alone brought an answer; looks that never did in a few trials are left out. */
function count(trials: Trial[]): Counts {
  const counts: Counts = {};
  for (const { blind, would } of trials)
    for (const check of blind) {
      const [told, tried] = counts[check] ?? [0, 0];
      counts[check] = [told + (would.includes(check) ? 1 : 0), tried + 1];
    }
  return Object.fromEntries(
    Object.entries(counts)
      .filter(([, [told, tried]]) => told > 0 || tried >= MANY)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** Pure: the table of diagnostics/look-tells.ts, learnt from these trials. */
export function tellsFrom(trials: Trial[]): {
  all: Counts;
  states: Record<string, Counts>;
  kinds: Record<string, Counts>;
} {
  const by = (of: (trial: Trial) => string[]): Record<string, Counts> => {
    const names = [...new Set(trials.flatMap(of))].sort();
    return Object.fromEntries(names.map((name) => [name, count(trials.filter((trial) => of(trial).includes(name)))]));
  };
  return { all: count(trials), states: by(({ state }) => [state]), kinds: by(({ symptoms }) => symptoms) };
}

/** What the study of looks found. */
export interface LookStudy {
  /** Looks that were planned and made in all cases, and in how many cases some were spared. */
  looks: { made: number; planned: number; stoppedEarly: number; cases: number };
  /** Cases without an answer; of those, in how many one look alone would bring it, and in how many the named one is such. */
  parts: { of: string; trials: number; one: number; named: number }[];
}

/** What looks would have brought an answer where there is none, and which were spared. */
export function studyLooks(kept: Kept[]): LookStudy & { trials: Trial[] } {
  const trials = kept.flatMap(({ incident, saved }) => trialsOf(incident, saved));
  const counts = kept.map(({ saved }) => saved.verdict.looks ?? { made: 0, planned: 0 });
  const total = (of: (one: (typeof counts)[number]) => number): number => counts.reduce((sum, one) => sum + of(one), 0);
  const taught = (one: Trial): boolean => isForTraining(one.incident, SEED);
  return {
    trials,
    looks: {
      made: total(({ made }) => made),
      planned: total(({ planned }) => planned),
      stoppedEarly: total(({ made, planned }) => Number(made < planned)),
      cases: kept.length,
    },
    parts: [
      { of: 'learnt from', ...hits(trials.filter(taught)) },
      { of: 'held out', ...hits(trials.filter((one) => !taught(one))) },
    ],
  };
}

function hits(trials: Trial[]): { trials: number; one: number; named: number } {
  const able = trials.filter((one) => one.would.length > 0);
  const named = able.filter((one) => one.named !== null && one.would.includes(one.named)).length;
  return { trials: trials.length, one: able.length, named };
}

/** Pure: the part of the score about looks that were spared and looks that are missing. */
export function lookSection({ looks, parts }: LookStudy): string {
  const lines = parts.map(
    ({ of, trials, one, named }) =>
      `- ${of}: ${trials} variants with less to see end without an answer. In ${one} a single blind look, given back, brings it; the look that the verdict names next is such in ${named}.`,
  );
  return `Which look is named was learnt (\`./dev eval --looks --from DIR --write\`).

${lines.join('\n')}
- Looks end as soon as what was seen suffices: ${looks.planned - looks.made} of ${looks.planned} were spared, in ${looks.stoppedEarly} of ${looks.cases} cases. All begin at once, so it is the long waits that are saved.`;
}
