import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { guardFor } from '../../diagnostics/io/guard.ts';
import { liveIo } from '../../diagnostics/io/live-io.ts';
import type { Instance } from '../../diagnostics/types.ts';
import { ConfigFileError } from '../../proxy/config/config-text.ts';
import { type ConfigProblem, loadNginx, parseNginx } from '../../proxy/config/nginx-config.ts';
import { endOfLua } from '../../proxy/config/nginx-scan.ts';
import { traefikFiles } from '../../proxy/config/settings/traefik-files.ts';
import { allowanceOf } from '../../proxy/inventory/allow.ts';
import { emptyInventory } from '../../proxy/inventory/inventory.ts';
import { findPath } from '../../proxy/inventory/path.ts';
import { by, changed } from '../../proxy/kubernetes/changes/change.ts';

async function folder(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'hostile-config-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

// Quadratic, each of these takes minutes; the limit only ends a test that is lost.
test('long lines without a line feed are read once, not once for each word', { timeout: 60_000 }, () => {
  const [directive] = parseNginx(['a ', ...Array(1_000_000).fill('$\x7bx}'), ';'].join(''));
  assert.equal(directive?.args[0]?.length, 4_000_000);
  const lua = `${'--[[]]'.repeat(1_000_000)}}`;
  assert.equal(endOfLua(lua, 0), lua.length - 1);
});

test('patterns are counted, and two stars are one star, as glob(3) has it', async (t) => {
  const dir = await folder(t);
  const file = join(dir, 'nginx.conf');
  await mkdir(join(dir, 'a/b/c'), { recursive: true });
  await writeFile(join(dir, 'a/b/x.conf'), 'one 1;');
  await writeFile(join(dir, 'a/b/c/y.conf'), 'two 2;');
  await writeFile(file, 'include a/**/*.conf;');
  assert.deepEqual(
    (await loadNginx(file)).map((one) => one.name),
    ['one'],
  );
  await writeFile(file, 'include none/*.conf;\n'.repeat(2_001));
  const problems: ConfigProblem[] = [];
  await assert.rejects(
    loadNginx(file, undefined, problems),
    (error) => error instanceof ConfigFileError && error.code === 'too-large' && /2000 patterns/.test(error.message),
  );
});

test('dynamic files of Traefik are bounded together, and what is left out is said', async (t) => {
  const dir = await folder(t);
  const file = join(dir, 'traefik.yml');
  await mkdir(join(dir, 'dynamic'));
  for (const name of ['a', 'b', 'c'])
    await writeFile(join(dir, 'dynamic', `${name}.yml`), JSON.stringify({ http: { pad: 'x'.repeat(900_000) } }));
  await writeFile(file, `providers: {file: {directory: ${JSON.stringify(join(dir, 'dynamic'))}}}`);
  const { dynamic, problems } = await traefikFiles({ pidFile: null } as Instance, file);
  assert.equal(dynamic.length, 2);
  assert.match(problems[0]?.what ?? '', /c\.yml.*is not read: more than 2097152 bytes together/);
});

test('names that every object has are names like others', async () => {
  const inventory = { ...emptyInventory(), file: '/inventory.yaml', allow: ['10.0.0.0/8'] };
  for (const host of ['constructor', '__proto__', 'toString']) {
    const allowance = allowanceOf(inventory);
    assert.equal(allowance.name(host), false, host);
    assert.throws(() => allowance.guard(host).check('192.0.2.1'));
    assert.equal(findPath(inventory, { host, port: null, path: '/' }).dns, null);
    const io = liveIo({ guard: guardFor(() => true), trust: [], dns: {}, proxy: {} as never });
    const aborted = AbortSignal.abort(new Error('over'));
    await assert.rejects(io.resolve(host, aborted), /over/, 'asked of the resolver, not of the object');
    const who = by({ changed: { by: host, at: '2026-11-21T12:00:00Z' } } as never);
    const change = changed('2026-11-21T12:00:00Z', {
      uid: 'u',
      kind: 'k',
      object: 'o',
      summary: 's',
      by: who,
      state: 1,
    });
    assert.equal(change.by, host);
  }
});
