import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { reasonOf, TriageError } from '../../diagnostics/errors.ts';
import type { Compared } from '../../diagnostics/probes/tls/compare.ts';

/** A saved probe has some tens of kilobytes. */
const MAX_SAVED = 4_000_000;

const suite = z.object({ id: z.string(), name: z.string() });
const negotiated = z.object({ version: z.string(), cipher: z.string(), id: z.string() }).nullable();
const saved = z.object({
  versions: z.array(z.string()),
  ciphers: z.record(z.string(), z.array(suite)),
  certificates: z.array(
    z.object({ subject: z.string(), keyType: z.string(), notAfter: z.string(), sha256: z.string() }),
  ),
  clients: z.array(z.object({ profile: z.string(), title: z.string(), result: z.string(), negotiated })),
});

/** A probe that was saved with --json. Throws TriageError `unreadable` naming the file and what is wrong with it. */
export function readSaved(file: string): Compared {
  try {
    if (statSync(file).size > MAX_SAVED) throw new Error(`larger than ${MAX_SAVED / 1_000_000} MB`);
    return saved.parse(JSON.parse(readFileSync(file, 'utf8'))) as unknown as Compared;
  } catch (error) {
    const why =
      error instanceof z.ZodError ? `no saved probe (${z.prettifyError(error).split('\n')[0]})` : reasonOf(error);
    throw new TriageError('unreadable', `${file}: ${why}; save one with ./dev tls HOST:PORT --json >${file}`, {
      cause: error,
    });
  }
}
