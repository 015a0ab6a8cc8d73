import { type Answer, type Finding, INGRESS_HOPS } from './types.ts';

/**
 * What speaks against a verdict though it stands. `another-culprit`: it accuses the ingress, and a look found a fault beyond the
 * ingress that is no part of the reasons. `nothing-found`: it says that nothing is wrong, which rests on what nobody saw.
 */
export const DOUBTS = ['another-culprit', 'nothing-found'] as const;
export type Doubt = (typeof DOUBTS)[number];

/** What each doubt means to a person who follows a judgement by hand. */
export const DOUBT_SAYS: { readonly [doubt in Doubt]: string } = {
  'another-culprit': 'a fault was found beyond the ingress too, and it is no part of the reasons',
  'nothing-found': 'that nothing is wrong rests on what nobody saw',
};

/** What a verdict says, as far as doubts go: `because` are the codes of its reasons. */
interface Said {
  answer: Answer;
  cause: string | null;
  because: readonly string[];
  findings: readonly Pick<Finding, 'code' | 'hop' | 'direction'>[];
}

/** Pure: the doubt about a verdict, or null. A look that is blind finds nothing: it adds none, and may miss one. */
export function doubtOf({ answer, cause, because, findings }: Said): Doubt | null {
  if (cause === 'no-fault-found') return 'nothing-found';
  const beyond = findings.some(
    ({ code, hop, direction }) => direction === 'implicates' && !INGRESS_HOPS.includes(hop) && !because.includes(code),
  );
  return answer === 'ingress' && beyond ? 'another-culprit' : null;
}
