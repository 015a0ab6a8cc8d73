import type { Check } from '../define-check.ts';
import { acceptQueue } from './accept-queue.ts';
import { autoscaling } from './autoscaling.ts';
import { balancerComplaints } from './balancer-complaints.ts';
import { balancerLog } from './balancer-log.ts';
import { balancerResets } from './balancer-resets.ts';
import { balancerSettings } from './balancer-settings.ts';
import { balancerTargets } from './balancer-targets.ts';
import { cdnAnswers } from './cdn-answers.ts';
import { clusterPods } from './cluster-pods.ts';
import { clusterProxy } from './cluster-proxy.ts';
import { clusterRoute } from './cluster-route.ts';
import { clusterService } from './cluster-service.ts';
import { configReloads } from './config-reloads.ts';
import { configRisks } from './config-risks.ts';
import { drain } from './drain.ts';
import { endpointAnswers } from './endpoint-answers.ts';
import { endpointBalance } from './endpoint-balance.ts';
import { handshakeBurstCheck } from './handshake-burst.ts';
import { limitsAndTimeouts } from './limits-and-timeouts.ts';
import { nameResolution } from './name-resolution.ts';
import { networkPolicyCheck } from './network-policy.ts';
import { nodeConnections } from './node-connections.ts';
import { pathBisect } from './path-bisect.ts';
import { proxyComplaints } from './proxy-complaints.ts';
import { proxyEndpoints } from './proxy-endpoints.ts';
import { proxyHeaderSettings } from './proxy-header-settings.ts';
import { proxyHealth } from './proxy-health.ts';
import { proxyProtocol } from './proxy-protocol.ts';
import { reloadFromOutside } from './reload-from-outside.ts';
import { routeOwner } from './route-owner.ts';
import { tls } from './tls.ts';
import { trafficOverTime } from './traffic-over-time.ts';
import { trafficPolicy } from './traffic-policy.ts';
import { upstreamAttribution } from './upstream-attribution.ts';
import { virtualAddress } from './virtual-address.ts';

/** Every check there is, sorted by name. Adding one adds one line here. */
export const CHECKS: readonly Check[] = [
  acceptQueue,
  autoscaling,
  balancerComplaints,
  balancerLog,
  balancerResets,
  balancerSettings,
  balancerTargets,
  cdnAnswers,
  clusterPods,
  clusterProxy,
  clusterRoute,
  clusterService,
  configReloads,
  configRisks,
  drain,
  endpointAnswers,
  endpointBalance,
  handshakeBurstCheck,
  limitsAndTimeouts,
  nameResolution,
  networkPolicyCheck,
  nodeConnections,
  pathBisect,
  proxyComplaints,
  proxyEndpoints,
  proxyHeaderSettings,
  proxyHealth,
  proxyProtocol,
  reloadFromOutside,
  routeOwner,
  tls,
  trafficOverTime,
  trafficPolicy,
  upstreamAttribution,
  virtualAddress,
];

const BY_ID = new Map(CHECKS.map((check) => [check.id, check]));

export const checkNamed = (id: string): Check | undefined => BY_ID.get(id);
