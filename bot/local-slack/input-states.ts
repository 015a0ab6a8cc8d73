import type { Fields, View } from './types.ts';

/** Input states as `view.state.values` has them, from texts or finished states. */
export function inputStates(
  view: View,
  given: Record<string, Record<string, Fields | string>>,
): View['state']['values'] {
  const states: View['state']['values'] = {};
  for (const block of view.blocks) {
    const element = block.element as Fields | undefined;
    if (block.type !== 'input' || !element) continue;
    const [blockId, actionId] = [String(block.block_id), String(element.action_id)];
    const value = given[blockId]?.[actionId];
    states[blockId] = { [actionId]: typeof value === 'object' ? value : inputState(element, value) };
  }
  return states;
}

function inputState(element: Fields, value: string | undefined): Fields {
  const type = String(element.type);
  const options = Array.isArray(element.options) ? (element.options as Fields[]) : [];
  if (type === 'static_select' || type === 'radio_buttons') {
    const option = options.find((o) => o.value === value) ?? (value === undefined ? element.initial_option : undefined);
    return { type, selected_option: option ?? null };
  }
  if (type === 'checkboxes' || type === 'multi_static_select') {
    const values = value?.split(',') ?? [];
    return { type, selected_options: options.filter((o) => values.includes(String(o.value))) };
  }
  if (type === 'datepicker') return { type, selected_date: value ?? element.initial_date ?? null };
  if (type === 'timepicker') return { type, selected_time: value ?? element.initial_time ?? null };
  if (type === 'users_select') return { type, selected_user: value ?? null };
  if (type === 'conversations_select') return { type, selected_conversation: value ?? null };
  if (type === 'multi_conversations_select') {
    const chosen = value === undefined ? element.initial_conversations : value.split(',').filter(Boolean);
    return { type, selected_conversations: chosen ?? [] };
  }
  if (type === 'channels_select') return { type, selected_channel: value ?? null };
  return { type, value: value ?? element.initial_value ?? null };
}
