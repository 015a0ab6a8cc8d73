import { DOUBTS, type Doubt, doubtOf } from '../../diagnostics/doubts.ts';
import { TriageError } from '../../diagnostics/errors.ts';
import { readRows } from '../../diagnostics/findings.ts';
import type { JudgeParts } from '../../diagnostics/judge.ts';
import { suspicionsOf } from '../../diagnostics/suspicions/index.ts';
import type { SavedCase, Verdict } from '../../diagnostics/types.ts';
import type { Incident } from './incident.ts';
import { judgeAgain } from './saved.ts';
import { type Scored, scoreMasked, scoreOne } from './score.ts';
import { unseen } from './unseen.ts';
import { VARIANTS } from './variants.ts';

/**
 * Where a verdict comes from: the incident as it is, its variants, the incident without the rule of its cause, and what the judge
 * said that stood before the incident came (first-sight.ts).
 */
export const KINDS = ['plain', 'variant', 'unseen', 'first-sight'] as const;

/** One conclusive verdict: how strong it was before calibration, what speaks against it, whether its answer was right. */
export interface Drawn {
  incident: string;
  kind: (typeof KINDS)[number];
  raw: number;
  doubt: Doubt | null;
  right: boolean;
  /** How much it counts: all of one kind of an incident together at most 1. */
  weight: number;
}

/** How strong a verdict was before calibration, 0 to 1. */
export const strengthOf = (verdict: Verdict): number => verdict.strength ?? verdict.confidence;

/** What an earlier calibration left without an answer has to be seen too, or it could never be found wrong. */
const UNCALIBRATED: JudgeParts = { read: readRows, suspect: suspicionsOf, often: (strength) => strength };

/**
 * Pure: every conclusive verdict on an incident's evidence by today's judge: as it is, in its variants (which count as one
 * together), and without the rule of its cause. The last stands for faults nobody has thought of.
 */
export function drawsOf(incident: Incident, saved: SavedCase): Drawn[] {
  const draw = (kind: Drawn['kind'], verdict: Verdict, scored: Scored): Drawn[] => {
    if (verdict.answer === 'inconclusive') return [];
    const right = scored.outcome === undefined ? scored.right.answer : scored.outcome !== 'wrong';
    return [{ incident: incident.id, kind, raw: strengthOf(verdict), doubt: doubtOf(verdict), right, weight: 1 }];
  };
  const novel = unseen(incident, saved, UNCALIBRATED.often);
  const plain = judgeAgain(saved, UNCALIBRATED);
  const variants = VARIANTS.flatMap((variant) => {
    const changed = variant.of(saved);
    if (changed === null) return [];
    const verdict = judgeAgain(changed, UNCALIBRATED);
    return draw('variant', verdict, scoreMasked(scoreOne(incident, verdict, 0), variant.name));
  });
  return [
    ...draw('plain', plain, scoreOne(incident, plain, 0)),
    ...(novel === null ? [] : draw('unseen', novel.verdict, novel.scored)),
    ...variants.map((one) => ({ ...one, weight: 1 / variants.length })),
  ];
}

const HEAD = `# What the calibration learns from, written by \`./dev eval --calibrate --from DIR --write\`, never edited: conclusive verdicts on
# every incident, alike ones as one. Incident, kind (bot/eval/draws.ts), strength, doubt, right or wrong, weight.
`;

/** Pure: draws as lines, alike ones of an incident as one, in an order of their own: the same text for the same draws. */
export function drawsText(draws: readonly Drawn[]): string {
  const keyOf = ({ incident, kind, raw, doubt, right }: Drawn): string =>
    [incident, kind, raw, doubt ?? '-', right ? 'right' : 'wrong'].join('\t');
  const lines = [...Map.groupBy(draws, keyOf)].map(
    ([key, alike]) => `${key}\t${Number(alike.reduce((sum, one) => sum + one.weight, 0).toFixed(4))}`,
  );
  return `${HEAD}${lines.sort().join('\n')}\n`;
}

/** Pure: what `drawsText` wrote. Throws TriageError `unreadable` with the line. */
export function readDraws(text: string): Drawn[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [incident = '', kind, raw, doubt, right, weight] = line.split('\t');
      const one = { kind: KINDS.find((k) => k === kind), doubt: DOUBTS.find((d) => d === doubt) ?? null };
      if (!one.kind || !(Number(raw) >= 0) || !(Number(weight) > 0) || (one.doubt === null && doubt !== '-'))
        throw new TriageError('unreadable', `draws: ${line.slice(0, 80)}`);
      return {
        incident,
        kind: one.kind,
        raw: Number(raw),
        doubt: one.doubt,
        right: right === 'right',
        weight: Number(weight),
      };
    });
}
