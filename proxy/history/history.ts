import { BlindLook } from '../../diagnostics/io/proxy-reader.ts';
import type { CannotTell, ProxyHistory, ProxySample } from '../../diagnostics/io/proxy-sample.ts';
import type { Instance, PathHop } from '../../diagnostics/types.ts';
import type { Window } from '../../diagnostics/window.ts';
import { assemble } from './assemble.ts';
import type { Missed } from './gaps.ts';
import { prometheusSamples } from './prometheus-range.ts';
import type { About } from './scope.ts';
import { twoSamples } from './two-samples.ts';

/** What a recorder holds of one instance in a window, oldest first; the first sample is the last one before it. */
export interface Recorded {
  samples: ProxySample[];
  /** Samples that were tried and failed, with why. */
  missed: Missed[];
  /** `at` of samples whose series cannot be compared with the one before. */
  breaks: string[];
  /** Time between two samples, ms. */
  everyMs: number;
}

/** Samples that something recorded earlier; null: it holds none of this instance. Throws BlindLook when it is away. */
export interface Recorder {
  samples(hop: string, instance: string, window: Window): Promise<Recorded | null>;
}

export interface HistorySources {
  /** Base URL of a Prometheus server, or null. */
  prometheus: string | null;
  recorder: Recorder | null;
  sample: (signal: AbortSignal) => Promise<ProxySample>;
  page: (url: string, signal: AbortSignal) => Promise<string>;
  /** Reads a metrics page that was put together from a store as if the proxy had just served it. */
  sampleFrom?: (page: string, signal: AbortSignal) => Promise<ProxySample>;
  /** Lets other cases that ask at the same moment have the same reading. */
  share?: <T>(what: string, read: (signal: AbortSignal) => Promise<T>) => Promise<T>;
  /** Time between two samples where there is nothing else, ms; about a second unless said. */
  apartMs?: number;
  /** How long Prometheus may take before something else is tried, ms. */
  prometheusMs?: number;
}

/** A look has six seconds: what is left after this is enough for two samples, ms. */
const PROMETHEUS_MS = 3_000;

/**
 * What a proxy's counters did in a window, for a host and the services behind it: from Prometheus where the inventory
 * names one, else from the recorder, else from two samples taken now. What was tried in vain is said in `cannotTell`.
 * Throws BlindLook when not even two samples can be had.
 */
export async function historyOf(
  hop: PathHop,
  instance: Instance,
  about: About,
  window: Window,
  sources: HistorySources,
  signal: AbortSignal,
): Promise<ProxyHistory> {
  const inVain: CannotTell[] = [];
  const attempt = async (
    what: string,
    read: () => Promise<ProxyHistory | null>,
    otherwise: string,
  ): Promise<ProxyHistory | null> => {
    try {
      const found = await read();
      if (found) return { ...found, cannotTell: [...inVain, ...found.cannotTell] };
      inVain.push({ what, hint: otherwise });
    } catch (error) {
      if (!(error instanceof BlindLook) || signal.aborted) throw error;
      inVain.push({ what, hint: error.message });
    }
    return null;
  };
  const { prometheus, recorder, sampleFrom } = sources;
  if (prometheus !== null && sampleFrom) {
    const read = async () => {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(sources.prometheusMs ?? PROMETHEUS_MS)]);
      const { page } = sources;
      const found = prometheusSamples(prometheus, hop.kind, instance, about.host, window, { page, sampleFrom }, limit);
      return assemble(await found, hop.kind, about, window);
    };
    const found = await attempt('the time in question from Prometheus', read, 'it holds fewer than two samples of it');
    if (found) return found;
  }
  if (recorder) {
    const read = async () => {
      const held = await recorder.samples(hop.name, instance.name, window);
      const otherwise =
        'no sample is held: none was taken (no worker was running, or Redis was away), or it was older than what is kept';
      return held && assemble({ source: 'recorder', ...held, otherwise, cannotTell: [] }, hop.kind, about, window);
    };
    const none = `the recorder has fewer than two samples of ${instance.name} in this time; it takes them while workers run (recorder: in CONFIG)`;
    const found = await attempt('the time in question from the recorder', read, none);
    if (found) return found;
  }
  const take = (during: AbortSignal) => twoSamples(sources.sample, during, sources.apartMs);
  const series = await (sources.share ? sources.share('two samples', take) : take(signal));
  const found = assemble(series, hop.kind, about, window);
  if (!found) throw new BlindLook('unreadable', `${instance.name}: two samples could not be compared`);
  return { ...found, cannotTell: [...inVain, ...found.cannotTell] };
}
