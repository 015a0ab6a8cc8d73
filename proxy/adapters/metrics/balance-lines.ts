import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';

/** Longest line that is read whole; what is longer is cut, since no access log has such. */
const LINE_BYTES = 64 * 1024;
/** Most bytes that a compressed log may become. */
const UNPACKED_BYTES = 20 * 1024 ** 3;

/**
 * Lines of a file of any size, packed with gzip or not, oldest first. Memory stays that of one chunk and one line. A
 * packed file that breaks off gives what it holds. Throws what the file system throws.
 */
export async function* linesOf(file: string, head: Buffer): AsyncGenerator<string> {
  const raw = createReadStream(file, { highWaterMark: 256 * 1024 });
  const packed = head[0] === 0x1f && head[1] === 0x8b;
  const bytes = packed ? raw.pipe(createGunzip()) : raw;
  raw.on('error', (error) => bytes.destroy(error));
  let rest = '';
  let read = 0;
  const decoder = new TextDecoder('utf-8', { fatal: false });
  try {
    for await (const chunk of bytes as AsyncIterable<Buffer>) {
      read += chunk.length;
      if (packed && read > UNPACKED_BYTES) break;
      const text = rest + decoder.decode(chunk, { stream: true });
      const lines = text.split('\n');
      rest = (lines.pop() ?? '').slice(0, LINE_BYTES);
      for (const line of lines) yield line.length > LINE_BYTES ? line.slice(0, LINE_BYTES) : line;
    }
  } catch (error) {
    if (!packed || read === 0) throw error;
  } finally {
    raw.destroy();
  }
  if (rest !== '') yield rest;
}
