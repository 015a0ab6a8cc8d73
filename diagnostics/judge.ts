import type { Case, Change, EvidenceRow, Path, Verdict } from './types.ts';

/** Everything a verdict is computed from. Same input, same verdict: no clock, no random, no IO. */
export interface Judged {
  case: Case;
  path: Path;
  evidence: EvidenceRow[];
  changes: Change[];
  durationMs: number;
}

export function judge(input: Judged): Verdict {
  return {
    version: 1,
    case: input.case.id,
    target: { host: input.case.target.host, port: input.case.target.port, path: input.case.target.path },
    answer: 'inconclusive',
    hop: null,
    cause: null,
    confidence: 0,
    because: [],
    ruledOut: [],
    blind: [],
    nextStep: 'Ask again.',
    findings: [],
    timeline: [],
    onset: null,
    durationMs: input.durationMs,
    headline: "Can't tell yet: nothing was looked at.",
    says: [],
  };
}
