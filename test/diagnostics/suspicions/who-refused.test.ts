import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readRows } from '../../../diagnostics/findings.ts';
import type { ProxyRoutes, ServedRequests } from '../../../diagnostics/io/proxy-reader.ts';
import { type Scene, sceneOf } from '../../../diagnostics/scene.ts';
import { appLimits } from '../../../diagnostics/suspicions/app-limits.ts';
import { noRouteForSome } from '../../../diagnostics/suspicions/no-route-for-some.ts';
import { rateLimited } from '../../../diagnostics/suspicions/refusals.ts';
import { passesByEndpoints, routeWrong } from '../../../diagnostics/suspicions/routes.ts';
import type { Blind, Case, EvidenceRow, Finding, Path } from '../../../diagnostics/types.ts';
import { withoutSuspicion } from '../../../diagnostics/without-suspicion.ts';

interface World {
  case: Case;
  path: Path;
  row: EvidenceRow;
}
const found = (
  code: string,
  check: string,
  vantage: string,
  about: Finding['about'],
  facts: Finding['facts'],
): Finding =>
  ({
    code,
    check,
    vantage,
    about,
    address: about.part ?? about.hop,
    facts,
    direction: 'context',
  }) as unknown as Finding;

interface Met {
  users: number;
  endpoints: number;
  pages?: [users: string, endpoints: string];
}
/** What a log or a configuration of a real proxy says, beside answers to users and of the endpoint; `change` before it is read. */
function sceneAt(file: string, met: Met, change: (world: World) => void = () => {}, blind: Blind[] = []): Scene {
  const world = JSON.parse(readFileSync(new URL(`../checks/${file}.json`, import.meta.url), 'utf8')) as World;
  change(world);
  const { findings } = readRows(blind.length ? [] : [world.row], world.case, world.path);
  const [users = null, own = null] = met.pages ?? [];
  const facts = { count: 4, total: 4, ms: 3 };
  const front = { hop: world.path.hops[0]?.name ?? '', part: null };
  const answers = [
    found('REQUEST_ANSWERED', 'path-bisect', 'public', front, { ...facts, status: met.users, page: users }),
    found(
      'ENDPOINT_ANSWERS',
      'endpoint-answers',
      'endpoint',
      { hop: 'app', part: 'app-0' },
      { ...facts, status: met.endpoints, page: own },
    ),
  ];
  return sceneOf(world.case, world.path, [...findings, ...answers], blind, []);
}
const served = ({ row }: World): ServedRequests => row.data as unknown as ServedRequests;
const noLog: Blind[] = [
  { check: 'upstream-attribution', reason: 'not-configured', detail: 'edge: no access log is known' } as Blind,
];

const LIMITS = 'upstream-attribution/APP_LIMITS_REQUESTS.one-caller';
const limits = (change?: (world: World) => void, blind?: Blind[]) => {
  const scene = sceneAt(LIMITS, { users: 429, endpoints: 200 }, change, blind);
  return [appLimits(scene)?.cause ?? null, rateLimited(scene)?.strength ?? null];
};

test('a 429 that the log puts behind the proxy is no limit of the proxy, though the endpoint answers us directly', () => {
  assert.deepEqual(limits(), ['app-errors', null]);
});

test('who limits is not known without a log, nor by the outer one of two proxies', () => {
  assert.deepEqual(limits(undefined, noLog), [null, 0.65]);
  const twoProxies = ({ path }: World): void => {
    const [edge] = path.hops;
    if (edge) path.hops.splice(1, 0, { ...edge, name: 'gateway', instances: [] });
  };
  assert.deepEqual(limits(twoProxies), [null, 0.65]);
});

test('a log with hardly any from behind does not say who limits all callers now', () => {
  const hardly = (world: World): void => {
    Object.assign(served(world), { total: 2000, limitedUpstream: 3, statuses: { 200: 1997, 429: 3 } });
  };
  assert.equal(limits(hardly)[1], 0.9);
});

const NO_ROUTE = 'upstream-attribution/REPORTED_STATUS_LOGGED.envoy-no-route';
const noRoute = (change?: (world: World) => void, users = 200) =>
  noRouteForSome(sceneAt(NO_ROUTE, { users, endpoints: 200 }, change))?.cause ?? null;

test('404s of which the log says that there was no route are the proxy’s, though it has one that answers us', () => {
  assert.equal(noRoute(), 'route-missing');
});

test('404s accuse no proxy that passed some on, met few, stands behind a CDN, or gives us one too', () => {
  const twists: ((world: World) => void)[] = [
    (world) => Object.assign(served(world), { statuses: { ...served(world).statuses, 404: 20 }, passedOn: { 404: 8 } }),
    (world) => Object.assign(served(world), { noRoute: 12, total: 4000 }),
    ({ path }) => path.hops[0] && path.hops.unshift({ ...path.hops[0], name: 'cdn', hop: 'cdn', instances: [] }),
    (world) => (world.case.symptoms.statuses = []),
  ];
  for (const twist of twists) assert.equal(noRoute(twist), null);
  assert.equal(noRoute(undefined, 404), null);
});

const answerOf = (file: string, change?: (world: World) => void, blind?: Blind[]) =>
  withoutSuspicion(sceneAt(file, { users: 200, endpoints: 200 }, change, blind)).answer;

test('nobody says that nothing is wrong while a log holds the reported refusal, unless only monitors’ HEAD met it', () => {
  const HEADS = 'upstream-attribution/REPORTED_STATUS_LOGGED.head-refused';
  assert.equal(answerOf(HEADS), 'not-ingress');
  assert.equal(
    answerOf(HEADS, (world) => delete served(world).passedOnHead),
    'inconclusive',
  );
  assert.equal(answerOf(HEADS, undefined, noLog), 'inconclusive');
});

const PASSES_BY = 'route-owner/ROUTE_FOUND.nginx-passes-endpoints-by';
const routes = ({ row }: World): ProxyRoutes => row.data as unknown as ProxyRoutes;
const page = { users: 200, endpoints: 200, pages: ['page "Visio"', 'JSON with LANGUAGES'] as [string, string] };

test('a route to a group without the endpoints, which the proxy has in another one, is the wrong one for the page that was named', () => {
  const scene = sceneAt(PASSES_BY, page);
  assert.equal(routeWrong(scene)?.cause, 'route-wrong');
  const unlike: ((world: World) => void)[] = [
    // An old list: the endpoints are in no group at all.
    (world) => (routes(world).groups = []),
    // One of the endpoints is among them.
    (world) => routes(world).matching[0]?.addresses?.push(world.path.hops.at(-1)?.endpoints?.[0]?.address ?? ''),
    // An inventory too coarse to know the pages of one host apart.
    (world) => (world.case.target.path = '/'),
    // Names lead anywhere.
    (world) => Object.assign(routes(world).matching[0] ?? {}, { addresses: ['frontend.internal:80'] }),
  ];
  for (const change of unlike) assert.equal(passesByEndpoints(sceneAt(PASSES_BY, page, change)), undefined);
});
