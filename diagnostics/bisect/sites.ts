import type { Attempt, RequestSpec } from '../io/io.ts';
import type { EndpointData } from '../readings/endpoint-answers.ts';
import { type BisectData, group, isSpoilt, type Outcome } from '../readings/path-bisect.ts';
import type { EvidenceRow, Path } from '../types.ts';
import type { Site, Stage } from './model.ts';

/** A row that holds the same request made at one place a few times, and how to make it there again. */
export interface Place extends Site {
  row: EvidenceRow;
  spec: Omit<RequestSpec, 'patienceMs'>;
  /** Median of the answers that were fine, ms; null: there was none. */
  usualMs: number | null;
}

/** The places of a path by stage, outermost first. */
export interface PlacedStage extends Stage {
  hop: string;
  sites: Place[];
}

/** Never answered from here in time: a network that we are not part of, most likely. */
const unreached = (a: Attempt): boolean => a.phase === 'connect' && a.error !== null && a.error !== 'ECONNREFUSED';

/** Did this request fail in the sense of a fault that comes and goes? Slow is another matter. */
export const failed = (data: { scheme: string; host: string; path: string }, a: Attempt): boolean =>
  !a.ok || isSpoilt(data, a);

const usual = (outcomes: Outcome[]): number | null => {
  const ok = outcomes.filter((o) => o.ok);
  return ok.length ? Math.max(...ok.map((o) => o.medianMs)) : null;
};

function placeOf(row: EvidenceRow): Place | null {
  if (row.blind) return null;
  const { look } = row;
  const id = `${look.check} ${look.vantage} ${look.at.hop} ${look.at.part ?? ''} ${look.address}`;
  if (look.check === 'path-bisect') {
    const data = row.data as unknown as BisectData;
    const { scheme, host, path, header, outcomes } = data;
    if (look.vantage !== 'public' && outcomes.every((o) => unreached(o.sample))) return null;
    const bad = outcomes.filter((o) => failed(data, o.sample)).reduce((sum, o) => sum + o.count, 0);
    const spec = { address: look.address, scheme, host, path, proxyHeader: header };
    return { id, ok: data.total - bad, failed: bad, row, spec, usualMs: usual(outcomes) };
  }
  const data = row.data as unknown as EndpointData;
  const { scheme, host, path, attempts, declared } = data;
  if (declared === 0 || attempts.length === 0 || attempts.every(unreached)) return null;
  const bad = attempts.filter((a) => failed(data, a)).length;
  const spec = { address: look.address, scheme, host, path, proxyHeader: 'none' as const };
  return { id, ok: attempts.length - bad, failed: bad, row, spec, usualMs: usual(group(attempts)) };
}

/** Where a row stands on the path: its public addresses, then hop by hop each hop's own address and then its members. */
function depthOf(row: EvidenceRow, path: Path): number {
  const { vantage, at, check } = row.look;
  if (vantage === 'public') return -1;
  const hop = path.hops.findIndex(
    (h) => h.name === at.hop && (check !== 'endpoint-answers' || h.hop === 'service' || h.hop === 'app'),
  );
  return hop < 0 ? Number.NaN : 2 * hop + (at.part === null ? 0 : 1);
}

/** Pure: the places where the same request was made, by stage, outermost first. What is blind or out of our reach is left out. */
export function stagesOf(rows: EvidenceRow[], path: Path): PlacedStage[] {
  const wanted = rows.filter((row) => row.look.check === 'path-bisect' || row.look.check === 'endpoint-answers');
  const found = wanted.flatMap((row) => {
    const place = readable(row);
    const depth = depthOf(row, path);
    return place && !Number.isNaN(depth) ? [{ place, depth }] : [];
  });
  return [...Map.groupBy(found, ({ depth }) => depth)]
    .sort(([a], [b]) => a - b)
    .map(([, same]) => {
      const { at, vantage } = (same[0] as (typeof same)[number]).place.row.look;
      return {
        name: vantage === 'public' ? 'public' : at.hop,
        hop: at.hop,
        sites: same.map(({ place }) => place),
      };
    });
}

/** A row of another version is left out, like a blind one. */
function readable(row: EvidenceRow): Place | null {
  try {
    return placeOf(row);
  } catch {
    return null;
  }
}

/** What is kept of an answer that is like a hundred others. */
const brief = (a: Attempt): Attempt => (a.ok ? { ...a, headers: {}, body: '' } : a);

/** Pure: a row with further requests made at its place, as if they had been made at once. */
export function withMore({ row }: Place, attempts: Attempt[]): EvidenceRow {
  if (row.blind || attempts.length === 0) return row;
  if (row.look.check === 'endpoint-answers') {
    const data = row.data as unknown as EndpointData;
    return asRow(row, { ...data, attempts: [...data.attempts, ...attempts.map(brief)] });
  }
  const data = row.data as unknown as BisectData;
  const more = group(attempts);
  const merged = data.outcomes.map((old) => {
    const same = more.find((o) => o.what === old.what);
    return same ? { ...old, count: old.count + same.count } : old;
  });
  const fresh = more.filter((o) => !data.outcomes.some((old) => old.what === o.what));
  return asRow(row, {
    ...data,
    total: data.total + attempts.length,
    outcomes: [...merged, ...fresh],
    repeated: (data.repeated ?? 0) + attempts.length,
  });
}

const asRow = (row: EvidenceRow, data: BisectData | EndpointData): EvidenceRow =>
  ({ ...row, data: data as unknown }) as EvidenceRow;
