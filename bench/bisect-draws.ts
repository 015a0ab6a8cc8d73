import { decide, nextAsks } from '../diagnostics/bisect/decide.ts';
import type { Stage } from '../diagnostics/bisect/model.ts';
import { dice } from './dice.ts';

/** A path and a fault on it, for simulation. */
export interface Faulty {
  /** How many members each stage has, outermost first. */
  path: number[];
  /** The stage with the fault, and how many of its members have it. */
  stage: number;
  bad: number;
  /** Share of users' requests that fail. */
  rate: number;
}

/** How one way of asking fared over many seeds; shares of the seeds. */
export interface Fared {
  /** The right stage was named. */
  placed: number;
  /** The right stage, and exactly the members that have the fault. */
  named: number;
  /** Another stage was named. */
  wrong: number;
  /** Requests, without the first four at each place: mean and the 95th percentile. */
  requests: number;
  p95: number;
}

/** What a way of asking ends with: a stage and its members, or nothing. */
type Answer = { stage: number; bad: number[] } | null;

const FIRST = 4;
const empty = (path: number[]): Stage[] =>
  path.map((members, t) => ({
    name: String(t),
    sites: Array.from({ length: members }, (_, m) => ({ id: `${t}.${m}`, ok: 0, failed: 0 })),
  }));

/** The path as it answers: draws requests at a place and counts them. */
function world(
  one: Faulty,
  seed: number,
): { stages: Stage[]; ask: (t: number, m: number, n: number) => void; made: () => number } {
  const roll = dice(seed * 7_919 + one.stage * 131 + one.bad * 17 + one.path.length);
  const stages = empty(one.path);
  const members = one.path[one.stage] as number;
  const own = Math.min(0.98, (one.rate * members) / one.bad);
  const first = seed % members;
  const has = (m: number): boolean => (m - first + members) % members < one.bad;
  let made = 0;
  const ask = (t: number, m: number, n: number): void => {
    const failing = t > one.stage ? 0 : t < one.stage ? (own * one.bad) / members : has(m) ? own : 0;
    const site = (stages[t] as Stage).sites[m] as Stage['sites'][number];
    for (let i = 0; i < n; i++) {
      made++;
      if (roll() < failing) site.failed++;
      else site.ok++;
    }
  };
  for (const [t, stage] of stages.entries()) for (const m of stage.sites.keys()) ask(t, m, FIRST);
  made = 0;
  return { stages, ask, made: () => made };
}

/** Ours: each round is chosen by what is still unknown. */
function chosen(w: ReturnType<typeof world>): Answer {
  let decision = decide(w.stages);
  for (;;) {
    const asks = nextAsks(w.stages, decision);
    if (asks.length === 0) break;
    for (const { stage, site, count } of asks) w.ask(stage, site, count);
    decision = decide(w.stages);
  }
  return decision.is === 'placed' ? decision.placed : null;
}

/** What is done by hand: as many requests at every place, and the innermost place that fails is it. */
const fixed =
  (each: number) =>
  (w: ReturnType<typeof world>): Answer => {
    for (const [t, stage] of w.stages.entries()) for (const m of stage.sites.keys()) w.ask(t, m, each - FIRST);
    const failing = w.stages.map((stage) => [...stage.sites.keys()].filter((m) => (stage.sites[m]?.failed ?? 0) > 0));
    const stage = failing.findLastIndex((members) => members.length > 0);
    return stage < 0 ? null : { stage, bad: failing[stage] as number[] };
  };

/** The ways of asking that are compared. */
export const WAYS = { ours: chosen, 'fixed 16': fixed(16), 'fixed 100': fixed(100) } as const;
export type Way = keyof typeof WAYS;

/** Simulates one way of asking over seeds. */
export function fared(one: Faulty, way: Way, seeds: number): Fared {
  let [placed, named, wrong] = [0, 0, 0];
  const requests: number[] = [];
  const members = one.path[one.stage] as number;
  for (let seed = 0; seed < seeds; seed++) {
    const w = world(one, seed);
    const answer = WAYS[way](w);
    requests.push(w.made());
    if (answer === null) continue;
    if (answer.stage !== one.stage) {
      wrong++;
      continue;
    }
    placed++;
    const first = seed % members;
    const truth = [...Array(members).keys()].filter((m) => (m - first + members) % members < one.bad);
    if (answer.bad.join() === truth.join()) named++;
  }
  requests.sort((a, b) => a - b);
  return {
    placed: placed / seeds,
    named: named / seeds,
    wrong: wrong / seeds,
    requests: Math.round(requests.reduce((a, b) => a + b, 0) / seeds),
    p95: requests[Math.floor(seeds * 0.95)] as number,
  };
}
