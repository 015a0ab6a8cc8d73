import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { reasonOf, TriageError } from '../../diagnostics/errors.ts';
import { type JudgeParts, judge } from '../../diagnostics/judge.ts';
import type { SavedCase } from '../../diagnostics/types.ts';
import type { Incident } from './incident.ts';

/** What an incident's world showed once: enough to judge it again in milliseconds, as often as one likes. */
interface SavedRun {
  saved: SavedCase;
  /** How long the looks took, ms. */
  durationMs: number;
  /** The seed of that run, where it had one. */
  seed?: number | null;
}

const fileOf = (dir: string, id: string): string => join(dir, `${encodeURIComponent(id)}.json.gz`);
/** A run's evidence, unpacked, never needs more. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Keeps a run for `readRun`. */
export async function saveRun(dir: string, incident: Incident, run: SavedRun): Promise<void> {
  await mkdir(dir, { recursive: true });
  await writeFile(fileOf(dir, incident.id), gzipSync(JSON.stringify(run)));
}

/** Throws TriageError `unreadable` where a folder holds no run of these incidents: of nothing, nothing can be wrong. */
export async function someSaved(dir: string, incidents: readonly Incident[]): Promise<void> {
  const names = await readdir(dir).catch((error: unknown) => {
    throw new TriageError('unreadable', `${dir}: ${reasonOf(error)}`, { cause: error });
  });
  const there = new Set(names);
  if (!incidents.some(({ id }) => there.has(basename(fileOf(dir, id)))))
    throw new TriageError('unreadable', `${dir}: no evidence of these incidents; --save DIR keeps it`);
}

/** A run that was kept, judged by today's code; null: none is there. Throws TriageError `unreadable` naming the file. */
export async function readRun(dir: string, incident: Incident): Promise<SavedRun | null> {
  const file = fileOf(dir, incident.id);
  let packed: Buffer;
  try {
    packed = await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new TriageError('unreadable', `${file}: ${reasonOf(error)}`, { cause: error });
  }
  try {
    const run = JSON.parse(gunzipSync(packed, { maxOutputLength: MAX_BYTES }).toString()) as SavedRun;
    return { ...run, saved: { ...run.saved, verdict: judgeAgain(run.saved) } };
  } catch (error) {
    throw new TriageError('unreadable', `${file}: ${reasonOf(error)}`, { cause: error });
  }
}

/** Pure: what today's judge says to a saved case; with other `parts`, what a damaged one says. */
export function judgeAgain(saved: SavedCase, parts?: JudgeParts): SavedCase['verdict'] {
  const { path, evidence, changes, verdict } = saved;
  return judge(
    {
      case: saved.case,
      path,
      evidence,
      changes,
      durationMs: verdict.durationMs,
      ...(verdict.looks && { looks: verdict.looks }),
    },
    parts,
  );
}
