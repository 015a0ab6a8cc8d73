import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { guardFor } from '../../../diagnostics/io/guard.ts';
import { BlindLook } from '../../../diagnostics/io/proxy-reader.ts';
import type { ProxyHistory } from '../../../diagnostics/io/proxy-sample.ts';
import type { Instance, PathHop } from '../../../diagnostics/types.ts';
import type { Window } from '../../../diagnostics/window.ts';
import { getPage } from '../../../proxy/adapters/metrics/page.ts';
import { sampleOfPage } from '../../../proxy/adapters/metrics/sample.ts';
import { type HistorySources, historyOf } from '../../../proxy/history/history.ts';
import { ownLabels, pagesOf, readRange } from '../../../proxy/history/prometheus-answer.ts';
import { prometheusSamples } from '../../../proxy/history/prometheus-range.ts';
import { until } from '../../workers/stand-ins.ts';
import { prometheusBinary, startPrometheus } from './prometheus-server.ts';
import { aSample, served } from './samples.ts';

const fixtures = new URL('../../fixtures/', import.meta.url);
const PAGE = readFileSync(new URL('traefik/3.7.9/json.metrics.txt', fixtures), 'utf8');

async function listen(
  answer: (path: string) => { status: number; body: string },
): Promise<{ server: Server; host: string }> {
  const server = createServer((request, response) => {
    const { status, body } = answer(request.url ?? '/');
    response.writeHead(status).end(body);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return { server, host: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** As in production: the guarded reader of pages. */
const getText = (url: string, signal: AbortSignal): Promise<string> =>
  getPage(
    url,
    async (host) => [host],
    guardFor(() => true),
    signal,
  );

const hop = { name: 'edge', kind: 'traefik' } as PathHop;
const instanceAt = (host: string) => ({ name: 'edge-1', metrics: `http://${host}/metrics`, admin: null }) as Instance;

function ask(prometheus: string, host: string, over: Partial<HistorySources> = {}, back = 60): Promise<ProxyHistory> {
  let n = 0;
  const window = { from: new Date(Date.now() - back * 1000).toISOString(), to: new Date().toISOString() };
  return historyOf(
    hop,
    instanceAt(host),
    { host: 'shop.example.test', services: ['shop'] },
    window,
    {
      prometheus,
      recorder: null,
      sample: async () => aSample(n++, { requests: served('shop@file', { 200: 5 * n }) }),
      sampleFrom: (page, signal) => sampleOfPage('a page', { page: async () => page }, signal),
      page: getText,
      apartMs: 5,
      ...over,
    },
    AbortSignal.timeout(20_000),
  );
}

/** The page with so many more 502s of one service. */
const withErrors = (errors: number): string =>
  PAGE.replace(
    /^(traefik_service_requests_total\{code="502",.*service="shop@file"\}) (\d+)$/m,
    (_, head, n) => `${head} ${Number(n) + errors}`,
  );

test('a real Prometheus: counters as they were scraped, each scrape once, one scraper of two, a failed scrape is a gap', async (t) => {
  const binary = prometheusBinary();
  if (binary === null) return t.skip('prometheus is not installed (Debian: apt-get install prometheus)');
  assert.match(PAGE, /traefik_service_requests_total\{code="502".*service="shop@file"/);
  let errors = 0;
  let away = false;
  const { server, host } = await listen(() => {
    if (away) return { status: 500, body: '' };
    errors += 10;
    return { status: 200, body: withErrors(errors) };
  });
  const prometheus = await startPrometheus(binary, host);
  t.after(async () => {
    server.closeAllConnections();
    server.close();
    await prometheus.stop();
  });
  // Until Prometheus knows enough there is nothing else to see.
  const sample = async (): Promise<never> => {
    throw new BlindLook('not-configured', 'only from Prometheus');
  };
  const seen = await until('some steps', async () => {
    const history = await ask(prometheus.url, host, { sample }).catch(() => null);
    return history?.source === 'prometheus' && history.steps.length >= 3 ? history : null;
  });
  assert.equal(seen.scope, 'service');
  // Every scrape of either job adds ten: a step of one job sees its own and what the other one caused.
  for (const step of seen.steps) assert.equal((step.errors['502'] ?? 0) % 10, 0);
  const times = seen.steps.map((step) => step.at);
  assert.equal(new Set(times).size, times.length);
  assert.ok(
    seen.steps.every((step) => step.ms > 500 && step.ms < 10_000),
    JSON.stringify(seen.steps.map((s) => s.ms)),
  );
  assert.ok(seen.steps.some((step) => (step.errors['502'] ?? 0) > 0));
  assert.deepEqual(seen.resets, []);

  away = true;
  const holed = await until('a gap', async () => {
    const history = await ask(prometheus.url, host, { sample }, 15).catch(() => null);
    return history?.gaps.some((gap) => gap.why === 'Prometheus could not scrape it') ? history : null;
  });
  assert.ok(holed.gaps.length > 0);

  const unknown = await ask(prometheus.url, '127.0.0.1:1');
  assert.equal(unknown.source, 'two samples');
  assert.match(unknown.cannotTell[0]?.hint ?? '', /has nothing with instance="127\.0\.0\.1:1" or pod="edge-1"/);
  // How fixtures/prometheus was made: RECORD_PROMETHEUS=test/fixtures/prometheus/VERSION ./dev test proxy/history
  const into = process.env.RECORD_PROMETHEUS;
  if (into !== undefined) {
    const window = { from: new Date(Date.now() - 10_000).toISOString(), to: new Date().toISOString() };
    const page = async (url: string, signal: AbortSignal): Promise<string> => {
      const text = await getText(url, signal);
      writeFileSync(`${into}/${url.includes('timestamp') ? 'times' : 'values'}.json`, text);
      return text;
    };
    const sampleFrom = (text: string, signal: AbortSignal) =>
      sampleOfPage('a page', { page: async () => text }, signal);
    await prometheusSamples(prometheus.url, 'traefik', instanceAt(host), '', window, { page, sampleFrom }, t.signal);
    writeFileSync(`${into}/asked.json`, JSON.stringify({ window, target: host }));
  }
});

test('whatever Prometheus answers instead is said, without its password, and two samples are taken', async (t) => {
  const cases: { [name: string]: { status: number; body: string; says: RegExp } } = {
    unauthorised: { status: 401, body: '', says: /refuses us \(401\)/ },
    refused: {
      status: 422,
      body: '{"status":"error","errorType":"execution","error":"query timed out"}',
      says: /answers 422/,
    },
    'a login page': { status: 200, body: '<html>', says: /its answer is no JSON/ },
    'no range': {
      status: 200,
      body: '{"status":"success","data":{"resultType":"vector","result":[]}}',
      says: /no range/,
    },
    'an error': { status: 200, body: '{"status":"error","error":"too many samples"}', says: /too many samples/ },
    nothing: {
      status: 200,
      body: '{"status":"success","data":{"resultType":"matrix","result":[]}}',
      says: /has nothing with/,
    },
    hostile: {
      status: 200,
      body: '{"status":"success","data":{"resultType":"matrix","result":[null,7,{"metric":5},{"metric":{"__name__":"traefik_x","a b":"c"},"values":[[1,2],["x","1"],null]}]}}',
      says: /has nothing with/,
    },
  };
  let now = '';
  const { server, host } = await listen(() => cases[now] as { status: number; body: string });
  t.after(() => server.close());
  for (const [name, { says }] of Object.entries(cases)) {
    now = name;
    const history = await ask(`http://user:secret@${host}/prom`, '127.0.0.1:9100');
    assert.equal(history.source, 'two samples', name);
    assert.equal(history.steps[0]?.requests, 5);
    assert.match(history.cannotTell[0]?.hint ?? '', says, name);
    assert.ok(!JSON.stringify(history).includes('secret'), name);
  }
  server.closeAllConnections();
  const slow = await ask('http://127.0.0.1:9090', '127.0.0.1:9100', {
    prometheusMs: 20,
    page: (url, signal) =>
      new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(new BlindLook('deadline', `${url} did not answer in time`))),
      ),
  });
  assert.equal(slow.source, 'two samples');
  assert.match(slow.cannotTell[0]?.hint ?? '', /127\.0\.0\.1:9090 did not answer in time/);
  const gone = await ask('http://127.0.0.1:1', '127.0.0.1:9100', {
    page: async (url) => {
      throw new BlindLook('no-connection', `${url}: ECONNREFUSED`);
    },
  });
  assert.match(gone.cannotTell[0]?.hint ?? '', /127\.0\.0\.1:1 cannot be reached \(ECONNREFUSED\)/);
});

test('what Prometheus 2.42 answered about two jobs that scrape one proxy: one of them, each scrape once, a hole where it failed', async () => {
  const recorded = (name: string): string => readFileSync(new URL(`prometheus/2.42.0/${name}.json`, fixtures), 'utf8');
  const { window, target } = JSON.parse(recorded('asked')) as { window: Window; target: string };
  const asked: URL[] = [];
  const history = await historyOf(
    hop,
    instanceAt(target),
    { host: 'shop.example.test', services: ['shop'] },
    window,
    {
      prometheus: 'http://127.0.0.1:9090/',
      recorder: null,
      sample: async () => aSample(0),
      sampleFrom: (page, signal) => sampleOfPage('a page', { page: async () => page }, signal),
      page: async (url) => {
        asked.push(new URL(url));
        return recorded(url.includes('timestamp') ? 'times' : 'values');
      },
    },
    AbortSignal.timeout(5000),
  );
  assert.equal(history.source, 'prometheus');
  assert.equal(asked.length, 2);
  const known = new Map(
    readRange(recorded('times'))
      .series.filter((one) => one.labels.job === 'edge')
      .flatMap((one) => one.values.map(([, at]) => [new Date(Math.round(Number(at) * 1000)).toISOString(), true])),
  );
  assert.ok(history.steps.length >= 3);
  assert.ok(
    history.steps.every((step) => known.has(step.at)),
    'a step begins when a scrape was made',
  );
  assert.ok(history.steps.every((step) => step.requests > 0 && step.requests === step.errors['502']));
  assert.ok(history.gaps.some((gap) => gap.why === 'Prometheus could not scrape it'));
  assert.equal(history.last?.process.startedAt?.slice(0, 10), '2026-11-21');
});

test("labels that Prometheus renamed are the proxy's own again, and text is quoted as on the page", () => {
  assert.deepEqual(
    ownLabels({ __name__: 'x', job: 'j', instance: 'i', service: 'target', exported_service: 'shop@file' }),
    {
      service: 'shop@file',
    },
  );
  const labels = { __name__: 'x', a: 'q"b\\c\nd' };
  assert.deepEqual(
    [
      ...pagesOf([
        {
          labels,
          values: [
            [5, '1'],
            [2, 'NaN'],
          ],
        },
      ]),
    ],
    [[5, 'x{a="q\\"b\\\\c\\nd"} 1\n']],
  );
  assert.deepEqual(
    readRange('{"status":"success","warnings":["partial"],"data":{"resultType":"matrix","result":[]}}').warnings,
    ['partial'],
  );
});
