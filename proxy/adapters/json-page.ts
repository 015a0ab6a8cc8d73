import { BlindLook } from '../../../diagnostics/io/proxy-reader.ts';
import type { Reach } from '../metrics/page.ts';

/** A page of an API, as JSON. Throws BlindLook, `unreadable` where it is none. */
export async function jsonPage(url: string, reach: Reach, signal: AbortSignal): Promise<unknown> {
  const text = await reach.page(url, signal);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new BlindLook('unreadable', `${url} is no JSON: ${(error as Error).message.slice(0, 120)}`, { cause: error });
  }
}

/** What a foreign value is, if it is that: else the empty thing. Pages are data of others, whatever they claim to be. */
export const record = (value: unknown): { [key: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as { [key: string]: unknown }) : {};
export const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
export const text = (value: unknown): string => (typeof value === 'string' ? value : '');
export const number = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null;
