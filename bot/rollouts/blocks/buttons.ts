import type { Button, KnownBlock } from '@slack/types';
import { z } from 'zod';
import type { Decision, RolloutRecord } from '../../../workers/rollouts/types.ts';
import { partText, shareText } from './words.ts';

/** Ids of the buttons under a rollout's messages, one for each decision. */
export const ROLLOUT_ACTIONS = {
  begin: 'rollout_begin',
  'next-stage': 'rollout_next',
  hold: 'rollout_hold',
  stop: 'rollout_stop',
  finish: 'rollout_finish',
  cancel: 'rollout_cancel',
  'cleaned-up': 'rollout_cleaned_up',
} as const satisfies Record<Decision['what'], string>;

/** Buttons under a rollout that nobody announced. */
export const NOTICED_ACTIONS = { announce: 'rollout_announce', nothing: 'rollout_nothing' } as const;

/** What a button carries: which rollout it is about, and which stage was under way when it was drawn. */
const carriedSchema = z.object({ id: z.string().min(1).max(60), stage: z.int().min(-1).max(100) });
type Carried = z.infer<typeof carriedSchema>;

/** Reads a button's value; null: it is none of ours. */
export function readCarried(value: string | undefined): Carried | null {
  try {
    const read = carriedSchema.safeParse(JSON.parse(value ?? ''));
    return read.success ? read.data : null;
  } catch {
    return null;
  }
}

const RECORDED = 'This is written down with your name and shown to all. I change no weight: that is yours to do.';

/** The decisions that can be taken now, as buttons; none when all is over. */
export function decisionButtons(record: RolloutRecord): KnownBlock[] {
  const { rollout, state, stage } = record;
  const next = rollout.stages[stage + 1];
  const current = rollout.stages[stage];
  if (state === 'planned' && next)
    return [
      row([
        button(
          record,
          'begin',
          `Begin ${shareText(next)}`,
          `The first stage begins: ${shareText(next)} of the traffic.`,
        ),
        button(record, 'cancel', 'Cancel', 'The rollout is called off. Its message says so.'),
      ]),
    ];
  if (state !== 'running' || !current) return [];
  const result = record.stages[stage]?.judgement?.result;
  const onward = next
    ? button(record, 'next-stage', `Next stage: ${shareText(next)}`, `${shareText(next)} of the traffic from now on.`)
    : button(record, 'finish', 'Finish', 'The new side stays. The judging ends.');
  const hold = button(record, 'hold', 'Hold', `It stays at ${partText(current)} until somebody decides again.`);
  const stop = button(record, 'stop', 'Stop', 'The rollout is undone. The judging ends.');
  // What the judge says stands first, and nothing else invites a click.
  if (result === 'stop') return [row([stop, hold, onward])];
  return [row([result === 'go-on' ? { ...onward, style: 'primary' } : onward, hold, stop])];
}

/** The button of the reminder. */
export function cleanedUpButton(record: RolloutRecord): KnownBlock {
  return row([button(record, 'cleaned-up', 'Cleaned up', 'The old path is gone. Nobody is reminded again.')]);
}

/** Announce it after all, or say that it is nothing. */
export function noticedButtons(record: RolloutRecord): KnownBlock {
  const value = JSON.stringify({ id: record.rollout.id, stage: record.stage } satisfies Carried);
  return row([
    {
      type: 'button',
      action_id: NOTICED_ACTIONS.announce,
      value,
      text: { type: 'plain_text', text: 'Announce it' },
    },
    {
      type: 'button',
      action_id: NOTICED_ACTIONS.nothing,
      value,
      text: { type: 'plain_text', text: 'It is nothing' },
      confirm: confirm('It is nothing', 'It is no rollout. I stop watching it.'),
    },
  ]);
}

function button(record: RolloutRecord, what: Decision['what'], text: string, means: string): Button {
  const styles: { [what in Decision['what']]?: 'primary' | 'danger' } = {
    begin: 'primary',
    'cleaned-up': 'primary',
    stop: 'danger',
  };
  const style = styles[what];
  return {
    type: 'button',
    action_id: ROLLOUT_ACTIONS[what],
    value: JSON.stringify({ id: record.rollout.id, stage: record.stage } satisfies Carried),
    text: { type: 'plain_text', text },
    ...(style && { style }),
    confirm: { ...confirm(text, means), ...(what === 'stop' && { style: 'danger' as const }) },
  };
}

function confirm(title: string, means: string) {
  return {
    title: { type: 'plain_text' as const, text: `${title}?`.slice(0, 100) },
    text: { type: 'plain_text' as const, text: `${means} ${RECORDED}`.slice(0, 300) },
    confirm: { type: 'plain_text' as const, text: title.slice(0, 30) },
    deny: { type: 'plain_text' as const, text: 'Not yet' },
  };
}

function row(elements: Button[]): KnownBlock {
  return { type: 'actions', elements };
}
