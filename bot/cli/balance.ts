import { readFile, stat } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { type BalanceGroup, balanceOf } from '../../diagnostics/balance.ts';
import { reasonOf, TriageError } from '../../diagnostics/errors.ts';
import { percent } from '../../diagnostics/wording.ts';
import { type Counts, countsIn, differenceOfCounts } from '../../proxy/adapters/metrics/balance-source.ts';
import { emptyInventory } from '../../proxy/inventory/inventory.ts';
import { pageOf } from '../../proxy/triage.ts';
import { printJson, readArgs } from './options.ts';
import { orNotAllowed } from './probe-target.ts';

const USAGE = './dev balance FILE|URL… [--kind KIND] [--json]';
const MAX_BYTES = 1024 * 1024 * 1024;
/** Between the two readings of a live page: counters are only ever used as differences, ms. */
const BETWEEN_MS = 5_000;
const LIMIT_MS = 15_000;

interface Balance {
  source: string;
  groups: BalanceGroup[];
}

async function countsOf(source: string, kind: string | null): Promise<Counts> {
  if (/^https?:\/\//i.test(source)) {
    const page = (): Promise<string> => orNotAllowed(pageOf(emptyInventory(), source, AbortSignal.timeout(LIMIT_MS)));
    const before = countsIn(source, await page(), kind);
    await wait(BETWEEN_MS);
    const after = countsIn(source, await page(), kind);
    const during = differenceOfCounts(before, after);
    const moved = [...during.values()].some((endpoints) => [...endpoints.values()].some((e) => e.requests > 0));
    // An idle proxy has nothing to compare: then its counters since its start are better than nothing.
    return moved ? during : after;
  }
  const text = await stat(source)
    .then((s) => {
      if (s.size > MAX_BYTES) throw new Error(`${s.size} bytes are too many; give its end`);
      return readFile(source, 'utf8');
    })
    .catch((error: unknown) => {
      throw new TriageError(
        'unreadable',
        `${source}: ${(error as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file' : reasonOf(error)}`,
        { cause: error },
      );
    });
  return countsIn(source, text, kind);
}

function asText({ source, groups }: Balance): string {
  const lines = [source];
  for (const group of groups) {
    const verdict =
      group.verdict === 'not-enough-data'
        ? `too few requests to say (${group.requests} of about ${group.needed})`
        : group.verdict;
    lines.push(
      `  ${group.service}: ${verdict}${group.kind ? ` (${group.kind})` : ''}${group.pValue === null ? '' : `, p = ${group.pValue.toPrecision(2)}`}`,
    );
    for (const e of group.endpoints)
      lines.push(
        `    ${e.address.padEnd(24)} ${String(e.requests).padStart(8)}  ${percent(e.share)}${e.errors ? `, ${e.errors} errors` : ''}`,
      );
  }
  return `${lines.join('\n')}\n`;
}

/** `./dev balance`: endpoint balance from metrics pages or access logs (DESIGN 4.5). */
export async function balance(args: string[]): Promise<number> {
  const { values, positionals } = readArgs(
    args,
    USAGE,
    { kind: { type: 'string' }, json: { type: 'boolean' } },
    { min: 1, max: 50 },
  );
  const results: Balance[] = [];
  for (const source of positionals) {
    const counts = await countsOf(source, values.kind ?? null);
    results.push({
      source,
      groups: [...counts].map(([service, endpoints]) => balanceOf(service, [...endpoints.values()])),
    });
  }
  if (values.json) printJson(results.length === 1 ? results[0] : results);
  else process.stdout.write(results.map(asText).join('\n'));
  return 0;
}
