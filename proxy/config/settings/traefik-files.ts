import { readdir, readlink, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import type { Instance } from '../../../diagnostics/types.ts';
import { masterPid } from '../../adapters/health/processes.ts';
import { ConfigFileError } from '../config-text.ts';
import type { ConfigProblem } from '../nginx-config.ts';
import { at, type PlainFile, readPlain, textOf } from './plain-tree.ts';

const MAX_FILES = 500;
/** Most text of all dynamic files together: each is held as a tree, some 300 times its text. */
const MAX_TEXT = 2 * 1024 * 1024;

/** Folders that relative names may start from: the process's own, where that can be seen, else that of the static file. */
async function foldersOf(instance: Instance, config: string): Promise<string[]> {
  const beside = dirname(config);
  if (!instance.pidFile) return [beside];
  const own = await masterPid(instance.pidFile)
    .then((pid) => readlink(`/proc/${pid}/cwd`))
    .catch(() => null);
  return own && own !== beside ? [own, beside] : [beside];
}

/** YAML and TOML files of a provider's folder, its folders too, in their order (traefik: pkg/provider/file/file.go). */
async function filesIn(folder: string, left: number, depth = 0): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const files: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (files.length > left) throw new ConfigFileError('too-large', `${folder}: more than ${MAX_FILES} files`);
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (depth < 8) files.push(...(await filesIn(path, left - files.length, depth + 1)));
    } else if (/\.(ya?ml|toml)$/i.test(entry.name)) files.push(path);
  }
  return files;
}

const isToml = (file: string): boolean => /\.toml$/i.test(file);

/** Traefik's static file with the dynamic files that it names. Throws ConfigFileError for the static one only. */
export async function traefikFiles(
  instance: Instance,
  config: string,
): Promise<{ fixed: PlainFile; dynamic: PlainFile[]; problems: ConfigProblem[] }> {
  if (isToml(config))
    throw new ConfigFileError('unreadable', `${config}: TOML is not read here; name the API as admin:`);
  const fixed = await readPlain(config);
  const problems: ConfigProblem[] = [];
  const filename = textOf(at(fixed.data, 'providers', 'file', 'filename'));
  const directory = textOf(at(fixed.data, 'providers', 'file', 'directory'));
  const named = directory ?? filename;
  if (!named) return { fixed, dynamic: [], problems };
  const folders = isAbsolute(named) ? [''] : await foldersOf(instance, config);
  const where = fixed.where('providers', 'file', directory ? 'directory' : 'filename');
  const problem = (error: unknown): void => {
    if (problems.length < 20) problems.push({ where, what: (error as Error).message });
  };
  let files: string[] | null = null;
  for (const folder of folders) {
    const path = isAbsolute(named) ? named : join(folder, named);
    files ??= directory ? await filesIn(path, MAX_FILES).catch(() => null) : [path];
  }
  if (!files) {
    problems.push({ where, what: `${named}: no such folder` });
    return { fixed, dynamic: [], problems };
  }
  const dynamic: PlainFile[] = [];
  let text = 0;
  for (const file of files) {
    text += await stat(file).then(
      ({ size }) => size,
      () => 0,
    );
    if (text > MAX_TEXT) {
      problem(new Error(`${file}: it and what comes after it is not read: more than ${MAX_TEXT} bytes together`));
      break;
    }
    if (isToml(file)) problem(new Error(`${file}: TOML is not read here`));
    else
      await readPlain(file).then(
        (read) => dynamic.push(read),
        (error) => problem(error),
      );
  }
  return { fixed, dynamic, problems };
}
