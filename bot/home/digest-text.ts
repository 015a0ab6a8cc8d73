import type { CaseRecord } from '../../workers/cases.ts';
import type { RolloutRecord } from '../../workers/rollouts/types.ts';
import { correctionOf, type PeoplesWord } from '../../workers/votes.ts';
import { context, type Message, messageOf } from '../blocks/message.ts';
import { bold, clip, plain } from '../blocks/mrkdwn.ts';
import type { Known } from '../changes/known.ts';
import { byObject } from '../changes/text.ts';
import type { Bars } from '../pictures/bars.ts';
import { barChart } from '../pictures/native.ts';
import { moment, withoutTokens } from '../rollouts/blocks/times.ts';
import { count, shareText, titleOf } from '../rollouts/blocks/words.ts';

/** A week as the store still knows it. */
export interface Week {
  /** ISO. */
  from: string;
  to: string;
  cases: CaseRecord[];
  /** Cases of this week that are not told one by one any more. */
  more: number;
  people: PeoplesWord[];
  rollouts: RolloutRecord[];
  changes: Known;
  /** Digests that were due before and were not sent, ISO. */
  missed: string[];
}

const DAY_MS = 24 * 60 * 60 * 1000;
const MOST_HOSTS = 5;
const MOST_OPEN = 5;
const MOST_ROLLOUTS = 5;
const MOST_OBJECTS = 5;
const STATES = {
  planned: 'planned',
  running: 'running',
  stopped: 'stopped',
  done: 'done',
  cancelled: 'called off',
} as const;

/** Pure: the weekly digest, one message. Quiet weeks are told in two lines. */
export function digestMessage(week: Week): Message {
  const { cases } = week;
  const total = cases.length + week.more;
  const span = `${dayOf(week.from)} to ${dayOf(week.to)}`;
  const paragraphs = [
    bold(`${scoreLine(week)} (the week of ${span})`),
    casesText(week),
    rolloutsText(week),
    changesText(week),
    openText(week),
  ];
  for (const at of week.missed)
    paragraphs.push(`_The digest of ${dayOf(at)} was not sent: no bot was running when it was due._`);
  const kept = paragraphs.filter((line) => line !== '');
  const chart = total === 0 ? null : barChart(casesByDay(week), 'cases');
  const tail = [
    ...(chart === null ? [] : [chart]),
    context('Once a week, as `digest` in CONFIG says. App Home has the months.'),
  ];
  return { text: messageOf(kept.map(withoutTokens)).text, blocks: messageOf(kept, tail).blocks };
}

function scoreLine({ cases, people }: Week): string {
  const blamed = cases.filter((one) => one.case.symptoms.suspects.length > 0);
  const guilty = blamed.filter((one) => firstAnswer(one) === 'ingress').length;
  const ids = new Set(blamed.map((one) => one.case.id));
  const { convicted, cleared } = correctionOf(people.filter((word) => ids.has(word.case)));
  const known = Math.max(0, guilty + convicted - cleared);
  if (cases.length === 0) return 'Nobody asked whether it is the ingress';
  if (blamed.length === 0) return `${count(cases.length, 'case')}, and nobody blamed the ingress by name`;
  return `The ingress was blamed ${blamed.length === 1 ? 'once' : `${blamed.length} times`} and guilty ${known === 0 ? 'never' : known === 1 ? 'once' : `${known} times`}`;
}

/** What the score counted: the answer of the first run. */
const firstAnswer = (one: CaseRecord): string | null => one.earlier[0]?.answer ?? one.verdict?.answer ?? null;

function casesText(week: Week): string {
  const { cases } = week;
  if (cases.length === 0) return '';
  const of = (answer: string) => cases.filter((one) => one.verdict?.answer === answer).length;
  const hosts = new Map<string, number>();
  for (const one of cases) hosts.set(one.case.target.host, (hosts.get(one.case.target.host) ?? 0) + 1);
  const top = [...hosts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, MOST_HOSTS);
  const more = week.more > 0 ? ` (${week.more} more are not looked into here)` : '';
  const asked = top.map(([host, n]) => `${clip(plain(host), 80)} ${n}`).join(', ');
  return `${count(cases.length, 'case')}${more}: the ingress in ${of('ingress')}, something else or nothing in ${of('not-ingress')}, not settled in ${of('inconclusive')}.\n*Most asked about:* ${asked}.`;
}

function rolloutsText({ rollouts }: Week): string {
  if (rollouts.length === 0) return '';
  const lines = rollouts.slice(0, MOST_ROLLOUTS).map((one) => {
    const stage = one.rollout.stages[one.stage];
    const at = stage && one.state !== 'done' ? ` at ${shareText(stage)}` : '';
    return `• ${titleOf(one.rollout)}: ${STATES[one.state]}${at}`;
  });
  const more = rollouts.length > MOST_ROLLOUTS ? `\nand ${rollouts.length - MOST_ROLLOUTS} more` : '';
  return `*Rollouts*\n${lines.join('\n')}${more}`;
}

function changesText({ changes }: Week): string {
  const { happened, blind } = changes;
  const groups = byObject(happened.filter(({ kind }) => kind !== 'rollout'));
  const total = groups.reduce((sum, { all }) => sum + all.length, 0);
  const names = groups.slice(0, MOST_OBJECTS).map(({ object, all }) => `${clip(plain(object), 80)} ${all.length}`);
  const more = groups.length > MOST_OBJECTS ? ` and ${groups.length - MOST_OBJECTS} others` : '';
  const told = total === 0 ? '' : `*Changes that I know of:* ${total}: ${names.join(', ')}${more}.`;
  const unseen =
    blind.length === 0
      ? ''
      : `*Not seen:* ${blind
          .slice(0, 3)
          .map((line) => clip(plain(line), 200))
          .join('; ')}.`;
  return [told, unseen].filter((line) => line !== '').join('\n');
}

function openText({ cases }: Week): string {
  const open = cases.filter(
    (one) => one.next === null && (one.state === 'open' || one.verdict?.answer === 'inconclusive'),
  );
  if (open.length === 0) return '';
  const lines = open.slice(0, MOST_OPEN).map((one) => {
    const link = one.message.permalink ? ` <${one.message.permalink}|thread>` : '';
    return `• ${moment(new Date(one.startedAt).toISOString())} ${clip(plain(one.verdict?.headline ?? one.case.target.host), 200)}${link}`;
  });
  const more = open.length > MOST_OPEN ? `\nand ${open.length - MOST_OPEN} more` : '';
  return `*What stayed open*\n${lines.join('\n')}${more}`;
}

/** Cases of each day, by what they were. */
function casesByDay({ cases, from, to }: Week): Bars {
  const days: { name: string; values: number[] }[] = [];
  for (let at = Date.parse(from); at < Date.parse(to) && days.length < 8; at += DAY_MS) {
    const within = cases.filter((one) => one.startedAt >= at && one.startedAt < at + DAY_MS);
    const of = (answer: string) => within.filter((one) => one.verdict?.answer === answer).length;
    days.push({
      name: dayOf(new Date(at).toISOString()),
      values: [of('ingress'), of('not-ingress'), of('inconclusive')],
    });
  }
  return { title: 'Cases by day', series: ['the ingress', 'something else, or nothing', 'not settled'], groups: days };
}

/** `Mon 16 Nov`, UTC. */
function dayOf(at: string): string {
  return new Date(at).toUTCString().slice(0, 11).replace(',', '').replace(/ 0/, ' ');
}
