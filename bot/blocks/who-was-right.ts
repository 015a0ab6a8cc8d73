import type { ModalView } from '@slack/types';
import type { CaseRecord, Vote } from '../../workers/cases.ts';
import { section } from './message.ts';
import { plain } from './mrkdwn.ts';

export const VOTE_CALLBACK = 'who_was_right';
export const VOTE_BLOCK = 'vote';
export const VOTE_ACTION = 'said';

/** What can be said about a verdict; `none` takes an earlier word back. */
const VOTE_CHOICES = {
  right: 'The answer is right',
  ingress: 'It was the ingress',
  'not-ingress': 'It was not the ingress',
  none: 'I take back what I said',
} as const satisfies Record<Vote['said'] | 'none', string>;

/** Asks who was right. The vote is kept with name and time, and may be undone. */
export function whoWasRightModal(record: CaseRecord): ModalView {
  const options = Object.entries(VOTE_CHOICES).map(([value, text]) => ({
    value,
    text: { type: 'plain_text' as const, text },
  }));
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
        hint: { type: 'plain_text', text: 'Shown under the answer with your name, and kept.' },
        element: { type: 'radio_buttons', action_id: VOTE_ACTION, options },
      },
    ],
  };
}
