import type { PathHop } from '../../../diagnostics/types.ts';
import { blankHop } from '../../../proxy/inventory/blank.ts';
import type { World } from './aws-stand-in.ts';

/** Environment by which the SDK finds a key and looks nowhere else: no profile of this machine, no metadata address. */
export const KEY = {
  AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_CONFIG_FILE: '/dev/null',
};

const ARN = 'arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer';
export const NLB = `${ARN}/net/edge/50dc6c495c0c9188`;
export const ALB = `${ARN}/app/web/1f2e3d4c5b6a7988`;
export const CLASSIC = `${ARN}/old-edge`;

/** A network, an application and a Classic balancer, with a few minutes of counters. */
export const world = (): World => ({
  region: 'eu-central-1',
  key: { id: KEY.AWS_ACCESS_KEY_ID, secret: KEY.AWS_SECRET_ACCESS_KEY },
  balancers: [
    {
      arn: NLB,
      type: 'network',
      name: 'edge',
      dnsName: 'edge-50dc6c495c0c9188.elb.eu-central-1.amazonaws.com',
      zones: ['eu-central-1a', 'eu-central-1b'],
      attributes: { 'load_balancing.cross_zone.enabled': 'false' },
      listeners: [
        { port: 443, protocol: 'TCP', groups: ['https'], attributes: { 'tcp.idle_timeout.seconds': '350' } },
        { port: 80, protocol: 'TCP', groups: ['http'] },
      ],
      groups: [
        {
          name: 'https',
          port: 8443,
          protocol: 'TCP',
          targetType: 'ip',
          check: { protocol: 'TCP', port: 'traffic-port', interval: 10, fall: 3, rise: 3 },
          attributes: { 'proxy_protocol_v2.enabled': 'true', 'deregistration_delay.timeout_seconds': '300' },
          targets: [
            { id: '10.0.1.5', port: 8443, zone: 'eu-central-1a', state: 'healthy' },
            {
              id: '10.0.1.6',
              port: 8443,
              zone: 'eu-central-1b',
              state: 'draining',
              reason: 'Target.DeregistrationInProgress',
              description: 'Target deregistration is in progress',
            },
          ],
        },
        {
          name: 'http',
          port: 8080,
          protocol: 'TCP',
          targetType: 'ip',
          check: { protocol: 'TCP', port: 'traffic-port', interval: 30, fall: 2, rise: 5 },
          attributes: { 'proxy_protocol_v2.enabled': 'false' },
          targets: [],
        },
      ],
    },
    {
      arn: ALB,
      type: 'application',
      name: 'web',
      dnsName: 'web-1234567890.eu-central-1.elb.amazonaws.com',
      zones: ['eu-central-1a', 'eu-central-1b'],
      attributes: { 'idle_timeout.timeout_seconds': '60', 'load_balancing.cross_zone.enabled': 'true' },
      listeners: [{ port: 443, protocol: 'HTTPS', groups: ['web'], rules: 87 }],
      groups: [
        {
          name: 'web',
          port: 8080,
          protocol: 'HTTP',
          targetType: 'ip',
          check: { protocol: 'HTTP', port: 'traffic-port', path: '/healthz', interval: 15, fall: 2, rise: 2 },
          attributes: { 'deregistration_delay.timeout_seconds': '300' },
          targets: [{ id: '10.0.1.5', port: 8080, zone: 'eu-central-1a', state: 'healthy' }],
        },
      ],
    },
    {
      arn: CLASSIC,
      type: 'classic',
      name: 'old-edge',
      dnsName: 'old-edge-987654321.eu-central-1.elb.amazonaws.com',
      zones: ['eu-central-1a'],
      attributes: { idle: '75', 'cross-zone': 'false' },
      listeners: [{ port: 443, protocol: 'TCP', groups: ['old-edge'] }],
      proxyProtocol: true,
      groups: [
        {
          name: 'old-edge',
          port: 30443,
          protocol: 'TCP',
          targetType: 'instance',
          check: { protocol: 'TCP', port: '30443', interval: 10, fall: 6, rise: 2 },
          attributes: {},
          targets: [
            { id: 'i-0a', state: 'InService' },
            {
              id: 'i-0b',
              state: 'OutOfService',
              reason: 'Instance',
              description: 'Instance has failed at least the UnhealthyThreshold number of health checks consecutively.',
            },
          ],
        },
      ],
    },
  ],
  metrics: [
    ...(['eu-central-1a', 'eu-central-1b'] as const).map((zone, i) => ({
      namespace: 'AWS/NetworkELB',
      name: 'NewFlowCount',
      dimensions: { AvailabilityZone: zone, LoadBalancer: 'net/edge/50dc6c495c0c9188' },
      points: [5, 6, 7, 8, 9, 10, 11, 12, 13, 14].map((minutesAgo) => ({ minutesAgo, value: 60 - 2 * i })),
    })),
    {
      namespace: 'AWS/NetworkELB',
      name: 'TCP_ELB_Reset_Count',
      dimensions: { LoadBalancer: 'net/edge/50dc6c495c0c9188' },
      points: [
        { minutesAgo: 5, value: 40 },
        { minutesAgo: 6, value: 2 },
        { minutesAgo: 1, value: 9 },
      ],
    },
  ],
});

/** A balancer's hop with nothing said but what is given. */
export const awsHop = (said: Partial<PathHop>): PathHop => ({
  ...blankHop('edge', 'load-balancer', 'aws-nlb'),
  ...said,
});
