import { isFields } from './http.ts';
import type { Fields } from './types.ts';

/** Limits of the elements inside blocks (docs.slack.dev/reference/block-kit/block-elements). */

/** Collects complaints in Slack's wording: `[ERROR] must be less than 76 characters [json-pointer:/blocks/0/…]`. */
export class Problems {
  readonly messages: string[] = [];

  add(message: string, at: string): void {
    if (this.messages.length < 50) this.messages.push(`[ERROR] ${message} [json-pointer:${at}]`);
  }

  text(value: unknown, at: string, max: number, min = 1): void {
    if (typeof value !== 'string') {
      this.add('must be a string', at);
      return;
    }
    if (value.length < min) this.add(`must be more than ${min - 1} characters`, at);
    if (value.length > max) this.add(`must be less than ${max + 1} characters`, at);
  }

  object(value: unknown, at: string): value is Fields {
    if (isFields(value)) return true;
    this.add('must be an object', at);
    return false;
  }

  oneOf(value: unknown, at: string, allowed: string[]): void {
    if (value !== undefined && !allowed.includes(String(value))) this.add(`must be a valid enum value`, at);
  }
}

/** A text object: `plain_text` or `mrkdwn`, not empty, not too long. */
export function textFits(
  p: Problems,
  value: unknown,
  at: string,
  rule: { max: number; types?: ('plain_text' | 'mrkdwn')[] },
): void {
  if (value === undefined) {
    p.add(`missing required field: ${at.split('/').at(-1)}`, at.slice(0, at.lastIndexOf('/')));
    return;
  }
  if (!p.object(value, at)) return;
  const types: string[] = rule.types ?? ['plain_text', 'mrkdwn'];
  if (!types.includes(String(value.type))) {
    p.add(`unsupported type: ${String(value.type)}`, `${at}/type`);
    return;
  }
  p.text(value.text, `${at}/text`, rule.max);
}

function confirmFits(p: Problems, value: unknown, at: string): void {
  if (value === undefined || !p.object(value, at)) return;
  textFits(p, value.title, `${at}/title`, { max: 100, types: ['plain_text'] });
  textFits(p, value.text, `${at}/text`, { max: 300 });
  textFits(p, value.confirm, `${at}/confirm`, { max: 30, types: ['plain_text'] });
  textFits(p, value.deny, `${at}/deny`, { max: 30, types: ['plain_text'] });
}

function optionsFit(p: Problems, element: Fields, at: string, max: number): void {
  const groups = Array.isArray(element.option_groups) ? element.option_groups.filter(isFields) : [];
  const options: unknown[] = Array.isArray(element.options)
    ? element.options
    : groups.flatMap((g) => g.options as unknown[]);
  if (options.length === 0) {
    p.add('must have at least 1 item', `${at}/options`);
    return;
  }
  if (options.length > max) p.add(`no more than ${max} items allowed`, `${at}/options`);
  options.slice(0, max).forEach((option, i) => {
    const where = `${at}/options/${i}`;
    if (!p.object(option, where)) return;
    textFits(p, option.text, `${where}/text`, { max: 75 });
    p.text(option.value, `${where}/value`, 150);
  });
}

type Check = (p: Problems, element: Fields, at: string) => void;

const anyInput: Check = (p, element, at) => {
  if (element.placeholder !== undefined) {
    textFits(p, element.placeholder, `${at}/placeholder`, { max: 150, types: ['plain_text'] });
  }
};

const select: Check = (p, element, at) => {
  anyInput(p, element, at);
  optionsFit(p, element, at, 100);
};

const elementChecks: Record<string, Check> = {
  button: (p, element, at) => {
    textFits(p, element.text, `${at}/text`, { max: 75, types: ['plain_text'] });
    if (element.value !== undefined) p.text(element.value, `${at}/value`, 2000, 0);
    if (element.url !== undefined) p.text(element.url, `${at}/url`, 3000);
    if (element.accessibility_label !== undefined) p.text(element.accessibility_label, `${at}/accessibility_label`, 75);
    p.oneOf(element.style, `${at}/style`, ['primary', 'danger']);
  },
  image: (p, element, at) => {
    if (element.image_url === undefined && element.slack_file === undefined)
      p.add('missing required field: image_url', at);
    if (element.image_url !== undefined) p.text(element.image_url, `${at}/image_url`, 3000);
    const file = element.slack_file;
    if (file !== undefined && p.object(file, `${at}/slack_file`) && !/^F[A-Z0-9]{2,}$/.test(String(file.id ?? '')))
      p.add('invalid slack file', `${at}/slack_file/id`);
    if (element.alt_text === undefined) p.add('missing required field: alt_text', at);
    else p.text(element.alt_text, `${at}/alt_text`, 2000, 0);
  },
  static_select: select,
  multi_static_select: select,
  overflow: (p, element, at) => optionsFit(p, element, at, 5),
  checkboxes: (p, element, at) => optionsFit(p, element, at, 10),
  radio_buttons: (p, element, at) => optionsFit(p, element, at, 10),
  plain_text_input: anyInput,
  email_text_input: anyInput,
  url_text_input: anyInput,
  number_input: anyInput,
  rich_text_input: anyInput,
  file_input: anyInput,
  datepicker: anyInput,
  timepicker: anyInput,
  datetimepicker: anyInput,
  users_select: anyInput,
  conversations_select: anyInput,
  channels_select: anyInput,
  external_select: anyInput,
  multi_users_select: anyInput,
  multi_conversations_select: anyInput,
  multi_channels_select: anyInput,
  multi_external_select: anyInput,
  workflow_button: (p, element, at) => textFits(p, element.text, `${at}/text`, { max: 75, types: ['plain_text'] }),
};

/** Checks one element of any kind. */
export function checkElement(p: Problems, element: unknown, at: string): void {
  if (!p.object(element, at)) return;
  const check = elementChecks[String(element.type)];
  if (!check) {
    p.add(`unsupported type: ${String(element.type)}`, `${at}/type`);
    return;
  }
  if (element.action_id !== undefined) p.text(element.action_id, `${at}/action_id`, 255);
  check(p, element, at);
  confirmFits(p, element.confirm, `${at}/confirm`);
}
