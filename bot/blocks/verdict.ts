import type { KnownBlock } from '@slack/types';
import type { Verdict } from '../../diagnostics/types.ts';
import { SEE_MORE, unseenText } from '../../diagnostics/unseen.ts';
import type { CaseRecord } from '../../workers/cases.ts';
import type { Vote } from '../../workers/votes.ts';
import { bestCommand } from '../best-command.ts';
import { looksMade } from '../looks-made.ts';
import { type Around, askedLine, linkedLines, NOTHING_AROUND, rolloutLine } from './around.ts';
import { context, MAX_TEXT, type Message, messageOf } from './message.ts';
import { bold, clip, clock, code, plain } from './mrkdwn.ts';
import { votesText } from './votes.ts';

/** Ids of the buttons under a verdict. */
export const ACTIONS = { evidence: 'evidence', again: 'run_again', right: 'who_was_right' } as const;

/** The message of a finished case: the answer, why, what was cleared, what was not seen, what to do. */
export function verdictMessage(
  record: CaseRecord,
  verdict: Verdict,
  votes: Vote[],
  around: Around = NOTHING_AROUND,
): Message {
  const before = record.earlier.at(-1);
  // What works again was not misjudged before.
  const recovered = record.reason === 'works-now' && verdict.hop === 'none';
  const changed = before !== undefined && before.answer !== verdict.answer && !recovered;
  const mind = changed ? `Changed my mind at ${clock(record.finishedAt ?? record.startedAt)}: ` : '';
  const paragraphs = [`${mind}${bold(plain(verdict.headline))}`];
  if (verdict.says.length > 0) paragraphs.push(verdict.says.map(plain).join('\n'));
  const aside = [clearedLine(verdict), blindLine(verdict)].filter((line) => line !== '');
  if (aside.length > 0) paragraphs.push(aside.join(' '));
  const rollout = rolloutLine(around);
  if (rollout !== '') paragraphs.push(rollout);
  paragraphs.push(nextLine(verdict));
  const who = askedLine(around.asked);
  if (who !== '') paragraphs.push(who);
  paragraphs.push(...linkedLines(record, around));
  const small = context(smallPrint(record, verdict));
  const said = votesText(votes, record.run);
  if (said === '') return messageOf(paragraphs, [small, buttons(record)]);
  const message = messageOf(paragraphs, [context(said), small, buttons(record)]);
  return { ...message, text: clip(`${message.text}\n${said}`, MAX_TEXT) };
}

/** What was looked at and found clean. */
function clearedLine(verdict: Verdict): string {
  return verdict.cleared.length === 0 ? '' : `*Cleared:* ${verdict.cleared.slice(0, 4).map(plain).join('; ')}.`;
}

function blindLine(verdict: Verdict): string {
  const text = unseenText(verdict.blind, 3, !verdict.nextStep.startsWith(SEE_MORE));
  return text === '' ? '' : `*Not seen:* ${plain(text)}`;
}

function nextLine(verdict: Verdict): string {
  const command = bestCommand(verdict);
  return `*Next:* ${plain(verdict.nextStep)}${command === null ? '' : `\n${code(command)}`}`;
}

function smallPrint(record: CaseRecord, verdict: Verdict): string {
  const parts = [record.case.id, looksMade(verdict, record.planned.length)];
  // One bot may answer for several clusters, each with an inventory of its own.
  if (record.path.cluster) parts.push(`cluster ${plain(record.path.cluster.name)}`);
  const before = record.earlier.at(-1);
  if (before) parts.push(`looked again; at ${clock(before.at)} UTC I said: ${plain(before.headline)}`);
  return parts.join(' · ');
}

function buttons(record: CaseRecord): KnownBlock {
  const button = (action: string, text: string, label: string) => ({
    type: 'button' as const,
    action_id: action,
    value: record.case.id,
    text: { type: 'plain_text' as const, text },
    accessibility_label: `${label} (${record.case.target.host})`.slice(0, 75),
  });
  return {
    type: 'actions',
    elements: [
      button(ACTIONS.evidence, 'Evidence', 'Show the evidence'),
      button(ACTIONS.again, 'Run again', 'Look again'),
      button(ACTIONS.right, 'Who was right?', 'Say who was right'),
    ],
  };
}
