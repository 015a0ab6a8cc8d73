import type { Interval, SideCounts, StageJudgement } from '../../../diagnostics/rollout/types.ts';
import type { Instance, PathHop } from '../../../diagnostics/types.ts';
import { blankHop, blankInstance } from '../../../proxy/inventory/blank.ts';
import { emptyInventory, type Inventory } from '../../../proxy/inventory/inventory.ts';
import { nothing } from '../../../workers/rollouts/merge.ts';
import type { Decision, Rollout, RolloutRecord } from '../../../workers/rollouts/types.ts';

export const T0 = Date.parse('2026-11-24T10:00:00Z');
export const iso = (ms: number): string => new Date(ms).toISOString();

/** A rollout as somebody would announce it. */
export function aRollout(over: Partial<Rollout> = {}): Rollout {
  return {
    version: 1,
    id: `r-20261124-${crypto.randomUUID().slice(0, 8)}`,
    title: 'Traefik 2.10.7 → 3.7',
    why: '2.10 sometimes answers in clear text on its TLS port.',
    notice: '',
    undo: '`weight new=0`, under a minute',
    hosts: ['shop.example.test'],
    channels: ['C0000001'],
    old: { hop: 'old', instances: null, title: 'Traefik 2.10.7' },
    fresh: { hop: 'new', instances: null, title: 'Traefik 3.7' },
    stages: [0.1, 0.5, 1].map((share) => ({ share, at: null })),
    window: null,
    by: 'U0000001',
    noticed: null,
    createdAt: iso(T0),
    ...over,
  };
}

export const aDecision = (what: Decision['what'], stage: number, over: Partial<Decision> = {}): Decision => ({
  what,
  by: 'U0000001',
  at: iso(T0 + 60_000 * (stage + 2)),
  stage,
  reason: '',
  ...over,
});

export function aRecord(over: Partial<RolloutRecord> = {}): RolloutRecord {
  const rollout = over.rollout ?? aRollout();
  return {
    rollout,
    state: 'planned',
    stage: -1,
    stages: rollout.stages.map(() => null),
    decisions: [],
    cases: [],
    revision: 1,
    ...over,
  };
}

export const counts = (over: Partial<SideCounts> = {}): SideCounts => ({ ...nothing(), ...over });

/** What the `nth` stretch of ten seconds showed. */
export const anInterval = (nth: number, over: Partial<Interval> = {}): Interval => ({
  from: iso(T0 + nth * 10_000),
  to: iso(T0 + (nth + 1) * 10_000),
  source: 'counters',
  old: counts({ requests: 90, errors: 1 }),
  fresh: counts({ requests: 10 }),
  blind: [],
  ...over,
});

export const aJudgement = (over: Partial<StageJudgement> = {}): StageJudgement => ({
  result: 'not-enough-data',
  measures: [],
  because: [],
  needs: { requests: 2900, about: null },
  says: [],
  headline: 'Not enough to tell at 10 %: 212 requests on the new proxies, 1 error.',
  ...over,
});

/** Two proxies of one instance each, the old and the new side. */
export function aPair(
  over: { old?: Partial<Instance>; fresh?: Partial<Instance>; kind?: string; more?: Partial<PathHop> } = {},
): {
  inventory: Inventory;
  sides: Pick<Rollout, 'old' | 'fresh'>;
} {
  const hop = (name: string, part: string, instance: Partial<Instance> = {}): PathHop => ({
    ...blankHop(name, 'proxy', over.kind ?? 'traefik'),
    instances: [{ ...blankInstance(part), metrics: `http://127.0.0.1:9/${part}`, ...instance }],
    ...over.more,
  });
  const hops = { old: hop('old', 'old-1', over.old), new: hop('new', 'new-1', over.fresh) };
  const { old, fresh } = aRollout();
  return { inventory: { ...emptyInventory(), hops }, sides: { old, fresh } };
}
