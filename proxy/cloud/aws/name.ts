import type { PathHop } from '../../../diagnostics/types.ts';

/** Which balancer of AWS a hop is: by its ARN, else by the DNS name that AWS gave it. */
export interface BalancerName {
  region: string | null;
  /** null: to be found by its DNS name. */
  arn: string | null;
  dnsName: string | null;
  /** Classic balancers are asked by another interface; null: both must be tried. */
  classic: boolean | null;
  /** Port of the listener that the path uses; null: not known. */
  port: number | null;
}

/** `arn:aws:elasticloadbalancing:REGION:ACCOUNT:loadbalancer/net/NAME/ID`; a Classic one has its name alone. */
const ARN = /^arn:aws[a-z-]*:elasticloadbalancing:([a-z0-9-]+):\d{12}:loadbalancer\/(?:(net|app|gwy)\/)?[\w./-]+$/;
/** NLB: `NAME-ID.elb.REGION.amazonaws.com`; ALB and Classic: `NAME-ID.REGION.elb.amazonaws.com` (AWS user guides). */
const NETWORK = /^[a-z0-9-]+\.elb\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/;
const OTHER = /^[a-z0-9-]+\.([a-z0-9-]+)\.elb\.amazonaws\.com(?:\.cn)?$/;

const partsOf = (address: string | null): { host: string; port: number | null } => {
  const [, host = '', port] = /^(.*?)(?::(\d+))?$/.exec(address ?? '') ?? [];
  return { host: host.toLowerCase().replace(/^dualstack\./, ''), port: port ? Number(port) : null };
};

/** Pure: null where the hop is no balancer of AWS that can be told by name. */
export function balancerName(hop: PathHop): BalancerName | null {
  const { host, port } = partsOf(hop.address);
  const arn = ARN.exec(hop.arn ?? '');
  if (arn)
    return { region: arn[1] as string, arn: hop.arn as string, dnsName: null, classic: arn[2] === undefined, port };
  const network = NETWORK.exec(host);
  if (network) return { region: network[1] as string, arn: null, dnsName: host, classic: false, port };
  const other = OTHER.exec(host);
  if (!other) return null;
  const classic = hop.kind === 'aws-clb' ? true : hop.kind === 'aws-alb' ? false : null;
  return { region: other[1] as string, arn: null, dnsName: host, classic, port };
}

/** The value of CloudWatch's dimension: `net/NAME/ID`, or the name of a Classic one. */
export const dimensionOf = (arn: string): string => arn.slice(arn.indexOf(':loadbalancer/') + ':loadbalancer/'.length);
