import type { Logger } from 'pino';
import { reasonOf } from '../../diagnostics/errors.ts';
import { BlindLook } from '../../diagnostics/io/proxy-reader.ts';
import type { ProxySample } from '../../diagnostics/io/proxy-sample.ts';
import type { PartName } from '../../diagnostics/types.ts';
import type { RecorderStore } from './store.ts';

/** Asks a proxy for its counters, in the name of the inventory as it is now. */
export type Sampler = (of: PartName, signal: AbortSignal) => Promise<ProxySample>;

/** What became of one sample of one slot. */
export type Outcome =
  | { is: 'kept'; bytes: number; at: number }
  /** The slot has its entry already, or a later one. */
  | { is: 'there' }
  /** The proxy could not be asked; that is noted down, so that the hole in its history says why. */
  | { is: 'missed'; why: string };

/** A proxy that keeps failing is said again after this long, ms. */
const SAY_AGAIN_MS = 10 * 60_000;
/** A sampler that ignores its signal gets this much longer, ms. */
const GRACE_MS = 300;

/** Which proxies fail, so that the log says it when it begins and when it ends, and not at each tick. */
export function failureLog(log: Logger, now: () => number) {
  const failing = new Map<string, number>();
  return {
    failed(name: string, why: string): void {
      const said = failing.get(name);
      if (said !== undefined && now() - said < SAY_AGAIN_MS) return;
      if (failing.size >= 10_000) failing.clear();
      failing.set(name, now());
      log.warn({ proxy: name, reason: why }, 'a proxy cannot be sampled');
    },
    worked(name: string): void {
      if (failing.delete(name)) log.info({ proxy: name }, 'a proxy can be sampled again');
    },
  };
}

/**
 * Takes one sample within `patienceMs` and stores it under its slot; what a proxy does is an outcome, never an exception.
 * Throws only where the store does, and when `stop` fires: then the slot is still to be had.
 */
export async function takeSample(
  of: { hop: string; part: string },
  slot: number,
  parts: { sample: Sampler; store: RecorderStore; patienceMs: number; stop: AbortSignal },
): Promise<Outcome> {
  const { store, patienceMs, stop } = parts;
  const limit = AbortSignal.timeout(patienceMs);
  let sample: ProxySample;
  try {
    stop.throwIfAborted();
    sample = await raced(parts.sample(of, AbortSignal.any([limit, stop])), stop, patienceMs + GRACE_MS);
  } catch (error) {
    if (stop.aborted) throw error;
    const why =
      error instanceof BlindLook
        ? error.message
        : limit.aborted
          ? `no answer within ${patienceMs / 1000} s`
          : `our own bug: ${reasonOf(error)}`;
    const noted = await store.miss(of.hop, of.part, slot, why);
    return noted.is === 'there' ? noted : { is: 'missed', why };
  }
  const kept = await store.put(of.hop, of.part, slot, sample);
  return kept.is === 'there' ? kept : { ...kept, at: Date.parse(sample.at) };
}

function raced<T>(work: Promise<T>, stop: AbortSignal, ms: number): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(stop.reason);
  stop.addEventListener('abort', abort, { once: true });
  const timer = setTimeout(() => reject(new BlindLook('deadline', `no answer within ${ms / 1000} s`)), ms);
  return Promise.race([work, promise]).finally(() => {
    clearTimeout(timer);
    stop.removeEventListener('abort', abort);
  });
}
