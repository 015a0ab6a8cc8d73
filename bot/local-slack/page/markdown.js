import { h, link } from './dom.js';

/** The part of Markdown that a `markdown` block needs, as DOM nodes. */
export function markdown(text) {
  const nodes = [];
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; ) {
    const taken = [fence, heading, rule, quote, list, table, paragraph].find((take) => take.starts(lines, at));
    const end = taken ? taken.end(lines, at) : at + 1;
    if (taken) nodes.push(taken.make(lines.slice(at, end)));
    at = Math.max(end, at + 1);
  }
  return nodes;
}

const isItem = (line = '') => /^\s*([-*+]|\d+[.)]) /.test(line);
const isRow = (line = '') => /^\s*\|.*\|\s*$/.test(line);
const blockStart = /^(#{1,6} |```|> ?|\s*([-*+]|\d+[.)]) |\s*\||-{3,}\s*$)/;

function run(lines, at, test) {
  let end = at;
  while (end < lines.length && test(lines[end])) end += 1;
  return end;
}

const fence = {
  starts: (lines, at) => lines[at].startsWith('```'),
  end: (lines, at) => run(lines, at + 1, (line) => !line.startsWith('```')) + 1,
  make: (part) => h('pre', {}, h('code', {}, part.slice(1, part.length > 1 ? -1 : undefined).join('\n'))),
};

const heading = {
  starts: (lines, at) => /^#{1,6} /.test(lines[at]),
  end: (_lines, at) => at + 1,
  make: ([line]) => h('strong.md-heading', {}, inline(line.replace(/^#+ /, ''))),
};

const rule = {
  starts: (lines, at) => /^-{3,}\s*$/.test(lines[at]),
  end: (_lines, at) => at + 1,
  make: () => h('hr'),
};

const quote = {
  starts: (lines, at) => lines[at].startsWith('>'),
  end: (lines, at) => run(lines, at, (line) => line.startsWith('>')),
  make: (part) => h('blockquote', {}, markdown(part.map((line) => line.replace(/^> ?/, '')).join('\n'))),
};

const list = {
  starts: (lines, at) => isItem(lines[at]),
  end: (lines, at) => run(lines, at, (line) => isItem(line) || /^\s{2,}\S/.test(line)),
  make: (part) =>
    h(
      /^\s*\d/.test(part[0]) ? 'ol' : 'ul',
      {},
      part.filter(isItem).map((line) => h('li', {}, inline(line.replace(/^\s*([-*+]|\d+[.)]) /, '')))),
    ),
};

const table = {
  starts: (lines, at) => isRow(lines[at]) && /^\s*\|[\s:|-]+\|\s*$/.test(lines[at + 1] ?? ''),
  end: (lines, at) => run(lines, at, isRow),
  make: ([head, , ...rows]) => {
    const cells = (line, tag) =>
      line
        .trim()
        .slice(1, -1)
        .split('|')
        .map((cell) => h(tag, {}, inline(cell.trim())));
    return h(
      'div.table',
      {},
      h(
        'table',
        {},
        h('tr', {}, cells(head, 'th')),
        rows.map((row) => h('tr', {}, cells(row, 'td'))),
      ),
    );
  },
};

const paragraph = {
  starts: (lines, at) => lines[at].trim() !== '',
  end: (lines, at) => run(lines, at + 1, (line) => line.trim() !== '' && !blockStart.test(line)),
  make: (part) =>
    h(
      'p',
      {},
      part.flatMap((line, i) => [i > 0 && h('br'), ...inline(line)]),
    ),
};

const marks = [
  { find: /`([^`]+)`/, make: (m) => h('code', {}, m[1]) },
  { find: /\[([^\]]+)\]\(([^()\s]+)\)/, make: (m) => link(m[2], m[1]) },
  { find: /\*\*(.+?)\*\*/, make: (m) => h('strong', {}, inline(m[1])) },
  { find: /(?<![\w*])[*_](?=\S)(.+?)[*_](?![\w*])/, make: (m) => h('em', {}, inline(m[1])) },
  { find: /~~(.+?)~~/, make: (m) => h('s', {}, inline(m[1])) },
  { find: /https?:\/\/[^\s<>)]+/, make: (m) => link(m[0], m[0]) },
];

function inline(text) {
  let best = null;
  for (const mark of marks) {
    const match = mark.find.exec(text);
    if (match && (!best || match.index < best.match.index)) best = { match, mark };
  }
  if (!best) return text ? [text] : [];
  const { match, mark } = best;
  return [text.slice(0, match.index), mark.make(match), ...inline(text.slice(match.index + match[0].length))].filter(
    Boolean,
  );
}
