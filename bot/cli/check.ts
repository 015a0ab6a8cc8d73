import { writeFile } from 'node:fs/promises';
import { CHECKS, checkNamed } from '../../diagnostics/checks/index.ts';
import { reasonOf, TriageError } from '../../diagnostics/errors.ts';
import type { Answer, SavedCase } from '../../diagnostics/types.ts';
import { standingFeed } from '../../proxy/kubernetes/changes/standing.ts';
import { clusterReader } from '../../proxy/kubernetes/reader.ts';
import { triageInProcess } from '../../workers/in-process.ts';
import { inventoryOf, newCaseId, openCase, readReport, readTarget } from '../intake.ts';
import { caseHtml } from './case-html.ts';
import { printJson, readArgs, readDuration, readSinceFlag, withInventory } from './options.ts';
import { verdictText } from './verdict-text.ts';

/** Exit codes of commands that end in a verdict. */
export const ANSWER_EXIT: Record<Answer, number> = { 'not-ingress': 0, ingress: 10, inconclusive: 20 };

const USAGE =
  './dev check TARGET [--report TEXT] [--inventory FILE] [--since 30m] [--only CHECK,…] [--deadline 20s] [--json] [--html FILE] [--save FILE]';
const DEADLINE = '20s';

function readOnly(text: string | undefined): string[] | null {
  if (text === undefined) return null;
  const wanted = text.split(',').map((id) => id.trim());
  const unknown = wanted.find((id) => !checkNamed(id));
  if (unknown !== undefined)
    throw new TriageError(
      'wrong-usage',
      `--only: there is no check ${unknown}; there are ${CHECKS.map((c) => c.id).join(', ')}`,
    );
  return wanted;
}

async function write(file: string, text: string): Promise<void> {
  await writeFile(file, text).catch((error: unknown) => {
    throw new TriageError('unavailable', `${file} cannot be written: ${reasonOf(error)}`, { cause: error });
  });
}

/** Nothing was let through: then there is no verdict to give, only a line to add to `allow`. */
function refuseIfNothingAllowed(saved: SavedCase): void {
  const rows = saved.evidence.filter((row) => row.look.vantage === 'public' && row.look.check === 'path-bisect');
  const denied = rows.filter((row) => row.blind?.reason === 'not-allowed');
  if (rows.length && denied.length === rows.length && saved.evidence.every((row) => row.blind)) {
    throw new TriageError('not-allowed', denied[0]?.blind?.detail ?? `${saved.case.target.host} may not be probed`);
  }
}

/** `./dev check`: one triage in this process. */
export async function check(args: string[]): Promise<number> {
  const { values, positionals } = readArgs(
    args,
    USAGE,
    {
      report: { type: 'string' },
      inventory: { type: 'string' },
      since: { type: 'string' },
      only: { type: 'string' },
      deadline: { type: 'string' },
      json: { type: 'boolean' },
      html: { type: 'string' },
      save: { type: 'string' },
    },
    { min: 0, max: 1 },
  );
  const target = positionals[0];
  if (target === undefined && values.report === undefined)
    throw new TriageError('wrong-usage', `what shall I check?\nusage: ${USAGE}`);
  const now = new Date();
  const since = readSinceFlag(values.since, now);
  const only = readOnly(values.only);
  const deadlineMs = readDuration(values.deadline ?? DEADLINE, '--deadline');
  const saved = await withInventory(values.inventory, async (source) => {
    const known = source.known();
    const told =
      values.report === undefined ? null : readReport(values.report, { at: now.toISOString(), tz: null }, known);
    const named = target === undefined ? told : readTarget(target, known);
    if (!named) throw new TriageError('wrong-usage', `${target} is no URL, host or host:port`);
    const reading = { ...(told ?? named), places: named.places, since: since ?? told?.since ?? null };
    const inventory = await inventoryOf(source, reading);
    const opened = openCase(reading, {
      id: newCaseId(now),
      at: now.toISOString(),
      report: values.report ?? null,
      inventory,
      deadlineMs,
      only,
    });
    if ('missing' in opened)
      throw new TriageError('wrong-usage', `the report names no host that I know; name one: ${USAGE}`);
    if ('refused' in opened) throw new TriageError('not-allowed', opened.refused);
    return triageInProcess(
      opened.case,
      inventory,
      (error) => process.stderr.write(`our own bug: ${reasonOf(error)}\n`),
      source.view && clusterReader(source.view),
      { logs: source.logs, feed: source.view && standingFeed(source.view) },
    );
  });
  refuseIfNothingAllowed(saved);
  if (values.save !== undefined) await write(values.save, `${JSON.stringify(saved, null, 1)}\n`);
  if (values.html !== undefined) await write(values.html, caseHtml(saved));
  if (values.json) printJson(saved.verdict);
  else process.stdout.write(verdictText(saved.verdict));
  return ANSWER_EXIT[saved.verdict.answer];
}
