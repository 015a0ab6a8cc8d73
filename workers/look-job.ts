import type { Planned } from '../diagnostics/define-check.ts';
import { reasonOf } from '../diagnostics/errors.ts';
import { type Course, GRACE_MS } from '../diagnostics/suffices.ts';
import type { EvidenceRow } from '../diagnostics/types.ts';
import type { LookPayload } from './queues.ts';

/** A look that starts late (a backlog, a restart) still gets this long: late is better than blind. */
const FLOOR_MS = 4000;
const END_MS = 500;
/** How often a look that takes long asks whether it is still needed, ms. */
const ASK_EVERY_MS = 500;

/** Looks at the world: `runLook` with the process's own Io behind it. */
export type Looker = (
  planned: Planned,
  host: string,
  options: { budgetMs: number; signal: AbortSignal; hurry?: AbortSignal; path?: string },
) => Promise<EvidenceRow[]>;

/**
 * One look, idempotent: what it saw is what it returns. It succeeds when the target is broken, and it ends in time even
 * if what it calls does not: a look that ignores its signal is a blind row. `course` says whether what the others have seen
 * suffices: then it ends without a row.
 */
export async function lookJob(
  payload: LookPayload,
  look: Looker,
  options: { now: () => number; signal?: AbortSignal; course?: () => Promise<Course> },
): Promise<EvidenceRow[]> {
  if (options.signal?.aborted) throw new Error('the worker stops');
  const startedAt = options.now();
  const budgetMs = Math.max(FLOOR_MS, payload.until - startedAt);
  const { planned } = payload;
  const base = { v: 1 as const, look: planned.look, startedAt: new Date(startedAt).toISOString() };
  if (planned.blind) return [{ ...base, ms: 0, blind: planned.blind }];
  const blind = (reason: 'deadline' | 'our-bug', detail: string): EvidenceRow[] => [
    { ...base, ms: options.now() - startedAt, blind: { reason, detail } },
  ];
  const over = new AbortController();
  const hurry = new AbortController();
  const timers: NodeJS.Timeout[] = [];
  let giveBack: () => void = () => {};
  try {
    return await Promise.race([
      look(planned, payload.host, { budgetMs, signal: over.signal, hurry: hurry.signal, path: payload.path ?? '/' }),
      new Promise<EvidenceRow[]>((resolve, reject) => {
        timers.push(setTimeout(() => over.abort(), budgetMs));
        // Beyond its deadline a look gets a moment to put its row together.
        timers.push(setTimeout(() => resolve(blind('deadline', `no result within ${budgetMs} ms`)), budgetMs + END_MS));
        const steer = async (): Promise<void> => {
          const course = await options.course?.().catch(() => 'go-on' as const);
          if (over.signal.aborted) return;
          if (course === 'hurry') hurry.abort();
          if (course === 'stop') {
            resolve([]);
            over.abort();
            return;
          }
          timers.push(setTimeout(steer, ASK_EVERY_MS));
        };
        if (options.course) timers.push(setTimeout(steer, GRACE_MS));
        // A worker that stops gives the look back; the next one makes it anew.
        giveBack = () => {
          over.abort();
          reject(new Error('the worker stops'));
        };
        options.signal?.addEventListener('abort', giveBack);
      }),
    ]);
  } catch (error) {
    if (options.signal?.aborted) throw error;
    return blind('our-bug', reasonOf(error));
  } finally {
    over.abort();
    for (const timer of timers) clearTimeout(timer);
    options.signal?.removeEventListener('abort', giveBack);
  }
}
