/** How the tables of words in this folder are written and matched. */

/**
 * Text as the tables are written: no accents ("löst" is "lost"), straight apostrophes, one space between words. People
 * leave accents out themselves when they are in a hurry.
 */
export function fold(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[łŁ]/g, 'l')
    .replace(/ß/g, 'ss')
    .replace(/[øØ]/g, 'o')
    .replace(/[’‘`´ʼ]/g, "'")
    .replace(/[“”„]/g, '"')
    .replace(/[ \t\u00a0]+/g, ' ');
}

/** One pattern of many alternatives, each a whole word or phrase; what a row is for stands in its comment. */
export function anyOf(...rows: string[]): RegExp {
  return new RegExp(`(?<![\\p{L}\\p{N}_])(?:${rows.join('|')})(?![\\p{L}\\p{N}_])`, 'iu');
}
