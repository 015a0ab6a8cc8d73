import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { checkList } from '../bot/cli/checks.ts';
import { CAUSES } from '../diagnostics/causes.ts';
import { CHECKS, checkNamed } from '../diagnostics/checks/index.ts';
import { HOPS, INGRESS_HOPS, VANTAGES } from '../diagnostics/types.ts';

const FOLDER = new URL('../diagnostics/checks/', import.meta.url);
const ids = CHECKS.map((check) => check.id);

test('the folder is the registry, sorted', () => {
  const files = readdirSync(FOLDER).filter((name) => name !== 'index.ts');
  assert.deepEqual(ids, files.map((name) => name.replace(/\.ts$/, '')).sort());
  assert.deepEqual(ids, [...ids].sort());
  for (const id of ids) assert.equal(checkNamed(id)?.id, id);
  assert.equal(checkNamed('constructor'), undefined);
});

test('ids are nouns in kebab case, codes in capitals; both are unique', () => {
  for (const id of ids) assert.match(id, /^[a-z]+(-[a-z]+)*$/);
  assert.equal(new Set(ids).size, ids.length);
  const codes = CHECKS.flatMap((check) => Object.keys(check.findings));
  for (const code of codes) assert.match(code, /^[A-Z]+(_[A-Z0-9]+)+$/);
  assert.equal(new Set(codes).size, codes.length);
});

test('every check says what it asks and where; every finding has a hop, a direction and a title', () => {
  for (const check of CHECKS) {
    assert.ok(check.title.length > 5 && check.asks.endsWith('?'), check.id);
    assert.ok(check.vantages.length && check.vantages.every((v) => VANTAGES.includes(v)), check.id);
    assert.ok(check.budgetMs > 0 && check.budgetMs <= 20_000, check.id);
    for (const [code, finding] of Object.entries(check.findings)) {
      assert.ok(HOPS.includes(finding.hop), code);
      assert.ok(['implicates', 'clears', 'context'].includes(finding.direction), code);
      assert.ok(finding.title.length > 5 && !finding.title.endsWith('.'), code);
      for (const text of ['says', 'next', 'reproduce'] as const) assert.equal(typeof finding[text], 'function', code);
    }
  }
});

test('the list for others holds every check with every finding', () => {
  const list = checkList();
  assert.deepEqual(
    list.map((one) => one.check),
    ids,
  );
  for (const one of list) {
    assert.deepEqual(Object.keys(one), ['check', 'title', 'asks', 'vantages', 'findings']);
    assert.deepEqual(
      one.findings.map((f) => f.code),
      Object.keys(checkNamed(one.check)?.findings ?? {}),
    );
  }
});

test('causes: each has its home hop, as the design lists them', () => {
  for (const [id, { hop, title }] of Object.entries(CAUSES)) {
    assert.match(id, /^[a-z]+(-[a-z]+)*$/);
    assert.ok(hop === 'none' || HOPS.includes(hop), id);
    assert.ok(title.length > 8 && !title.endsWith('.'), id);
    const ofIngress = hop !== 'none' && INGRESS_HOPS.includes(hop);
    if (/^(lb|tls|proxy-protocol)-/.test(id)) assert.ok(ofIngress, id);
    if (/^(app|dns|cdn|client-side|service)-?/.test(id)) assert.ok(!ofIngress, id);
  }
  assert.equal(Object.keys(CAUSES).length, 51);
});

test('codes that rules ask for are codes that a check gives', () => {
  const codes = new Set(CHECKS.flatMap((check) => Object.keys(check.findings)));
  const rules = new URL('../diagnostics/', import.meta.url);
  const files = [
    'judge.ts',
    'headline.ts',
    'cleared.ts',
    'without-suspicion.ts',
    'scene.ts',
    ...readdirSync(new URL('suspicions/', rules)).map((f) => `suspicions/${f}`),
  ];
  for (const file of files) {
    const source = readFileSync(new URL(file, rules), 'utf8');
    const quoted = [...source.matchAll(/'([A-Z]{3,}(?:_[A-Z0-9]+)+)'/g)].map((m) => m[1] as string);
    const unknown = quoted.filter((code) => !codes.has(code) && !OF_NODE.test(code) && !OUTCOMES.has(code));
    assert.deepEqual(unknown, [], file);
  }
});

/** Error codes of Node and OpenSSL, and our own words for how a connection ended, look like codes but are none. */
const OF_NODE = /^(E[A-Z]+$|ERR_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HPE_)/;
const OUTCOMES = new Set(['NOT_HTTP', 'CUT_OFF']);
