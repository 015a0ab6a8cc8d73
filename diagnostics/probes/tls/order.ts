import type { TlsVersion } from '../../wire/tls-hello.ts';
import { suiteName } from '../../wire/tls-suites.ts';
import type { VersionFound } from './enumerate.ts';
import { OFFER } from './offers.ts';
import type { Prober } from './prober.ts';

/** Suites of a version in one list. */
export interface Ordered {
  version: TlsVersion;
  suites: number[];
  /** The server has an order of its own; null: it could not be seen. */
  preference: boolean | null;
  /** The list is that order from the first to the last suite, not only in parts. */
  sorted: boolean;
  /** It puts ChaCha first for a client that does (OpenSSL's PRIORITIZE_CHACHA, BoringSSL's groups of equals, Go). */
  bends: boolean;
}

/** Most comparisons that are spent on suites that do not stand where they stand elsewhere. */
const COMPARISONS = 48;

/** Which of two suites the server likes better; null: it did not say. */
async function better(prober: Prober, version: TlsVersion, a: number, b: number): Promise<number | null> {
  // The other way round than expected, so that a server that follows the client is not taken for one with an order.
  const { answer } = await prober.offer({ version, suites: [b, a] }, 'order');
  return answer.is === 'hello' && (answer.suite === a || answer.suite === b) ? answer.suite : null;
}

/** Puts the suites of `late` where they belong among `list`, by halving; all at once, since they do not depend. */
async function insert(prober: Prober, version: TlsVersion, list: number[], late: number[]): Promise<number[] | null> {
  if (late.length * Math.ceil(Math.log2(list.length + 1)) > COMPARISONS) return null;
  const places = await Promise.all(
    late.map(async (suite) => {
      let [low, high] = [0, list.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        const winner = await better(prober, version, list[middle] as number, suite);
        if (winner === null) return null;
        if (winner === suite) high = middle;
        else low = middle + 1;
      }
      return low;
    }),
  );
  if (places.includes(null)) return null;
  const result: number[] = [];
  for (let at = 0; at <= list.length; at++) {
    late.forEach((suite, i) => {
      if (places[i] === at) result.push(suite);
    });
    const own = list[at];
    if (own !== undefined) result.push(own);
  }
  return result;
}

/**
 * Does the server have an order, and which? Offered backwards, one with an order of its own still picks its first; one
 * without takes our first. Lists that were found beside each other are joined by asking about their ends.
 */
export async function order(prober: Prober, { version, lists }: VersionFound): Promise<Ordered> {
  const all = lists.flat();
  if (all.length < 2) return { version, suites: all, preference: null, sorted: true, bends: false };
  const preference = await hasOrder(prober, version, lists);
  if (preference !== true) return { version, suites: all, preference, sorted: true, bends: false };
  const bending = bendsForChacha(prober, version, all);
  if (lists.length === 1) return { version, preference, suites: all, sorted: true, bends: await bending };
  const ends = await Promise.all(
    lists.slice(1).map((list, i) => {
      const before = (lists[i] as number[]).at(-1) as number;
      return better(prober, version, before, list[0] as number).then((winner) => winner === before);
    }),
  );
  const whole = { version, preference, bends: await bending };
  let joined: number[] | null = [...(lists[0] as number[])];
  for (const [i, follows] of ends.entries()) {
    const next = lists[i + 1] as number[];
    // Joined end to end only while nothing before was moved: otherwise the end is not the one that was compared.
    if (follows && joined.at(-1) === (lists[i] as number[]).at(-1)) joined.push(...next);
    else {
      const merged: number[] | null = await insert(prober, version, joined, next);
      if (!merged) return { ...whole, suites: all, sorted: false };
      joined = merged;
    }
  }
  return { ...whole, suites: joined, sorted: true };
}

async function hasOrder(prober: Prober, version: TlsVersion, lists: number[][]): Promise<boolean | null> {
  const heads = new Set(lists.map((list) => list[0]));
  const backwards = lists.flat().reverse();
  // Never a ChaCha suite first: OpenSSL can put those first for a client that does, and keep its order otherwise.
  const first =
    backwards.find((id) => !heads.has(id) && !suiteName(id).includes('CHACHA')) ??
    backwards.find((id) => id !== lists[0]?.[0]);
  if (first === undefined) return null;
  const { answer } = await prober.offer(
    { version, suites: [first, ...backwards.filter((id) => id !== first)].slice(0, OFFER) },
    'order',
  );
  if (answer.is !== 'hello' || !backwards.includes(answer.suite)) return null;
  return answer.suite !== first;
}

/** Of a ChaCha suite and its neighbour with GCM, the one that it likes less is offered first: does it follow? */
async function bendsForChacha(prober: Prober, version: TlsVersion, all: number[]): Promise<boolean> {
  const chacha = all.findIndex((id) => suiteName(id).includes('CHACHA'));
  if (chacha < 0) return false;
  const isGcm = (id: number): boolean => suiteName(id).includes('AES') && suiteName(id).includes('GCM');
  const before = all.slice(0, chacha).findLast(isGcm);
  const other = before ?? all.slice(chacha).find(isGcm);
  if (other === undefined) return false;
  const pair = before === undefined ? [other, all[chacha] as number] : [all[chacha] as number, other];
  const { answer } = await prober.offer({ version, suites: pair }, 'order');
  return answer.is === 'hello' && answer.suite === pair[0];
}
