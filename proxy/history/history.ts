import { BlindLook } from '../../diagnostics/io/proxy-reader.ts';
import type { ProxyHistory, ProxySample } from '../../diagnostics/io/proxy-sample.ts';
import type { Instance, PathHop } from '../../diagnostics/types.ts';
import type { Window } from '../../diagnostics/window.ts';

/** Samples that something recorded earlier; null: it holds none of this instance. */
export interface Recorder {
  samples(hop: string, instance: string, window: Window): Promise<ProxySample[] | null>;
}

export interface HistorySources {
  /** Base URL of a Prometheus server, or null. */
  prometheus: string | null;
  recorder: Recorder | null;
  sample: (signal: AbortSignal) => Promise<ProxySample>;
  page: (url: string, signal: AbortSignal) => Promise<string>;
}

/** What a proxy's counters did in a window, for a host and the services behind it. */
export async function historyOf(
  _hop: PathHop,
  instance: Instance,
  _about: { host: string; services: string[] },
  _window: Window,
  _sources: HistorySources,
  _signal: AbortSignal,
): Promise<ProxyHistory> {
  throw new BlindLook('not-configured', `${instance.name}: its history cannot be read yet`);
}
