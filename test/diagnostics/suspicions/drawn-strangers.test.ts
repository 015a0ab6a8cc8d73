import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readRows } from '../../../diagnostics/findings.ts';
import type { TargetsSeen } from '../../../diagnostics/io/proxy-reader.ts';
import { sceneOf } from '../../../diagnostics/scene.ts';
import { staleEndpoints } from '../../../diagnostics/suspicions/upstreams.ts';
import type { Case, EvidenceRow, Finding, Path } from '../../../diagnostics/types.ts';

interface World {
  case: Case;
  path: Path;
  row: EvidenceRow;
}
type Groups = TargetsSeen['groups'];

/** An nginx that draws five of a hundred requests for a server that is no endpoint; its lists may be changed before they are read. */
function listed(change: (groups: Groups, world: World) => void = () => {}): {
  world: World;
  codes: string[];
  found: Finding[];
} {
  const file = new URL('../checks/proxy-endpoints/PROXY_LISTS_STRANGERS.nginx-forgotten-canary.json', import.meta.url);
  const world = JSON.parse(readFileSync(file, 'utf8')) as World;
  change((world.row.data as unknown as { seen: TargetsSeen }).seen.groups, world);
  const { findings } = readRows([world.row], world.case, world.path);
  return { world, codes: findings.map((f) => f.code), found: findings };
}

/** Is the list suspected, where so many of 132 requests get the proxy's own 502 and the endpoints answer? */
function suspected(bad: number, change?: Parameters<typeof listed>[0]): boolean {
  const { world, found } = listed(change);
  const base = {
    check: 'x',
    hop: 'proxy',
    direction: 'context',
    at: world.case.at,
    says: 'x.',
    next: 'x.',
    reproduce: null,
  };
  const front = (code: string, facts: object): Finding =>
    ({ ...base, code, vantage: 'public', address: 'x', about: { hop: 'edge', part: null }, facts }) as Finding;
  const fine = {
    ...front('ENDPOINT_ANSWERS', { count: 3, total: 3, status: 200, ms: 3 }),
    check: 'endpoint-answers',
    about: { hop: 'booking', part: 'booking-1' },
  };
  const answered = front('REQUEST_ANSWERED', { count: 132 - bad, total: 132, status: 200, ms: 3 });
  const failed = front('REQUEST_FAILED', {
    count: bad,
    total: 132,
    how: '502',
    error: null,
    status: 502,
    maker: 'nginx',
    ms: 3,
  });
  const error = front('PROXY_GATEWAY_ERROR', { count: bad, total: 132, status: 502, maker: 'nginx', ms: 3 });
  return staleEndpoints(sceneOf(world.case, world.path, [...found, fine, answered, failed, error], [], [])) !== null;
}

test('about as many requests fail as are drawn for the strangers; far more have another reason', () => {
  assert.deepEqual(
    [2, 6, 12, 40, 132].map((bad) => suspected(bad)),
    [true, true, true, false, false],
  );
});

test('whoever is drawn for and is an endpoint is none to wonder about', () => {
  const known = listed((groups, { path }) => {
    const [, canary] = groups;
    path.hops.at(-1)?.endpoints?.push({
      ...(path.hops.at(-1)?.endpoints?.[0] as NonNullable<Path['hops'][number]['endpoints']>[number]),
      name: 'rc',
      address: canary?.up[0] ?? '',
    });
  });
  assert.deepEqual(known.codes, ['PROXY_ENDPOINTS_AGREE']);
});

test('the only group of the host on another port of the endpoints is theirs all the same; at another address it may be somebody in front', () => {
  const only = (address: string) =>
    listed((groups) => void groups.splice(0, 2, { name: address, up: [address], down: [] })).codes;
  assert.deepEqual(only('127.0.0.1:1'), ['PROXY_LISTS_STRANGERS', 'PROXY_MISSES_ENDPOINTS']);
  assert.deepEqual(only('192.0.2.7:80'), []);
});
