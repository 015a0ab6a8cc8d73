import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';

/**
 * `node test/diagnostics/golden/keep.ts DIR CAUSE[.GUISE]=INCIDENT…`: takes what `./dev eval --save DIR` saw of an incident as the
 * example of a cause. Folders of the world, which differ each time, become /world.
 */
const [dir = '', ...pairs] = process.argv.slice(2);
mkdirSync(import.meta.dirname, { recursive: true });
for (const pair of pairs) {
  const [cause = '', incident = ''] = pair.split('=');
  const text = gunzipSync(readFileSync(join(dir, `${incident}.json.gz`))).toString();
  const { saved } = JSON.parse(text.replaceAll(/\/tmp\/incident-\w+/g, '/world')) as { saved: Record<string, unknown> };
  const { verdict, ...rest } = saved;
  const { durationMs } = verdict as { durationMs: number };
  const kept = { incident, ...rest, durationMs };
  writeFileSync(join(import.meta.dirname, `${cause}.json.gz`), gzipSync(JSON.stringify(kept), { level: 9 }));
}
