import { type ParseArgsConfig, parseArgs } from 'node:util';
import { reasonOf, TriageError } from '../../diagnostics/errors.ts';
import { emptyInventory, type Inventory, loadInventory } from '../../proxy/inventory/inventory.ts';
import { type InventorySource, inventorySource } from '../../proxy/kubernetes/source.ts';
import { readSince } from '../listeners/since.ts';

type Options = NonNullable<ParseArgsConfig['options']>;

/** Reads a command's flags strictly. Throws TriageError `wrong-usage` with the reason and how it is used. */
export function readArgs<const T extends Options>(
  args: string[],
  usage: string,
  options: T,
  positionals: { min: number; max: number },
) {
  let parsed: ReturnType<typeof parseArgs<{ args: string[]; options: T; allowPositionals: true; strict: true }>>;
  try {
    parsed = parseArgs({ args, options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new TriageError('wrong-usage', `${reasonOf(error).split('. ')[0]}\nusage: ${usage}`, { cause: error });
  }
  const count = parsed.positionals.length;
  if (count < positionals.min || count > positionals.max) {
    throw new TriageError(
      'wrong-usage',
      `${count < positionals.min ? 'something is missing' : `one argument too many: ${parsed.positionals.at(-1)}`}\nusage: ${usage}`,
    );
  }
  return parsed;
}

/** `20s`, `500ms`, `2m`. */
export function readDuration(text: string, flag: string): number {
  const match = /^(\d{1,7})(ms|s|m)$/.exec(text);
  const ms = match ? Number(match[1]) * { ms: 1, s: 1_000, m: 60_000 }[match[2] as 'ms' | 's' | 'm'] : 0;
  if (ms < 1 || ms > 600_000)
    throw new TriageError('wrong-usage', `${flag}: ${text} is no time such as 20s (at most 10m)`);
  return ms;
}

/** `30m`, `4h`, `2d` or an ISO time. */
export function readSinceFlag(text: string | undefined, now: Date): string | null {
  if (text === undefined) return null;
  const since = readSince(text, now.getTime());
  if (!since)
    throw new TriageError('wrong-usage', `--since: ${text} is neither 30m, 4h, 2d nor an ISO time in the past`);
  return since;
}

/** The inventory of `--inventory`, its warnings on stderr; the empty one without the flag. */
export async function readInventory(file: string | undefined): Promise<Inventory> {
  if (file === undefined) return emptyInventory();
  const inventory = await loadInventory(file);
  for (const warning of inventory.warnings) process.stderr.write(`warning: ${warning}\n`);
  return inventory;
}

/**
 * Runs something with the inventory of `--inventory`, completed by the cluster that it names; what was begun for that is
 * ended afterwards.
 */
export async function withInventory<T>(
  file: string | undefined,
  use: (source: InventorySource) => Promise<T>,
): Promise<T> {
  const source = await inventorySource(await readInventory(file));
  try {
    return await use(source);
  } finally {
    source.close();
  }
}

/** Exactly one JSON document on stdout. */
export const printJson = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
