import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { BlindLook } from '../../diagnostics/io/proxy-reader.ts';
import { type AccessRow, detectReader, namedReader } from '../../proxy/adapters/logs/access-log.ts';
import { accessRows } from '../../proxy/adapters/logs/access-rows.ts';
import { rowsOf } from '../../proxy/adapters/logs/compact-rows.ts';
import { jsonReader } from '../../proxy/adapters/logs/json-log.ts';
import { COMBINED, nginxReader, UPSTREAMINFO } from '../../proxy/adapters/logs/nginx-format.ts';
import { tailLines } from '../../proxy/adapters/logs/tail.ts';
import { countRequests, countShares } from '../../proxy/adapters/logs/tally.ts';
import { parseTime } from '../../proxy/adapters/logs/times.ts';
import { blankHop } from '../../proxy/inventory/blank.ts';
import { scratch } from '../diagnostics/real-servers.ts';
import { instance } from './log-worlds.ts';

const FIXTURES = new URL('../fixtures/', import.meta.url);
const linesOf = (file: string): string[] =>
  readFileSync(new URL(file, FIXTURES), 'utf8')
    .split('\n')
    .filter((line) => line !== '');

/** Everything that the same requests look like in each version's JSON log, by host and path. */
const TRAEFIK: [string, string, number, AccessRow['maker']][] = [
  ['shop.example.test', '/500', 500, 'upstream'],
  ['shop.example.test', '/503', 503, 'upstream'],
  ['shop.example.test', '/eof', 502, 'proxy'],
  ['shop.example.test', '/slow2', 499, 'client'],
  ['slow.example.test', '/slow3', 504, 'proxy'],
  ['empty.example.test', '/', 503, 'proxy'],
  ['sick.example.test', '/', 503, 'proxy'],
  ['unknown.example.test', '/', 404, 'proxy'],
  ['lost.example.test', '/', 404, 'proxy'],
  ['private.example.test', '/', 403, 'proxy'],
  ['secret.example.test', '/', 401, 'proxy'],
  ['limited.example.test', '/', 429, 'proxy'],
  ['upload.example.test', '/', 413, 'proxy'],
  ['mixed.example.test', '/', 502, 'proxy'],
  ['billing.example.test', '/', 200, 'upstream'],
];

for (const version of ['2.10.7', '3.0.4', '3.7.9']) {
  test(`Traefik ${version}, JSON: who made which status`, () => {
    const lines = linesOf(`traefik/${version}/access.ndjson`);
    const rows = lines.map(jsonReader);
    assert.ok(
      rows.every((row) => row !== null),
      'every line is read',
    );
    for (const [host, path, status, maker] of TRAEFIK) {
      const row: AccessRow | null | undefined = rows.find(
        (r) => r?.host === host && r.status === status && r.request.endsWith(` ${path}`),
      );
      assert.equal(row?.maker, maker, `${host}${path} ${status}`);
    }
    assert.ok(
      rows.every((row) => !/secret=|token=/.test(row?.request ?? '')),
      'no query string is kept',
    );
    assert.ok(rows.every((row) => row?.at && row.at > Date.parse('2026-11-21T00:00:00Z')));
    const reader = detectReader(lines);
    assert.deepEqual(reader?.(lines[1] as string), rows[1], 'found out by itself');
  });

  test(`Traefik ${version}, CLF: the same statuses, without hosts`, () => {
    const lines = linesOf(`traefik/${version}/access.clf`);
    const reader = detectReader(lines);
    assert.ok(reader, 'found out by itself');
    const rows = lines.map(reader);
    assert.ok(rows.every((row) => row !== null && row.host === null && row.at !== null));
    const makers = (status: number): string[] =>
      [...new Set(rows.filter((r) => r?.status === status).map((r) => r?.maker ?? ''))].sort();
    assert.deepEqual(makers(500), ['upstream']);
    assert.deepEqual(makers(502), ['proxy']);
    assert.deepEqual(makers(503), ['proxy', 'upstream'], "the application's own, and those without a server");
    assert.deepEqual(makers(504), ['proxy']);
    assert.deepEqual(makers(499), ['client']);
    assert.deepEqual(makers(404), ['proxy']);
    assert.match(rows.find((r) => r?.status === 500)?.upstreams[0]?.address ?? '', /^127\.0\.0\.1:2000[123]$/);
    assert.ok(rows.some((r) => r?.noRoute) && rows.every((r) => !r?.noRoute || r.status === 404));
    assert.equal(rows.find((r) => r?.status === 500)?.service, 'shop@file');
  });

  test(`Traefik ${version}: a broken connection under what it repeats, and under what it must not send twice`, () => {
    for (const file of ['access.ndjson', 'access.clf']) {
      const lines = linesOf(`traefik/${version}/${file}`);
      const reader = detectReader(lines);
      const line = lines.find((one) => reader?.(one)?.status === 502) ?? assert.fail(`no 502 in ${file}`);
      const why = (method: string): string | undefined =>
        reader?.(line.replace('"GET ', `"${method} `).replace('"RequestMethod":"GET"', `"RequestMethod":"${method}"`))
          ?.why;
      assert.deepEqual(
        [why('GET'), why('HEAD'), why('POST'), why('PATCH')],
        ['no-answer', 'no-answer', 'no-answer-once', 'no-answer-once'],
      );
    }
  });
}

test('ingress-nginx, its default format', () => {
  const lines = linesOf('ingress-nginx/access-default-format.txt');
  const reader = detectReader(lines);
  assert.ok(reader);
  const rows = lines.flatMap((line) => reader(line) ?? []);
  assert.ok(rows.length >= lines.length * 0.95, `${rows.length} of ${lines.length}`);
  const ofService = (name: string): AccessRow[] => rows.filter((row) => row.service === name);
  // No endpoints: 503 that nginx made; nobody was asked.
  for (const row of ofService('shop-empty-80'))
    assert.deepEqual([row.status, row.maker, row.upstreams], [503, 'proxy', []]);
  // A try that was refused stands before the one that answered.
  const retried = ofService('shop-checkout-80').filter((row) => row.upstreams.length === 2);
  assert.ok(retried.length > 10);
  assert.ok(
    retried.every((row) => row.upstreams[0]?.address === '10.244.1.16:8080' && row.upstreams[0].status === 502),
  );
  // The read timeout of 2 s is tried three times: 504 after 6 s, made by nginx.
  const slow = ofService('shop-slow-80').filter((row) => row.status === 504);
  assert.ok(slow.length > 0 && slow.every((row) => row.maker === 'proxy' && (row.seconds ?? 0) > 5));
  const errors = ofService('shop-checkout-80').filter((row) => row.status >= 500);
  assert.ok(
    errors.some((row) => row.maker === 'upstream'),
    "the application's own 5xx are told from nginx'",
  );
});

test('ingress-nginx, a JSON format of one’s own', () => {
  const lines = linesOf('ingress-nginx/access-json-format.ndjson');
  const rows = lines.map(jsonReader);
  assert.equal(rows.filter((row) => row !== null).length, lines.length, 'a status 009 makes no line unreadable');
  const known = rows.filter((row) => row !== null);
  assert.ok(known.some((row) => row.host === 'shop.example.test' && row.maker === 'upstream' && row.status === 200));
  const counted = countRequests(
    { source: '/x', rows: rowsOf(known), lines: lines.length, unreadable: 1, truncated: false },
    'shop.example.test',
  );
  assert.equal(counted.total, known.filter((row) => row.host === 'shop.example.test').length);
  assert.deepEqual(counted.source, '/x');
});

test('who made a 502 in nginx: bytes or a header time tell', () => {
  const format = '$status $upstream_addr $upstream_status $upstream_response_length $upstream_header_time';
  const maker = (line: string): string | undefined => nginxReader(format)(line)?.maker;
  assert.equal(maker('502 10.0.0.1:80 502 0 -'), 'proxy');
  assert.equal(maker('502 10.0.0.1:80 502 41 0.003'), 'upstream');
  assert.equal(maker('502 10.0.0.1:80 502 0 0.003'), 'upstream', 'an empty page of its own');
  assert.equal(maker('502 10.0.0.1:80, 10.0.0.2:80 502, 502 0, 0 -, -'), 'proxy');
  assert.equal(maker('200 10.0.0.1:80, 10.0.0.2:80 502, 200 0, 9 -, 0.001'), 'upstream');
  assert.equal(maker('500 10.0.0.1:80 500 0 -'), 'upstream');
  assert.equal(maker('499 10.0.0.1:80 - 0 -'), 'client');
  assert.equal(maker('404 - - - -'), 'proxy');
  assert.equal(
    nginxReader('$status $upstream_addr $upstream_status')('502 10.0.0.1:80 502')?.maker,
    'unknown',
    'nothing there to tell by',
  );
  assert.equal(
    nginxReader(COMBINED)('1.2.3.4 - - [21/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 502 157 "-" "x"')?.maker,
    'unknown',
  );
});

test('times in all the ways that logs write them', () => {
  const ms = Date.parse('2026-11-21T09:00:01Z');
  assert.equal(parseTime('21/Nov/2026:10:00:01 +0100'), ms);
  assert.equal(parseTime('2026-11-21T10:00:01+01:00'), ms);
  assert.equal(parseTime(String(ms / 1000)), ms);
  assert.equal(parseTime(`${ms / 1000}.250`), ms + 250);
  for (const bad of [undefined, '', '-', 'yesterday', '99/Foo/2026:10:00:01 +0100'])
    assert.equal(parseTime(bad), null, bad);
});

test('no line, however strange, throws; what is read is typed', () => {
  const readers = [
    jsonReader,
    nginxReader(COMBINED),
    nginxReader(UPSTREAMINFO),
    ...['json', 'combined', 'clf'].map((n) => namedReader(n)),
  ];
  const line = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.json(),
    fc.constantFrom(...linesOf('ingress-nginx/access-default-format.txt').slice(0, 50)).map((l) => l.slice(7)),
  );
  fc.assert(
    fc.property(line, (text) => {
      for (const reader of readers) {
        const row = reader?.(text) ?? null;
        if (row) assert.ok(Number.isFinite(row.status) && row.request.length <= 40);
      }
    }),
    { numRuns: 600 },
  );
  assert.equal(namedReader('no such format'), null);
  assert.equal(jsonReader('null'), null);
  assert.equal(jsonReader('[1]'), null);
  assert.equal(jsonReader('{"DownstreamStatus":"x"}'), null);
});

test('a hostile line costs no time', () => {
  const began = performance.now();
  for (const text of [
    `${'a '.repeat(50_000)}`,
    `"${'\\'.repeat(100_000)}`,
    `1.2.3.4 - - [x] "${'a, '.repeat(40_000)}`,
    '- '.repeat(50_000),
  ])
    for (const reader of [nginxReader(COMBINED), nginxReader(UPSTREAMINFO), jsonReader, namedReader('clf')])
      reader?.(text);
  assert.ok(performance.now() - began < 3_000, `${performance.now() - began} ms`);
});

test('rows of a window; the format from the configuration, a name, or found out', async (t) => {
  const dir = scratch(t);
  const file = join(dir, 'access.txt');
  const line = (time: string, status: number): string =>
    `host=shop.example.test [${time}] ${status} 10.0.0.1:80 ${status}`;
  writeFileSync(
    file,
    `${['21/Nov/2026:09:00:00 +0000', '21/Nov/2026:09:10:00 +0000', '21/Nov/2026:09:20:00 +0000'].map((time) => line(time, 500)).join('\n')}\nhalf a li`,
  );
  const config = join(dir, 'nginx.conf');
  const format = 'host=$host [$time_local] $status $upstream_addr $upstream_status';
  writeFileSync(
    config,
    `http { log_format own escape=default 'host=$host [$time_local] '\n '$status $upstream_addr $upstream_status'; access_log ${file} own buffer=1k; }`,
  );
  const window = { from: '2026-11-21T09:05:00Z', to: '2026-11-21T09:15:00Z' };
  for (const over of [{ config }, { logFormat: format }]) {
    const seen = await accessRows('nginx', instance({ accessLog: file, ...over }), window);
    const makers: string[] = [];
    seen.rows.each(null, (row) => makers.push(row.maker));
    assert.deepEqual([makers, seen.lines, seen.unreadable], [['upstream'], 3, 0], JSON.stringify(over));
  }
  await assert.rejects(accessRows('nginx', instance({ accessLog: file }), window), (e) => e instanceof BlindLook);
  await assert.rejects(
    accessRows('nginx', instance({ accessLog: join(dir, 'gone') }), window),
    (e) => e instanceof BlindLook && e.reason === 'not-configured',
  );
  await assert.rejects(
    accessRows('nginx', instance({ accessLog: dir }), window),
    (e) => e instanceof BlindLook && e.reason === 'unreadable',
  );
});

test('the end of a huge file: whole lines, and it is said that more was there', async (t) => {
  const file = join(scratch(t), 'huge');
  writeFileSync(file, 'x'.repeat(1_000).concat('\n').repeat(50));
  const { lines, truncated } = await tailLines(file, 10_000);
  assert.ok(truncated && lines.length === 9 && lines.every((l) => l.length === 1_000));
  assert.deepEqual(await tailLines(file), {
    lines: Array.from({ length: 50 }, () => 'x'.repeat(1_000)),
    truncated: false,
  });
});

test('shares: the first try of each request, also of endpoints that got none', () => {
  const row = (...addresses: string[]): AccessRow => ({
    at: 1,
    host: 'a',
    request: '',
    status: 200,
    seconds: 1,
    service: null,
    maker: 'upstream',
    upstreams: addresses.map((address) => ({ address, status: 200, seconds: 0.5, bytes: 1 })),
  });
  const endpoint = (address: string, ready: boolean | null = null) => ({
    name: address,
    address,
    ports: [],
    zone: null,
    ready,
    startedAt: null,
    metrics: null,
  });
  const service = {
    ...blankHop('shop', 'service', 'service'),
    address: '10.0.0.9:80',
    endpoints: [
      endpoint('10.0.0.1:80'),
      endpoint('10.0.0.2:80'),
      endpoint('10.0.0.3:80'),
      endpoint('10.0.0.4:80', false),
    ],
  };
  const log = {
    source: '/x',
    rows: rowsOf([
      row('10.0.0.1:80', '10.0.0.2:80'),
      row('10.0.0.1:80'),
      row('10.0.0.2:80'),
      row('10.9.9.9:80'),
      row(),
    ]),
    lines: 5,
    unreadable: 0,
    truncated: false,
  };
  const shares = countShares(log, service);
  assert.deepEqual(
    shares.endpoints.map((e) => [e.address, e.requests]),
    [
      ['10.0.0.1:80', 2],
      ['10.0.0.2:80', 1],
      ['10.0.0.3:80', 0],
    ],
  );
});

test('the second in which the case was opened is not read: our own probes are in it', async (t) => {
  const file = join(scratch(t), 'access');
  const line = (second: number): string =>
    `1.2.3.4 - - [21/Nov/2026:10:00:0${second} +0000] "GET / HTTP/1.1" 200 1 "-" "-"`;
  writeFileSync(file, `${[1, 2, 3].map(line).join('\n')}\n`);
  const seen = await accessRows('nginx', instance({ accessLog: file }), {
    from: '2026-11-21T09:00:00Z',
    to: '2026-11-21T10:00:03.400Z',
  });
  const seconds: number[] = [];
  seen.rows.each(null, (row) => seconds.push(new Date(row.at ?? 0).getUTCSeconds()));
  assert.deepEqual(seconds, [1, 2]);
});

test('JSON formats whose keys are people’s own, flat or nested, with bare numbers; other shapes of formats', () => {
  const own = namedReader(
    '{"ts":"$time_iso8601","st":$status,"req":{"vhost":"$host","t":"$request_time"},"up":{"a":"$upstream_addr","s":"$upstream_status","c":"$upstream_connect_time"}}',
  );
  const line = (status: string, connect: string): string =>
    `{"ts":"2026-11-21T10:00:00+00:00","st":${status},"req":{"vhost":"shop.example.test","t":"0.200"},"up":{"a":"10.0.0.1:80, 10.0.0.2:80","s":"502, ${status}","c":"-, ${connect}"}}`;
  const row = own?.(line('502', '-'));
  assert.deepEqual(
    [row?.status, row?.host, row?.seconds, row?.upstreams.map((u) => u.address)],
    [502, 'shop.example.test', 0.2, ['10.0.0.1:80', '10.0.0.2:80']],
  );
  assert.equal(own?.(line('009', '0.001'))?.status, 9);
  assert.equal(own?.('{"st":'), null);
  const refused = namedReader(
    '$status|$upstream_addr|$upstream_status|$upstream_header_time|$upstream_connect_time|$host',
  );
  const short = (text: string): unknown[] => {
    const one = refused?.(text);
    return [one?.maker, one?.why, one?.host];
  };
  assert.deepEqual(short('502|10.0.0.1:80|502|-|-|a.test'), ['proxy', 'refused', 'a.test']);
  assert.deepEqual(short('502|10.0.0.1:80|502|-|0.001|a.test'), ['proxy', 'closed-early', 'a.test']);
  assert.deepEqual(short('504|10.0.0.1:80|504|-|-|a.test'), ['proxy', 'connect-timeout', 'a.test']);
  assert.deepEqual(short('504|10.0.0.1:80|504|-|0.001|a.test'), ['proxy', 'proxy-timeout', 'a.test']);
  assert.deepEqual(short('502|shop|502|-|-|a.test'), ['proxy', 'no-endpoint', 'a.test']);
  assert.deepEqual(short('413|-|-|-|-|a.test'), ['proxy', 'too-large', 'a.test']);
});

test('formats that are not told are found out: Apache’s with virtual hosts, main, Amplify’s, combined with more behind it, Caddy’s', () => {
  const combined = '192.0.2.1 - - [21/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 502 9 "-" "curl"';
  const read = (line: string): (string | number | null | undefined)[] => {
    const row = detectReader([line])?.(line);
    return [row?.status, row?.host, row?.maker];
  };
  assert.deepEqual(read(combined), [502, null, 'unknown']);
  assert.deepEqual(read(`${combined} "-"`), [502, null, 'unknown']);
  assert.deepEqual(read(`a.example.test:80 ${combined}`), [502, 'a.example.test', 'unknown']);
  assert.deepEqual(read(`${combined} anything else 17 "x"`), [502, null, 'unknown']);
  const amplify = `${combined} "-" "a.example.test" sn="_" rt=0.001 ua="10.0.0.1:80" us="502" ut="0.001" ul="0" cs=-`;
  assert.deepEqual(read(amplify), [502, 'a.example.test', 'proxy']);
  const caddy =
    '{"level":"info","ts":1763719200.5,"logger":"http.log.access","msg":"handled request","request":{"host":"a.example.test","method":"GET","uri":"/?x=1"},"duration":0.01,"status":502}';
  assert.deepEqual(read(caddy), [502, 'a.example.test', 'unknown']);
});
