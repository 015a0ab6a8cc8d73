import { readBotConfig } from '../../bot/config.ts';
import { startBotProcess } from '../../bot/main.ts';
import { runUntilStopped } from '../../workers/process.ts';
import { plainIntake } from './rig.ts';

/** A bot's process with a stand-in for reading texts: no inventory is needed. */
process.exit(
  await runUntilStopped((signal) => startBotProcess(readBotConfig(process.env), signal, { intake: plainIntake() })),
);
