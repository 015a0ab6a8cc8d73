import { CAUSES } from '../../diagnostics/causes.ts';
import { CHECKS } from '../../diagnostics/checks/index.ts';
import { readRows } from '../../diagnostics/findings.ts';
import { suspicionsOf } from '../../diagnostics/suspicions/index.ts';
import type { SavedCase } from '../../diagnostics/types.ts';
import type { Incident } from './incident.ts';
import { judgeAgain } from './saved.ts';
import { scoreOne } from './score.ts';

/** What happens to the suite when the judge is damaged in one place. */
export interface Bite {
  /** A finding's code that nobody reads any more, or a cause whose name is given to another. */
  damage: string;
  /** Incidents that are right with the whole judge and not with the damaged one. */
  fails: string[];
  /** Incidents in which it plays a part at all. */
  seen: number;
}

interface Kept {
  incident: Incident;
  saved: SavedCase;
}

/** Are answer, hop and cause as the incident expects? */
function isRight({ incident, saved }: Kept, read = readRows): boolean {
  const { right } = scoreOne(incident, judgeAgain(saved, { read, suspect: suspicionsOf }), 0);
  return right.answer && right.hop && right.cause;
}

/** Mutation of the judge: each code in turn is read by nobody. A code without a bite is one that no incident depends on. */
export function biteOfCodes(all: Kept[]): Bite[] {
  const right = all.filter((one) => isRight(one));
  const codes = CHECKS.flatMap((check) => Object.keys(check.findings)).sort();
  const seenIn = new Map(
    right.map((one) => [
      one,
      new Set(readRows(one.saved.evidence, one.saved.case, one.saved.path).findings.map((f) => f.code)),
    ]),
  );
  return codes.map((code) => {
    const deaf: typeof readRows = (rows, triage, path) => {
      const { findings, blind } = readRows(rows, triage, path);
      return { findings: findings.filter((finding) => finding.code !== code), blind };
    };
    const concerned = right.filter((one) => seenIn.get(one)?.has(code));
    const fails = concerned.filter((one) => !isRight(one, deaf)).map((one) => one.incident.id);
    return { damage: code, fails, seen: concerned.length };
  });
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
