import type { ClusterChange } from './changes/change.ts';
import { configMapChanges } from './changes/config-maps.ts';
import { eventChanges } from './changes/events.ts';
import { leaseChanges, nodeChanges } from './changes/nodes.ts';
import { podChanges } from './changes/pods.ts';
import {
  classChanges,
  routeChanges,
  toldGateway,
  toldGatewayRoute,
  toldIngress,
  toldIngressRoute,
} from './changes/routes.ts';
import { policyChanges, serviceChanges, sliceChanges } from './changes/services.ts';
import { autoscalerChanges, workloadChanges } from './changes/workloads.ts';
import type { ObjectChange } from './cluster.ts';
import type { ClusterView } from './view.ts';

export type { ClusterChange } from './changes/change.ts';

const map = <T, R>(value: T | null, told: (value: T) => R): R | null => (value === null ? null : told(value));

/**
 * Pure: what people would call a change in what was heard of one object; mostly nothing. `view` holds the object as it is
 * now. Times are the cluster's: of managedFields, conditions and events; of what is gone, when it was heard.
 */
export function changesOf(change: ObjectChange, view: ClusterView): ClusterChange[] {
  const heard = view.asOf ?? '';
  switch (change.plural) {
    case 'ingresses':
      return routeChanges(map(change.before, toldIngress), map(change.after, toldIngress), heard);
    case 'ingressroutes':
      return routeChanges(map(change.before, toldIngressRoute), map(change.after, toldIngressRoute), heard);
    case 'httproutes':
    case 'grpcroutes':
    case 'tlsroutes':
      return routeChanges(map(change.before, toldGatewayRoute), map(change.after, toldGatewayRoute), heard);
    case 'gateways':
      return routeChanges(map(change.before, toldGateway), map(change.after, toldGateway), heard);
    case 'ingressclasses':
      return classChanges('IngressClass', change.before, change.after, heard);
    case 'gatewayclasses':
      return classChanges('GatewayClass', change.before, change.after, heard);
    case 'services':
      return serviceChanges(change.before, change.after, heard);
    case 'endpointslices':
      return sliceChanges(change.before, change.after, heard);
    case 'networkpolicies':
      return policyChanges(change.before, change.after, heard);
    case 'configmaps':
      return configMapChanges(view, change.before, change.after, heard);
    case 'deployments':
    case 'daemonsets':
    case 'statefulsets':
      return workloadChanges(view, change.before, change.after, heard);
    case 'horizontalpodautoscalers':
      return autoscalerChanges(view, change.before, change.after, heard);
    case 'pods':
      return podChanges(view, change.before, change.after, heard);
    case 'nodes':
      return nodeChanges(change.before, change.after, heard);
    case 'leases':
      return leaseChanges(view, change.before, change.after, heard);
    case 'events':
      return eventChanges(view, change.before, change.after, heard, true);
    default:
      return [];
  }
}
