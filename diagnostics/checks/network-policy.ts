import { getObject, kubectl, placeOf, refuseWithout, serviceAsked, serviceLooks, twoParts } from '../cluster-scope.ts';
import { type Draft, defineCheck, type ReadScope } from '../define-check.ts';
import type { ServiceFacts } from '../io/cluster-reader.ts';
import { plural } from '../wording.ts';

interface Base {
  cluster: string | null;
  service: string;
  proxy: string;
  [key: string]: string | number | boolean | null;
}
interface PolicyFacts {
  POLICY_BARS_PROXY: Base & { policy: string; why: string; barred: number; total: number; port: string };
  POLICY_MAY_BAR_PROXY: Base & { policy: string; why: string };
  POLICY_LETS_PROXY_IN: Base & { policies: number; total: number };
  NO_POLICY_ON_PODS: Base & { total: number };
  PROXY_SENDING_RESTRICTED: Base & { policy: string; policies: number };
}

/** What all policies on one pod say together: one that lets it in is enough (networking.k8s.io/v1). */
function onPod(facts: ServiceFacts, pod: string): 'open' | 'in' | 'out' | 'unknown' {
  const said = facts.policies.filter((one) => one.pods.includes(pod)).map((one) => one.lets);
  if (said.length === 0) return 'open';
  return said.includes('in') ? 'in' : said.includes('unknown') ? 'unknown' : 'out';
}

function read(facts: ServiceFacts, scope: ReadScope): Draft<PolicyFacts>[] {
  const { pods, policies, restricted } = facts;
  // Of pods that are not there, policies say nothing; of endpoints that are no pods neither.
  if (!facts.exists || pods.length === 0 || facts.sender === null) return [];
  const base = { ...placeOf(scope), proxy: facts.sender };
  const total = pods.length;
  const found: Draft<PolicyFacts>[] = [];
  if (restricted[0])
    found.push({
      code: 'PROXY_SENDING_RESTRICTED',
      facts: { ...base, policy: restricted[0], policies: restricted.length },
    });
  const said = pods.map((pod) => ({ pod: pod.name, lets: onPod(facts, pod.name) }));
  const named = (lets: 'out' | 'unknown'): ServiceFacts['policies'][number] | undefined => {
    const hit = new Set(said.filter((one) => one.lets === lets).map((one) => one.pod));
    return policies.find((one) => one.lets === lets && one.pods.some((pod) => hit.has(pod)));
  };
  const [out, unknown] = [named('out'), named('unknown')];
  if (out)
    found.push({
      code: 'POLICY_BARS_PROXY',
      facts: {
        ...base,
        policy: out.name,
        why: out.why,
        barred: said.filter((one) => one.lets === 'out').length,
        total,
        port: facts.targets.join(', ') || 'the target port',
      },
    });
  if (unknown) found.push({ code: 'POLICY_MAY_BAR_PROXY', facts: { ...base, policy: unknown.name, why: unknown.why } });
  if (!out && !unknown)
    found.push(
      policies.length
        ? { code: 'POLICY_LETS_PROXY_IN', facts: { ...base, policies: policies.length, total } }
        : { code: 'NO_POLICY_ON_PODS', facts: { ...base, total } },
    );
  return found;
}

const getPolicy = (f: Base & { policy: string }): string => getObject(f.cluster, `NetworkPolicy ${f.policy}`);
const getPolicies = (f: Base): string =>
  kubectl(f.cluster, twoParts(f.service).namespace, 'get networkpolicies -o yaml');
const labelsOf = (proxy: string): string => `pods of ${proxy}`;

/** Do NetworkPolicies let the proxy through to the endpoints? Whether the network plugin enforces them, nobody says. */
export const networkPolicyCheck = defineCheck<ServiceFacts, PolicyFacts>({
  id: 'network-policy',
  title: 'Policies between the proxy and the endpoints',
  asks: "Does a NetworkPolicy select the endpoints' pods without letting the proxy in?",
  vantages: ['inside'],
  budgetMs: 2_000,
  plan: (scope) => serviceLooks('network-policy', 'service', scope),
  async look(io, look, _address, signal) {
    const facts = await serviceAsked(io, look, signal);
    refuseWithout(facts, 'networkpolicies', 'pods');
    return facts;
  },
  read,
  findings: {
    POLICY_BARS_PROXY: {
      hop: 'service',
      direction: 'implicates',
      title: 'A NetworkPolicy does not let the proxy in',
      says: (f) =>
        `NetworkPolicy ${f.policy} selects ${f.barred} of ${plural(f.total, 'pod')} behind Service ${f.service}, and no rule admits ${f.proxy} to port ${f.port}: ${f.why}.`,
      next: (f) => `Let NetworkPolicy ${f.policy} admit ${labelsOf(f.proxy)} to port ${f.port}.`,
      reproduce: getPolicy,
    },
    POLICY_MAY_BAR_PROXY: {
      hop: 'service',
      direction: 'context',
      title: 'A NetworkPolicy may not let the proxy in',
      says: (f) =>
        `NetworkPolicy ${f.policy} selects pods behind Service ${f.service}; whether it admits ${f.proxy} cannot be told: ${f.why}.`,
      next: (f) => `See whether NetworkPolicy ${f.policy} admits ${labelsOf(f.proxy)}.`,
      reproduce: getPolicy,
    },
    POLICY_LETS_PROXY_IN: {
      hop: 'service',
      direction: 'context',
      title: 'NetworkPolicies let the proxy in',
      says: (f) =>
        `${f.policies === 1 ? 'The NetworkPolicy' : `${f.policies} NetworkPolicies`} on ${plural(f.total, 'pod')} behind Service ${f.service} ${f.policies === 1 ? 'admits' : 'admit'} ${f.proxy}.`,
      next: () => 'Nothing to do here.',
      reproduce: getPolicies,
    },
    NO_POLICY_ON_PODS: {
      hop: 'service',
      direction: 'context',
      title: 'No NetworkPolicy selects the pods',
      says: (f) => `No NetworkPolicy selects the ${plural(f.total, 'pod')} behind Service ${f.service}.`,
      next: () => 'Nothing to do here.',
      reproduce: getPolicies,
    },
    PROXY_SENDING_RESTRICTED: {
      hop: 'proxy',
      direction: 'context',
      title: 'A NetworkPolicy restricts what the proxy may send',
      says: (f) =>
        `NetworkPolicy ${f.policy}${f.policies > 1 ? ` (and ${f.policies - 1} more)` : ''} restricts what ${labelsOf(f.proxy)} may send; its rules for that are not read.`,
      next: (f) => `See whether NetworkPolicy ${f.policy} lets ${labelsOf(f.proxy)} reach Service ${f.service}.`,
      reproduce: getPolicy,
    },
  },
});
