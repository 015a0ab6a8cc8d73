import { calibrated } from '../../diagnostics/calibration.ts';
import { calibrate, type Drawn, drawsOf, isForTraining, reliability } from '../eval/calibrate.ts';
import type { Incident } from '../eval/incident.ts';
import { readRun } from '../eval/saved.ts';
import { printJson } from './options.ts';

/** Which incidents are learnt from; written down, so that anyone gets the same split. */
export const SEED = 1;

/** `./dev eval --calibrate --from DIR`: learns the knots of diagnostics/calibration.ts, and holds those in use against the rest. */
export async function evaluateCalibration(incidents: Incident[], dir: string, json: boolean): Promise<number> {
  const draws: Drawn[] = [];
  for (const incident of incidents) {
    const run = await readRun(dir, incident);
    if (run !== null) draws.push(...drawsOf(incident, run.saved));
  }
  const knots = calibrate(draws.filter((one) => isForTraining(one.incident, SEED)));
  const heldOut = draws.filter((one) => !isForTraining(one.incident, SEED));
  const kinds = ['plain', 'variant', 'unseen'] as const;
  const parts = [
    { of: 'held out', ...reliability(heldOut, calibrated) },
    ...kinds.map((kind) => ({
      of: `held out, ${kind}`,
      ...reliability(
        heldOut.filter((one) => one.kind === kind),
        calibrated,
      ),
    })),
    { of: 'all', ...reliability(draws, calibrated) },
  ];
  if (json) printJson({ seed: SEED, knots, parts });
  else {
    process.stdout.write(`knots: ${JSON.stringify(knots)}\n`);
    for (const { of, ece, table } of parts) {
      process.stdout.write(`${of}: ECE ${ece.toFixed(3)}\n`);
      for (const row of table)
        process.stdout.write(
          `  from ${row.from.toFixed(1)}: ${row.verdicts} verdicts, said ${row.said.toFixed(3)}, right ${row.right.toFixed(3)}\n`,
        );
    }
  }
  return 0;
}
