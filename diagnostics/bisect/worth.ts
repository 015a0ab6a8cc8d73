import type { SavedCase } from '../types.ts';
import { decide } from './decide.ts';
import { stagesOf } from './sites.ts';

/** Repeating may take so long at most, ms. */
const MOST_MS = 7_000;
/** What is left for the judgement and for telling it, ms. */
const SPARE_MS = 1_000;
/** A path that needs longer than this for a good answer is asked no more than it has been: each request costs it much, ms. */
const SLOW_MS = 700;

/** Causes that are told only by comparing counts of two places; other causes rest on what was seen of them. */
const COMPARED: ReadonlySet<string | null> = new Set([
  null,
  'proxy-replica-bad',
  'cdn-fault',
  'dns-wrong-address',
  'lb-slow',
]);
/** Is a cause told by nothing but counts of requests at two places? */
export const isCompared = ({ cause }: { cause: string | null }): boolean => COMPARED.has(cause);
/** Causes that are seen at an endpoint: which ones have it may still be unknown. */
const AT_ENDPOINTS = new Set(['app-errors', 'app-down']);

/**
 * Pure: how long the same request should be repeated along the path, ms; 0: not at all. Only for what comes and goes, and
 * only where no look has seen the cause itself: a healthy path and a steady fault get no request more.
 */
export function repeatsWorth(seen: Pick<SavedCase, 'case' | 'path' | 'evidence' | 'verdict'>, leftMs: number): number {
  const budget = Math.min(MOST_MS, leftMs - SPARE_MS);
  if (budget < SPARE_MS) return 0;
  const stages = stagesOf(seen.evidence, seen.path);
  const front = stages[0];
  if (stages.length < 2 || front?.name !== 'public' || front.sites.some((s) => (s.usualMs ?? 0) > SLOW_MS)) return 0;
  if (decide(stages).is !== 'open') return 0;
  const sites = stages.flatMap((stage) => stage.sites);
  const partly = sites.some((site) => site.failed > 0 && site.ok > 0);
  const { answer, cause } = seen.verdict;
  if (!partly) {
    // Nothing fails now: what users meet is asked some more, if nothing else tells of the trouble.
    return answer === 'inconclusive' &&
      seen.case.symptoms.course === 'intermittent' &&
      sites.every((s) => s.failed === 0)
      ? budget
      : 0;
  }
  if (answer === 'inconclusive' || COMPARED.has(cause)) return budget;
  const inner = stages.at(-1);
  return AT_ENDPOINTS.has(cause ?? '') &&
    (inner?.sites.length ?? 0) > 1 &&
    inner?.sites.some((s) => s.failed > 0 && s.ok > 0)
    ? budget
    : 0;
}
