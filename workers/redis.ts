import { Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis';
import { TriageError } from '../diagnostics/errors.ts';

export type RedisClient = Redis | Cluster;

/**
 * `producer`: asks on behalf of a person who waits, so it fails at once while Redis is away and nothing piles up.
 * `worker`: has nothing better to do than wait until Redis is back.
 */
type RedisRole = 'producer' | 'worker';

/** Where Redis is, as REDIS_URL says it. */
type RedisPlace =
  | { kind: 'single'; options: RedisOptions }
  | { kind: 'sentinel'; options: RedisOptions }
  | { kind: 'cluster'; nodes: { host: string; port: number }[]; options: RedisOptions };

const FORMS =
  'redis://host:6379/0, rediss://…, unix:/path/to.sock, redis+sentinel://host:26379,host:26379/master/0 or redis+cluster://host:7000,host:7001';
/** Long enough for a busy Redis, short enough that a person's command is answered within Slack's three seconds. */
const PRODUCER_TIMEOUT_MS = 1500;

/**
 * Reads REDIS_URL: one server (`redis`, `rediss`, `unix`), Sentinel (`redis+sentinel`, `rediss+sentinel`) or Cluster
 * (`redis+cluster`, `rediss+cluster`). Throws TriageError naming the key; never repeats the password.
 */
export function readRedisUrl(url: string): RedisPlace {
  const wrong = (why: string) => new TriageError('wrong-usage', `REDIS_URL: ${why}; expected ${FORMS}`);
  if (url.startsWith('unix:')) {
    const path = url.slice('unix:'.length).replace(/^\/\/(?=\/)/, '');
    if (!path.startsWith('/')) throw wrong('the socket path is not absolute');
    return { kind: 'single', options: { path } };
  }
  // Several hosts are no URL for the parser, so the list is taken out first.
  const parts = /^(redis|rediss)(\+sentinel|\+cluster)?:\/\/(?:([^@/]*)@)?([^/?]+)(?:\/([^?]*))?$/.exec(url);
  if (!parts) throw wrong('not understood');
  const [, scheme, many, login = '', hosts = '', rest = ''] = parts;
  const nodes = hosts.split(',').map((host) => readHost(host, many === '+sentinel' ? 26_379 : 6379));
  if (nodes.some((node) => node === null)) throw wrong('a host or port is wrong');
  const known = nodes.filter((node) => node !== null);
  const options: RedisOptions = { ...readLogin(login), ...(scheme === 'rediss' && { tls: {} }) };
  if (many === '+cluster') return { kind: 'cluster', nodes: known, options };
  const path = rest.split('/').filter((part) => part !== '');
  const db = Number(path.at(many ? 1 : 0) ?? 0);
  if (!Number.isInteger(db) || db < 0) throw wrong('the database is not a number');
  if (many === '+sentinel') {
    const [name] = path;
    if (!name) throw wrong('the name of the master is missing');
    const secure = scheme === 'rediss' && { enableTLSForSentinelMode: true, sentinelTLS: {} };
    return { kind: 'sentinel', options: { ...options, ...secure, sentinels: known, name, db } };
  }
  const [first] = known;
  if (!first || known.length > 1) throw wrong('several hosts need +sentinel or +cluster');
  return { kind: 'single', options: { ...options, ...first, db } };
}

function readHost(text: string, usual: number): { host: string; port: number } | null {
  const parts = /^(\[[0-9a-fA-F:]+\]|[^:\s]+)(?::(\d{1,5}))?$/.exec(text);
  const port = Number(parts?.[2] ?? usual);
  if (!parts?.[1] || port < 1 || port > 65_535) return null;
  return { host: parts[1].replace(/^\[|\]$/g, ''), port };
}

function readLogin(login: string): RedisOptions {
  if (login === '') return {};
  const [username = '', ...password] = login.split(':');
  if (password.length === 0) return { password: decodeURIComponent(username) };
  return {
    ...(username !== '' && { username: decodeURIComponent(username) }),
    password: decodeURIComponent(password.join(':')),
  };
}

/** Opens a connection. It never gives up: it comes back by itself whenever Redis does. */
export function connectRedis(url: string, role: RedisRole, name = 'iti'): RedisClient {
  const place = readRedisUrl(url);
  const retryStrategy = (times: number) => Math.min(50 * 2 ** Math.min(times, 6), 1000);
  const roleOptions: RedisOptions =
    role === 'producer'
      ? { enableOfflineQueue: false, autoResendUnfulfilledCommands: false, commandTimeout: PRODUCER_TIMEOUT_MS }
      : {};
  // null is BullMQ's condition; a producer is kept short by the three options above.
  const options: RedisOptions = { ...place.options, ...roleOptions, maxRetriesPerRequest: null, connectionName: name };
  if (place.kind !== 'cluster') return new Redis({ ...options, retryStrategy, connectTimeout: 5000 });
  const cluster: ClusterOptions = {
    clusterRetryStrategy: retryStrategy,
    enableOfflineQueue: role === 'worker',
    redisOptions: options,
  };
  return new Cluster(place.nodes, cluster);
}

/** Whether a command sent now would reach Redis. */
export function isUp(redis: RedisClient): boolean {
  return redis.status === 'ready' || (redis instanceof Cluster && redis.status === 'connect');
}

/** Closes without waiting for answers that may never come. */
export function closeRedis(redis: RedisClient): void {
  redis.disconnect();
}
