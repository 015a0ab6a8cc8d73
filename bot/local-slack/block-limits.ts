import { checkElement, Problems, textFits } from './block-elements.ts';
import { isFields } from './http.ts';
import { secret } from './ids.ts';
import type { Fields } from './types.ts';

/**
 * The limits that Slack documents for blocks (docs.slack.dev/reference/block-kit/blocks), so that what would be refused in
 * production is refused here. Pure; knows nothing of messages or channels.
 */

export type Surface = 'message' | 'modal' | 'home';

interface BlockProblem {
  error: 'invalid_blocks' | 'msg_blocks_too_long' | 'invalid_blocks_format';
  messages: string[];
}

const maxBlocks: Record<Surface, number> = { message: 50, modal: 100, home: 100 };
/** Not documented; seen by others: each block legal, yet refused (github.com/slackapi/bolt-js/issues/2509). */
const maxSum = 13_200;
const maxMarkdown = 12_000;
const maxTableText = 10_000;
const maxCharts = 2;

const onlyIn: Record<string, Surface[]> = {
  input: ['modal', 'home', 'message'],
  data_visualization: ['message'],
  table: ['message'],
  data_table: ['message'],
  file: ['message'],
};

/** @returns what Slack would say against these blocks, or null */
export function checkBlocks(blocks: unknown, surface: Surface): BlockProblem | null {
  if (!Array.isArray(blocks)) return { error: 'invalid_blocks_format', messages: [] };
  const problems = new Problems();
  if (blocks.length > maxBlocks[surface]) problems.add(`no more than ${maxBlocks[surface]} items allowed`, '/blocks');
  const ids = new Set<string>();
  blocks.forEach((block: unknown, at) => {
    checkBlock(problems, block, `/blocks/${at}`, surface, ids);
  });
  checkSums(problems, blocks);
  if (problems.messages.length > 0) return { error: 'invalid_blocks', messages: problems.messages };
  if (textLength(blocks) > maxSum) return { error: 'msg_blocks_too_long', messages: [] };
  return null;
}

function checkBlock(problems: Problems, block: unknown, at: string, surface: Surface, ids: Set<string>): void {
  if (!isFields(block)) {
    problems.add('must be an object', at);
    return;
  }
  const check = blockChecks[String(block.type)];
  if (!check || (onlyIn[String(block.type)] && !onlyIn[String(block.type)]?.includes(surface))) {
    problems.add(`unsupported type: ${String(block.type)}`, `${at}/type`);
    return;
  }
  if (block.block_id !== undefined) {
    const id = block.block_id;
    if (typeof id !== 'string' || id.length > 255) problems.add('must be less than 256 characters', `${at}/block_id`);
    else if (ids.has(id)) problems.add(`block_id "${id}" already exists`, `${at}/block_id`);
    else ids.add(id);
  }
  check(problems, block, at);
}

type Check = (problems: Problems, block: Fields, at: string) => void;

const blockChecks: Record<string, Check> = {
  divider: () => {},
  header: (p, block, at) => textFits(p, block.text, `${at}/text`, { max: 150, types: ['plain_text'] }),
  section: checkSection,
  context: (p, block, at) =>
    listFits(p, block.elements, `${at}/elements`, 1, 10, (element, where) => {
      if (isFields(element) && element.type === 'image') return checkElement(p, element, where);
      textFits(p, element, where, { max: 3000 });
    }),
  actions: (p, block, at) => {
    const seen = new Set<string>();
    listFits(p, block.elements, `${at}/elements`, 1, 25, (element, where) => {
      checkElement(p, element, where);
      if (!isFields(element) || typeof element.action_id !== 'string') return;
      if (seen.has(element.action_id)) p.add(`action_id "${element.action_id}" already exists`, `${where}/action_id`);
      seen.add(element.action_id);
    });
  },
  image: (p, block, at) => {
    checkElement(p, block, at);
    if (block.title !== undefined) textFits(p, block.title, `${at}/title`, { max: 2000, types: ['plain_text'] });
  },
  input: (p, block, at) => {
    textFits(p, block.label, `${at}/label`, { max: 2000, types: ['plain_text'] });
    if (block.hint !== undefined) textFits(p, block.hint, `${at}/hint`, { max: 2000, types: ['plain_text'] });
    checkElement(p, block.element, `${at}/element`);
  },
  markdown: (p, block, at) => p.text(block.text, `${at}/text`, maxMarkdown),
  rich_text: (p, block, at) => listFits(p, block.elements, `${at}/elements`, 0, 1000, (e, where) => p.object(e, where)),
  table: checkTable,
  data_table: (p, block, at) => {
    p.text(block.caption, `${at}/caption`, 2000);
    checkTable(p, block, at);
  },
  data_visualization: checkChart,
  alert: (p, block, at) => {
    textFits(p, block.text, `${at}/text`, { max: 3000 });
    p.oneOf(block.level, `${at}/level`, ['default', 'info', 'warning', 'error', 'success']);
  },
  card: (p, block, at) => {
    if (!block.hero_image && !block.title && !block.actions && !block.body) p.add('must provide some content', at);
    if (block.title !== undefined) textFits(p, block.title, `${at}/title`, { max: 150 });
    if (block.subtitle !== undefined) textFits(p, block.subtitle, `${at}/subtitle`, { max: 150 });
  },
  carousel: (p, block, at) => listFits(p, block.elements, `${at}/elements`, 1, 10, (e, where) => p.object(e, where)),
  container: () => {},
  context_actions: (p, block, at) => listFits(p, block.elements, `${at}/elements`, 1, 5, (e, w) => p.object(e, w)),
  plan: (p, block, at) => p.text(block.title, `${at}/title`, 3000),
  task_card: (p, block, at) => {
    p.text(block.task_id, `${at}/task_id`, 255);
    p.text(block.title, `${at}/title`, 3000);
    p.oneOf(block.status, `${at}/status`, ['pending', 'in_progress', 'complete', 'error']);
  },
  video: (p, block, at) => {
    p.text(block.alt_text, `${at}/alt_text`, 2000);
    p.text(block.video_url, `${at}/video_url`, 3000);
    p.text(block.thumbnail_url, `${at}/thumbnail_url`, 3000);
    textFits(p, block.title, `${at}/title`, { max: 199, types: ['plain_text'] });
  },
  file: () => {},
};

function checkSection(p: Problems, block: Fields, at: string): void {
  if (block.text === undefined && block.fields === undefined) {
    p.add('missing required field: text', at);
    return;
  }
  if (block.text !== undefined) textFits(p, block.text, `${at}/text`, { max: 3000 });
  if (block.fields !== undefined) {
    listFits(p, block.fields, `${at}/fields`, 1, 10, (field, where) => textFits(p, field, where, { max: 2000 }));
  }
  if (block.accessory !== undefined) checkElement(p, block.accessory, `${at}/accessory`);
}

function checkTable(p: Problems, block: Fields, at: string): void {
  listFits(p, block.rows, `${at}/rows`, 1, 100, (row, where) =>
    listFits(p, row, where, 1, 20, (cell, cellAt) => {
      if (!p.object(cell, cellAt)) return;
      p.oneOf(cell.type, `${cellAt}/type`, ['raw_text', 'raw_number', 'rich_text']);
    }),
  );
}

/** The smaller ones of the numbers that are told about this block. */
function checkChart(p: Problems, block: Fields, at: string): void {
  p.text(block.title, `${at}/title`, 50);
  const chart = block.chart;
  if (!p.object(chart, `${at}/chart`)) return;
  p.oneOf(chart.type, `${at}/chart/type`, ['line', 'bar', 'area', 'pie']);
  if (chart.type === 'pie') {
    listFits(p, chart.segments, `${at}/chart/segments`, 1, 6, (segment, where) => checkPoint(p, segment, where));
    return;
  }
  listFits(p, chart.series, `${at}/chart/series`, 1, 6, (series, where) => {
    if (!p.object(series, where)) return;
    p.text(series.name, `${where}/name`, 50);
    listFits(p, series.data, `${where}/data`, 1, 20, (point, pointAt) => checkPoint(p, point, pointAt));
  });
}

function checkPoint(p: Problems, point: unknown, at: string): void {
  if (!p.object(point, at)) return;
  p.text(point.label, `${at}/label`, 20);
  if (typeof point.value !== 'number') p.add('must be a number', `${at}/value`);
}

function listFits(
  p: Problems,
  list: unknown,
  at: string,
  min: number,
  max: number,
  each: (item: unknown, at: string) => void,
): void {
  if (!Array.isArray(list)) {
    p.add(`missing required field: ${at.split('/').at(-1)}`, at.slice(0, at.lastIndexOf('/')));
    return;
  }
  if (list.length < min) p.add(`must have at least ${min} item${min === 1 ? '' : 's'}`, at);
  if (list.length > max) p.add(`no more than ${max} items allowed`, at);
  list.slice(0, max).forEach((item: unknown, i) => {
    each(item, `${at}/${i}`);
  });
}

function checkSums(p: Problems, blocks: unknown[]): void {
  const of = (type: string) => blocks.filter((block) => isFields(block) && block.type === type);
  if (textLength(of('markdown')) > maxMarkdown)
    p.add(`markdown blocks must be less than ${maxMarkdown + 1} characters`, '/blocks');
  if (textLength([...of('table'), ...of('data_table')]) > maxTableText) p.add('tables hold too much text', '/blocks');
  if (of('data_visualization').length > maxCharts) p.add(`no more than ${maxCharts} charts allowed`, '/blocks');
}

/** Characters that people read, over all depths. */
function textLength(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + textLength(item), 0);
  if (!isFields(value)) return 0;
  return Object.entries(value).reduce(
    (sum, [key, item]) => sum + (key === 'text' && typeof item === 'string' ? item.length : textLength(item)),
    0,
  );
}

const interactive =
  /^(button|.*_select|overflow|checkboxes|radio_buttons|.*picker|.*_input|workflow_button|icon_button)$/;

/** Fills in what Slack fills in: a `block_id` for each block and an `action_id` for each interactive element. */
export function completeBlocks(blocks: Fields[]): Fields[] {
  return structuredClone(blocks).map((block) => {
    const elements = [...(Array.isArray(block.elements) ? block.elements : []), block.accessory, block.element];
    for (const element of elements) {
      if (isFields(element) && interactive.test(String(element.type))) element.action_id ??= secret(3);
    }
    return { ...block, block_id: block.block_id ?? secret(3) };
  });
}
