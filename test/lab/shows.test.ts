import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { draw } from '../../bot/eval/draw.ts';
import { incidentsIn } from '../../bot/eval/incident.ts';
import { showAll } from '../../bot/eval/shows.ts';
import { FAULTS } from '../../proxy/lab/faults/index.ts';

const incidents = await incidentsIn(fileURLToPath(new URL('../incidents', import.meta.url)));
/** One world in so many; all of them with EVERY_WORLD=1 (as `./dev eval --shows` does). */
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
  const found = await showAll(wanted, { parallel: PARALLEL, seed: null });
  const hidden = [...found].filter(([, shown]) => shown === 'hidden').map(([id]) => id);
  assert.deepEqual(hidden, []);
});
