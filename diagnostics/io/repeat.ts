import { setTimeout as pause } from 'node:timers/promises';
import { decide, nextAsks } from '../bisect/decide.ts';
import type { Site } from '../bisect/model.ts';
import { failed, type Place, stagesOf, withMore } from '../bisect/sites.ts';
import type { EvidenceRow, Path } from '../types.ts';
import type { Attempt, Io } from './io.ts';

/** Rounds begin at least this far apart: at most 50 requests a second to one target, 100 in all (DESIGN 8), ms. */
const ROUND_MS = 80;
/** Nobody waits longer than this for a repeated request; what takes longer failed like others that were not answered, ms. */
const PATIENCE_MS = 2_000;
/** So many refused at once where others were answered: a limit by rate that we met ourselves. */
const LIMIT_RUN = 3;

/** How long a round waits for its own answers before the next begins, ms: what hangs must not hold up what is quick. */
const QUICK_MS = 400;
/** Requests under way at once; those that hang among them. */
const UNDER_WAY = 24;

/** Has a batch met a limit that our own pace has set off? That would be our doing, and no evidence. */
function limited(site: Site, attempts: Attempt[]): boolean {
  if (attempts.some((a) => a.status === 429)) return true;
  const refused = attempts.filter((a) => a.status === 503).length;
  return refused >= LIMIT_RUN && site.failed < 0.25 * (site.ok + site.failed);
}

/**
 * Makes the same request again where that tells most of the hop at which failures begin, until it is decided, nothing more
 * can be learnt or the time is over. Returns all rows, those of repeated requests with the new counts. Never throws for what
 * a peer does; a place that may not be asked is asked no more.
 */
export async function repeatUntilPlaced(
  rows: EvidenceRow[],
  path: Path,
  io: Pick<Io, 'request'>,
  options: { budgetMs: number; signal: AbortSignal; roundMs?: number },
): Promise<{ rows: EvidenceRow[]; requests: number }> {
  const stages = stagesOf(rows, path);
  const more = new Map<Place, Attempt[]>();
  const closed = new Set<string>();
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(Math.max(1, Math.ceil(options.budgetMs)))]);
  const waiting = new Set<Promise<void>>();
  let underWay = 0;

  async function make(site: Place, count: number): Promise<void> {
    underWay += count;
    const spec = { ...site.spec, patienceMs: PATIENCE_MS };
    const made = await Promise.allSettled(Array.from({ length: count }, () => io.request(spec, signal)));
    underWay -= count;
    const attempts = made.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    // It threw: it may not be asked, or the time is over. What had answered by then would be the quick ones alone.
    if (attempts.length < count || limited(site, attempts)) {
      closed.add(site.id);
      return;
    }
    const bad = attempts.filter((a) => failed(site.spec, a)).length;
    site.failed += bad;
    site.ok += count - bad;
    more.set(site, [...(more.get(site) ?? []), ...attempts]);
  }

  const round = async (): Promise<boolean> => {
    const asks = nextAsks(stages, decide(stages), closed);
    const begun = asks.flatMap(({ stage, site, count }) => {
      const place = stages[stage]?.sites[site];
      return place ? [make(place, count)] : [];
    });
    for (const one of begun) {
      waiting.add(one);
      void one.finally(() => waiting.delete(one));
    }
    if (begun.length === 0) return false;
    const least = pause(options.roundMs ?? ROUND_MS);
    await Promise.race([Promise.all([least, ...begun]), pause(QUICK_MS)]);
    while (underWay >= UNDER_WAY) await Promise.race(waiting);
    return true;
  };

  while (!signal.aborted) {
    if (await round()) continue;
    if (waiting.size === 0) break;
    // Late answers may undo what the quick ones decided.
    await Promise.all(waiting);
  }
  await Promise.all(waiting);
  const changed = new Map([...more].map(([site, attempts]) => [site.row, withMore(site, attempts)]));
  return {
    rows: rows.map((row) => changed.get(row) ?? row),
    requests: [...more.values()].reduce((sum, attempts) => sum + attempts.length, 0),
  };
}
