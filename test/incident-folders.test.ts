import assert from 'node:assert/strict';
import { access, constants, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Incident, incidentsIn } from '../bot/eval/incident.ts';
import { CAUSES, type CauseId } from '../diagnostics/causes.ts';
import { CHECKS } from '../diagnostics/checks/index.ts';
import { HOPS, type Hop, INGRESS_HOPS } from '../diagnostics/types.ts';

const FOLDER = fileURLToPath(new URL('incidents', import.meta.url));

/** What is not an incident in there: the parts that worlds share. */
const NO_INCIDENTS = ['shared'];

/** Codes of all findings that some check can make. */
const CODES = new Set(CHECKS.flatMap((check) => Object.keys(check.findings)));

const incidents = await incidentsIn(FOLDER);
const each = (check: (incident: Incident) => string | null): string[] =>
  incidents.flatMap((incident) => check(incident) ?? []);

test('every folder is an incident that can be read, named as its folder', async () => {
  const folders = (await readdir(FOLDER, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory() && !NO_INCIDENTS.includes(entry.name))
    .map((entry) => entry.name);
  assert.deepEqual(folders.sort(), incidents.map(({ folder }) => basename(folder)).sort());
  assert.deepEqual(
    each(({ id, folder }) => (id === basename(folder) ? null : `${basename(folder)}: its id is ${id}`)),
    [],
  );
});

test('every world can be started', async () => {
  for (const { folder } of incidents) await access(join(folder, 'up'), constants.X_OK);
});

test('what is expected exists: causes, hops and finding codes', () => {
  assert.deepEqual(
    each(({ id, expect }) => {
      const cause = expect.cause.find((one) => one !== null && !(one in CAUSES));
      const hop = expect.hop.find((one) => one !== null && one !== 'none' && !HOPS.includes(one as Hop));
      const code = expect.forbid?.find((one) => !CODES.has(one));
      return cause || hop || code ? `${id}: ${cause ?? hop ?? code}` : null;
    }),
    [],
  );
});

test('each cause is expected with its home hop, and the answer with its hops', () => {
  assert.deepEqual(
    each(({ id, expect }) => {
      const homeless = expect.cause.find((one) => one !== null && !expect.hop.includes(CAUSES[one as CauseId].hop));
      return homeless ? `${id}: ${homeless} lives at ${CAUSES[homeless as CauseId].hop}` : null;
    }),
    [],
  );
  assert.deepEqual(
    each(({ id, expect }) => {
      const fits = (answer: string): boolean =>
        expect.hop.some((hop) =>
          answer === 'inconclusive'
            ? hop === null
            : hop !== null && INGRESS_HOPS.includes(hop as Hop) === (answer === 'ingress'),
        );
      const bare = expect.answer.find((answer) => !fits(answer));
      return bare ? `${id}: no hop fits ${bare}` : null;
    }),
    [],
  );
});

test('most incidents do not stand on the lab, and many of them acquit the ingress', () => {
  const acquits = incidents.filter(({ expect }) => !expect.answer.includes('ingress'));
  assert.ok(incidents.length >= 60, `${incidents.length} incidents`);
  assert.ok(acquits.length >= 20, `${acquits.length} that are not the ingress`);
});
