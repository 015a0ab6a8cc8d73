import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** A configuration file that could not be read, with its name in the message. */
export class ConfigFileError extends Error {
  readonly code: 'missing' | 'denied' | 'unreadable' | 'too-large';
  constructor(code: ConfigFileError['code'], message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'ConfigFileError';
    this.code = code;
  }
}

/**
 * Reads one configuration file. Only regular files: a pipe or a device named by an `include` would never end.
 * `maxBytes` bounds what is read even while the file grows. Throws ConfigFileError with the file's name.
 */
export async function readConfigText(file: string, maxBytes: number): Promise<string> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const found = await handle.stat();
    if (!found.isFile())
      throw new ConfigFileError('unreadable', `${file} is ${found.isDirectory() ? 'a folder' : 'no regular file'}`);
    if (found.size > maxBytes) throw new ConfigFileError('too-large', `${file}: ${found.size} bytes are too many`);
    const buffer = Buffer.alloc(found.size);
    let length = 0;
    while (length < buffer.length) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    const text = buffer.toString('utf8', 0, length);
    const nul = text.indexOf('\0');
    if (nul !== -1)
      throw new ConfigFileError('unreadable', `${file}:${lineAt(text, nul)}: a zero byte: this is no text`);
    return text;
  } catch (error) {
    if (error instanceof ConfigFileError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new ConfigFileError('missing', `${file}: no such file`, { cause: error });
    if (code === 'EACCES' || code === 'EPERM')
      throw new ConfigFileError('denied', `${file} may not be read by this user`, { cause: error });
    throw new ConfigFileError('unreadable', `${file}: ${code ?? (error as Error).message}`, { cause: error });
  } finally {
    await handle?.close();
  }
}

/** Line of an offset, counted from 1. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
}
