import { z } from 'zod';
import type { Inventory } from '../proxy/inventory/inventory.ts';
import { PREFIX } from './queues.ts';
import { isUp, type RedisClient } from './redis.ts';

/** What a cluster added to the file for one host, as it was last known. */
const keptSchema = z.object({
  v: z.literal(1),
  cluster: z.object({ name: z.string(), asOf: z.string().nullable(), unserved: z.array(z.any()) }),
  hops: z.record(z.string(), z.looseObject({ name: z.string(), hop: z.string() })),
  routes: z.array(z.object({ host: z.string(), path: z.string(), via: z.array(z.string()) })),
  ambiguous: z.array(z.any()),
});

/** Last known paths beyond the life of a process: for one that begins while the API server is away. */
export interface LastPaths {
  /** Keeps what `found` has beyond the file. Never rejects: the next case keeps it anew. */
  save(file: Inventory, found: Inventory, host: string, path: string): Promise<void>;
  /** The file with what was last known of the host, its age said; null: nothing is. Never rejects. */
  load(file: Inventory, cluster: string, host: string, path: string, now: number): Promise<Inventory | null>;
}

/** A path of a week ago is a guess. */
const LIFE_MS = 7 * 24 * 3_600_000;
/** A hop with a thousand endpoints has some 300 KiB. */
const MOST_CHARS = 1_000_000;
/** Different paths of one host that are kept. */
const MOST_PATHS = 8;

const keyOf = (cluster: string, host: string): string =>
  `${PREFIX}:path:${encodeURIComponent(cluster)}:${encodeURIComponent(host.toLowerCase().slice(0, 300))}`;
const fieldOf = (path: string): string => (path.split(/[?#]/, 1)[0] ?? '/').slice(0, 200);

/** KEYS: hash. ARGV: field, text, most fields, life (ms). */
const SAVE = `
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 or redis.call('HLEN', KEYS[1]) < tonumber(ARGV[3]) then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
end
return 1
`;

/** `3 min`, `2 h`, `4 d`. */
export function ageOf(asOf: string | null, now: number): string {
  const ms = now - Date.parse(asOf ?? '');
  if (Number.isNaN(ms)) return 'unknown age';
  const minutes = Math.max(0, Math.round(ms / 60_000));
  if (minutes < 120) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} d`;
}

export function lastPaths(redis: RedisClient): LastPaths {
  return {
    async save(file, found, host, path) {
      if (!isUp(redis) || !found.cluster) return;
      const added = found.routes.slice(file.routes.length);
      if (added.length === 0) return;
      const hops = Object.fromEntries(Object.entries(found.hops).filter(([key, hop]) => file.hops[key] !== hop));
      const { cluster, ambiguous } = found;
      const text = JSON.stringify({
        v: 1,
        cluster,
        hops,
        routes: added,
        ambiguous: ambiguous.slice(file.ambiguous.length),
      });
      if (text.length > MOST_CHARS) return;
      const args = [fieldOf(path), text, String(MOST_PATHS), String(LIFE_MS)];
      await redis.eval(SAVE, 1, keyOf(cluster.name, host), ...args).catch(() => {});
    },

    async load(file, cluster, host, path, now) {
      if (!isUp(redis)) return null;
      const all: { [path: string]: string } = await redis.hgetall(keyOf(cluster, host)).catch(() => ({}));
      const text = all[fieldOf(path)] ?? all['/'] ?? Object.values(all)[0];
      if (text === undefined) return null;
      try {
        const kept = keptSchema.parse(JSON.parse(text));
        const { asOf } = kept.cluster;
        const age = `the API server of ${cluster} has not answered since this process began: this is the path as it was known at ${asOf} (${ageOf(asOf, now)} ago)`;
        return {
          ...file,
          hops: { ...file.hops, ...(kept.hops as unknown as Inventory['hops']) },
          routes: [...file.routes, ...kept.routes],
          cluster: kept.cluster,
          ambiguous: [...file.ambiguous, ...kept.ambiguous],
          unknown: [...file.unknown, age],
        };
      } catch {
        return null; // of another version
      }
    },
  };
}
