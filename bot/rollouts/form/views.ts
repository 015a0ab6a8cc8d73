import type { KnownBlock, ModalView } from '@slack/types';
import type { Decision, Rollout } from '../../../workers/rollouts/types.ts';
import { section } from '../../blocks/message.ts';
import { plain } from '../../blocks/mrkdwn.ts';
import { previewParagraphs } from '../blocks/announcement.ts';
import { percent } from '../blocks/words.ts';
import type { Draft } from './draft.ts';
import { FIELDS, type Field, LONGEST, MOST_HOSTS, VALUE, VIEWS } from './fields.ts';
import { NOT_YET, type SideChoice } from './sides.ts';

const TITLE = 'Announce a rollout';
/** Slack shows this many initial characters at most in a text input (docs.slack.dev, plain-text input: max_length). */
const MOST_INITIAL = 3000;

/** Shown at once, since a trigger lives for three seconds and an inventory may take longer. */
export function loadingView(): ModalView {
  return modal(VIEWS.sides, null, [section('_Reading the inventory…_')]);
}

/** The inventory names no proxy: there is nothing to choose from. */
export function noProxiesView(): ModalView {
  const text = 'The inventory names no managed proxy. Set `INVENTORY` to a file that does, or let it name a cluster.';
  return modal(VIEWS.sides, null, [section(text)]);
}

/** First page: what, from where to where. */
export function sidesView(choices: readonly SideChoice[], draft: Draft | null): ModalView {
  const options = choices.map(({ value, label }) => ({ text: { type: 'plain_text' as const, text: label }, value }));
  const later = { text: { type: 'plain_text' as const, text: 'Not in the inventory yet' }, value: NOT_YET };
  const chosen = (side: Draft['old']) =>
    options.find(({ value }) => value === choices.find((one) => same(one.side, side))?.value) ??
    (side?.instances?.length === 0 ? later : undefined);
  const select = (initial: (typeof options)[number] | undefined, more: typeof options) => ({
    type: 'static_select' as const,
    action_id: VALUE,
    options: [...options, ...more],
    ...(initial && { initial_option: initial }),
  });
  return modal(VIEWS.sides, 'Next', [
    textInput('title', 'What changes?', draft?.title ?? '', { placeholder: 'Traefik 2.10.7 → 3.7' }),
    input('old', 'Old side: serves now', select(chosen(draft?.old ?? null), [])),
    input('fresh', 'New side: takes over', select(chosen(draft?.fresh ?? null), [later]), {
      hint: 'Both are watched and compared while the stages last.',
    }),
  ]);
}

/** Second page, filled with what is known: hosts behind the old side, channels where they are talked about. */
export function detailsView(
  draft: Draft,
  known: { hosts: string[]; channels: string[]; always: string[]; zone: string | null; oldClients: string },
): ModalView {
  const was = draft.details;
  const stages = was?.stages.map(({ share }) => percent(share)).join(', ') ?? '10, 50, 100';
  const channels = was?.channels ?? known.channels;
  const zone = known.zone ?? 'UTC';
  const from = inZone(was?.window?.from ?? null, known.zone);
  const to = inZone(was?.window?.to ?? null, known.zone);
  const hosts = was?.hosts ?? known.hosts;
  // Cut in the middle they would be other hosts, and fewer.
  const fits = hosts.length <= MOST_HOSTS && hosts.join('\n').length <= MOST_INITIAL;
  const always = known.always.length === 0 ? '' : ` Always: ${known.always.map((id) => `<#${id}>`).join(', ')}.`;
  const blocks: KnownBlock[] = [
    textInput('why', 'Why?', was?.why ?? '', { multiline: true }),
    textInput('notice', 'What may people notice?', was?.notice ?? '', {
      multiline: true,
      optional: true,
      hint: 'Left empty, it says: nothing that we know of.',
    }),
    textInput('oldClients', 'Old clients: which, whose, what becomes of them', was?.oldClients ?? known.oldClients, {
      optional: true,
      ...(known.oldClients !== '' &&
        !was && { hint: 'What the recorder saw on the old side. Say whose they are, if you know.' }),
    }),
    textInput('undo', 'How to undo it, and how long that takes', was?.undo ?? '', {}),
    textInput('hosts', 'Hosts', fits ? hosts.join('\n') : '', {
      multiline: true,
      optional: true,
      hint: fits
        ? 'One a line, as the inventory routes them through the old side. Left empty: all.'
        : `One a line. Left empty: all ${hosts.length} that the inventory routes through the old side.`,
    }),
    {
      type: 'input',
      block_id: FIELDS.channels,
      optional: true,
      label: { type: 'plain_text', text: 'Channels of those affected' },
      element: {
        type: 'multi_conversations_select',
        action_id: VALUE,
        filter: { include: ['public', 'private'], exclude_external_shared_channels: true },
        ...(channels.length > 0 && { initial_conversations: channels }),
      },
    },
    section(`It is announced in each, with one thread.${always}`),
    textInput('stages', 'Stages, per cent', stages, { hint: 'Rising, up to 100.' }),
    input('fromDate', `Day (${zone})`, picker('datepicker', from?.date), { optional: true }),
    input('fromTime', `From (${zone})`, picker('timepicker', from?.time), { optional: true }),
    input('toTime', `To (${zone})`, picker('timepicker', to?.time), {
      optional: true,
      hint: 'Everybody reads it in their own time.',
    }),
    input(
      'toDate',
      'Last day, if it is another',
      picker('datepicker', to && to.date !== from?.date ? to.date : undefined),
      {
        optional: true,
      },
    ),
  ];
  return modal(VIEWS.details, 'Preview', blocks);
}

/** Third page: what will be posted, and where. */
export function previewView(rollout: Rollout, channels: readonly string[]): ModalView {
  const where =
    channels.length === 0 ? 'No channel is configured: add one.' : channels.map((id) => `<#${id}>`).join(', ');
  return modal(VIEWS.preview, 'Announce', [
    section(`_This goes to ${where}:_`),
    ...previewParagraphs(rollout).map((paragraph) => section(paragraph)),
    {
      type: 'actions',
      elements: [{ type: 'button', action_id: 'rollout_edit', text: { type: 'plain_text', text: 'Change something' } }],
    },
  ]);
}

/** After the last click, and for who clicks once more. */
export function doneView(text: string): ModalView {
  return modal('rollout_told', null, [section(text)]);
}

/** Asks for the reason of a decision against the judge's word. */
export function reasonView(
  of: { id: string; stage: number; what: Decision['what'] },
  title: string,
  word: string,
): ModalView {
  return {
    ...modal(VIEWS.reason, 'Decide', [
      section(word),
      textInput('reason', 'Why all the same?', '', { multiline: true, hint: 'Shown to all, with your name.' }),
    ]),
    private_metadata: JSON.stringify(of),
    title: { type: 'plain_text', text: title.slice(0, 24) },
  };
}

function modal(callback: string, submit: string | null, blocks: KnownBlock[]): ModalView {
  return {
    type: 'modal',
    callback_id: callback,
    title: { type: 'plain_text', text: TITLE },
    close: { type: 'plain_text', text: submit === null ? 'Close' : 'Cancel' },
    ...(submit !== null && { submit: { type: 'plain_text' as const, text: submit } }),
    blocks,
  };
}

interface Extra {
  optional?: boolean;
  hint?: string;
  placeholder?: string;
  multiline?: boolean;
}

function textInput(field: keyof typeof LONGEST, label: string, initial: string, extra: Extra): KnownBlock {
  const max = Math.min(LONGEST[field], MOST_INITIAL);
  return input(
    field,
    label,
    {
      type: 'plain_text_input',
      action_id: VALUE,
      max_length: max,
      ...(extra.multiline && { multiline: true }),
      ...(initial !== '' && { initial_value: initial.slice(0, max) }),
      ...(extra.placeholder && { placeholder: { type: 'plain_text', text: extra.placeholder } }),
    },
    extra,
  );
}

function input(
  field: Field | 'reason',
  label: string,
  element: Extract<KnownBlock, { type: 'input' }>['element'],
  extra: Extra = {},
): KnownBlock {
  return {
    type: 'input',
    block_id: field === 'reason' ? 'reason' : FIELDS[field],
    label: { type: 'plain_text', text: plain(label) },
    element,
    ...(extra.optional && { optional: true }),
    ...(extra.hint && { hint: { type: 'plain_text' as const, text: extra.hint } }),
  };
}

function picker(type: 'datepicker' | 'timepicker', initial: string | undefined) {
  if (type === 'datepicker') return { type, action_id: VALUE, ...(initial && { initial_date: initial }) } as const;
  return { type, action_id: VALUE, ...(initial && { initial_time: initial }) } as const;
}

/** A moment as the author's clock shows it. */
function inZone(at: string | null, zone: string | null): { date: string; time: string } | undefined {
  if (at === null) return undefined;
  const parts = new Intl.DateTimeFormat('sv-SE', { timeZone: zone ?? 'UTC', dateStyle: 'short', timeStyle: 'short' });
  const [date = '', time = ''] = parts.format(new Date(at)).split(' ');
  return { date, time };
}

function same(a: Rollout['old'], b: Draft['old']): boolean {
  return b !== null && a.hop === b.hop && JSON.stringify(a.instances) === JSON.stringify(b.instances);
}
