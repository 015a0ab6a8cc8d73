import { type Gathered, gather, latest } from './collect.ts';
import { endpointsOf } from './endpoints.ts';
import { isAlone, MARGINS, type Weighed } from './measure.ts';
import { besides, countsBelow, goOnHeadline, notEnoughHeadline, stopHeadline, waitsFor } from './says.ts';
import { clientsOf, type Scale, sharesOf } from './shares.ts';
import { timesOf } from './times.ts';
import type { Interval, Margins, StageJudgement, StagePlan } from './types.ts';

/** A stop for nothing: once in two hundred stages, over all measures and looks. */
const ALPHA = 0.005;
/** Nothing goes on with less than this on the new side, however alike. */
const MINIMUM = { requests: 500, seconds: 60 };
/** Where both sources speak, counters may stake this part: they are what users saw. */
const COUNTERS = 0.7;

/**
 * Pure: may the rollout go on, must it stop, or can it not be told yet? May be asked after every interval, as often as one
 * likes: the probability that a harmless stage is ever stopped stays below `plan.alpha`, over all measures together. A
 * stop needs evidence that the new side is worse than the old one in the same intervals, and more failures than the margin allows; to
 * go on needs evidence that each measure that is read is within its margin, and a minimum of requests. Neither is inferred from absence:
 * Flagger counts intervals without traffic as failed checks until it rolls back (fluxcd/flagger issue 1035), Kayenta leaves
 * metrics without data out of its score and takes identical series (all zero, for want of requests) for a pass
 * (MannWhitneyClassifier.scala, WeightedSumScorer.scala). Hostile or broken numbers are blind spots, never errors.
 * @param now ISO 8601: when more is told to be expected
 */
export function judgeStage(intervals: readonly Interval[], plan: StagePlan, now: string): StageJudgement {
  const { sources, blind } = gather(intervals);
  // Only where the old side has hardly any traffic left.
  const earlier = sources.some(isAlone) ? gather(latest(plan.earlier ?? [])).sources : [];
  const weighed = new Map<Gathered['source'], Weighed[]>();
  for (const gathered of sources) {
    const before = earlier.find((one) => one.source === gathered.source) ?? null;
    weighed.set(gathered.source, weighAll(gathered, scaleOf(plan, gathered.source, sources.length, before)));
  }
  // What users saw decides; probes only where no counters are read at all.
  const decides = sources.find((one) => one.tallies.errors.size > 0) ?? sources[0] ?? null;
  const own = decides ? withClasses(decides, sources, weighed) : [];
  const all = [...weighed.values()].flat();
  const worse = all.filter((w) => w.measured.verdict === 'worse');
  const measures = all.map((w) => w.measured);
  const share = shareOf(plan);
  const hints = all.filter((w) => w.suspect && w.measured.verdict === 'open');
  if (worse.length > 0) {
    const headline = stopHeadline(share, worse);
    return {
      result: 'stop',
      measures,
      because: worse.map((w) => w.measured.says),
      needs: null,
      says: [
        ...worse.map((w) => countsBelow(headline, w)),
        ...hints.map((w) => w.measured.says),
        ...besides(beside(own, [...worse, ...hints]), blind),
      ],
      headline,
    };
  }
  const lacking = lackingOf(decides, plan);
  // What argues against it is waited for whoever saw it: probes too, where counters see nothing of it.
  const untold = own.filter((w) => w.measured.verdict !== 'alike' && w.waits);
  const waiting = [...untold, ...without(hints, untold)];
  if (decides && own.length > 0 && waiting.length === 0 && lacking === 0)
    return {
      result: 'go-on',
      measures,
      because: own.filter((w) => w.measured.verdict === 'alike').map((w) => w.measured.says),
      needs: null,
      says: besides(own, blind),
      headline: goOnHeadline(share, decides, own),
    };
  const needs = needsOf(decides, waiting, lacking, now);
  return {
    result: 'not-enough-data',
    measures,
    because: waiting.map((w) => w.measured.says),
    needs,
    says: [...waitsFor(needs, waiting, decides, marginsOf(plan), now), ...besides(beside(own, hints), blind)],
    headline: notEnoughHeadline(share, decides, own),
  };
}

/** What is in `some` and not in `others`, by what was measured: what a class needs may be told in another source's requests. */
const without = (some: Weighed[], others: Weighed[]): Weighed[] => {
  const name = ({ measured: { measure, of, source } }: Weighed): string => `${source} ${measure} ${of}`;
  const known = new Set(others.map(name));
  return some.filter((w) => !known.has(name(w)));
};

/** What may be called alike: nothing that the other source sees otherwise. */
const beside = (own: Weighed[], apart: Weighed[]): Weighed[] => {
  const name = ({ measured: { measure, of } }: Weighed): string => `${measure} ${measure === 'balance' ? '' : of}`;
  const told = new Set(apart.map(name));
  return own.filter((w) => !told.has(name(w)));
};

const isPart = (value: unknown): value is number => typeof value === 'number' && value > 0 && value < 1;
const shareOf = (plan: StagePlan): number => (plan.share >= 0 && plan.share <= 1 ? plan.share : 0);

/** Margins that are no parts of one are the usual ones. */
function marginsOf(plan: StagePlan): Margins {
  const margins = { ...MARGINS };
  for (const key of Object.keys(MARGINS) as (keyof Margins)[]) {
    const wanted = plan.margins?.[key];
    if (isPart(wanted)) margins[key] = wanted;
  }
  return margins;
}

function scaleOf(plan: StagePlan, source: Gathered['source'], sources: number, earlier: Gathered | null): Scale {
  const part = sources < 2 ? 1 : source === 'counters' ? COUNTERS : 1 - COUNTERS;
  return {
    margins: marginsOf(plan),
    alpha: (isPart(plan.alpha) ? plan.alpha : ALPHA) * part,
    share: shareOf(plan),
    earlier,
  };
}

/**
 * What the stage waits for: all that the deciding source shows, and classes of clients that only the other one knows: counters seldom
 * tell clients apart, and a few probes of each do. What they need is told in requests of the deciding source.
 */
function withClasses(decides: Gathered, sources: Gathered[], weighed: Map<Gathered['source'], Weighed[]>): Weighed[] {
  const own = weighed.get(decides.source) ?? [];
  if (decides.tallies.clients.size > 0) return own;
  const others = sources.filter((one) => one !== decides);
  return [
    ...own,
    ...others.flatMap(({ source, rate }) =>
      (weighed.get(source) ?? [])
        .filter((w) => w.measured.measure === 'lost-clients')
        .map((w) => {
          const { needs } = w.measured;
          const inOurs = needs === null || rate <= 0 ? null : Math.ceil((needs * decides.rate) / rate);
          return { ...w, measured: { ...w.measured, needs: inOurs } };
        }),
    ),
  ];
}

const weighAll = (gathered: Gathered, scale: Scale): Weighed[] => [
  ...sharesOf(gathered, scale),
  ...clientsOf(gathered, scale),
  ...timesOf(gathered, scale),
  ...endpointsOf(gathered, scale),
];

/** Requests that are missing to the least exposure; a stretch of time that is missing counts at the present rate, at least as one. */
function lackingOf(gathered: Gathered | null, plan: StagePlan): number {
  const minimum = { ...MINIMUM, ...plan.minimum };
  if (!gathered) return minimum.requests;
  const seconds = gathered.since === null ? 0 : (gathered.until - gathered.since) / 1000;
  const late = Math.max(0, minimum.seconds - seconds);
  return Math.max(minimum.requests - gathered.fresh, late > 0 ? Math.max(1, Math.ceil(late * gathered.rate)) : 0, 0);
}

function needsOf(gathered: Gathered | null, waiting: Weighed[], lacking: number, now: string): StageJudgement['needs'] {
  const wanted = waiting.map((w) => w.measured.needs);
  const known = wanted.filter((n) => n !== null);
  const requests = Math.max(0, lacking, ...known);
  if (requests === 0) return null;
  // One that will never be told at this rate makes the whole wait endless.
  const never = !gathered || gathered.rate <= 0 || known.length < wanted.length;
  const from = Date.parse(now);
  const at = never ? Number.NaN : from + (1000 * requests) / (gathered as Gathered).rate;
  return { requests, about: at < 8.64e15 ? new Date(at).toISOString() : null };
}
