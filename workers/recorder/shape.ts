import type { ProxySample } from '../../diagnostics/io/proxy-sample.ts';

const isPlain = (value: unknown): value is { [name: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isRows = (value: unknown): boolean => Array.isArray(value) && value.every(isPlain);

const LISTS = ['requests', 'latency', 'endpoints', 'tls', 'certificates', 'cannotTell'] as const;
/** Fields that came later, or that not every proxy has. */
const OPTIONAL_LISTS = ['repeated', 'retries', 'means'] as const;
const PARTS = ['connections', 'refusedBeforeRequest', 'reloads', 'process'] as const;

/**
 * Pure: is it a sample by its shape? What was written by something else may decode into anything, and those who compare
 * samples go through their lists.
 */
export function isSample(value: unknown): value is ProxySample {
  if (!isPlain(value)) return false;
  const { v, at, clock } = value;
  return (
    v === 1 &&
    typeof at === 'string' &&
    !Number.isNaN(Date.parse(at)) &&
    (clock === null || typeof clock === 'string') &&
    LISTS.every((name) => isRows(value[name])) &&
    OPTIONAL_LISTS.every((name) => value[name] === undefined || isRows(value[name])) &&
    PARTS.every((name) => isPlain(value[name]))
  );
}
