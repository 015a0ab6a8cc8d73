import type { StageJudgement, StageResult } from '../../../diagnostics/rollout/types.ts';
import type { Decision, Rollout, RolloutRecord } from '../../../workers/rollouts/types.ts';
import { aRecord as plainRecord } from '../../workers/rollouts/stand-ins.ts';

/** A rollout as a person would announce it. */
export function aRollout(over: Partial<Rollout> = {}): Rollout {
  return {
    version: 1,
    id: 'r-20261124-0000aaaa',
    title: 'Traefik 2.10.7 → 3.7',
    why: '2.10 sometimes answers in clear text on its TLS port.',
    notice: '',
    undo: 'one weight in the balancer, under a minute',
    oldClients: '3 scanners that speak only TLS 1.0, of warehouse stations 4, 7 and 9',
    hosts: ['shop', 'billing', ...Array.from({ length: 14 }, (_, i) => `app-${i}`)].map(
      (name) => `${name}.example.test`,
    ),
    channels: [],
    old: { hop: 'edge', instances: ['edge-1'], title: 'Traefik 2.10.7' },
    fresh: { hop: 'edge', instances: ['edge-2'], title: 'Traefik 3.7' },
    stages: [0.1, 0.5, 1].map((share) => ({ share, at: null })),
    window: { from: '2026-11-24T08:00:00.000Z', to: '2026-11-24T10:00:00.000Z' },
    by: 'UMAYA',
    noticed: null,
    createdAt: '2026-11-23T12:00:00.000Z',
    ...over,
  };
}

/** Planned, with nothing decided. */
export const aRecord = (over: Partial<RolloutRecord> = {}): RolloutRecord =>
  plainRecord({ rollout: aRollout(), ...over });

/** Under way at a stage that began at 10:00 UTC plus half an hour for each before it. */
export function running(
  stage: number,
  more: (Partial<Decision> & Pick<Decision, 'what' | 'stage'>)[] = [],
  judgement: StageJudgement | null = null,
): RolloutRecord {
  const at = (index: number) => new Date(Date.UTC(2026, 10, 24, 10, 30 * index)).toISOString();
  const record = aRecord({ state: 'running', stage });
  for (let i = 0; i <= stage; i++) {
    record.decisions.push({ what: i === 0 ? 'begin' : 'next-stage', by: 'UMAYA', at: at(i), stage: i - 1, reason: '' });
    record.stages[i] = {
      startedAt: at(i),
      endedAt: i < stage ? at(i + 1) : null,
      judgement: i === stage ? judgement : null,
      judgedAt: null,
    };
  }
  for (const one of more) {
    const decision = { by: 'UMAYA', at: at(one.stage + 1), reason: '', ...one };
    record.decisions = record.decisions.filter((was) => was.what !== one.what || was.stage !== one.stage);
    record.decisions.push(decision);
  }
  return record;
}

const HEADLINES: Record<StageResult, string> = {
  stop: 'Stop at 10 %: the new proxies lose 1.2 % of handshakes, the old ones 0.01 %.',
  'go-on': 'Go on at 10 %: 5,083 requests, nothing is worse than on the old side.',
  'not-enough-data': 'Not enough to tell at 10 %: 212 requests on the new proxies, 1 error.',
};

/** The judge's word on a stage. */
export function aJudgement(result: StageResult, headline = HEADLINES[result]): StageJudgement {
  return {
    result,
    measures: [],
    because: result === 'stop' ? ['61 of 5,083 handshakes fail against 2 of 20,110.'] : [],
    needs: result === 'not-enough-data' ? { requests: 2900, about: null } : null,
    says: ['61 of 5,083 against 2 of 20,110 since 10:04 UTC.'],
    headline,
  };
}
