import { glob, readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';

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
}

export class ConfigSyntaxError extends Error {
  readonly line: number;
  constructor(message: string, line: number) {
    super(message);
    this.name = 'ConfigSyntaxError';
    this.line = line;
  }
}

type Token = { word: string; line: number } | { mark: ';' | '{' | '}'; line: number };

/** Where a Lua block ends: at the brace that is not one of Lua's own strings, comments or tables (ngx_lua: src/ngx_http_lua_lex.rl). */
function endOfLua(text: string, from: number): number {
  const token =
    /--\[(=*)\[[\s\S]*?\]\1\]|--[^\n]*|\[(=*)\[[\s\S]*?\]\2\]|"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*'|[{}]/g;
  token.lastIndex = from;
  for (let depth = 1, match = token.exec(text); match; match = token.exec(text)) {
    if (match[0] === '{') depth++;
    else if (match[0] === '}' && --depth === 0) return match.index;
  }
  return -1;
}

function* tokens(text: string): Generator<Token> {
  let line = 1;
  let at = 0;
  /** First word of the directive that is being read. */
  let first: string | null = null;
  while (at < text.length) {
    const char = text[at] as string;
    if (char === '\n') line++;
    if (/\s/.test(char)) {
      at++;
    } else if (char === '#') {
      while (at < text.length && text[at] !== '\n') at++;
    } else if (char === '{' && first?.endsWith('_by_lua_block')) {
      const end = endOfLua(text, at + 1);
      if (end === -1) throw new ConfigSyntaxError('a "{" is never closed', line);
      const body = text.slice(at + 1, end);
      yield { word: body.trim(), line };
      line += body.split('\n').length - 1;
      yield { mark: ';', line };
      first = null;
      at = end + 1;
    } else if (char === ';' || char === '{' || char === '}') {
      yield { mark: char, line };
      first = null;
      at++;
    } else {
      const from = line;
      let word = '';
      const quote = char === '"' || char === "'" ? char : null;
      if (quote) {
        at++;
        while (at < text.length && text[at] !== quote) {
          if (text[at] === '\\' && at + 1 < text.length) at++;
          if (text[at] === '\n') line++;
          word += text[at++];
        }
        if (at >= text.length) throw new ConfigSyntaxError('a quote is never closed', from);
        at++;
      } else {
        while (at < text.length && !/[\s;{}]/.test(text[at] as string)) {
          // `${name}` is one word though it has braces in it.
          if (text[at] === '$' && text[at + 1] === '{') {
            const end = text.indexOf('}', at);
            if (end === -1) throw new ConfigSyntaxError('a variable is never closed', from);
            word += text.slice(at, end + 1);
            at = end + 1;
            continue;
          }
          if (text[at] === '\\' && at + 1 < text.length) word += text[at++];
          word += text[at++];
        }
      }
      first ??= word;
      yield { word, line: from };
    }
  }
}

/** Parses one file's text. Throws ConfigSyntaxError with the line. The body of a `*_by_lua_block` is one word. */
export function parseNginx(text: string): Directive[] {
  const root: Directive[] = [];
  const stack: Directive[][] = [root];
  const openedAt: number[] = [];
  let words: { word: string; line: number }[] = [];
  for (const token of tokens(text)) {
    if ('word' in token) {
      words.push(token);
      continue;
    }
    const current = stack.at(-1) as Directive[];
    if (token.mark === '}') {
      if (words.length)
        throw new ConfigSyntaxError(`"${words[0]?.word}" does not end with ";"`, words[0]?.line ?? token.line);
      if (stack.length === 1) throw new ConfigSyntaxError('a "}" closes nothing', token.line);
      stack.pop();
      openedAt.pop();
      continue;
    }
    const [name, ...args] = words;
    if (!name) {
      if (token.mark === ';') throw new ConfigSyntaxError('a ";" ends nothing', token.line);
      throw new ConfigSyntaxError('a "{" opens nothing', token.line);
    }
    const directive: Directive = {
      name: name.word,
      args: args.map((a) => a.word),
      block: token.mark === '{' ? [] : null,
      line: name.line,
    };
    current.push(directive);
    words = [];
    if (directive.block) {
      stack.push(directive.block);
      openedAt.push(name.line);
    }
  }
  if (words.length) throw new ConfigSyntaxError(`"${words[0]?.word}" does not end with ";"`, words[0]?.line ?? 1);
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

const MAX_FILES = 2_000;
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Reads a configuration with all that it includes, in place. `prefix` is what relative includes start from (nginx: its
 * own prefix, mostly the folder of the main file). Throws with `file:line`; a missing include of a glob is none.
 */
export async function loadNginx(file: string, prefix = dirname(file)): Promise<Directive[]> {
  const budget = { files: MAX_FILES, bytes: MAX_BYTES };
  const load = async (path: string, above: string[]): Promise<Directive[]> => {
    if (above.includes(path)) throw new Error(`${path} includes itself`);
    if (budget.files-- <= 0) throw new Error(`more than ${MAX_FILES} files`);
    const text = await readFile(path, 'utf8');
    budget.bytes -= text.length;
    if (budget.bytes < 0) throw new Error(`more than ${MAX_BYTES} bytes of configuration`);
    const parsed = (() => {
      try {
        return parseNginx(text);
      } catch (error) {
        if (error instanceof ConfigSyntaxError)
          throw new Error(`${path}:${error.line}: ${error.message}`, { cause: error });
        throw error;
      }
    })();
    return expand(parsed, [...above, path]);
  };
  const expand = async (directives: Directive[], above: string[]): Promise<Directive[]> => {
    const out: Directive[] = [];
    for (const directive of directives) {
      const target = directive.args[0];
      if (directive.name === 'include' && directive.block === null && target) {
        const pattern = isAbsolute(target) ? target : join(prefix, target);
        const files = /[*?[]/.test(pattern) ? (await Array.fromAsync(glob(pattern))).sort() : [resolve(pattern)];
        for (const one of files) out.push(...(await load(one, above)));
      } else {
        out.push(directive.block ? { ...directive, block: await expand(directive.block, above) } : directive);
      }
    }
    return out;
  };
  return load(resolve(file), []);
}
