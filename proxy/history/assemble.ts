import type { CannotTell, HistoryStep, ProxyHistory, ProxySample } from '../../diagnostics/io/proxy-sample.ts';
import type { Window } from '../../diagnostics/window.ts';
import { clockDifference, gapsOf, type Missed, periodOf } from './gaps.ts';
import { MOST_STEPS, merged } from './merge.ts';
import { type About, endpointsOf, latencyOf, requestsOf, type Scope, scopeOf } from './scope.ts';
import { type Reset, resetBetween, stepBetween } from './steps.ts';

/** Samples of one proxy, oldest first, and what is known of those that are missing. */
export interface Series {
  source: ProxyHistory['source'];
  samples: ProxySample[];
  missed: Missed[];
  /** Times of samples whose series cannot be compared with the one before. */
  breaks: string[];
  /** The period that was meant, ms; null: as they came. */
  everyMs: number | null;
  /** Why samples are missing where nothing noted it down. */
  otherwise: string;
  cannotTell: CannotTell[];
}

/** A clock this far off is corrected for, ms: HTTP's Date has whole seconds, and answers take their time. */
const CLOCK_MS = 2_000;
/** A history becomes one evidence row (256 KiB at most); characters of JSON that it may take. */
const MOST_CHARS = 180_000;

/** Most rows of the newest sample that go into a history. */
const LAST = { requests: 100, latency: 20, endpoints: 100, certificates: 20, tls: 40 } as const;

/** The newest sample, of what the scope is about, bounded; its last reload by our clock. */
function lastOf(sample: ProxySample, scope: Scope, clockMs: number): ProxySample {
  const { lastAt } = sample.reloads;
  const ours = lastAt !== null && clockMs !== 0 ? new Date(Date.parse(lastAt) - clockMs).toISOString() : lastAt;
  const busiest = <T extends { count: number }>(rows: T[], most: number): T[] =>
    rows.toSorted((a, b) => b.count - a.count).slice(0, most);
  const kinds = ['total', 'upstream', 'connect'] as const;
  return {
    ...sample,
    requests: busiest(requestsOf(sample, scope), LAST.requests),
    latency: busiest(
      kinds.flatMap((kind) => latencyOf(sample, kind, scope)),
      LAST.latency,
    ),
    endpoints: endpointsOf(sample.endpoints, scope).slice(0, LAST.endpoints),
    certificates: sample.certificates.slice(0, LAST.certificates),
    tls: busiest(sample.tls, LAST.tls),
    reloads: { ...sample.reloads, lastAt: ours },
    ...(sample.retries && { retries: sample.retries.slice(0, LAST.endpoints) }),
    ...(sample.means && { means: sample.means.slice(0, LAST.endpoints) }),
  };
}

const WIDER: { [kind in Scope['kind']]: CannotTell[] } = {
  host: [],
  service: [
    {
      what: 'requests to this host alone: the numbers are of its services, which other hosts may share',
      hint: "name the proxy's access log (accessLog:) in the inventory: it has every request's host",
    },
  ],
  proxy: [
    {
      what: 'requests to this host: the numbers are of everything that the proxy serves',
      hint: "name the proxy's access log (accessLog:) in the inventory: it has every request's host",
    },
  ],
};

/** Fewer steps until the whole fits into an evidence row. */
function fitted(history: ProxyHistory): ProxyHistory {
  let now = history;
  for (let most = MOST_STEPS; JSON.stringify(now).length > MOST_CHARS && most > 30; most >>= 1)
    now = { ...now, steps: merged(now.steps, most) };
  return now;
}

/** Pure: what the counters did between these samples. Null with fewer than two samples. */
export function assemble(series: Series, kind: string, about: About, window: Window): ProxyHistory | null {
  const { samples } = series;
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || samples.length < 2) return null;
  const clock = clockDifference(samples);
  const clockMs = clock !== null && Math.abs(clock) > CLOCK_MS ? clock : 0;
  const scope = scopeOf(samples, about);
  const breaks = new Set(series.breaks);
  const steps: HistoryStep[] = [];
  const resets: Reset[] = [];
  for (let i = 1; i < samples.length; i++) {
    const [before, after] = [samples[i - 1] as ProxySample, samples[i] as ProxySample];
    if (breaks.has(after.at) || before.source !== after.source) continue;
    const reset = resetBetween(before, after, kind, clockMs);
    if (reset) resets.push(reset);
    steps.push(stepBetween(before, after, scope, reset));
  }
  const everyMs = series.everyMs ?? periodOf(samples) ?? 15_000;
  return fitted({
    source: series.source,
    scope: scope.kind,
    ...(scope.services.size > 0 && { services: [...scope.services].slice(0, LAST.requests) }),
    from: first.at,
    to: last.at,
    steps: merged(steps),
    resets: resets.slice(-100),
    gaps:
      series.source === 'two samples'
        ? []
        : gapsOf(samples, series.missed, window, everyMs, series.otherwise).slice(-100),
    clockDifferenceMs: clock,
    last: lastOf(last, scope, clockMs),
    cannotTell: unique([...series.cannotTell, ...WIDER[scope.kind], ...last.cannotTell]).slice(0, 20),
  });
}

const unique = (all: CannotTell[]): CannotTell[] => [...new Map(all.map((one) => [one.what, one])).values()];
