import type { WebClient } from '@slack/web-api';
import type { Logger } from 'pino';
import { reasonOf } from '../diagnostics/errors.ts';
import type { Inventory } from '../proxy/inventory/inventory.ts';
import type { Desk } from '../workers/open-case.ts';
import type { RecorderStore } from '../workers/recorder/store.ts';
import { isUp, type RedisClient } from '../workers/redis.ts';
import { type ChangeSources, gatherChanges } from './changes/gather.ts';
import { inventoryLog } from './changes/inventory-log.ts';
import { type Channels, resolveChannels } from './channels.ts';
import type { BotConfig } from './config.ts';
import { startDigestClock } from './home/digest-clock.ts';
import type { ListenerDeps } from './listeners/deps.ts';
import { createGallery, type Gallery } from './pictures/upload.ts';

/** How often it is looked whether the inventory is another one. */
const INVENTORY_MS = 10_000;

interface Parts {
  config: BotConfig;
  inventory: () => Inventory;
  /** A producer's connection. */
  redis: RedisClient;
  desk: Pick<Desk, 'digest'>;
  recorder: Pick<RecorderStore, 'samples'> | null;
  log: Logger;
  now: () => number;
}

/** What people look at beside answers: what changed, pictures, Home, the digest. Nothing here asks Slack before `start`. */
export function createSights({ config, inventory, redis, desk, recorder, log, now }: Parts) {
  const file = inventoryLog(redis);
  const sources: ChangeSources = { recorder, keepMs: config.file.recorder?.keep ?? 0, inventoryLog: file };
  const { digest } = config.file;
  let channels: Channels | null = null;
  let clock: ReturnType<typeof startDigestClock> | null = null;
  let noting: Promise<unknown> | null = null;
  const note = () => {
    if (!isUp(redis)) return;
    noting ??= file
      .note(inventory(), now())
      .catch((error: unknown) => log.debug({ reason: reasonOf(error) }, 'the inventory was not noted'))
      .finally(() => {
        noting = null;
      });
  };
  const timer = setInterval(note, INVENTORY_MS);
  timer.unref();

  return {
    sources,
    gallery: (client: WebClient): Gallery => createGallery({ client, redis, log, now }),
    /** What the thread queue needs to send a digest; null: none is wanted. */
    digest: (deps: ListenerDeps) =>
      digest && {
        channel: () => channels?.ids()?.[0] ?? null,
        changes: (from: string) => gatherChanges(from, null, inventory(), deps),
      },

    /** Once Slack is there. */
    async start(client: WebClient): Promise<void> {
      note();
      if (digest === null) return;
      channels = await resolveChannels([digest.channel], client, log);
      clock = startDigestClock({ when: digest, redis, desk, log, now });
    },

    async close(): Promise<void> {
      clearInterval(timer);
      channels?.close();
      await clock?.close();
      await noting;
    },
  };
}
