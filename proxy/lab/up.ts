/**
 * node proxy/lab/up.ts FAULT: brings up a world in the empty folder that $WORLD names, with this fault on. Prints `ready`, or
 * `skip REASON` when a part of it is not here, and stays until SIGTERM.
 */
import { findBinaries } from './binaries.ts';
import { FAULTS } from './faults/index.ts';
import { LabError } from './lab-error.ts';
import { pause } from './until.ts';
import { startWorld } from './world.ts';

/** So long the people of this world meet the fault before anyone asks, ms: logs and counters then speak of it. */
const LET_IT_SHOW_MS = 2500;

async function up(name: string | undefined, dir: string | undefined): Promise<void> {
  const fault = FAULTS.find((one) => one.name === name);
  if (!fault || !dir) {
    console.error(
      `usage: WORLD=EMPTY_FOLDER node proxy/lab/up.ts FAULT\nfaults: ${FAULTS.map((one) => one.name).join(', ')}`,
    );
    process.exit(64);
  }
  if (fault.needs?.includes('traefik') && !findBinaries().traefik) {
    throw new LabError('Traefik is not here', { missing: 'traefik' });
  }
  const world = await startWorld({ dir });
  const end = (): void => void world.stop().finally(() => process.exit(0));
  process.once('SIGTERM', end).once('SIGINT', end);
  try {
    await world.inject(fault.name);
  } catch (error) {
    await world.stop();
    throw error;
  }
  await pause(LET_IT_SHOW_MS);
  console.log('ready');
  // Nothing else keeps this process alive.
  setInterval(() => {}, 3_600_000);
}

try {
  await up(process.argv[2], process.env.WORLD);
} catch (error) {
  if (error instanceof LabError && error.missing) {
    console.log(`skip ${error.message}`);
    process.exit(0);
  }
  throw error;
}
