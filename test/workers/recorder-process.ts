import { createInterface } from 'node:readline';
import { readSharedConfig } from '../../workers/config.ts';
import { startWorkersProcess } from '../../workers/main.ts';
import { runUntilStopped } from '../../workers/process.ts';
import { quiet } from './stand-ins.ts';

/** A workers' process whose samples never end: it prints `sampling PROXY` when one begins, so that a test can kill it. */
createInterface({ input: process.stdin });
const config = readSharedConfig(process.env);
const recorder = config.file.recorder && { ...config.file.recorder, every: Number(process.env.EVERY_MS) };
process.exit(
  await runUntilStopped(() =>
    startWorkersProcess(
      { ...config, file: { ...config.file, recorder } },
      {
        log: quiet,
        sample: (of) => {
          process.stdout.write(`sampling ${of.hop}/${of.part}\n`);
          return new Promise(() => {});
        },
      },
    ),
  ),
);
