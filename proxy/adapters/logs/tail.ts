import { open } from 'node:fs/promises';
import { BlindLook } from '../../../diagnostics/io/proxy-reader.ts';

/** Bytes of a log that one look reads, from its end: some ten thousand lines. */
export const TAIL_BYTES = 6 * 1024 * 1024;

/** Turns a failure to open what the inventory names into a blind look that says why. */
export function blindFile(file: string, error: unknown): BlindLook {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return new BlindLook('not-configured', `${file} does not exist here`, { cause: error });
  if (code === 'EACCES' || code === 'EPERM')
    return new BlindLook('denied', `${file} may not be read by this user`, { cause: error });
  return new BlindLook('unreadable', `${file}: ${(error as Error).message}`, { cause: error });
}

/** Whole lines from the end of a file, oldest first; `truncated` when older ones were left unread. */
export async function tailLines(file: string, maxBytes = TAIL_BYTES): Promise<{ lines: string[]; truncated: boolean }> {
  const handle = await open(file, 'r').catch((error: unknown) => {
    throw blindFile(file, error);
  });
  try {
    const { size } = await handle.stat();
    const from = Math.max(0, size - maxBytes);
    const buffer = Buffer.alloc(size - from);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, from);
    const lines = buffer.subarray(0, bytesRead).toString('utf8').split('\n');
    if (from > 0) lines.shift(); // most likely half a line
    if (lines.at(-1) === '') lines.pop();
    return { lines, truncated: from > 0 };
  } catch (error) {
    throw blindFile(file, error); // a folder can be opened, but not read
  } finally {
    await handle.close();
  }
}
