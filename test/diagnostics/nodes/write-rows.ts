import { mkdirSync, writeFileSync } from 'node:fs';
import { EDITS, listening } from './edits.ts';
import { lookedAt } from './lived-in-looks.ts';

/** Writes the readings of ../checks that come from the lived-in cluster: `node test/diagnostics/nodes/write-rows.ts`. */
for (const [file, one] of Object.entries(EDITS)) {
  const { look, close } = await listening(one);
  try {
    const looked = await lookedAt(look);
    const [row] = looked.rows;
    if (!row || looked.rows.length !== 1) throw new Error(`${file}: ${looked.rows.length} rows`);
    const url = new URL(`../checks/${file}.json`, import.meta.url);
    mkdirSync(new URL('.', url), { recursive: true });
    const fixture = { expect: looked.codes, case: looked.case, path: looked.path, row: { ...row, ms: 1 } };
    writeFileSync(url, `${JSON.stringify(fixture, null, 2)}\n`);
    const name = file.split('/')[1]?.split('.')[0] ?? '';
    const fits = name === 'blind' || name === 'clear' ? true : looked.codes.includes(name);
    process.stdout.write(`${fits ? 'ok ' : 'NOT'} ${file}: ${row.blind ? row.blind.detail : looked.codes.join(' ')}\n`);
  } finally {
    await close();
  }
}
