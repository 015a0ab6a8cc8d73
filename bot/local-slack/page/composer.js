import { h } from './dom.js';
import { icon } from './icons.js';
import { tellFailure } from './navigate.js';
import { act, state } from './store.js';

/**
 * The box to write in: Enter sends, Shift+Enter breaks the line; `/` suggests the app's commands, `@` people.
 * @param {{ name: string, target: () => { channel: string, threadTs: string | null, label: string } }} options
 */
export function createComposer({ name, target }) {
  const list = h('div.suggestions', { role: 'listbox', id: `${name}-suggestions`, hidden: true });
  const box = h('textarea', {
    rows: 1,
    'aria-label': 'Message',
    'aria-controls': `${name}-suggestions`,
    autocomplete: 'off',
    spellcheck: 'true',
  });
  const send = h('button.send', { type: 'submit', title: 'Send', 'aria-label': 'Send' }, icon('send'));
  const form = h('form.composer', { 'data-composer': name }, list, h('div.composer-row', {}, box, send));
  let suggestions = [];
  let chosen = 0;

  box.addEventListener('input', () => {
    grow();
    suggest();
  });
  box.addEventListener('blur', () => setTimeout(closeList, 150));
  box.addEventListener('keydown', (event) => {
    if (suggestions.length > 0 && steer(event)) return event.preventDefault();
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    void submit();
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void submit();
  });

  function grow() {
    box.style.height = 'auto';
    box.style.height = `${Math.min(box.scrollHeight, 200)}px`;
    form.classList.toggle('ready', box.value.trim() !== '');
  }

  function steer(event) {
    if (event.key === 'ArrowDown') chosen = (chosen + 1) % suggestions.length;
    else if (event.key === 'ArrowUp') chosen = (chosen - 1 + suggestions.length) % suggestions.length;
    else if (event.key === 'Escape') suggestions = [];
    else if (event.key === 'Tab' || (event.key === 'Enter' && suggestions[chosen].complete !== box.value.trim()))
      take(chosen);
    else return false;
    drawList();
    return true;
  }

  function suggest() {
    suggestions = suggestionsFor(box.value, box.selectionStart);
    chosen = 0;
    drawList();
  }

  function take(i) {
    const { from, complete } = suggestions[i];
    const after = box.value.slice(box.selectionStart);
    box.value = `${box.value.slice(0, from)}${complete} ${after}`;
    box.selectionStart = from + complete.length + 1;
    box.selectionEnd = box.selectionStart;
    suggestions = [];
    grow();
  }

  function closeList() {
    suggestions = [];
    drawList();
  }

  function drawList() {
    list.hidden = suggestions.length === 0;
    list.replaceChildren(
      ...suggestions.map((s, i) =>
        h(
          `div.suggestion${i === chosen ? '.chosen' : ''}`,
          {
            role: 'option',
            'aria-selected': String(i === chosen),
            onpointerdown: (event) => {
              event.preventDefault();
              take(i);
              drawList();
              box.focus();
            },
          },
          h('strong', {}, s.label),
          s.hint && h('span.hint', {}, s.hint),
          s.about && h('span.faint', {}, s.about),
        ),
      ),
    );
  }

  async function submit() {
    const text = box.value.trim();
    if (text === '') return;
    const { channel, threadTs } = target();
    box.value = '';
    closeList();
    grow();
    try {
      if (text.startsWith('/') && !threadTs) await act('command', { channel, text });
      else if (text.startsWith('/')) throw new Error('commands are not offered in threads; mention the app instead');
      else await act('say', { channel, text, ...(threadTs && { thread_ts: threadTs }) });
    } catch (error) {
      tellFailure(error);
      if (box.value === '') box.value = text;
      grow();
    }
  }

  return {
    node: form,
    focus: () => box.focus(),
    /** Puts a text into the box for the person to send. */
    set(text) {
      box.value = text;
      grow();
      box.focus();
    },
    label(text) {
      box.placeholder = text;
    },
  };
}

function suggestionsFor(value, cursor) {
  if (/^\/\S*$/.test(value)) {
    return state.commands
      .filter((c) => c.command.startsWith(value))
      .map((c) => ({ from: 0, complete: c.command, label: c.command, hint: c.hint, about: c.description }));
  }
  const at = /(?:^|\s)@([\w.-]*)$/.exec(value.slice(0, cursor));
  if (!at) return [];
  const typed = at[1].toLowerCase();
  return [...state.users.values()]
    .filter((user) => user.name.toLowerCase().startsWith(typed) || user.realName.toLowerCase().startsWith(typed))
    .slice(0, 6)
    .map((user) => ({
      from: cursor - at[1].length - 1,
      complete: `@${user.name}`,
      label: user.realName,
      hint: `@${user.name}`,
      about: user.title,
    }));
}
