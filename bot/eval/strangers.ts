import { readFile } from 'node:fs/promises';
import { table } from './markdown.ts';
import type { Scored } from './score.ts';

/** A set of incidents by somebody who had not seen the rules, as it was judged before anything was mended for it. */
export interface StrangersSet {
  /** The day, ISO. */
  at: string;
  incidents: number;
  right: number;
  partly: number;
  open: number;
  wrong: number;
  /** Of the wrong ones, those at a confidence of 0.7 or more. */
  confidently: number;
  about: string;
}

const FILE = new URL('strangers.tsv', import.meta.url);

/** Pure: the sets that a table holds, a line each. */
export const setsIn = (text: string): StrangersSet[] =>
  text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [at = '', ...rest] = line.split('\t');
      const [incidents = 0, right = 0, partly = 0, open = 0, wrong = 0, confidently = 0] = rest.slice(0, 6).map(Number);
      return { at, incidents, right, partly, open, wrong, confidently, about: rest[6] ?? '' };
    });

/** The sets so far. Throws what reading a file throws. */
export const strangersSets = async (): Promise<StrangersSet[]> => setsIn(await readFile(FILE, 'utf8'));

const sum = (sets: StrangersSet[], part: keyof StrangersSet): number =>
  sets.reduce((total, one) => total + Number(one[part]), 0);

/** Pure: how strangers' incidents fared, and those that nobody mends anything for. */
export function strangersSection(sets: StrangersSet[], heldOut: Scored[]): string {
  const row = (name: string, some: StrangersSet[], about: string): (string | number)[] => [
    name,
    ...(['incidents', 'right', 'partly', 'open', 'wrong', 'confidently'] as const).map((part) => sum(some, part)),
    about,
  ];
  const rows = [...sets.map((one) => row(one.at, [one], one.about)), row('all', sets, '')];
  return `Written by hands that had not seen the rules; what each was told at first sight, before anything was mended for it. They are a part
of the suite since.

${table(['', 'incidents', 'right', 'only the answer', 'open', 'wrong', 'of these at 0.7 or more', 'about'], rows)}
${heldOut.length ? `\n${heldOutPart(heldOut)}\n` : ''}`;
}

const WAYS = ['right', 'only the answer right', 'open', 'wrong'] as const;

function heldOutPart(scored: Scored[]): string {
  const ways = Map.groupBy(scored, ({ right, got }): (typeof WAYS)[number] =>
    right.answer && right.hop && right.cause
      ? 'right'
      : got?.answer === 'inconclusive'
        ? 'open'
        : right.answer
          ? 'only the answer right'
          : 'wrong',
  );
  const lines = WAYS.map((way) => {
    const some = ways.get(way) ?? [];
    const names = some.map(
      (one) => `\`${one.id}\`${way === 'right' ? '' : ` (${one.got?.cause ?? one.got?.answer}, ${one.confidence})`}`,
    );
    return `- ${way}: ${some.length}${some.length ? `: ${names.join(', ')}` : ''}`;
  });
  return `**Held out.** ${scored.length} more by such a hand, newer than the rules, lie in \`test/held-out\`. They teach nothing and nothing is mended for them, so that
this stays a measure:

${lines.join('\n')}`;
}
