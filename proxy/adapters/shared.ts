/** What several looks ask for at the same moment is read once: fifty cases at once are no reason to scrape a proxy fifty times. */

interface Reading {
  value: Promise<unknown>;
}

const readings = new Map<string, Reading>();
/** More than this at once is nothing to remember; a reading is then simply made. */
const MOST = 1_000;

/**
 * The result of a reading that is under way or was made less than `keptMs` ago; else of a new one. The reading is nobody's
 * own: `read` gets a signal of its own that fires after `limitMs`, and each caller waits no longer than its own signal.
 */
export function shared<T>(
  key: string,
  times: { keptMs: number; limitMs: number },
  read: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const value = (readings.get(key)?.value as Promise<T> | undefined) ?? begin(key, times, read);
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  return Promise.race([value, promise]).finally(() => signal.removeEventListener('abort', abort));
}

function begin<T>(
  key: string,
  { keptMs, limitMs }: { keptMs: number; limitMs: number },
  read: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const value = read(AbortSignal.timeout(limitMs));
  if (readings.size >= MOST) return value;
  const entry: Reading = { value };
  readings.set(key, entry);
  const forget = (): void => {
    if (readings.get(key) === entry) readings.delete(key);
  };
  // What failed is not kept: the next caller may see more.
  value.then(() => setTimeout(forget, keptMs).unref(), forget);
  return value;
}
