import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BlindLook } from '../../../diagnostics/io/proxy-reader.ts';
import type { ProxySample } from '../../../diagnostics/io/proxy-sample.ts';
import type { Instance, PathHop } from '../../../diagnostics/types.ts';
import { assemble, type Series } from '../../../proxy/history/assemble.ts';
import { historyOf } from '../../../proxy/history/history.ts';
import { OTHERS, sameService } from '../../../proxy/history/scope.ts';
import { twoSamples } from '../../../proxy/history/two-samples.ts';
import { aSample, at, served } from './samples.ts';

const ABOUT = { host: 'shop.example.test', services: ['shop'], addresses: ['10.0.0.1:8080'] };
const series = (samples: ProxySample[], over: Partial<Series> = {}): Series => ({
  source: 'recorder',
  samples,
  missed: [],
  breaks: [],
  everyMs: 15_000,
  otherwise: 'nobody was there',
  cannotTell: [],
  ...over,
});
const last = (samples: ProxySample[]) => ({ from: samples[0]?.at ?? at(0), to: samples.at(-1)?.at ?? at(0) });
const historyFrom = (samples: ProxySample[], over: Partial<Series> = {}, kind = 'traefik', window = last(samples)) => {
  const history = assemble(series(samples, over), kind, ABOUT, window);
  assert.ok(history);
  return history;
};
const started = (seconds: number) => ({ ...aSample(0).process, startedAt: at(seconds) });

test('steps are differences; a series that appears counts from zero, one that leaves counts nothing', () => {
  const { steps, scope, gaps, resets } = historyFrom([
    aSample(0, { requests: served('shop@file', { 200: 100 }) }),
    aSample(15, { requests: served('shop@file', { 200: 130, 502: 4 }) }),
    aSample(30, { requests: served('shop@file', { 200: 150 }) }),
  ]);
  assert.equal(scope, 'service');
  assert.deepEqual(
    steps.map((step) => [step.at, step.ms, step.requests, step.errors, step.madeByUpstream]),
    [
      [at(0), 15_000, 34, { 502: 4 }, 4],
      [at(15), 15_000, 20, {}, 0],
    ],
  );
  assert.deepEqual([gaps, resets], [[], []]);
});

test('a restart: nothing is negative, the step begins with the process, and the reset is named', () => {
  const samples = [
    aSample(0, { requests: served('shop@file', { 200: 1000, 500: 50 }), process: started(-900) }),
    aSample(15, { requests: served('shop@file', { 200: 30 }), process: started(6) }),
  ];
  const { steps, resets } = historyFrom(samples);
  assert.deepEqual(resets, [{ at: at(6), why: 'restart' }]);
  assert.deepEqual([steps[0]?.at, steps[0]?.ms, steps[0]?.requests], [at(6), 9000, 30]);
  assert.deepEqual(historyFrom(samples, {}, 'haproxy').resets, [{ at: at(6), why: 'reload' }]);
  assert.equal(historyFrom(samples, {}, 'haproxy').steps[0]?.reloads, 1);
});

test('counters that went back without a word of the process are an unknown reset; a begin that wobbles is none', () => {
  const back = historyFrom([
    aSample(0, { requests: served('shop@file', { 200: 1000, 404: 7 }) }),
    aSample(15, { requests: served('shop@file', { 200: 12, 404: 1 }) }),
  ]);
  assert.deepEqual(back.resets, [{ at: at(15), why: 'unknown' }]);
  assert.equal(back.steps[0]?.requests, 13);
  const begins = (was: number, is: number, kind: string) =>
    historyFrom(
      [
        aSample(0, { requests: served('shop@file', { 200: 1000 }), process: started(was) }),
        aSample(15, { requests: served('shop@file', { 200: 1010 }), process: started(is) }),
      ],
      {},
      kind,
    );
  const wobble = begins(-900, -895, 'envoy');
  assert.deepEqual(wobble.resets, []);
  assert.equal(wobble.steps[0]?.requests, 10);
  // Reloaded two seconds after it had begun, and busier than before.
  assert.equal(begins(-1, 1, 'haproxy').resets.length, 1);
});

test('missed samples are gaps with their reason; silence has one of its own; the begin of the window counts', () => {
  const samples = [0, 15, 90, 105].map((s) => aSample(s, { requests: served('shop@file', { 200: s }) }));
  const { gaps, steps } = historyFrom(
    samples,
    { missed: [30, 45, 60].map((s) => ({ at: at(s), why: 'ECONNREFUSED' })) },
    'traefik',
    { from: at(-120), to: at(200) },
  );
  assert.deepEqual(gaps, [
    { from: at(-120), to: at(0), why: 'nobody was there' },
    { from: at(15), to: at(90), why: 'ECONNREFUSED' },
    { from: at(105), to: at(200), why: 'nobody was there' },
  ]);
  assert.equal(steps[1]?.requests, 75, 'counters went on while nobody looked');
});

test('clocks: seconds are cut, a difference is shown, and corrects times of the proxy only where it matters', () => {
  const skewed = (ahead: number) =>
    historyFrom(
      [0, 15, 30].map((s) =>
        aSample(s, {
          clock: at(s + ahead),
          requests: served('shop@file', { 200: s }),
          reloads: { ok: 1, failed: 0, lastOk: true, lastAt: at(10 + ahead), hash: null },
        }),
      ),
    );
  assert.equal(skewed(300).clockDifferenceMs, 300_500);
  assert.equal(skewed(300).last?.reloads.lastAt, new Date(Date.parse(at(10)) - 500).toISOString());
  assert.equal(skewed(1).last?.reloads.lastAt, at(11), 'a second is no difference');
  assert.equal(historyFrom([aSample(0), aSample(15)]).clockDifferenceMs, null);
});

test('scope: the host where the proxy counts hosts, though this one had no request; else services; else all of it', () => {
  const by = (over: Parameters<typeof served>[2], n: number) => served(null, { 200: n }, over);
  const host = historyFrom([
    aSample(0, { requests: by({ host: 'other.example.test' }, 5) }),
    aSample(15, { requests: [...by({ host: 'other.example.test' }, 50), ...by({ host: 'shop.example.test' }, 3)] }),
  ]);
  assert.deepEqual([host.scope, host.steps[0]?.requests], ['host', 3]);
  const byAddress = historyFrom([
    aSample(0, { requests: by({ service: 'pool_7', endpoint: '10.0.0.1:8080' }, 1) }),
    aSample(15, { requests: by({ service: 'pool_7', endpoint: '10.0.0.1:8080' }, 4) }),
  ]);
  assert.deepEqual([byAddress.scope, byAddress.steps[0]?.requests], ['service', 3]);
  const all = historyFrom([0, 15].map((s) => aSample(s, { requests: served('billing@file', { 200: s }) })));
  assert.deepEqual([all.scope, all.steps[0]?.requests], ['proxy', 15]);
  assert.match(all.cannotTell[0]?.what ?? '', /everything that the proxy serves/);
});

test('names of one service in many mouths', () => {
  for (const theirs of [
    'shop',
    'shop@file',
    'be_shop',
    'shop-80',
    'web/shop:80',
    'web-shop-80@kubernetes',
    'SHOP_backend',
    'shop-svc@docker',
  ])
    assert.ok(sameService(theirs, 'shop'), theirs);
  for (const theirs of [
    'shop-admin',
    'workshop@file',
    'web-shop-80',
    'web/shop-admin:80',
    'web-shop-admin-80@kubernetes',
    '',
  ])
    assert.ok(!sameService(theirs, 'shop'), theirs);
  assert.ok(sameService('be_shop-api', 'shop-api'));
});

test('tries that the proxy repeated are no errors that anybody met; sums of many series may shrink', () => {
  const shop = (n: number, over: Partial<ProxySample>) => aSample(n, over);
  const repeated = historyFrom([
    shop(0, { requests: served('billing@file', { 200: 10, 502: 0 }, { maker: 'proxy' }), repeated: [] }),
    shop(15, {
      requests: served('billing@file', { 200: 20, 502: 6 }, { maker: 'proxy' }),
      repeated: [{ status: '502', count: 5 }],
    }),
  ]);
  assert.deepEqual(
    [repeated.steps[0]?.requests, repeated.steps[0]?.errors, repeated.steps[0]?.madeByProxy],
    [11, { 502: 1 }, 1],
  );
  const others = historyFrom([
    shop(0, { requests: [...served(OTHERS, { 200: 900 }), ...served('a', { 200: 10 })] }),
    shop(15, { requests: [...served(OTHERS, { 200: 400 }), ...served('a', { 200: 13 })] }),
  ]);
  assert.deepEqual([others.steps[0]?.requests, others.resets.length], [3, 0]);
});

test('a day of samples becomes at most 600 steps, that hold every request, in less than an evidence row', () => {
  const samples = Array.from({ length: 5760 }, (_, i) =>
    aSample(i * 15, {
      requests: served('shop@file', { 200: i * 7, 500: i }),
      process: started(i < 3000 ? -10 : 3000 * 15 - 5),
    }),
  );
  for (const [i, one] of samples.entries())
    if (i >= 3000) one.requests = served('shop@file', { 200: (i - 2999) * 7, 500: i - 2999 });
  const { steps, resets } = historyFrom(samples);
  assert.ok(steps.length <= 600 && steps.length > 100, `${steps.length}`);
  assert.equal(resets.length, 1);
  assert.equal(
    steps.reduce((sum, step) => sum + step.requests, 0),
    5759 * 8,
  );
  assert.ok(JSON.stringify(historyFrom(samples)).length < 200_000);
});

test('whatever counters do, no step is negative', () => {
  const counts = fc.array(
    fc.record({ ok: fc.nat(50), bad: fc.nat(50), s: fc.double({ min: 0, max: 9, noNaN: true }) }),
    {
      minLength: 2,
      maxLength: 12,
    },
  );
  fc.assert(
    fc.property(counts, (all) => {
      const samples = all.map(({ ok, bad, s }, i) =>
        aSample(i * 15, {
          requests: served('shop', { 200: ok, 500: bad }),
          latency: [{ host: null, service: 'shop', endpoint: null, kind: 'total', seconds: s, count: ok, buckets: [] }],
        }),
      );
      for (const step of historyFrom(samples).steps) {
        assert.ok(step.requests >= 0 && step.ms > 0 && (step.seconds ?? 0) >= 0);
        assert.ok(Object.values(step.errors).every((count) => count >= 0));
      }
    }),
  );
});

const hop = { name: 'edge', kind: 'traefik' } as PathHop;
const instance = { name: 'edge-1', metrics: 'http://127.0.0.1:9100/metrics' } as Instance;

test('without anything two samples are taken; a recorder that is away, or holds nothing, is said', async () => {
  const sources = {
    prometheus: null,
    recorder: null,
    page: async () => '',
    apartMs: 5,
    sample: (() => {
      let n = 0;
      return async () => aSample(n, { requests: served('shop', { 200: 3 * n++ }) });
    })(),
  };
  const window = { from: at(-600), to: at(0) };
  const ask = (over: object) =>
    historyOf(hop, instance, ABOUT, window, { ...sources, ...over }, AbortSignal.timeout(5000));
  const plain = await ask({});
  assert.deepEqual([plain.source, plain.steps.length, plain.steps[0]?.requests, plain.gaps], ['two samples', 1, 3, []]);
  assert.match(plain.cannotTell[0]?.what ?? '', /our own probes among it/);
  const away = {
    samples: async () => {
      throw new BlindLook('no-connection', 'the recorder could not be read: Redis is away');
    },
  };
  assert.match((await ask({ recorder: away })).cannotTell[0]?.hint ?? '', /Redis is away/);
  assert.match(
    (await ask({ recorder: { samples: async () => null } })).cannotTell[0]?.hint ?? '',
    /fewer than two samples of edge-1/,
  );
  const held = {
    samples: async () => ({
      samples: [0, 15].map((s) => aSample(s, { requests: served('shop', { 200: s }) })),
      missed: [],
      breaks: [],
      everyMs: 15_000,
    }),
  };
  assert.equal((await ask({ recorder: held })).source, 'recorder');
});

test('the second of two samples fails, or there is no time for it: blind, at once', async () => {
  let n = 0;
  const second = async (): Promise<ProxySample> => {
    if (n++ === 0) return aSample(0);
    throw new BlindLook('no-connection', 'ECONNREFUSED');
  };
  await assert.rejects(twoSamples(second, AbortSignal.timeout(5000), 5), /ECONNREFUSED/);
  await assert.rejects(
    twoSamples(async () => aSample(0), AbortSignal.timeout(20), 60_000),
    (error) => error instanceof BlindLook && error.reason === 'deadline',
  );
});
