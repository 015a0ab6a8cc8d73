import type { Scene } from './scene.ts';
import type { Suspicion } from './suspicions/index.ts';
import type { Answer, Finding, Verdict } from './types.ts';

/** How a verdict came about: what was suspected, in what order, and what the confidence is made of. */
export interface Judgement {
  scene: Scene;
  suspicions: Suspicion[];
  chosen: Suspicion | null;
  answer: Answer;
  hop: Verdict['hop'];
  cause: string | null;
  confidence: number;
  /** How strongly the evidence speaks, 0 to 1, before that is held against how often it was right. */
  strength: number;
  /** What people here said of earlier verdicts on this cause, and how it moved the strength; left out: nothing. */
  learnt?: string;
  /** Nothing is suspected, and no answer is given: why, after "but", and what was found beside it; left out: there is an answer, or a suspicion. */
  open?: { why: string; finding?: Finding };
  /** One line for each step from the suspicion's strength to the confidence. */
  reckoning: string[];
}
