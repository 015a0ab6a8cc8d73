import { clusterOf, kubectl, placeOf, refuseWithout, serviceAsked, serviceLooks, twoParts } from '../cluster-scope.ts';
import { type Draft, defineCheck, type ReadScope } from '../define-check.ts';
import type { EventFacts, WorkloadFacts } from '../io/cluster-reader.ts';
import { type Window, windowOf } from '../window.ts';
import { clock, shellWord } from '../wording.ts';

/** The autoscaler of a Service's workload, and what it did in the time in question. null: it has none. */
interface ScalingSeen {
  /** `namespace/name`. */
  scaler: { name: string; is: NonNullable<WorkloadFacts['autoscaler']>; workload: string } | null;
  events: EventFacts[];
}

interface Base {
  cluster: string | null;
  service: string;
  scaler: string;
  workload: string;
  current: number | null;
  desired: number | null;
  min: number | null;
  max: number;
  [key: string]: string | number | boolean | null;
}
interface ScalingFacts {
  AUTOSCALER_FLAPS: Base & { count: number; first: string; last: string; reason: string; now: string };
  AUTOSCALER_AT_LIMIT: Base;
  AUTOSCALER_QUIET: Base & { count: number };
}

/** So many changes of size in the time in question are more than a load that comes or goes. */
const FLAPS = 4;

function read(seen: ScalingSeen, scope: ReadScope): Draft<ScalingFacts>[] {
  const { scaler, events } = seen;
  if (!scaler) return [];
  const { current, desired, min, max } = scaler.is;
  const base = { ...placeOf(scope), scaler: scaler.name, workload: scaler.workload, current, desired, min, max };
  const rescales = events.filter((one) => one.reason === 'SuccessfulRescale');
  const count = rescales.reduce((sum, one) => sum + one.count, 0);
  const found: Draft<ScalingFacts>[] = [];
  if (count >= FLAPS)
    found.push({
      code: 'AUTOSCALER_FLAPS',
      facts: {
        ...base,
        count,
        first: rescales.map((one) => one.first ?? one.at).sort()[0] as string,
        last: rescales.at(-1)?.at as string,
        reason: rescales.at(-1)?.message ?? '',
        now: scope.case.at,
      },
    });
  if (current !== null && current >= max && (desired ?? 0) >= max)
    found.push({ code: 'AUTOSCALER_AT_LIMIT', facts: base });
  return found.length ? found : [{ code: 'AUTOSCALER_QUIET', facts: { ...base, count } }];
}

const describe = (f: Base): string => {
  const { namespace, bare } = twoParts(f.scaler);
  return kubectl(f.cluster, namespace, 'describe hpa', shellWord(bare));
};

/** Replicas that an autoscaler adds and takes: each time endpoints come and go behind the proxy. */
export const autoscaling = defineCheck<ScalingSeen, ScalingFacts>({
  id: 'autoscaling',
  title: 'What the autoscaler did',
  asks: 'Did an autoscaler change the number of replicas over and over, or has it none left to add?',
  vantages: ['inside'],
  budgetMs: 2_000,
  plan: (scope) =>
    serviceLooks('autoscaling', 'service', scope).map(({ look }) => ({
      look: { ...look, with: { ...look.with, window: { ...windowOf(scope.case) } } },
    })),
  async look(io, look, _address, signal) {
    const facts = await serviceAsked(io, look, signal);
    refuseWithout(facts, 'horizontalpodautoscalers');
    const { workload } = facts;
    if (!workload?.autoscaler) return { scaler: null, events: [] };
    const about = `HorizontalPodAutoscaler ${workload.autoscaler.name}`;
    const events = await clusterOf(io).events([about], look.with.window as unknown as Window, signal);
    return {
      scaler: {
        name: workload.autoscaler.name,
        is: workload.autoscaler,
        workload: `${workload.kind} ${workload.name}`,
      },
      events,
    };
  },
  read,
  findings: {
    AUTOSCALER_FLAPS: {
      hop: 'service',
      direction: 'context',
      title: 'The autoscaler changes the number of replicas over and over',
      says: (f) =>
        `HorizontalPodAutoscaler ${f.scaler} changed the size of ${f.workload} ${f.count} times between ${clock(f.first, f.now)} and ${clock(f.last, f.now)} (${f.reason}): each time endpoints come and go behind the proxy.`,
      next: (f) =>
        `Give HorizontalPodAutoscaler ${f.scaler} a longer stabilizationWindowSeconds, or a target further from the usual load.`,
      reproduce: describe,
    },
    AUTOSCALER_AT_LIMIT: {
      hop: 'app',
      direction: 'context',
      title: 'The autoscaler has no replicas left to add',
      says: (f) => `HorizontalPodAutoscaler ${f.scaler} has ${f.workload} at its limit of ${f.max} replicas.`,
      next: (f) => `See what loads ${f.workload}; raise maxReplicas of ${f.scaler} if it is real.`,
      reproduce: describe,
    },
    AUTOSCALER_QUIET: {
      hop: 'service',
      direction: 'context',
      title: 'The autoscaler did little',
      says: (f) =>
        `HorizontalPodAutoscaler ${f.scaler} ${f.count === 0 ? 'did not change' : 'changed'} the size of ${f.workload} ${f.count < 2 ? '' : `${f.count} times `}in the time in question (now ${f.current ?? 'unknown'}, at most ${f.max}).`,
      next: () => 'Nothing to do here.',
      reproduce: describe,
    },
  },
});
