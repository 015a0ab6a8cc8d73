import type { Baseline } from './baselines.ts';
import type { Reliability } from './calibrate.ts';
import type { FirstSight } from './first-sight.ts';
import type { HeldOut } from './held-out.ts';
import type { Incident } from './incident.ts';
import { type LookStudy, lookSection } from './looks.ts';
import { list, n, p, table } from './markdown.ts';
import { NOT_MADE } from './not-made.ts';
import { learning, reliabilityTables, sightSection } from './publish-confidence.ts';
import { confusion, liveRuns, SHARES, shares, variantTable, type WholeRun, wrongCases } from './publish-tables.ts';
import { type Score, type Scored, scoreAll } from './score.ts';
import { type StrangersSet, strangersSection } from './strangers.ts';
import type { Bite } from './teeth.ts';

/** Everything that docs/score.md is made from. */
export interface Published {
  /** The days between which the worlds were looked at, ISO dates. */
  from: string;
  to: string;
  incidents: Incident[];
  scored: Scored[];
  /** Incidents without evidence: skipped here, by name and reason. */
  skipped: string[];
  baselines: Baseline[];
  seed: number;
  /** Ids that the calibration learnt from. */
  learnt: ReadonlySet<string>;
  reliability: { of: string; is: Reliability }[];
  strangers: StrangersSet[];
  /** Verdicts on incidents that nothing is mended for. */
  heldOutSet: Scored[];
  runs: WholeRun[];
  looks: LookStudy;
  /** What is learnt, on what was held out, in several splits. */
  heldOut: HeldOut[];
  /** What the judge of the day before each incident said to it. */
  sights: FirstSight[];
  variants: Scored[];
  unseen: Scored[];
  teeth: { bites: Bite[]; inVariants: Bite[]; words: Bite[]; unnoticed: Bite[]; unseen: Bite[] };
  causes: { pairs: string[]; never: string[] };
  weights: { rules: string[]; keepsFromFine: string[]; notes: string[] };
}

/** Tags with fewer incidents say nothing. */
const ENOUGH = 5;

const of = (count: number, total: number): string => `${count} of ${total}`;
const names = (bites: Bite[]): string => list(bites.map(({ damage }) => damage));

/** Red or green. */
function goals(score: Score, data: Published): string {
  const ran = data.scored.length;
  const wrong = data.variants.filter((one) => one.outcome === 'wrong').length;
  const row = (what: string, want: string, got: string, good: boolean): string[] => [
    what,
    want,
    got,
    good ? 'green' : '**red**',
  ];
  const { accuracy } = score;
  const gaps = data.teeth.unnoticed.length + data.teeth.unseen.length + data.causes.never.length;
  return table(
    ['', 'wanted', 'is', ''],
    [
      row('answer right', '100 %', p(accuracy.answer), accuracy.answer === 1),
      row('hop right', '95 %', p(accuracy.hop), (accuracy.hop ?? 0) >= 0.95),
      row('cause right', '95 %', p(accuracy.cause), (accuracy.cause ?? 0) >= 0.95),
      row('wrong at 0.7 confidence or more', '0', of(score.confidentlyWrong, ran), score.confidentlyWrong === 0),
      row('ingress accused where it is not', '0', `${score.falseAccusations}`, score.falseAccusations === 0),
      row('ingress acquitted where it is', '0', `${score.falseExonerations}`, score.falseExonerations === 0),
      row('Brier', 'at most 0.050', n(score.brier), (score.brier ?? 1) <= 0.05),
      row('ECE', 'at most 0.050', n(score.ece), (score.ece ?? 1) <= 0.05),
      row('time to verdict, P50', 'under 2 s', `${score.p50Ms} ms`, (score.p50Ms ?? 9e9) < 2_000),
      row('time to verdict, P95', 'under 6 s', `${score.p95Ms} ms`, (score.p95Ms ?? 9e9) < 6_000),
      row('variants that turn wrong', '0', of(wrong, data.variants.length), wrong === 0),
      row('damage to the judge that nobody notices', '0', `${gaps} places`, gaps === 0),
    ],
  );
}

/** Pure: docs/score.md. */
export function scorePage(data: Published): string {
  const { scored, incidents, learnt } = data;
  const score = scoreAll(scored);
  const tags = new Map<string, Scored[]>();
  const byId = new Map(incidents.map((incident) => [incident.id, incident]));
  for (const one of scored)
    for (const tag of byId.get(one.id)?.tags ?? []) tags.set(tag, [...(tags.get(tag) ?? []), one]);
  const perHop = Map.groupBy(scored, (one) => one.expected.hop[0] ?? 'no answer');
  const novel = (outcome: Scored['outcome']): Scored[] => data.unseen.filter((one) => one.outcome === outcome);
  const { teeth, weights, causes } = data;
  const rules = weights.rules.length;
  const byName = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : 1);
  return `# The score

Written by \`./dev eval --publish --from DIR\`, red or green; nobody edits it. Worlds looked at from ${data.from} to ${data.to}.

${goals(score, data)}

## How it is measured

Each of ${incidents.length} incidents (\`test/incidents\`) is a folder with a world of real servers on one machine (nginx, HAProxy, Traefik,
Envoy, small applications, a Kubernetes API server that serves recorded objects), a report as people write them, and the truth:
answer, hop, cause. A world is started, the report is read and the case is looked at exactly as \`./dev check --report\` does it; the
verdict is held against the truth by exact match. ${data.skipped.length === 0 ? 'None was skipped.' : `Skipped: ${data.skipped.join('; ')}.`} What was looked at is kept
(\`./dev eval --save DIR\`), and judged again by the code of today for this page: everything but the looks themselves and their times can be had again in
seconds.

The rules were written with these incidents at hand, so the first table says how well they are kept, not how well the next fault
will be judged. Five parts of this page say something about that: strangers' incidents, first sights, the incidents as variants, the
judge without the rule of an incident's own cause, and the held-out part of the calibration.

The confidence is learnt on ${learnt.size} incidents (three of five, drawn by seed ${data.seed}), with all that is made from them; it is checked on the
other ${incidents.length - learnt.size}. An answer that is inconclusive claims nothing: its Brier term is that of a coin (0.25),
and it has no part in the ECE.

${table(SHARES, [
  shares(
    'learnt from',
    scored.filter((one) => learnt.has(one.id)),
  ),
  shares(
    'held out',
    scored.filter((one) => !learnt.has(one.id)),
  ),
  shares('all', scored),
])}

## Without looking

${table(
  ['', 'answer', 'hop', 'cause'],
  [
    ...data.baselines.map((one) => [one.name, p(one.answer), p(one.hop), p(one.cause)]),
    ['**ours**', p(score.accuracy.answer), p(score.accuracy.hop), p(score.accuracy.cause)],
  ],
)}

## Every wrong case

${wrongCases(scored)}

## Hops

${confusion(scored)}

${table(
  SHARES,
  [...perHop].sort(byName).map(([hop, all]) => shares(hop, all)),
)}

## Does it know how sure it is?

${reliabilityTables(data.reliability)}

${learning(data.heldOut)}

## Strangers' incidents

${strangersSection(data.strangers, data.heldOutSet)}
## At first sight

${sightSection(data.sights)}

## Variants: less to see, told wrong, something harmless beside it

The answer may stay or become inconclusive. A masked variant loses every look that rests on what was taken away, also one that drew on
other things too.

${variantTable(data.variants)}

## Faults without a rule

The rule of the incident's own cause is taken out: ${data.unseen.length} incidents. The answer stays right in ${novel('stayed').length}, becomes inconclusive in ${novel('inconclusive').length}, turns
wrong in ${novel('wrong').length}${
    novel('wrong').length
      ? `: ${novel('wrong')
          .map((one) => `\`${one.id}\` (${one.got?.answer}, ${one.got?.cause ?? one.got?.hop}, ${one.confidence})`)
          .join('; ')}`
      : ''
  }.

## Teeth

Each finding code in turn is read by nobody. ${rules} codes are named by a rule of the judge; ${weights.keepsFromFine.length} more only keep it from calling all
fine, ${weights.notes.length} are notes without weight.

- An incident fails without it: ${teeth.bites.length}. One of the variants fails: ${teeth.inVariants.length}.
- A rule that has its answer already names it to choose its words (${teeth.words.length}): ${names(teeth.words)}.
- Wherever it is found another finding says the same, so nothing fails (${teeth.unnoticed.length}): ${names(teeth.unnoticed)}.
- No incident that is judged right shows it (${teeth.unseen.length}; each has recorded readings in \`test/diagnostics/checks\`): ${names(teeth.unseen)}.
- Pairs of causes that could be swapped unnoticed: ${list(causes.pairs)}.

## Causes without an incident

${causes.never.map((cause) => `- \`${cause}\`: ${NOT_MADE[cause] ?? 'no incident yet'}.`).join('\n') || 'None.'}

## Whole runs

${liveRuns(data.runs)}

## No answer, and then?

${lookSection(data.looks)}

## Times

From the report to the verdict, worlds already up: P50 ${score.p50Ms} ms, P95 ${score.p95Ms} ms, longest ${Math.max(0, ...scored.map((one) => one.durationMs ?? 0))} ms.

## Tags

${table(
  SHARES,
  [...tags]
    .filter(([, all]) => all.length >= ENOUGH)
    .sort(byName)
    .map(([tag, all]) => shares(tag, all)),
)}
`;
}
