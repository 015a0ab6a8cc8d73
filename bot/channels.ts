import type { WebClient } from '@slack/web-api';
import type { Logger } from 'pino';
import { reasonOf } from '../diagnostics/errors.ts';

const MAX_PAGES = 200;
/** Slack was away or limited us. */
const AFTER_FAILURE_MS = 5000;
/** The channel may be made, renamed or opened to us later; listing them all is not cheap. */
const AGAIN_MS = 300_000;

/** The channels that the configuration names, by id. */
export interface Channels {
  has: (channel: string) => boolean;
  /** Those that are resolved, in the order of the configuration; null: some are not, and may be in a moment. */
  ids: () => string[] | null;
  /** The id of one of the names; null: not (yet) found. */
  idOf: (name: string) => string | null;
  close: () => void;
}

/**
 * Resolves `#name`s to ids through all pages, and goes on looking for those that are not there yet. Until a name is
 * resolved its channel is not read; that is said in the log.
 */
export async function resolveChannels(names: readonly string[], client: WebClient, log: Logger): Promise<Channels> {
  const ids = new Set(names.filter((name) => !name.startsWith('#')));
  const idOf = new Map<string, string>();
  const missing = new Set(names.filter((name) => name.startsWith('#')).map((name) => name.slice(1)));
  const look = async () => {
    for (const types of ['public_channel', 'private_channel']) {
      if (missing.size === 0) return;
      // Private channels need a scope that is optional: without it only public names are found.
      await find(types).catch((error: unknown) => {
        failed = types === 'public_channel';
        log.warn({ types, reason: reasonOf(error) }, 'channels could not be listed');
      });
    }
    if (missing.size > 0) log.warn({ channels: [...missing] }, 'no such channel that I can see; will look again');
  };
  async function find(types: string): Promise<void> {
    let cursor: string | undefined;
    for (let page = 0; page < MAX_PAGES && missing.size > 0; page++) {
      const answer = await client.conversations.list({
        types,
        exclude_archived: true,
        limit: 200,
        ...(cursor && { cursor }),
      });
      for (const channel of answer.channels ?? []) {
        if (!channel.id || !channel.name || !missing.delete(channel.name)) continue;
        ids.add(channel.id);
        idOf.set(`#${channel.name}`, channel.id);
      }
      cursor = answer.response_metadata?.next_cursor;
      if (!cursor) return;
    }
  }
  let failed = false;
  let timer: NodeJS.Timeout | undefined;
  const lookAgain = async () => {
    failed = false;
    await look();
    if (missing.size > 0) timer = setTimeout(lookAgain, failed ? AFTER_FAILURE_MS : AGAIN_MS).unref();
  };
  await lookAgain();
  return {
    has: (channel) => ids.has(channel),
    ids() {
      const found = names.flatMap((name) => (name.startsWith('#') ? (idOf.get(name) ?? []) : name));
      return found.length === 0 && names.length > 0 ? null : found;
    },
    idOf: (name) => (name.startsWith('#') ? (idOf.get(name) ?? null) : name),
    close: () => clearTimeout(timer),
  };
}
