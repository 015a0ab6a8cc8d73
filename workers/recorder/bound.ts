import type { LatencyCounter, ProxySample, RequestCounter } from '../../diagnostics/io/proxy-sample.ts';
import { OTHERS } from '../../proxy/history/scope.ts';

/** Most series of each kind that a sample keeps one by one. */
export const MOST = { requests: 2_000, latency: 500, endpoints: 1_000, certificates: 200, lists: 200 } as const;
/** Longest text that is kept, characters. */
const TEXT_CHARS = 300;
/** A choice is made anew when fewer than this share of it is still there. */
const STALE = 0.8;

interface Bounded {
  sample: ProxySample;
  /** Series were chosen anew: they cannot be compared with those of the sample before. */
  brokenOff: boolean;
}

/** Names of the series of the last sample, so that the next one keeps the same. */
interface Kept {
  requests: ReadonlySet<string>;
  latency: ReadonlySet<string>;
}

type Named = { host: string | null; service: string | null; endpoint: string | null };

const nameOf = (row: Named & { kind?: string; status?: string; maker?: string }): string =>
  [row.host, row.service, row.endpoint, row.kind, row.status, row.maker].join('\0');
const isOthers = (row: Named): boolean => row.host === OTHERS || row.service === OTHERS || row.endpoint === OTHERS;
const asOthers = <T extends Named>(row: T): T => ({
  ...row,
  host: row.host && OTHERS,
  service: row.service && OTHERS,
  endpoint: row.endpoint && OTHERS,
});

/** What a sample keeps, for the choice of the next. */
const keptOf = (sample: ProxySample): Kept => ({
  requests: new Set(sample.requests.map(nameOf)),
  latency: new Set(sample.latency.map(nameOf)),
});

/**
 * The rows to keep, and the rest. The first choice is by traffic; later samples keep to it, since counters of a series
 * that comes and goes could not be compared, until too many of the chosen are gone.
 */
function choose<T extends Named & { count: number }>(
  rows: T[],
  most: number,
  before: ReadonlySet<string> | null,
): { kept: T[]; rest: T[]; anew: boolean } {
  const chosenBefore = before !== null && [...before].some((name) => name.includes(OTHERS));
  if (rows.length <= most) return { kept: rows, rest: [], anew: chosenBefore };
  const busiest = rows.toSorted((a, b) => b.count - a.count || (nameOf(a) < nameOf(b) ? -1 : 1));
  if (before !== null) {
    const known = rows.filter((row) => before.has(nameOf(row)));
    if (!chosenBefore) {
      const room = new Set(busiest.filter((row) => !before.has(nameOf(row))).slice(0, most - known.length));
      const kept = rows.filter((row) => before.has(nameOf(row)) || room.has(row)).slice(0, most);
      const keeps = new Set(kept);
      return { kept, rest: rows.filter((row) => !keeps.has(row)), anew: known.length > most };
    }
    if (known.length >= STALE * most && known.length <= most)
      return { kept: known, rest: rows.filter((row) => !before.has(nameOf(row))), anew: false };
  }
  return { kept: busiest.slice(0, most), rest: busiest.slice(most), anew: chosenBefore };
}

function summed<T extends RequestCounter | LatencyCounter>(rest: T[]): T[] {
  const sums = new Map<string, T>();
  for (const row of rest.map(asOthers)) {
    const known = sums.get(nameOf(row));
    if (!known) sums.set(nameOf(row), 'buckets' in row ? { ...row, buckets: [] } : { ...row });
    else {
      known.count += row.count;
      if ('seconds' in known && 'seconds' in row) known.seconds += row.seconds;
    }
  }
  return [...sums.values()];
}

/** Texts of a sample cut to a length that names have; nothing here is longer but what is hostile. */
function clipped<T>(value: T): T {
  if (typeof value === 'string') return (value.length > TEXT_CHARS ? value.slice(0, TEXT_CHARS) : value) as T;
  if (Array.isArray(value)) {
    // Rows and lists are only copied where something is too long.
    const cut = value.map(clipped);
    return (cut.some((one, i) => one !== value[i]) ? cut : value) as T;
  }
  if (value === null || typeof value !== 'object') return value;
  let copy: { [key: string]: unknown } | null = null;
  for (const [key, one] of Object.entries(value)) {
    const cut = clipped(one);
    if (cut !== one) copy = { ...(copy ?? value), [key]: cut };
  }
  return (copy ?? value) as T;
}

/**
 * A sample of bounded size, whatever the page held: the busiest series, the rest summed, and that said. `last`: the
 * sample before it, as it was bounded.
 */
export function bounded(
  whole: ProxySample,
  last: ProxySample | null,
  most: { [kind in keyof typeof MOST]?: number } = {},
): Bounded {
  const limits = { ...MOST, ...most };
  const sample = clipped(whole);
  const open = <T extends Named>(rows: T[]): T[] => rows.filter((row) => !isOthers(row));
  const many = sample.requests.length > limits.requests || sample.latency.length > limits.latency;
  const before = last && (many || last.requests.some(isOthers) || last.latency.some(isOthers)) ? keptOf(last) : null;
  const requests = choose(open(sample.requests), limits.requests, before?.requests ?? null);
  const latency = choose(open(sample.latency), limits.latency, before?.latency ?? null);
  const left = requests.rest.length + latency.rest.length;
  const short = <T>(list: T[]): T[] => (list.length > limits.lists ? list.slice(0, limits.lists) : list);
  const bounds: ProxySample = {
    ...sample,
    requests: [...requests.kept, ...summed(requests.rest)],
    latency: [...latency.kept, ...summed(latency.rest)],
    endpoints: sample.endpoints.slice(0, limits.endpoints),
    certificates: sample.certificates
      .slice(0, limits.certificates)
      .map((one) => ({ ...one, names: one.names.slice(0, 20) })),
    tls: short(sample.tls),
    cannotTell: sample.cannotTell.slice(0, 20),
    ...(sample.repeated && { repeated: short(sample.repeated) }),
    ...(sample.retries && { retries: sample.retries.slice(0, limits.endpoints) }),
    ...(sample.means && { means: sample.means.slice(0, limits.endpoints) }),
  };
  const dropped = sample.endpoints.length - bounds.endpoints.length;
  if (left + dropped > 0)
    bounds.cannotTell = [
      {
        what: `${left + dropped} of ${sample.requests.length + sample.latency.length + sample.endpoints.length} series one by one: the recorder keeps the busiest${left ? ' and sums the rest' : ''}`,
        hint: "leave labels out of the proxy's metrics that nobody looks at, such as paths and routers",
      },
      ...bounds.cannotTell,
    ];
  return { sample: bounds, brokenOff: requests.anew || latency.anew };
}
