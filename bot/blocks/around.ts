import type { Asked } from '../../workers/cases/asked.ts';
import type { CaseRecord } from '../../workers/cases.ts';
import { bold, clock, plain } from './mrkdwn.ts';

/** What stands around a case: who asked, what goes before it, which cases it is linked with. */
export interface Around {
  asked: Asked | null;
  /** Cases that go before it in the queue. */
  before: number;
  /** The case that it repeats. */
  again: Linked | null;
  /** The case that repeats it. */
  next: Linked | null;
  /** Rollouts that it fell into or that are on its path, a line each, as people wrote their titles. */
  rollouts: string[];
}

/** Another case, as far as it is named. */
interface Linked {
  /** When it ended or began, ms. */
  at: number;
  /** What it said; null: nothing yet. */
  headline: string | null;
  permalink: string | null;
}

export const NOTHING_AROUND: Around = { asked: null, before: 0, again: null, next: null, rollouts: [] };

/** `4 people, 2 channels asked: #a, #b.`, or what a storm consists of. Counts and places, no names: nobody is notified. Empty: one person. */
export function askedLine(asked: Asked | null): string {
  if (asked === null) return '';
  const { people, channels, hosts, reports } = asked;
  if (hosts.length > 1 || asked.storm) {
    const some = hosts.slice(0, 6).map(([host, n]) => `${plain(host)} ${n}`);
    const more = hosts.length > 6 ? `, and ${hosts.length - 6} more` : '';
    const who = people > 1 ? ` from ${people} people` : '';
    return `*${count(reports, 'report')} about ${count(hosts.length, 'host')} in ${span(asked.to - asked.from)}*${who}, ${count(channels.length, 'channel')}${sharedBy(asked)}. ${some.join(', ')}${more}.`;
  }
  if (people < 2 && channels.length < 2) return '';
  const where = channels.slice(0, 5).filter((id) => /^[CG][A-Z0-9]{2,}$/.test(id));
  const named = where.length === 0 ? '' : ` (${where.map((id) => `<#${id}>`).join(', ')})`;
  return `${count(Math.max(people, 1), 'person', 'people')}, ${count(channels.length, 'channel')}${named} asked; one answer for all.`;
}

function sharedBy({ shared, hosts }: Asked): string {
  if (hosts.length < 2) return '';
  if (shared.length === 0) return '; they share no hop that I know';
  const names = shared.slice(0, 4).map((hop) => `\`${plain(hop).replaceAll('`', '')}\``);
  return `; all hosts share ${names.join(', ')}`;
}

/** The links to what it repeats and to what repeats it. */
export function linkedLines(record: CaseRecord, around: Around): string[] {
  const { again, next } = around;
  const lines: string[] = [];
  const alert = /^\S+: alert firing\n([^\n]+)/.exec(record.place.user === null ? (record.case.report ?? '') : '');
  if (alert?.[1]) lines.push(`_Opened by the alert ${plain(alert[1])}._`);
  if (next !== null) lines.push(`${bold(`Again at ${clock(next.at)} UTC`)}${linkOf(next, 'the new case')}`);
  if (again !== null) {
    const said = record.verdict === null || again.headline === null ? '' : ` I said: ${plain(again.headline)}`;
    lines.push(`_It happened before, at ${clock(again.at)} UTC._${said}${linkOf(again, 'that case')}`);
  }
  if (record.alertEndedAt !== null) lines.push(`The alert ended at ${clock(record.alertEndedAt)} UTC.`);
  return lines;
}

function linkOf({ permalink }: Linked, words: string): string {
  return permalink === null || permalink === '' ? '' : ` <${permalink}|${words}>`;
}

/** What a rollout on the path has to do with it; empty: there is none. */
export function rolloutLine({ rollouts }: Around): string {
  return rollouts.slice(0, 2).map(plain).join('\n');
}

/** `3 cases before you.`; empty: none. */
export function placeLine(before: number): string {
  return before === 0 ? '' : `${count(before, 'case')} before you.`;
}

function span(ms: number): string {
  return ms < 90_000 ? `${Math.max(1, Math.round(ms / 1000))} s` : `${Math.round(ms / 60_000)} min`;
}

function count(n: number, word: string, many = `${word}s`): string {
  return `${n} ${n === 1 ? word : many}`;
}
