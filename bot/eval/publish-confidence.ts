import { CALIBRATION } from '../../diagnostics/calibration-table.ts';
import { DOUBT_SAYS, DOUBTS } from '../../diagnostics/doubts.ts';
import type { Reliability } from './calibrate.ts';
import { KINDS } from './draws.ts';
import type { FirstSight } from './first-sight.ts';
import type { HeldOut } from './held-out.ts';
import { n, table } from './markdown.ts';

/** Pure: what was said against what came true, a table for each part. */
export const reliabilityTables = (parts: { of: string; is: Reliability }[]): string =>
  parts
    .map(({ of: name, is }) => {
      const cells = is.table.map((row) => [
        `${row.from.toFixed(1)} to ${(row.from + 0.1).toFixed(1)}`,
        row.verdicts,
        row.said.toFixed(3),
        row.right.toFixed(3),
      ]);
      return `**${name}**: ECE ${n(is.ece)}\n\n${table(['confidence', 'verdicts', 'said', 'right'], cells)}`;
    })
    .join('\n\n');

const KIND_SAYS: { readonly [kind in HeldOut['kind']]: string } = {
  plain: 'as they are',
  variant: 'as variants',
  unseen: 'without the rule of their cause',
  'first-sight': 'at first sight',
};

/** Pure: what each part of what is learnt is worth where it was not learnt. */
export function learning(all: HeldOut[]): string {
  const mean = (part: HeldOut[], of: keyof Omit<Reliability, 'table'>): number =>
    part.reduce((sum, one) => sum + one.is[of], 0) / Math.max(1, part.length);
  const ways = [...new Set(all.map((one) => one.way))];
  const seeds = new Set(all.map((one) => one.seed)).size;
  const rows = KINDS.flatMap((kind) =>
    ways.map((way) => {
      const part = all.filter((one) => one.kind === kind && one.way === way);
      return [KIND_SAYS[kind], way, n(mean(part, 'brier')), n(mean(part, 'logLoss')), n(mean(part, 'ece'))];
    }),
  );
  const doubts = DOUBTS.map((doubt) => `${DOUBT_SAYS[doubt]} (times ${CALIBRATION.doubts[doubt]})`);
  return `**What is learnt, and what it is worth on what was held out.** A map that never falls from strength to the share that was right, taught by
incidents as they are, as variants, without the rule of their cause, and by first sights (below); and how many times smaller two doubts
make the odds: ${doubts.join('; ')}. Means of ${seeds} splits, each verdict judged by what the other incidents teach:

${table(['held out', 'learnt from', 'Brier', 'log loss', 'ECE'], rows)}

Tried in November 2026 as further doubts, or as weights of a logistic model, and left out, since in cross-validation by incident they told
nothing more, or only of one world: each cause’s own record, how much of the trouble is explained, how many looks agree, how many clear the
accused hop, the share of blind looks, the margin to the next suspicion, whether counts say where a fault begins, whether naive Bayes agrees.
No such model brought more than one of the four answers that were wrong without a rule under 0.7: it can be learnt how often that
happens, hardly where.`;
}

/** Pure: how the judge of the commit before each incident fared. */
export function sightSection(sights: FirstSight[]): string {
  const count = (outcome: FirstSight['outcome']): number => sights.filter((one) => one.outcome === outcome).length;
  const wrong = sights
    .filter((one) => one.outcome === 'wrong')
    .map((one) => `\`${one.incident}\` (${one.answer}, ${one.cause ?? one.hop}, strength ${one.strength})`);
  return `The judge of the commit before an incident came, on what today’s looks saw of it: ${sights.length} incidents. Right in ${count('right')}, only the
answer right in ${count('partly')}, open in ${count('open')}, wrong in ${count('wrong')}${wrong.length ? `: ${wrong.join('; ')}` : ''}.

Nobody could have tuned that judge on that incident. Many incidents were written by those who wrote the rules, though, some beside their
rule: that flatters, but less than the first table.`;
}
