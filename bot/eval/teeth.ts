import { CAUSES } from '../../diagnostics/causes.ts';
import { readRows } from '../../diagnostics/findings.ts';
import { suspicionsOf } from '../../diagnostics/suspicions/index.ts';
import type { SavedCase } from '../../diagnostics/types.ts';
import type { Incident } from './incident.ts';
import { judgeAgain } from './saved.ts';
import { scoreOne } from './score.ts';
import { VARIANTS } from './variants.ts';

/** What happens to the suite when the judge is damaged in one place. */
export interface Bite {
  /** A finding's code that nobody reads any more, or a cause whose name is given to another. */
  damage: string;
  /** Incidents that are right with the whole judge and not with the damaged one. */
  fails: string[];
  /** Incidents in which it plays a part at all. */
  seen: number;
}

/** What was saved of an incident. */
export interface Kept {
  incident: Incident;
  saved: SavedCase;
}

/** Are answer, hop and cause as the incident expects? */
function isRight({ incident, saved }: Kept, read = readRows): boolean {
  const { right } = scoreOne(incident, judgeAgain(saved, { read, suspect: suspicionsOf }), 0);
  return right.answer && right.hop && right.cause;
}

/** Pure: every variant of what was saved, named after both. */
export const variantsOf = (all: Kept[]): Kept[] =>
  all.flatMap(({ incident, saved }) =>
    VARIANTS.flatMap((variant) => {
      const changed = variant.of(saved);
      return changed === null
        ? []
        : [{ incident: { ...incident, id: `${incident.id}, ${variant.name}` }, saved: changed }];
    }),
  );

/** Mutation of the judge: each code in turn is read by nobody. A code without a bite is one that no incident depends on. */
export function biteOfCodes(all: Kept[], codes: string[]): Bite[] {
  const right = all.flatMap((one) => {
    const seen = readRows(one.saved.evidence, one.saved.case, one.saved.path);
    return isRight(one, () => seen) ? [{ one, seen, codes: new Set(seen.findings.map((f) => f.code)) }] : [];
  });
  return codes.map((code) => {
    const concerned = right.filter((kept) => kept.codes.has(code));
    const fails = concerned.filter(({ one, seen }) => {
      const deaf = { findings: seen.findings.filter((finding) => finding.code !== code), blind: seen.blind };
      return !isRight(one, () => deaf);
    });
    return { damage: code, fails: fails.map(({ one }) => one.incident.id), seen: concerned.length };
  });
}

/** Does a rule that has reached its answer without this code still say it in other words: whose fault it is, or what to do? */
function choosesWords(all: Kept[], code: string): boolean {
  return all.some(({ saved }) => {
    const seen = readRows(saved.evidence, saved.case, saved.path);
    if (!seen.findings.some((finding) => finding.code === code)) return false;
    const deaf = { findings: seen.findings.filter((finding) => finding.code !== code), blind: seen.blind };
    const [whole, without] = [saved.verdict, judgeAgain(saved, { read: () => deaf, suspect: suspicionsOf })];
    return whole.headline !== without.headline || whole.nextStep !== without.nextStep;
  });
}

/** Mutation of every code that a rule names: in the incidents as they are, and where none notices in their variants. */
export function teethOf(
  all: Kept[],
  rules: string[],
): { bites: Bite[]; inVariants: Bite[]; words: Bite[]; unnoticed: Bite[]; unseen: Bite[] } {
  const plain = biteOfCodes(all, rules);
  const bites = plain.filter((bite) => bite.fails.length > 0);
  const rest = plain.filter((bite) => bite.fails.length === 0 && bite.seen > 0);
  const codes = rest.map((bite) => bite.damage);
  const varied = codes.length ? biteOfCodes(variantsOf(all), codes) : [];
  const inVariants = varied.filter((bite) => bite.fails.length > 0);
  const idle = rest.filter((bite) => !inVariants.some((one) => one.damage === bite.damage));
  const words = idle.filter((bite) => choosesWords(all, bite.damage));
  return {
    bites,
    inVariants,
    words,
    unnoticed: idle.filter((bite) => !words.includes(bite)),
    unseen: plain.filter((bite) => bite.seen === 0),
  };
}

/**
 * Swapping two causes fails wherever one of them is found and the other is not accepted: so a swap goes unnoticed only
 * between two that no incident tells apart. Gives those pairs, and the causes that no incident has.
 */
export function causesWithoutTeeth(all: Kept[]): { pairs: string[]; never: string[] } {
  const found = new Map<string, Incident[]>();
  for (const one of all.filter((kept) => isRight(kept))) {
    const { cause } = judgeAgain(one.saved);
    if (cause !== null) found.set(cause, [...(found.get(cause) ?? []), one.incident]);
  }
  const causes = Object.keys(CAUSES);
  const tells = (cause: string, from: string): boolean =>
    (found.get(cause) ?? []).some((incident) => !incident.expect.cause.includes(from));
  const have = causes.filter((cause) => found.has(cause));
  const pairs = have.flatMap((a, i) =>
    have.slice(i + 1).flatMap((b) => (tells(a, b) || tells(b, a) ? [] : [`${a} and ${b}`])),
  );
  return { pairs, never: causes.filter((cause) => !found.has(cause)) };
}
