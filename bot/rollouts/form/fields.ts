/** The fields of the form: block ids are what validation errors are shown at. */
export const FIELDS = {
  title: 'title',
  old: 'old',
  fresh: 'fresh',
  why: 'why',
  notice: 'notice',
  oldClients: 'old_clients',
  undo: 'undo',
  hosts: 'hosts',
  channels: 'channels',
  stages: 'stages',
  fromDate: 'from_date',
  fromTime: 'from_time',
  toDate: 'to_date',
  toTime: 'to_time',
} as const;
export type Field = keyof typeof FIELDS;

/** Every input's action id: the block id says which. */
export const VALUE = 'value';

/** Callback ids of the form's three pages, and of a decision's reason. */
export const VIEWS = {
  sides: 'rollout_sides',
  details: 'rollout_details',
  preview: 'rollout_preview',
  reason: 'rollout_reason',
} as const;

/** Characters that each text may have. */
export const LONGEST = {
  title: 120,
  why: 800,
  notice: 800,
  oldClients: 500,
  undo: 500,
  hosts: 20_000,
  stages: 100,
  reason: 400,
} as const;

export const MOST_HOSTS = 300;
export const MOST_CHANNELS = 30;
export const MOST_STAGES = 10;

/** The values of a submitted view as Slack sends them, as far as we read them. */
export interface Submitted {
  [block: string]: {
    [action: string]: {
      value?: string | null;
      selected_option?: { value: string } | null;
      selected_date?: string | null;
      selected_time?: string | null;
      selected_conversations?: string[] | null;
    };
  };
}

/** Errors by block id, as `response_action: errors` takes them. */
export type FieldErrors = { [block: string]: string };

/** A text in one line: no control characters, nothing that turns the reading direction or hides itself. */
export function oneLine(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/[\u00AD\u061C\u180E\u200B-\u200F\u202A-\u202E\u2060-\u206F\uFEFF\u{E0000}-\u{E007F}]/gu, '')
    .replace(/\s+/g, ' ')
    .trim();
}
