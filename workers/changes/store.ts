import { BlindLook } from '../../diagnostics/io/proxy-reader.ts';
import type { ClusterChange } from '../../proxy/kubernetes/changes.ts';
import { PREFIX } from '../queues.ts';
import { isUp, type RedisClient } from '../redis.ts';

/** How long and how many changes of one cluster are kept. */
interface ChangeLimits {
  keepMs: number;
  /** Of each sort: what people change, and what machines do all day. */
  most: number;
}

const CHANGE_LIMITS: ChangeLimits = { keepMs: 48 * 3_600_000, most: 5_000 };

/** Changes of clusters in Redis: beyond the hour that events live, from several watchers, each once. */
export interface ChangeStore {
  /** Returns how many of them were new. Rejects while Redis is away. */
  put(cluster: string, changes: ClusterChange[]): Promise<number>;
  /** Of a stretch of time (ISO), oldest first. Throws BlindLook while Redis is away. */
  between(cluster: string, from: string, until: string): Promise<ClusterChange[]>;
}

/**
 * A sorted set of names by time and a hash with what they say, for each sort. KEYS: set, hash. ARGV: oldest (ms), most,
 * life (ms), then time, name and text of each. The first to tell of a change is kept: names are the same for all watchers.
 */
const PUT = `
local new = 0
for i = 4, #ARGV, 3 do
  if tonumber(ARGV[i]) >= tonumber(ARGV[1]) and redis.call('ZADD', KEYS[1], 'NX', ARGV[i], ARGV[i + 1]) == 1 then
    redis.call('HSET', KEYS[2], ARGV[i + 1], ARGV[i + 2])
    new = new + 1
  end
end
local function forget(ids)
  for i = 1, #ids, 1000 do redis.call('HDEL', KEYS[2], unpack(ids, i, math.min(i + 999, #ids))) end
end
local old = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. ARGV[1])
if #old > 0 then
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. ARGV[1])
  forget(old)
end
local over = redis.call('ZCARD', KEYS[1]) - tonumber(ARGV[2])
if over > 0 then
  forget(redis.call('ZRANGE', KEYS[1], 0, over - 1))
  redis.call('ZREMRANGEBYRANK', KEYS[1], 0, over - 1)
end
for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ARGV[3]) end
return new
`;

/** Names and texts of one reading; what a case reads serves those that come right after it, ms. */
const KEPT_MS = 1_000;
const SORTS = ['edits', 'often'] as const;

export const keysOf = (cluster: string, sort: (typeof SORTS)[number]): [set: string, hash: string] => {
  const key = `${PREFIX}:changes:${encodeURIComponent(cluster)}:${sort}`;
  return [key, `${key}:said`];
};

/** Pure: what others wrote under our keys, or another version of us, is left out. */
function isChange(value: unknown): value is ClusterChange {
  if (typeof value !== 'object' || value === null) return false;
  const one = value as { [name: string]: unknown };
  return (
    ['id', 'at', 'kind', 'object', 'summary'].every((name) => typeof one[name] === 'string') &&
    !Number.isNaN(Date.parse(one.at as string)) &&
    Array.isArray(one.about) &&
    one.about.every((name) => typeof name === 'string') &&
    (one.by === undefined || typeof one.by === 'string')
  );
}

/** `redis` should fail at once while Redis is away (role `producer`). */
export function changeStore(
  redis: RedisClient,
  limits: ChangeLimits = CHANGE_LIMITS,
  now: () => number = Date.now,
): ChangeStore {
  const recent = new Map<string, { at: number; all: Promise<ClusterChange[]> }>();

  /** Everything that is kept of a cluster: ten thousand short texts at most. */
  async function everything(cluster: string): Promise<ClusterChange[]> {
    const read = await Promise.all(SORTS.map((sort) => redis.hvals(keysOf(cluster, sort)[1])));
    const found = read.flat().flatMap((text) => {
      try {
        const one: unknown = JSON.parse(text);
        return isChange(one) ? [one] : [];
      } catch {
        return [];
      }
    });
    return found.sort((a, b) => Date.parse(a.at) - Date.parse(b.at) || a.id.localeCompare(b.id));
  }

  return {
    async put(cluster, changes) {
      let fresh = 0;
      for (const sort of SORTS) {
        const some = changes.filter((one) => one.often === (sort === 'often'));
        if (some.length === 0) continue;
        const args = some.flatMap((one) => [String(Date.parse(one.at)), one.id, JSON.stringify(one)]);
        const { keepMs, most } = limits;
        const oldest = String(now() - keepMs);
        fresh += (await redis.eval(
          PUT,
          2,
          ...keysOf(cluster, sort),
          oldest,
          String(most),
          String(keepMs),
          ...args,
        )) as number;
      }
      return fresh;
    },

    async between(cluster, from, until) {
      const away = (cause?: unknown) =>
        new BlindLook('no-connection', 'they could not be read: Redis is away', { cause });
      if (!isUp(redis)) throw away();
      const known = recent.get(cluster);
      const usable = known && now() - known.at < KEPT_MS ? known : { at: now(), all: everything(cluster) };
      recent.set(cluster, usable);
      const all = await usable.all.catch((error: unknown) => {
        recent.delete(cluster);
        throw away(error);
      });
      const [first, last] = [Date.parse(from), Date.parse(until)];
      return all.filter((one) => Date.parse(one.at) >= first && Date.parse(one.at) <= last);
    },
  };
}
