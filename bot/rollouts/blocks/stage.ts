import type { RolloutRecord, Stage, StageRecord } from '../../../workers/rollouts/types.ts';
import type { Message } from '../../blocks/message.ts';
import { bold, clip, plain } from '../../blocks/mrkdwn.ts';
import { decisionButtons } from './buttons.ts';
import { spoken } from './spoken.ts';
import { hour, hours } from './times.ts';
import { isHeld, type Names, nameOf, partText, percent, said } from './words.ts';

const MOST_SAID = 8;

/** One stage in the thread: what the judge says of it now, or what it said when the stage ended. */
export function stageMessage(record: RolloutRecord, index: number, names: Names): Message | null {
  const stage = record.rollout.stages[index];
  const was = record.stages[index];
  if (!stage || !was) return null;
  const began = record.decisions.find(
    ({ what, stage: at }) => (what === 'begin' || what === 'next-stage') && at === index - 1,
  );
  const who = began?.by ? `${nameOf(began.by, names)} decided` : 'seen in the traffic; nobody said so';
  const against = began?.reason ? ` Reason: ${said(began.reason, 300)}` : '';
  const span = was.endedAt === null ? `Since ${hour(was.startedAt)}` : hours(was.startedAt, was.endedAt);
  const since = `${span} (${who}).${against}`;
  const paragraphs = [headlineOf(was, stage), ...saysOf(was), `${since}${endText(record, index, names)}`];
  const current = record.stage === index && was.endedAt === null;
  // While the judge says stop, the alarm below carries the buttons, and how to undo it.
  const alarmed = was.judgement?.result === 'stop';
  return spoken(paragraphs, current && !alarmed ? decisionButtons(record) : []);
}

function headlineOf(was: StageRecord, stage: Stage): string {
  const share = partText(stage);
  if (was.judgement === null) return bold(`Stage ${share}: begun. Nothing has been counted yet.`);
  const headline = clip(plain(was.judgement.headline), 400);
  // The judge names the share itself where it can; the first line must always say which stage it is about.
  const named = headline.includes(`${percent(stage.share)} %`);
  return bold(named ? headline : `Stage ${share}. ${headline}`);
}

function saysOf({ judgement }: StageRecord): string[] {
  if (judgement === null || judgement.says.length === 0) return [];
  const lines = judgement.says.slice(0, MOST_SAID).map((line) => clip(plain(line), 500));
  return [lines.join('\n')];
}

/** How the stage ended, or what it waits for. */
function endText(record: RolloutRecord, index: number, names: Names): string {
  const decision = record.decisions.findLast(({ stage }) => stage === index);
  const current = record.stage === index;
  if (isHeld(record) && current && decision?.what === 'hold') {
    const why = decision.reason === '' ? '' : `: ${said(decision.reason, 300)}`;
    return ` On hold since ${hour(decision.at)} (${nameOf(decision.by, names)}${why}).`;
  }
  const words = { 'next-stage': 'went on', stop: 'stopped it', finish: 'let it stand' } as const;
  const what = decision?.what;
  if (!decision || (what !== 'next-stage' && what !== 'stop' && what !== 'finish')) return '';
  const why = decision.reason === '' ? '' : `: ${said(decision.reason, 300)}`;
  const ended = decision.by === null ? 'It ended; nobody said who' : `${nameOf(decision.by, names)} ${words[what]}`;
  return ` ${ended} at ${hour(decision.at)}${why}.`;
}

/**
 * The one message that must be noticed: the judge's word has become stop. One line that stands alone, how to undo it, and
 * where the rest is. It stays as it was said until the stage ends or the word changes; the numbers go on in the stage's own message.
 */
export function alarmMessage(record: RolloutRecord, index: number, names: Names): Message | null {
  const stage = record.rollout.stages[index];
  const was = record.stages[index];
  if (!stage || !was?.judgement) return null;
  const share = partText(stage);
  const undo = `*How to undo:* ${said(record.rollout.undo, 500)}`;
  if (was.endedAt !== null) {
    const stopped = record.decisions.some((one) => one.what === 'stop' && one.stage === index);
    return spoken([`${bold(`${share} is over`)}.${endText(record, index, names)}`, ...(stopped ? [undo] : [])]);
  }
  if (was.judgement.result !== 'stop') {
    const now = was.judgement.result === 'go-on' ? 'the sides look alike now' : 'it cannot be told any more';
    return spoken([
      `${bold(`Changed my mind at ${share}: ${now}`)}. The numbers: in the message of this stage, above.`,
    ]);
  }
  const headline = clip(plain(was.judgement.headline), 400);
  const first = /^stop/i.test(headline) ? headline : `Stop at ${share}: ${headline}`;
  return spoken([bold(first), `${undo}\nThe counts: in the message of this stage, above.`], decisionButtons(record));
}
