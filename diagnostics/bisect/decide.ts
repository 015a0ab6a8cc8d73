import { type Belief, believe, membersAtFault, type Stage } from './model.ts';

/** This sure, and no further request is made for it. */
const SURE = 0.98;
const MEMBER_SURE = 0.98;
/** Requests answered in front before "nothing fails": a fault of one in twenty would have shown in 99 of 100 such tries. */
export const CLEAN = 90;
/** Requests at one place at most: what is rarer than that is for logs to tell. */
export const MOST_AT_ONE = 240;
/** Requests of one case at all places together, the first looks among them. */
const MOST_IN_ALL = 900;
/** Requests at one stage in one round. */
const BATCH = 4;

/** Where requests begin to fail, and in which of the members there. */
interface Placed {
  stage: number;
  /** How sure, 0 to 1. */
  sure: number;
  /** Members that fail and members that do not; who is in neither cannot be told yet. */
  bad: number[];
  good: number[];
}

/** What the counts allow to say: it is placed, nothing fails often enough to be seen, or more requests are needed. */
export type Decision =
  | { is: 'placed'; placed: Placed }
  | { is: 'nothing' }
  | { is: 'open'; belief: Belief; leading: Placed | null };

/** Requests to make next, all at once: how many at which member of which stage. */
export interface Ask {
  stage: number;
  site: number;
  count: number;
}

/** Pure: what may be said of where requests begin to fail. */
export function decide(stages: Stage[]): Decision {
  const belief = believe(stages);
  const stage = belief.at.indexOf(Math.max(...belief.at));
  const sure = belief.at[stage] as number;
  const none = stages.every((s) => s.sites.every((site) => site.failed === 0));
  const front = stages[0]?.sites.reduce((sum, site) => sum + site.ok, 0) ?? 0;
  if (none && front >= CLEAN) return { is: 'nothing' };
  if (none || sure < 0.5) return { is: 'open', belief, leading: null };
  const members = membersAtFault(stages, stage);
  const bad = [...members.keys()].filter((m) => (members[m] as number) >= MEMBER_SURE);
  const good = [...members.keys()].filter((m) => (members[m] as number) <= 1 - MEMBER_SURE);
  const placed = { stage, sure, bad, good };
  if (sure >= SURE && bad.length > 0 && bad.length + good.length === members.length) return { is: 'placed', placed };
  return { is: 'open', belief, leading: placed };
}

const entropy = (p: number): number => (p <= 0 || p >= 1 ? 0 : -p * Math.log2(p) - (1 - p) * Math.log2(1 - p));

/** What one more request at stage `t` is expected to tell about which stage it is, bits. */
function worthOf(belief: Belief, t: number): number {
  const failing = belief.failing[t] as number[];
  const mean = belief.at.reduce((sum, p, s) => sum + p * (failing[s] as number), belief.none * 0.002);
  const known = belief.at.reduce((sum, p, s) => sum + p * entropy(failing[s] as number), belief.none * entropy(0.002));
  return Math.max(0, entropy(mean) - known);
}

/** Spreads requests over members, those asked least first, none beyond its limit. */
function spread(stages: Stage[], stage: number, among: number[], closed: ReadonlySet<string>): Ask[] {
  const sites = (stages[stage] as Stage).sites;
  const left = among
    .filter((m) => sites[m] && !closed.has(sites[m].id) && sites[m].ok + sites[m].failed < MOST_AT_ONE)
    .sort((a, b) => total(sites[a]) - total(sites[b]));
  if (left.length === 0) return [];
  const each = Math.max(1, Math.floor(BATCH / left.length));
  return left.slice(0, BATCH).map((site) => ({ stage, site, count: each }));
}
const total = (site?: { ok: number; failed: number }): number => (site ? site.ok + site.failed : 0);

/**
 * Pure: the next requests, or none when nothing more can be learnt. Two neighbouring stages are asked at the same moment,
 * so that a fault that comes and goes meets both: the one where a request tells most, and the better of its neighbours.
 * @param closed sites where no more requests should be made (a limit by rate was met, or nobody answers in time)
 */
export function nextAsks(stages: Stage[], decision: Decision, closed: ReadonlySet<string> = new Set()): Ask[] {
  const made = stages.flatMap((s) => s.sites).reduce((sum, site) => sum + total(site), 0);
  if (decision.is !== 'open' || made >= MOST_IN_ALL) return [];
  const { belief, leading } = decision;
  const everyone = (s: number): number[] => [...(stages[s] as Stage).sites.keys()];
  if (leading && leading.sure >= SURE) {
    const unsure = everyone(leading.stage).filter((m) => !leading.bad.includes(m) && !leading.good.includes(m));
    return spread(stages, leading.stage, unsure.length ? unsure : everyone(leading.stage), closed);
  }
  const worth = stages.map((_, t) => (spread(stages, t, everyone(t), closed).length ? worthOf(belief, t) : -1));
  const best = worth.indexOf(Math.max(...worth));
  if ((worth[best] as number) < 0) return [];
  // Until a failure is seen, what users meet is all there is to look at.
  const unseen = stages.every((s) => s.sites.every((site) => site.failed === 0));
  const around = unseen ? [] : [best - 1, best + 1].filter((t) => (worth[t] ?? -1) >= 0);
  const partner = around.sort((a, b) => (worth[b] as number) - (worth[a] as number))[0];
  return [best, ...(partner === undefined ? [] : [partner])].flatMap((t) => spread(stages, t, everyone(t), closed));
}
