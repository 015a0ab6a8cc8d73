import { parseArgs } from 'node:util';
import { EXIT, reasonOf, TriageError } from '../diagnostics/errors.ts';
import { type DrainResult, runRow } from '../proxy/lab/drain/run.ts';
import { type DrainRow, leaveText, QUICK, TABLE } from '../proxy/lab/drain/table.ts';
import { LabError } from '../proxy/lab/lab-error.ts';

/** Requests a second; the leaving server gets half of them. */
const RATE = 200;
/** A quick run's second, s. */
const QUICK_UNIT = 0.25;

/**
 * `./dev bench drains [--quick] [--only TEXT] [--json]`: what a leaving proxy drops, predicted from configuration alone
 * beside what was counted, on real servers. Exit 1 when a prediction was wrong.
 */
export async function benchDrains(args: string[]): Promise<number> {
  try {
    const { values } = parseArgs({
      args,
      options: {
        json: { type: 'boolean' },
        quick: { type: 'boolean' },
        only: { type: 'string' },
        rate: { type: 'string' },
      },
    });
    const rate = Number(values.rate ?? RATE);
    if (!Number.isInteger(rate) || rate < 20 || rate > 2000)
      throw new TriageError('wrong-usage', '--rate takes 20 to 2000');
    const wanted = (row: DrainRow): boolean => !values.only || `${row.front} ${leaveText(row)}`.includes(values.only);
    const rows = (values.quick ? QUICK : TABLE).filter(wanted);
    if (!values.json) process.stdout.write(HEAD);
    const results: DrainResult[] = [];
    for (const row of rows) {
      const result = await runRow(row, { rate, unit: values.quick ? QUICK_UNIT : 1 }).catch((error) => {
        if (error instanceof LabError && error.missing === 'traefik') return null;
        throw error;
      });
      if (result) results.push(result);
      if (!values.json)
        process.stdout.write(result ? lineOf(result) : `${leaveText(row)}: skipped: Traefik is not here\n`);
    }
    const told = results.filter((r) => r.agrees !== null);
    const right = told.filter((r) => r.agrees).length;
    if (values.json) process.stdout.write(`${JSON.stringify({ rate, rows: results, right, told: told.length })}\n`);
    else
      process.stdout.write(
        `${right} of ${told.length} rows are as predicted from configuration alone; ${results.length - told.length} could not be told\n`,
      );
    return right === told.length ? 0 : 1;
  } catch (error) {
    process.stderr.write(`bench drains: ${reasonOf(error)}\n`);
    return error instanceof TriageError ? EXIT[error.code] : EXIT['our-bug'];
  }
}

const WIDTHS = [52, 6, 11, 48, 34, 8] as const;
const cells = (...texts: string[]): string =>
  `${texts
    .map((text, i) => text.padEnd(WIDTHS[i] ?? 0))
    .join('')
    .trimEnd()}\n`;
const HEAD = cells('what leaves', 'front', 'connection', 'predicted', 'counted', 'agree');

function lineOf({ row, predicted, counted, agrees }: DrainResult): string {
  const { most } = predicted.missing;
  const atMost = predicted.atMost ? ` (${most} s missing, at most ${predicted.atMost})` : '';
  const hows = Object.entries(counted.failures).map(([how, count]) => `${count} x ${how}`);
  return cells(
    leaveText(row),
    row.front,
    row.kept ? 'kept' : 'new',
    `${predicted.verdict}${atMost}`,
    `${counted.failed} of ${counted.sent}${hows.length ? `: ${hows.join(', ')}` : ''}`,
    agrees === null ? 'unknown' : agrees ? 'yes' : 'NO',
  );
}
