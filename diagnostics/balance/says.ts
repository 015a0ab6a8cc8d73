import { duration, percent, plural } from '../wording.ts';
import type { BalanceGroup, Kind } from './groups.ts';

const ms = (seconds: number): string =>
  seconds < 0.01 ? `${(seconds * 1000).toFixed(1)} ms` : duration(seconds * 1000);
const long = (seconds: number): string =>
  seconds < 120
    ? `${Math.round(seconds)} s`
    : seconds < 7200
      ? `${Math.round(seconds / 60)} min`
      : `${Math.round(seconds / 3600)} h`;
/** "29 %", or "17 of 64" where a percentage would claim too much (voice: from 100 on). */
const part = (count: number, total: number): string => (total >= 100 ? percent(count / total) : `${count} of ${total}`);
const times = (value: number | null): string =>
  value === null ? '' : `, the busiest ${value.toFixed(1)} times its share`;

type Group = Omit<BalanceGroup, 'says'>;

/** Pure: the judgement in one or two sentences, with counts and what would tell more. */
export function balanceSays(group: Group): string {
  const { verdict, kind } = group;
  if (group.requests === 0 && !group.connections) return 'No requests were counted.';
  if (kind) return KINDS[kind](group);
  if (verdict === 'skewed') return KINDS.uneven(group);
  if (verdict === 'even')
    return `${drawsOf(group)} evenly over ${judgedOf(group).length} endpoints${times(group.maxOverMean)}.`;
  if (group.unit === 'connections' && group.connections === null)
    return `${plural(group.requests, 'request')}, but not over how many connections: without those nothing can be said, since it is connections that are drawn.`;
  if (group.policy === 'least-conn' && group.enough)
    return `Uneven, as least_conn makes it when some endpoints are faster; without their times it can't be told whether it is that.`;
  return tooFew(group);
}

/** A TCP proxy counts connections only. */
const drawsOf = (group: Group): string =>
  plural(
    group.requests,
    group.unit === 'connections' && group.requests === group.connections ? 'connection' : 'request',
  );
const judgedOf = (group: Group): Group['endpoints'] => group.endpoints.filter((e) => !e.aside);
const oneOf = (group: Group): Group['endpoints'][number] | undefined =>
  group.endpoints.find((e) => e.address === group.endpoint);

function tooFew(group: Group): string {
  const draws = group.unit === 'connections' ? (group.connections ?? 0) : group.requests;
  const noun = group.unit === 'connections' ? 'connection' : 'request';
  const more = Math.max(1, (group.needed ?? draws + 1) - draws);
  return `Too few to say: ${plural(draws, noun)}, about ${more} more ${more === 1 ? 'is' : 'are'} needed.`;
}

const KINDS: { [K in Kind]: (group: Group) => string } = {
  'one-address': (g) =>
    `All ${plural(g.requests, 'request')} went to one address. If that is a service address, what is behind it is drawn once a connection and shows only in the endpoints' own counters.`,
  'one-endpoint-idle': (g) => {
    const idle = judgedOf(g).filter((e) => e.requests === 0);
    return `${idle.map((e) => e.address).join(', ')} got none of ${plural(g.requests, 'request')}; ${idle.length === 1 ? 'its share is' : 'their share is'} ${percent(idle.reduce((sum, e) => sum + e.fair, 0))}.`;
  },
  'one-endpoint-hot': (g) => {
    const hot = oneOf(g) ?? judgedOf(g)[0];
    return `${hot?.address} got ${part(hot?.requests ?? 0, g.requests)} of ${plural(g.requests, 'request')}; its share is ${percent(hot?.fair ?? 0)}.`;
  },
  uneven: (g) => `${drawsOf(g)} unevenly over ${judgedOf(g).length} endpoints${times(g.maxOverMean)}.`,
  'one-endpoint-slow': (g) => {
    const slow = oneOf(g);
    const cost = g.cost ? `: ${ms(g.cost.seconds)} a request on average, ${ms(g.cost.others)} without it` : '';
    const counts =
      g.verdict === 'even'
        ? 'Counts are even, but'
        : g.verdict === 'skewed'
          ? 'It gets less, since'
          : 'Whatever the counts,';
    return `${counts} ${slow?.address} takes ${ms(slow?.seconds ?? 0)}${cost}.`;
  },
  'one-endpoint-fails': (g) => {
    const bad = oneOf(g);
    const draws = g.verdict === 'skewed' && (bad?.share ?? 0) > (bad?.fair ?? 1);
    return `${bad?.address} failed ${part(bad?.errors ?? 0, bad?.requests ?? 0)} of its requests, the others hardly any${draws ? `; failing quickly, it draws ${percent(bad?.share ?? 0)} of all requests (its share is ${percent(bad?.fair ?? 0)})` : ''}.`;
  },
  'pinned-connections': (g) => {
    const most = Math.max(...judgedOf(g).map((e) => e.share));
    return `Requests follow ${plural(g.connections ?? 0, 'connection')} that stay where they were drawn: the busiest endpoint has ${percent(most)} of ${plural(g.requests, 'request')}. The draw itself looks fair${g.needed ? `; about ${g.needed} connections could prove it` : ''}.`;
  },
  'late-joiner': (g) => {
    const who = oneOf(g);
    const age = who?.ageSeconds !== undefined ? ` ${long(who.ageSeconds)} ago` : '';
    const soon =
      g.catchUpSeconds !== undefined
        ? ` It should have its share ${long(g.catchUpSeconds)} after it came: connections have to be drawn anew.`
        : '';
    return `${who ? who.address : 'Some endpoints'} joined later${age} and ${who ? 'has' : 'have'} less for that reason; the others share ${g.verdict === 'even' ? 'evenly' : 'as far as so few can tell'}.${soon}`;
  },
  'endpoint-left': (g) =>
    `Endpoints came and went: some got nothing from some time on. While they were there, ${plural(g.requests, 'request')} were shared ${g.enough ? 'evenly' : 'as evenly as so few can tell'}.`,
  'zone-imbalance': (g) => {
    const zones = Map.groupBy(judgedOf(g), (e) => e.zone ?? '');
    const said = [...zones].map(([zone, of]) => {
      const sum = (key: 'share' | 'fair'): number => of.reduce((all, e) => all + e[key], 0);
      return `${zone} ${percent(sum('share'))} (fair ${percent(sum('fair'))})`;
    });
    return `Even within zones, uneven between them: ${said.join(', ')} of ${plural(g.requests, 'request')}. Routing that prefers its own zone does that on purpose.`;
  },
  sticky: (g) =>
    `Uneven${times(g.maxOverMean)}: the proxy ${g.policy === 'sticky' ? 'keeps each client on its endpoint' : 'picks by a hash'}, so it is clients that are shared, not requests.`,
  'faster-gets-more': () => 'Uneven, as it should be: least_conn gives more to the endpoints that are faster.',
};
