import { clock } from '../wording.ts';
import type { Gathered } from './collect.ts';
import type { Weighed } from './measure.ts';
import type { Margins, Measured, Shown, StageJudgement } from './types.ts';
import { about, many, number, percentOf, shareOf, time } from './words.ts';

/** Texts about a stage as a whole (voice.md, "A rollout is judged"). Names in them are as they came: the thread escapes them. */

const bad = (shown: Shown | null): string =>
  shown && 'total' in shown ? shareOf(shown.bad, shown.total) : shown ? time(shown.seconds) : 'not known';

const PARTING: { [measure in Measured['measure']]: (m: Measured) => string } = {
  errors: (m) => `the new proxies fail ${bad(m.fresh)} of ${probe(m)}requests, the old ones ${bad(m.old)}`,
  handshakes: (m) => `the new proxies lose ${bad(m.fresh)} of ${probe(m)}handshakes, the old ones ${bad(m.old)}`,
  resets: (m) => `the new proxies reset ${bad(m.fresh)} of ${probe(m)}connections, the old ones ${bad(m.old)}`,
  'lost-clients': (m) =>
    `${m.of} fails ${bad(m.fresh)} of its handshakes on the new proxies, ${bad(m.old)} on the old ones`,
  'latency-p99': (m) =>
    `the slowest 1 % of ${probe(m)}requests take ${longer(m.fresh)} on the new proxies, ${longer(m.old)} on the old ones`,
  'latency-p50': (m) =>
    `half of the ${probe(m)}requests take ${longer(m.fresh)} on the new proxies, ${longer(m.old)} on the old ones`,
  balance: (m) => `${m.of} gets ${bad(m.fresh)} of all requests on the new proxies, ${bad(m.old)} on the old ones`,
};
const probe = (m: Measured): string => (m.source === 'probes' ? 'probe ' : '');
const longer = (shown: Shown | null): string => (shown ? `${bad(shown)} or more` : 'longer than can be told');

const at = (share: number): string => `${percentOf(share)}`;

/** What parts most stands first: a class of clients that is lost names what a share of handshakes hides. */
export function stopHeadline(share: number, worse: Weighed[]): string {
  const lost = worse.find((w) => w.measured.measure === 'lost-clients');
  const { measured } = lost ?? (worse[0] as Weighed);
  const more = worse.length > 1 ? ` (and ${many(worse.length - 1, 'more measure')})` : '';
  return `Stop at ${at(share)}: ${PARTING[measured.measure](measured)}${more}.`;
}

const errorsOf = (weighed: Weighed[]): Shown | null =>
  weighed.find((w) => w.measured.measure === 'errors')?.measured.fresh ?? null;
const failed = (shown: Shown | null): string =>
  shown && 'total' in shown ? `, ${shown.bad === 0 ? 'no errors' : many(shown.bad, 'error')}` : ', errors not read';
const kind = (gathered: Gathered): string => (gathered.source === 'probes' ? 'probe' : 'request');

export function goOnHeadline(share: number, gathered: Gathered, weighed: Weighed[]): string {
  return `Go on from ${at(share)}: ${many(gathered.fresh, kind(gathered))} on the new proxies${failed(errorsOf(weighed))}, nothing worse than on the old ones.`;
}

export function notEnoughHeadline(share: number, gathered: Gathered | null, weighed: Weighed[]): string {
  if (!gathered) return `Not enough to tell at ${at(share)}: nothing was counted yet.`;
  if (gathered.fresh === 0) return `Not enough to tell at ${at(share)}: no ${kind(gathered)}s on the new proxies.`;
  return `Not enough to tell at ${at(share)}: ${many(gathered.fresh, kind(gathered))} on the new proxies${failed(errorsOf(weighed))}.`;
}

const KNOWN: { [measure in Measured['measure']]: { margin: keyof Margins; what: string } } = {
  errors: { margin: 'errors', what: 'errors' },
  handshakes: { margin: 'handshakes', what: 'failed handshakes' },
  resets: { margin: 'resets', what: 'resets' },
  'lost-clients': { margin: 'clients', what: 'lost clients' },
  'latency-p99': { margin: 'p99', what: 'slow requests' },
  'latency-p50': { margin: 'p50', what: 'slower requests' },
  balance: { margin: 'balance', what: 'uneven endpoints' },
};

/** What a stage waits for: how many more requests, for what, and about when. */
export function waitsFor(
  needs: StageJudgement['needs'],
  waiting: Weighed[],
  gathered: Gathered | null,
  margins: Margins,
  now: string,
): string[] {
  const blind = waiting.filter((w) => w.measured.verdict === 'blind').map((w) => w.measured.says);
  const suspects = waiting.filter((w) => w.suspect && w.measured.verdict === 'open');
  if (!gathered) return ['Neither counters nor probes were read: this is no success and no failure.'];
  const said = [...blind];
  const apart = suspects.filter((w) => !w.measured.concurrent);
  if (needs && waiting.length > blind.length) {
    const longest = waiting.toSorted((a, b) => (b.measured.needs ?? 0) - (a.measured.needs ?? 0))[0] as Weighed;
    const { margin, what } = KNOWN[longest.measured.measure];
    const when = needs.about ? `; at this rate that is ${clock(needs.about, now)}` : '';
    const never = gathered.rate <= 0 ? '; none come at present' : '';
    said.push(
      `I need about ${about(needs.requests)} more to rule out ${percentOf(margins[margin])} more ${what}${when || never}.`,
    );
  } else if (needs && blind.length === 0)
    said.push(
      `I need about ${about(needs.requests)} more, however alike the two look${needs.about ? `; at this rate that is ${clock(needs.about, now)}` : ''}.`,
    );
  for (const w of suspects.filter((s) => s.measured.concurrent)) said.push(w.measured.says);
  for (const w of apart)
    said.push(
      `${w.measured.says} The old proxies have no traffic now, so it may be the application: giving them some back would tell.`,
    );
  if (suspects.length === 0 && blind.length === 0) said.push('Nothing argues against waiting.');
  return said;
}

const ALIKE: [Measured['measure'], string][] = [
  ['errors', 'errors'],
  ['latency-p50', 'latency'],
  ['latency-p99', 'the slowest requests'],
  ['handshakes', 'handshakes'],
  ['resets', 'resets'],
  ['balance', 'balance'],
];

/** What is alike, in one sentence, and what was not seen, in the same breath. */
export function besides(weighed: Weighed[], blind: string[]): string[] {
  const of = (verdict: Measured['verdict']): string[] =>
    ALIKE.filter(([m]) => weighed.some((w) => w.measured.measure === m && w.measured.verdict === verdict)).map(
      ([, word]) => word,
    );
  const said: string[] = [];
  const alike = of('alike');
  if (alike.length > 0) said.push(`Alike on both sides: ${alike.join(', ')}.`);
  const clients = weighed.filter((w) => w.measured.measure === 'lost-clients');
  const rare = clients.filter((w) => w.measured.verdict === 'open' && !w.waits);
  const fine = clients.filter((w) => w.measured.verdict === 'alike').length;
  if (fine > 0)
    said.push(`${fine === 1 ? 'One class of clients gets' : `${number(fine)} classes of clients get`} in as before.`);
  for (const w of rare.slice(0, 3)) said.push(w.measured.says);
  const unseen = of('blind');
  if (unseen.length > 0) said.push(`Not seen: ${unseen.join(', ')}.`);
  return [...said, ...blind];
}
