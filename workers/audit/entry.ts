import { createHash } from 'node:crypto';
import { z } from 'zod';

/** What is kept of what happened. */
const AUDIT_KINDS = [
  /** Somebody asked, in whatever way; `is` says what became of it. */
  'question',
  /** The looks of one run were made, or a rollout is being probed. */
  'probes',
  /** Somebody may not do what they wished, or asked too much. */
  'refusal',
  /** Somebody said who was right. */
  'vote',
  /** A rollout was announced, or decided on. */
  'decision',
  /** Alertmanager called. */
  'webhook',
  /** The optional model was asked: what for and how it went, no text. */
  'model',
  /** A process began, or read its inventory again. */
  'configuration',
  /** Entries were removed for their age, or for space. */
  'trimmed',
  /** Entries were given up, since the store was away for too long. */
  'lost',
] as const;
export type AuditKind = (typeof AUDIT_KINDS)[number];

/** Before the first entry there is none. */
export const NO_PREV = '0'.repeat(64);
/** Of one entry, characters: what is more is left out, and said. */
const MOST_BODY = 4000;

const fact = z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.union([z.string(), z.number()]))]);
/** An entry as it is written: one line of JSON, whose SHA-256 is `prev` of the next one. */
export const entrySchema = z.object({
  v: z.literal(1),
  /** Counted over all processes, from 1, without gaps. */
  n: z.int().min(1),
  /** SHA-256 of the entry before, as it is written, in hex. */
  prev: z.string().regex(/^[0-9a-f]{64}$/),
  /** When it happened, ISO. */
  at: z.iso.datetime(),
  kind: z.enum(AUDIT_KINDS),
  process: z.string(),
  /** Slack's id of who did it; null: nobody in person. */
  by: z.string().nullable(),
  /** The channel where; null: nowhere. */
  in: z.string().nullable(),
  facts: z.record(z.string(), fact),
});
export type AuditEntry = z.infer<typeof entrySchema>;
export type Facts = AuditEntry['facts'];

/** An entry before its place in the chain is known. `once`: the same name is never written twice within a day. */
export type Draft = Omit<AuditEntry, 'v' | 'n' | 'prev'> & { once: string; onceS: number };

/** Pure: SHA-256 of an entry as it is written. */
export function digestOf(body: string): string {
  return createHash('sha256').update(body, 'utf8').digest('hex');
}

/** Pure: drafts as lines, each with its number and the digest of the one before; `hash` is the digest of the last. */
export function chained(
  drafts: readonly Draft[],
  head: { n: number; hash: string },
): { bodies: string[]; hash: string } {
  let { n, hash } = head;
  const bodies = drafts.map(({ once: _, onceS: __, ...draft }) => {
    n += 1;
    const body = bodyOf({ v: 1, n, prev: hash, ...draft });
    hash = digestOf(body);
    return body;
  });
  return { bodies, hash };
}

function bodyOf(entry: AuditEntry): string {
  const body = JSON.stringify(entry);
  return body.length <= MOST_BODY ? body : JSON.stringify({ ...entry, facts: { tooLong: body.length } });
}
