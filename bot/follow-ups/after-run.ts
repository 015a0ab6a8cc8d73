import type { Change, EvidenceRow, Finding, Verdict } from '../../diagnostics/types.ts';
import type { CaseRecord } from '../../workers/cases.ts';
import { bold, clock, plain } from '../blocks/mrkdwn.ts';
import { changeLine } from './changes-text.ts';

/** A change this long before the recovery may have brought it, ms. */
const SHORTLY_MS = 30 * 60_000;

/**
 * Pure: what is said under a case once the run is over that somebody's word set off; null: the message above says it all.
 * Never begins like a finished case: this is no second verdict.
 */
export function afterRunText(
  question: 'works-now' | 'still-broken',
  record: CaseRecord,
  kept: { evidence: EvidenceRow[]; changes: Change[] } | null,
): string | null {
  const { verdict } = record;
  if (verdict === null) return null;
  if (question === 'still-broken')
    return `Looked again at ${clock(record.finishedAt ?? record.startedAt)} UTC: ${
      verdict.answer === record.earlier.at(-1)?.answer ? 'the answer above stands' : 'the answer above has changed'
    }.`;
  const failing = verdict.findings.filter((finding) => finding.direction === 'implicates' && isNow(finding));
  if (verdict.hop !== 'none' && (failing.length > 0 || verdict.answer !== 'inconclusive')) {
    const seen = failing[0] ? ` ${plain(failing[0].says)}` : '';
    return `${bold('I still see it failing.')}${seen} The answer above is from ${clock(record.finishedAt ?? record.startedAt)} UTC.`;
  }
  return recoveredText(record, verdict, kept?.changes ?? verdict.timeline);
}

/** Counts of the past still implicate after a recovery; what a probe met does it now. */
function isNow(finding: Finding): boolean {
  return !/^(ERRORS|SLOWNESS|NO_ERRORS|RELOAD|COUNTERS|TRAFFIC|CONNECTIONS_DROPPED)/.test(finding.code);
}

function recoveredText(record: CaseRecord, verdict: Verdict, changes: Change[]): string {
  const checked = record.finishedAt ?? record.startedAt;
  const counted = errorsOf(verdict);
  const began = counted?.from ?? onsetOf(record);
  const until = counted?.until ?? null;
  const end = until ?? checked;
  const parts = [
    until === null
      ? bold(`Recovered: all my looks are fine at ${clock(checked)} UTC.`)
      : bold(`Recovered at ${clock(until)} UTC.`),
  ];
  if (began !== null && end > began) {
    const requests = counted === null ? '' : `, ${counted.errors.toLocaleString('en')} requests`;
    const how = until === null ? 'It failed for at most' : 'It failed for';
    parts.push(`${how} ${lasting(end - began)} (since ${clock(began)} UTC)${requests}.`);
  }
  const near = changes
    .filter((one) => Date.parse(one.at) <= end + 60_000 && Date.parse(one.at) >= Math.max(began ?? 0, end - SHORTLY_MS))
    .at(-1);
  parts.push(
    near
      ? `What changed: ${changeLine(near, new Date(checked).toISOString())}.`
      : 'What changed: nothing that I was told of.',
  );
  return parts.join(' ');
}

/** What the counters or the logs of this host say of the stretch that failed, times in ms. */
function errorsOf(verdict: Verdict): { from: number; until: number | null; errors: number } | null {
  const began = verdict.findings
    .filter(({ code, facts }) => code === 'ERRORS_BEGAN' && typeof facts.at === 'string' && facts.scope !== 'proxy')
    .sort((a, b) => Number(b.facts.errors) - Number(a.facts.errors))[0];
  if (began) return { from: ms(began.facts.at) ?? 0, until: ms(began.facts.until), errors: Number(began.facts.errors) };
  const logged = verdict.findings.filter(
    ({ code, facts }) => /^ERRORS_(MADE|LOGGED)/.test(code) && ms(facts.first) !== null && ms(facts.last) !== null,
  );
  if (logged.length === 0) return null;
  return {
    from: Math.min(...logged.map(({ facts }) => ms(facts.first) ?? Number.POSITIVE_INFINITY)),
    until: Math.max(...logged.map(({ facts }) => ms(facts.last) ?? 0)),
    errors: logged.reduce((sum, { facts }) => sum + Number(facts.errors ?? 0), 0),
  };
}

/** Since when it failed: what the run before could tell, else when it was reported. */
function onsetOf(record: CaseRecord): number | null {
  return ms(record.earlier.at(-1)?.onset) ?? ms(record.case.since);
}

function ms(at: unknown): number | null {
  const found = typeof at === 'string' ? Date.parse(at) : Number.NaN;
  return Number.isNaN(found) ? null : found;
}

function lasting(span: number): string {
  if (span < 90_000) return `${Math.max(1, Math.round(span / 1000))} s`;
  if (span < 90 * 60_000) return `${Math.round(span / 60_000)} min`;
  return `${Math.floor(span / 3_600_000)} h ${Math.round((span % 3_600_000) / 60_000)} min`;
}
