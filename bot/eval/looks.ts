import { weigh } from '../../diagnostics/judge.ts';
import { nextLook, type State, stateOf } from '../../diagnostics/next-look.ts';
import type { EvidenceRow, SavedCase } from '../../diagnostics/types.ts';
import type { Incident } from './incident.ts';
import { judgeAgain } from './saved.ts';
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

/** Pure: how often each look alone brought an answer; looks that never did are left out. */
function count(trials: Trial[]): Counts {
  const counts: Counts = {};
  for (const { blind, would } of trials)
    for (const check of blind) {
      const [told, tried] = counts[check] ?? [0, 0];
      counts[check] = [told + (would.includes(check) ? 1 : 0), tried + 1];
    }
  return Object.fromEntries(
    Object.entries(counts)
      .filter(([, [told]]) => told > 0)
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
