import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DOUBTS, type Doubt, doubtOf } from '../../diagnostics/doubts.ts';
import { TriageError } from '../../diagnostics/errors.ts';
import type { Judged } from '../../diagnostics/judge.ts';
import type { Verdict } from '../../diagnostics/types.ts';
import { type Drawn, strengthOf } from './draws.ts';
import type { Kept } from './teeth.ts';

/**
 * What the judge said to an incident at first sight: the judge of the commit before the incident came, on what today's looks
 * saw. Nobody could have tuned it on that incident.
 */
export interface FirstSight {
  incident: string;
  answer: Verdict['answer'];
  hop: string | null;
  cause: string | null;
  strength: number;
  doubt: Doubt | null;
  /** `partly`: the answer alone is right. */
  outcome: 'right' | 'partly' | 'open' | 'wrong';
}

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const INCIDENTS = 'test/incidents';
const LIMIT = { timeout: 60_000, maxBuffer: 64 * 1024 * 1024 };

/** The commit that each incident's folder came with, in history's own order; empty where there is no history. */
async function cameWith(root: string): Promise<Map<string, string>> {
  const args = ['log', '--diff-filter=A', '--format=commit %H', '--name-only', '--', `${INCIDENTS}/*/incident.yaml`];
  const { stdout } = await run('git', args, { ...LIMIT, cwd: root }).catch(() => ({ stdout: '' }));
  const came = new Map<string, string>();
  let commit = '';
  for (const line of stdout.split('\n')) {
    if (line.startsWith('commit ')) commit = line.slice('commit '.length);
    else if (line.startsWith(`${INCIDENTS}/`)) came.set(line.split('/')[2] ?? '', commit);
  }
  return came;
}

type Judge = (input: Judged) => Verdict;

/** A judge that was broken in the commit before may be whole in one of so many before that. */
const MOST_BACK = 5;

/** The judge as it stood before a commit, unpacked to `dir`; null: there was none, or only its frame. */
async function judgeBefore(commit: string, dir: string, root: string): Promise<Judge | null> {
  for (let back = 1; back <= MOST_BACK; back++) {
    const folder = join(dir, `${commit}-${back}`);
    try {
      await mkdir(folder);
      await run('git', ['archive', '-o', `${folder}.tar`, `${commit}~${back}`, 'diagnostics'], { ...LIMIT, cwd: root });
      await run('tar', ['-xf', `${folder}.tar`, '-C', folder], LIMIT);
      await writeFile(join(folder, 'package.json'), '{"type":"module"}');
      const parts = (await import(join(folder, 'diagnostics/judge.ts'))) as { judge: Judge; weigh?: unknown };
      return parts.weigh ? parts.judge : null;
    } catch {
      // No such commit, no judge in it, or one that does not compile.
    }
  }
  return null;
}

/** First sights of incidents that are not among `known`, from the history of the repository at `root`; none where it has none. */
export async function firstSights(
  all: readonly Kept[],
  known: ReadonlySet<string>,
  root = ROOT,
): Promise<FirstSight[]> {
  const came = await cameWith(root);
  const fresh = all.flatMap((one) => {
    const commit = came.get(basename(one.incident.folder));
    return commit === undefined || known.has(one.incident.id) ? [] : [{ ...one, commit }];
  });
  const dir = await mkdtemp(join(tmpdir(), 'iti-first-sight-'));
  try {
    const sights: FirstSight[] = [];
    for (const [commit, group] of Map.groupBy(fresh, (one) => one.commit)) {
      const judge = await judgeBefore(commit, dir, root);
      if (judge) for (const one of group) sights.push(sightOf(one, judge));
    }
    return sights;
  } finally {
    await rm(dir, { recursive: true });
  }
}

function sightOf({ incident: { id, expect }, saved }: Kept, judge: Judge): FirstSight {
  const { case: triage, path, evidence, changes } = saved;
  const verdict = judge({ case: triage, path, evidence, changes, durationMs: 0 });
  const { answer, hop, cause } = verdict;
  const right = expect.answer.includes(answer);
  const wholly = right && expect.hop.includes(hop) && expect.cause.includes(cause);
  const outcome = wholly ? 'right' : right ? 'partly' : answer === 'inconclusive' ? 'open' : 'wrong';
  return { incident: id, answer, hop, cause, strength: strengthOf(verdict), doubt: doubtOf(verdict), outcome };
}

/** Pure: what a first sight teaches, where it claimed something. */
export const drawOfSight = ({ incident, answer, strength, doubt, outcome }: FirstSight): Drawn[] =>
  answer === 'inconclusive'
    ? []
    : [{ incident, kind: 'first-sight', raw: strength, doubt, right: outcome !== 'wrong', weight: 1 }];

const HEAD = `# What the judge said to each incident at first sight: the judge of the commit before it, on what today's looks saw. Written by
# \`./dev eval --calibrate --from DIR --write\`, which adds incidents that are not in it yet; a line that stands is never changed.
# Incident, answer, hop, cause, strength, doubt, outcome (bot/eval/first-sight.ts).
`;

/** Pure: first sights as lines, by name. */
export function sightsText(sights: readonly FirstSight[]): string {
  const lines = sights.map((one) =>
    [one.incident, one.answer, one.hop ?? '-', one.cause ?? '-', one.strength, one.doubt ?? '-', one.outcome].join(
      '\t',
    ),
  );
  return `${HEAD}${lines.sort().join('\n')}\n`;
}

const ANSWERS = ['ingress', 'not-ingress', 'inconclusive'] as const;
const OUTCOMES = ['right', 'partly', 'open', 'wrong'] as const;

/** Pure: what `sightsText` wrote. Throws TriageError `unreadable` with the line. */
export function readSights(text: string): FirstSight[] {
  const named = (value: string | undefined): string | null => (value === undefined || value === '-' ? null : value);
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [incident = '', said, hop, cause, strength, doubt, came] = line.split('\t');
      const [answer, outcome] = [ANSWERS.find((one) => one === said), OUTCOMES.find((one) => one === came)];
      if (!answer || !outcome || !(Number(strength) >= 0))
        throw new TriageError('unreadable', `first sights: ${line.slice(0, 80)}`);
      return {
        ...{ incident, answer, hop: named(hop), cause: named(cause), strength: Number(strength) },
        ...{ doubt: DOUBTS.find((one) => one === doubt) ?? null, outcome },
      };
    });
}
