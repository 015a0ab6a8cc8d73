import type { ProxyHistory } from '../../diagnostics/io/proxy-sample.ts';
import type { Interval, SideCounts } from '../../diagnostics/rollout/types.ts';
import type { Change, EvidenceRow, Verdict } from '../../diagnostics/types.ts';
import type { RolloutRecord } from '../../workers/rollouts/types.ts';
import { partText } from '../rollouts/blocks/words.ts';
import { bounded, type Line, type Mark, type Timeline } from './timeline.ts';

/** Reloads of one proxy that are told apart; beyond it is a storm, which the words say. */
const MOST_RELOADS = 6;

/**
 * Pure: what the proxies' counters say of a case over time, out of its evidence. Null: no history is among it, or it is only of two
 * samples taken during the case, which is no time to look at.
 */
export function timelineOfCase(
  evidence: readonly EvidenceRow[],
  changes: readonly Change[],
  verdict: Verdict,
): Timeline | null {
  const found = evidence.flatMap((row) => {
    if (row.look.check !== 'traffic-over-time' || row.blind) return [];
    const history = row.data as unknown as ProxyHistory;
    return history.source === 'two samples' || history.steps.length < 2
      ? []
      : [{ name: row.look.at.part ?? row.look.at.hop, history }];
  });
  // What is nearest to the host first: numbers of whole proxies beside those of one host would compare two things.
  const nearest = (['host', 'service', 'proxy'] as const).find((scope) =>
    found.some((one) => one.history.scope === scope),
  );
  const shown = found.filter((one) => one.history.scope === nearest);
  if (shown.length === 0) return null;
  const times = shown.flatMap(({ history }) => [Date.parse(history.from), Date.parse(history.to)]);
  const counted = {
    host: verdict.target.host,
    service: `services of ${verdict.target.host}`,
    proxy: 'all that the proxy serves',
  };
  return bounded({
    title: `5xx answers: ${counted[nearest ?? 'proxy']}`,
    from: Math.min(...times),
    to: Math.max(...times),
    lines: shown.map(({ name, history }) => ({ name, points: history.steps.map(pointOf) })),
    gaps:
      shown.length === 1 ? (shown[0]?.history.gaps ?? []).map(stretch) : commonGaps(shown.map((one) => one.history)),
    marks: [
      ...shown.flatMap(({ name, history }) => marksOf(name, history)),
      ...changes.map(changeMark),
      ...onsetOf(verdict),
    ],
  });
}

const stretch = (gap: { from: string; to: string }) => ({ from: Date.parse(gap.from), to: Date.parse(gap.to) });

/** A hole of one proxy shows in its own line; only what none of them counted is a hole of the picture. */
function commonGaps(histories: readonly ProxyHistory[]): { from: number; to: number }[] {
  const [first, ...others] = histories.map((one) => one.gaps.map(stretch));
  return others.reduce(
    (common, gaps) =>
      common.flatMap((a) =>
        gaps
          .map((b) => ({ from: Math.max(a.from, b.from), to: Math.min(a.to, b.to) }))
          .filter(({ from, to }) => to > from),
      ),
    first ?? [],
  );
}

function pointOf(step: ProxyHistory['steps'][number]) {
  const from = Date.parse(step.at);
  const bad = Object.entries(step.errors).reduce((sum, [status, n]) => sum + (status.startsWith('5') ? n : 0), 0);
  return { from, to: from + step.ms, requests: step.requests, bad };
}

function marksOf(name: string, history: ProxyHistory): Mark[] {
  const anew = history.resets.map(({ at, why }): Mark => {
    const kind = why === 'reload' ? 'reload' : 'restart';
    return { at: Date.parse(at), kind, label: why === 'unknown' ? `${name} began anew` : `${kind} ${name}` };
  });
  const reloads = history.steps
    .filter((step) => (step.reloads ?? 0) > 0 || (step.failedReloads ?? 0) > 0)
    .slice(-MOST_RELOADS)
    .map((step): Mark => {
      const refused = (step.failedReloads ?? 0) > 0;
      return { at: Date.parse(step.at), kind: 'reload', label: refused ? `reload refused ${name}` : `reload ${name}` };
    });
  return [...anew, ...reloads];
}

const changeMark = (change: Change): Mark => ({
  at: Date.parse(change.at),
  kind: /reload/i.test(change.kind) ? 'reload' : 'change',
  label: `${change.kind} ${change.object.split('/').at(-1) ?? change.object}`,
});

const onsetOf = ({ onset }: Verdict): Mark[] =>
  onset === null ? [] : [{ at: Date.parse(onset.at), kind: 'onset', label: 'it began' }];

/**
 * Pure: what a rollout's watch counted on both sides over its stages, from the proxies' counters where they were read, else from our
 * probes. `stages`: the intervals of each stage, -1 (before the first) included. `since`: where it begins if nothing was counted
 * earlier, ms. Null: nothing was counted.
 */
export function timelineOfRollout(
  record: RolloutRecord,
  stages: ReadonlyMap<number, readonly Interval[]>,
  since = Number.POSITIVE_INFINITY,
): Timeline | null {
  const all = [...stages.keys()].sort((a, b) => a - b).flatMap((index) => stages.get(index) ?? []);
  const source = all.some((one) => one.source === 'counters' && !one.unread?.includes('errors'))
    ? 'counters'
    : 'probes';
  const used = all.filter((one) => one.source === source && !one.unread?.includes('errors'));
  const [first, last] = [used[0], used.at(-1)];
  if (!first || !last) return null;
  const line = (name: string, side: (one: Interval) => SideCounts): Line => ({
    name,
    points: used.map((one) => ({
      from: Date.parse(one.from),
      to: Date.parse(one.to),
      requests: side(one).requests,
      bad: side(one).errors,
    })),
  });
  const { old, fresh } = record.rollout;
  return bounded({
    title: source === 'counters' ? 'Failed requests by side' : 'Failed requests by side (our probes)',
    from: Math.min(Date.parse(first.from), since),
    to: Date.parse(last.to),
    lines: [line(`new: ${fresh.title}`, (one) => one.fresh), line(`old: ${old.title}`, (one) => one.old)],
    gaps: gapsBetween(used),
    marks: record.rollout.stages.flatMap((stage, index): Mark[] => {
      const was = record.stages[index];
      return was ? [{ at: Date.parse(was.startedAt), kind: 'stage', label: partText(stage).replace(' ', ' ') }] : [];
    }),
  });
}

/** Holes between intervals that are longer than two of them. */
function gapsBetween(intervals: readonly Interval[]): { from: number; to: number }[] {
  return intervals.flatMap((one, i) => {
    const before = intervals[i - 1];
    if (!before) return [];
    const [end, begin] = [Date.parse(before.to), Date.parse(one.from)];
    const usual = Math.max(Date.parse(one.to) - begin, 1000);
    return begin - end > 2 * usual ? [{ from: end, to: begin }] : [];
  });
}
