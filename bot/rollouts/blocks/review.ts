import type { RolloutRecord, SideSeen, StageRecord } from '../../../workers/rollouts/types.ts';
import { context, type Message } from '../../blocks/message.ts';
import { bold, clip, plain } from '../../blocks/mrkdwn.ts';
import type { Around } from './announcement.ts';
import { cleanedUpButton } from './buttons.ts';
import { complaintsText } from './complaints.ts';
import { spoken } from './spoken.ts';
import { hour, hours, moment } from './times.ts';
import { count, lastDecision, nameOf, partText, said, titleOf } from './words.ts';

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
      : `Stopped${last ? ` at ${partText(last)}` : ''}: ${titleOf(rollout)}`;
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
  return reports === 1 ? 'One report: it was not guilty.' : `It was not guilty in any of ${count(reports, 'report')}.`;
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
    const when = was.endedAt === null ? hour(was.startedAt) : hours(was.startedAt, was.endedAt);
    return [`• *${partText(stage)}*, ${when}: ${wordOf(was)}.${seen}`];
  });
  return lines.length === 0 ? [] : [`*What was seen:*\n${lines.join('\n')}`];
}

/** The judge's last word: the counts stand beside it, so that only a stop has to say why. */
function wordOf({ judgement }: StageRecord): string {
  switch (judgement?.result) {
    case undefined:
      return 'no judgement';
    case 'go-on':
      return 'go on';
    case 'not-enough-data':
      return 'not enough to tell';
    case 'stop':
      return clip(plain(judgement?.headline ?? ''), 300)
        .replace(/^Stop at [^:]{1,20}: /, 'stop: ')
        .replace(/[.\s]+$/, '');
  }
}

function sideText(side: SideSeen): string {
  const errors = side.errors === null ? '' : `, ${side.errors === 0 ? 'no errors' : count(side.errors, 'error')}`;
  const failed =
    side.handshakes === null || side.handshakes.tried === 0
      ? ''
      : `, ${side.handshakes.failed.toLocaleString('en-US')} of ${count(side.handshakes.tried, 'handshake')} failed`;
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
