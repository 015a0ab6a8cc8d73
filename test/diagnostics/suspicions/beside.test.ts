import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readRows } from '../../../diagnostics/findings.ts';
import { judge } from '../../../diagnostics/judge.ts';
import { suspicionsOf } from '../../../diagnostics/suspicions/index.ts';
import type { Finding, SavedCase, Symptoms, Verdict } from '../../../diagnostics/types.ts';

/** What a proxy's logs and counters hold on many a day convicts nobody beside a fault that lies elsewhere. */

const json = (path: string) => JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'));

/** A finding as a real row gives it, moved to the first proxy of another case's path. */
function finding(check: string, code: string, to: SavedCase, facts: Finding['facts'] = {}): Finding {
  const folder = `diagnostics/checks/${check}`;
  const file = readdirSync(new URL(`../../${folder}`, import.meta.url)).find((name) => name.startsWith(`${code}.`));
  const { case: triage, path, row } = json(`${folder}/${file}`);
  const found = readRows([row], triage, path).findings.find((f) => f.code === code);
  assert.ok(found, code);
  const proxy = to.path.hops.find((hop) => hop.hop === 'proxy');
  const [instance] = proxy?.instances ?? [];
  const about = { hop: proxy?.name ?? '', part: instance?.name ?? null };
  return { ...found, about, address: instance?.https ?? null, facts: { ...found.facts, ...facts } };
}

interface Scene {
  saved: SavedCase;
  beside: Finding[];
}
const scene = (name: string, symptoms: Partial<Symptoms>, unseen: string[] = []): Scene => {
  const saved: SavedCase = json(`fixtures/cases/${name}.json`);
  Object.assign(saved.case.symptoms, symptoms);
  saved.evidence = saved.evidence.map((row) =>
    unseen.includes(row.look.check)
      ? { ...row, data: undefined, blind: { reason: 'deadline' as const, detail: 'no time was left' } }
      : row,
  );
  return { saved, beside: [] };
};

const verdict = ({ saved, beside }: Scene): Verdict =>
  judge(
    { ...saved, durationMs: 1 },
    {
      read: (...rows) => {
        const read = readRows(...rows);
        return { ...read, findings: [...read.findings, ...beside] };
      },
      suspect: suspicionsOf,
    },
  );

const EVERYDAY: [check: string, code: string, facts?: Finding['facts']][] = [
  ['proxy-complaints', 'OUT_OF_CONNECTIONS'],
  ['proxy-complaints', 'RATE_LIMIT_LOGGED'],
  ['proxy-complaints', 'BODY_TOO_LARGE'],
  ['proxy-complaints', 'AUTH_REQUEST_FAILED', { count: 1 }],
  ['proxy-complaints', 'WORKER_DIED'],
  ['proxy-health', 'WORKERS_CRASH'],
  ['config-reloads', 'RELOAD_REFUSED'],
];

for (const [check, code, facts] of EVERYDAY) {
  test(`${code} beside an application that is down accuses nobody, whether its endpoints are seen or not`, () => {
    for (const unseen of [[], ['endpoint-answers']]) {
      const one = scene('app-down', { kinds: ['errors-5xx'], statuses: [502] }, unseen);
      one.beside = [finding(check, code, one.saved, facts)];
      assert.notEqual(verdict(one).answer, 'ingress', unseen.join() || 'seen');
    }
  });

  test(`${code} where all is well, and somebody only says that something is wrong, accuses nobody`, () => {
    const one = scene('none', { kinds: ['unspecified'], statuses: [], course: 'steady' });
    one.beside = [finding(check, code, one.saved, facts)];
    assert.notEqual(verdict(one).answer, 'ingress');
  });
}

test('running out of connections convicts where users meet it and the endpoints are well', () => {
  const one = scene('none', { kinds: ['timeout'], course: 'intermittent' });
  one.beside = [finding('proxy-complaints', 'OUT_OF_CONNECTIONS', one.saved)];
  assert.deepEqual([verdict(one).answer, verdict(one).cause], ['ingress', 'proxy-overloaded']);
});

test('a status that was given is no word of a hop that found nobody: full queues and tables are not what was reported', () => {
  for (const [check, code] of [
    ['node-connections', 'CONNTRACK_FULL'],
    ['proxy-health', 'PROXY_DROPS_CONNECTIONS'],
  ] as const)
    for (const [statuses, answer] of [
      [[418], 'inconclusive'],
      [[503], 'ingress'],
    ] as const) {
      const one = scene('none', { kinds: ['errors-5xx'], statuses: [...statuses], course: 'intermittent' });
      one.beside = [finding(check, code, one.saved)];
      assert.equal(verdict(one).answer, answer, `${code} ${statuses}`);
    }
});

test('one that was refused its configuration and tries the endpoints that there are has no old list of them', () => {
  const one = scene('app-down', { kinds: ['errors-5xx'], statuses: [502] }, ['endpoint-answers']);
  const upstream = one.saved.path.hops.flatMap((hop) => hop.endpoints ?? [])[0]?.address ?? '';
  const refused = finding('config-reloads', 'RELOAD_REFUSED', one.saved);
  one.beside = [refused, finding('proxy-complaints', 'UPSTREAM_REFUSED_PROXY', one.saved, { upstream })];
  assert.notEqual(verdict(one).answer, 'ingress');
});

test('two that only logs show, one on each side, are no answer', () => {
  const one = scene('none', { kinds: ['errors-5xx'], statuses: [], course: 'intermittent' });
  const app = finding('upstream-attribution', 'ERRORS_MADE_UPSTREAM', one.saved, { errors: 20, total: 200 });
  const proxy = finding('proxy-complaints', 'OUT_OF_CONNECTIONS', one.saved, { count: 20 });
  one.beside = [app];
  assert.equal(verdict(one).answer, 'not-ingress');
  one.beside = [app, proxy];
  assert.equal(verdict(one).answer, 'inconclusive');
  one.beside = [app, { ...proxy, facts: { ...proxy.facts, count: 200 } }];
  assert.equal(verdict(one).answer, 'ingress', 'the log counts far more of it');
});

test('a proxy that says 503 for want of endpoints has a route: only HAProxy says that where it has none', () => {
  for (const [check, code] of [
    ['route-owner', 'ROUTE_OUT_OF_SERVICE'],
    ['cluster-route', 'HOST_NOT_SERVED'],
  ] as const) {
    const one = scene('service-no-endpoints', {});
    assert.ok(one.saved.path.hops.every((hop) => hop.hop !== 'proxy' || !hop.kind.startsWith('haproxy')));
    one.beside = [finding(check, code, one.saved)];
    assert.equal(verdict(one).cause, 'service-no-endpoints', code);
  }
});

test('a listener that refuses where our requests get through is none that made an error page', () => {
  for (const [check, code] of [
    ['tls', 'TLS_CLIENT_CERTIFICATE_DEMANDED'],
    ['tls', 'TLS_REFUSED'],
    ['proxy-protocol', 'PROXY_HEADER_MISSING'],
    ['proxy-protocol', 'PROXY_HEADER_UNEXPECTED'],
  ] as const) {
    const one = scene('none', { kinds: ['errors-5xx'], statuses: [500], course: 'intermittent' });
    one.beside = [finding(check, code, one.saved)];
    assert.notEqual(verdict(one).answer, 'ingress', code);
  }
});

test('a route that asks somebody first is no reason for the gateway error of a proxy that gets no connection', () => {
  const one = scene('app-down', { kinds: ['errors-5xx'], statuses: [502] });
  one.saved.evidence = [
    ...one.saved.evidence.filter((row) => row.look.check !== 'endpoint-answers'),
    ...scene('none', {}).saved.evidence.filter((row) => row.look.check === 'endpoint-answers'),
  ];
  one.beside = [finding('route-owner', 'ROUTE_FOUND', one.saved, { asks: 'auth.example.test' })];
  assert.notEqual(verdict(one).cause, 'external-auth-failed');
});
