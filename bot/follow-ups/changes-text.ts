import type { Change } from '../../diagnostics/types.ts';
import { clock, plain } from '../blocks/mrkdwn.ts';

const MAX_SUMMARY = 160;

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
