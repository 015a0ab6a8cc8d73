import { fill, h } from './dom.js';
import { icon } from './icons.js';
import { tellFailure } from './navigate.js';
import { actPanel, state } from './store.js';

let busy = '';

/** The embedding program's own panel: switches in groups, and things that people say. */
export function drawPanel(node, { onSuggestion, onToggle, open }) {
  const { panel } = state;
  node.hidden = !panel;
  if (!panel) return;
  node.classList.toggle('closed', !open);
  node.setAttribute('aria-label', panel.title);
  const head = h(
    'header.panel-head',
    {},
    h('h2', {}, panel.title),
    h(
      'button.fold',
      {
        type: 'button',
        'aria-expanded': String(open),
        title: open ? 'Fold' : 'Unfold',
        'aria-label': `${open ? 'Fold' : 'Unfold'} ${panel.title}`,
        onclick: onToggle,
      },
      icon(open ? 'right' : 'left'),
    ),
  );
  if (!open) return void fill(node, head);
  const scroll = node.querySelector('.panel-scroll')?.scrollTop ?? 0;
  const focused = node.contains(document.activeElement) ? document.activeElement?.dataset?.item : null;
  fill(
    node,
    head,
    h(
      'div.panel-scroll',
      {},
      panel.note && h('p.panel-note', {}, panel.note),
      panel.suggestions?.length > 0 &&
        h(
          'section',
          {},
          h('h3', {}, 'Things people say'),
          h(
            'div.chips',
            {},
            panel.suggestions.map((s) => h('button.chip', { type: 'button', onclick: () => onSuggestion(s) }, s.label)),
          ),
        ),
      panel.groups.map((group) =>
        h('section', {}, h('h3', {}, group.title), h('div.switches', {}, group.items.map(item))),
      ),
    ),
  );
  node.querySelector('.panel-scroll').scrollTop = scroll;
  if (focused) [...node.querySelectorAll('[data-item]')].find((n) => n.dataset.item === focused)?.focus();
}

function item(entry) {
  const turn = async () => {
    if (busy) return;
    busy = entry.id;
    button.classList.add('busy');
    try {
      await actPanel(entry.id);
    } catch (error) {
      tellFailure(error);
    } finally {
      busy = '';
      button.classList.remove('busy');
    }
  };
  const button = h(
    `button.switch${entry.on ? '.on' : ''}${busy === entry.id ? '.busy' : ''}`,
    {
      type: 'button',
      role: 'switch',
      'aria-checked': String(entry.on),
      'data-item': entry.id,
      disabled: entry.disabled,
      onclick: turn,
    },
    h('span.track', { 'aria-hidden': 'true' }, h('span.knob')),
    h(
      'span.switch-text',
      {},
      h('span.switch-label', {}, entry.label),
      entry.hint && h('span.switch-hint', {}, entry.hint),
    ),
  );
  return button;
}
