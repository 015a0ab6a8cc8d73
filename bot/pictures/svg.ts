import { roundUp, shareTicks, timeTicks } from './axis.ts';
import { type Line, type Mark, shareOf, type Timeline } from './timeline.ts';

/** The family that is drawn with; its file is given to the renderer, so that no machine's fonts matter. */
export const FONT = 'DejaVu Sans';
export const INK = { text: '#1c1e23', faint: '#5d6470', grid: '#e1e4ea', gap: '#eceef2', back: '#ffffff' } as const;
/** Distinct without colour vision too, together with their order in the legend (Okabe and Ito, 2008). */
export const COLOURS = ['#d55e00', '#0072b2', '#009e73', '#cc79a7'] as const;
const MARKS = { reload: '#6c7684', restart: '#6c7684', stage: '#2456c8', onset: '#b8243b', change: '#6c7684' } as const;

/** Narrow and with large letters: Slack shows it about 360 wide, phones less. */
export const WIDTH = 600;
const HEIGHT = 320;
const EDGE = { left: 62, right: 16, top: 118, bottom: 36 };
/** Width of a letter of 13 pixels, about (measured on DejaVu Sans: 7.3 on average). */
export const LABEL_PX = 7.4;
const MOST_TITLE = 56;
/** Rows for the words of marks. */
const ROWS = 3;
const ROW_PX = 16;
const MOST_LABEL = 22;

/** Text for XML: escaped, without characters that XML has none of, cut. */
export function xml(text: string, most: number): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0 forbids them, and names come from anywhere.
  const clean = text.replace(/[\u0000-\u001f\u007f\ufffe\uffff]/g, ' ').toWellFormed();
  const short = clean.length > most ? `${[...clean].slice(0, most - 1).join('')}…` : clean;
  return short.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** A text element. */
export function label(x: number, y: number, text: string, more = ''): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${more}>${text}</text>`;
}

/** A whole picture: white, since Slack's themes are dark and light. */
export function frame(height: number, body: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="${FONT}" font-size="13" fill="${INK.text}"><rect width="${WIDTH}" height="${height}" fill="${INK.back}"/>${body}</svg>`;
}

/** What stands at the right of the legend. */
const ASIDE_PX = 110;

/** Coloured squares with names, from `x` on; each name gets the room that the others leave. */
export function legend(names: readonly string[], x: number, y: number): string {
  const most = Math.max(
    6,
    Math.floor(((WIDTH - x - ASIDE_PX - EDGE.right) / Math.max(1, names.length) - 34) / LABEL_PX),
  );
  let at = x;
  return names
    .map((name, i) => {
      const square = `<rect x="${at.toFixed(1)}" y="${y - 10}" width="11" height="11" rx="2" fill="${COLOURS[i % COLOURS.length]}"/>`;
      const word = label(at + 17, y, xml(name, most), `fill="${INK.faint}"`);
      at += 17 + Math.min(name.length, most) * LABEL_PX + 19;
      return square + word;
    })
    .join('');
}

/** Failures over time as SVG: a line each, holes left open, what happened as dashed rules with a word above. */
export function timelineSvg(timeline: Timeline): string {
  const { from, to } = timeline;
  // Without marks there is no room kept for their words.
  const top = timeline.marks.length > 0 ? EDGE.top : EDGE.top - ROWS * ROW_PX;
  const [width, height] = [WIDTH - EDGE.left - EDGE.right, HEIGHT - EDGE.top - EDGE.bottom];
  const x = (at: number) => EDGE.left + (width * (Math.min(Math.max(at, from), to) - from)) / (to - from);
  const shares = timeline.lines.flatMap(({ points }) => points.map((point) => shareOf(point) ?? 0));
  // Smaller steps have names that no longer fit beside the axis (0.025 %).
  const most = Math.min(1, roundUp(Math.max(0.002, ...shares)));
  const y = (share: number) => top + height * (1 - share / most);
  const floor = top + height;
  const gaps = timeline.gaps.map(({ from: begin, to: end }) => {
    const wide = Math.max(1, x(end) - x(begin));
    const word =
      wide > 84 ? label(x(begin) + wide / 2, floor - 6, 'no samples', `text-anchor="middle" fill="${INK.faint}"`) : '';
    return `<rect x="${x(begin).toFixed(1)}" y="${top}" width="${wide.toFixed(1)}" height="${height}" fill="${INK.gap}"/>${word}`;
  });
  const grid = shareTicks(most).map(
    (tick) =>
      `<path d="M${EDGE.left} ${y(tick.at).toFixed(1)}H${WIDTH - EDGE.right}" stroke="${INK.grid}"/>${label(EDGE.left - 8, y(tick.at) + 4, tick.label, `text-anchor="end" fill="${INK.faint}"`)}`,
  );
  const times = timeTicks(from, to, 6).map(
    (tick) =>
      `<path d="M${x(tick.at).toFixed(1)} ${floor}v4" stroke="${INK.faint}"/>${label(x(tick.at), floor + 18, tick.label, `text-anchor="middle" fill="${INK.faint}"`)}`,
  );
  const day = new Date(to).toISOString().slice(0, 10);
  return frame(
    HEIGHT - EDGE.top + top,
    [
      label(16, 27, xml(timeline.title, MOST_TITLE), 'font-size="16" font-weight="bold"'),
      label(WIDTH - EDGE.right, 52, `${day} UTC`, `text-anchor="end" fill="${INK.faint}"`),
      legend(
        timeline.lines.map(({ name }) => name),
        16,
        52,
      ),
      ...gaps,
      ...grid,
      ...times,
      ...rules(timeline.marks, x, floor),
      // The first line is what the picture is about: it is drawn last, above the others.
      ...timeline.lines.map((line, i) => drawn(line, i, x, y, floor)).reverse(),
    ].join(''),
  );
}

/** One line, broken wherever nothing was asked or nobody counted. */
function drawn(
  line: Line,
  index: number,
  x: (at: number) => number,
  y: (share: number) => number,
  floor: number,
): string {
  const colour = COLOURS[index % COLOURS.length];
  const pieces: { x: number; y: number }[][] = [[]];
  let end: number | null = null;
  for (const point of line.points) {
    const share = shareOf(point);
    const isApart = end !== null && point.from - end > (point.to - point.from) * 1.5;
    if (share === null || isApart) pieces.push([]);
    end = point.to;
    if (share !== null) pieces.at(-1)?.push({ x: x(point.from), y: y(share) }, { x: x(point.to), y: y(share) });
  }
  return pieces
    .filter((piece) => piece.length > 0)
    .map((piece) => {
      const path = piece.map((at) => `${at.x.toFixed(1)} ${at.y.toFixed(1)}`).join('L');
      const [first, last] = [piece[0], piece.at(-1)] as [{ x: number }, { x: number }];
      const area =
        index === 0
          ? `<path d="M${first.x.toFixed(1)} ${floor}L${path}L${last.x.toFixed(1)} ${floor}Z" fill="${colour}" opacity="0.15"/>`
          : '';
      return `${area}<path d="M${path}" fill="none" stroke="${colour}" stroke-width="2" stroke-linejoin="round"/>`;
    })
    .join('');
}

/** What happened: a rule from top to floor, its word in the first row that has room; a word without room is left to the text. */
function rules(marks: readonly Mark[], x: (at: number) => number, floor: number): string[] {
  const free = Array.from({ length: ROWS }, () => 0);
  return marks.map((mark) => {
    const at = x(mark.at);
    const text = xml(mark.label, MOST_LABEL);
    const wide = Math.min(mark.label.length, MOST_LABEL) * LABEL_PX;
    const isRight = at + wide + 8 > WIDTH - EDGE.right;
    const [begin, end] = isRight ? [at - wide - 4, at] : [at, at + wide + 8];
    const row = free.findIndex((until) => until <= begin);
    if (row >= 0) free[row] = end;
    const up = EDGE.top - 6 - (ROWS - 1 - Math.max(0, row)) * ROW_PX;
    const word =
      row < 0
        ? ''
        : label(
            isRight ? at - 3 : at + 3,
            up + 2,
            text,
            `fill="${MARKS[mark.kind]}"${isRight ? ' text-anchor="end"' : ''}`,
          );
    return `<path d="M${at.toFixed(1)} ${row < 0 ? EDGE.top : up - 10}V${floor}" stroke="${MARKS[mark.kind]}" stroke-width="${mark.kind === 'onset' ? 1.8 : 1.2}" stroke-dasharray="${mark.kind === 'onset' ? 'none' : '3 3'}"/>${word}`;
  });
}
