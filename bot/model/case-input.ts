import type { Finding, Json, Verdict } from '../../diagnostics/types.ts';
import type { CaseRecord } from '../../workers/cases.ts';
import { outgoing, pathAddresses } from './outgoing.ts';

/** A case as far as a model needs it. */
export type CaseInHand = Pick<CaseRecord, 'case' | 'path'>;

const MAX_FINDINGS = 24;
const MAX_INPUT = 14_000;
const MAX_FACTS = 12;

/**
 * Pure: what a model sees of a case: the verdict and its findings, without the report, changes or anybody's name, each
 * string without secrets and strangers' addresses.
 */
export function caseInput(verdict: Verdict, { path }: CaseInHand): { [key: string]: Json } {
  const keep = pathAddresses(path);
  const clean = (value: Json, depth = 0): Json => {
    if (typeof value === 'string') return outgoing(value, keep, 400);
    if (typeof value !== 'object' || value === null) return value;
    if (depth > 2) return null;
    if (Array.isArray(value)) return value.slice(0, MAX_FACTS).map((one) => clean(one, depth + 1));
    const entries = Object.entries(value).slice(0, MAX_FACTS);
    return Object.fromEntries(entries.map(([key, one]) => [outgoing(key, keep, 60), clean(one, depth + 1)]));
  };
  const seen = {
    host: verdict.target.host,
    answer: verdict.answer,
    hop: verdict.hop,
    cause: verdict.cause,
    headline: clean(verdict.headline),
    reasons: clean(verdict.says),
    cleared: clean(verdict.cleared),
    nextStep: clean(verdict.nextStep),
    onset: verdict.onset?.at ?? null,
  };
  const findings: Json[] = [];
  let size = JSON.stringify(seen).length;
  for (const one of mostTelling(verdict)) {
    const { code, hop, direction, vantage } = one;
    const about = clean(one.about.part ?? one.about.hop);
    const row = { code, hop, direction, vantage, about, says: clean(one.says), facts: clean(one.facts) };
    size += JSON.stringify(row).length;
    if (findings.length >= MAX_FINDINGS || size > MAX_INPUT) break;
    findings.push(row);
  }
  return { ...seen, findings };
}

/** What the verdict rests on first; of findings alike, a few. */
function mostTelling(verdict: Verdict): Finding[] {
  const order = { implicates: 1, clears: 2, context: 3 };
  const rank = (one: Finding) => (verdict.because.includes(one.code) ? 0 : order[one.direction]);
  const alike = Map.groupBy(verdict.findings, (one) => `${one.code} ${one.direction}`);
  return [...alike.values()].flatMap((same) => same.slice(0, 3)).sort((a, b) => rank(a) - rank(b));
}

/** Pure: codes that a sentence may cite; empty: there is nothing to write about. */
export function codesOf(verdict: Verdict): string[] {
  return [...new Set(verdict.findings.map(({ code }) => code))].slice(0, 100);
}
