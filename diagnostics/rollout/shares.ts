import type { Gathered } from './collect.ts';
import type { Table } from './evidence.ts';
import { allowedOf, FEW, inRequests, type Stake, type Weighed, type Weight, weigh } from './measure.ts';
import { type Tally, without } from './tally.ts';
import type { Margins, Measure } from './types.ts';
import { countOf, many, percentOf, shareOf, shareOfAll } from './words.ts';

/** Errors, handshakes and resets of all, and handshakes by class of clients: what is said of each. */

/** What may be staked on each measure, parts of one: errors are what rollouts break most, and what people see. */
const PARTS: { [measure in Measure]: number } = {
  errors: 0.3,
  'latency-p99': 0.15,
  handshakes: 0.15,
  resets: 0.15,
  'latency-p50': 0.1,
  'lost-clients': 0.1,
  balance: 0.05,
};

/** What all measures of one source are weighed by. */
export interface Scale {
  margins: Margins;
  /** What this source may stake, a probability. */
  alpha: number;
  share: number;
  /** The same source in earlier stages. */
  earlier: Gathered | null;
}

/** `among`: so many things share what may be staked on this measure. */
export const stakeOf = (
  scale: Scale,
  measure: Measure,
  margin: keyof Margins,
  among: number,
  earlier: Tally | null | undefined,
): Stake => ({
  allowed: allowedOf(scale.margins, margin),
  alpha: (scale.alpha * PARTS[measure]) / Math.max(1, among),
  earlier: earlier && earlier.sum.oldTotal > 0 ? earlier : null,
  share: scale.share,
});

interface Words {
  measure: 'errors' | 'handshakes' | 'resets';
  /** "fail", "lose", "reset": what the new proxies do to `noun`. */
  verb: string;
  noun: string;
  unread: string;
}
const WORDS: Words[] = [
  { measure: 'errors', verb: 'fail', noun: 'request', unread: 'Errors were not read.' },
  { measure: 'handshakes', verb: 'lose', noun: 'handshake', unread: 'Handshakes were not counted.' },
  { measure: 'resets', verb: 'reset', noun: 'connection', unread: 'Connections were not counted.' },
];

/** A class that hardly gets in on the old side cannot be lost, and hides what becomes of the others. */
const OUTSIDE = 0.75;
const isOutside = ({ oldBad, oldTotal }: Table): boolean => oldTotal >= FEW && oldBad >= OUTSIDE * oldTotal;

/** Handshakes of all who get in on the old side, so that a scanner which never does is no noise; `by`: where that is asked. */
function insiders(gathered: Gathered, by: Gathered): Tally | undefined {
  const all = gathered.tallies.handshakes.get('');
  const names = [...by.tallies.clients.values()].filter((t) => isOutside(t.sum)).map((t) => t.of ?? '');
  const others = names.flatMap((name) => gathered.tallies.clients.get(name) ?? []);
  return all && others.length > 0 ? without(all, others) : all;
}

/** Pure: errors, handshakes and resets, each for all clients together. */
export function sharesOf(gathered: Gathered, scale: Scale): Weighed[] {
  return WORDS.map(({ measure, verb, noun, unread }) => {
    const tally =
      measure === 'handshakes' ? insiders(gathered, scale.earlier ?? gathered) : gathered.tallies[measure].get('');
    const { source } = gathered;
    const before = scale.earlier;
    const stake = stakeOf(
      scale,
      measure,
      measure,
      1,
      measure === 'handshakes' ? before && insiders(before, before) : before?.tallies[measure].get(''),
    );
    const counted = tally ? tally.sum.oldTotal + tally.sum.freshTotal : 0;
    // Requests without a single connection were not counted as connections; no requests at all are simply none yet.
    if (!tally || (counted === 0 && gathered.fresh + gathered.old > 0))
      return {
        measured: {
          measure,
          of: null,
          source,
          old: null,
          fresh: null,
          verdict: 'blind',
          says: unread,
          needs: null,
          concurrent: true,
        },
        waits: measure === 'errors',
        suspect: false,
      };
    const weight = weigh(tally, stake);
    return {
      measured: {
        measure,
        of: null,
        source,
        ...shown(weight),
        verdict: weight.verdict,
        says: saysShare(weight, verb, noun, source),
        needs: inRequests(weight.more, tally.sum.freshTotal, gathered),
        concurrent: weight.concurrent,
      },
      waits: true,
      suspect: weight.suspect,
    };
  });
}

const shown = ({ table }: Weight) => ({
  old: table.oldTotal > 0 ? { bad: table.oldBad, total: table.oldTotal } : null,
  fresh: table.freshTotal > 0 ? { bad: table.freshBad, total: table.freshTotal } : null,
});

function saysShare(weight: Weight, verb: string, noun: string, source: Gathered['source']): string {
  const { table, verdict, rates } = weight;
  const one = `${source === 'probes' ? 'probe ' : ''}${noun}`;
  const what = `${one}s`;
  const counts = `${countOf(table.freshBad, table.freshTotal)} against ${countOf(table.oldBad, table.oldTotal)}`;
  if (table.freshTotal === 0) return `No ${what} on the new proxies.`;
  if (verdict === 'worse')
    return `The new proxies ${verb} ${shareOfAll(table.freshBad, table.freshTotal, one)}, the old ones ${shareOf(table.oldBad, table.oldTotal)} (${counts}).`;
  if (table.oldTotal === 0)
    return `The new proxies ${verb} ${countOf(table.freshBad, table.freshTotal)} ${what}; the old ones have none to compare with.`;
  const then = weight.concurrent ? '' : '; the old ones earlier, not at the same time';
  if (verdict === 'alike') return `The new proxies ${verb} no more ${what} than allowed (${counts}${then}).`;
  const chance = rates && rates.fresh > rates.old && weight.concurrent ? '; not sure yet' : '';
  return `The new proxies ${verb} ${rates && rates.fresh > rates.old ? 'more' : 'no more'} ${what} so far${chance} (${counts}${then}).`;
}

/** So many tries of a class should have come to the new side before the stage waits for them. */
const EXPECTED = 5;

/** Pure: each class of clients by itself: one that gets in on the old side and not on the new. */
export function clientsOf(gathered: Gathered, scale: Scale): Weighed[] {
  const classes = [...gathered.tallies.clients.values()];
  return classes.map((tally) => {
    const { sum } = tally;
    const of = tally.of ?? '';
    const stake = stakeOf(scale, 'lost-clients', 'clients', classes.length, scale.earlier?.tallies.clients.get(of));
    const weight = weigh(tally, stake);
    const { oldTotal } = weight.table;
    const outside = isOutside(weight.table);
    const verdict = outside ? 'alike' : weight.verdict;
    const due = gathered.old > 0 ? (sum.oldTotal * gathered.fresh) / gathered.old : sum.oldTotal * scale.share;
    // The stage waits for a class that should have come by now, not for a scanner that comes twice a day.
    const waits = oldTotal > 0 && (due >= EXPECTED || sum.freshTotal >= EXPECTED);
    return {
      measured: {
        measure: 'lost-clients',
        of,
        source: gathered.source,
        ...shown(weight),
        verdict,
        says: saysClients(weight, of, outside, waits),
        needs: verdict === 'open' && waits ? inRequests(weight.more, sum.freshTotal || due, gathered) : null,
        concurrent: weight.concurrent,
      },
      waits,
      suspect: weight.suspect && !outside,
      getsIn: !outside,
    };
  });
}

function saysClients({ table, verdict }: Weight, of: string, outside: boolean, due: boolean): string {
  const counts = `${countOf(table.freshBad, table.freshTotal)} handshakes fail on the new proxies, ${countOf(table.oldBad, table.oldTotal)} on the old ones`;
  if (outside) return `${of} does not get in on the old proxies either: ${counts}.`;
  if (table.freshTotal === 0)
    return due
      ? `${of} was not seen on the new proxies yet, ${many(table.oldTotal, 'handshake')} on the old ones.`
      : `${of} is too rare to tell: ${many(table.oldTotal, 'handshake')} on the old proxies, none on the new ones.`;
  if (verdict === 'worse')
    return table.freshBad === table.freshTotal
      ? `${of} no longer gets in: ${counts}.`
      : `${of} fails more often (${percentOf(table.freshBad / table.freshTotal)}): ${counts}.`;
  if (table.oldTotal === 0)
    return `${of} was seen on the new proxies only: ${countOf(table.freshBad, table.freshTotal)} handshakes fail.`;
  return `${of}: ${counts}${verdict === 'open' ? '; too few to tell' : ''}.`;
}
