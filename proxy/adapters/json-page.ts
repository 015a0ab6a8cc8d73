import { BlindLook } from '../../diagnostics/io/proxy-reader.ts';
import type { Reach } from './metrics/page.ts';

/** A page of an API, as JSON. Throws BlindLook, `unreadable` where it is none. */
export async function jsonPage(url: string, reach: Reach, signal: AbortSignal): Promise<unknown> {
  const text = await reach.page(url, signal);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new BlindLook('unreadable', `${url} is no JSON: ${(error as Error).message.slice(0, 120)}`, { cause: error });
  }
}
