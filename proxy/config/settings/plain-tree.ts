import { LineCounter, parseDocument } from 'yaml';
import { isTree, list, type Tree } from '../../json.ts';
import { ConfigFileError, lineAt, readConfigText } from '../config-text.ts';

export const treesOf = (value: unknown): Tree[] => list(value).filter(isTree);

const bare = (key: string): string => key.replaceAll('_', '').toLowerCase();

/** A value below a tree, by keys whose case and underscores do not matter (Traefik: any case; Envoy: camelCase or snake_case). */
export function at(value: unknown, ...keys: string[]): unknown {
  let now = value;
  for (const key of keys) {
    if (!isTree(now)) return undefined;
    const wanted = bare(key);
    const found = key in now ? key : Object.keys(now).find((one) => bare(one) === wanted);
    now = found === undefined ? undefined : now[found];
  }
  return now;
}

export const entriesOf = (value: unknown): [string, unknown][] => (isTree(value) ? Object.entries(value) : []);
export const textOf = (value: unknown): string | null =>
  typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? String(value) : null;
export const numberOf = (value: unknown): number | null => {
  const number = typeof value === 'number' ? value : typeof value === 'string' && value !== '' ? Number(value) : NaN;
  return Number.isFinite(number) ? number : null;
};

/** A file of plain data, with where each of its values stands. */
export interface PlainFile {
  file: string;
  data: unknown;
  /** `file:line` of the value at these keys; the file alone where that cannot be told. */
  where(...keys: (string | number)[]): string;
}

const MAX_JSON = 32 * 1024 * 1024;
/** A YAML tree takes some 300 times its text (measured: 3.8 MB took 1.3 GB). */
const MAX_YAML = 2 * 1024 * 1024;
const MAX_DEPTH = 100;

/** Deeper than this nobody writes, and those who walk it would run out of stack. A cheap upper bound, from the text alone. */
function tooDeep(text: string): boolean {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 91 || code === 123) {
      if (++depth > MAX_DEPTH) return true;
    } else if ((code === 93 || code === 125) && depth > 0) depth--;
  }
  // Block style nests by white space, or by `- - - -` on one line.
  return /^ {400}|(?:[-?:] ){100}/m.test(text);
}

/** Places of values in a JSON text that is longer are not looked for: the file's name must do. */
const PLACES_UP_TO = 512 * 1024;

/** Parses YAML (JSON is YAML, but read faster). Throws ConfigFileError with `file:line`. */
export function parsePlain(text: string, file: string): PlainFile {
  if (tooDeep(text)) throw new ConfigFileError('unreadable', `${file}: nested more than ${MAX_DEPTH} deep`);
  if (/^\s*[{[]/.test(text) && !/^\s*\{\{/.test(text)) {
    try {
      const data = JSON.parse(text) as unknown;
      let places: PlainFile['where'] | null = null;
      return {
        file,
        data,
        where: (...keys) => {
          if (text.length > PLACES_UP_TO) return file;
          places ??= parseYaml(text, file).where;
          return places(...keys);
        },
      };
    } catch (error) {
      if (/\.json$/i.test(file)) {
        const offset = /position (\d+)/.exec((error as Error).message)?.[1];
        const place = offset === undefined ? file : `${file}:${lineAt(text, Number(offset))}`;
        throw new ConfigFileError('unreadable', `${place}: this is no JSON`, { cause: error });
      }
    }
  }
  return parseYaml(text, file);
}

/** The parser looks for keys that stand twice by comparing each with each: only in texts of this length. */
const UNIQUE_UP_TO = 64 * 1024;

function parseYaml(text: string, file: string): PlainFile {
  if (text.length > MAX_YAML) throw new ConfigFileError('too-large', `${file}: more than ${MAX_YAML} bytes of YAML`);
  try {
    const lines = new LineCounter();
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      logLevel: 'silent',
      uniqueKeys: text.length <= UNIQUE_UP_TO,
    });
    const broken = document.errors[0];
    if (broken)
      throw new ConfigFileError('unreadable', `${file}:${lines.linePos(broken.pos[0]).line}: ${broken.message}`);
    const data = document.toJS({ maxAliasCount: 100 }) as unknown;
    return {
      file,
      data,
      where: (...keys) => {
        const node = document.getIn(exact(data, keys), true) as { range?: [number, number, number] } | undefined;
        return node?.range ? `${file}:${lines.linePos(node.range[0]).line}` : file;
      },
    };
  } catch (error) {
    if (error instanceof ConfigFileError) throw error;
    throw new ConfigFileError('unreadable', `${file}: ${(error as Error).message.slice(0, 200)}`, { cause: error });
  }
}

/** Keys as they are really written. */
function exact(data: unknown, keys: (string | number)[]): (string | number)[] {
  let now = data;
  return keys.map((key) => {
    if (typeof key === 'number' || !isTree(now)) {
      now = Array.isArray(now) ? now[Number(key)] : undefined;
      return key;
    }
    const tree = now;
    const found = key in tree ? key : (Object.keys(tree).find((one) => bare(one) === bare(key)) ?? key);
    now = tree[found];
    return found;
  });
}

/** Reads a file of plain data. Throws ConfigFileError. */
export const readPlain = async (file: string): Promise<PlainFile> =>
  parsePlain(await readConfigText(file, /\.json$/i.test(file) ? MAX_JSON : MAX_YAML * 2), file);
