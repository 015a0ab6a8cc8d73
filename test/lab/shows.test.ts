import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { draw } from '../../bot/eval/draw.ts';
import { incidentsIn } from '../../bot/eval/incident.ts';
import { showsIn } from '../../bot/eval/shows.ts';
import { startWorldOf } from '../../bot/eval/world.ts';
import { FAULTS } from '../../proxy/lab/faults/index.ts';

const incidents = await incidentsIn(fileURLToPath(new URL('../incidents', import.meta.url)));
/** One world in so many; all of them with EVERY_WORLD=1 (`./dev eval --shows` does it beside the verdicts). */
const ONE_IN = 25;
const PARALLEL = 3;

test('every incident says how a user meets its fault; those of the lab are proved by the lab', () => {
  const lab = new Set(FAULTS.map(({ name }) => name));
  assert.deepEqual(
    incidents.filter(({ id, shows }) => !shows && !lab.has(id)).map(({ id }) => id),
    [],
  );
});

test('worlds show their faults to a user', { timeout: 1_800_000 }, async () => {
  const wanted = incidents.filter(
    ({ id, shows }) => shows && (process.env.EVERY_WORLD === '1' || draw(id, 1) < 1 / ONE_IN),
  );
  assert.ok(wanted.length >= 5, `${wanted.length} worlds`);
  const hidden: string[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let one = wanted[next++]; one; one = wanted[next++]) {
      const world = await startWorldOf(one.folder, { keep: false, seed: null });
      if ('skipped' in world) continue;
      try {
        if (!(await showsIn(world.dir, one))) hidden.push(one.id);
      } finally {
        await world.end();
      }
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  assert.deepEqual(hidden, []);
});
