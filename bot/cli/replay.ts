import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import { reasonOf, TriageError } from '../../diagnostics/errors.ts';
import { judge, weigh } from '../../diagnostics/judge.ts';
import { priorsOf } from '../../diagnostics/priors.ts';
import type { SavedCase } from '../../diagnostics/types.ts';
import { ANSWER_EXIT } from './check.ts';
import { explainText } from './explain-text.ts';
import { printJson, readArgs } from './options.ts';
import { verdictText } from './verdict-text.ts';
import { readVotesExport } from './votes-export.ts';

const USAGE = './dev replay CASE.json [--explain] [--votes EXPORT.json] [--json]';
const MAX_BYTES = 64 * 1024 * 1024;

/** Enough of the shape to read a case again; the rest is what our own code wrote. */
const look = z.looseObject({
  check: z.string(),
  vantage: z.string(),
  hop: z.string(),
  at: z.looseObject({ hop: z.string() }),
  address: z.string(),
});
const savedSchema = z.looseObject({
  version: z.literal(1, 'is no version that I can read'),
  case: z.looseObject({
    version: z.literal(1),
    id: z.string(),
    at: z.string(),
    target: z.looseObject({ host: z.string(), port: z.number(), path: z.string() }),
    symptoms: z.looseObject({ kinds: z.array(z.string()) }),
  }),
  path: z.looseObject({
    host: z.string(),
    hops: z.array(z.looseObject({ name: z.string(), hop: z.string() })),
    others: z.array(z.looseObject({})),
  }),
  evidence: z.array(z.looseObject({ v: z.literal(1), look, startedAt: z.string() })),
  changes: z.array(z.looseObject({ at: z.string() })),
  verdict: z.looseObject({ answer: z.string(), durationMs: z.number() }),
});

/** Line of a JSON syntax error, where the message tells its position. */
function lineOfJsonError(message: string, text: string): number {
  const position = /position (\d+)/.exec(message);
  if (position) return text.slice(0, Number(position[1])).split('\n').length;
  // V8 quotes the place instead of counting to it; what ends too early ends at the last line.
  const quoted = /"([^"]{3,40})"\.\.\. is not valid JSON/.exec(message)?.[1];
  const at = quoted === undefined ? text.length : text.indexOf(quoted);
  return text.slice(0, Math.max(0, at)).split('\n').length;
}

/** Reads a saved case. Throws TriageError `unreadable` naming file, line and reason. */
async function readSavedCase(file: string): Promise<SavedCase> {
  const text = await stat(file)
    .then((s) => {
      if (s.size > MAX_BYTES) throw new Error(`${s.size} bytes are too many for a case`);
      return readFile(file, 'utf8');
    })
    .catch((error: unknown) => {
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      throw new TriageError('unreadable', `${file}: ${missing ? 'no such file' : reasonOf(error)}`, { cause: error });
    });
  let plain: unknown;
  try {
    plain = JSON.parse(text);
  } catch (error) {
    throw new TriageError('unreadable', `${file}:${lineOfJsonError(reasonOf(error), text)}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
  const parsed = savedSchema.safeParse(plain);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new TriageError(
      'unreadable',
      `${file}:1: no saved case: ${issue?.path.join('.') || 'the file'}: ${issue?.message}`,
    );
  }
  return parsed.data as unknown as SavedCase;
}

/** `./dev replay`: reads a saved case again, without IO: same evidence, same verdict. */
export async function replay(args: string[]): Promise<number> {
  const { values, positionals } = readArgs(
    args,
    USAGE,
    { explain: { type: 'boolean' }, json: { type: 'boolean' }, votes: { type: 'string' } },
    { min: 1, max: 1 },
  );
  const saved = await readSavedCase(positionals[0] as string);
  const input = {
    case: saved.case,
    path: saved.path,
    evidence: saved.evidence,
    changes: saved.changes,
    durationMs: saved.verdict.durationMs,
    ...(saved.verdict.looks && { looks: saved.verdict.looks }),
    ...(values.votes !== undefined && { priors: priorsOf(await readVotesExport(values.votes)) }),
  };
  const verdict = judge(input);
  const explained = values.explain ? explainText(weigh(input)) : null;
  if (values.json) printJson(explained === null ? verdict : { ...verdict, explanation: explained.split('\n') });
  else process.stdout.write(explained ?? verdictText(verdict));
  return ANSWER_EXIT[verdict.answer];
}
