import { chart } from './charts.js';
import { ask } from './confirm.js';
import { h, link } from './dom.js';
import { icon } from './icons.js';
import { input } from './inputs.js';
import { markdown } from './markdown.js';
import { channelLink, mention, mrkdwn, plain } from './mrkdwn.js';

/**
 * Block Kit as DOM nodes.
 * @param {Record<string, any>[]} blocks
 * @param {(action: { action: string, block: string, value?: string }) => Promise<unknown>} onAction
 * @returns {Node[]}
 */
export function renderBlocks(blocks, onAction) {
  return blocks.map((block) => {
    const make = makers[block.type];
    const node = make ? make(block, onAction) : h('div.unknown', {}, `[${block.type}]`);
    node.dataset.block = block.type;
    return node;
  });
}

/** A text object: mrkdwn or plain_text. */
export function textOf(object) {
  if (!object) return [];
  return object.type === 'mrkdwn' ? mrkdwn(object.text) : plain(object.text, object.emoji !== false);
}

const makers = {
  header: (block) => h('h3.block-header', {}, textOf(block.text)),
  divider: () => h('hr'),
  section: (block, onAction) =>
    h(
      'div.section',
      {},
      h(
        'div.section-body',
        {},
        block.text && h('div.text', {}, textOf(block.text)),
        block.fields &&
          h(
            'div.fields',
            {},
            block.fields.map((field) => h('div', {}, textOf(field))),
          ),
      ),
      block.accessory && h('div.accessory', {}, element(block.accessory, block, onAction)),
    ),
  context: (block) =>
    h(
      'div.context',
      {},
      block.elements.map((e) => (e.type === 'image' ? picture(e, 'context-image') : h('span.text', {}, textOf(e)))),
    ),
  actions: (block, onAction) =>
    h(
      'div.actions',
      {},
      block.elements.map((e) => element(e, block, onAction)),
    ),
  image: (block) =>
    h('figure.image', {}, block.title && h('figcaption', {}, textOf(block.title)), picture(block, 'picture')),
  markdown: (block) => h('div.markdown', {}, markdown(block.text)),
  rich_text: (block) => h('div.rich', {}, (block.elements ?? []).map(rich)),
  table: (block) => table(block),
  data_table: (block) => h('figure', {}, h('figcaption', {}, block.caption), table(block)),
  data_visualization: (block) => chart(block),
  alert: (block) => h(`div.alert.level-${word(block.level ?? 'default')}`, { role: 'note' }, textOf(block.text)),
  input: (block) => input(block),
  plan: (block) => h('div.plan', {}, h('strong', {}, block.title), (block.tasks ?? []).map(task)),
  task_card: (block) => task(block),
  context_actions: () => h('div'),
  card: (block, onAction) =>
    h(
      'div.card',
      {},
      h('strong', {}, textOf(block.title)),
      h('div.faint', {}, textOf(block.subtitle)),
      h('div', {}, textOf(block.body)),
      (block.actions ?? []).map((e) => element(e, block, onAction)),
    ),
};

function word(text) {
  return String(text).replace(/[^a-z_]/g, '');
}

function task(block) {
  const signs = { pending: '○', in_progress: '◐', complete: '●', error: '✕' };
  return h(
    `div.task.task-${word(block.status)}`,
    {},
    h('span', {}, signs[block.status] ?? '○'),
    ` ${block.title} `,
    h('span.faint', {}, block.status),
  );
}

/** Pictures come only from this workspace; others are named and linked, so that the page asks nobody else for anything. */
function picture(e, name) {
  const url = e.slack_file?.id
    ? `${location.origin}/files/${encodeURIComponent(e.slack_file.id)}`
    : (e.image_url ?? '');
  const own = url.startsWith(`${location.origin}/`) || url.startsWith('data:image/');
  if (own) return h(`img.${name}`, { src: url, alt: e.alt_text ?? '' });
  return h('span.picture-elsewhere', {}, icon('picture'), ' ', url ? link(url, e.alt_text || url) : e.alt_text);
}

function element(e, block, onAction) {
  const run = (value) =>
    onAction({ action: e.action_id, block: block.block_id, ...(value !== undefined && { value }) });
  if (e.type === 'button') return button(e, run);
  if (e.type === 'image') return picture(e, 'accessory-image');
  if (e.options || e.option_groups) return menu(e, run);
  return h('span.unknown', {}, `[${e.type}]`);
}

function button(e, run) {
  const style = e.style === 'primary' || e.style === 'danger' ? `.${e.style}` : '';
  const node = h(
    `button.block-button${style}`,
    {
      type: 'button',
      'data-action': e.action_id,
      'aria-label': e.accessibility_label,
      onclick: async () => {
        if (e.confirm && !(await ask(e.confirm))) return;
        if (e.url && /^https?:/i.test(e.url)) window.open(e.url, '_blank', 'noopener');
        node.disabled = true;
        try {
          await run();
        } finally {
          node.disabled = false;
        }
      },
    },
    textOf(e.text),
  );
  return node;
}

function menu(e, run) {
  const options = e.options ?? e.option_groups.flatMap((group) => group.options);
  const first = e.type === 'overflow' ? '⋯' : (e.placeholder?.text ?? 'Choose…');
  const chosen = e.initial_option?.value;
  const node = h(
    'select.block-select',
    { 'data-action': e.action_id, 'aria-label': first, onchange: () => node.value && run(node.value) },
    h('option', { value: '' }, first),
    options.map((o) => h('option', { value: o.value, selected: o.value === chosen }, o.text.text)),
  );
  return node;
}

function table(block) {
  const cell = (tag) => (c, i) => {
    const align = c.type === 'raw_number' ? 'right' : (block.column_settings?.[i]?.align ?? 'left');
    const content = c.type === 'rich_text' ? c.elements.map(rich) : String(c.text ?? c.value ?? '');
    return h(tag, { class: `align-${word(align)}` }, content);
  };
  const [head, ...rows] = block.rows ?? [];
  return h(
    'div.table',
    {},
    h(
      'table',
      {},
      head && h('thead', {}, h('tr', {}, head.map(cell('th')))),
      h(
        'tbody',
        {},
        rows.map((row) => h('tr', {}, row.map(cell('td')))),
      ),
    ),
  );
}

function rich(part) {
  const content = () => (part.elements ?? []).map(richLeaf);
  switch (part.type) {
    case 'rich_text_list':
      return h(
        part.style === 'ordered' ? 'ol' : 'ul',
        {},
        part.elements.map((item) => h('li', {}, rich(item))),
      );
    case 'rich_text_preformatted':
      return h('pre', {}, h('code', {}, content()));
    case 'rich_text_quote':
      return h('blockquote', {}, content());
    default:
      return h('div', {}, content());
  }
}

function richLeaf(leaf) {
  const styled = (node) => {
    const wraps = { bold: 'strong', italic: 'em', strike: 's', code: 'code' };
    return Object.entries(wraps).reduce((inner, [key, tag]) => (leaf.style?.[key] ? h(tag, {}, inner) : inner), node);
  };
  switch (leaf.type) {
    case 'text':
      return styled(h('span.pre-line', {}, leaf.text));
    case 'link':
      return styled(link(leaf.url, leaf.text ?? leaf.url));
    case 'user':
      return mention(leaf.user_id);
    case 'channel':
      return channelLink(leaf.channel_id);
    case 'emoji':
      return h('span', {}, plain(`:${leaf.name}:`));
    case 'broadcast':
      return h('span.mention', {}, `@${leaf.range}`);
    case 'date':
      return h('time', {}, leaf.fallback ?? new Date(leaf.timestamp * 1000).toISOString());
    default:
      return '';
  }
}
