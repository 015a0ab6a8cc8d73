import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frontOf } from '../../diagnostics/own-front.ts';
import type { Path, PathHop } from '../../diagnostics/types.ts';

const hop = (name: string, kind: PathHop['hop'], address: string | null): PathHop =>
  ({ name, hop: kind, address, listeners: address ? [{ address, scheme: 'http' }] : [] }) as unknown as PathHop;
const target = { host: 'press.example.test', port: 8080, path: '/', scheme: 'http' as const };
const pathOf = (...hops: PathHop[]): Path => ({ hops, dns: ['192.0.2.10'] }) as unknown as Path;

test('what stands in front of a proxy, by its own address and by those of the name', () => {
  const path = pathOf(
    hop('nlb', 'load-balancer', '192.0.2.9:8080'),
    hop('outer', 'proxy', '192.0.2.20:80'),
    hop('inner', 'proxy', '192.0.2.30:80'),
    hop('cms', 'service', '192.0.2.40:80'),
  );
  const names = (inner?: string) =>
    [...frontOf(path, target, inner)].map(([address, { name }]) => `${name} ${address}`);
  assert.deepEqual(names(), ['nlb 192.0.2.9:8080', 'nlb 192.0.2.10:8080']);
  assert.deepEqual(names('inner'), ['nlb 192.0.2.9:8080', 'nlb 192.0.2.10:8080', 'outer 192.0.2.20:80']);
});

test('without a proxy, or where the proxy is the first, nothing stands in front', () => {
  assert.equal(frontOf(pathOf(hop('cms', 'service', '192.0.2.40:80')), target).size, 0);
  assert.equal(frontOf(pathOf(hop('edge', 'proxy', '192.0.2.20:80')), target).size, 0);
  assert.equal(frontOf(pathOf(hop('edge', 'proxy', '192.0.2.20:80')), target, 'elsewhere').size, 0);
});
