import type { ProxyHealth } from '../../../diagnostics/io/proxy-health.ts';
import type { ProxySample } from '../../../diagnostics/io/proxy-sample.ts';
import { haproxyConnections, ofProcess } from './connections.ts';
import { counted } from './node.ts';

/** What a proxy's page said at two moments; the same twice, and `overMs` 0, where one was enough. */
export interface Samples {
  first: ProxySample | null;
  last: ProxySample | null;
  overMs: number;
}

/**
 * What metrics alone say, where no process is visible: read once more, by `again`, where connections were ever dropped;
 * `page`: the text of HAProxy's page, or null.
 */
export async function fromMetrics(
  first: ProxySample | null,
  again: () => Promise<ProxySample | null>,
  page: string | null,
): Promise<Omit<ProxyHealth, 'cannotTell'>> {
  const began = performance.now();
  const later = first?.connections.dropped ? await again() : null;
  const last = later ?? first;
  const overMs = later ? Math.round(performance.now() - began) : 0;
  const { startedAt = null, openFiles = null, maxFiles = null } = last?.process ?? {};
  const dropped = counted(first?.connections.dropped ?? null, last?.connections.dropped ?? null, overMs);
  return {
    sources: [last || page ? 'metrics' : 'error log'],
    pid: null,
    startedAt,
    starts: [],
    workers: null,
    memory: null,
    cpu: null,
    files: openFiles !== null && maxFiles ? { open: openFiles, limit: maxFiles } : null,
    connections: (page && haproxyConnections(page)) || (last && ofProcess(last.connections, dropped)),
    queues: null,
    overflows: null,
    somaxconn: null,
  };
}
