import { h } from './dom.js';
import { state } from './store.js';

/** An input block of a modal. Its value is read by {@link readInputs}. */
export function input(block) {
  const id = `input-${block.block_id}`;
  const e = block.element ?? {};
  return h(
    'div.input',
    { 'data-input': block.block_id },
    h('label', { for: id }, block.label?.text ?? '', block.optional && h('span.faint', {}, ' (optional)')),
    control(e, id, !block.optional),
    block.hint && h('div.faint.small', {}, block.hint.text),
    h('div.input-error', { role: 'alert' }),
  );
}

function control(e, id, required) {
  const common = { id, name: e.action_id, required, placeholder: e.placeholder?.text };
  const options = (e.options ?? []).map((o) => ({ value: o.value, text: o.text.text }));
  switch (e.type) {
    case 'static_select':
      return select(common, options, e.initial_option?.value);
    case 'users_select':
      return select(common, people(), e.initial_user);
    case 'channels_select':
    case 'conversations_select':
      return select(common, channels(), e.initial_channel ?? e.initial_conversation);
    case 'multi_conversations_select':
      return selectMany(common, channels(), e.initial_conversations ?? []);
    case 'radio_buttons':
    case 'checkboxes':
      return choices(e, id, options);
    case 'datepicker':
      return h('input', { ...common, type: 'date', value: e.initial_date ?? '' });
    case 'timepicker':
      return h('input', { ...common, type: 'time', value: e.initial_time ?? '' });
    case 'number_input':
      return h('input', {
        ...common,
        type: 'number',
        step: e.is_decimal_allowed ? 'any' : '1',
        value: e.initial_value ?? '',
      });
    default: {
      const max = e.max_length ? { maxlength: e.max_length } : {};
      if (e.multiline) return h('textarea', { ...common, ...max, rows: 4, value: e.initial_value ?? '' });
      return h('input', { ...common, ...max, type: 'text', value: e.initial_value ?? '', autocomplete: 'off' });
    }
  }
}

function select(common, options, chosen) {
  return h(
    'select',
    common,
    h('option', { value: '' }, common.placeholder ?? 'Choose…'),
    options.map((o) => h('option', { value: o.value, selected: o.value === chosen }, o.text)),
  );
}

function selectMany(common, options, chosen) {
  return h(
    'select',
    { ...common, multiple: true, size: Math.min(6, Math.max(2, options.length)) },
    options.map((o) => h('option', { value: o.value, selected: chosen.includes(o.value) }, o.text)),
  );
}

function choices(e, id, options) {
  const type = e.type === 'checkboxes' ? 'checkbox' : 'radio';
  const chosen = [e.initial_option?.value, ...(e.initial_options ?? []).map((o) => o.value)];
  return h(
    'div.choices',
    { id },
    options.map((o) =>
      h(
        'label',
        {},
        h('input', { type, name: `${id}-choice`, value: o.value, checked: chosen.includes(o.value) }),
        ` ${o.text}`,
      ),
    ),
  );
}

function people() {
  return [...state.users.values()].filter((u) => !u.isBot).map((u) => ({ value: u.id, text: u.realName }));
}

function channels() {
  return [...state.channels.values()].filter((c) => c.kind !== 'im').map((c) => ({ value: c.id, text: `#${c.name}` }));
}

/** Values of all inputs under a node, by block_id, then action_id. Empty ones are left out. */
export function readInputs(root, blocks) {
  const values = {};
  for (const block of blocks) {
    if (block.type !== 'input') continue;
    const row = [...root.querySelectorAll('[data-input]')].find((node) => node.dataset.input === block.block_id);
    const value = row && readOne(row);
    if (value) values[block.block_id] = { [block.element.action_id]: value };
  }
  return values;
}

function readOne(row) {
  const checked = [...row.querySelectorAll('.choices input:checked')].map((node) => node.value);
  if (row.querySelector('.choices')) return checked.join(',');
  const many = row.querySelector('select[multiple]');
  // An empty choice is said, not left out: it would otherwise count as the one that was suggested.
  if (many) return [...many.selectedOptions].map((option) => option.value).join(',') || ',';
  return row.querySelector('input, select, textarea')?.value ?? '';
}
