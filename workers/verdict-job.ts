import { repeatsWorth } from '../diagnostics/bisect/worth.ts';
import type { Planned } from '../diagnostics/define-check.ts';
import { reasonOf } from '../diagnostics/errors.ts';
import type { Judged } from '../diagnostics/judge.ts';
import type { Case, Change, EvidenceRow, Verdict } from '../diagnostics/types.ts';
import type { CaseRecord, Cases } from './cases.ts';
import { convictedHops } from './shared-hop.ts';

export interface VerdictParts {
  cases: Cases;
  judge: (input: Judged) => Verdict;
  readChanges: (one: Case) => Promise<{ changes: Change[]; blind: Planned[] }>;
  now: () => number;
  /** Makes requests again where that tells at which hop they begin to fail; all rows with the new counts. */
  repeat?: (record: CaseRecord, evidence: EvidenceRow[], budgetMs: number) => Promise<EvidenceRow[]>;
}

/** What the looks of a run left behind: rows by look, and why some left none. */
interface LookResults {
  rows: EvidenceRow[][];
  failed: { index: number; reason: string }[];
}

/**
 * Computes and stores the verdict of one run. Null: there is nothing to judge any more, for the run has its verdict or
 * the case is gone. Idempotent: whoever comes second changes nothing.
 */
export async function verdictJob(
  record: CaseRecord,
  results: LookResults,
  parts: VerdictParts,
): Promise<{ verdict: Verdict; evidence: EvidenceRow[] } | null> {
  const at = new Date(parts.now()).toISOString();
  const missing = results.failed.flatMap(({ index, reason }) => blindRow(record.planned[index], at, reason));
  const feed = await parts.readChanges(record.case);
  const unseen = feed.blind.flatMap((planned) => blindRow(planned, at, 'no change feed'));
  const looks = { made: results.rows.filter((rows) => rows.length > 0).length, planned: record.planned.length };
  const judged = (rows: EvidenceRow[]): Verdict => {
    const durationMs = parts.now() - record.startedAt;
    return parts.judge({
      case: record.case,
      path: record.path,
      evidence: rows,
      changes: feed.changes,
      durationMs,
      looks,
    });
  };
  let evidence = [...results.rows.flat(), ...missing, ...unseen];
  let verdict = judged(evidence);
  const leftMs = record.case.deadlineMs - (parts.now() - record.startedAt);
  const budgetMs = parts.repeat ? repeatsWorth({ case: record.case, path: record.path, evidence, verdict }, leftMs) : 0;
  if (parts.repeat && budgetMs > 0) {
    // A verdict on what was seen before is better than none.
    const first = evidence;
    evidence = await parts.repeat(record, evidence, budgetMs).catch(() => first);
    verdict = judged(evidence);
  }
  const first = await parts.cases.finish(record, verdict, evidence, feed.changes, parts.now());
  // Reports about other hosts that go through what is at fault join this case.
  if (first) await parts.cases.convict(record.case.id, convictedHops({ verdict }));
  return first ? { verdict, evidence } : null;
}

function blindRow(planned: Planned | undefined, at: string, reason: string): EvidenceRow[] {
  if (!planned) return [];
  const blind = planned.blind ?? { reason: 'our-bug' as const, detail: reason };
  return [{ v: 1, look: planned.look, startedAt: at, ms: 0, blind }];
}

/** The verdict of a case that could not be judged: it says so, and blames nobody. */
export function unjudged(record: CaseRecord, error: unknown, now: number): Verdict {
  const { id, target } = record.case;
  return {
    version: 1,
    case: id,
    target: { host: target.host, port: target.port, path: target.path },
    answer: 'inconclusive',
    hop: null,
    cause: null,
    confidence: 0,
    because: [],
    ruledOut: [],
    cleared: [],
    blind: [{ check: 'verdict', reason: 'our-bug', detail: reasonOf(error), hop: 'client' }],
    nextStep: 'Run it again; if this comes back, the log of the workers says more.',
    findings: [],
    timeline: [],
    onset: null,
    durationMs: now - record.startedAt,
    headline: `Can't tell yet: I could not finish looking at ${target.host}, and that is my own fault.`,
    says: [`The judgement itself failed: ${reasonOf(error)}.`],
  };
}
