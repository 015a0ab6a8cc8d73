import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { ConfigChanged } from '../../../diagnostics/io/proxy-reader.ts';
import type { Instance } from '../../../diagnostics/types.ts';
import { compareConfigs } from '../../config/compare.ts';
import { type Directive, loadNginx } from '../../config/nginx-config.ts';

/** How editors, packages and people name the version before. */
const ENDINGS = ['.prev', '.previous', '.old', '.bak', '.backup', '.orig', '.dpkg-old', '.rpmsave', '~'];
const SHOWN = 10;
/** Files of a configuration whose times are looked at. */
const MOST_FILES = 2_000;

/** When a file was last written, ms since the epoch; null when it cannot be seen. */
const writtenAt = (file: string): Promise<number | null> =>
  stat(file).then(
    (found) => (found.isFile() ? found.mtimeMs : null),
    () => null,
  );

function filesOf(directives: Directive[], into: Set<string>): Set<string> {
  for (const d of directives) {
    if (d.file !== undefined && into.size < MOST_FILES) into.add(d.file);
    if (d.block) filesOf(d.block, into);
  }
  return into;
}

/** When any file of an nginx configuration was last written: an edited include is an edit too. */
export async function newestWrite(config: string | null): Promise<number | null> {
  if (!config) return null;
  const files = await loadNginx(config, undefined, []).then(
    (directives) => filesOf(directives, new Set([resolve(config)])),
    () => [config],
  );
  const times = await Promise.all([...files].map(writtenAt));
  const known = times.filter((at) => at !== null);
  return known.length ? Math.max(...known) : null;
}

/** The version before: named in the inventory (`previousConfig:`), else the newest of the usual names beside the file. */
async function previousOf(instance: Instance, config: string): Promise<string | null> {
  const named = instance.more.previousConfig;
  if (typeof named === 'string') return resolve(dirname(config), named);
  const found = await Promise.all(
    ENDINGS.map(async (ending) => ({ file: config + ending, at: await writtenAt(config + ending) })),
  );
  const there = found.filter((one) => one.at !== null);
  return there.sort((a, b) => (b.at ?? 0) - (a.at ?? 0))[0]?.file ?? null;
}

/** What the configuration says otherwise than the version before it; null: no such version, or it cannot be read. */
export async function changedSince(instance: Instance): Promise<ConfigChanged | null> {
  const { config } = instance;
  const before = config ? await previousOf(instance, config) : null;
  if (!config || !before) return null;
  const found = await compareConfigs(before, config).catch(() => null);
  if (!found) return null;
  const { same, orderOnly, namesOnly, endpointsOnly, changes } = found;
  return {
    before,
    same,
    orderOnly,
    namesOnly,
    endpointsOnly,
    total: changes.length,
    changes: changes.slice(0, SHOWN).map(({ kind, object, name, before: was, after }) => {
      const values = [was, after].filter((value) => value !== undefined).join(' -> ');
      return `${kind} ${object} ${name}${values ? `: ${values}` : ''}`.slice(0, 300);
    }),
  };
}
