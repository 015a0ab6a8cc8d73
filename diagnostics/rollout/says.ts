import { clock } from '../wording.ts';
import type { Gathered } from './collect.ts';
import type { Weighed } from './measure.ts';
import type { Margins, Measured, Shown, StageJudgement } from './types.ts';
import { about, countOf, many, number, percentOf, shareOf, shareOfAll, time } from './words.ts';

/** Texts about a stage as a whole (voice.md, "A rollout is judged"). Names in them are as they came: the thread escapes them. */

const bad = (shown: Shown | null): string =>
  shown && 'total' in shown ? shareOf(shown.bad, shown.total) : shown ? time(shown.seconds) : 'not known';

const ofAll = (m: Measured, noun: string): string =>
  m.fresh && 'total' in m.fresh ? shareOfAll(m.fresh.bad, m.fresh.total, `${probe(m)}${noun}`) : 'not known';

const PARTING: { [measure in Measured['measure']]: (m: Measured) => string } = {
  errors: (m) => `the new proxies fail ${ofAll(m, 'request')}, the old ones ${bad(m.old)}`,
  handshakes: (m) => `the new proxies lose ${ofAll(m, 'handshake')}, the old ones ${bad(m.old)}`,
  resets: (m) => `the new proxies reset ${ofAll(m, 'connection')}, the old ones ${bad(m.old)}`,
  'lost-clients': (m) => `${m.of} fails ${ofAll(m, 'handshake')} on the new proxies, ${bad(m.old)} on the old ones`,
  'latency-p99': (m) =>
    `the slowest 1 % of ${probe(m)}requests take ${longer(m.fresh)} on the new proxies, ${longer(m.old)} on the old ones`,
  'latency-p50': (m) =>
    `half of the ${probe(m)}requests take ${longer(m.fresh)} on the new proxies, ${longer(m.old)} on the old ones`,
  balance: (m) => `${m.of} gets ${ofAll(m, 'request')} on the new proxies, ${bad(m.old)} on the old ones`,
};
const probe = (m: Measured): string => (m.source === 'probes' ? 'probe ' : '');
const longer = (shown: Shown | null): string => (shown ? `${bad(shown)} or more` : 'longer than can be told');

const ALSO: { [measure in Measured['measure']]: string } = {
  errors: 'errors',
  handshakes: 'handshakes',
  resets: 'resets',
  'lost-clients': 'other clients',
  'latency-p99': 'the slowest requests',
  'latency-p50': 'latency',
  balance: 'balance',
};

const at = (share: number): string => `${percentOf(share)}`;

/** What parts most stands first: a class of clients that is lost names what a share of handshakes hides. */
export function stopHeadline(share: number, worse: Weighed[]): string {
  const lost = worse.find((w) => w.measured.measure === 'lost-clients');
  const { measured } = lost ?? (worse[0] as Weighed);
  const others = worse.filter((w) => w.measured !== measured).map((w) => ALSO[w.measured.measure]);
  const more = others.length > 0 ? ` (worse too: ${[...new Set(others)].join(', ')})` : '';
  return `Stop at ${at(share)}: ${stopLead(measured)}${more}.`;
}
const stopLead = (measured: Measured): string => PARTING[measured.measure](measured);

const errorsOf = (weighed: Weighed[]): Shown | null =>
  weighed.find((w) => w.measured.measure === 'errors')?.measured.fresh ?? null;
const failed = (shown: Shown | null): string =>
  shown && 'total' in shown ? `, ${shown.bad === 0 ? 'no errors' : many(shown.bad, 'error')}` : ', errors not read';
const kind = (gathered: Gathered): string => (gathered.source === 'probes' ? 'probe' : 'request');

/** Requests and errors, since that is what people ask. */
export function goOnHeadline(share: number, gathered: Gathered, weighed: Weighed[]): string {
  return `${share === 1 ? 'All may stay at 100 %' : `Go on from ${at(share)}`}: ${many(gathered.fresh, kind(gathered))} on the new proxies${failed(errorsOf(weighed))}, nothing worse than on the old ones.`;
}

/** How much there is so far. */
export function notEnoughHeadline(share: number, gathered: Gathered | null, weighed: Weighed[]): string {
  if (!gathered) return `Not enough to tell at ${at(share)}: nothing was counted yet.`;
  if (gathered.fresh === 0) return `Not enough to tell at ${at(share)}: no ${kind(gathered)}s on the new proxies.`;
  return `Not enough to tell at ${at(share)}: ${many(gathered.fresh, kind(gathered))} on the new proxies${failed(errorsOf(weighed))}.`;
}

/** What more requests would rule out. */
const RULED_OUT: { [measure in Measured['measure']]: (margins: Margins, of: string | null) => string } = {
  errors: (margins) => `${percentOf(margins.errors)} more errors`,
  handshakes: (margins) => `${percentOf(margins.handshakes)} more failed handshakes`,
  resets: (margins) => `${percentOf(margins.resets)} more resets`,
  'lost-clients': (_, of) => `that ${of ?? 'a class of clients'} no longer gets in`,
  'latency-p99': (margins) => `${percentOf(margins.p99)} more slow requests`,
  'latency-p50': () => 'that requests became slower',
  balance: () => 'that one endpoint gets too much',
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
  const lost = waiting.filter((w) => w.measured.measure === 'lost-clients' && w.measured.needs !== null).length;
  const longest = waiting
    .filter((w) => w.measured.needs !== null)
    .toSorted((a, b) => (b.measured.needs ?? 0) - (a.measured.needs ?? 0))[0];
  const when = needs?.about
    ? `; at this rate that is ${clock(needs.about, now)}`
    : gathered.rate <= 0
      ? '; none come at present'
      : '';
  const more = needs && `I need about ${about(needs.requests)} more ${kind(gathered)}s`;
  // Which of several classes takes longest changes from look to look.
  const of = lost > 1 && longest?.measured.measure === 'lost-clients' ? `one of ${lost} classes of clients` : null;
  if (more && longest)
    said.push(`${more} to rule out ${RULED_OUT[longest.measured.measure](margins, of ?? longest.measured.of)}${when}.`);
  else if (more) said.push(`${more}, however alike the two look${when}.`);
  if (
    waiting.some((w) => w.measured.verdict === 'open' && w.measured.needs === null) &&
    gathered.old === 0 &&
    apart.length === 0
  )
    said.push(
      'The old proxies have no traffic to compare with, now or in earlier stages: more of the same would not tell.',
    );
  for (const w of suspects.filter((s) => s.measured.concurrent)) said.push(w.measured.says);
  for (const w of apart)
    said.push(
      `${w.measured.says} The old proxies have no traffic now, so it may be the application: giving them some back would tell.`,
    );
  if (suspects.length === 0 && blind.length === 0) said.push('Nothing argues against waiting.');
  return said;
}

const ALIKE: Measured['measure'][] = ['errors', 'latency-p50', 'latency-p99', 'handshakes', 'resets', 'balance'];

/** What is alike, in one sentence, and what was not seen, in the same breath. */
export function besides(weighed: Weighed[], blind: string[]): string[] {
  const of = (verdict: Measured['verdict']): string[] =>
    ALIKE.filter((m) => weighed.some((w) => w.measured.measure === m && w.measured.verdict === verdict)).map(
      (m) => ALSO[m],
    );
  const said: string[] = [];
  const alike = of('alike');
  if (alike.length > 0) said.push(`Alike on both sides: ${alike.join(', ')}.`);
  const clients = weighed.filter((w) => w.measured.measure === 'lost-clients');
  const seen = (w: Weighed): boolean => w.measured.old !== null || w.measured.fresh !== null;
  const rare = clients.filter((w) => w.measured.verdict === 'open' && !w.waits && seen(w));
  const fine = clients.filter((w) => w.measured.verdict === 'alike' && w.getsIn).length;
  if (fine > 0)
    said.push(`${fine === 1 ? 'One class of clients gets' : `${number(fine)} classes of clients get`} in as before.`);
  said.push(...rareText(rare));
  const unseen = of('blind');
  if (unseen.length > 0) said.push(`Not seen: ${unseen.join(', ')}.`);
  return [...said, ...blind];
}

const MOST_NAMED = 3;

/** Classes too rare to be waited for: those that fail more on the new side each with its counts, the others in one line. */
function rareText(rare: Weighed[]): string[] {
  const part = (shown: Shown | null): number =>
    shown && 'total' in shown && shown.total > 0 ? shown.bad / shown.total : 0;
  const [odd, calm] = [true, false].map((is) =>
    rare.filter((w) => part(w.measured.fresh) > part(w.measured.old) === is),
  ) as [Weighed[], Weighed[]];
  const said = odd.slice(0, MOST_NAMED).map((w) => w.measured.says);
  if (odd.length > MOST_NAMED)
    said.push(`${number(odd.length - MOST_NAMED)} more classes of clients fail more often so far.`);
  if (calm.length === 1) said.push((calm[0] as Weighed).measured.says);
  if (calm.length < 2) return said;
  const names = calm.slice(0, MOST_NAMED).map((w) => w.measured.of);
  const others = calm.length > MOST_NAMED ? ` and ${calm.length - MOST_NAMED} more` : '';
  return [
    ...said,
    `${number(calm.length)} classes of clients are too rare to tell so far; none fails more on the new proxies (${names.join(', ')}${others}).`,
  ];
}

/** Under a headline that says what parts: the counts behind it, and nothing twice. */
export function countsBelow(headline: string, { measured }: Weighed): string {
  const { old, fresh, measure, says } = measured;
  if (!headline.includes(stopLead(measured))) return says;
  const slower = measure.startsWith('latency') && /\(slower than ([^()]+)\)\.$/.exec(says)?.[1];
  if (slower) return `Slower than ${slower}.`;
  if (!(fresh && 'total' in fresh)) return says;
  const before = old && 'total' in old ? ` against ${countOf(old.bad, old.total)}` : '';
  return `${countOf(fresh.bad, fresh.total)}${before}.`;
}
