import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import { reasonOf, TriageError } from '../../diagnostics/errors.ts';
import type { Told } from '../../diagnostics/priors.ts';
import { toldBy } from '../../workers/told.ts';
import { SAID, type VotedCase } from '../../workers/votes.ts';

const MAX_BYTES = 256 * 1024 * 1024;

/** Enough of the shape to learn from it; the rest is what `./dev votes --json` wrote. */
const exportSchema = z.looseObject({
  version: z.literal(1),
  cases: z.array(
    z.looseObject({
      verdicts: z.record(z.string(), z.looseObject({ answer: z.string(), cause: z.string().nullable() })),
      votes: z.array(
        z.looseObject({
          said: z.enum(SAID),
          cause: z.string().nullable(),
          run: z.number(),
          undoneAt: z.string().nullable(),
        }),
      ),
    }),
  ),
});

/** What `./dev votes --json` wrote, as what people say of each case. Throws TriageError `unreadable` naming the file. */
export async function readVotesExport(file: string): Promise<Told[]> {
  try {
    const { size } = await stat(file);
    if (size > MAX_BYTES) throw new Error(`${size} bytes are too many`);
    const { cases } = exportSchema.parse(JSON.parse(await readFile(file, 'utf8')));
    return (cases as unknown as VotedCase[]).flatMap((one) => toldBy(one) ?? []);
  } catch (error) {
    const why =
      error instanceof z.ZodError ? `no export of votes: ${error.issues[0]?.path.join('.')}` : reasonOf(error);
    throw new TriageError('unreadable', `${file}: ${why}`, { cause: error });
  }
}
