import { repeatUntilPlaced } from '../diagnostics/bisect/repeat.ts';
import { repeatsWorth } from '../diagnostics/bisect/worth.ts';
import type { Planned } from '../diagnostics/define-check.ts';
import type { ClusterReader } from '../diagnostics/io/cluster-reader.ts';
import { judge } from '../diagnostics/judge.ts';
import { planLooks } from '../diagnostics/plan.ts';
import { runLook } from '../diagnostics/run-look.ts';
import type { Case, EvidenceRow, SavedCase } from '../diagnostics/types.ts';
import { findPath, type Inventory } from '../proxy/inventory/inventory.ts';
import type { ClusterFeed } from '../proxy/kubernetes/changes/feed.ts';
import type { PodLogs } from '../proxy/kubernetes/logs.ts';
import { ioFor, readChanges } from '../proxy/triage.ts';

/** Looks under way at once: enough to be quick, few enough not to be a flood. */
const AT_ONCE = 16;

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
  const waiting: Planned[] = [...planLooks(triage, path), ...blind];
  const deadline = AbortSignal.timeout(triage.deadlineMs);
  const rows: EvidenceRow[][] = waiting.map(() => []);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < waiting.length) {
      const i = next++;
      const left = triage.deadlineMs - (performance.now() - began);
      rows[i] = await runLook(waiting[i] as Planned, io, { budgetMs: left, signal: deadline, ...(onBug && { onBug }) });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const judged = (evidence: EvidenceRow[]): SavedCase => {
    const durationMs = performance.now() - began;
    const verdict = judge({ case: triage, path, evidence, changes, durationMs });
    return { version: 1, case: triage, path, evidence, changes, verdict };
  };
  const first = judged(rows.flat());
  const budgetMs = repeatsWorth(first, triage.deadlineMs - (performance.now() - began));
  if (budgetMs === 0) return first;
  const again = await repeatUntilPlaced(first.evidence, path, io, { budgetMs, signal: deadline });
  return again.requests > 0 ? judged(again.rows) : first;
}
