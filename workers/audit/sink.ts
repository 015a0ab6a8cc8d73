import { type FileHandle, open } from 'node:fs/promises';

/** Where lines go beside the store. */
export interface Sink {
  write: (lines: readonly string[]) => Promise<void>;
  close: () => Promise<void>;
}

/** A file that lines are appended to, readable by its owner alone; `stdout`; or nothing. Opened at the first line. */
export function sinkTo(file: string | null): Sink {
  if (file === null) return { write: async () => {}, close: async () => {} };
  if (file === 'stdout')
    return {
      write: (lines) =>
        new Promise((resolve, reject) => {
          if (lines.length === 0) return resolve();
          process.stdout.write(`${lines.join('\n')}\n`, (error) => (error ? reject(error) : resolve()));
        }),
      close: async () => {},
    };
  let handle: FileHandle | null = null;
  return {
    async write(lines) {
      if (lines.length === 0) return;
      handle ??= await open(file, 'a', 0o600);
      // One write for all: two processes that append to the same file never mix their lines.
      await handle.appendFile(`${lines.join('\n')}\n`);
    },
    async close() {
      await handle?.close();
      handle = null;
    },
  };
}
