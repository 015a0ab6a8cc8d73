import type { CaseRecord } from '../../workers/cases.ts';
import type { Act } from '../../workers/people-rules.ts';
import { classifyFollowUp } from '../follow-ups/classify.ts';
import type { ListenerDeps } from '../listeners/deps.ts';

/** One thing that must be allowed. */
interface Needed {
  act: Act;
  hosts: string[];
}

/** Pure: what looking at a case's host once more needs: where no route leads to it, it is a probe as it was the first time. */
export function neededToLookAgain(record: CaseRecord): Needed[] {
  const hosts = [record.case.target.host];
  const ask: Needed = { act: 'ask', hosts };
  return record.path.hops.length === 0 ? [ask, { act: 'probe', hosts }] : [ask];
}

/**
 * What must be allowed for a reply under a case to be answered; empty: it asks us nothing. A word that sets off another run is as
 * much as asking for it, and a question about another host needs what a question about that host needs.
 */
export function neededForReply(
  text: string,
  record: CaseRecord,
  deps: Pick<ListenerDeps, 'intake' | 'inventory' | 'model'>,
): Needed[] {
  if (record.verdict === null) return [];
  const own = record.case.target.host;
  const { hosts } = deps.intake.readReport(text, { at: record.case.at, tz: null }, deps.inventory());
  const asked = classifyFollowUp(text, hosts, own);
  const ask: Needed = { act: 'ask', hosts: [own] };
  if (asked === null) return deps.model !== null && /\?\s*$/.test(text) ? [ask] : [];
  if (asked.kind === 'still-broken' || asked.kind === 'works-now') return neededToLookAgain(record);
  return asked.kind === 'other-host' ? [ask, { act: 'ask', hosts: [asked.host] }] : [ask];
}

/** The first refusal among what is needed; null: all of it is allowed. */
export function refusalOf(
  needed: readonly Needed[],
  who: { user: string | null; channel: string },
  way: string,
  deps: Pick<ListenerDeps, 'mayNot'>,
): string | null {
  const { user, channel } = who;
  for (const one of needed) {
    const no = deps.mayNot?.({ user, channel, ...one }, way) ?? null;
    if (no !== null) return no;
  }
  return null;
}
