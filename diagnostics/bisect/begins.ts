import type { EvidenceRow, Path } from '../types.ts';
import { decide } from './decide.ts';
import { type PlacedStage, stagesOf } from './sites.ts';

/** How requests fared at a stage: of how many how many failed, and where. */
interface StageCount {
  hop: string;
  failed: number;
  total: number;
}

/** The hop at which requests begin to fail, seen from inside: further in none of them does, further out a part of them. */
export interface Begins {
  hop: string;
  /** How sure, 0 to 1. */
  sure: number;
  /** Addresses of the members that fail, and of those that do not. */
  bad: string[];
  good: string[];
  here: StageCount;
  /** All that is further in; null: it is the innermost that could be asked. */
  inside: StageCount | null;
}

const count = (hop: string, stages: PlacedStage[]): StageCount => {
  const sites = stages.flatMap((stage) => stage.sites);
  const failed = sites.reduce((sum, s) => sum + s.failed, 0);
  return { hop, failed, total: failed + sites.reduce((sum, s) => sum + s.ok, 0) };
};

/**
 * Pure: at which hop do requests begin to fail, where only a part of them does? `unsure`: too few were made to say;
 * null: none fails, or all of them do, and no counts have to be compared.
 */
export function whereItBegins(rows: EvidenceRow[], path: Path): Begins | 'unsure' | null {
  const stages = stagesOf(rows, path);
  if (stages.length < 2 || !stages.some((stage) => stage.sites.some((s) => s.failed > 0 && s.ok > 0))) return null;
  const decision = decide(stages);
  if (decision.is === 'nothing') return null;
  if (decision.is === 'open') return 'unsure';
  const { stage, sure, bad, good } = decision.placed;
  const at = stages[stage] as PlacedStage;
  const inner = stages.slice(stage + 1);
  const named = (members: number[]): string[] => members.map((m) => at.sites[m]?.row.look.address ?? '');
  return {
    hop: at.hop,
    sure,
    bad: named(bad),
    good: named(good),
    here: count(at.hop, [at]),
    inside: inner[0] ? count(inner[0].hop, inner) : null,
  };
}
