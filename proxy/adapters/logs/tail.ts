import type { FileHandle } from 'node:fs/promises';
import { blindFile, blocksFromEnd, blocksOfCompressed, openLog, siblingsOf } from './log-file.ts';

export { blindFile } from './log-file.ts';

/** Bytes of a log that one look reads, from its end: some ten thousand lines. */
const TAIL_BYTES = 6 * 1024 * 1024;

/** Whole lines from the end of an open file, newest block first, until there are enough bytes of them. */
async function linesOf(
  handle: FileHandle,
  size: number,
  maxBytes: number,
): Promise<{ lines: string[]; truncated: boolean }> {
  const blocks: string[][] = [];
  let bytes = 0;
  let read = 0;
  // What was cut off at the front by the limit is most likely half a line.
  const from = Math.max(0, size - maxBytes);
  for await (const block of blocksFromEnd(handle, size, { wholeFile: true })) {
    blocks.push(block.lines);
    read += block.bytes;
    if (block.lines.length > 0) bytes += block.bytes;
    if (read >= maxBytes) break;
  }
  const lines = blocks.reverse().flat();
  let over = bytes - maxBytes;
  let skip = 0;
  while (over > 0 && skip < lines.length - 1) over -= Buffer.byteLength(lines[skip++] as string) + 1;
  return { lines: skip ? lines.slice(skip) : lines, truncated: from > 0 };
}

/** Whole lines from the end of a file, oldest first; `truncated` when older ones were left unread. */
export async function tailLines(file: string, maxBytes = TAIL_BYTES): Promise<{ lines: string[]; truncated: boolean }> {
  const { handle, size } = await openLog(file);
  try {
    return await linesOf(handle, size, maxBytes);
  } catch (error) {
    throw blindFile(file, error);
  } finally {
    await handle.close();
  }
}

/**
 * The end of a log that may have been rotated since `from` (ms): its rotated siblings first, oldest first, bounded in
 * all by `maxBytes`.
 */
export async function tailSince(
  file: string,
  from: number,
  maxBytes = TAIL_BYTES,
): Promise<{ lines: string[]; truncated: boolean }> {
  const current = await tailLines(file, maxBytes);
  if (current.truncated) return current;
  const parts = [current.lines];
  let left = maxBytes - current.lines.reduce((sum, line) => sum + line.length + 1, 0);
  for (const sibling of await siblingsOf(file, from)) {
    if (left <= 0) return { lines: parts.reverse().flat(), truncated: true };
    const opened = await openLog(sibling.file).catch(() => null);
    if (!opened) continue;
    try {
      const lines = sibling.packed
        ? await unpacked(opened.handle, sibling.file, left)
        : (await linesOf(opened.handle, opened.size, left)).lines;
      parts.push(lines);
      left -= lines.reduce((sum, line) => sum + line.length + 1, 0);
    } finally {
      await opened.handle.close();
    }
  }
  return { lines: parts.reverse().flat(), truncated: false };
}

/** The last lines of a compressed file: read from its beginning, all but the end forgotten on the way. */
async function unpacked(handle: FileHandle, file: string, maxBytes: number): Promise<string[]> {
  let lines: string[] = [];
  let held = 0;
  let read = 0;
  for await (const block of blocksOfCompressed(handle, file)) {
    read += block.bytes;
    if (block.lines.length > 0) held += block.bytes;
    for (const line of block.lines) lines.push(line);
    if (held > 2 * maxBytes) {
      lines = lines.slice(lines.length >> 1);
      held = lines.reduce((sum, line) => sum + line.length + 1, 0);
    }
    if (read > 16 * TAIL_BYTES) break;
  }
  return lines;
}
