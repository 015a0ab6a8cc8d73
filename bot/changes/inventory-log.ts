import { createHash } from 'node:crypto';
import type { Inventory } from '../../proxy/inventory/inventory.ts';
import { PREFIX } from '../../workers/queues.ts';
import type { RedisClient } from '../../workers/redis.ts';
import type { Happened } from './known.ts';

/** What of an inventory people change and others should hear of: lines by object. */
type Outline = { [object: string]: string };

const KEEP_MS = 14 * 24 * 60 * 60 * 1000;
const MOST = 500;
const MOST_CHARS = 400_000;
const MOST_OF_ONE_CHANGE = 40;
const SEEN = `${PREFIX}:inventory:outline`;
const LOG = `${PREFIX}:inventory:changes`;

/**
 * Takes a new outline in place of the one before, with what changed, unless it is there already. KEYS: outline, log. ARGV: digest,
 * outline, digest that the changes begin at ('' : none), time, most, life (ms), then the changes. Replies 1 taken, 0 it was there, and
 * the outline that is there where another one came in between.
 */
const TAKE = `
local was = redis.call('HGET', KEYS[1], 'digest') or ''
if was == ARGV[1] then return 0 end
if was ~= ARGV[3] then return redis.call('HGET', KEYS[1], 'outline') end
redis.call('HSET', KEYS[1], 'digest', ARGV[1], 'outline', ARGV[2])
for i = 7, #ARGV do redis.call('ZADD', KEYS[2], ARGV[4], ARGV[i]) end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[4] - ARGV[6])
redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -ARGV[5] - 1)
return 1
`;

/** Pure: the part of an inventory that its file names; what a cluster adds comes and goes all day, and its own feed tells it. */
export function outlineOf(inventory: Pick<Inventory, 'hops' | 'routes'>): Outline {
  const outline: Outline = {};
  for (const hop of Object.values(inventory.hops)) {
    if (hop.discovered) continue;
    const instances = hop.instances.map(({ name, https, http }) => `${name} ${https ?? http ?? ''}`.trim()).sort();
    const endpoints = (hop.endpoints ?? []).map(({ name, address }) => `${name} ${address}`).sort();
    outline[hop.name] = [hop.kind, hop.address ?? '', ...instances, ...endpoints]
      .filter((one) => one !== '')
      .join(', ');
    outline[`${hop.name}: settings`] = digestOf(JSON.stringify([hop.settings, hop.sends, hop.expects, hop.attributes]));
  }
  for (const route of inventory.routes) {
    if (route.via.some((key) => inventory.hops[key]?.discovered)) continue;
    outline[`${route.host}`] = route.via.join(' → ');
  }
  return outline;
}

/** Pure: what differs between two outlines, a line for each object. `at`: ISO, when it was seen. */
export function inventoryChanges(before: Outline, after: Outline, at: string): Happened[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names
    .flatMap((name) => {
      const [was, is] = [before[name], after[name]];
      if (was === is) return [];
      const object = name.replace(/: settings$/, '');
      const told = (summary: string): Happened[] => [{ at, object, kind: 'inventory', summary }];
      if (object !== name) return was === undefined || is === undefined ? [] : told('other settings in the inventory');
      if (was === undefined) return told(`named in the inventory: ${is}`);
      if (is === undefined) return told('gone from the inventory');
      return told(`${was} became ${is}`);
    })
    .slice(0, MOST_OF_ONE_CHANGE);
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

/** What people changed in the inventory's file, kept for two weeks over all processes. */
export function inventoryLog(redis: RedisClient) {
  /** What this process saw last: a bot with an older file must not tell of the newer one's end. */
  let mine: string | null = null;

  return {
    /**
     * Notes how the inventory is now, if it is another one than this process saw before. `now`: ms. True: it is new to all.
     * The very first outline is no change.
     */
    async note(inventory: Pick<Inventory, 'hops' | 'routes'>, now: number): Promise<boolean> {
      const outline = outlineOf(inventory);
      const text = JSON.stringify(outline);
      if (text.length > MOST_CHARS) return false;
      const digest = digestOf(text);
      if (digest === mine) return false;
      const at = new Date(now).toISOString();
      for (let attempt = 0; attempt < 5; attempt++) {
        const [was, before] = await redis.hmget(SEEN, 'digest', 'outline');
        const changes = typeof before === 'string' ? inventoryChanges(JSON.parse(before) as Outline, outline, at) : [];
        const args = [digest, text, was ?? '', String(now), String(MOST), String(KEEP_MS)];
        const reply = await redis.eval(TAKE, 2, SEEN, LOG, ...args, ...changes.map((one) => JSON.stringify(one)));
        if (reply !== 0 && reply !== 1) continue;
        mine = digest;
        return reply === 1;
      }
      return false;
    },

    /** Changes since a time (ISO), oldest first. */
    async since(from: string): Promise<Happened[]> {
      const texts = await redis.zrangebyscore(LOG, Date.parse(from), '+inf');
      return texts.flatMap((text) => {
        // Written by `note` alone, so the types hold by construction.
        const one = JSON.parse(text) as Happened;
        return Number.isNaN(Date.parse(one.at)) ? [] : [one];
      });
    },
  };
}

/** See `inventoryLog`. */
export type InventoryLog = ReturnType<typeof inventoryLog>;
