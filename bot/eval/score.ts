import type { Verdict } from '../../diagnostics/types.ts';
import type { Incident } from './incident.ts';
import type { Outcome } from './mask.ts';

/** One incident's outcome, as others read it (DESIGN 4.8). */
export interface Scored {
  id: string;
  expected: Incident['expect'];
  got: { answer: string; hop: string | null; cause: string | null; headline: string } | null;
  right: { answer: boolean; hop: boolean; cause: boolean };
  confidence: number | null;
  durationMs: number | null;
  skipped?: string;
  wrong?: string;
  /** What was taken away from the incident's telemetry, and how the answer fared; left out where nothing was. */
  mask?: string;
  outcome?: Outcome;
}

export interface Score {
  incidents: Scored[];
  /** For each mask: how many incidents, and which turned wrong; left out without masks. */
  masks?: { mask: string; stayed: number; inconclusive: number; wrong: string[]; otherCause: string[] }[];
  accuracy: { answer: number | null; hop: number | null; cause: number | null };
  falseAccusations: number;
  falseExonerations: number;
  confidentlyWrong: number;
  brier: number | null;
  ece: number | null;
  p50Ms: number | null;
  p95Ms: number | null;
  skipped: number;
}

/** From here on a wrong answer is a confident one. */
const CONFIDENT = 0.7;
const BINS = 10;

/** A verdict held against the truth. */
export function scoreOne(incident: Incident, verdict: Verdict, durationMs: number): Scored {
  const { expect } = incident;
  const codes = new Set(verdict.because);
  const forbidden = (expect.forbid ?? []).filter((code) => codes.has(code));
  const weak = expect.atLeast !== null && expect.atLeast !== undefined && verdict.confidence < expect.atLeast;
  const answer = expect.answer.includes(verdict.answer) && forbidden.length === 0 && !weak;
  const right = { answer, hop: expect.hop.includes(verdict.hop), cause: expect.cause.includes(verdict.cause) };
  const wrong = [
    forbidden.length ? `cites ${forbidden.join(', ')}` : '',
    weak ? `confidence ${verdict.confidence} is below ${expect.atLeast}` : '',
  ]
    .filter(Boolean)
    .join('; ');
  return {
    id: incident.id,
    expected: expect,
    got: { answer: verdict.answer, hop: verdict.hop, cause: verdict.cause, headline: verdict.headline },
    right,
    confidence: verdict.confidence,
    durationMs,
    ...(wrong && { wrong }),
  };
}

export function skippedOne(incident: Incident, skipped: string): Scored {
  return {
    id: incident.id,
    expected: incident.expect,
    got: null,
    right: { answer: false, hop: false, cause: false },
    confidence: null,
    durationMs: null,
    skipped,
  };
}

/** A report in which no host was found is answered with a question: that claims nothing, and is right only where nothing may be claimed. */
export function unreadOne(incident: Incident): Scored {
  const { expect } = incident;
  return {
    id: incident.id,
    expected: expect,
    got: { answer: 'inconclusive', hop: null, cause: null, headline: 'the report names no host' },
    right: {
      answer: expect.answer.includes('inconclusive'),
      hop: expect.hop.includes(null),
      cause: expect.cause.includes(null),
    },
    confidence: 0,
    durationMs: 0,
  };
}

/**
 * A verdict from masked telemetry, held against the truth of the whole: knowing less may make it inconclusive, which is right
 * here whatever was expected; a confidence that the incident demands is not demanded.
 */
export function scoreMasked(scored: Scored, mask: string): Scored {
  if (scored.skipped !== undefined || !scored.got) return { ...scored, mask };
  const { expected, got } = scored;
  const cited = scored.wrong?.startsWith('cites ') ?? false;
  if (got.answer === 'inconclusive' && !cited)
    return {
      ...scored,
      mask,
      outcome: expected.answer.includes('inconclusive') ? 'stayed' : 'inconclusive',
      right: { answer: true, hop: true, cause: true },
    };
  const answer = expected.answer.includes(got.answer as (typeof expected.answer)[number]) && !cited;
  return { ...scored, mask, outcome: answer ? 'stayed' : 'wrong', right: { ...scored.right, answer } };
}

function masksOf(run: Scored[]): NonNullable<Score['masks']> {
  const byMask = Map.groupBy(
    run.filter((s) => s.outcome !== undefined),
    (s) => s.mask ?? '',
  );
  return [...byMask].map(([mask, all]) => ({
    mask,
    stayed: all.filter((s) => s.outcome === 'stayed').length,
    inconclusive: all.filter((s) => s.outcome === 'inconclusive').length,
    wrong: all.filter((s) => s.outcome === 'wrong').map((s) => s.id),
    otherCause: all.filter((s) => s.outcome === 'stayed' && !(s.right.hop && s.right.cause)).map((s) => s.id),
  }));
}

const mean = (values: number[]): number | null =>
  values.length ? values.reduce((a, b) => a + b, 0) / values.length : null;

function quantile(values: number[], q: number): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)] ?? null;
}

/** Expected calibration error: how far confidence and share of right answers lie apart, weighted over ten bins. */
function calibrationError(run: Scored[]): number | null {
  if (run.length === 0) return null;
  const bins = Map.groupBy(run, (s) => Math.min(BINS - 1, Math.floor((s.confidence ?? 0) * BINS)));
  let error = 0;
  for (const bin of bins.values()) {
    const confidence = mean(bin.map((s) => s.confidence ?? 0)) ?? 0;
    const right = mean(bin.map((s) => Number(s.right.answer))) ?? 0;
    error += (bin.length / run.length) * Math.abs(confidence - right);
  }
  return error;
}

/** The score of a whole run. Skipped incidents count as skipped and nothing else. */
export function scoreAll(incidents: Scored[]): Score {
  const run = incidents.filter((s) => s.skipped === undefined);
  const share = (part: 'answer' | 'hop' | 'cause'): number | null => mean(run.map((s) => Number(s.right[part])));
  const times = run.map((s) => s.durationMs ?? 0);
  // An inconclusive verdict claims nothing: its Brier term is that of a coin whatever was expected, and it has no part in the ECE.
  const brier = mean(
    run.map((s) => (s.got?.answer === 'inconclusive' ? 0.25 : ((s.confidence ?? 0) - Number(s.right.answer)) ** 2)),
  );
  const masks = masksOf(run);
  return {
    incidents,
    ...(masks.length && { masks }),
    accuracy: { answer: share('answer'), hop: share('hop'), cause: share('cause') },
    falseAccusations: run.filter((s) => s.got?.answer === 'ingress' && !s.expected.answer.includes('ingress')).length,
    falseExonerations: run.filter((s) => s.got?.answer === 'not-ingress' && !s.expected.answer.includes('not-ingress'))
      .length,
    confidentlyWrong: run.filter((s) => !s.right.answer && (s.confidence ?? 0) >= CONFIDENT).length,
    brier,
    ece: calibrationError(run.filter((s) => s.got?.answer !== 'inconclusive')),
    p50Ms: quantile(times, 0.5),
    p95Ms: quantile(times, 0.95),
    skipped: incidents.length - run.length,
  };
}
