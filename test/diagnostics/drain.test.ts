import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Scope } from '../../diagnostics/define-check.ts';
import { frontOf, leaverOf, secondsOf, trafficOf } from '../../diagnostics/drain/declared.ts';
import { drainOf } from '../../diagnostics/drain/drain.ts';
import { planDrain } from '../../diagnostics/drain/look.ts';
import type { DrainFront, DrainLeaver, DrainOutcome, DrainTraffic } from '../../diagnostics/drain/model.ts';
import { oneReplicaGap } from '../../diagnostics/drain/roll.ts';
import type { UpstreamSettings } from '../../diagnostics/io/proxy-settings.ts';
import type { Case, Path, PathHop } from '../../diagnostics/types.ts';

const FRONT: DrainFront = {
  passes: 'connections',
  told: null,
  check: { intervalSeconds: 10, fall: 3 },
  checkKnown: true,
  retry: { refused: 'nowhere', unanswered: 'none' },
  others: 1,
  cutsOpenAfter: null,
  resetsUnhealthy: false,
};
const LEAVER: DrainLeaver = {
  preStop: 0,
  failsCheckFirst: false,
  acceptsFor: 0,
  stop: 'graceful',
  finishesFor: null,
  grace: null,
};
const TRAFFIC: DrainTraffic = { longest: 1, keepsConnections: false, perSecond: 50 };

const of = (
  front: Partial<DrainFront>,
  leaver: Partial<DrainLeaver>,
  traffic: Partial<DrainTraffic> = {},
): DrainOutcome => drainOf({ ...FRONT, ...front }, { ...LEAVER, ...leaver }, { ...TRAFFIC, ...traffic });

test('a sleep counts only while the check fails: seconds, and requests at most', () => {
  const asleep = of({}, { preStop: 20, failsCheckFirst: true });
  assert.deepEqual([asleep.verdict, asleep.missing.most, asleep.atMost], ['drops-new', 10, 500]);
  const unnoticed = of({}, { preStop: 20, failsCheckFirst: false });
  assert.deepEqual([unnoticed.verdict, unnoticed.missing.most, unnoticed.stopsSendingBy], ['drops-new', 30, 50]);
  assert.equal(of({}, { preStop: 30, failsCheckFirst: true }).verdict, 'drops-none');
});

test('what nobody said is asked for, and never guessed', () => {
  const untold = of({}, { preStop: 40, failsCheckFirst: null });
  assert.equal(untold.verdict, 'unknown');
  assert.match(untold.unknown.join(), /failsCheckFirst/);
  // Too short whatever the check does: no question is left.
  assert.equal(of({}, { preStop: 5, failsCheckFirst: null }).verdict, 'drops-new');
  assert.match(of({}, { preStop: null }).unknown.join(), /preStop/);
  assert.equal(of({ check: null, checkKnown: false }, {}).verdict, 'unknown');
  assert.equal(of({ retry: null }, {}).losses['drops-new'], 'unknown');
});

test('nothing tells the hop in front: without end, unless it repeats elsewhere', () => {
  const blind = of({ check: null }, {});
  assert.deepEqual([blind.verdict, blind.missing, blind.atMost], ['drops-new', { least: null, most: null }, null]);
  const elsewhere = { check: null, passes: 'requests', retry: { refused: 'other-server', unanswered: 'all' } } as const;
  assert.equal(of(elsewhere, { stop: 'fast' }).verdict, 'drops-none');
  // There is no other server to repeat it at.
  assert.equal(of({ ...elsewhere, others: 0 }, { stop: 'fast' }).verdict, 'drops-new');
});

test('a range by hearsay convicts only below its least', () => {
  const told = { least: 10, most: 180, source: '' };
  assert.equal(of({ told, check: null }, { preStop: 5 }).verdict, 'drops-new');
  assert.equal(of({ told, check: null }, { preStop: 60 }).losses['drops-new'], 'unknown');
  assert.equal(of({ told, check: null }, { preStop: 180 }).verdict, 'drops-none');
});

test('requests under way: signal, own limit, deregistration delay', () => {
  const drained = { told: { least: 0, most: 0, source: '' } };
  const cut = (leaver: Partial<DrainLeaver>, longest: number | null, front: Partial<DrainFront> = {}): string =>
    of({ ...drained, ...front }, leaver, { longest }).losses['drops-in-flight'];
  assert.equal(cut({ stop: 'fast', preStop: 3 }, 1), 'no');
  assert.equal(cut({ stop: 'fast', preStop: 3 }, 5), 'yes');
  assert.equal(cut({ stop: 'fast', preStop: 3 }, null), 'unknown');
  assert.equal(cut({ stop: 'graceful' }, null), 'no');
  assert.equal(cut({ stop: 'graceful', finishesFor: 10 }, 20), 'yes');
  assert.equal(cut({ stop: 'graceful', finishesFor: 10, grace: 30 }, 5), 'no');
  assert.equal(cut({ stop: 'graceful' }, 60, { cutsOpenAfter: 30 }), 'yes');
  assert.equal(cut({ stop: 'graceful' }, 20, { cutsOpenAfter: 30 }), 'no');
  // Only some methods are repeated: neither lost nor saved.
  const nginx = { passes: 'requests', retry: { refused: 'other-server', unanswered: 'idempotent' } } as const;
  assert.equal(cut({ stop: 'fast', preStop: 0 }, 5, nginx), 'unknown');
});

test('the grace period covers preStop and the stop together', () => {
  const truncated = of({ told: { least: 0, most: 0, source: '' } }, { preStop: 420, grace: 300 }, { longest: 400 });
  assert.ok(truncated.graceCutsPreStop);
  assert.deepEqual([truncated.servesFor, truncated.losses['drops-in-flight']], [300, 'yes']);
  assert.ok(!of({}, { preStop: 25, grace: 30 }).graceCutsPreStop);
});

test('kept connections: cut by a fast stop, and by a balancer that resets unhealthy targets', () => {
  const drained = { told: { least: 0, most: 0, source: '' } };
  const kept = (
    front: Partial<DrainFront>,
    leaver: Partial<DrainLeaver>,
    keepsConnections: boolean | null = true,
  ): string => of(front, leaver, { keepsConnections }).losses['cuts-keep-alive'];
  assert.equal(kept(drained, { preStop: 3, stop: 'fast' }), 'yes');
  assert.equal(kept(drained, { preStop: 3, stop: 'fast' }, null), 'unknown');
  assert.equal(kept(drained, { preStop: 3, stop: 'graceful' }), 'no');
  assert.equal(kept({ ...drained, passes: 'requests' }, { preStop: 3, stop: 'fast' }), 'no');
  assert.equal(kept({ resetsUnhealthy: true }, { preStop: 60, failsCheckFirst: true }), 'yes');
});

test('one replica: its successor must be taken in before it leaves', () => {
  const gap = (more: Partial<Parameters<typeof oneReplicaGap>[0]>): number | null =>
    oneReplicaGap({
      replicas: 1,
      maxUnavailable: 0,
      readinessGate: false,
      takesInAfter: 30,
      minReadySeconds: 0,
      servesFor: 5,
      ...more,
    });
  assert.deepEqual(
    [
      gap({}),
      gap({ minReadySeconds: 40 }),
      gap({ readinessGate: true }),
      gap({ maxUnavailable: 1 }),
      gap({ replicas: 2 }),
      gap({ replicas: null }),
      gap({ takesInAfter: null }),
    ],
    [25, 0, 0, 30, 0, null, null],
  );
});

test('durations as people and APIs write them', () => {
  assert.deepEqual(
    [5, '5', '5s', '1m30s', '500ms', '2min', '1h', '0'].map((text) => secondsOf(text)),
    [5, 5, 5, 90, 0.5, 120, 3600, 0],
  );
  for (const no of [
    '',
    'soon',
    '-5s',
    's',
    '5 parsecs',
    -1,
    Number.NaN,
    true,
    null,
    {},
    '1'.repeat(50),
    `${'1s '.repeat(50)}x`,
  ])
    assert.equal(secondsOf(no as never), null, String(no));
});

const SAVED = JSON.parse(readFileSync(new URL('checks/drain/DRAIN_TOO_SHORT.nlb.json', import.meta.url), 'utf8')) as {
  case: Case;
  path: Path;
};
const { path } = SAVED;
const hop = (base: string, more: Partial<PathHop>): PathHop => ({
  ...(path.hops.find((h) => h.name === base) as PathHop),
  ...more,
});

test('declared facts: what each kind of balancer and each signal means', () => {
  const nlb = frontOf(hop('nlb', {}), hop('edge', {}), null);
  assert.deepEqual(
    [nlb.passes, nlb.told?.most, nlb.check, nlb.resetsUnhealthy, nlb.cutsOpenAfter, nlb.retry?.refused],
    ['connections', 180, { intervalSeconds: 30, fall: 3 }, true, null, 'nowhere'],
  );
  const alb = frontOf(hop('nlb', { kind: 'aws-alb', attributes: {} }), hop('edge', {}), null);
  assert.deepEqual([alb.passes, alb.check, alb.checkKnown, alb.cutsOpenAfter], ['requests', null, false, 300]);
  // Machines that nobody deregisters.
  assert.equal(frontOf(hop('nlb', {}), hop('edge', { settings: { preStop: '5s' } }), null).told, null);
  assert.deepEqual(
    frontOf(hop('nlb', { settings: { stopsSendingAfter: '20s' } }), hop('edge', {}), null).told?.most,
    20,
  );
  const stop = (kind: string, settings: PathHop['settings']): string | null =>
    leaverOf(hop('edge', { kind, settings }), null).stop;
  assert.deepEqual(
    [
      stop('nginx', { stopSignal: 'SIGTERM' }),
      stop('nginx', { stopSignal: 'QUIT' }),
      stop('nginx', {}),
      stop('traefik', {}),
      stop('haproxy', { stopSignal: 'SIGUSR1' }),
      stop('other', { stopSignal: 'SIGTERM' }),
      stop('other', { stops: 'graceful' }),
      stop('traefik', { stopSignal: 'SIGKILL' }),
    ],
    ['fast', 'graceful', null, 'graceful', 'graceful', null, 'graceful', 'fast'],
  );
  assert.deepEqual(
    [
      leaverOf(hop('edge', { kind: 'traefik' }), null).finishesFor,
      leaverOf(hop('edge', {}), { drain: { value: 0, where: null } }).finishesFor,
    ],
    [10, null],
  );
  assert.equal(trafficOf(hop('edge', { settings: { requestsPerSecond: 400 } })).perSecond, 200);
});

const GROUP: UpstreamSettings = {
  name: 'edges',
  policy: 'roundrobin',
  mode: 'http',
  servers: ['127.0.0.1:1', '127.0.0.1:2'].map((address) => ({
    name: null,
    address,
    weight: null,
    backup: false,
    down: false,
    sends: 'none',
    tls: false,
    limit: null,
  })),
  healthCheck: null,
  retries: null,
  keepalive: null,
  where: null,
};

test('configured retries, in each software own words', () => {
  const retry = (on: string[], otherServer = true): unknown =>
    Object.values(
      frontOf(hop('edge', {}), hop('rates', {}), { ...GROUP, retries: { count: 2, otherServer, on } }).retry ?? {},
    );
  assert.deepEqual(retry(['conn-failure'], false), ['same-server', 'none']); // HAProxy's default
  assert.deepEqual(retry(['conn-failure', 'empty-response']), ['other-server', 'all']);
  assert.deepEqual(retry(['error', 'timeout']), ['other-server', 'idempotent']); // nginx' default
  assert.deepEqual(retry(['error', 'non_idempotent']), ['other-server', 'all']);
  assert.deepEqual(retry(['connect']), ['other-server', 'none']); // nginx, stream
  assert.deepEqual(retry(['connect-failure', 'reset']), ['other-server', 'all']); // Envoy
  assert.deepEqual(retry(['connection']), ['other-server', null]); // Traefik
  assert.deepEqual(retry(['http_503']), ['nowhere', 'none']);
  const none = frontOf(hop('edge', {}), hop('rates', {}), GROUP);
  assert.deepEqual([none.retry?.refused, none.others, none.checkKnown], ['nowhere', 1, true]);
  // Servers that stand in no file: unknown.
  assert.equal(frontOf(hop('edge', {}), hop('rates', {}), { ...GROUP, servers: [] }).retry, null);
});

const scope = (more: { settings: PathHop['settings']; only: string[] | null }): Scope => {
  const { case: triage } = SAVED;
  const hops = path.hops.map((one) => ({ ...one, settings: one.name === 'edge' ? more.settings : {} }));
  return { case: { ...triage, only: more.only }, path: { ...path, hops } };
};

test('a look is planned where somebody said how servers leave; asked for by name, it says what to declare', () => {
  const looks = (settings: PathHop['settings'], only: string[] | null = null): (string | undefined)[] =>
    planDrain(scope({ settings, only })).map(
      (one) => one.blind?.detail ?? `${one.look.at.hop} > ${one.look.with.leaver}`,
    );
  assert.deepEqual(looks({ preStop: '5s' }), ['nlb > edge']);
  assert.deepEqual(looks({ worker_cpu_limit: 1 }), []);
  const asked = looks({}, ['drain']);
  assert.equal(asked.length, 2);
  assert.match(asked[0] ?? '', /settings of edge \(preStop/);
});
