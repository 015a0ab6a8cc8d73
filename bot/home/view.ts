import type { HomeView, KnownBlock } from '@slack/types';
import type { CaseRecord } from '../../workers/cases.ts';
import type { Vote } from '../../workers/votes.ts';
import { context, section } from '../blocks/message.ts';
import { clip, plain } from '../blocks/mrkdwn.ts';
import { knownText } from '../changes/text.ts';
import { pictureBlock } from '../pictures/upload.ts';
import { lineOf } from '../rollouts/blocks/texts.ts';
import { hour, moment } from '../rollouts/blocks/times.ts';
import type { HomeFacts } from './facts.ts';
import type { InstanceHealth, ProxyHealth } from './health.ts';
import { monthLines, scorePicture, scoreText } from './score.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const MOST_PROXIES = 15;
const MOST_OF_ONE = 6;
/** A share of 5xx that somebody should see at a glance. */
const NOTABLE = 0.01;
const MOST_SECTION = 2_400;
const AWAY = 'Could not be read just now; open this page again in a moment.';

/** App Home: what needs somebody first, then how the proxies are, what changed, and the score. `file`: the score's picture, uploaded. */
export function homeView(facts: HomeFacts, file: string | null = null): HomeView {
  const part = (title: string, text: string) => section(`*${title}*\n${clip(text, MOST_SECTION)}`);
  const listed = <T>(items: T[] | null, line: (item: T) => string, none: string) =>
    items === null ? AWAY : items.length === 0 ? none : items.map(line).join('\n');
  const blocks: KnownBlock[] = [
    ...firstSteps(facts),
    part(
      'Open cases',
      listed(facts.open, (record) => openLine(record, facts.now), 'None.'),
    ),
    part(
      'Rollouts',
      listed(
        facts.rollouts,
        ({ record, link }) => `• ${lineOf(record, link)}`,
        'None runs, none is planned. `/ingress-rollout` announces one.',
      ),
    ),
    part('Managed proxies', proxiesText(facts.proxies)),
    { type: 'divider' },
    ...changesBlocks(facts),
    { type: 'divider' },
    ...scoreBlocks(facts, file),
    part('Last answers', listed(facts.done, doneLine, 'None yet.')),
    context(
      `As of ${hour(new Date(facts.now).toISOString())}. Ask with \`/ingress-check\`, a mention, or _Triage this message_ on any message.`,
    ),
  ];
  return { type: 'home', blocks };
}

/** What a fresh install still needs, until the first case is over. */
function firstSteps({ proxies, hosts, triage, score }: HomeFacts): KnownBlock[] {
  if (score === null || score.cases > 0 || proxies === null) return [];
  const step = (isDone: boolean, n: number, todo: string, done: string) =>
    isDone ? `${n}. _Done:_ ${done}` : `${n}. ${todo}`;
  const named = `${count(proxies.length, 'proxy', 'proxies')} and ${count(hosts, 'host')} in the inventory.`;
  const lines = [
    step(
      proxies.length > 0 && hosts > 0,
      1,
      '*Name your proxies and hosts* in the inventory (`INVENTORY`, see docs/install.md); `./dev path HOST` shows what I make of it.',
      named,
    ),
    step(
      triage > 0,
      2,
      '*Invite me* to the channel where people complain, and list it under `channels.triage` in `CONFIG`: I answer there without being asked.',
      `reports in ${count(triage, 'channel')} are answered unasked.`,
    ),
    '3. *Ask me something:* `/ingress-check` and a host that works. A clear answer now is worth more than the first one in an outage.',
  ];
  return [section(`*Three steps and I can answer*\n${lines.join('\n')}`), { type: 'divider' }];
}

function openLine(record: CaseRecord, now: number): string {
  const host = clip(plain(record.case.target.host), 120);
  const link = record.message.permalink;
  const name = link ? `<${link}|${host.replaceAll('|', '/')}>` : host;
  const at = new Date(record.startedAt).toISOString();
  return `• ${name} since ${now - record.startedAt < DAY_MS / 2 ? hour(at) : moment(at)}`;
}

function proxiesText(proxies: ProxyHealth[] | null): string {
  if (proxies === null) return AWAY;
  if (proxies.length === 0) return 'None: the inventory names no proxy, so I can clear or convict nobody.';
  const lines = proxies.slice(0, MOST_PROXIES).map((proxy) => {
    const shown = proxy.instances.slice(0, MOST_OF_ONE).map(instanceText);
    const more = proxy.instances.length > MOST_OF_ONE ? ` · and ${proxy.instances.length - MOST_OF_ONE} more` : '';
    const instances = shown.length === 0 ? 'no instance is known' : `${shown.join(' · ')}${more}`;
    return `• *${clip(plain(proxy.name).replaceAll('*', ''), 80)}* (${clip(plain(proxy.kind), 30)}): ${instances}`;
  });
  if (proxies.length > MOST_PROXIES) lines.push(`and ${proxies.length - MOST_PROXIES} more`);
  return `${lines.join('\n')}\n_Failed: 5xx among all answers of the last 5 min, as the proxies count them._`;
}

function instanceText(one: InstanceHealth): string {
  const name = clip(plain(one.name), 60);
  if (one.is === 'not-asked') return `${name} not asked: ${clip(plain(one.why), 120)}`;
  const rate = one.ms === 0 ? 0 : (one.requests * 1000) / one.ms;
  const speed = `${rate >= 10 ? Math.round(rate).toLocaleString('en-US') : rate.toFixed(1)}/s`;
  const all = one.requests.toLocaleString('en-US');
  const failed =
    one.errors === null
      ? `${all} requests, without statuses`
      : `${one.errors.toLocaleString('en-US')} of ${all} failed`;
  const bad = one.errors !== null && one.errors > NOTABLE * one.requests ? `*${failed}*` : failed;
  const restarts = one.restarts === 0 ? '' : `, *began anew ${one.restarts === 1 ? 'once' : `${one.restarts} times`}*`;
  return `${name} ${bad}, ${speed}${restarts}`;
}

function changesBlocks({ changes, now }: HomeFacts): KnownBlock[] {
  if (changes === null) return [section(`*Changes in the last 24 hours*\n${AWAY}`)];
  return [section(clip(knownText(changes, { host: null, from: new Date(now - DAY_MS).toISOString(), now }), 2_800))];
}

function scoreBlocks({ score }: HomeFacts, file: string | null): KnownBlock[] {
  if (score === null) return [section(`*The score*\n${AWAY}`)];
  const picture = scorePicture(score);
  return [
    section(`*The score*\n${scoreText(score)}`),
    ...(file !== null && picture !== null ? [pictureBlock(file, picture.alt)] : []),
    ...(score.months.length > 0 ? [context(monthLines(score))] : []),
  ];
}

function doneLine({ record, votes }: { record: CaseRecord; votes: Vote[] }): string {
  const link = record.message.permalink;
  const says = clip(plain(record.verdict?.headline ?? record.case.target.host), 220);
  const words = votes.length === 0 ? '' : ` _${votesText(votes)}_`;
  return `• ${says}${link ? ` <${link}|thread>` : ''}${words}`;
}

/** `2 people: right; 1: it was the ingress`. */
function votesText(votes: Vote[]): string {
  const said = { right: 'right', ingress: 'it was the ingress', 'not-ingress': 'it was not the ingress' } as const;
  const counts = (['right', 'ingress', 'not-ingress'] as const)
    .map((one) => ({ one, n: votes.filter((vote) => vote.said === one).length }))
    .filter(({ n }) => n > 0);
  return counts
    .map(({ one, n }, i) => `${n}${i === 0 ? (n === 1 ? ' person' : ' people') : ''}: ${said[one]}`)
    .join('; ');
}

const count = (n: number, one: string, many = `${one}s`): string =>
  `${n.toLocaleString('en-US')} ${n === 1 ? one : many}`;
