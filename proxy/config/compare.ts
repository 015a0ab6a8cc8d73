import { readFile, stat } from 'node:fs/promises';
import { LineCounter, parseDocument } from 'yaml';
import { reasonOf, TriageError } from '../../diagnostics/errors.ts';
import { type ConfigBag, type ConfigDifference, differenceOf } from './difference.ts';
import { haproxyBag, haproxyLines } from './haproxy-bag.ts';
import { nginxBag, nginxTokens } from './nginx-bag.ts';
import { loadNginx } from './nginx-config.ts';
import { traefikBag } from './traefik-bag.ts';

const MAX_BYTES = 64 * 1024 * 1024;

type Kind = 'nginx' | 'haproxy' | 'traefik';
interface Read {
  kind: Kind;
  bag: ConfigBag;
  /** What is compared to tell "the same" from "the same but for order". */
  tokens: string;
}

/** Which proxy's language a file is in, told from its name and its first words. */
function kindOf(file: string, text: string): Kind {
  if (/\.(ya?ml|json)$/i.test(file)) return 'traefik';
  return /^(global|defaults|frontend \S+|backend \S+|listen \S+)\s*(#.*)?$/m.test(text) && !/[{};]\s*$/m.test(text)
    ? 'haproxy'
    : 'nginx';
}

async function readConfig(file: string): Promise<Read> {
  const text = await stat(file)
    .then((s) => {
      if (s.isDirectory()) throw new Error('is a directory');
      if (s.size > MAX_BYTES) throw new Error(`${s.size} bytes are too many`);
      return readFile(file, 'utf8');
    })
    .catch((error: unknown) => {
      throw new TriageError(
        'unreadable',
        `${file}: ${(error as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file' : reasonOf(error)}`,
        { cause: error },
      );
    });
  const kind = kindOf(file, text);
  if (kind === 'haproxy') {
    const lines = haproxyLines(text);
    return { kind, bag: haproxyBag(lines), tokens: lines.join('\n') };
  }
  if (kind === 'traefik') {
    const lines = new LineCounter();
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
    const broken = document.errors[0];
    if (broken)
      throw new TriageError('unreadable', `${file}:${lines.linePos(broken.pos[0]).line}: ${reasonOf(broken)}`);
    const plain: unknown = document.toJS({ maxAliasCount: 200 });
    return { kind, bag: traefikBag(plain), tokens: JSON.stringify(plain) };
  }
  try {
    const directives = await loadNginx(file);
    return { kind, bag: nginxBag(directives), tokens: nginxTokens(directives) };
  } catch (error) {
    // The parser names file and line itself.
    throw new TriageError(
      'unreadable',
      reasonOf(error).startsWith('/') ? reasonOf(error) : `${file}: ${reasonOf(error)}`,
      { cause: error },
    );
  }
}

/** What really differs between two configuration files of one proxy. Throws TriageError `unreadable`, `wrong-usage`. */
export async function compareConfigs(beforeFile: string, afterFile: string): Promise<ConfigDifference> {
  const [before, after] = [await readConfig(beforeFile), await readConfig(afterFile)];
  if (before.kind !== after.kind)
    throw new TriageError(
      'wrong-usage',
      `${beforeFile} is a configuration of ${before.kind}, ${afterFile} one of ${after.kind}`,
    );
  return differenceOf(before.bag, after.bag, before.tokens === after.tokens);
}
