import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { sceneOf } from '../../../diagnostics/scene.ts';
import { dnsWrongAddress } from '../../../diagnostics/suspicions/names-and-places.ts';
import type { Case, Finding, Path } from '../../../diagnostics/types.ts';

const { case: triage, path } = JSON.parse(
  readFileSync(new URL('../checks/tls/PLAINTEXT_ON_TLS_PORT.proxy-protocol-unexpected.json', import.meta.url), 'utf8'),
) as { case: Case; path: Path };
const [balancer, ...behind] = path.hops as [Path['hops'][number], ...Path['hops']];

const at = (address: string, code: string, facts: object): Finding =>
  ({
    check: 'path-bisect',
    vantage: 'public',
    hop: 'load-balancer',
    direction: 'context',
    at: triage.at,
    address,
    code,
    facts: { count: 4, total: 4, ms: 3, ...facts },
    about: { hop: balancer.name, part: null },
    says: 'x.',
    next: 'x.',
    reproduce: null,
  }) as Finding;

/** What is said where all is well at the balancer's IPv4 address and everything fails, in one way, at another that the name has. */
function blamed(family: string | null, error: string, other = '[2001:db8::7]:443'): string | null {
  const attributes: Record<string, string> = family === null ? {} : { ip_address_type: family };
  const cloud = { ...balancer, kind: 'aws-nlb', attributes };
  const findings = [
    at('192.0.2.7:443', 'REQUEST_ANSWERED', { status: 200 }),
    at(other, 'REQUEST_FAILED', { how: 'x', error, status: null, maker: null }),
  ];
  return dnsWrongAddress(sceneOf(triage, { ...path, hops: [cloud, ...behind] }, findings, [], []))?.cause ?? null;
}

test("an IPv6 address in the name of a cloud's balancer that has none is the name's fault", () => {
  assert.equal(blamed('ipv4', 'ECONNREFUSED'), 'dns-wrong-address');
  assert.equal(blamed('ipv4', 'TIMEOUT'), 'dns-wrong-address');
});

test('not where the balancer may have it, or where we have no way there ourselves', () => {
  assert.equal(blamed('dualstack', 'ECONNREFUSED'), null);
  assert.equal(blamed(null, 'ECONNREFUSED'), null);
  assert.equal(blamed('ipv4', 'ECONNREFUSED', '198.51.100.7:443'), null, 'an address of the family it has');
  assert.equal(blamed('ipv4', 'ENETUNREACH'), null);
});
