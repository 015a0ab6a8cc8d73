import { reasonOf } from '../../diagnostics/errors.ts';
import { BlindLook } from '../../diagnostics/io/proxy-reader.ts';
import type { ProxySample } from '../../diagnostics/io/proxy-sample.ts';
import type { Interval, SideCounts, Unread } from '../../diagnostics/rollout/types.ts';
import type { PartName } from '../../diagnostics/types.ts';
import { nothing, sum } from './merge.ts';
import type { SidePart, Sides } from './sides.ts';
import { grownBetween, type Totals, totalsOf } from './totals.ts';

/** The counters that the next slot begins with, as they are stored beside the intervals. */
export interface Base {
  /** End of the last stretch that the counters told of, ISO; null: none yet. */
  counters: string | null;
  /** End of the last stretch of probes, ISO. */
  probes: string | null;
  /** By `hop/instance`: what it had counted, and when. */
  totals: { [part: string]: { at: string; totals: Totals } };
}
export const noBase = (): Base => ({ counters: null, probes: null, totals: {} });

/** A base that this version cannot read is none: one stretch is then not counted. */
export function readBase(text: string | null | undefined): Base {
  try {
    const base = JSON.parse(text ?? '') as Partial<Base> | null;
    return base?.totals && typeof base.totals === 'object' ? { ...noBase(), ...base } : noBase();
  } catch {
    return noBase();
  }
}

export type Sampler = (of: PartName, signal: AbortSignal) => Promise<ProxySample>;

/** Proxies asked at the same moment. */
const AT_ONCE = 16;
/** Instances of one side that are asked; a larger side is judged by these. */
const MOST_PARTS = 40;
/** Totals older than this many slots belong to another time: what happened since is in no stretch. */
const OLDEST_SLOTS = 3;

const keyOf = ({ hop, instance }: SidePart): string => `${hop.name}/${instance.name}`;

/**
 * What both sides' counters did since `before`, and the counters to go on from. The interval is null where there is
 * nothing to compare with yet, or where one side told nothing at all.
 */
export async function readCounters(
  sides: Sides,
  hosts: readonly string[],
  before: Base,
  parts: { sample: Sampler; everyMs: number; patienceMs: number; now: () => number; signal: AbortSignal },
): Promise<{ interval: Interval | null; base: Base; blind: string[] }> {
  const { everyMs, now } = parts;
  const blind: string[] = [];
  const base: Base = { ...before, totals: {} };
  const sideOf = async (side: 'old' | 'fresh') => {
    const all = sides[side].filter(({ instance }) => instance.metrics !== null || instance.admin !== null);
    if (all.length < sides[side].length || all.length === 0)
      blind.push(`${side} side: ${sides[side].length - all.length} of ${sides[side].length} tell no counters`);
    const asked = all.slice(0, MOST_PARTS);
    const read = await pooled(asked, (part) => sampled(part, parts));
    let counts: SideCounts | null = null;
    const unread = new Set<Unread>();
    for (const [i, part] of asked.entries()) {
      const key = keyOf(part);
      const was = Object.hasOwn(before.totals, key) ? before.totals[key] : undefined;
      const result = read[i];
      if (!result || 'why' in result) {
        blind.push(`${key}: ${result?.why ?? 'not asked'}`);
        // What it counts meanwhile is in the stretch that sees it again.
        if (was) base.totals[key] = was;
        continue;
      }
      const at = new Date(now()).toISOString();
      const totals = totalsOf(result.sample, hosts);
      base.totals[key] = { at, totals };
      if (!was) continue;
      if (Date.parse(at) - Date.parse(was.at) > OLDEST_SLOTS * everyMs) {
        blind.push(`${key}: not read for ${Math.round((Date.parse(at) - Date.parse(was.at)) / 1000)} s`);
        continue;
      }
      const grown = grownBetween(was.totals, totals, part.hop.kind);
      if (grown.is === 'anew') {
        blind.push(`${key}: its counters began anew (restart or reload)`);
        continue;
      }
      for (const one of grown.unread) unread.add(one);
      const mixed =
        counts?.latency && grown.counts.latency && String(counts.latency.le) !== String(grown.counts.latency.le);
      if (mixed) unread.add('latency');
      counts = sum(counts ?? nothing(), mixed ? { ...grown.counts, latency: null } : grown.counts);
    }
    return { counts, unread };
  };
  const [old, fresh] = await Promise.all([sideOf('old'), sideOf('fresh')]);
  const to = new Date(now()).toISOString();
  const from = before.counters;
  base.counters = to;
  // One side alone would be held against nothing: both begin again together.
  if (old.counts === null || fresh.counts === null || from === null || from >= to)
    return { interval: null, base, blind };
  const unread = [...new Set([...old.unread, ...fresh.unread])].sort();
  return {
    interval: { from, to, source: 'counters', old: old.counts, fresh: fresh.counts, blind: blind.slice(0, 10), unread },
    base,
    blind,
  };
}

/** One proxy's counters, or why they could not be had. Never throws but when the process ends. */
async function sampled(
  part: SidePart,
  { sample, patienceMs, signal }: { sample: Sampler; patienceMs: number; signal: AbortSignal },
): Promise<{ sample: ProxySample } | { why: string }> {
  const limit = AbortSignal.timeout(patienceMs);
  try {
    return { sample: await sample({ hop: part.hop.name, part: part.instance.name }, AbortSignal.any([limit, signal])) };
  } catch (error) {
    if (signal.aborted) throw error;
    const why = error instanceof BlindLook ? error.message : limit.aborted ? 'no answer in time' : reasonOf(error);
    return { why: why.slice(0, 200) };
  }
}

/** All of them, a few at a time, in order. */
async function pooled<T, R>(all: readonly T[], work: (one: T) => Promise<R>, atOnce = AT_ONCE): Promise<R[]> {
  const out: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < all.length) {
      const i = next++;
      out[i] = await work(all[i] as T);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, all.length) }, worker));
  return out;
}
