import { TriageError } from '../../diagnostics/errors.ts';
import { clusterRole, clusterRoleYaml } from '../../proxy/kubernetes/rights.ts';
import { printJson, readArgs } from './options.ts';

/**
 * `./dev rights`: the ClusterRole that reading a cluster needs, each rule with its reason, ready for `kubectl apply -f -`.
 * Needs no cluster and asks none.
 */
export async function rightsCommand(args: string[]): Promise<number> {
  const { values } = readArgs(
    args,
    './dev rights [--logs] [--name NAME] [--json]',
    { logs: { type: 'boolean' }, name: { type: 'string', default: 'is-it-the-ingress' }, json: { type: 'boolean' } },
    { min: 0, max: 0 },
  );
  if (!/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(values.name))
    throw new TriageError('wrong-usage', `--name: ${JSON.stringify(values.name)} is no name that Kubernetes takes`);
  const options = { name: values.name, podLogs: values.logs ?? false };
  if (values.json) printJson(clusterRole(options));
  else process.stdout.write(clusterRoleYaml(options));
  return 0;
}
