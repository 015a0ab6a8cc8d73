import { readRows } from '../../diagnostics/findings.ts';
import type { JudgeParts } from '../../diagnostics/judge.ts';
import { suspicionsOf } from '../../diagnostics/suspicions/index.ts';
import type { SavedCase } from '../../diagnostics/types.ts';
import type { Incident } from './incident.ts';
import { judgeAgain } from './saved.ts';
import { type Scored, scoreMasked, scoreOne } from './score.ts';

/**
 * What the judge says where it has no rule for what is wrong: the rule of the incident's own cause is taken out. This stands
 * in for faults that nobody has thought of yet. Inconclusive is right then; a wrong answer is not. Null: nothing was named.
 * `often`: another calibration than what was learnt.
 */
export function unseen(
  incident: Incident,
  saved: SavedCase,
  often?: JudgeParts['often'],
): { scored: Scored; verdict: SavedCase['verdict'] } | null {
  const { verdict } = saved;
  const named = verdict.answer !== 'inconclusive' ? verdict.cause : null;
  if (named === null || named === 'no-fault-found' || named === 'client-side') return null;
  const again = judgeAgain(saved, {
    read: readRows,
    suspect: (scene) => suspicionsOf(scene).filter((suspicion) => suspicion.cause !== named),
    ...(often && { often }),
  });
  return { scored: scoreMasked(scoreOne(incident, again, 0), `no rule for ${named}`), verdict: again };
}
