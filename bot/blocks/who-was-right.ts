import type { ModalView, PlainTextOption } from '@slack/types';
import { CAUSES } from '../../diagnostics/causes.ts';
import { HOPS } from '../../diagnostics/types.ts';
import type { CaseRecord } from '../../workers/cases.ts';
import { MOST_REASON, type Vote } from '../../workers/votes.ts';
import { section } from './message.ts';
import { plain } from './mrkdwn.ts';
import { hopWords } from './votes.ts';

export const VOTE_CALLBACK = 'who_was_right';
/** Block ids of the form; each has one input. */
export const VOTE_BLOCK = 'vote';
export const PLACE_BLOCK = 'place';
export const REASON_BLOCK = 'reason';
export const VOTE_ACTION = 'said';
export const PLACE_ACTION = 'where';
export const REASON_ACTION = 'why';

/** What can be said about a verdict; `none` takes an earlier word back. */
const VOTE_CHOICES = {
  right: 'The answer is right',
  ingress: 'It was the ingress',
  'not-ingress': 'It was not the ingress',
  none: 'I take back what I said',
} as const satisfies Record<Vote['said'] | 'none', string>;

/** Slack's limit for the text of an option (docs.slack.dev, option object). */
const OPTION_CHARS = 75;

/** Asks who was right, filled with what this person said before. The vote is kept with name, time and reason, and may be undone. */
export function whoWasRightModal(record: CaseRecord, before: Vote | null): ModalView {
  const mine = before?.undoneAt === null ? before : null;
  // Taking back what nobody said is no choice.
  const choices = Object.entries(VOTE_CHOICES).filter(([value]) => value !== 'none' || mine !== null);
  const options = choices.map(([value, text]) => option(value, text));
  const places = placeOptions();
  const chosen = options.find(({ value }) => value === mine?.said);
  const place = places.find(({ value }) => mine !== null && value === placeValue(mine));
  return {
    type: 'modal',
    callback_id: VOTE_CALLBACK,
    private_metadata: record.case.id,
    title: { type: 'plain_text', text: 'Who was right?' },
    submit: { type: 'plain_text', text: 'Say so' },
    close: { type: 'plain_text', text: 'Cancel' },
    blocks: [
      section(plain(record.verdict?.headline ?? record.case.target.host)),
      {
        type: 'input',
        block_id: VOTE_BLOCK,
        label: { type: 'plain_text', text: 'What turned out to be true' },
        hint: { type: 'plain_text', text: 'Shown under the answer with your name, and kept. You may take it back.' },
        element: {
          type: 'radio_buttons',
          action_id: VOTE_ACTION,
          options,
          ...(chosen && { initial_option: chosen }),
        },
      },
      {
        type: 'input',
        block_id: PLACE_BLOCK,
        optional: true,
        label: { type: 'plain_text', text: 'Where it was, if you know' },
        element: {
          type: 'static_select',
          action_id: PLACE_ACTION,
          placeholder: { type: 'plain_text', text: 'I do not know' },
          options: places,
          ...(place && { initial_option: place }),
        },
      },
      {
        type: 'input',
        block_id: REASON_BLOCK,
        optional: true,
        label: { type: 'plain_text', text: 'How you know' },
        element: {
          type: 'plain_text_input',
          action_id: REASON_ACTION,
          multiline: true,
          max_length: MOST_REASON,
          ...(mine?.reason && { initial_value: mine.reason }),
        },
      },
    ],
  };
}

/** Hops, outermost first, each followed by its causes: 65 options, and Slack takes 100. */
function placeOptions(): PlainTextOption[] {
  const of = (hop: string) => Object.entries(CAUSES).filter(([, cause]) => cause.hop === hop);
  const causes = (hop: string) => of(hop).map(([id, { title }]) => option(`cause:${id}`, `– ${title}`));
  const hops = HOPS.flatMap((hop) => [option(`hop:${hop}`, capital(hopWords(hop))), ...causes(hop)]);
  return [...hops, option('hop:none', 'Nowhere: nothing was wrong')];
}

const placeValue = ({ hop, cause }: Vote): string | null =>
  cause !== null ? `cause:${cause}` : hop === null ? null : `hop:${hop}`;

function option(value: string, text: string): PlainTextOption {
  const short = text.length > OPTION_CHARS ? `${text.slice(0, OPTION_CHARS - 1)}…` : text;
  return { value, text: { type: 'plain_text', text: short } };
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
