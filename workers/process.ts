import type { Logger } from 'pino';
import { EXIT, reasonOf, TriageError } from '../diagnostics/errors.ts';

/** A stop must be over by then, whatever hangs. */
const STOP_MS = 14_000;

/** A part of a process that runs until it is stopped. */
export interface Running {
  stop: () => Promise<void>;
}

/**
 * Runs a process to its end: starts it, waits for SIGTERM or SIGINT, stops it in order. Resolves with the exit code:
 * 0 after a stop, or what went wrong at the start.
 */
export async function runUntilStopped(start: (signal: AbortSignal) => Promise<Running>, log?: Logger): Promise<number> {
  let wake: () => void = () => {};
  const asked = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const abort = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.once(name, () => {
      abort.abort();
      wake();
    });
  }
  try {
    const running = await start(abort.signal);
    await asked;
    const late = setTimeout(() => process.exit(0), STOP_MS);
    await running.stop().finally(() => clearTimeout(late));
    return 0;
  } catch (error) {
    // Told to stop before it had begun.
    if (abort.signal.aborted) return 0;
    if (error instanceof TriageError) {
      process.stderr.write(`${error.message}\n`);
      return EXIT[error.code];
    }
    if (log)
      log.fatal({ reason: reasonOf(error), stack: error instanceof Error ? error.stack : undefined }, 'our own bug');
    else process.stderr.write(`our own bug: ${reasonOf(error)}\n`);
    return EXIT['our-bug'];
  }
}
