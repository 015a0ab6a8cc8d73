import type { Planned } from '../diagnostics/define-check.ts';
import type { Judged } from '../diagnostics/judge.ts';
import { startOrder } from '../diagnostics/look-order.ts';
import { type Course, courseOf, GRACE_MS, suffices } from '../diagnostics/suffices.ts';
import type { EvidenceRow } from '../diagnostics/types.ts';

/** Looks under way at once: enough to be quick, few enough not to be a flood. */
const AT_ONCE = 16;
/** How often it is asked again whether what was seen suffices, ms. */
const ASK_EVERY_MS = 250;

/**
 * Makes planned looks, the most telling first, until all are over or what was seen suffices. Rows are in the order of the
 * plan; a look that was not needed leaves none.
 * @param seen the case with these rows, ready to be judged
 * @param look makes one look; never rejects. `hurry` ends its waiting, `enough` the look
 */
export async function lookAll(
  planned: Planned[],
  seen: (evidence: EvidenceRow[]) => Judged,
  look: (one: Planned, hurry: AbortSignal, enough: AbortSignal) => Promise<EvidenceRow[]>,
): Promise<{ evidence: EvidenceRow[]; made: number }> {
  const began = performance.now();
  const rows = new Map<number, EvidenceRow[]>();
  const waiting = startOrder(planned);
  const hurry = new AbortController();
  const enough = new AbortController();
  const inOrder = (): EvidenceRow[] => [...planned.keys()].flatMap((i) => rows.get(i) ?? []);
  const pending = (): Planned[] => planned.filter((_, i) => !rows.has(i));

  const course = (): Course => courseOf(seen(inOrder()), pending(), performance.now() - began);
  const steer = (): void => {
    if (enough.signal.aborted) return;
    const now = course();
    if (now === 'stop') enough.abort();
    if (now === 'hurry') hurry.abort();
  };
  const worker = async (): Promise<void> => {
    for (let i = waiting.shift(); i !== undefined && !enough.signal.aborted; i = waiting.shift()) {
      const made = await look(planned[i] as Planned, hurry.signal, enough.signal);
      // What was ended for not being needed is no blind look.
      if (!enough.signal.aborted) rows.set(i, made);
      // Those that have not begun are not begun for nothing.
      if (waiting.length > 0 && suffices(seen(inOrder()), pending())) waiting.length = 0;
    }
  };
  let timer: NodeJS.Timeout | undefined;
  const first = setTimeout(() => {
    steer();
    timer = setInterval(steer, ASK_EVERY_MS);
  }, GRACE_MS);
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  clearTimeout(first);
  clearInterval(timer);
  return { evidence: inOrder(), made: rows.size };
}
