import { INGRESS_HOPS, type Path, type SymptomKind, type Symptoms } from '../diagnostics/types.ts';
import type { CaseRecord } from './cases.ts';

/** Surer than this, a conviction speaks for other hosts too. */
const SURE = 0.7;
/**
 * Causes that lie in one host's own route, certificate or limits: the same hop may be well for every other host
 * (DESIGN 5).
 */
const OF_ONE_HOST = new Set([
  'route-missing',
  'route-wrong',
  'redirect-loop',
  'size-limit',
  'proxy-timeout-too-short',
  'rate-limited',
  'external-auth-failed',
  'endpoint-imbalance',
  'stale-endpoints',
  'tls-certificate-wrong',
  'tls-certificate-expired',
  'tls-chain-incomplete',
  'tls-client-certificate-required',
  'lb-hairpin',
  'client-address-lost',
]);
/** These say what a person saw and fit most faults; the others must be among what was reported before. */
const VAGUE: readonly SymptomKind[] = ['unspecified', 'errors-5xx', 'timeout', 'slow', 'reset', 'disconnects'];

/** Pure: names of the hops that a finished case convicted, for whatever host goes through them. Empty: none. */
export function convictedHops(record: Pick<CaseRecord, 'verdict'>): string[] {
  const { verdict } = record;
  if (verdict?.answer !== 'ingress' || verdict.confidence < SURE || verdict.cause === null) return [];
  if (OF_ONE_HOST.has(verdict.cause) || !INGRESS_HOPS.some((hop) => hop === verdict.hop)) return [];
  const telling = verdict.findings.filter(
    ({ code, hop, direction }) => hop === verdict.hop && direction === 'implicates' && verdict.because.includes(code),
  );
  return [...new Set(telling.map(({ about }) => about.hop))];
}

/** Pure: the convicted hop that explains a report about another host, or null. */
export function explainedBy(record: CaseRecord, path: Path, symptoms: Symptoms): string | null {
  const fits = (kind: SymptomKind) => VAGUE.includes(kind) || record.case.symptoms.kinds.includes(kind);
  if (symptoms.onlyReporter || symptoms.clients.length > 0 || !symptoms.kinds.every(fits)) return null;
  const names = new Set(path.hops.map((hop) => hop.name));
  return convictedHops(record).find((hop) => names.has(hop)) ?? null;
}
