import type { Verdict } from '../diagnostics/types.ts';

/** Pure: the command that shows what a verdict rests on; of verdicts of old, that of the first code that has one. Null: none. */
export function bestCommand({
  command,
  because,
  findings,
}: Pick<Verdict, 'command' | 'because' | 'findings'>): string | null {
  if (command !== undefined) return command;
  const shown = because.flatMap((code) =>
    findings.filter((finding) => finding.code === code && finding.reproduce !== null),
  );
  return shown[0]?.reproduce ?? null;
}
