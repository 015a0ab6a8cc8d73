import { getObject, kubectl, placeOf, refuseWithout, serviceAsked, serviceLooks, twoParts } from '../cluster-scope.ts';
import { type Draft, defineCheck, type ReadScope } from '../define-check.ts';
import type { ServiceFacts } from '../io/cluster-reader.ts';
import { plural, shellWord } from '../wording.ts';

interface Base {
  cluster: string | null;
  /** `namespace/name`. */
  service: string;
  [key: string]: string | number | boolean | null;
}
interface ClusterServiceFacts {
  SERVICE_MISSING: Base & { route: string | null };
  SERVICE_LACKS_PORT: Base & { route: string | null; wanted: string; has: string };
  SERVICE_WITHOUT_ENDPOINTS: Base & { manual: boolean };
  ENDPOINTS_NONE_READY: Base & { total: number; leaving: number; first: string };
  ENDPOINTS_READY: Base & { ready: number; total: number; port: string | null };
  ENDPOINTS_LEAVING: Base & { leaving: number; serving: number; total: number; first: string };
}

const portText = ({ name, port }: { name: string | null; port: number }): string =>
  name === null ? String(port) : `${port} (${name})`;

function read(facts: ServiceFacts, scope: ReadScope): Draft<ClusterServiceFacts>[] {
  const base = placeOf(scope);
  const { endpoints, route } = facts;
  if (!facts.exists) return [{ code: 'SERVICE_MISSING', facts: { ...base, route } }];
  // A name somewhere else has neither ports nor endpoints of its own.
  if (facts.type === 'ExternalName') return [];
  const found: Draft<ClusterServiceFacts>[] = [];
  if (facts.wantedPort !== null && facts.port === null)
    found.push({
      code: 'SERVICE_LACKS_PORT',
      facts: { ...base, route, wanted: String(facts.wantedPort), has: facts.ports.map(portText).join(', ') || 'none' },
    });
  const total = endpoints.length;
  if (total === 0) return [...found, { code: 'SERVICE_WITHOUT_ENDPOINTS', facts: { ...base, manual: facts.manual } }];
  const nameOf = (one: (typeof endpoints)[number] | undefined): string => one?.pod ?? one?.address ?? '';
  const leaving = endpoints.filter((one) => one.terminating);
  const ready = endpoints.filter((one) => one.ready).length;
  if (ready === 0)
    return [
      ...found,
      {
        code: 'ENDPOINTS_NONE_READY',
        facts: { ...base, total, leaving: leaving.length, first: nameOf(endpoints[0]) },
      },
    ];
  if (found.length === 0)
    found.push({
      code: 'ENDPOINTS_READY',
      facts: { ...base, ready, total, port: facts.targets.length ? facts.targets.join(', ') : null },
    });
  if (leaving.length)
    found.push({
      code: 'ENDPOINTS_LEAVING',
      facts: {
        ...base,
        leaving: leaving.length,
        serving: leaving.filter((one) => one.serving).length,
        total,
        first: nameOf(leaving[0]),
      },
    });
  return found;
}

const getSlices = (f: Base): string => {
  const { namespace, bare } = twoParts(f.service);
  return kubectl(
    f.cluster,
    namespace,
    'get endpointslices -o yaml -l',
    shellWord(`kubernetes.io/service-name=${bare}`),
  );
};
const getService = (f: Base): string => getObject(f.cluster, `Service ${f.service}`);

/** What the Service of a route leads to, as the cluster's own objects have it: the truth that proxies should follow. */
export const clusterService = defineCheck<ServiceFacts, ClusterServiceFacts>({
  id: 'cluster-service',
  title: 'The Service and its endpoints',
  asks: 'Is there a Service with that port, and is anything ready behind it?',
  vantages: ['inside'],
  budgetMs: 2_000,
  plan: (scope) => serviceLooks('cluster-service', 'service', scope),
  async look(io, look, _address, signal) {
    const facts = await serviceAsked(io, look, signal);
    // That there is no such Service needs no slices to be told.
    if (facts.exists) refuseWithout(facts, 'endpointslices');
    return facts;
  },
  read,
  findings: {
    SERVICE_MISSING: {
      hop: 'service',
      direction: 'implicates',
      title: 'The route names a Service that does not exist',
      says: (f) => `${f.route ?? 'The route'} sends to Service ${f.service}, which does not exist.`,
      next: (f) => `Correct the name of the Service in ${f.route ?? 'the route'}, or create Service ${f.service}.`,
      reproduce: getService,
    },
    SERVICE_LACKS_PORT: {
      hop: 'service',
      direction: 'implicates',
      title: 'The route names a port that the Service does not have',
      says: (f) => `${f.route ?? 'The route'} sends to port ${f.wanted} of Service ${f.service}, which has ${f.has}.`,
      next: (f) => `Let ${f.route ?? 'the route'} name a port that Service ${f.service} has: ${f.has}.`,
      reproduce: getService,
    },
    SERVICE_WITHOUT_ENDPOINTS: {
      hop: 'service',
      direction: 'implicates',
      title: 'No EndpointSlice of the Service has an endpoint',
      says: (f) =>
        `Service ${f.service} has no endpoints at all${f.manual ? ': it has no selector, and nobody made any by hand' : ''}.`,
      next: (f) =>
        f.manual
          ? `Give Service ${f.service} a selector, or write its EndpointSlice.`
          : `See which pods Service ${f.service} selects, and whether they run.`,
      reproduce: getSlices,
    },
    ENDPOINTS_NONE_READY: {
      hop: 'service',
      direction: 'implicates',
      title: 'No endpoint of the Service is ready',
      says: (f) =>
        `Service ${f.service}: ${f.total === 1 ? 'its only endpoint is not ready' : `none of its ${f.total} endpoints is ready`}${f.leaving ? `, ${f.leaving} of ${f.total} leaving` : ''} (${f.first}).`,
      next: (f) => `See why ${f.first} is not ready: its probe, its containers, its node.`,
      reproduce: getSlices,
    },
    ENDPOINTS_READY: {
      hop: 'service',
      direction: 'clears',
      title: 'Endpoints of the Service are ready',
      says: (f) =>
        `Service ${f.service}: ${f.ready} of ${plural(f.total, 'endpoint')} ready${f.port === null ? '' : `, on port ${f.port}`}.`,
      next: () => 'Nothing to do here.',
      reproduce: getSlices,
    },
    ENDPOINTS_LEAVING: {
      hop: 'service',
      direction: 'context',
      title: 'Endpoints of the Service are leaving',
      says: (f) =>
        `Service ${f.service}: ${f.leaving} of ${plural(f.total, 'endpoint')} ${f.leaving === 1 ? 'is' : 'are'} leaving (${f.first}), ${f.serving} of them still answering; they get no new requests.`,
      next: (f) => `See that ${f.first} goes on answering until nobody sends to it any more (preStop).`,
      reproduce: getSlices,
    },
  },
});
