/** Places in a text of nginx's language: character codes, ends of Lua and of blocks, without building anything. */

export const NEWLINE = 10;
export const QUOTE = 34;
export const HASH = 35;
export const DOLLAR = 36;
export const APOSTROPHE = 39;
const DASH = 45;
export const SEMICOLON = 59;
const OPEN_BRACKET = 91;
export const BACKSLASH = 92;
export const OPEN = 123;
export const CLOSE = 125;
export const isSpace = (code: number): boolean => code === 32 || (code >= 9 && code <= 13);

/** Where a long bracket of Lua (`[[`, `[=[`) that opens at `at` ends; -1: it is none. Unclosed: the end of the text. */
function endOfLongBracket(text: string, at: number): number {
  let level = at + 1;
  while (text[level] === '=') level++;
  if (text.charCodeAt(level) !== OPEN_BRACKET) return -1;
  const end = text.indexOf(`]${'='.repeat(level - at - 1)}]`, level + 1);
  return end === -1 ? text.length : end + (level - at + 1);
}

/** Where a Lua block ends: at the brace that is not one of Lua's own strings, comments or tables (ngx_lua: src/ngx_http_lua_lex.rl). */
export function endOfLua(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === OPEN) depth++;
    else if (code === CLOSE) {
      if (--depth === 0) return at;
    } else if (code === QUOTE || code === APOSTROPHE) {
      for (at++; at < text.length && text.charCodeAt(at) !== code; at++) if (text.charCodeAt(at) === BACKSLASH) at++;
    } else if (code === OPEN_BRACKET) {
      const end = endOfLongBracket(text, at);
      if (end !== -1) at = end - 1;
    } else if (code === DASH && text.charCodeAt(at + 1) === DASH) {
      const long = text.charCodeAt(at + 2) === OPEN_BRACKET ? endOfLongBracket(text, at + 2) : -1;
      if (long !== -1) at = long - 1;
      else {
        const newline = text.indexOf('\n', at);
        at = newline === -1 ? text.length : newline;
      }
    }
  }
  return -1;
}

/** New lines between two offsets. */
export const linesIn = (text: string, from: number, to: number): number => {
  let count = 0;
  // No search: it would look at the whole rest of a text that has no more of them, each time.
  for (let at = from; at < to; at++) if (text.charCodeAt(at) === NEWLINE) count++;
  return count;
};

/** Where the block that opens before `from` closes, without parsing what is in it; -1: never. */
export function endOfBlock(text: string, from: number): number {
  let depth = 1;
  /** Begin and end of the first word of the directive under way. */
  let first = -1;
  let firstEnd = -1;
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isSpace(code)) continue;
    if (code === HASH) {
      at = text.indexOf('\n', at);
      if (at === -1) return -1;
    } else if (code === SEMICOLON) first = -1;
    else if (code === OPEN) {
      if (first !== -1 && text.startsWith('_by_lua_block', firstEnd - '_by_lua_block'.length)) {
        at = endOfLua(text, at + 1);
        if (at === -1) return -1;
      } else depth++;
      first = -1;
    } else if (code === CLOSE) {
      if (--depth === 0) return at;
      first = -1;
    } else {
      if (first === -1) first = at;
      const quoted = code === QUOTE || code === APOSTROPHE;
      for (at += quoted ? 1 : 0; at < text.length; at++) {
        const next = text.charCodeAt(at);
        if (next === BACKSLASH) at++;
        else if (quoted) {
          if (next === code) break;
        } else if (next === DOLLAR && text.charCodeAt(at + 1) === OPEN) {
          at = text.indexOf('}', at);
          if (at === -1) return -1;
        } else if (isSpace(next) || next === SEMICOLON || next === OPEN || next === CLOSE) break;
      }
      if (firstEnd < first) firstEnd = at;
      if (!quoted) at--;
    }
  }
  return -1;
}
