import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { reasonOf, TriageError } from '../../diagnostics/errors.ts';
import type { Instance } from '../../diagnostics/types.ts';
import { readConfigText } from './config-text.ts';
import { type ConfigBag, type ConfigDifference, differenceOf } from './difference.ts';
import { envoyBag, isEnvoy } from './envoy-bag.ts';
import { haproxyBag, haproxyLines } from './haproxy-bag.ts';
import { nginxBag, nginxDigest } from './nginx-bag.ts';
import { type Directive, loadNginx, parseNginx } from './nginx-config.ts';
import { type PlainFile, readPlain } from './settings/plain-tree.ts';
import { traefikFiles } from './settings/traefik-files.ts';
import { traefikBag } from './traefik-bag.ts';

const MAX_BYTES = 64 * 1024 * 1024;

type Kind = 'nginx' | 'haproxy' | 'traefik' | 'envoy';
interface Read {
  kind: Kind;
  bag: ConfigBag;
  /** What is compared to tell "the same" from "the same but for order". */
  digest: string;
  /** nginx: servers and upstreams that were not parsed, by the digest of their text, and the tree that names them. */
  blocks?: { file: string; directives: Directive[]; raw: Map<string, { text: string; count: number }> };
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** HAProxy has sections where nginx has blocks. */
const isHaproxy = (text: string): boolean =>
  /^(global|defaults|frontend|backend|listen)\b[^{;]*$/m.test(text) &&
  !/^[ \t]*(http|events|stream|server|upstream)\b[^#\n]*\{/m.test(text);

/** The files of one configuration: a folder stands for the nginx.conf, the *.cfg or the YAML in it. */
async function filesOf(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => null);
  if (!found?.isDirectory()) return [path];
  const names = (await readdir(path)).sort();
  if (names.includes('nginx.conf')) return [join(path, 'nginx.conf')];
  const cfg = names.filter((name) => name.endsWith('.cfg'));
  const plain = names.filter((name) => /\.(ya?ml|json)$/i.test(name));
  const chosen = cfg.length ? cfg : plain;
  if (chosen.length === 0) throw new Error(`${path} is a folder without nginx.conf, *.cfg or YAML`);
  if (chosen.length > 500) throw new Error(`${path}: more than 500 files`);
  return chosen.map((name) => join(path, name));
}

/** A Traefik configuration: static file with the dynamic ones it names, or dynamic ones alone. */
async function readTraefik(files: PlainFile[]): Promise<Read> {
  const bag: ConfigBag = new Map();
  const all: PlainFile[] = [];
  for (const file of files) {
    all.push(file);
    // Only a static file names providers; its dynamic files are part of what it means.
    const { dynamic, problems } = await traefikFiles({ pidFile: null } as Instance, file.file);
    const [problem] = problems;
    if (problem) throw new Error(`${problem.where}: ${problem.what}`);
    all.push(...dynamic);
  }
  for (const one of all) traefikBag(one.data, bag);
  return { kind: 'traefik', bag, digest: digestOf(all.map((one) => JSON.stringify(one.data)).join('\n')) };
}

async function readConfig(path: string): Promise<Read> {
  const files = await filesOf(path);
  const [file = path] = files;
  if (/\.(ya?ml|json)$/i.test(file)) {
    const plain: PlainFile[] = [];
    for (const one of files) plain.push(await readPlain(one));
    const [first] = plain;
    if (first && isEnvoy(first.data))
      return { kind: 'envoy', bag: envoyBag(first), digest: digestOf(JSON.stringify(first.data)) };
    return readTraefik(plain);
  }
  const text = await readConfigText(file, MAX_BYTES);
  if (/\.cfg$/i.test(file) || isHaproxy(text)) {
    const lines = haproxyLines(text);
    for (const more of files.slice(1))
      for (const line of haproxyLines(await readConfigText(more, MAX_BYTES))) lines.push(line);
    return { kind: 'haproxy', bag: haproxyBag(lines), digest: digestOf(lines.join('\n')) };
  }
  return readNginx(file);
}

/**
 * Most servers and upstreams are the same text on both sides: they are only cut out, and those that the other side
 * does not have are parsed afterwards. A block that includes files must be parsed: they may differ.
 */
async function readNginx(file: string): Promise<Read> {
  const raw = new Map<string, { text: string; count: number }>();
  const directives = await loadNginx(file, undefined, undefined, (text) => {
    if (text.includes('include')) return null;
    const key = digestOf(text);
    const seen = raw.get(key);
    if (seen) seen.count++;
    else raw.set(key, { text, count: 1 });
    return key;
  });
  return { kind: 'nginx', bag: nginxBag(directives), digest: '', blocks: { file, directives, raw } };
}

/** Parses what is not the same on both sides into the bags; blocks whose words are the same get the same key. */
async function settle(mine: Read, other: Read): Promise<void> {
  const { file, directives: tree, raw } = mine.blocks as NonNullable<Read['blocks']>;
  const keys = new Map<string, string>();
  try {
    for (const [key, { text, count }] of raw) {
      if (other.blocks?.raw.get(key)?.count === count) continue;
      const directives = parseNginx(text);
      keys.set(key, nginxDigest(directives));
      for (let n = 0; n < count; n++) nginxBag(directives, mine.bag);
    }
  } catch (error) {
    // The block does not know where it stood: reading all of it names file and line.
    await reading(file, () => loadNginx(file));
    throw error;
  }
  mine.digest = nginxDigest(tree, (key) => keys.get(key) ?? key);
}

async function reading<T>(path: string, look: () => Promise<T>): Promise<T> {
  try {
    return await look();
  } catch (error) {
    // Readers name file and line themselves.
    const reason = reasonOf(error);
    throw new TriageError(
      'unreadable',
      reason.includes(path) || reason.startsWith('/') ? reason : `${path}: ${reason}`,
      {
        cause: error,
      },
    );
  }
}

/** What really differs between two configurations of one proxy. Throws TriageError `unreadable`, `wrong-usage`. */
export async function compareConfigs(beforeFile: string, afterFile: string): Promise<ConfigDifference> {
  const before = await reading(beforeFile, () => readConfig(beforeFile));
  const after = await reading(afterFile, () => readConfig(afterFile));
  if (before.kind !== after.kind)
    throw new TriageError(
      'wrong-usage',
      `${beforeFile} is a configuration of ${before.kind}, ${afterFile} one of ${after.kind}`,
    );
  if (before.blocks && after.blocks) {
    await settle(before, after);
    await settle(after, before);
  }
  return differenceOf(before.bag, after.bag, before.digest === after.digest);
}
