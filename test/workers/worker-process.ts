import { createInterface } from 'node:readline';
import { readSharedConfig } from '../../workers/config.ts';
import { startWorkersProcess } from '../../workers/main.ts';
import { runUntilStopped } from '../../workers/process.ts';
import { plainJudge, row } from './stand-ins.ts';

/**
 * A workers' process whose looks take as long as told (LOOK_MS). It prints `looking CASE` when a look begins, so that a
 * test can kill it in the middle.
 */
const ms = Number(process.env.LOOK_MS ?? 300);
createInterface({ input: process.stdin });
process.exit(
  await runUntilStopped(() =>
    startWorkersProcess(readSharedConfig(process.env), {
      look: async (planned, host, { signal }) => {
        process.stdout.write(`looking ${host}\n`);
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          signal.addEventListener('abort', () => {
            clearTimeout(timer);
            resolve();
          });
        });
        return [row(planned)];
      },
      judge: plainJudge,
      readChanges: async () => ({ changes: [], blind: [] }),
    }),
  ),
);
