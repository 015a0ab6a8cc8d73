import type { Change } from '../../diagnostics/types.ts';
import { clock, plain } from '../blocks/mrkdwn.ts';

/** More lines than this are a log, not an answer. */
const MOST = 12;
const MAX_SUMMARY = 160;

/** Pure: what changed, newest first, with who did it where that is known. `of`: a host or "the ingress"; `from`: ISO. */
export function changesText(
  changes: readonly Change[],
  options: { of: string; from: string; until: string; blind: string | null },
): string {
  const { of, from, until, blind } = options;
  const within = changes
    .filter((one) => Date.parse(one.at) >= Date.parse(from) && Date.parse(one.at) <= Date.parse(until) + 60_000)
    .sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
  const unseen = blind === null ? '' : `\n*Not seen:* ${plain(blind)}.`;
  const since = stamp(from, until);
  if (within.length === 0)
    return `${blind === null ? 'Nothing changed' : 'I know of no change'} on the path of ${plain(of)} since ${since}.${unseen}`;
  const lines = within.slice(0, MOST).map((one) => `• ${changeLine(one, until)}`);
  const more = within.length > MOST ? `\n_and ${within.length - MOST} more before_` : '';
  const head = `*${within.length} ${within.length === 1 ? 'change' : 'changes'} on the path of ${plain(of)} since ${since}, newest first:*`;
  return `${head}\n${lines.join('\n')}${more}${unseen}`;
}

/** Pure: one change as a line: when, what, by whom. */
export function changeLine(one: Change, now: string): string {
  const summary = one.summary.length > MAX_SUMMARY ? `${one.summary.slice(0, MAX_SUMMARY)}…` : one.summary;
  const by = one.by ? `, by ${plain(one.by)}` : ', nobody said by whom';
  return `${stamp(one.at, now)}: ${plain(one.object)} (${plain(one.kind)}): ${plain(summary.replace(/\.$/, ''))}${by}`;
}

/** `14:03 UTC`, with the day where it is another. */
export function stamp(at: string | number, now: string | number): string {
  const day = new Date(at).toISOString().slice(0, 10);
  return `${day === new Date(now).toISOString().slice(0, 10) ? '' : `${day} `}${clock(at)} UTC`;
}
