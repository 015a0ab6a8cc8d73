import { setTimeout as wait } from 'node:timers/promises';
import { BlindLook } from '../../diagnostics/io/proxy-reader.ts';
import type { ProxySample } from '../../diagnostics/io/proxy-sample.ts';
import type { Series } from './assemble.ts';

/** Long enough that a busy proxy counts something, short enough for a look's budget, ms. */
const APART_MS = 1_000;

/**
 * Two samples about a second apart: all there is without a recorder. They say what happens now, our own probes among it,
 * and nothing of the time in question. Throws BlindLook when either fails, or when the signal ends the wait.
 */
export async function twoSamples(
  sample: (signal: AbortSignal) => Promise<ProxySample>,
  signal: AbortSignal,
  apartMs = APART_MS,
): Promise<Series> {
  const before = await sample(signal);
  await wait(apartMs, undefined, { signal }).catch((cause: unknown) => {
    throw new BlindLook('deadline', 'no time for a second sample', { cause });
  });
  const after = await sample(signal);
  return {
    source: 'two samples',
    samples: [before, after],
    missed: [],
    breaks: [],
    everyMs: apartMs,
    otherwise: '',
    cannotTell: [
      {
        what: 'the time in question: only what two samples about a second apart differ by, our own probes among it',
        hint: 'let workers run (./dev workers, recorder: in CONFIG), or name a Prometheus (prometheus:) in the inventory',
      },
    ],
  };
}
