import type { HomeView, KnownBlock } from '@slack/types';
import type { Inventory } from '../../proxy/inventory/inventory.ts';
import type { CaseRecord, Score } from '../../workers/cases.ts';
import { context, section } from './message.ts';
import { clock, plain } from './mrkdwn.ts';

/** App Home: the managed proxies, what is open, and how often the suspicion was right. */
export function homeView(inventory: Inventory, recent: CaseRecord[], score: Score): HomeView {
  const proxies = Object.values(inventory.hops).filter((hop) => hop.hop === 'proxy');
  const open = recent.filter((record) => record.state === 'open');
  const done = recent.filter((record) => record.state === 'finished').slice(0, 10);
  const blocks: KnownBlock[] = [
    section(`*The score*\n${scoreLine(score)}`),
    section(
      `*Managed proxies*\n${list(proxies.slice(0, 30), (hop) => `• ${plain(hop.name)} (${plain(hop.kind)}): ${count(hop.instances.length, 'instance')}`)}`,
    ),
    section(
      `*Open cases*\n${list(open.slice(0, 20), (record) => `• ${plain(record.case.target.host)} since ${clock(record.startedAt)} UTC`)}`,
    ),
    section(`*Last answers*\n${list(done, doneLine)}`),
    context('Ask with `/ingress-check`, a mention, or _Triage this message_ on any message.'),
  ];
  return { type: 'home', blocks };
}

function scoreLine(score: Score): string {
  if (score.cases === 0) return 'No case yet.';
  const of = (answer: string) => score.byAnswer[answer] ?? 0;
  const blamed =
    score.blamed === 0
      ? ''
      : ` A proxy was accused by name ${count(score.blamed, 'time')}; it was guilty in ${score.guilty}.`;
  return `${count(score.cases, 'case')}: the ingress in ${of('ingress')}, something else or nothing in ${of('not-ingress')}, open in ${of('inconclusive')}.${blamed}`;
}

function doneLine(record: CaseRecord): string {
  const link = record.message.permalink;
  const says = plain(record.verdict?.headline ?? record.case.target.host);
  return `• ${says}${link === null ? '' : ` <${link}|thread>`}`;
}

function list<T>(items: T[], line: (item: T) => string): string {
  return items.length === 0 ? 'None.' : items.map(line).join('\n');
}

function count(n: number, word: string): string {
  return `${n} ${word}${n === 1 ? '' : 's'}`;
}
