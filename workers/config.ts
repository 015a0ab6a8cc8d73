import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { reasonOf, TriageError } from '../diagnostics/errors.ts';
import { peopleSchema } from './people-rules.ts';
import { readRedisUrl } from './redis.ts';

/** What both production processes need to know. Read once, frozen, passed as arguments. */
export interface SharedConfig {
  redisUrl: string;
  /** The inventory file, or null: then everything is unknown. */
  inventory: string | null;
  logLevel: (typeof LOG_LEVELS)[number];
  /** null: no health and metrics server. 0: any free port. */
  metricsPort: number | null;
  file: FileConfig;
  /** Unknown keys and the like: said once, never fatal. */
  warnings: string[];
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

const DURATION = 'a duration such as 20s, 500ms, 1m, 2h or 7d';
const duration = z
  .string(DURATION)
  .regex(/^\d+(\.\d+)?(ms|s|m|h|d)$/, DURATION)
  .transform((text) => {
    const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
    return Number.parseFloat(text) * units[/(ms|s|m|h|d)$/.exec(text)?.[1] as keyof typeof units];
  });
const SIZE = 'a size such as 512KiB or 1MiB';
const size = z
  .string(SIZE)
  .regex(/^\d+(\.\d+)?(KiB|MiB)$/, SIZE)
  .transform((text) => Math.round(Number.parseFloat(text) * (text.endsWith('KiB') ? 1024 : 1024 * 1024)));
const isZone = (name: string): boolean => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
};
const perMinute = z.int().min(1).max(100_000);
const channel = z.string().regex(/^(#\S{1,80}|[CGD][A-Z0-9]{2,})$/, 'a channel id or #name');

/** CONFIG, the YAML file for everything that is no secret and differs between organisations. */
const fileSchema = z.object({
  channels: z
    .object({
      /** Read and answered in threads without being asked. */
      triage: z.array(channel).default([]),
      /** Where rollouts are announced. */
      rollouts: z.array(channel).default([]),
      /** Bots whose messages count as reports: bot, app or user ids. */
      alerts: z.array(z.string().regex(/^[BAUW][A-Z0-9]{2,}$/, 'a bot, app or user id')).default([]),
    })
    .prefault({}),
  /** Wall time that the looks of one case may take. */
  deadline: duration.refine((ms) => ms >= 1000 && ms <= 120_000, 'between 1s and 2m').default(20_000),
  /** How much of a minute's questions is taken. Who asks beyond it is told when to try again. */
  limits: z
    .object({
      inAll: perMinute.default(120),
      perChannel: perMinute.default(60),
      perPerson: perMinute.default(30),
      /** More reports than this that nobody asked us about are a storm: they share one case. */
      storm: z.object({ inAll: perMinute.default(30), perChannel: perMinute.default(15) }).prefault({}),
    })
    .prefault({}),
  /** A report about the same host within this time after a verdict is a recurrence: it is answered in the old thread. */
  recurrence: duration.refine((ms) => ms >= 60_000 && ms <= 86_400_000, 'between 1m and 24h').default(14_400_000),
  /** Where alerts of Prometheus' Alertmanager come in and go to; left out: none are taken. */
  alertmanager: z
    .object({
      channel,
      /** Labels that name a host, an Ingress or a service; the first that says something is used. */
      hostLabels: z
        .array(z.string().min(1).max(100))
        .min(1)
        .max(20)
        .default(['host', 'hostname', 'ingress', 'exported_host', 'exported_service', 'service', 'instance']),
      /** Of the webhook's listener; `ALERTMANAGER_TOKEN` guards it. */
      port: z.int().min(0).max(65_535).default(9095),
      host: z.string().min(1).optional(),
    })
    .nullable()
    .default(null),
  /** Who may do what, where, about which hosts; without rules everybody may everything. */
  people: peopleSchema.prefault({}),
  /** A weekly message about cases, rollouts and changes; left out: none is sent. */
  digest: z
    .object({
      channel,
      day: z.enum(['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']).default('monday'),
      at: z
        .string()
        .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day such as 09:00')
        .default('09:00'),
      tz: z.string().refine(isZone, 'an IANA zone such as Europe/Vienna').default('UTC'),
    })
    .nullable()
    .default(null),
  /** The append-only log of who asked, decided and was refused what. */
  audit: z
    .object({
      keep: duration
        .refine((ms) => ms >= 86_400_000 && ms <= 315_360_000_000, 'between 1d and 3650d')
        .default(31_536_000_000),
      /** What it may take in Redis. */
      maxBytes: size
        .refine((bytes) => bytes >= 1_048_576 && bytes <= 10_737_418_240, 'between 1MiB and 10240MiB')
        .default(67_108_864),
      /** A file that each entry is appended to as well, or `stdout`. */
      file: z.string().min(1).max(1000).nullable().default(null),
    })
    .prefault({}),
  slack: z
    .object({
      /** Where HTTP mode listens. */
      port: z.int().min(0).max(65_535).default(3000),
      host: z.string().min(1).optional(),
    })
    .prefault({}),
  /** What the optional model may cost, per UTC day over all processes, and how long one text may take. */
  model: z
    .object({
      calls: z.int().min(0).max(1_000_000).default(500),
      tokens: z.int().min(0).max(1_000_000_000).default(1_000_000),
      deadline: duration.refine((ms) => ms >= 500 && ms <= 60_000, 'between 500ms and 1m').default(8000),
    })
    .prefault({}),
  workers: z
    .object({
      /** Looks at the same time in one process. */
      concurrency: z.int().min(1).max(256).default(32),
    })
    .prefault({}),
  /** How rollouts of the managed proxies are watched. */
  rollouts: z
    .object({
      /** Time between two readings of both sides. */
      every: duration.refine((ms) => ms >= 2000 && ms <= 300_000, 'between 2s and 5m').default(10_000),
      /** Our own probes to each side; `probes: false`: only the proxies' counters are read. */
      probes: z.preprocess(
        (value) => (value === false ? null : (value ?? {})),
        z
          .object({
            /** Requests to each side a second, with the hosts' names. */
            perSecond: z.number().min(0).max(10).default(1),
            /** Handshakes of old clients to each side a minute. */
            clientsPerMinute: z.number().min(0).max(120).default(12),
          })
          .nullable(),
      ),
      /** How long after the end the old path should be cleaned up. */
      cleanUpAfter: duration
        .refine((ms) => ms >= 60_000 && ms <= 31_536_000_000, 'between 1m and 365d')
        .default(604_800_000),
      /** Whether changes that nobody announced are noticed. */
      notice: z.boolean().default(true),
    })
    .prefault({ probes: {} }),
  /** The flight recorder; `recorder: false` switches it off. */
  recorder: z.preprocess(
    (value) => (value === false ? null : (value ?? {})),
    z
      .object({
        /** Time between two samples of a managed proxy. */
        every: duration.refine((ms) => ms >= 2000 && ms <= 300_000, 'between 2s and 5m').default(15_000),
        /** How far back samples reach. */
        keep: duration.refine((ms) => ms >= 300_000 && ms <= 86_400_000, 'between 5m and 24h').default(7_200_000),
        /** What Redis holds of one proxy at most: 200 proxies then never need more than 200 MiB. */
        maxBytesPerProxy: size
          .refine((bytes) => bytes >= 65_536 && bytes <= 67_108_864, 'between 64KiB and 64MiB')
          .default(1_048_576),
      })
      .nullable(),
  ),
});
type FileConfig = z.infer<typeof fileSchema>;

export type Environment = Record<string, string | undefined>;

/** Reads what both processes share. Throws TriageError naming the key, before anything connects. */
export function readSharedConfig(env: Environment): SharedConfig {
  const redisUrl = env.REDIS_URL || 'redis://127.0.0.1:6379';
  readRedisUrl(redisUrl);
  const { file, warnings } = readConfigFile(env.CONFIG || null);
  return Object.freeze({
    redisUrl,
    inventory: env.INVENTORY || null,
    logLevel: oneOf('LOG_LEVEL', env.LOG_LEVEL || 'info', LOG_LEVELS),
    metricsPort: env.METRICS_PORT ? readPort('METRICS_PORT', env.METRICS_PORT) : null,
    file,
    warnings,
  });
}

/** Reads CONFIG. Throws TriageError `unreadable` naming file, key and reason. */
export function readConfigFile(path: string | null): { file: FileConfig; warnings: string[] } {
  if (path === null) return { file: fileSchema.parse({}), warnings: [] };
  const unreadable = (reason: string, cause?: unknown) =>
    new TriageError('unreadable', `CONFIG ${path}: ${reason}`, { cause });
  let raw: unknown;
  try {
    raw = parse(readFileSync(path, 'utf8')) ?? {};
  } catch (error) {
    throw unreadable(reasonOf(error), error);
  }
  const read = fileSchema.safeParse(raw);
  if (!read.success) {
    const [issue] = read.error.issues;
    throw unreadable(`${issue?.path.join('.') || 'the file'}: ${issue?.message ?? 'not understood'}`);
  }
  return { file: read.data, warnings: unknownKeys(raw, path) };
}

function unknownKeys(raw: unknown, path: string): string[] {
  const strangers = (value: unknown, part: unknown, prefix: string): string[] => {
    const known = keysOf(part);
    if (known.length === 0 || typeof value !== 'object' || value === null) return [];
    return Object.keys(value)
      .filter((name) => !known.includes(name))
      .map((name) => `CONFIG ${path}: ${prefix}${name} is not known and was ignored`);
  };
  const parts = Object.entries(fileSchema.shape);
  return [
    ...strangers(raw, fileSchema, ''),
    ...parts.flatMap(([name, part]) => strangers((raw as Record<string, unknown>)[name], part, `${name}.`)),
  ];
}

/** Keys of an object's schema below its defaults, `nullable` and the like; none for anything else. */
function keysOf(schema: unknown): string[] {
  if (schema instanceof z.ZodObject) return Object.keys(schema.shape);
  if (schema instanceof z.ZodPipe) return keysOf(schema.out);
  if (schema instanceof z.ZodPrefault || schema instanceof z.ZodDefault || schema instanceof z.ZodNullable)
    return keysOf(schema.unwrap());
  return [];
}

function readPort(key: string, text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535)
    throw new TriageError('wrong-usage', `${key}: ${JSON.stringify(text)} is no port`);
  return port;
}

function oneOf<T extends string>(key: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === text);
  if (found === undefined)
    throw new TriageError('wrong-usage', `${key}: ${JSON.stringify(text)} is none of ${allowed.join(', ')}`);
  return found;
}
