import type { Rollout, RolloutRecord } from '../../../workers/rollouts/types.ts';
import { context, type Message } from '../../blocks/message.ts';
import { bold, clip } from '../../blocks/mrkdwn.ts';
import { decisionButtons, noticedButtons } from './buttons.ts';
import { type Complaints, complaintsText } from './complaints.ts';
import { spoken } from './spoken.ts';
import { hour, moment, windowText } from './times.ts';
import {
  hostsText,
  inWords,
  isHeld,
  lastDecision,
  type Names,
  nameOf,
  partText,
  said,
  stageNow,
  stagesText,
  titleOf,
} from './words.ts';

/** What the messages of a rollout are made from, besides its record. */
export interface Around {
  names: Names;
  complaints: Complaints;
  /** Permalink of the message whose thread is used; null in that message itself, and while it is not known. */
  home: string | null;
}

/** The announcement: what, for whom, when, how; kept true to where the rollout is. */
export function announcementMessage(record: RolloutRecord, around: Around): Message {
  const { rollout } = record;
  if (rollout.by === null) return noticedMessage(record, around);
  const paragraphs = [
    `${bold(`${stateWord(record)}${titleOf(rollout)} for ${hostsText(rollout.hosts)}${whenText(rollout)}, ${stepsText(rollout)}.`)}`,
    detailText(rollout),
    `*How to undo:* ${said(rollout.undo, 700)}\n${watchText(record)}Questions and complaints: ${
      around.home === null ? 'this thread' : `<${around.home}|the thread>`
    }.`,
    nowText(record, around),
  ];
  const complaints = complaintsText(around.complaints);
  if (complaints !== '') paragraphs.push(complaints);
  const by = `${rollout.id} · announced by ${nameOf(rollout.by, around.names)}`;
  const buttons = around.home === null ? decisionButtons(record) : [];
  return spoken(paragraphs, [context(by), ...buttons]);
}

/** The same before anybody can see it: what is about to be posted. */
export function previewParagraphs(rollout: Rollout): string[] {
  return [
    bold(`${titleOf(rollout)} for ${hostsText(rollout.hosts)}${whenText(rollout)}, ${stepsText(rollout)}.`),
    detailText(rollout),
    `*How to undo:* ${said(rollout.undo, 700)}`,
  ];
}

function whenText(rollout: Rollout): string {
  return rollout.window === null ? '' : `, ${windowText(rollout.window)}`;
}

function stepsText({ stages }: Rollout): string {
  if (stages.length === 1) return 'in one step';
  return `in ${inWords(stages.length)} steps: ${stagesText(stages)}`;
}

function detailText(rollout: Rollout): string {
  const notice = rollout.notice === '' ? 'nothing that we know of' : said(rollout.notice, 900);
  const old = rollout.oldClients ? `\n*Old clients:* ${said(rollout.oldClients, 600)}` : '';
  return `*Why:* ${said(rollout.why, 900)}\n*What you may notice:* ${notice}${old}`;
}

/** What is compared, for as long as it is. */
function watchText({ rollout, state }: RolloutRecord): string {
  if (state !== 'planned' && state !== 'running') return '';
  return `I watch errors, latency and failed handshakes against ${clip(said(rollout.old.title), 100)} and say when they part. `;
}

/** Before the title, since that is what a notification and a scrolling reader see. */
function stateWord(record: RolloutRecord): string {
  const stage = stageNow(record);
  switch (record.state) {
    case 'planned':
      return '';
    case 'running':
      return stage === null ? '' : `${isHeld(record) ? 'On hold' : 'Running'} at ${partText(stage)}: `;
    case 'stopped':
      return stage === null ? 'Stopped: ' : `Stopped at ${partText(stage)}: `;
    case 'done':
      return 'Done: ';
    case 'cancelled':
      return 'Called off: ';
  }
}

/** Where it is, who decided so, and the judge's word. */
function nowText(record: RolloutRecord, { names }: Around): string {
  const stage = stageNow(record);
  const reason = (text: string) => (text === '' ? '' : `: ${said(text, 400)}`);
  const by = (user: string | null) =>
    user === null ? 'seen in the traffic; nobody said so' : `${nameOf(user, names)} decided`;
  if (record.state === 'planned') return '*Now:* planned. Nothing has changed yet.';
  if (record.state === 'running' && stage !== null) {
    const began = record.stages[record.stage]?.startedAt;
    const moved = lastDecision(record, 'begin', 'next-stage');
    const held = isHeld(record) ? record.decisions.at(-1) : undefined;
    const word = judgeWord(record);
    const since = began === undefined ? '' : ` since ${hour(began)}`;
    const hold = held ? ` On hold since ${hour(held.at)} (${nameOf(held.by, names)}${reason(held.reason)}).` : '';
    return `*Now:* ${partText(stage)}${since} (${by(moved?.by ?? null)}).${hold} ${word}`;
  }
  const end = lastDecision(record, 'stop', 'finish', 'cancel');
  if (!end) return '*Now:* over.';
  const who = `${end.by === null ? 'nobody said who' : nameOf(end.by, names)}${reason(end.reason)}`;
  const verb = { stop: 'Stopped', finish: 'Finished', cancel: 'Called off' }[end.what as 'stop' | 'finish' | 'cancel'];
  const cleaned = lastDecision(record, 'cleaned-up');
  const after = cleaned ? ` Old path cleaned up ${moment(cleaned.at)} (${nameOf(cleaned.by, names)}).` : '';
  return `*${verb}* ${moment(end.at)} (${who}).${after}`;
}

function judgeWord(record: RolloutRecord): string {
  const result = record.stages[record.stage]?.judgement?.result;
  if (result === 'stop') return '*The judge says: stop.* Why and how: in the thread.';
  if (result === 'go-on') return 'The judge says: go on.';
  return 'Not enough data for a judgement yet.';
}

/** A rollout that was seen and not announced: short, and a question to all. */
function noticedMessage(record: RolloutRecord, around: Around): Message {
  const { rollout } = record;
  const seen = said(rollout.noticed ?? rollout.title, 500).replace(/[.\s]+$/, '');
  const open = record.state === 'planned' || record.state === 'running';
  const paragraphs = [bold(`${seen}; nobody announced it.`)];
  if (open) paragraphs.push('I watch it all the same. Whoever did it: say what it is, so that people need not guess.');
  const end = lastDecision(record, 'cancel', 'stop', 'finish');
  if (!open) {
    const who = end === null || end.by === null ? '' : ` (${nameOf(end.by, around.names)}, ${hour(end.at)})`;
    const reason = end === null || end.reason === '' ? 'It is over' : said(end.reason, 300).replace(/[.\s]+$/, '');
    paragraphs.push(`${reason}${who}.`);
  }
  const complaints = complaintsText(around.complaints);
  if (complaints !== '') paragraphs.push(complaints);
  const buttons = open && around.home === null ? [noticedButtons(record)] : [];
  return spoken(paragraphs, [context(rollout.id), ...buttons]);
}
