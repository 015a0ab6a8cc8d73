import type { Experience } from './protocol.ts';

const KEPT_TIMES = 500;

/** Counts what people met on one host. */
export interface Tally {
  /** An HTTP status, or the code of the error that came instead of one. */
  add(result: number | string, ms: number): void;
  /** A kept connection ended from the other side. */
  lost(): void;
  sum(): Omit<Experience, 'host'>;
}

export function makeTally(): Tally {
  let ok = 0;
  let failed = 0;
  let disconnects = 0;
  const by: Record<string, number> = {};
  const times: number[] = [];
  return {
    add(result, ms) {
      if (typeof result === 'number' && result < 400) ok++;
      else {
        failed++;
        by[result] = (by[result] ?? 0) + 1;
      }
      times.push(ms);
      if (times.length > KEPT_TIMES) times.shift();
    },
    lost: () => void disconnects++,
    sum() {
      const sorted = times.toSorted((a, b) => a - b);
      const medianMs = sorted[Math.floor(sorted.length / 2)] ?? null;
      return { ok, failed, by: { ...by }, disconnects, medianMs };
    },
  };
}
