import { BlindLook } from '../../diagnostics/io/proxy-reader.ts';
import type { ProxySample } from '../../diagnostics/io/proxy-sample.ts';
import type { Instance } from '../../diagnostics/types.ts';
import type { Window } from '../../diagnostics/window.ts';
import type { Series } from './assemble.ts';

/** What it needs of the world: guarded pages, and a reader of metrics pages. */
export interface PrometheusSources {
  page: (url: string, signal: AbortSignal) => Promise<string>;
  sampleFrom: (page: string, signal: AbortSignal) => Promise<ProxySample>;
}

export async function prometheusSamples(
  _base: string,
  _kind: string,
  instance: Instance,
  _host: string,
  _window: Window,
  _sources: PrometheusSources,
  _signal: AbortSignal,
): Promise<Series> {
  throw new BlindLook('not-configured', `${instance.name}: Prometheus is not read yet`);
}
