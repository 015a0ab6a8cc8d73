import { z } from 'zod';
import { HOPS } from '../../diagnostics/types.ts';

/** The inventory file as people write it (DESIGN 4.7). Every part may be missing: less is then known. */

const text = z.string().min(1);
const name = z.union([z.string().min(1), z.number()]).transform(String);
/** host:port, or a bare host; numbers and hostless ports are mistakes worth naming. */
const address = z.string().regex(/^(\[[0-9a-f:.%]+\]|[^\s:[\]/]+)(:\d{1,5})?$|^[0-9a-f:]+$/i, 'not a host:port');
const json = z.json();
const header = z.enum(['proxy-v1', 'proxy-v2', 'none']);
const scheme = z.enum(['https', 'http', 'tcp']);
const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);
/** `null` in YAML (a key with nothing after it) counts as not said. */
const maybe = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? null);
const list = <T extends z.ZodType>(schema: T) => z.array(schema).nullish();

const instanceSchema = z.looseObject({
  name,
  https: maybe(address),
  http: maybe(address),
  metrics: maybe(text),
  admin: maybe(text),
  node: maybe(text),
  config: maybe(text),
  accessLog: maybe(text),
  logFormat: maybe(text),
  errorLog: maybe(text),
  pidFile: maybe(text),
});

const endpointSchema = z.looseObject({
  name: maybe(name),
  address,
  ports: list(z.number().int().min(1).max(65_535)),
  zone: maybe(name),
  ready: maybe(z.boolean()),
  startedAt: maybe(z.union([z.string(), z.date().transform((d) => d.toISOString())])),
  metrics: maybe(text),
});

const targetSchema = z.looseObject({ name: maybe(name), address, health: maybe(text) });

const hopSchema = z.looseObject({
  hop: z.enum(HOPS),
  kind: maybe(text),
  address: maybe(address),
  listeners: list(z.looseObject({ address, scheme: maybe(scheme) })),
  scheme: maybe(scheme),
  sends: maybe(header),
  to: maybe(z.enum(['https', 'http'])),
  expects: maybe(z.enum(['proxy-v1', 'proxy-v2', 'optional', 'none'])),
  targets: list(targetSchema),
  attributes: z.record(z.string(), scalar).nullish(),
  settings: z.record(z.string(), json).nullish(),
  instances: list(instanceSchema),
  // `endpoints:` with nothing after it is an empty list: the key is there, and there are none.
  endpoints: z.array(endpointSchema).nullish(),
  health: maybe(text),
  arn: text
    .regex(
      /^arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:\d{12}:loadbalancer\/\S+$/,
      'not the ARN of a load balancer',
    )
    .nullish(),
});

export const inventorySchema = z.looseObject({
  version: z.literal(1, 'must be 1'),
  kubernetes: z.looseObject({ kubeconfig: maybe(text), context: maybe(name), namespaces: list(name) }).nullish(),
  aws: z
    .looseObject({
      region: maybe(text),
      endpoint: maybe(z.url({ protocol: /^https?$/ })),
      profile: maybe(name),
      credentials: maybe(text),
    })
    .nullish(),
  prometheus: maybe(text),
  changes: maybe(text),
  aliases: z.record(z.string(), text).nullish(),
  allow: list(text),
  trust: list(text),
  dns: z.record(z.string(), z.union([z.array(text), text.transform((one) => [one])])).nullish(),
  routes: list(
    z.looseObject({
      host: text,
      path: text.startsWith('/', 'must begin with /').nullish(),
      via: z.array(name).min(1, 'names no hop'),
    }),
  ),
  hops: z.record(z.string(), hopSchema).nullish(),
  nodes: list(z.looseObject({ name, metrics: maybe(text), healthCheckNodePort: maybe(address) })),
});

export type HopFile = z.infer<typeof hopSchema>;

/** Keys that each part knows: anything else is warned about, never fatal. */
export const KNOWN_KEYS = {
  inventory: Object.keys(inventorySchema.shape),
  hop: Object.keys(hopSchema.shape),
  instance: Object.keys(instanceSchema.shape),
  endpoint: Object.keys(endpointSchema.shape),
} as const;

/** Kinds that something here knows how to read; others are `other`. */
export const KINDS = [
  'aws-nlb',
  'aws-alb',
  'aws-clb',
  'gce',
  'keepalived',
  'metallb',
  'cloudflare',
  'ingress-nginx',
  'nginx',
  'traefik',
  'haproxy',
  'haproxy-ingress',
  'envoy',
  'caddy',
  'apache',
  'service',
  'other',
] as const;
