import assert from 'node:assert/strict';
import test from 'node:test';
import { CHECKS } from '../../diagnostics/checks/index.ts';
import { LOOK_TELLS } from '../../diagnostics/look-tells.ts';
import { nextLook, stateOf, tellsOf } from '../../diagnostics/next-look.ts';
import type { Scene } from '../../diagnostics/scene.ts';
import { type Blind, type BlindReason, SYMPTOMS, type SymptomKind } from '../../diagnostics/types.ts';

const blind = (check: string, reason: BlindReason = 'not-configured'): Blind => ({
  check,
  reason,
  detail: `${check} is not known`,
  hop: 'proxy',
});
const scene = (failing: number | null, kinds: SymptomKind[], looks: Blind[]): Scene =>
  ({ failing, slowMs: null, blind: looks, case: { symptoms: { kinds } } }) as unknown as Scene;

test('the look that is named first is the one that tells most of what was reported', () => {
  const looks = [blind('config-risks'), blind('tls'), blind('endpoint-answers'), blind('proxy-complaints')];
  assert.equal(nextLook(scene(0, ['certificate'], looks))?.check, 'tls');
  assert.equal(nextLook(scene(0.5, ['errors-5xx'], looks))?.check, 'endpoint-answers');
  assert.equal(
    nextLook(scene(0, ['too-large'], [blind('tls'), blind('upstream-attribution')]))?.check,
    'upstream-attribution',
  );
});

test('what users meet comes before everything else, and nothing is named where nothing is blind', () => {
  const looks = CHECKS.map(({ id }) => blind(id));
  assert.equal(nextLook(scene(null, ['unspecified'], looks))?.check, 'path-bisect');
  assert.equal(nextLook(scene(0, ['slow'], [])), null);
});

test('of two that tell as much, the one that is cheaper to have; of two alike, the first', () => {
  const looks = [blind('tls', 'no-connection'), blind('tls', 'not-allowed'), blind('tls', 'deadline')];
  assert.equal(nextLook(scene(1, ['handshake'], looks)), looks[1]);
});

test('a look of which nothing is known still has some worth, and no share leaves 0 to 1', () => {
  assert.ok(tellsOf('a-check-of-tomorrow', 'fails', ['slow']) > 0);
  const ids = [...CHECKS.map(({ id }) => id), 'a-check-of-tomorrow'];
  const shares = ids.flatMap((id) =>
    SYMPTOMS.flatMap((kind) =>
      (['not-asked', 'fails', 'slow', 'answers'] as const).map((at) => tellsOf(id, at, [kind])),
    ),
  );
  assert.deepEqual(
    shares.filter((one) => !(one > 0 && one <= 1)),
    [],
  );
});

test('the table names checks, states and symptoms that there are', () => {
  const ids = new Set(CHECKS.map(({ id }) => id));
  const tables = [LOOK_TELLS.all, ...Object.values(LOOK_TELLS.states), ...Object.values(LOOK_TELLS.kinds)];
  assert.deepEqual(
    tables.flatMap((table) => Object.keys(table)).filter((id) => !ids.has(id)),
    [],
  );
  assert.deepEqual(
    tables.flatMap((table) => Object.values(table)).filter(([told, tried]) => told < 0 || tried < 1 || told > tried),
    [],
  );
  const states = [null, 1, 0].map((failing) => stateOf({ failing, slowMs: null }));
  assert.deepEqual(
    Object.keys(LOOK_TELLS.states).filter((name) => ![...states, 'slow'].includes(name as (typeof states)[number])),
    [],
  );
  assert.deepEqual(
    Object.keys(LOOK_TELLS.kinds).filter((kind) => !SYMPTOMS.some((one) => one === kind)),
    [],
  );
});
