import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { reasonOf, TriageError } from '../../diagnostics/errors.ts';
import { type AuditEntry, entrySchema } from '../../workers/audit/entry.ts';
import { auditStore } from '../../workers/audit/store.ts';
import { type Verified, verifier } from '../../workers/audit/verify.ts';
import type { RedisClient } from '../../workers/redis.ts';
import { printJson, readArgs, readSinceFlag } from './options.ts';
import { withRedis } from './redis.ts';

const USAGE = './dev audit [--since 7d] [--json] | ./dev audit --verify [FILE] [--json]';

/**
 * `./dev audit`: the log of who asked, decided and was refused what, as a table or one JSON document a line, exactly as it is kept.
 * `--verify` checks the whole chain, or that of an exported FILE, and exits 65 at the first entry that is missing or was changed.
 */
export async function audit(args: string[]): Promise<number> {
  const { values, positionals } = readArgs(
    args,
    USAGE,
    { since: { type: 'string' }, json: { type: 'boolean' }, verify: { type: 'boolean' } },
    { min: 0, max: 1 },
  );
  const [file] = positionals;
  if (file !== undefined && !values.verify)
    throw new TriageError('wrong-usage', `FILE goes with --verify\nusage: ${USAGE}`);
  if (values.verify && values.since) throw new TriageError('wrong-usage', `a chain is verified whole\nusage: ${USAGE}`);
  if (values.verify)
    return say(file === undefined ? await withRedis(verifyStore) : await verifyFile(file), values.json);
  const since = readSinceFlag(values.since, new Date());
  await withRedis(async (redis) => {
    const from = since === null ? null : Date.parse(since);
    // What was noted while the store was away is older than its place in the log, never newer.
    for await (const page of auditStore(redis).pages(from))
      for (const { body } of page) await print(body, since, values.json ?? false);
  });
  return 0;
}

async function print(body: string, since: string | null, json: boolean): Promise<void> {
  const read = entrySchema.safeParse(parsed(body));
  if (read.success && since !== null && read.data.at < since) return;
  // A line that was tampered with is exported as it is: whoever verifies will find it.
  const line = json ? body : read.success ? rowOf(read.data) : `?  not an entry: ${body.slice(0, 100)}`;
  if (!process.stdout.write(`${line}\n`)) await new Promise((resolve) => process.stdout.once('drain', resolve));
}

/** Pure: one entry as a row: number, time, kind, who, where, what. */
export function rowOf(entry: AuditEntry): string {
  const facts = Object.entries(entry.facts)
    .filter(([, value]) => value !== null && value !== '')
    .map(([name, value]) => `${name}=${Array.isArray(value) ? value.join(',') : JSON.stringify(value)}`);
  const columns = [
    String(entry.n).padStart(7),
    entry.at.slice(0, 19).concat('Z'),
    entry.kind.padEnd(13),
    (entry.by ?? '-').padEnd(12),
    (entry.in ?? '-').padEnd(12),
    facts.join(' '),
  ];
  // What people wrote must not move the terminal's cursor.
  return columns.join('  ').replace(/\p{Cc}/gu, ' ');
}

async function verifyStore(redis: RedisClient): Promise<Verified> {
  const found = await verifyOnce(redis);
  // A trim between the two readings looks like a hole; it is none the second time.
  return found.ok ? found : verifyOnce(redis);
}

async function verifyOnce(redis: RedisClient): Promise<Verified> {
  const store = auditStore(redis);
  // Before the pages: what is written meanwhile is beyond the head and not looked at.
  const head = await store.head();
  const check = verifier();
  for await (const page of store.pages(null))
    for (const { body } of page) {
      if ((entrySchema.safeParse(parsed(body)).data?.n ?? 0) > head.n) return check.end(head);
      check.push(body);
    }
  return check.end(head);
}

async function verifyFile(file: string): Promise<Verified> {
  const check = verifier();
  try {
    for await (const line of createInterface({
      input: createReadStream(file, 'utf8'),
      crlfDelay: Number.POSITIVE_INFINITY,
    }))
      if (line !== '') check.push(line);
  } catch (error) {
    throw new TriageError('unreadable', `${file}: ${reasonOf(error)}`, { cause: error });
  }
  return check.end(null);
}

function say(found: Verified, json: boolean | undefined): number {
  if (json) printJson(found);
  else if (found.ok && found.entries > 0)
    process.stdout.write(
      `The chain holds: ${found.entries} entries, ${found.from} to ${found.to}. The last one's SHA-256 is ${found.hash}.\n`,
    );
  else if (found.ok) process.stdout.write('The log is empty.\n');
  if (!found.ok) throw new TriageError('unreadable', `the chain is broken at ${found.at}: ${found.why}`);
  return 0;
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
