import type { RolloutRecord } from '../../../workers/rollouts/types.ts';
import { MAX_TEXT } from '../../blocks/message.ts';
import { bold, clip, plain } from '../../blocks/mrkdwn.ts';
import { hour } from './times.ts';
import { hostsText, isHeld, partText, stageNow, titleOf } from './words.ts';

/** How to announce, and what else there is. */
export const ROLLOUT_HELP_TEXT = [
  '*Announce a rollout of the ingress*, so that nobody has to guess.',
  '• `/ingress-rollout` opens a form; you see the announcement before anybody else does',
  '• `/ingress-rollout list` names what is planned, what runs, and what was last',
  '• `/ingress-rollout r-20261124-7f3a` says where one is, and posts it where I could not before',
  'I watch both sides at every stage and say: go on, stop, or not enough to tell. I change nothing: people decide.',
].join('\n');

export const ROLLOUT_GONE_TEXT =
  'I do not have this rollout any more. `/ingress-rollout list` names those that I have.';
/** To who announces what somebody called nothing meanwhile, or what ended. */
export const OVER_TEXT = 'It was called off, or ended, meanwhile: there is nothing left to announce.';
export const ROLLOUT_AWAY_TEXT =
  'I could not take this: my memory is away, so nothing has been written down. Please try again in a minute.';
export const FORM_GONE_TEXT = 'This form is too old: I do not remember its first page. Please open it again.';
export const FORM_LATE_TEXT = 'Slack would not open the form, since it took too long. Please try again.';

/** To who decided what could not be decided. */
export function notDecidedText(why: string): string {
  return `${bold('Nothing has changed.')} ${plain(why)}`;
}

/** To who clicks what somebody else has decided; `name` as Slack told it. */
export function alreadyText(name: string): string {
  return `${bold('That is decided already')}, by ${clip(plain(name), 80)}. Nothing has changed.`;
}

const STATES = { planned: 'planned', running: 'running', stopped: 'stopped', done: 'done', cancelled: 'called off' };

/** What is planned, what runs, what was last: one line each. */
export function listText(records: readonly RolloutRecord[], links: { [id: string]: string }): string {
  if (records.length === 0) return 'No rollout is known. `/ingress-rollout` announces one.';
  const order = { running: 0, planned: 1, stopped: 2, done: 2, cancelled: 2 };
  const lines = records
    .toSorted((a, b) => order[a.state] - order[b.state] || b.rollout.createdAt.localeCompare(a.rollout.createdAt))
    .slice(0, 15)
    .map((record) => `• ${lineOf(record, links[record.rollout.id])}`);
  return clip(lines.join('\n'), MAX_TEXT);
}

/** Where one rollout is, in a line. */
export function lineOf(record: RolloutRecord, link: string | undefined): string {
  const { rollout, state } = record;
  const stage = stageNow(record);
  const at = stage !== null && state !== 'done' ? ` at ${partText(stage)}` : '';
  const began = record.stages[record.stage]?.startedAt;
  const since = state === 'running' && began ? ` since ${hour(began)}` : '';
  const held = isHeld(record) ? ', on hold' : '';
  const judged = record.stages[record.stage]?.judgement?.result;
  const word = state === 'running' && judged ? `, the judge says ${judged.replaceAll('-', ' ')}` : '';
  const title = link === undefined ? bold(titleOf(rollout)) : `<${link}|${titleOf(rollout).replaceAll('|', '/')}>`;
  return `${title} for ${hostsText(rollout.hosts)}: ${STATES[state]}${at}${since}${held}${word} (\`${rollout.id}\`)`;
}

/** To who announced it: these channels did not take it. */
export function channelsRefusedText(
  record: RolloutRecord,
  refused: readonly { channel: string; reason: string }[],
): string {
  const why: { [reason: string]: string } = {
    not_in_channel: 'I am not in it',
    channel_not_found: 'I cannot see it',
    is_archived: 'it is archived',
  };
  const lines = refused.map(({ channel, reason }) => `• <#${channel}>: ${why[reason] ?? plain(reason)}`);
  return clip(
    `${bold(`I could not announce ${titleOf(record.rollout)} everywhere:`)}\n${lines.join('\n')}\n\`/invite\` me there, then \`/ingress-rollout ${record.rollout.id}\`.`,
    MAX_TEXT,
  );
}
