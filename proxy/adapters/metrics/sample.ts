import { BlindLook } from '../../../diagnostics/io/proxy-reader.ts';
import type { ProxySample } from '../../../diagnostics/io/proxy-sample.ts';
import type { Instance, PathHop } from '../../../diagnostics/types.ts';
import type { Reach } from './page.ts';

/** One normalised sample of a managed proxy, by its kind. Throws BlindLook with what to switch on. */
export async function sampleOf(
  hop: PathHop,
  instance: Instance,
  _reach: Reach,
  _signal: AbortSignal,
): Promise<ProxySample> {
  throw new BlindLook('not-configured', `${instance.name}: counters of ${hop.kind} cannot be read yet`);
}
