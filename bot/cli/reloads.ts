import { compareConfigs } from '../../proxy/config/compare.ts';
import type { ConfigDifference } from '../../proxy/config/difference.ts';
import { printJson, readArgs } from './options.ts';

const USAGE = './dev reloads BEFORE AFTER [--json]';
/** People read the first of many; a script reads all. */
const SHOWN = 200;
const MARK = { added: '+', removed: '-', changed: '~' } as const;

function asText(difference: ConfigDifference): string {
  if (difference.same) return 'The same, but for comments and white space.\n';
  if (difference.orderOnly) return 'Only an order differs that means nothing: a reload for this changes nothing.\n';
  const shown = difference.changes.slice(0, SHOWN);
  const left = difference.changes.length - shown.length;
  const lines = shown.map(
    (c) =>
      `${MARK[c.kind]} ${c.object} ${c.name}${c.before !== undefined || c.after !== undefined ? `: ${[c.before, c.after].filter((v) => v !== undefined).join(' -> ')}` : ''}`,
  );
  if (left > 0) lines.push(`and ${left} more; all of them with --json`);
  if (difference.endpointsOnly) lines.push('Only endpoints differ.');
  if (difference.namesOnly)
    lines.push(
      'Only names differ that the controller made up anew: objects were created again, what they say is the same.',
    );
  return `${lines.join('\n')}\n`;
}

/** `./dev reloads`: what really differs between two proxy configurations (DESIGN 4.6). */
export async function reloads(args: string[]): Promise<number> {
  const { values, positionals } = readArgs(args, USAGE, { json: { type: 'boolean' } }, { min: 2, max: 2 });
  const difference = await compareConfigs(positionals[0] as string, positionals[1] as string);
  if (values.json) printJson(difference);
  else process.stdout.write(asText(difference));
  return 0;
}
