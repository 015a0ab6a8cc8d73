import { joinAddress } from '../../../diagnostics/io/address.ts';
import { BlindLook, type TargetsSeen } from '../../../diagnostics/io/proxy-reader.ts';
import type { Instance } from '../../../diagnostics/types.ts';
import { record, records, text } from '../../json.ts';
import { jsonPage } from '../json-page.ts';
import type { Reach } from '../metrics/page.ts';

/** Pure: the Lua balancer's endpoints, from its `/configuration/backends` (port 10246 of the pod, loopback only). */
export function backendsOf(page: unknown, source: string): TargetsSeen {
  if (!Array.isArray(page)) throw new BlindLook('unreadable', `${source} is no list of ingress-nginx's backends`);
  return {
    source,
    groups: page.map(record).map((backend) => ({
      name: text(backend.name),
      up: records(backend.endpoints).map(({ address, port }) => joinAddress(text(address), text(port))),
      // It has no health checks: what Kubernetes calls ready is used.
      down: [],
    })),
  };
}

/** What a running ingress-nginx sends requests to. Throws BlindLook where its page is not named. */
export async function ingressNginxBackends(
  instance: Instance,
  reach: Reach,
  signal: AbortSignal,
): Promise<TargetsSeen> {
  if (!instance.admin)
    throw new BlindLook(
      'not-configured',
      `${instance.name}: the page of its backends is not known; name it as admin: (http://127.0.0.1:10246, within the pod)`,
    );
  const source = `${instance.admin.replace(/\/$/, '')}/configuration/backends`;
  return backendsOf(await jsonPage(source, reach, signal), source);
}
