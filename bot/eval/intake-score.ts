import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { reasonOf, TriageError } from '../../diagnostics/errors.ts';
import type { Inventory } from '../../proxy/inventory/inventory.ts';
import { readReport } from '../intake.ts';

const messageSchema = z.looseObject({
  text: z.string(),
  at: z.iso.datetime({ offset: true }),
  tz: z.string().nullish(),
  expect: z.looseObject({ report: z.boolean(), hosts: z.array(z.string()), since: z.string().nullable() }),
});

/** How well reports are read (DESIGN 4.8): shares between 0 and 1, null where there was nothing to judge. */
interface IntakeScore {
  messages: number;
  precision: number | null;
  recall: number | null;
  hosts: number | null;
  since: number | null;
  wrong: { line: number; expected: unknown; got: unknown; text: string }[];
}

const TEN_MINUTES = 600_000;
const MAX_BYTES = 64 * 1024 * 1024;

/** Scores one or more files of labelled messages. Throws TriageError `unreadable` with file, line and reason. */
export async function scoreIntake(files: string[], inventory: Inventory): Promise<IntakeScore> {
  const count = {
    messages: 0,
    claimed: 0,
    claimedRight: 0,
    reports: 0,
    found: 0,
    hostsRight: 0,
    said: 0,
    saidRight: 0,
  };
  const wrong: IntakeScore['wrong'] = [];
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch((error: unknown) => {
      throw new TriageError(
        'unreadable',
        `${file}: ${(error as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file' : reasonOf(error)}`,
        { cause: error },
      );
    });
    if (text.length > MAX_BYTES) throw new TriageError('unreadable', `${file}: larger than ${MAX_BYTES} bytes`);
    for (const [i, line] of text.split('\n').entries()) {
      if (line.trim() === '') continue;
      const message = readMessage(file, i + 1, line);
      const got = readReport(message.text, { at: message.at, tz: message.tz ?? null }, inventory);
      const { expect } = message;
      count.messages++;
      if (got.report) count.claimed++;
      if (got.report && expect.report) count.claimedRight++;
      const hostsRight = sameSet(got.hosts, expect.hosts);
      const sinceRight =
        expect.since === null ||
        (got.since !== null && Math.abs(Date.parse(got.since) - Date.parse(expect.since)) <= TEN_MINUTES);
      if (expect.report) {
        count.reports++;
        if (got.report) count.found++;
        if (hostsRight) count.hostsRight++;
        if (expect.since !== null) {
          count.said++;
          if (sinceRight) count.saidRight++;
        }
      }
      if (got.report !== expect.report || (expect.report && (!hostsRight || !sinceRight))) {
        wrong.push({
          line: i + 1,
          expected: expect,
          got: { report: got.report, hosts: got.hosts, since: got.since },
          text: message.text.slice(0, 200),
        });
      }
    }
  }
  const share = (part: number, whole: number): number | null => (whole ? part / whole : null);
  return {
    messages: count.messages,
    precision: share(count.claimedRight, count.claimed),
    recall: share(count.found, count.reports),
    hosts: share(count.hostsRight, count.reports),
    since: share(count.saidRight, count.said),
    wrong,
  };
}

function readMessage(file: string, line: number, text: string): z.infer<typeof messageSchema> {
  try {
    const parsed = messageSchema.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data;
    throw new Error(`${parsed.error.issues[0]?.path.join('.')}: ${parsed.error.issues[0]?.message}`);
  } catch (error) {
    throw new TriageError('unreadable', `${file}:${line}: ${reasonOf(error)}`, { cause: error });
  }
}

const sameSet = (a: string[], b: string[]): boolean => a.length === b.length && a.every((x) => b.includes(x));
