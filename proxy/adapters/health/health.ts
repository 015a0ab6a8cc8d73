import type { NodeHealth, ProxyHealth } from '../../../diagnostics/io/proxy-health.ts';
import { BlindLook } from '../../../diagnostics/io/proxy-reader.ts';
import type { Instance, NodeInfo, PathHop } from '../../../diagnostics/types.ts';
import type { Reach } from '../metrics/page.ts';

/** What this machine shows of a proxy's processes. Throws BlindLook when nothing of them is visible. */
export async function healthOf(
  _hop: PathHop,
  instance: Instance,
  _reach: Reach,
  _signal: AbortSignal,
): Promise<ProxyHealth> {
  throw new BlindLook('not-configured', `${instance.name}: its processes cannot be seen yet`);
}

/** What a node says of itself. */
export async function nodeHealth(node: NodeInfo, _reach: Reach, _signal: AbortSignal): Promise<NodeHealth> {
  throw new BlindLook('not-configured', `${node.name}: its counters cannot be read yet`);
}
