import type { TiedCase } from '../../../workers/rollouts/types.ts';
import { clip, plain } from '../../blocks/mrkdwn.ts';
import { count, said } from './words.ts';

/** Reports that came in meanwhile, and how many people made them. */
export interface Complaints {
  cases: (TiedCase & { permalink: string | null })[];
  people: number;
}

const MOST_SHOWN = 5;

/** The headline of a verdict goes on after a comma; names keep their capitals. */
const inSentence = (why: string): string =>
  /^(Not|Nothing|It|The|Both|Began|No) /.test(why) ? `${why.charAt(0).toLowerCase()}${why.slice(1)}` : why;

/** `Reports: 2 people complained: 1 cleared, 1 open.`, then each with its thread. Empty when nobody did. */
export function complaintsText({ cases, people }: Complaints): string {
  if (cases.length === 0) return '';
  const of = (guilt: TiedCase['guilt']) => cases.filter((one) => one.guilt === guilt).length;
  const parts = (['confirmed', 'cleared', 'open'] as const)
    .filter((guilt) => of(guilt) > 0)
    .map((guilt) => `${of(guilt)} ${guilt}`);
  // What speaks against the rollout is read first.
  const order = { confirmed: 0, open: 1, cleared: 2 };
  const sorted = cases.toSorted((a, b) => order[a.guilt] - order[b.guilt] || a.at.localeCompare(b.at));
  const lines = sorted.slice(0, MOST_SHOWN).map((one) => {
    const host = clip(plain(one.host), 120);
    const where = one.permalink === null ? host : `<${one.permalink}|${host}>`;
    return `• ${where}: ${one.guilt}${one.why === '' ? '' : `, ${inSentence(said(one.why, 240))}`}`;
  });
  if (sorted.length > MOST_SHOWN) lines.push(`• and ${sorted.length - MOST_SHOWN} more`);
  const who = people > 0 ? `${count(people, 'person', 'people')} complained` : count(cases.length, 'report');
  return [`*Reports:* ${who}: ${parts.join(', ')}.`, ...lines].join('\n');
}
