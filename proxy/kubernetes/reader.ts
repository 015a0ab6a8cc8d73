import type { ClusterReader } from '../../diagnostics/io/cluster-reader.ts';
import { claimFacts } from './facts/claims.ts';
import { eventFacts } from './facts/events.ts';
import { nodeFacts } from './facts/nodes.ts';
import { proxyFacts } from './facts/proxy.ts';
import { serviceFacts } from './facts/service.ts';
import type { ClusterView } from './view.ts';

/**
 * A cluster as checks may ask it: projections of what is watched at the moment of the question. Does no IO; methods are
 * async so that a look that throws rejects.
 */
export function clusterReader(view: ClusterView): ClusterReader {
  return {
    cluster: view.cluster,
    get asOf() {
      return view.asOf;
    },
    service: async (name, host, _signal, of = {}) =>
      serviceFacts(view, name, { host: host.toLowerCase(), path: of.path ?? '/', proxy: of.proxy ?? null }),
    proxy: async (name) => proxyFacts(view, name),
    nodes: async (proxy) => nodeFacts(view, proxy),
    claims: async (host, path) => claimFacts(view, host.toLowerCase(), path),
    events: async (about, window) => eventFacts(view, about, window),
  };
}
