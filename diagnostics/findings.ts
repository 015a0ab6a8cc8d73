import { checkNamed } from './checks/index.ts';
import type { Facts, FindingSpec } from './define-check.ts';
import type { Blind, Case, EvidenceRow, Finding, Path } from './types.ts';
import { hopNamed } from './vantages.ts';
import { seen } from './wording.ts';

const orNull = <T>(value: T | null, then: (value: T) => T): T | null => (value === null ? null : then(value));

/** Pure: what each row says, read one by one. A row that a check cannot read any more is blind, never an error. */
export function readRows(rows: EvidenceRow[], triage: Case, path: Path): { findings: Finding[]; blind: Blind[] } {
  const findings: Finding[] = [];
  const blind: Blind[] = [];
  for (const row of rows) {
    const { look } = row;
    if (row.blind) {
      blind.push({ check: look.check, hop: look.hop, reason: row.blind.reason, detail: row.blind.detail });
      continue;
    }
    const check = checkNamed(look.check);
    if (!check) {
      blind.push({
        check: look.check,
        hop: look.hop,
        reason: 'unreadable',
        detail: `there is no check named ${look.check}`,
      });
      continue;
    }
    try {
      const scope = {
        case: triage,
        path,
        look,
        hop: hopNamed(path, look.at.hop, look.hop),
        address: look.address,
        at: row.startedAt,
      };
      for (const draft of check.read(row.data, scope)) {
        const spec = (check.findings as { [code: string]: FindingSpec<Facts> })[draft.code] as FindingSpec<Facts>;
        findings.push({
          code: draft.code,
          check: check.id,
          hop: draft.hop ?? spec.hop,
          direction: draft.direction ?? spec.direction,
          address: look.address || null,
          vantage: look.vantage,
          about: look.at,
          at: row.startedAt,
          says: seen(spec.says(draft.facts)),
          facts: draft.facts,
          reproduce: orNull(spec.reproduce(draft.facts), seen),
          next: seen(spec.next(draft.facts)),
        });
      }
    } catch (error) {
      blind.push({
        check: look.check,
        hop: look.hop,
        reason: 'unreadable',
        detail: `the row of ${look.address} cannot be read: ${(error as Error).message}`,
      });
    }
  }
  return { findings, blind };
}
