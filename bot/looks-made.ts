import type { Verdict } from '../diagnostics/types.ts';

/** What a verdict cost: `33 of 40 looks in 1.3 s, the rest could not change the answer`; `planned` for verdicts that do not say it. */
export function looksMade({ looks, durationMs }: Pick<Verdict, 'looks' | 'durationMs'>, planned?: number): string {
  const seconds = `${(durationMs / 1000).toFixed(1)} s`;
  const all = looks?.planned ?? planned;
  if (all === undefined) return seconds;
  if (looks === undefined || looks.made >= all) return `${all} looks in ${seconds}`;
  return `${looks.made} of ${all} looks in ${seconds}, the rest could not change the answer`;
}
