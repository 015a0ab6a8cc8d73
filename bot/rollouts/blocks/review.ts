import type { RolloutRecord, SideSeen } from '../../../workers/rollouts/types.ts';
import { context, type Message } from '../../blocks/message.ts';
import { bold, clip, plain } from '../../blocks/mrkdwn.ts';
import type { Around } from './announcement.ts';
import { cleanedUpButton } from './buttons.ts';
import { complaintsText } from './complaints.ts';
import { spoken } from './spoken.ts';
import { hour, moment } from './times.ts';
import { count, lastDecision, nameOf, said, shareText, titleOf } from './words.ts';

/** What is said when it is over: what was seen, who complained, whether it was guilty, how long it took. */
export function reviewMessage(record: RolloutRecord, around: Around): Message | null {
  const { rollout, state } = record;
  if (state !== 'stopped' && state !== 'done') return null;
  const last = rollout.stages[record.stage];
  const guilty = around.complaints.cases.filter((one) => one.guilt === 'confirmed').length;
  const open = around.complaints.cases.filter((one) => one.guilt === 'open').length;
  const end = lastDecision(record, 'stop', 'finish');
  const what =
    state === 'done'
      ? `Done: ${titleOf(rollout)}`
      : `Stopped${last ? ` at ${shareText(last)}` : ''}: ${titleOf(rollout)}`;
  const paragraphs = [
    bold(`${what}. ${guiltText(around.complaints.cases.length, guilty, open)}`),
    ...stageLines(record),
    complaintsText(around.complaints),
    spanText(record, end?.by ?? null, around),
  ].filter((line) => line !== '');
  return spoken(paragraphs, [context(`${rollout.id} · review`)]);
}

function guiltText(reports: number, guilty: number, open: number): string {
  if (reports === 0) return 'Nobody complained.';
  if (guilty > 0) return `It was guilty in ${guilty} of ${count(reports, 'report')}.`;
  if (open > 0) return `${open} of ${count(reports, 'report')} could not be told.`;
  return `It was not guilty in any of ${count(reports, 'report')}.`;
}

function stageLines(record: RolloutRecord): string[] {
  const lines = record.rollout.stages.flatMap((stage, index) => {
    const was = record.stages[index];
    if (!was) return [];
    const counted = was.seen?.counters ?? was.seen?.probes ?? null;
    const from = was.seen?.counters ? '' : ' (our probes)';
    const seen = counted
      ? ` New side: ${sideText(counted.fresh)}; old side: ${sideText(counted.old)}${from}.`
      : ' Nothing was counted.';
    const word =
      was.judgement === null ? 'no judgement' : clip(plain(was.judgement.headline), 300).replace(/[.\s]+$/, '');
    const until = was.endedAt === null ? '' : ` to ${hour(was.endedAt)}`;
    return [`• *${shareText(stage)}*, ${hour(was.startedAt)}${until}: ${word}.${seen}`];
  });
  return lines.length === 0 ? [] : [`*What was seen:*\n${lines.join('\n')}`];
}

function sideText(side: SideSeen): string {
  const errors = side.errors === null ? '' : `, ${count(side.errors, 'error')}`;
  const failed =
    side.handshakes === null || side.handshakes.tried === 0
      ? ''
      : `, ${side.handshakes.failed} of ${count(side.handshakes.tried, 'handshake')} failed`;
  return `${count(side.requests, 'request')}${errors}${failed}`;
}

function spanText(record: RolloutRecord, by: string | null, around: Around): string {
  const began = record.stages[0]?.startedAt;
  const ended = record.endedAt;
  if (!began || !ended) return '';
  const minutes = Math.max(1, Math.round((Date.parse(ended) - Date.parse(began)) / 60_000));
  const took = minutes < 120 ? count(minutes, 'minute') : `${Math.round(minutes / 60)} hours`;
  const who = by === null ? 'nobody said who ended it' : `${nameOf(by, around.names)} decided the end`;
  return `It took ${took}, until ${moment(ended)} (${who}).`;
}

/** Some days later: the old path is still there and nobody needs it. Says so once; the button ends it. */
export function cleanUpMessage(record: RolloutRecord, around: Around): Message | null {
  if (record.remindedAt === undefined) return null;
  const cleaned = lastDecision(record, 'cleaned-up');
  if (cleaned)
    return spoken([
      `${bold('The old path is cleaned up')}: ${nameOf(cleaned.by, around.names)}, ${moment(cleaned.at)}.`,
    ]);
  const old = clip(said(record.rollout.old.title), 200);
  const when = record.endedAt === undefined ? '' : ` It has had no traffic since ${moment(record.endedAt)}.`;
  return spoken(
    [`${bold(`The old path can go: ${old}.`)}${when} What stays behind is what the next rollout trips over.`],
    [cleanedUpButton(record)],
  );
}
