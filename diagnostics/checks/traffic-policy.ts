import { defineCheck } from '../define-check.ts';
import { joinAddress } from '../io/address.ts';
import { lookAtTraffic, planTraffic } from '../nodes/look.ts';
import type { TrafficSeen } from '../nodes/model.ts';
import { type Base, readTraffic, type TrafficFacts } from '../nodes/traffic-reading.ts';
import { clock, plural, shellWord } from '../wording.ts';

const objectOf = (service: string): string | null => {
  const [namespace, name] = service.split('/');
  return namespace && name ? `-n ${shellWord(namespace)} get service ${shellWord(name)}` : null;
};
const context = (f: Base): string => (f.cluster ? `kubectl --context ${shellWord(f.cluster)}` : 'kubectl');
const showNode = (f: Base & { node: string }): string =>
  `${context(f)} get events -A --field-selector ${shellWord(`involvedObject.kind=Node,involvedObject.name=${f.node}`)}`;
const showNodes = (f: Base): string => `${context(f)} get nodes -o wide`;
const showPolicy = (f: Base): string | null => {
  const object = objectOf(f.service);
  return object && `${context(f)} ${object} -o yaml`;
};
const showHealth = (f: { ip: string | null; port: number | null }): string | null =>
  f.ip && f.port ? `curl -si ${shellWord(`http://${joinAddress(f.ip, f.port)}/healthz`)}` : null;

/** Do the nodes that may take traffic for a proxy have one, and do they stay? */
export const trafficPolicy = defineCheck<TrafficSeen, TrafficFacts>({
  id: 'traffic-policy',
  title: 'Nodes between balancer and proxy',
  asks: 'Does every node that takes traffic for the proxy lead to one, and did none of them go away?',
  vantages: ['inside'],
  budgetMs: 5_000,
  plan: planTraffic,
  look: (io, look, _address, signal) => lookAtTraffic(io, look, signal),
  read: readTraffic,
  findings: {
    NODE_LOST_IS_A_HOP: {
      hop: 'node',
      direction: 'implicates',
      title: 'A node that runs no proxy took traffic, and was lost',
      says: (f) =>
        `Node ${f.node} ${f.lost ? 'is lost' : 'was lost for a while'} (${f.reason}${f.at ? `, ${clock(f.at, f.now)}` : ''}). ${f.gone ? 'It is no more, so whether a proxy ran there cannot be told' : 'It runs no proxy'}; with traffic policy Cluster, ${f.listed ? 'the balancer' : `the balancer of ${f.service}`} ${f.listed ? 'has it among its targets' : 'may send to it'} all the same, and what passed through it ended.`,
      next: (f) =>
        `Set externalTrafficPolicy: Local on Service ${f.service}, so that only nodes with a proxy take its traffic.`,
      reproduce: showNode,
    },
    NODE_LOST_WITH_PROXY: {
      hop: 'node',
      direction: 'context',
      title: 'A node that runs a proxy was lost',
      says: (f) =>
        `Node ${f.node}, with ${plural(f.proxies, 'replica')} of the proxy, was lost${f.at ? ` at ${clock(f.at, f.now)}` : ''}: what was under way there ended.`,
      next: (f) => `See why ${f.node} went; another policy would not have helped.`,
      reproduce: showNode,
    },
    TRAFFIC_TO_NODE_WITHOUT_PROXY: {
      hop: 'node',
      direction: 'implicates',
      title: 'Traffic is led to a node that has no ready proxy, and is dropped there',
      says: (f) =>
        `Node ${f.node}${f.ip ? ` (${f.ip})` : ''} has no ready proxy${f.health === 503 ? ' (its health port says 503)' : ''}, and traffic policy Local lets it use no other node's; yet ${f.why}.${f.withProxy ? ` ${plural(f.withProxy, 'node')} ${f.withProxy === 1 ? 'has' : 'have'} one.` : ''}`,
      next: (f) =>
        `Run a ready proxy on ${f.node}, or let the health check of Service ${f.service} (healthCheckNodePort) decide who takes its traffic.`,
      reproduce: showPolicy,
    },
    HEALTH_PORT_DENIES_PROXY: {
      hop: 'node',
      direction: 'implicates',
      title: 'A node denies the ready proxy that it runs',
      says: (f) =>
        `Node ${f.node} runs ${plural(f.proxies, 'ready replica')}, but its health port${f.port ? ` ${f.port}` : ''} says 503: ${f.all ? 'as every other one does, so the balancer has nobody to send to' : 'the balancer leaves it out'}.`,
      next: (f) =>
        `See whether kube-proxy on ${f.node} goes by the node's name (--hostname-override), and whether it is in step.`,
      reproduce: showHealth,
    },
    NODES_LEFT_OUT: {
      hop: 'node',
      direction: 'context',
      title: 'Nodes without a ready proxy must get no traffic',
      says: (f) =>
        `With traffic policy Local, ${f.nodes} of ${f.total} nodes run no ready proxy of ${f.service} and drop what they get; ${f.asked ? `${f.asked} of them say so on their health port` : 'the balancer must leave them out by their health port'}.`,
      next: (f) => `See that the balancer of ${f.service} checks healthCheckNodePort.`,
      reproduce: showPolicy,
    },
    ALLOW_LIST_SEES_NODES: {
      hop: 'node',
      direction: 'implicates',
      title: 'An allow-list is compared with addresses of nodes, and holds none',
      says: (f) =>
        `${f.object} lets in only ${f.ranges.join(', ')}; with traffic policy Cluster on ${f.service} the proxy sees the address of a node in place of the caller's, and none of the ${plural(f.nodes, 'node')} is in that list.`,
      next: (f) => `Set externalTrafficPolicy: Local on Service ${f.service}, or use the PROXY protocol on both sides.`,
      reproduce: showPolicy,
    },
    NODES_STAY: {
      hop: 'node',
      direction: 'clears',
      title: 'All nodes that may take traffic are there, and none was lost',
      says: (f) =>
        `All ${plural(f.nodes, 'node')} that may take traffic for ${f.service} are ready, and none was lost in the time in question.`,
      next: () => 'Nothing to do here.',
      reproduce: showNodes,
    },
    TRAFFIC_POLICY_HOLDS: {
      hop: 'node',
      direction: 'clears',
      title: 'Nodes that take traffic have a ready proxy',
      says: (f) =>
        `With traffic policy Local, ${f.withProxy} of ${f.nodes} nodes run a proxy of ${f.service}, and ${f.asked} said on their health port that they take its traffic.`,
      next: () => 'Nothing to do here.',
      reproduce: showPolicy,
    },
    NODES_PARTLY_SEEN: {
      hop: 'node',
      direction: 'context',
      title: 'A part of what nodes do could not be seen',
      says: (f) => `A part of what the nodes of ${f.service} do could not be seen: ${f.cannot}.`,
      next: (f) => `Let me see more: ${f.cannot}.`,
      reproduce: () => null,
    },
  },
});
