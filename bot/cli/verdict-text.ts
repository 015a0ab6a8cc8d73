import type { Verdict } from '../../diagnostics/types.ts';
import { SEE_MORE, unseenText } from '../../diagnostics/unseen.ts';
import { bestCommand } from '../best-command.ts';
import { looksMade } from '../looks-made.ts';

const bold = (text: string): string => (process.stdout.isTTY ? `\x1b[1m${text}\x1b[0m` : text);
/** A verdict as a person reads it in a terminal: answer, reasons, cleared, not seen, next, how to see it. */
export function verdictText(verdict: Verdict): string {
  const lines = [bold(verdict.headline)];
  if (verdict.says.length) lines.push('');
  for (const sentence of verdict.says) lines.push(`  ${sentence}`);
  if (verdict.cleared.length) lines.push('', `Cleared:  ${verdict.cleared.join('; ')}.`);
  const unseen = unseenText(verdict.blind, 4, !verdict.nextStep.startsWith(SEE_MORE));
  if (unseen !== '') lines.push('', `Not seen: ${unseen}`);
  const events = verdict.timeline
    .slice(-5)
    .map(
      (c) =>
        `  ${c.at.slice(0, 16).replace('T', ' ')} UTC  ${c.summary.startsWith(`${c.object} `) ? c.summary : `${c.object}: ${c.summary}`}`,
    );
  if (events.length) lines.push('', 'Changes:', ...events);
  lines.push('', `Next:     ${verdict.nextStep}`);
  const command = bestCommand(verdict);
  if (command) lines.push(`See it:   ${command}`);
  lines.push(
    '',
    `${verdict.case}: ${verdict.answer}, hop ${verdict.hop ?? '?'}, cause ${verdict.cause ?? '?'}, confidence ${verdict.confidence}, ${looksMade(verdict)}`,
  );
  return `${lines.join('\n')}\n`;
}
