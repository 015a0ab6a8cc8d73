import type { Finding } from '../../diagnostics/types.ts';
import type { CaseRecord } from '../../workers/cases.ts';
import { type Around, askedLine, linkedLines, NOTHING_AROUND, placeLine } from './around.ts';
import { type Message, messageOf } from './message.ts';
import { bold, clock, person, plain } from './mrkdwn.ts';

/** How far a run is. */
export interface Progress {
  done: number;
  total: number;
  /** What the looks have found so far, most telling first. */
  findings: Finding[];
}

/** Words that only a finished case may use. */
const FINAL = /it is the ingress|(most likely )?(not )?the ingress|nothing wrong|can't tell yet/i;

/** The message of a case that is under way. */
export function openedMessage(
  record: CaseRecord,
  progress: Progress,
  now: number,
  around: Around = NOTHING_AROUND,
): Message {
  const host = plain(record.case.target.host);
  const again = record.run > 1 ? ' again' : '';
  const asked =
    record.place.thread === null && record.place.user !== null ? ` ${person(record.place.user)} asked.` : '';
  const paragraphs = [`${bold(`Looking at ${host}${again}.`)}${asked} ${lineOf(record, progress, now, around)}`];
  const who = askedLine(around.asked);
  if (who !== '') paragraphs.push(who);
  const first = progress.findings
    .map((finding) => plain(finding.says))
    .filter((says) => !FINAL.test(says))
    .slice(0, 3);
  if (first.length > 0) paragraphs.push(`*So far:*\n${first.map((says) => `• ${says}`).join('\n')}`);
  const before = record.earlier.at(-1);
  if (before) paragraphs.push(`_Its answer of ${clock(before.at)} UTC is kept and will be named beside the new one._`);
  paragraphs.push(...linkedLines(record, around));
  return messageOf(paragraphs);
}

function lineOf(record: CaseRecord, { done, total }: Progress, now: number, around: Around): string {
  const hops = record.path.hops.map((hop) => plain(hop.name)).join(' → ');
  const way = hops === '' ? '' : ` along ${hops}`;
  if (done > 0) return `${done} of ${total} looks done${way}.`;
  if (around.before > 0) return `${placeLine(around.before)} ${total} looks${way} wait in the queue.`;
  if (now - record.startedAt > 5000) return `No worker has begun yet: ${total} looks wait in the queue.`;
  return total === 0 ? 'Nothing to look at is known for it.' : `${total} looks${way}, first findings in a moment.`;
}
