import assert from 'node:assert/strict';
import { mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { BlindLook } from '../../diagnostics/io/proxy-reader.ts';
import { blocksFromEnd, blocksOfCompressed, openLog } from '../../proxy/adapters/logs/log-file.ts';
import { readBack } from '../../proxy/adapters/logs/read-window.ts';
import { tailLines, tailSince } from '../../proxy/adapters/logs/tail.ts';

async function folder(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'hostile-logs-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** 64 GiB that take no room: whoever reads on and on does not come back within any test's time. */
async function sparse(file: string): Promise<string> {
  await writeFile(file, '');
  await truncate(file, 64 * 1024 ** 3);
  return file;
}

test('a file of 64 GiB without a newline ends at the limit of bytes', { timeout: 60_000 }, async (t) => {
  const file = await sparse(join(await folder(t), 'a.log'));
  assert.deepEqual(await tailLines(file), { lines: [], truncated: true });
  const limits = { bytes: 32 * 1024 * 1024, ms: 20_000, rows: 1_000 };
  const read = await readBack(file, 0, () => null, limits);
  assert.deepEqual([read.lines, read.cut], [0, true]);
});

test('a line without end is passed over in pieces, from the end and unpacked', async (t) => {
  const dir = await folder(t);
  const file = join(dir, 'a.log');
  await writeFile(file, `first\n${'x'.repeat(4_000_000)}\nlast\n`);
  const whole = await openLog(file);
  t.after(() => whole.handle.close());
  const blocks = await Array.fromAsync(blocksFromEnd(whole.handle, whole.size));
  assert.ok(blocks.filter((one) => one.lines.length === 0).length >= 4, 'its reader can stop in between');
  assert.deepEqual(
    blocks.toReversed().flatMap((one) => one.lines),
    ['first', 'last'],
  );
  const packed = join(dir, 'b.log.gz');
  await writeFile(packed, gzipSync(Buffer.alloc(8_000_000)));
  const { handle } = await openLog(packed);
  t.after(() => handle.close());
  const empty = await Array.fromAsync(blocksOfCompressed(handle, packed));
  assert.ok(empty.length >= 20 && empty.every((one) => one.lines.length === 0));
  assert.deepEqual((await tailLines(file)).lines, ['first', 'last'], 'lines around it stay');
});

test('millions of empty lines in a packed sibling are lines, not an error', async (t) => {
  const dir = await folder(t);
  await writeFile(join(dir, 'a.log'), 'now\n');
  await writeFile(join(dir, 'a.log.1.gz'), gzipSync(Buffer.alloc(1_500_000, '\n')));
  const { lines } = await tailSince(join(dir, 'a.log'), 0);
  assert.deepEqual([lines.length, lines.at(-1)], [1_500_001, 'now']);
});

test('links in a circle and devices are blind', async (t) => {
  const file = join(await folder(t), 'loop');
  await symlink(file, file);
  for (const one of [file, '/dev/zero', '/dev/tty'])
    await assert.rejects(
      tailLines(one),
      (error) => error instanceof BlindLook && ['unreadable', 'not-configured'].includes(error.reason),
      one,
    );
});
