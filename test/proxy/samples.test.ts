import assert from 'node:assert/strict';
import test from 'node:test';
import { BlindLook } from '../../diagnostics/io/proxy-reader.ts';
import { targetsIn } from '../../proxy/adapters/metrics/haproxy-servers.ts';
import { sampleOf } from '../../proxy/adapters/metrics/sample.ts';
import { reloadsOf } from '../../proxy/adapters/reloads/reload-metrics.ts';
import { fixture, hopOf, instanceAt, patient, reachTo, requestsOf, sampleIn, sum } from './samples-world.ts';

const VERSIONS = ['2.10.7', '3.0.4', '3.7.9'];

test('Traefik: what its services answered, what it answered itself, and tries that nobody got', async () => {
  for (const version of VERSIONS) {
    const sample = await sampleIn(fixture(`traefik/${version}/json.metrics.txt`));
    const own = requestsOf(sample).filter((line) => line.includes(' proxy '));
    // 301 to https, 401, 403, 404 without a route, 413, 429, and 503 of two services without an endpoint.
    const expected = ['301', '401', '403', '413'].map((status) => `- - - ${status} proxy 1`);
    assert.deepEqual(own, [...expected, '- - - 404 proxy 3', '- - - 429 proxy 3', '- - - 503 proxy 2'].sort(), version);
    assert.equal(
      sum(sample, (r) => r.service === 'shop@file' && r.status === '503' && r.maker === 'upstream'),
      1,
    );
    assert.equal(
      sum(sample, (r) => r.service === 'slow@file' && r.status === '504' && r.maker === 'unknown'),
      1,
    );
    assert.equal(
      sum(sample, (r) => r.maker === 'client'),
      1,
    );
    // Entry points have 2 or 3 of the 8 tries that failed: a retry middleware hid the others.
    const users = version === '2.10.7' ? 2 : 3;
    assert.deepEqual(sample.repeated, [{ status: '502', count: 8 - users }], version);
    const answered = sum(sample, () => true) - 8 + users;
    const total = sample.latency.find((one) => one.kind === 'total');
    assert.equal(total?.count, answered, `${version}: entry points timed as many as were answered`);
    assert.deepEqual(total?.buckets.at(-1), [null, answered]);
    assert.equal(sample.process.maxFiles, 20_000);
    assert.ok((sample.process.startedAt ?? '') < (sample.reloads.lastAt ?? ''));
    assert.equal(sample.reloads.failed, version === '2.10.7' ? 0 : null);
    assert.equal(sample.reloads.lastOk, null, 'no metric of Traefik notices a broken file');
    assert.deepEqual(
      sample.tls.map((one) => `${one.version} ${one.count}`),
      ['1.3 90', '1.2 10'],
    );
    assert.deepEqual(sample.certificates[0]?.names, ['shop.example.test', '*.example.test']);
    assert.ok(sample.cannotTell.some(({ hint }) => /accesslog\.format=json/.test(hint)));
    assert.ok(sample.cannotTell.some(({ hint }) => /addRoutersLabels/.test(hint)));
  }
});

test('Traefik: which endpoints are up, by its page and by its API', async () => {
  for (const version of VERSIONS) {
    const page = fixture(`traefik/${version}/json.metrics.one-endpoint-down.txt`);
    const seen = targetsIn(await sampleIn(page));
    const named = seen.groups.find((group) => group.name === 'shop@file');
    // 3.0.4 writes a hash of the server where the service's name belongs.
    const group = version === '3.0.4' ? seen.groups[0] : named;
    assert.equal(seen.groups.length, version === '3.0.4' ? 1 : 2);
    assert.ok(group?.down.includes('127.0.0.1:20002'), version);
    assert.ok(group?.up.includes('127.0.0.1:20001'), version);
    const pages = {
      'http://m/': page,
      'http://a/api/version': fixture(`traefik/${version}/api.version.json`),
      'http://a/api/http/services?per_page=1000': fixture(
        `traefik/${version}/api.http-services.one-endpoint-down.json`,
      ),
    };
    const both = await sampleOf(hopOf('traefik'), instanceAt('http://m/', 'http://a/'), reachTo(pages), patient());
    assert.equal(both.software, `traefik ${version}`);
    const byApi = targetsIn(both).groups.filter((one) => one.up.length + one.down.length > 0);
    assert.deepEqual(byApi.map((one) => one.name).sort(), ['shop@file', 'sick@file']);
    assert.deepEqual(byApi.find((one) => one.name === 'shop@file')?.down, ['127.0.0.1:20002']);
    const unchecked = both.endpoints.filter((one) => one.service === 'billing@file');
    assert.deepEqual(
      unchecked.map((one) => one.up),
      [null, null],
      'without a health check Traefik knows nothing, whatever its API says',
    );
  }
});

test('Traefik with labels of services or entry points switched off says so, and blames nobody', async () => {
  const page = fixture('traefik/3.7.9/json.metrics.txt');
  const without = (prefix: string) =>
    page
      .split('\n')
      .filter((line) => !line.startsWith(prefix))
      .join('\n');
  const noServices = await sampleIn(without('traefik_service_'));
  assert.ok(noServices.requests.every((r) => r.maker === 'unknown' && r.service === null));
  assert.ok(noServices.cannotTell.some(({ hint }) => /addServicesLabels/.test(hint)));
  const noFront = await sampleIn(without('traefik_entrypoint_'));
  assert.ok(noFront.requests.every((r) => r.maker !== 'proxy'));
  assert.ok(noFront.cannotTell.some(({ hint }) => /addEntryPointsLabels/.test(hint)));
});

test("HAProxy: the servers' answers are theirs, what backends and frontends have beyond them is its own", async () => {
  const expected = [
    // A 418 and a 403 by rule; the exporter's own page is one 2xx.
    '- - - 4xx proxy 2',
    '- app b 2xx upstream 3',
    '- app b 5xx upstream 2',
    '- dead - 5xx proxy 1',
    '- empty - 5xx proxy 1',
    '- slow - 5xx proxy 1',
  ];
  const exported = await sampleIn(fixture('haproxy/2.6.12/metrics.txt'));
  const answers = {
    'show stat': fixture('haproxy/2.6.12/show-stat.csv'),
    'show info': fixture('haproxy/2.6.12/show-info.txt'),
  };
  const told = await sampleOf(hopOf('haproxy'), instanceAt(null, '/run/h.sock'), reachTo({}, {}, answers), patient());
  for (const sample of [exported, told]) {
    assert.deepEqual(
      requestsOf(sample).filter((line) => !line.startsWith('- - - 2xx')),
      expected,
    );
    assert.equal(sample.software, 'haproxy 2.6.12-1+deb12u4');
    assert.deepEqual(sample.retries, [{ service: 'dead', count: 1 }]);
    assert.ok(sample.means?.some((one) => one.kind === 'upstream' && one.endpoint === 'b' && one.seconds > 0));
    const [a, b, d, s] = ['a', 'b', 'd', 's'].map((name) => sample.endpoints.find((one) => one.endpoint === name));
    assert.deepEqual([a?.up, a?.weight, b?.requests, b?.weight], [true, 1, 5, 50]);
    assert.deepEqual([d?.connectErrors, d?.retries, d?.connections, s?.responseErrors], [1, 1, 2, 1]);
    assert.equal(sample.connections.limit, 9985);
    assert.equal(sample.process.startedAt, sample.reloads.lastAt);
  }
  assert.equal(told.endpoints.find((one) => one.endpoint === 'a')?.address, '127.0.0.1:18811');
  assert.equal(told.refusedBeforeRequest.handshake, 0);
  assert.equal(exported.refusedBeforeRequest.handshake, null);
  const page = { 'http://m/': fixture('haproxy/2.6.12/metrics.txt') };
  const both = await sampleOf(
    hopOf('haproxy'),
    instanceAt('http://m/', '/run/h.sock'),
    reachTo(page, {}, answers),
    patient(),
  );
  assert.deepEqual([both.refusedBeforeRequest.handshake, both.endpoints.length], [0, 4]);
  assert.equal(both.endpoints[0]?.address, '127.0.0.1:18811');
  const away = await sampleOf(
    hopOf('haproxy'),
    instanceAt('http://m/', '/run/h.sock'),
    reachTo({}, {}, answers),
    patient(),
  );
  assert.deepEqual([away.source, requestsOf(away)], ['/run/h.sock', requestsOf(told)]);
  assert.ok(away.cannotTell.some(({ what }) => /answers 404/.test(what)));
  const csv = await sampleIn(fixture('haproxy/2.6.12/show-stat.csv'), 'traefik');
  assert.ok(requestsOf(csv).includes('- dead - 5xx proxy 1'), 'the stats page with ;csv is the same table');
});

test('HAProxy: states of servers, whichever way they are written', async () => {
  const csv = fixture('haproxy/2.6.12/show-stat.csv');
  for (const [state, up] of [
    ['UP 1/3', true],
    ['no check', true],
    ['DOWN', false],
    ['DOWN 1/2', false],
    ['MAINT', false],
    ['DRAIN', false],
    ['NOLB', false],
  ] as const) {
    const sample = await sampleIn(csv.replace(/^(app,a,(?:[^,]*,){15})UP,/m, `$1${state},`));
    assert.equal(sample.endpoints.find((one) => one.endpoint === 'a')?.up, up, state);
  }
});

test('Envoy: who made each status, as its response flags say in the recording', async () => {
  const page = fixture('envoy/1.40.0/stats.prometheus.txt');
  const sample = await sampleIn(page);
  assert.deepEqual(requestsOf(sample), [
    '- - - 4xx proxy 1', // NR
    '- - - 5xx proxy 1', // NC
    '- billing - 200 upstream 6', // tried again after UF
    '- busy - 200 upstream 2',
    '- busy - 503 proxy 3', // UO
    '- empty - 503 proxy 1', // UH
    '- shop - 200 upstream 67',
    '- shop - 500 upstream 1',
    '- shop - 503 proxy 1', // UC
    '- shop - 503 upstream 1',
    '- sick - 503 proxy 1', // UH
    '- slow - 504 proxy 1', // UT
    '- watched - 200 upstream 6',
    '- watched - 503 proxy 6', // UF
  ]);
  assert.equal(
    sum(sample, () => true),
    98,
    'as many as the listener answered',
  );
  assert.deepEqual(sample.retries, [{ service: 'billing', count: 6 }]);
  assert.deepEqual(sample.refusedBeforeRequest, { handshake: 4, proxyHeader: 1 });
  assert.deepEqual(
    sample.tls.map((one) => `${one.version} ${one.count}`),
    ['1.2 5', '1.3 94'],
  );
  assert.equal(sample.connections.accepted, 103);
  const slowest = sample.latency.find((one) => one.kind === 'upstream' && one.service === 'billing');
  assert.deepEqual([slowest?.count, slowest?.buckets[4], slowest?.buckets.at(-1)], [6, [0.025, 2], [null, 6]]);
  // With retries at work, or many streams on one connection, it is no longer sure who made a 503.
  const retried = await sampleIn(`${page}\nenvoy_cluster_upstream_rq_retry{envoy_cluster_name="watched"} 1\n`);
  assert.ok(requestsOf(retried).includes('- watched - 503 unknown 6'));
  const streams = await sampleIn(`${page}\nenvoy_cluster_upstream_cx_http2_total{envoy_cluster_name="shop"} 1\n`);
  assert.ok(requestsOf(streams).includes('- shop - 503 unknown 1'));
});

test('Envoy: endpoints, version and certificates by its admin address, which alone is enough', async () => {
  const admin = 'http://127.0.0.1:9901';
  const at = (name: string): string => fixture(`envoy/1.40.0/${name}`);
  const pages = {
    [`${admin}/stats/prometheus`]: at('stats.prometheus.txt'),
    [`${admin}/server_info`]: at('server_info.json'),
    [`${admin}/clusters?format=json`]: at('clusters.json'),
    [`${admin}/certs`]: at('certs.json'),
  };
  const date = '2026-11-21T15:35:40.000Z';
  const sample = await sampleOf(hopOf('envoy'), instanceAt(null, admin), reachTo(pages, { date }), patient());
  assert.equal(sample.software, 'envoy 1.40.0');
  assert.deepEqual([sample.clock, sample.process.startedAt], [date, '2026-11-21T15:35:30.000Z']);
  assert.deepEqual(sample.certificates, [{ names: ['*.example.test'], notAfter: '2026-12-21T15:35:27.000Z' }]);
  const seen = targetsIn(sample).groups;
  assert.deepEqual(seen.find((group) => group.name === 'sick')?.up, []);
  assert.equal(seen.find((group) => group.name === 'shop')?.up.length, 3);
  const slow = sample.endpoints.find((one) => one.service === 'slow');
  assert.deepEqual([slow?.requests, slow?.connections, slow?.weight, slow?.responseErrors], [1, 1, 1, 1]);
  // Without its admin pages the counters are still there, and the sample says what is missing.
  const alone = reachTo({ [`${admin}/stats/prometheus`]: at('stats.prometheus.txt') });
  const less = await sampleOf(hopOf('envoy'), instanceAt(null, admin), alone, patient());
  assert.equal(less.requests.length, sample.requests.length);
  assert.ok(less.cannotTell.some(({ what }) => /server_info answers 404/.test(what)));
  assert.throws(() => targetsIn(less), BlindLook);
});

test('ingress-nginx: requests by host and service, who made an error is not told; reloads, processes, certificates', async () => {
  const sample = await sampleIn(fixture('ingress-nginx/06-after-traffic.prom'));
  assert.equal(sample.software, 'ingress-nginx v1.15.1');
  assert.equal(
    sum(sample, (r) => r.host === 'empty.example.test' && r.status === '503' && r.maker === 'unknown'),
    3,
  );
  assert.equal(
    sum(sample, (r) => r.status === '499' && r.maker === 'client'),
    2,
  );
  assert.equal(
    sum(sample, (r) => r.status === 'other'),
    1,
    'status 009 is what nginx wrote',
  );
  const [total, upstream] = (['total', 'upstream'] as const).map((kind) =>
    sample.latency.find((one) => one.host === 'slow.example.test' && one.kind === kind),
  );
  assert.ok((total?.count ?? 0) >= (upstream?.count ?? 0) && (total?.buckets.length ?? 0) > 5);
  assert.deepEqual(sample.connections, { active: 3, idle: 2, limit: null, accepted: 431, dropped: 0 });
  assert.deepEqual([sample.process.processes, sample.reloads.failed, sample.reloads.lastOk], [6, 0, true]);
  assert.equal(sample.reloads.hash, '7802228874455031000');
  const refused = await sampleIn(fixture('ingress-nginx/10-failed-reload-bad-snippet.prom'));
  assert.deepEqual([refused.reloads.failed, refused.reloads.lastOk, refused.reloads.hash], [4, false, null]);
  assert.equal(reloadsOf(refused).lastRefused, true);
  assert.equal(reloadsOf(sample).servingSince, sample.reloads.lastAt);
  assert.equal(sample.certificates.length, 4);
});

test('nginx and Apache: what there is to count, and what to switch on for the rest', async () => {
  const page = fixture('ingress-nginx/nginx_status.txt');
  const reach = reachTo({ 'http://m/': page }, { server: 'nginx/1.22.1', date: '2026-11-21T16:00:00.000Z' });
  const nginx = await sampleOf(hopOf('nginx'), instanceAt('http://m/'), reach, patient());
  assert.deepEqual([nginx.software, nginx.clock], ['nginx 1.22.1', '2026-11-21T16:00:00.000Z']);
  assert.deepEqual(requestsOf(nginx), ['- - - all unknown 9']);
  assert.deepEqual(nginx.connections, { active: 1, idle: 0, limit: null, accepted: 10, dropped: 0 });
  assert.ok(nginx.cannotTell.some(({ hint }) => /\$upstream_status/.test(hint)));
  const apache = await sampleIn(fixture('apache/2.4.71/server-status.txt'));
  assert.deepEqual([apache.software, requestsOf(apache)], ['apache 2.4.71', ['- - - all unknown 3']]);
  assert.deepEqual([apache.connections.active, apache.connections.idle, apache.reloads.ok], [1, 24, 0]);
});

test('reloads of Traefik 2 that were refused, were there one', async () => {
  const page = fixture('traefik/2.10.7/json.metrics.txt');
  const at = (seconds: number) => page.replace('last_reload_failure 0', `last_reload_failure ${seconds}`);
  const later = reloadsOf(await sampleIn(at(1_795_274_999)));
  assert.deepEqual([later.lastRefused, later.reloads.map((one) => one.ok)], [true, [true, false]]);
  const earlier = reloadsOf(await sampleIn(at(1_795_274_000)));
  assert.deepEqual([earlier.lastRefused, earlier.reloads.map((one) => one.ok)], [false, [false, true]]);
});
