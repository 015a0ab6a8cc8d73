import type { Planned } from './define-check.ts';
import type { Io } from './io/io.ts';
import type { EvidenceRow } from './types.ts';

/**
 * Makes one planned look: resolves its address, asks every address it leads to, and turns whatever goes wrong on our
 * side into a blind row. Never throws. `budgetMs` caps the check's own budget; `signal` ends it at once.
 */
export async function runLook(
  _planned: Planned,
  _io: Io,
  _options: { budgetMs: number; signal?: AbortSignal },
): Promise<EvidenceRow[]> {
  return [];
}
