import { repeatsWorth } from '../diagnostics/bisect/worth.ts';
import type { Planned } from '../diagnostics/define-check.ts';
import type { ClusterReader } from '../diagnostics/io/cluster-reader.ts';
import { repeatUntilPlaced } from '../diagnostics/io/repeat.ts';
import { type Judged, judge } from '../diagnostics/judge.ts';
import { planLooks } from '../diagnostics/plan.ts';
import { runLook } from '../diagnostics/run-look.ts';
import type { Case, EvidenceRow, SavedCase } from '../diagnostics/types.ts';
import { findPath, type Inventory } from '../proxy/inventory/inventory.ts';
import type { ClusterFeed } from '../proxy/kubernetes/changes/feed.ts';
import type { PodLogs } from '../proxy/kubernetes/logs.ts';
import { ioFor, readChanges } from '../proxy/triage.ts';
import { lookAll } from './look-all.ts';

/**
 * One triage in this process, without Redis or Slack: plan, look, judge. The same functions that the queue runs.
 * Never throws for what the world does; `onBug` hears of our own exceptions; `cluster` is what
 * the objects of a watched cluster say,
 * `more` the logs of its pods and what happened in it.
 */
export async function triageInProcess(
  triage: Case,
  inventory: Inventory,
  onBug?: (error: unknown) => void,
  cluster: ClusterReader | null = null,
  more: { logs?: PodLogs | null; feed?: ClusterFeed | null } = {},
): Promise<SavedCase> {
  const began = performance.now();
  const path = findPath(inventory, triage.target);
  const io = ioFor(inventory, triage.target.host, null, cluster, more.logs);
  const { changes, blind } = await readChanges(inventory, triage, more.feed);
  const planned: Planned[] = [...planLooks(triage, path), ...blind];
  const deadline = AbortSignal.timeout(triage.deadlineMs);
  const leftMs = (): number => triage.deadlineMs - (performance.now() - began);
  const seen = (evidence: EvidenceRow[]): Judged => {
    return { case: triage, path, evidence, changes, durationMs: performance.now() - began };
  };
  const { evidence, made } = await lookAll(planned, seen, (one, hurry, enough) =>
    runLook(one, io, {
      budgetMs: leftMs(),
      signal: AbortSignal.any([deadline, enough]),
      hurry,
      ...(onBug && { onBug }),
    }),
  );
  const judged = (rows: EvidenceRow[]): SavedCase => {
    const verdict = judge({ ...seen(rows), looks: { made, planned: planned.length } });
    return { version: 1, case: triage, path, evidence: rows, changes, verdict };
  };
  const first = judged(evidence);
  const budgetMs = repeatsWorth(first, leftMs());
  if (budgetMs === 0) return first;
  const again = await repeatUntilPlaced(evidence, path, io, { budgetMs, signal: deadline });
  return again.requests > 0 ? judged(again.rows) : first;
}
