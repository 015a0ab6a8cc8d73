import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { EDITS, listening } from './edits.ts';
import { codesOf, lookedAt } from './lived-in-looks.ts';

/**
 * Writes the readings of ../checks that come from the lived-in cluster and are not there yet; with --all, all of them:
 * `node test/diagnostics/nodes/write-rows.ts [--all]`.
 */
const all = process.argv.includes('--all');
for (const [file, one] of Object.entries(EDITS)) {
  const { look, close } = await listening(one);
  try {
    const looked = await lookedAt(look);
    const [row] = looked.rows;
    if (!row) throw new Error(`${file}: nothing was looked at`);
    const codes = codesOf(looked, row);
    const url = new URL(`../checks/${file}.json`, import.meta.url);
    if (!all && existsSync(url)) continue;
    mkdirSync(new URL('.', url), { recursive: true });
    const fixture = { expect: codes, case: looked.case, path: looked.path, row: { ...row, ms: 1 } };
    writeFileSync(url, `${JSON.stringify(fixture, null, 2)}\n`);
    const name = file.split('/')[1]?.split('.')[0] ?? '';
    const fits = name === 'blind' || name === 'clear' ? true : codes.includes(name);
    process.stdout.write(`${fits ? 'ok ' : 'NOT'} ${file}: ${row.blind ? row.blind.detail : codes.join(' ')}\n`);
  } finally {
    await close();
  }
}
