import type { NodeFacts } from '../../../diagnostics/io/cluster-reader.ts';
import { frontsOf } from '../discover/fronts.ts';
import type { ClusterNode } from '../objects.ts';
import type { ClusterView } from '../view.ts';
import { proxyNamed } from './proxy.ts';
import { needs } from './rights.ts';

/** Only nodes with these labels become targets (lbc and cloud-provider-aws: target-node-labels). */
const TARGET_LABELS = 'service.beta.kubernetes.io/aws-load-balancer-target-node-labels';

/** Does a node wear all of `key=value,key=value`? Nothing written: yes. */
function wears(node: ClusterNode, labels: string | undefined): boolean {
  return (labels ?? '')
    .split(',')
    .filter((one) => one.includes('='))
    .every((one) => {
      const [key = '', value = ''] = one.split('=');
      return node.meta.labels[key.trim()] === value.trim();
    });
}

/**
 * Nodes of a cluster with the pods of one proxy on each, by name. `excluded`: no load balancer sends to it, by label of
 * the node or of the Service. Throws BlindLook naming the right to grant when nodes or the proxy's pods may not be read.
 */
export function nodeFacts(view: ClusterView, proxyName: string): NodeFacts[] {
  const proxy = proxyNamed(view, proxyName);
  needs(view, '', 'nodes');
  needs(view, proxy.workload.meta.namespace, 'pods');
  const labels = frontsOf(view, proxy)[0]?.meta.annotations[TARGET_LABELS];
  const pods = Map.groupBy(proxy.pods, (pod) => pod.node ?? '');
  return [...view.objects.nodes.values()]
    .map((node) => {
      const here = pods.get(node.meta.name) ?? [];
      return {
        name: node.meta.name,
        ip: node.internalIP,
        ready: node.ready,
        readySince: node.readySince,
        unschedulable: node.unschedulable,
        taints: node.taints,
        zone: node.zone,
        excluded: node.excluded || !wears(node, labels),
        readyProxies: here.filter((pod) => pod.ready && pod.meta.deletedAt === null).length,
        proxies: here.filter((pod) => pod.phase === 'Running').length,
      };
    })
    .sort((a, b) => a.name.localeCompare(b.name));
}
