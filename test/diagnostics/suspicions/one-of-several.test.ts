import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readRows } from '../../../diagnostics/findings.ts';
import type { ProxyHistory, ProxySample } from '../../../diagnostics/io/proxy-sample.ts';
import { sceneOf } from '../../../diagnostics/scene.ts';
import { oneOfSeveralFails } from '../../../diagnostics/suspicions/one-of-several.ts';
import type { Suspicion } from '../../../diagnostics/suspicions/suspicion.ts';
import type { Case, EvidenceRow, Finding, Path } from '../../../diagnostics/types.ts';

interface World {
  case: Case;
  path: Path;
  row: EvidenceRow;
}
type Change = (last: ProxySample, world: World) => void;

/** The row of a real proxy, read again after a change of what it counted. */
function readAs(name: string, change: Change = () => {}): { world: World; found: Finding | undefined } {
  const file = new URL(`../checks/traffic-over-time/ONE_OF_SEVERAL_FAILED.${name}.json`, import.meta.url);
  const world = JSON.parse(readFileSync(file, 'utf8')) as World;
  change((world.row.data as unknown as ProxyHistory).last as ProxySample, world);
  const { findings } = readRows([world.row], world.case, world.path);
  return { world, found: findings.find((f) => f.code === 'ONE_OF_SEVERAL_FAILED') };
}
const answered = (ok: boolean, world: World): Finding =>
  ({
    code: ok ? 'REQUEST_ANSWERED' : 'REQUEST_FAILED',
    vantage: 'public',
    address: 'x',
    about: { hop: 'edge', part: null },
    facts: { count: 4, total: 4, status: ok ? 200 : 500, ms: 3 },
    at: world.case.at,
  }) as unknown as Finding;
function suspected(name: string, change?: Change, ok = true): Suspicion | null {
  const { world, found } = readAs(name, change);
  return oneOfSeveralFails(sceneOf(world.case, world.path, found ? [found, answered(ok, world)] : [], [], []));
}

test('a server, a service that is drawn from, and an endpoint whose failures are tried again: each by its counters', () => {
  const said = ['haproxy-server', 'traefik-canary', 'envoy-retries'].map((name) => {
    const { cause, sentence } = suspected(name) ?? {};
    return [cause, /tickets-2|store-canary|catalog-c/.exec(sentence ?? '')?.[0]];
  });
  assert.deepEqual(said, [
    ['app-errors', 'tickets-2'],
    ['app-errors', 'store-canary'],
    ['app-slow', 'catalog-c'],
  ]);
});

test('totals of a process that is older than the time in question say nothing of it', () => {
  const older: Change = (last, world) => {
    world.case.since = world.case.at;
    last.process.startedAt = new Date(Date.parse(world.case.at) - 3_600_000).toISOString();
  };
  assert.equal(readAs('haproxy-server', older).found, undefined);
  assert.equal(readAs('haproxy-server', (last) => (last.process.startedAt = null)).found, undefined);
});

test('one that gets most of the requests may fail for that; a stranger, or 500s over TLS, need not be the application', () => {
  const busy: Change = (last) => {
    for (const row of last.requests) if (row.endpoint === 'tickets-2') row.count *= 3;
  };
  assert.equal(readAs('haproxy-server', busy).found, undefined);
  const strange: Change = (last) => {
    for (const state of last.endpoints) if (state.endpoint === 'tickets-2') state.address = '192.0.2.9:80';
    for (const state of last.endpoints) if (state.endpoint === 'tickets-2') state.endpoint = 'other';
    for (const row of last.requests) if (row.endpoint === 'tickets-2') row.endpoint = 'other';
  };
  assert.equal(readAs('haproxy-server', strange).found, undefined);
  const secure: Change = (_, { path }) => {
    for (const hop of path.hops) if (hop.hop === 'service') hop.scheme = 'https';
  };
  assert.equal(readAs('traefik-canary', secure).found, undefined);
});

test('connections that could not be made are no failures of the application', () => {
  const unreached: Change = (last) => {
    for (const state of last.endpoints) state.connectErrors = state.responseErrors;
  };
  assert.equal(readAs('envoy-retries', unreached).found, undefined);
});

test('another status than was reported, failures that our requests meet, and slowness that retries do not explain stay open', () => {
  const named: Change = (_, world) => {
    world.case.symptoms.statuses = [504];
  };
  assert.equal(suspected('traefik-canary', named), null);
  assert.equal(suspected('traefik-canary', undefined, false), null);
  assert.equal(
    suspected('envoy-retries', (last) => (last.retries = [{ service: 'catalog', count: 2 }])),
    null,
  );
  assert.equal(
    suspected('envoy-retries', (last) => (last.latency = [])),
    null,
  );
});
