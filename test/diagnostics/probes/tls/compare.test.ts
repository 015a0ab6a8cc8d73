import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClientResult } from '../../../../diagnostics/probes/client-profiles.ts';
import { type Compared, compareProbes } from '../../../../diagnostics/probes/tls/compare.ts';

const client = (profile: string, title: string, result: ClientResult['result'], cipher?: string): ClientResult => ({
  profile,
  title,
  result,
  negotiated: cipher ? { version: 'TLSv1.2', cipher, id: '0x0000' } : null,
});
const probe = (clients: ClientResult[], suites: string[] = ['A', 'B']): Compared => ({
  versions: ['TLSv1.2'],
  ciphers: { 'TLSv1.2': suites.map((name) => ({ id: '0x0000', name })) },
  certificates: [],
  clients,
});
const SAP = 'SAP ICM with default settings (CommonCryptoLib 8)';

test('a client that no longer gets in is said in plain words', () => {
  const before = probe([
    client('sap-ccl', SAP, 'ok', 'TLS_RSA_WITH_AES_128_CBC_SHA'),
    client('java-8', 'Java 8u161', 'ok', 'A'),
  ]);
  const now = probe([client('sap-ccl', SAP, 'no-shared-cipher'), client('java-8', 'Java 8u161', 'ok', 'B')], ['B']);
  const { lost, gained, changes } = compareProbes(before, now);
  assert.deepEqual(
    lost.map((one) => one.says),
    ['SAP ICM with default settings lost its last common suite: it had TLSv1.2 with TLS_RSA_WITH_AES_128_CBC_SHA'],
  );
  assert.deepEqual([gained, changes], [[], ['TLSv1.2 lost 1 of 2 suites: A']]);
  assert.deepEqual(
    compareProbes(now, before).gained.map((one) => one.profile),
    ['sap-ccl'],
  );
});

test('every way to lose has words of its own; what is not known is not lost', () => {
  const results: ClientResult['result'][] = [
    'no-shared-version',
    'no-shared-cipher',
    'no-shared-group',
    'certificate-key',
    'certificate-signature',
    'certificate-chain',
    'refused',
  ];
  const says = results.map(
    (result) => compareProbes(probe([client('x', 'X', 'ok', 'A')]), probe([client('x', 'X', result)])).lost[0]?.says,
  );
  assert.equal(new Set(says).size, results.length);
  const unknown = compareProbes(probe([client('x', 'X', 'ok', 'A')]), probe([client('x', 'X', 'unknown')]));
  const stranger = compareProbes(probe([]), probe([client('x', 'X', 'refused')]));
  assert.deepEqual([unknown.lost, stranger.lost], [[], []]);
  assert.deepEqual(compareProbes(probe([]), probe([])), { lost: [], gained: [], changes: [] });
});
