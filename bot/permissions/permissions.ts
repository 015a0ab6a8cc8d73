import type { Logger } from 'pino';
import type { PeopleRules } from '../../workers/people-rules.ts';
import type { RolloutParts } from '../rollouts/parts.ts';
import { type Directory, type May, may, type Wish } from './may.ts';
import { refusalText } from './texts.ts';

/** Null: they may. Else the private word that says why not and whom to ask; the refusal is logged. `way`: how it was asked. */
export type MayNot = (wish: Wish, way: string) => string | null;

/** Before Slack told anything: no group has members. */
export const NO_DIRECTORY: Directory = { membersOf: () => null, channelOf: () => null };

/** Judges wishes by the rules of CONFIG and what Slack tells at that moment. */
export function permissions(parts: {
  rules: PeopleRules;
  directory: () => Directory;
  log: Logger;
  onRefusal?: (wish: Wish, way: string, no: Exclude<May, { ok: true }>) => void;
}): MayNot {
  return (wish, way) => {
    const directory = parts.directory();
    const answer = may(wish, parts.rules, directory);
    if (answer.ok) return null;
    parts.log.info({ act: wish.act, by: wish.user, channel: wish.channel, way, why: answer.why }, 'refused');
    parts.onRefusal?.(wish, way, answer);
    return refusalText(wish, answer, directory.channelOf);
  };
}

/** The same for rollouts: announcing and deciding are two acts. */
export function mayNotRollOut(mayNot: MayNot): NonNullable<RolloutParts['mayNot']> {
  return async ({ user, channel, record, hosts }) => {
    const about = record?.rollout.hosts ?? hosts ?? 'later';
    const act = record === null ? ('rollouts' as const) : ('decide' as const);
    return mayNot({ user, act, channel, hosts: about.length === 0 ? 'all' : about }, 'rollout');
  };
}
