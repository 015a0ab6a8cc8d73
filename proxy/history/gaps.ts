import type { ProxyHistory, ProxySample } from '../../diagnostics/io/proxy-sample.ts';
import type { Window } from '../../diagnostics/window.ts';

type Gap = ProxyHistory['gaps'][number];

/** A sample that was to be taken and was not. */
export interface Missed {
  at: string;
  why: string;
}

/** Samples further apart than this many periods have a gap between them; one that is late is none. */
const APART = 2.5;

const median = (values: number[]): number | null =>
  values.length ? (values.toSorted((a, b) => a - b)[values.length >> 1] as number) : null;

/** The usual time between two samples, ms; null with fewer than two. */
export function periodOf(samples: readonly ProxySample[]): number | null {
  return median(samples.slice(1).map((one, i) => Date.parse(one.at) - Date.parse((samples[i] as ProxySample).at)));
}

/** The reason that most of the missed samples between two times give, or null. */
function whyBetween(missed: readonly Missed[], from: number, to: number): string | null {
  const counts = new Map<string, number>();
  for (const { at, why } of missed)
    if (Date.parse(at) >= from && Date.parse(at) <= to) counts.set(why, (counts.get(why) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? null;
}

/**
 * Stretches of a window without samples, each with why: what the recorder noted down, else `otherwise`. `everyMs` is the
 * period; samples are sorted by time.
 */
export function gapsOf(
  samples: readonly ProxySample[],
  missed: readonly Missed[],
  window: Window,
  everyMs: number,
  otherwise: string,
): Gap[] {
  const [from, to] = [Date.parse(window.from), Date.parse(window.to)];
  const times = samples.map((one) => Date.parse(one.at));
  const edges = [Math.min(from, times[0] ?? from), ...times, Math.max(to, times.at(-1) ?? to)];
  const gaps: Gap[] = [];
  for (let i = 1; i < edges.length; i++) {
    const begin = Math.max(edges[i - 1] as number, from);
    const end = edges[i] as number;
    if (end - begin <= APART * everyMs) continue;
    const why = whyBetween(missed, begin - everyMs, end) ?? otherwise;
    gaps.push({ from: new Date(begin).toISOString(), to: new Date(end).toISOString(), why });
  }
  return gaps;
}

/**
 * The proxy's clock minus ours, ms, by the HTTP Date of its answers; null where none was told. A Date is cut to whole
 * seconds (RFC 9110 section 5.6.7), so half a second is added; the median leaves out answers that were long under way.
 */
export function clockDifference(samples: readonly ProxySample[]): number | null {
  const found = median(
    samples.flatMap((one) => (one.clock === null ? [] : [Date.parse(one.clock) + 500 - Date.parse(one.at)])),
  );
  return found === null || Number.isNaN(found) ? null : Math.round(found);
}
