import { LabError } from './lab-error.ts';

/**
 * Asks until the answer is true, `times` times in a row (default once).
 * @throws LabError naming `what` when `withinMs` have passed first.
 */
export async function until(
  what: string,
  ask: () => boolean | Promise<boolean>,
  { withinMs = 5000, everyMs = 20, times = 1 } = {},
): Promise<void> {
  const end = performance.now() + withinMs;
  let inARow = 0;
  for (;;) {
    inARow = (await ask()) ? inARow + 1 : 0;
    if (inARow >= times) return;
    if (performance.now() > end) throw new LabError(`${what}: not within ${withinMs} ms`);
    if (inARow === 0) await pause(everyMs);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
