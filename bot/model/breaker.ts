/** Keeps calls away from a model that has failed several times in a row, longer each time. */
export interface Breaker {
  /** Whether a call may be tried now. While it is open one trial is let through after each pause. */
  allows: (now: number) => boolean;
  worked: () => void;
  failed: (now: number) => void;
}

/** So many failures in a row are no accident. */
const FAILURES = 4;
const PAUSE_MS = 30_000;
const MAX_PAUSE_MS = 15 * 60_000;

/** A closed breaker. Each process has its own: a gateway may be away for one and there for another. */
export function createBreaker(): Breaker {
  let inARow = 0;
  let openUntil = Number.NEGATIVE_INFINITY;
  return {
    allows(now) {
      if (inARow < FAILURES) return true;
      if (now < openUntil) return false;
      // The trial's own result decides; until then nobody else tries.
      openUntil = now + PAUSE_MS;
      return true;
    },
    worked() {
      inARow = 0;
    },
    failed(now) {
      inARow += 1;
      openUntil = now + Math.min(PAUSE_MS * 2 ** Math.max(0, Math.min(inARow - FAILURES, 10)), MAX_PAUSE_MS);
    },
  };
}
