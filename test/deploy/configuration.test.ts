import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { readBotConfig } from '../../bot/config.ts';
import { readConfigFile } from '../../workers/config.ts';
import { ROOT } from './image.ts';

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const page = read('docs/configuration.md');
const example = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? assert.fail('no example');

/** What differs from the defaults in the example, by path: each says so beside it. */
const SAID = ['channels', 'alertmanager', 'people', 'digest', 'audit.file', 'slack.host'];

async function readText(text: string, t: { after: (end: () => Promise<void>) => void }) {
  const folder = await mkdtemp(join(tmpdir(), 'iti-config-page-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'config.yaml'), text);
  return readConfigFile(join(folder, 'config.yaml'));
}

/** Every leaf of an object by its path; a list is a leaf. */
function leaves(value: unknown, path = ''): Map<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return new Map([[path, value]]);
  return new Map(Object.entries(value).flatMap(([key, one]) => [...leaves(one, path === '' ? key : `${path}.${key}`)]));
}

test('the example of CONFIG is read without a warning, holds every key, and shows the defaults but where it says otherwise', async (t) => {
  const { file, warnings } = await readText(example, t);
  assert.deepEqual(warnings, []);
  const shown = leaves(file);
  const isSaid = (path: string): boolean => SAID.some((said) => path === said || path.startsWith(`${said}.`));
  for (const [path, value] of leaves(readConfigFile(null).file))
    if (!isSaid(path)) assert.deepEqual(shown.get(path), value, `${path} is another by default`);
  const written = new Set([...leaves(parse(example)).keys()]);
  for (const path of shown.keys()) assert.ok(written.has(path), `${path} is missing in the example`);
  // Switched on here, and thereby complete: what a key that is off by itself may hold.
  const on = await readText('alertmanager: { channel: C012 }\ndigest: { channel: C012 }', t);
  for (const path of leaves(on.file).keys()) assert.ok(written.has(path) || isSaid(path), path);
  const sections = ['alertmanager', 'digest'] as const;
  for (const section of sections)
    for (const key of Object.keys(on.file[section] ?? {})) assert.ok(written.has(`${section}.${key}`), key);
});

test('the tables of the environment name what the processes read, and nothing else', () => {
  const asked = new Set<string>();
  const env = new Proxy<Record<string, string>>(
    { SLACK_BOT_TOKEN: 'xoxb-1', SLACK_SIGNING_SECRET: 'a1b2' },
    {
      get(known, key) {
        asked.add(String(key));
        return known[String(key)];
      },
    },
  );
  readBotConfig(env);
  const table = [...page.matchAll(/^\| (`[A-Z].*?) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([A-Z_]+)`/g)].map((m) => m[1] as string),
  );
  assert.deepEqual(table.sort(), [...asked].sort());
  const short = [...read('README.md').matchAll(/^\| (`[A-Z].*?) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([A-Z_]+)`/g)].map((m) => m[1] as string),
  );
  for (const name of short) assert.ok(asked.has(name), name);
});

test('every scope of the Slack app stands in the instructions with its reason, and no other', () => {
  const { bot, bot_optional: optional } = parse(read('deploy/slack-manifest.yaml')).oauth_config.scopes;
  const rows = [...read('docs/install.md').matchAll(/^\| `([a-z_.]+:?[a-z_.]*)` \| (yes|no) \| (.+) \|$/gm)];
  assert.deepEqual(
    rows.filter(([, , needed]) => needed === 'yes').map(([, scope]) => scope),
    bot,
  );
  assert.deepEqual(
    rows.filter(([, , needed]) => needed === 'no').map(([, scope]) => scope),
    optional,
  );
});

test('every command, benchmark and page that the README names is there', async () => {
  const readme = read('README.md');
  const commands = read('bot/cli/main.ts');
  for (const [, command = ''] of readme.matchAll(/\.\/dev ([a-z-]+)/g))
    assert.match(commands, new RegExp(`^ {2}'?${command}'?: \\{`, 'm'), command);
  const benches = read('bot/cli/bench.ts');
  const named = /`\.\/dev bench NAME`[^:]*: ([a-z`,\s]+)/.exec(readme)?.[1] ?? assert.fail('no benchmarks');
  const names = [...benches.matchAll(/^ {2}([a-z]+): async/gm)].map((m) => m[1] as string);
  assert.deepEqual([...named.matchAll(/[a-z]+/g)].map((m) => m[0]).sort(), names.sort());
});
