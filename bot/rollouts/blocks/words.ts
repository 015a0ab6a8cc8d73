import type { Decision, Rollout, RolloutRecord, Stage } from '../../../workers/rollouts/types.ts';
import { clip, plain } from '../../blocks/mrkdwn.ts';

/** Names of people by Slack id, as they were when they acted. Written out, since a mention would ping. */
export type Names = { [user: string]: string };

const MOST_NAMED = 2;

/** `10 %`, `all`: in lists of steps. */
export function shareText(stage: Stage): string {
  return stage.share >= 1 ? 'all' : `${percent(stage.share)} %`;
}

/** The same where it stands alone: `at 100 %`, since nobody says "running at all". */
export function partText(stage: Stage): string {
  return `${percent(stage.share)} %`;
}

/** Parts of a hundred without a tail of zeros: `0.5`, `10`. */
export function percent(share: number): string {
  return String(Math.round(share * 1000) / 10);
}

/** `10 %, 50 %, all` */
export function stagesText(stages: readonly Stage[]): string {
  return stages.map(shareText).join(', ');
}

/** `shop, billing and 14 others`: short names where they tell the hosts apart. Escaped. */
export function hostsText(hosts: readonly string[]): string {
  if (hosts.length === 0) return 'everything that it serves';
  const short = hosts.map((host) => host.split('.')[0] ?? host);
  const names = new Set(short).size === hosts.length && !short.includes('*') ? short : [...hosts];
  const shown = names.slice(0, MOST_NAMED + 1).map((name) => clip(plain(name), 120));
  if (names.length <= MOST_NAMED + 1) return enumerate(shown);
  return `${shown.slice(0, MOST_NAMED).join(', ')} and ${names.length - MOST_NAMED} others`;
}

/** `a`, `a and b`, `a, b and c` */
export function enumerate(words: readonly string[]): string {
  if (words.length < 2) return words[0] ?? '';
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

/** `1 person`, `2 people` */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString('en-US')} ${n === 1 ? one : many}`;
}

const SMALL = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];

/** Small numbers as words. */
export function inWords(n: number): string {
  return SMALL[n] ?? String(n);
}

/** Who: a plain name, escaped; never a mention. */
export function nameOf(user: string | null, names: Names): string {
  if (user === null) return 'somebody';
  return clip(plain(names[user] ?? 'somebody'), 80);
}

/** The stage under way, or null before the first. */
export function stageNow(record: RolloutRecord): Stage | null {
  return record.rollout.stages[record.stage] ?? null;
}

/** The last decision of these kinds; null: nobody decided so. */
export function lastDecision(record: RolloutRecord, ...kinds: Decision['what'][]): Decision | null {
  return record.decisions.findLast(({ what }) => kinds.includes(what)) ?? null;
}

/** Whether the stage under way is on hold: the last word was to wait. */
export function isHeld(record: RolloutRecord): boolean {
  const last = record.decisions.at(-1);
  return record.state === 'running' && last?.what === 'hold' && last.stage === record.stage;
}

/** What a person wrote, in one piece of at most `max` characters. Escaped. */
export function said(text: string, max = 1200): string {
  return clip(plain(text), max);
}

/** The title in one line. Escaped. */
export function titleOf(rollout: Rollout): string {
  return clip(plain(rollout.title), 200);
}
