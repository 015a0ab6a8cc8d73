import { constants } from 'node:fs';
import { type FileHandle, open, opendir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { BlindLook } from '../../../diagnostics/io/proxy-reader.ts';

/** Log files as they lie on disks: open them safely, find their rotated siblings, read them in blocks of whole lines. */

/** Turns a failure to open what the inventory names into a blind look that says why. */
export function blindFile(file: string, error: unknown): BlindLook {
  if (error instanceof BlindLook) return error;
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return new BlindLook('not-configured', `${file} does not exist here`, { cause: error });
  if (code === 'EACCES' || code === 'EPERM')
    return new BlindLook('denied', `${file} may not be read by this user`, { cause: error });
  return new BlindLook('unreadable', `${file}: ${(error as Error).message}`, { cause: error });
}

/** Opens a regular file for reading. Pipes and devices would block or never end: they are refused before they are opened. */
export async function openLog(
  file: string,
): Promise<{ handle: FileHandle; size: number; id: string; writtenAt: number }> {
  try {
    const before = await stat(file);
    if (before.isDirectory()) throw new BlindLook('unreadable', `${file} is a folder, not a log file`);
    if (!before.isFile())
      throw new BlindLook(
        'unreadable',
        `${file} is a pipe or a device (in containers it leads to the container's own log): let the proxy write to a file`,
      );
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const now = await handle.stat();
    if (!now.isFile()) {
      await handle.close();
      throw new BlindLook('unreadable', `${file} is no regular file any more`);
    }
    return { handle, size: now.size, id: `${now.dev}:${now.ino}`, writtenAt: now.mtimeMs };
  } catch (error) {
    throw blindFile(file, error);
  }
}

/** Bytes that are read at once: some thousand lines. */
const BLOCK_BYTES = 512 * 1024;
/** Longer lines are counted as unreadable and not kept. */
export const LINE_BYTES = 1024 * 1024;

/**
 * Whole lines of one block, in the file's order, and how many were too long to keep. No lines at all: a stretch of a line
 * that is too long was passed over, so that who reads can see when it has read enough.
 */
export interface Block {
  lines: string[];
  /** Bytes that were read, unpacked. */
  bytes: number;
  tooLong: number;
}

const NEWLINE = 10;

function linesOf(buffer: Buffer, tooLong: number, encoding: 'latin1' | 'utf8'): Block {
  const lines = buffer.toString(encoding).split('\n');
  if (lines.at(-1) === '') lines.pop();
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] as string;
    if (line.charCodeAt(line.length - 1) === 13) lines[i] = line.slice(0, -1);
  }
  return { lines, bytes: buffer.length, tooLong };
}

/**
 * A file's lines in blocks from its end to its beginning; memory holds one block and at most one line more. The last
 * line counts only with its newline, unless `wholeFile`: it is being written. A file that shrinks meanwhile just ends.
 */
export async function* blocksFromEnd(
  handle: FileHandle,
  size: number,
  options: { wholeFile?: boolean; encoding?: 'latin1' | 'utf8' } = {},
): AsyncGenerator<Block> {
  const encoding = options.encoding ?? 'utf8';
  const block = Buffer.allocUnsafe(Math.min(BLOCK_BYTES, Math.max(1, size)));
  /** The end of a line whose beginning lies before what was read so far. */
  let tail: Buffer = Buffer.alloc(0);
  let dropped = false;
  let position = size;
  let first = true;
  while (position > 0) {
    const wanted = Math.min(block.length, position);
    const { bytesRead } = await handle.read(block, 0, wanted, position - wanted);
    position -= wanted;
    if (bytesRead < wanted) tail = Buffer.alloc(0); // cut off by a truncation: what stood after it is gone
    let read = block.subarray(0, bytesRead);
    if (first) {
      first = bytesRead === 0;
      const end = read.lastIndexOf(NEWLINE);
      if (!options.wholeFile && bytesRead > 0) {
        read = read.subarray(0, end + 1);
        first = end === -1;
      }
    }
    const start = position === 0 ? -1 : read.indexOf(NEWLINE);
    if (start === -1 && position > 0) {
      dropped ||= tail.length + read.length > LINE_BYTES;
      tail = dropped ? Buffer.alloc(0) : Buffer.concat([read, tail]);
      if (dropped || first) yield { lines: [], bytes: wanted, tooLong: 0 };
      continue;
    }
    let body = read.subarray(start + 1);
    let tooLong = 0;
    if (dropped) {
      body = body.subarray(0, body.lastIndexOf(NEWLINE) + 1);
      tooLong = 1;
    } else if (tail.length > 0) body = Buffer.concat([body, tail]);
    dropped = false;
    tail = start === -1 ? Buffer.alloc(0) : Buffer.from(read.subarray(0, start + 1));
    yield linesOf(body, tooLong, encoding);
  }
}

/** The lines of a compressed file, oldest first, in blocks. The caller stops when it has seen enough: bombs are read no further. */
export async function* blocksOfCompressed(
  handle: FileHandle,
  file: string,
  encoding: 'latin1' | 'utf8' = 'utf8',
): AsyncGenerator<Block> {
  const source = handle.createReadStream({ start: 0, autoClose: false, highWaterMark: 64 * 1024 });
  const unpack = file.endsWith('.zst') ? createZstdDecompress() : createGunzip({ chunkSize: 256 * 1024 });
  let broken: Error | null = null;
  const stream = source.on('error', (error) => unpack.destroy(error)).pipe(unpack);
  stream.on('error', (error) => {
    broken = error;
  });
  let tail: Buffer = Buffer.alloc(0);
  let dropped = false;
  try {
    for await (const piece of stream as AsyncIterable<Buffer>) {
      const end = piece.lastIndexOf(NEWLINE);
      if (end === -1) {
        dropped ||= tail.length + piece.length > LINE_BYTES;
        tail = dropped ? Buffer.alloc(0) : Buffer.concat([tail, piece]);
        if (dropped) yield { lines: [], bytes: piece.length, tooLong: 0 };
        continue;
      }
      let body = piece.subarray(0, end + 1);
      let tooLong = 0;
      if (dropped) {
        body = body.subarray(body.indexOf(NEWLINE) + 1);
        tooLong = 1;
      } else if (tail.length > 0) body = Buffer.concat([tail, body]);
      dropped = false;
      tail = Buffer.from(piece.subarray(end + 1));
      yield linesOf(body, tooLong, encoding);
    }
  } catch (error) {
    // Cut off or no archive at all: what could be read of it was yielded.
    if (!broken) throw error;
  } finally {
    source.destroy();
    unpack.destroy();
  }
}

interface Sibling {
  file: string;
  /** Its last row is about this old, ms since the epoch. */
  writtenAt: number;
  id: string;
  packed: boolean;
}

/** Entries of a folder that are looked at for rotated logs. */
const MOST_ENTRIES = 5_000;
const MOST_SIBLINGS = 30;
/** `.1`, `.2.gz`, `-20261121`, `-20261121-1763719200.gz`, `.2026-11-21T10-00`: logrotate with and without dateext, rotatelogs. */
const ROTATED = /^[.-](\d{1,3}|\d{4}-?\d\d-?\d\d[\dT:_.-]{0,20}|\d{9,11})(\.gz|\.zst)?$/;

/** Rotated siblings of a log that were written to at or after `from`, newest first. An unreadable folder has none. */
export async function siblingsOf(file: string, from: number): Promise<Sibling[]> {
  const base = basename(file);
  const found: Sibling[] = [];
  try {
    let seen = 0;
    for await (const entry of await opendir(dirname(file))) {
      if (++seen > MOST_ENTRIES) break;
      if (!entry.name.startsWith(base) || !ROTATED.test(entry.name.slice(base.length))) continue;
      const path = join(dirname(file), entry.name);
      const about = await stat(path).catch(() => null);
      if (!about?.isFile() || about.mtimeMs < from || about.size === 0) continue;
      found.push({
        file: path,
        writtenAt: about.mtimeMs,
        id: `${about.dev}:${about.ino}`,
        packed: /\.(gz|zst)$/.test(path),
      });
    }
  } catch {
    return [];
  }
  // While it is being packed, both lie there.
  const plain = new Set(found.filter((one) => !one.packed).map((one) => one.file));
  return found
    .filter((one) => !one.packed || !plain.has(one.file.replace(/\.(gz|zst)$/, '')))
    .sort((a, b) => b.writtenAt - a.writtenAt)
    .slice(0, MOST_SIBLINGS);
}
