import { CHECKS } from '../../diagnostics/checks/index.ts';
import { planLooks } from '../../diagnostics/plan.ts';
import type { Case, Change, EvidenceRow, Look, Path, SavedCase } from '../../diagnostics/types.ts';
import { draw } from './draw.ts';
import { MASKS, type Mask, maskedPath } from './mask.ts';

/**
 * The same incident with less to see, a report that is wrong in a detail, or something harmless beside it. Its answer may
 * stay or become inconclusive; it never turns wrong. All are made from evidence that was saved, so that thousands cost seconds.
 */
interface Variant {
  name: string;
  /** Pure; null: this incident has nothing that the variant would change. */
  of: (saved: SavedCase) => SavedCase | null;
}

/** Blinds half of the looks: which, by this seed. */
const HALVES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
const SHIFTS = [
  { name: 'reported 60 s too early', ms: -60_000 },
  { name: 'reported 60 s too late', ms: 60_000 },
  { name: 'reported 10 min too early', ms: -600_000 },
  { name: 'reported 10 min too late', ms: 600_000 },
];
/** Nobody who writes within the last minute means a time to come, ms. */
const LATEST_MS = 10_000;

/** What a watched cluster and its pods' logs would tell is no part of an inventory: that mask runs the world itself. */
const SAVED_MASKS = MASKS.filter((mask) => mask !== 'cluster');

export const VARIANTS: readonly Variant[] = [
  ...SAVED_MASKS.map((mask) => ({
    name: `without ${mask}`,
    of: (saved: SavedCase) => withoutTelemetry(saved, [mask]),
  })),
  {
    name: 'without metrics, logs and admin',
    of: (saved) => withoutTelemetry(saved, ['metrics', 'logs', 'admin']),
  },
  ...HALVES.map((seed) => ({
    name: `half of the looks blind (${seed})`,
    of: (saved: SavedCase) => halfBlind(saved, seed),
  })),
  ...CHECKS.map(({ id }) => ({ name: `the look ${id} is blind`, of: (saved: SavedCase) => withoutCheck(saved, id) })),
  ...SHIFTS.map(({ name, ms }) => ({ name, of: (saved: SavedCase) => shifted(saved, ms) })),
  { name: 'the wrong proxy is accused', of: accusing },
  { name: 'a reload and a deploy just before', of: withChangesBeside },
];

/** The looks that would have been made without that telemetry, answered as they were; one that was not made then is blind. */
function withoutTelemetry(saved: SavedCase, masks: readonly Mask[]): SavedCase | null {
  const path = maskedPath(saved.path, masks);
  const changes = masks.includes('changes') ? [] : saved.changes;
  if (JSON.stringify(path) === JSON.stringify(saved.path) && changes.length === saved.changes.length) return null;
  const rows = Map.groupBy(saved.evidence, (row) => nameOf(row.look));
  const at = saved.case.at;
  const planned = planLooks(saved.case, path);
  const gone = sourcesGone(saved.path, path, masks);
  const evidence = planned.flatMap(({ look, blind }): EvidenceRow[] => {
    if (blind) return [{ v: 1, look, startedAt: at, ms: 0, blind }];
    const found = rows.get(nameOf(look));
    rows.delete(nameOf(look));
    if (found) return found.map((row) => (gone(row) ? untold(row) : row));
    return [{ v: 1, look, startedAt: at, ms: 0, blind: { reason: 'deadline', detail: `${look.check} was not asked` } }];
  });
  return { ...saved, path, evidence, changes };
}

/** What rows call a source that has no address of its own. */
const SOURCE_WORDS: { [mask in Mask]?: string[] } = { metrics: ['metrics'], logs: ['error log', 'access log'] };

/**
 * Does a row rest on something that was taken away? It names the file or the page that its instance has no more, or says that
 * it drew on one. A row that drew on other things too goes with it: the variant may see less than the mask leaves, never more.
 */
function sourcesGone(before: Path, after: Path, masks: readonly Mask[]): (row: EvidenceRow) => boolean {
  const lost = new Map<string, string[]>();
  for (const [i, hop] of before.hops.entries())
    for (const [k, instance] of hop.instances.entries()) {
      const missing = missingIn(instance, after.hops[i]?.instances[k] ?? {});
      // How nginx writes its log stands in its configuration, where nobody has said it.
      const format = missing.includes(instance.config ?? '') && !instance.logFormat ? instance.accessLog : null;
      lost.set(`${hop.name} ${instance.name}`, [...missing, ...(format ? [format] : [])]);
    }
  const shared = missingIn({ prometheus: before.prometheus, changes: before.changes }, { ...after });
  const words = masks.flatMap((mask) => SOURCE_WORDS[mask] ?? []);
  return (row) => {
    const own = lost.get(`${row.look.at.hop} ${row.look.at.part}`) ?? [];
    if (row.blind || row.look.vantage !== 'inside' || own.length + shared.length === 0) return false;
    const sources = (row.data as { sources?: string[] } | null)?.sources ?? [];
    const told = `${row.look.address} ${JSON.stringify(row.data)}`;
    return [...own, ...shared].some((name) => told.includes(name)) || words.some((word) => sources.includes(word));
  };
}

const missingIn = (before: object, after: object): string[] =>
  Object.entries(before).flatMap(([key, value]) =>
    typeof value === 'string' && (after as { [key: string]: unknown })[key] === null ? [value] : [],
  );

function untold({ v, look, startedAt }: EvidenceRow): EvidenceRow {
  const detail = `${look.at.part ?? look.at.hop}: what ${look.check} reads is not known`;
  return { v, look, startedAt, ms: 0, blind: { reason: 'not-configured', detail } };
}

/** A look by what it asks and where. A public name is asked at each address that it resolves to: the row then names that. */
function nameOf({ check, vantage, at, with: more }: Look): string {
  return JSON.stringify([check, vantage, at.hop, at.part, more]);
}

function halfBlind(saved: SavedCase, seed: number): SavedCase {
  const unlucky = (row: EvidenceRow, i: number): boolean =>
    draw(`${saved.case.target.host} ${nameOf(row.look)} ${i}`, seed) >= 0.5;
  return { ...saved, evidence: saved.evidence.map((row, i) => (unlucky(row, i) ? blinded(row) : row)) };
}

/** One kind of look saw nothing anywhere. */
function withoutCheck(saved: SavedCase, check: string): SavedCase | null {
  if (!saved.evidence.some((row) => row.look.check === check && !row.blind)) return null;
  return { ...saved, evidence: saved.evidence.map((row) => (row.look.check === check ? blinded(row) : row)) };
}

function blinded(row: EvidenceRow): EvidenceRow {
  if (row.blind) return row;
  const { v, look, startedAt, ms } = row;
  return { v, look, startedAt, ms, blind: { reason: 'deadline', detail: `no time was left for ${look.check}` } };
}

function shifted(saved: SavedCase, ms: number): SavedCase | null {
  const { since, at } = saved.case;
  if (since === null) return null;
  const moved = Math.min(Date.parse(since) + ms, Date.parse(at) - LATEST_MS);
  return withCase(saved, { since: new Date(moved).toISOString() });
}

/** People name a proxy that is not on the path, or one that is and has done nothing. */
function accusing(saved: SavedCase): SavedCase {
  const kinds = new Set(saved.path.hops.map((hop) => hop.kind));
  const wrong = ['traefik', 'envoy', 'haproxy', 'nginx'].find((kind) => !kinds.has(kind)) ?? 'traefik';
  return withCase(saved, { symptoms: { ...saved.case.symptoms, suspects: [wrong] } });
}

/** A reload of each proxy, and a deploy of something else: both two minutes before the report, both harmless. */
function withChangesBeside(saved: SavedCase): SavedCase {
  const at = new Date(Date.parse(saved.case.at) - 120_000).toISOString();
  const proxies = saved.path.hops.filter((hop) => hop.hop === 'proxy');
  const beside: Change[] = [
    ...proxies.map((hop) => ({ at, kind: 'reload', object: hop.name, summary: 'configuration reloaded' })),
    { at, kind: 'deploy', object: 'newsletter', summary: 'newsletter 4.2.1' },
  ];
  return { ...saved, changes: [...saved.changes, ...beside] };
}

function withCase(saved: SavedCase, change: Partial<Case>): SavedCase {
  return { ...saved, case: { ...saved.case, ...change } };
}
