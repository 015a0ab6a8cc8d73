import { glob } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { ConfigFileError, readConfigText } from './config-text.ts';
import {
  APOSTROPHE,
  BACKSLASH,
  CLOSE,
  DOLLAR,
  endOfBlock,
  endOfLua,
  HASH,
  isSpace,
  linesIn,
  NEWLINE,
  OPEN,
  QUOTE,
  SEMICOLON,
} from './nginx-scan.ts';

/**
 * nginx's configuration language: words end at white space, `;`, `{`, `}`; quotes and backslashes as in
 * nginx: src/core/ngx_conf_file.c (ngx_conf_read_token). Directives of modules we never heard of are read all the same.
 */
export interface Directive {
  name: string;
  args: string[];
  /** null: a simple directive. */
  block: Directive[] | null;
  line: number;
  /** The file it stands in, where it was read from one. */
  file?: string;
}

export class ConfigSyntaxError extends Error {
  readonly line: number;
  constructor(message: string, line: number) {
    super(message);
    this.name = 'ConfigSyntaxError';
    this.line = line;
  }
}

/** Deeper than any configuration that people write; deeper ones would only exhaust the stack of those who walk them. */
const MAX_DEPTH = 64;
/** Directives of all files together: 3,000 servers as ingress-nginx writes them are some 500,000. */
const MAX_DIRECTIVES = 1_500_000;
/** Words of one directive: longer lists are no configuration. */
const MAX_WORDS = 20_000;

/** Only these lose their backslash, in quotes or not; any other pair stays as it is (ngx_conf_read_token). */
const ESCAPES: { [char: string]: string } = { t: '\t', r: '\r', n: '\n' };
const withoutBackslash = (_pair: string, char: string): string => ESCAPES[char] ?? char;

/** Takes the raw text of a whole `server` or `upstream` block and gives it a name; null: it must be parsed. */
type TakeBlock = (raw: string) => string | null;
/** What stands in the tree for a block that was taken; its argument is the name. */
export const TAKEN = '@taken';

/**
 * Parses one file's text. Throws ConfigSyntaxError with the line. The body of a `*_by_lua_block` is one word. `left`
 * counts down the directives that may still come. Linear in the text, whatever is in it. With `take`, servers and
 * upstreams that it takes are not parsed.
 */
export function parseNginx(
  text: string,
  file?: string,
  left = { directives: MAX_DIRECTIVES },
  take?: TakeBlock,
): Directive[] {
  const root: Directive[] = [];
  const stack: Directive[][] = [root];
  const openedAt: number[] = [];
  let words: string[] = [];
  let first = 1;
  let line = 1;
  let at = 0;
  const end = (block: Directive[] | null): void => {
    const name = words[0];
    if (name === undefined) throw new ConfigSyntaxError(block ? 'a "{" opens nothing' : 'a ";" ends nothing', line);
    if (--left.directives < 0) throw new ConfigSyntaxError(`more than ${MAX_DIRECTIVES} directives`, line);
    const directive: Directive = { name, args: words.slice(1), block, line: first };
    if (file !== undefined) directive.file = file;
    (stack[stack.length - 1] as Directive[]).push(directive);
    words = [];
    if (!block) return;
    stack.push(block);
    openedAt.push(first);
    if (stack.length > MAX_DEPTH) throw new ConfigSyntaxError(`blocks are nested more than ${MAX_DEPTH} deep`, line);
  };
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === NEWLINE) {
      line++;
      at++;
    } else if (isSpace(code)) at++;
    else if (code === HASH) {
      const newline = text.indexOf('\n', at);
      at = newline === -1 ? text.length : newline;
    } else if (code === SEMICOLON) {
      end(null);
      at++;
    } else if (code === OPEN) {
      if (words[0]?.endsWith('_by_lua_block')) {
        const close = endOfLua(text, at + 1);
        if (close === -1) throw new ConfigSyntaxError('a "{" is never closed', line);
        words.push(text.slice(at + 1, close).trim());
        end(null);
        line += linesIn(text, at, close);
        at = close + 1;
        continue;
      }
      if (take && openedAt.length <= 1 && (words[0] === 'server' || words[0] === 'upstream')) {
        const close = endOfBlock(text, at + 1);
        const name = close === -1 ? null : take(`${words.join(' ')} ${text.slice(at, close + 1)}`);
        if (name !== null) {
          words = [TAKEN, name];
          end(null);
          line += linesIn(text, at, close);
          at = close + 1;
          continue;
        }
      }
      end([]);
      at++;
    } else if (code === CLOSE) {
      if (words.length) throw new ConfigSyntaxError(`"${words[0]?.slice(0, 80)}" does not end with ";"`, first);
      if (stack.length === 1) throw new ConfigSyntaxError('a "}" closes nothing', line);
      stack.pop();
      openedAt.pop();
      at++;
    } else {
      if (words.length === 0) first = line;
      if (words.length >= MAX_WORDS)
        throw new ConfigSyntaxError(`"${words[0]?.slice(0, 80)}" has more than ${MAX_WORDS} words`, first);
      const from = line;
      const quoted = code === QUOTE || code === APOSTROPHE;
      if (quoted) at++;
      const begin = at;
      let escaped = false;
      for (; at < text.length; at++) {
        const next = text.charCodeAt(at);
        if (next === BACKSLASH && at + 1 < text.length) {
          escaped = true;
          at++;
          if (text.charCodeAt(at) === NEWLINE) line++;
        } else if (quoted) {
          if (next === code) break;
          if (next === NEWLINE) line++;
        } else if (next === DOLLAR && text.charCodeAt(at + 1) === OPEN) {
          // `${name}` is one word though it has braces in it.
          const close = text.indexOf('}', at);
          if (close === -1) throw new ConfigSyntaxError('a variable is never closed', from);
          line += linesIn(text, at, close);
          at = close;
        } else if (isSpace(next) || next === SEMICOLON || next === OPEN || next === CLOSE) break;
      }
      if (quoted && at >= text.length) throw new ConfigSyntaxError('a quote is never closed', from);
      const word = text.slice(begin, at);
      words.push(escaped ? word.replace(/\\(["'\\trn])/g, withoutBackslash) : word);
      if (quoted) at++;
    }
  }
  if (words.length) throw new ConfigSyntaxError(`"${words[0]?.slice(0, 80)}" does not end with ";"`, first);
  if (stack.length > 1) throw new ConfigSyntaxError('a "{" is never closed', openedAt.at(-1) ?? 1);
  return root;
}

/** All directives of a name, however deep, with the names of the blocks around them. */
export function* find(directives: Directive[], name: string): Generator<Directive> {
  for (const directive of directives) {
    if (directive.name === name) yield directive;
    if (directive.block) yield* find(directive.block, name);
  }
}

const MAX_FILES = 10_000;
/** Patterns, each of which is a folder read. */
const MAX_GLOBS = 2_000;
const MAX_BYTES = 64 * 1024 * 1024;
const MAX_PROBLEMS = 20;

/** A part of a configuration that could not be understood: `file:line`, and why. */
export interface ConfigProblem {
  where: string;
  what: string;
}

/**
 * Reads a configuration with all that it includes, in place. `prefix` is what relative includes start from (nginx: the
 * folder of the main file). Throws with `file:line`; a missing include of a glob is none. With `problems`, an include
 * that cannot be read or understood is put there and left out; only the main file then throws.
 */
export async function loadNginx(
  file: string,
  prefix = dirname(file),
  problems?: ConfigProblem[],
  take?: TakeBlock,
): Promise<Directive[]> {
  const budget = { files: MAX_FILES, globs: MAX_GLOBS, bytes: MAX_BYTES, directives: MAX_DIRECTIVES };
  const load = async (path: string, above: string[]): Promise<Directive[]> => {
    if (above.includes(path)) throw new ConfigFileError('unreadable', `${path} includes itself`);
    if (budget.files-- <= 0) throw new ConfigFileError('too-large', `more than ${MAX_FILES} files`);
    const text = await readConfigText(path, budget.bytes);
    budget.bytes -= text.length;
    try {
      return await expand(parseNginx(text, path, budget, take), [...above, path]);
    } catch (error) {
      if (error instanceof ConfigSyntaxError)
        throw new ConfigFileError('unreadable', `${path}:${error.line}: ${error.message}`, { cause: error });
      throw error;
    }
  };
  /** Files of one include; more than are left of the budget are not even listed. */
  const filesOf = async (pattern: string): Promise<string[]> => {
    if (!/[*?[]/.test(pattern)) return [resolve(pattern)];
    if (budget.globs-- <= 0) throw new ConfigFileError('too-large', `more than ${MAX_GLOBS} patterns`);
    const found: string[] = [];
    // glob(3) knows no `**`, which here would go through every folder below.
    for await (const one of glob(pattern.replace(/\*{2,}/g, '*'))) {
      found.push(one);
      if (found.length > MAX_FILES) throw new ConfigFileError('too-large', `more than ${MAX_FILES} files`);
    }
    return found.sort();
  };
  const include = async (directive: Directive, target: string, above: string[]): Promise<Directive[]> => {
    const out: Directive[] = [];
    const orProblem = async <T>(look: () => Promise<T>, none: T): Promise<T> => {
      try {
        return await look();
      } catch (error) {
        // What is too much is too much as a whole.
        if (!problems || (error as ConfigFileError).code === 'too-large') throw error;
        if (problems.length < MAX_PROBLEMS)
          problems.push({ where: `${above.at(-1)}:${directive.line}`, what: (error as Error).message });
        return none;
      }
    };
    const files = await orProblem(() => filesOf(isAbsolute(target) ? target : join(prefix, target)), []);
    for (const one of files) for (const d of await orProblem(() => load(one, above), [])) out.push(d);
    return out;
  };
  const expand = async (directives: Directive[], above: string[]): Promise<Directive[]> => {
    // Most blocks include nothing: they stay as they are.
    if (!includes(directives)) return directives;
    const out: Directive[] = [];
    for (const directive of directives) {
      const target = directive.args[0];
      if (directive.name === 'include' && directive.block === null && target)
        for (const d of await include(directive, target, above)) out.push(d);
      else out.push(directive.block ? { ...directive, block: await expand(directive.block, above) } : directive);
    }
    return out;
  };
  return load(resolve(file), []);
}

const includes = (directives: Directive[]): boolean =>
  directives.some((d) => (d.block ? includes(d.block) : d.name === 'include'));
