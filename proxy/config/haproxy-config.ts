import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigFileError, readConfigText } from './config-text.ts';

/** One line of haproxy.cfg as words, with where it stands. */
export interface HaproxyLine {
  words: string[];
  file: string;
  line: number;
}

export interface HaproxySection {
  /** `global`, `defaults`, `frontend`, `backend`, `listen`, ... */
  kind: string;
  name: string;
  lines: HaproxyLine[];
  file: string;
  line: number;
  /** What it inherits: the defaults section named by `from`, else the last one before it. */
  defaults: HaproxySection | null;
}

/** Sections of haproxy.cfg (haproxy: doc/configuration.txt section 2.1); every other line belongs to the one before. */
const SECTION_WORDS: ReadonlySet<string> = new Set(
  'global defaults frontend backend listen peers resolvers userlist mailers cache http-errors ring program fcgi-app log-forward log-profile crt-store crt-list traces acme'.split(
    ' ',
  ),
);
const WITH_DEFAULTS = new Set(['frontend', 'backend', 'listen', 'defaults']);
const MAX_BYTES = 32 * 1024 * 1024;
const MAX_FILES = 500;
const MAX_LINES = 500_000;
/** HAProxy itself refuses longer lines (haproxy: src/cfgparse.c, LINESIZE 2048 to begin with). */
const MAX_LINE = 64 * 1024;

/** Words of a line; quotes, backslashes and comments as in haproxy: src/tools.c (parse_line). */
function haproxyWords(line: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  for (let at = 0; at < line.length; at++) {
    const char = line[at] as string;
    if (char === ' ' || char === '\t' || char === '\r') {
      if (word !== null) words.push(word);
      word = null;
    } else if (char === '#') break;
    else if (char === '\\') word = (word ?? '') + (line[++at] ?? '');
    else if (char === "'") {
      const end = line.indexOf("'", at + 1);
      word = (word ?? '') + line.slice(at + 1, end === -1 ? undefined : end);
      at = end === -1 ? line.length : end;
    } else if (char === '"') {
      word ??= '';
      for (at++; at < line.length && line[at] !== '"'; at++) {
        if (line[at] === '\\') at++;
        word += line[at] ?? '';
      }
    } else {
      const begin = at;
      while (at + 1 < line.length && !/[\s#\\'"]/.test(line[at + 1] as string)) at++;
      word = (word ?? '') + line.slice(begin, at + 1);
    }
  }
  if (word !== null) words.push(word);
  return words;
}

/** Lines of one file that say something. */
function haproxyLinesOf(text: string, file: string): HaproxyLine[] {
  const lines: HaproxyLine[] = [];
  let number = 0;
  for (let at = 0; at <= text.length; ) {
    const end = text.indexOf('\n', at);
    const raw = text.slice(at, end === -1 ? text.length : end);
    number++;
    if (raw.length > MAX_LINE)
      throw new ConfigFileError('unreadable', `${file}:${number}: a line of more than ${MAX_LINE} characters`);
    const words = haproxyWords(raw);
    if (words.length) lines.push({ words, file, line: number });
    if (lines.length > MAX_LINES) throw new ConfigFileError('too-large', `${file}: more than ${MAX_LINES} lines`);
    if (end === -1) break;
    at = end + 1;
  }
  return lines;
}

/** Files of `-f`: a file, or all `*.cfg` of a folder in their order (haproxy: doc/management.txt, -f). */
async function haproxyFiles(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => null);
  if (!found?.isDirectory()) return [path];
  const names = (await readdir(path).catch(() => [])).filter((name) => name.endsWith('.cfg') && !name.startsWith('.'));
  if (names.length > MAX_FILES) throw new ConfigFileError('too-large', `${path}: more than ${MAX_FILES} files`);
  return names.sort().map((name) => join(path, name));
}

/** All lines of a configuration. Throws ConfigFileError. */
export async function loadHaproxy(path: string): Promise<HaproxyLine[]> {
  let left = MAX_BYTES;
  const lines: HaproxyLine[] = [];
  for (const file of await haproxyFiles(path)) {
    const text = await readConfigText(file, left);
    left -= text.length;
    for (const line of haproxyLinesOf(text, file)) lines.push(line);
  }
  return lines;
}

/** Sections in their order. Lines before the first section are left out; `.if` and the like are taken as met. */
export function haproxySections(lines: HaproxyLine[]): HaproxySection[] {
  const sections: HaproxySection[] = [];
  const named = new Map<string, HaproxySection>();
  let current: HaproxySection | null = null;
  let last: HaproxySection | null = null;
  for (const line of lines) {
    const [kind = '', ...args] = line.words;
    if (SECTION_WORDS.has(kind)) {
      const from = args.indexOf('from');
      const name = args[0] === 'from' ? '' : (args[0] ?? '');
      const inherits: HaproxySection | null =
        from !== -1 ? (named.get(args[from + 1] ?? '') ?? null) : kind === 'defaults' ? null : last;
      current = {
        kind,
        name,
        lines: [],
        file: line.file,
        line: line.line,
        defaults: WITH_DEFAULTS.has(kind) ? inherits : null,
      };
      sections.push(current);
      if (kind === 'defaults') {
        last = current;
        if (name) named.set(name, current);
      }
    } else current?.lines.push(line);
  }
  return sections;
}

/** The sections a proxy's settings come from, the nearest first; a chain of `from` is bounded. */
export function inherited(section: HaproxySection): HaproxySection[] {
  const chain: HaproxySection[] = [];
  for (let at: HaproxySection | null = section; at && chain.length < 20 && !chain.includes(at); at = at.defaults)
    chain.push(at);
  return chain;
}

/** The line that holds: the last one of the nearest section that begins with these words. */
export function lineOf(section: HaproxySection, ...begin: string[]): HaproxyLine | null {
  for (const one of inherited(section)) {
    const found = one.lines.findLast((line) => begin.every((word, i) => line.words[i] === word));
    if (found) return found;
  }
  return null;
}

/** Is an option on? `no option X` in a nearer section takes it back. */
export function option(section: HaproxySection, name: string): HaproxyLine | null {
  for (const one of inherited(section)) {
    const found = one.lines.findLast(
      ({ words }) => (words[0] === 'option' && words[1] === name) || (words[0] === 'no' && words[2] === name),
    );
    if (found) return found.words[0] === 'no' ? null : found;
  }
  return null;
}
