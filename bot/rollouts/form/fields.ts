import { z } from 'zod';

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

const inputSchema = z.object({
  value: z.string().nullish().catch(null),
  selected_option: z.object({ value: z.string() }).nullish().catch(null),
  selected_date: z.string().nullish().catch(null),
  selected_time: z.string().nullish().catch(null),
  selected_conversations: z.array(z.string()).nullish().catch(null),
});
const submittedSchema = z.record(z.string(), z.record(z.string(), inputSchema.catch({})).catch({})).catch({});
/** The values of a submitted view as Slack sends them, by block and action, as far as we read them. */
export type Submitted = z.infer<typeof submittedSchema>;

/** Pure: what of a submitted view is of the right kind; the rest counts as not filled in. */
export function submittedIn(values: unknown): Submitted {
  return submittedSchema.parse(values);
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
