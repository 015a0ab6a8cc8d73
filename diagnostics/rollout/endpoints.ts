import { balanceOf } from '../balance/balance.ts';
import type { Gathered } from './collect.ts';
import { ENOUGH, FEW, type Weighed } from './measure.ts';
import { type Scale, stakeOf } from './shares.ts';
import { beyond, ratesOf, type Tally, together, withinOf, worseOf } from './tally.ts';
import { countOf, shareOf, shareOfAll } from './words.ts';

/** Endpoints that get the most on the new side are asked whether they get too much. */
const MOST_ASKED = 5;
/** Requests on one connection may all go to one endpoint; where connections are not counted, so many at least. */
const A_CONNECTION = 10;

/**
 * Pure: does the new side use the endpoints as the old one does? The old side is the measure, since weights and stickiness are often
 * not known; requests are counted as the connections they came on, and what `balanceOf` calls even is even.
 */
export function endpointsOf(gathered: Gathered, scale: Scale): Weighed[] {
  const tallies = [...gathered.tallies.balance.values()];
  const base = { measure: 'balance', source: gathered.source, concurrent: true } as const;
  const none = (verdict: 'blind' | 'open', says: string): Weighed[] => [
    {
      measured: { ...base, of: null, old: null, fresh: null, verdict, says, needs: null },
      waits: false,
      suspect: false,
    },
  ];
  const counted = tallies.filter((t) => t.sum.oldTotal + t.sum.freshTotal > 0);
  if (counted.length === 0) return none('blind', 'Requests by endpoint were not read.');
  const both = counted.flatMap((tally) => {
    const rates = ratesOf(tally);
    return rates ? [{ tally, ...rates }] : [];
  });
  if (!both.some((e) => e.tally.sum.oldBad > 0 && e.tally.sum.freshBad > 0))
    return none('open', 'The two sides have no endpoint in common so far: nothing to compare.');
  const stake = stakeOf(scale, 'balance', 'balance', 1, undefined);
  const total = both[0]?.tally.sum.freshTotal ?? 0;
  const draws = gathered.connections > 0 ? Math.min(1, gathered.connections / Math.max(1, total)) : 1 / A_CONNECTION;
  const far = both.filter((e) => beyond(e, stake.allowed) > 0 && e.tally.sum.freshBad >= FEW);
  const log = together(
    far.map((e) => draws * worseOf(e.tally)),
    counted.length,
  );
  const skewed = far.length > 0 && skewedAlone(counted, gathered.connections);
  const worse = skewed && log >= -Math.log(stake.alpha);
  const top = both.toSorted((a, b) => b.fresh - b.old - (a.fresh - a.old));
  const alike =
    far.length === 0 && top.slice(0, MOST_ASKED).every((e) => draws * withinOf(e.tally, stake.allowed) >= ENOUGH);
  const first = top[0] as (typeof top)[number];
  const { sum } = first.tally;
  const verdict = worse ? 'worse' : alike ? 'alike' : 'open';
  const shares = `${shareOfAll(sum.freshBad, sum.freshTotal, 'request')} on the new proxies, ${shareOf(sum.oldBad, sum.oldTotal)} on the old ones`;
  const says = worse
    ? `${first.tally.of} gets ${shares} (${countOf(sum.freshBad, sum.freshTotal)}).`
    : `Endpoints are used ${alike ? 'alike' : 'alike as far as can be told'}: ${first.tally.of} gets ${shares}.`;
  return [
    {
      measured: {
        ...base,
        of: worse ? first.tally.of : null,
        old: { bad: sum.oldBad, total: sum.oldTotal },
        fresh: { bad: sum.freshBad, total: sum.freshTotal },
        verdict,
        says,
        needs: verdict === 'open' ? Math.max(1, Math.ceil(ENOUGH / (0.05 * draws)) - total) : null,
      },
      waits: true,
      suspect: far.length > 0,
    },
  ];
}

/** What is said of the new side's endpoints by themselves. */
function skewedAlone(tallies: Tally[], connections: number): boolean {
  const counted = tallies.map(({ of, sum }) => ({
    address: of ?? '',
    requests: sum.freshBad,
    errors: null,
    seconds: null,
    weight: null,
  }));
  const requests = counted.reduce((sum, e) => sum + e.requests, 0);
  const unit = connections > 0 && connections < requests ? ({ unit: 'connections', connections } as const) : {};
  return balanceOf('new', counted, unit).verdict === 'skewed';
}
