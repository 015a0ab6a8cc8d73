import { createHash } from 'node:crypto';
import type { KnownBlock } from '@slack/types';
import { WebAPIPlatformError, type WebClient } from '@slack/web-api';
import type { Logger } from 'pino';
import { reasonOf } from '../../diagnostics/errors.ts';
import { PREFIX } from '../../workers/queues.ts';
import type { RedisClient } from '../../workers/redis.ts';
import { clip } from '../blocks/mrkdwn.ts';
import { pngOf } from './png.ts';

/** A picture: what is drawn, and what it shows in words, which always stand beside it too. */
export interface Picture {
  svg: string;
  alt: string;
}

/** As long as a picture's messages are looked at; afterwards it would be uploaded again, s. */
const KEPT_S = 30 * 24 * 60 * 60;
/** Slack said that it takes no files from us: asked again after this time, ms. */
const REFUSED_MS = 10 * 60_000;
const UPLOAD_MS = 4_000;
const MOST_ALT = 1_900;
/** Pictures drawn at the same time in one process: each needs about 30 MB while it is drawn (measured). */
const AT_ONCE = 2;
const REFUSALS = ['missing_scope', 'not_allowed_token_type', 'no_permission', 'file_uploads_disabled', 'access_denied'];

/** Draws pictures and brings them to Slack. */
export type Gallery = ReturnType<typeof createGallery>;

/**
 * A picture is uploaded once, whoever asks for it: its file's id is kept by what it shows. It is shared nowhere; blocks show it by id.
 * Whatever goes wrong (no scope, no renderer, Slack away) is null: the words say the same.
 */
export function createGallery(parts: {
  client: WebClient;
  redis: RedisClient;
  log: Logger;
  now: () => number;
  draw?: typeof pngOf;
}) {
  const { client, redis, log, now, draw = pngOf } = parts;
  const under = new Map<string, Promise<string | null>>();
  let refusedUntil = 0;
  const keyOf = (svg: string) => `${PREFIX}:picture:${createHash('sha256').update(svg).digest('hex').slice(0, 32)}`;

  async function put(picture: Picture, key: string): Promise<string | null> {
    const bytes = await draw(picture.svg);
    const filename = 'chart.png';
    const alt_txt = clip(picture.alt, 1000);
    const ticket = await client.files.getUploadURLExternal({ filename, length: bytes.length, alt_text: alt_txt });
    const [url, id] = [ticket.upload_url, ticket.file_id];
    if (!url || !id) return null;
    const sent = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: new Uint8Array(bytes),
      signal: AbortSignal.timeout(UPLOAD_MS),
    });
    await sent.body?.cancel();
    if (!sent.ok) throw new Error(`the upload was answered ${sent.status}`);
    await client.files.completeUploadExternal({ files: [{ id, title: clip(picture.alt, 200) }] });
    await redis.set(key, id, 'EX', KEPT_S);
    return id;
  }

  return {
    /** The id of a picture that is there already; null: it is not, or nobody knows now. */
    async known(picture: Picture): Promise<string | null> {
      return redis.get(keyOf(picture.svg)).catch(() => null);
    },

    /** Slack would not show it any more: somebody deleted the file. Never rejects. */
    async forget(picture: Picture): Promise<void> {
      await redis.del(keyOf(picture.svg)).catch(() => {});
    },

    /** The id of a picture, uploaded if need be. Never rejects; null: words only. */
    async show(picture: Picture): Promise<string | null> {
      const key = keyOf(picture.svg);
      const before = await redis.get(key).catch(() => null);
      if (before !== null || now() < refusedUntil) return before;
      const running = under.get(key);
      if (running) return running;
      if (under.size >= AT_ONCE) return null;
      const work = put(picture, key)
        .catch((error: unknown) => {
          if (error instanceof WebAPIPlatformError && REFUSALS.includes(error.data.error))
            refusedUntil = now() + REFUSED_MS;
          log.warn({ reason: reasonOf(error) }, 'a picture is told in words only');
          return null;
        })
        .finally(() => under.delete(key));
      under.set(key, work);
      return work;
    },
  };
}

/** An uploaded picture as a block; its words are read to those who do not see it. */
export function pictureBlock(id: string, alt: string): KnownBlock {
  return { type: 'image', slack_file: { id }, alt_text: clip(alt, MOST_ALT) };
}
