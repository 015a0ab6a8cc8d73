import type { HistoryStep } from '../../diagnostics/io/proxy-sample.ts';

/** Most steps of a history. */
export const MOST_STEPS = 600;

const plus = (a: number | null, b: number | null): number | null => (a === null ? b : b === null ? a : a + b);

/** Mean of two means, by how many requests each stands for. */
function mean(a: number | null, n: number, b: number | null, m: number): number | null {
  if (a === null || n === 0) return b ?? a;
  if (b === null || m === 0) return a;
  return (a * n + b * m) / (n + m);
}

/** Two neighbours as one step: counts are summed, what stood at the end is the later one's. */
export function joined(a: HistoryStep, b: HistoryStep): HistoryStep {
  const errors = { ...a.errors };
  for (const [status, count] of Object.entries(b.errors)) errors[status] = (errors[status] ?? 0) + count;
  return {
    ...b,
    at: a.at,
    ms: a.ms + b.ms,
    requests: a.requests + b.requests,
    errors,
    madeByProxy: a.madeByProxy + b.madeByProxy,
    madeByUpstream: a.madeByUpstream + b.madeByUpstream,
    seconds: mean(a.seconds, a.requests, b.seconds, b.requests),
    upstreamSeconds: mean(a.upstreamSeconds, a.requests, b.upstreamSeconds, b.requests),
    accepted: plus(a.accepted, b.accepted),
    dropped: plus(a.dropped, b.dropped),
    retries: plus(a.retries, b.retries),
    handshakeFailures: plus(a.handshakeFailures, b.handshakeFailures),
    reloads: plus(a.reloads, b.reloads),
    failedReloads: plus(a.failedReloads, b.failedReloads),
  };
}

/** At most `most` steps, neighbours joined; never across a time in which nothing was counted. */
export function merged(steps: HistoryStep[], most = MOST_STEPS): HistoryStep[] {
  let now = steps;
  for (let size = 2; now.length > most && size < 2 ** 12; size *= 2) {
    const next: HistoryStep[] = [];
    for (let i = 0; i < now.length; i++) {
      const [a, b] = [now[i] as HistoryStep, now[i + 1]];
      const touch = b !== undefined && Math.abs(Date.parse(a.at) + a.ms - Date.parse(b.at)) < 1000;
      next.push(touch ? joined(a, b) : a);
      if (touch) i++;
    }
    if (next.length === now.length) return next.slice(-most);
    now = next;
  }
  return now;
}
