import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type AccessRow, detectReader, namedReader } from '../../proxy/adapters/logs/access-log.ts';
import { namedValuesReader } from '../../proxy/adapters/logs/named-values.ts';

const BEGINNING = (status: number): string =>
  `192.0.2.1 - - [22/Nov/2026:10:00:00 +0000] "GET /a HTTP/1.1" ${status} 30`;
/** The rows of a log that begins as `combined` and goes on like this; every line must be understood. */
function rows(...lines: [status: number, rest: string][]): AccessRow[] {
  const log = lines.map(([status, rest]) => `${BEGINNING(status)} ${rest}`);
  const reader = detectReader(log) ?? assert.fail('nobody reads it');
  return log.map((line) => reader(line) ?? assert.fail(line));
}
const told = ({ maker, host, seconds, upstreams }: AccessRow) => [
  maker,
  host,
  seconds,
  upstreams.map((one) => `${one.address} ${one.status} ${one.seconds}`).join(', '),
];

test('values of upstreams under the short names that people use, in quotes or not, tell who made a status', () => {
  const quoted = rows(
    [429, 'host=a.test rt=0.004 ua="192.0.2.8:80" us="429" urt="0.003"'],
    [200, 'host=a.test rt=0.007 ua="192.0.2.8:80, 192.0.2.9:80" us="502, 200" urt="0.003, 0.004"'],
    [429, 'host=a.test rt=0.000 ua="-" us="-" urt="-"'],
  );
  assert.deepEqual(quoted.map(told), [
    ['upstream', 'a.test', 0.004, '192.0.2.8:80 429 0.003'],
    ['upstream', 'a.test', 0.007, '192.0.2.8:80 502 0.003, 192.0.2.9:80 200 0.004'],
    ['proxy', 'a.test', 0, ''],
  ]);
  const bare = rows(
    [404, '"-" "curl/8.1" vhost=b.test upstream=192.0.2.8:80 us=404 rt=0.010'],
    [404, '"-" "curl/8.1" vhost=b.test upstream=192.0.2.8:80, 192.0.2.9:80 us=504, 404 rt=0.010'],
    [404, '"-" "Mozilla/5.0 (X11)" vhost=b.test upstream=192.0.2.8:80 us=404 rt=0.010'],
  );
  assert.deepEqual(
    bare.map((row) => told(row).slice(0, 3)),
    Array(3).fill(['upstream', 'b.test', 0.01]),
  );
});

test('a name whose values look like something else means something else: ua is the user agent then, us a country', () => {
  const lines = [1, 2].map(() => `${BEGINNING(404)} ua="Mozilla/5.0 (X11)" us="CA" rt=0.010`);
  assert.equal(namedValuesReader(lines), null);
  const agent = rows([404, 'ua="curl/8.1" us="404" rt=0.010'], [404, 'ua="curl/8.2" us="404" rt=0.010']);
  assert.deepEqual(
    agent.map(({ upstreams }) => upstreams),
    [[], []],
  );
});

test('a format with only a part of it does not make the proxy the maker of what it passed on', () => {
  const maker = (format: string, line: string) => namedReader(format)?.(line)?.maker;
  assert.equal(maker('$status $upstream_status', '404 404'), 'upstream');
  assert.equal(maker('$status $upstream_status', '404 -'), 'proxy');
  assert.equal(maker('$status $upstream_status', '200 502, 200'), 'upstream');
  assert.equal(maker('$status $upstream_addr', '404 192.0.2.8:80'), 'unknown');
  assert.equal(maker('$status $upstream_addr', '404 -'), 'proxy');
  assert.equal(maker('$status $upstream_addr', '499 192.0.2.8:80'), 'client');
});

test('what a caller writes into a value is none of the log’s own', () => {
  const forged = `"-" "x\\x22 us=\\x22200\\x22" host=a.test us=404 ua=192.0.2.8:80`;
  const read = rows([404, '"-" "curl" host=a.test us=404 ua=192.0.2.8:80'], [404, forged]);
  assert.deepEqual(
    read.map(({ upstreams }) => upstreams[0]?.status),
    [404, 404],
  );
});

test('lines of any kind are read or left, at once', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 300 }), { maxLength: 5 }), (rest) => {
      const lines = rest.map((text) => `${BEGINNING(200)} us="200" ${text}`);
      const reader = namedValuesReader(lines);
      for (const line of lines) reader?.(line);
    }),
  );
  const long = `${BEGINNING(200)} ${'us=200, '.repeat(50_000)}`;
  assert.equal(namedValuesReader([long]), null);
  assert.equal(namedValuesReader([`${BEGINNING(200)} ${'a=1 '.repeat(1_000)}us=200`]), null);
});
