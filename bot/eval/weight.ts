import { readdir, readFile } from 'node:fs/promises';
import { CHECKS } from '../../diagnostics/checks/index.ts';

/** Where findings are turned into an answer; other parts of the judge only choose words. */
const DIAGNOSTICS = new URL('../../diagnostics/', import.meta.url);
const FILES = ['scene.ts', 'without-suspicion.ts'];

/** How a code can change an answer: named by a rule; only by keeping us from calling all fine; not at all. */
export interface Weights {
  rules: string[];
  keepsFromFine: string[];
  notes: string[];
}

/** Pure: which of these codes stand as quoted words in a source. */
export function codesNamedIn(source: string, codes: ReadonlySet<string>): string[] {
  const words = [...source.matchAll(/'([A-Z][A-Z0-9_]*)'/g)].map(([, word]) => word as string);
  return [...new Set(words)].filter((word) => codes.has(word));
}

/** Every code of every check by its weight, as the judge's own source says it. Throws what reading files throws. */
export async function weightOfCodes(): Promise<Weights> {
  const specs = CHECKS.flatMap((check) => Object.entries(check.findings));
  const codes = new Set(specs.map(([code]) => code));
  const rules = (await readdir(new URL('suspicions/', DIAGNOSTICS))).map((name) => `suspicions/${name}`);
  const sources = await Promise.all([...rules, ...FILES].map((file) => readFile(new URL(file, DIAGNOSTICS), 'utf8')));
  const named = new Set(sources.flatMap((source) => codesNamedIn(source, codes)));
  const rest = specs.filter(([code]) => !named.has(code));
  const implicates = rest.filter(([, spec]) => spec.direction === 'implicates').map(([code]) => code);
  return {
    rules: [...named].sort(),
    keepsFromFine: implicates.sort(),
    notes: rest
      .map(([code]) => code)
      .filter((code) => !implicates.includes(code))
      .sort(),
  };
}
