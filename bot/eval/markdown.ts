/** Figures and tables as Markdown, for docs/score.md. Pure. */

/** A share, 0 to 1, as "98.8 %"; null: "-". */
export const p = (share: number | null): string => (share === null ? '-' : `${(share * 100).toFixed(1)} %`);
/** Three digits; null: "-". */
export const n = (value: number | null): string => (value === null ? '-' : value.toFixed(3));
/** Names in code, or "none". */
export const list = (words: string[]): string =>
  words.length ? words.map((word) => `\`${word}\``).join(', ') : 'none';
/** A table with its head. */
export const table = (head: string[], rows: (string | number)[][]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
