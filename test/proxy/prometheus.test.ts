import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { expositionParser } from '../../proxy/adapters/metrics/exposition.ts';
import { type Sample, samples } from '../../proxy/adapters/metrics/prometheus.ts';

const fixture = (name: string): string => readFileSync(join(import.meta.dirname, '..', 'fixtures', name), 'utf8');

/** Every page here that a real server wrote. */
const PAGES = [
  'traefik/2.10.7/json.metrics.txt',
  'traefik/3.0.4/json.metrics.txt',
  'traefik/3.7.9/json.metrics.txt',
  'envoy/1.40.0/stats.prometheus.txt',
  'haproxy/2.6.12/metrics.txt',
  'ingress-nginx/06-after-traffic.prom',
];

const all = (): boolean => true;

function fed(chunks: Uint8Array[], wanted: (name: string) => boolean = all): Sample[] {
  const found: Sample[] = [];
  const parser = expositionParser(wanted, (line) =>
    found.push({ name: line.name, labels: line.labels(), value: line.value }),
  );
  for (const chunk of chunks) parser.feed(chunk);
  parser.end();
  return found;
}

const bytes = (text: string): Uint8Array => Buffer.from(text, 'utf8');

/** The plainest reading of a well-formed page, for comparison only. */
function plainly(page: string): Sample[] {
  return page.split('\n').flatMap((line) => {
    const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
    const text = match?.[3];
    if (!match || text === undefined || text === 'NaN') return [];
    const labels = [...(match[2] ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, value]) => [key, value]);
    const value = text === '+Inf' ? Number.POSITIVE_INFINITY : Number(text);
    return [{ name: match[1] as string, labels: Object.fromEntries(labels), value }];
  });
}

test('pages of real servers, read as a plain reading has them', () => {
  for (const name of PAGES) {
    const page = fixture(name);
    const read = fed([bytes(page)]);
    assert.ok(read.length > 100, name);
    assert.deepEqual(read, plainly(page), name);
    assert.deepEqual([...samples(page, all)], read, name);
  }
});

test('chunks may be cut anywhere, in the middle of a character too', () => {
  const page = bytes(
    '# HELP a ü\na{x="grün",y="日本\\n\\"\\\\"} 1\nb_bucket{le="+Inf"} 2 # {trace_id="z"} 0.5 1\r\n\nc 3 1395066363000\nd{} 4',
  );
  const whole = fed([page]);
  assert.deepEqual(
    whole.map((s) => [s.name, s.labels, s.value]),
    [
      ['a', { x: 'grün', y: '日本\n"\\' }, 1],
      ['b_bucket', { le: '+Inf' }, 2],
      ['c', {}, 3],
      ['d', {}, 4],
    ],
  );
  for (let at = 0; at <= page.length; at++)
    assert.deepEqual(fed([page.subarray(0, at), page.subarray(at)]), whole, `cut at ${at}`);
});

test('what one writes, one reads: any label value, cut into any chunks', () => {
  const quoted = (text: string): string => text.replace(/[\\"\n]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`));
  const name = fc.stringMatching(/^[a-zA-Z_:][a-zA-Z0-9_:]{0,20}$/);
  const label = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,10}$/);
  const text = fc.string({ unit: 'grapheme', maxLength: 40 });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(name, fc.dictionary(label, text, { maxKeys: 5 }), fc.double({ noNaN: true })), {
        maxLength: 12,
      }),
      fc.integer({ min: 1, max: 50 }),
      (rows, step) => {
        const page = bytes(
          rows
            .map(([n, labels, value]) => {
              const parts = Object.entries(labels).map(([key, one]) => `${key}="${quoted(one)}"`);
              const number = Number.isFinite(value) ? String(value) : value > 0 ? '+Inf' : '-Inf';
              return `${n}{${parts.join(',')}} ${number}\n`;
            })
            .join(''),
        );
        const chunks = Array.from({ length: Math.ceil(page.length / step) }, (_, i) =>
          page.subarray(i * step, (i + 1) * step),
        );
        assert.deepEqual(
          fed(chunks).map((s) => [s.name, { ...s.labels }, s.value + 0]),
          rows.map(([n, labels, value]) => [n, { ...labels }, value + 0]),
        );
      },
    ),
    { numRuns: 200 },
  );
});

test('any bytes at all: no error, and only numbers come out', () => {
  const soup = fc.array(
    fc.oneof(
      fc.uint8Array({ maxLength: 30 }),
      fc
        .constantFrom('a', 'b{', 'x="', '"}', '\\', '{', '}', ',', '=', ' ', '\t', '\n', '\r', '1', 'NaN', '#')
        .map(bytes),
    ),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(soup, (chunks) => {
      for (const { name, value } of fed(chunks)) {
        assert.match(name, /^[\w:]+$/);
        assert.ok(!Number.isNaN(value));
      }
    }),
    { numRuns: 500 },
  );
});

test('odd pages: blanks, half lines, hostile names, duplicate labels, numbers of all kinds', () => {
  const rows: [string, [string, { [name: string]: string }, number][]][] = [
    [' \ta { x = "1" , } \t 2 ', [['a', { x: '1' }, 2]]],
    ['a{x="1"', []],
    ['a{x="1"}', []],
    ['a{x="1} 5', []],
    ['a{x="1\\"} 5', []],
    ['a{x=1} 5', []],
    ['a{="1"} 5', []],
    ['{"my.metric",x="1"} 5', []],
    ['a{x="1",x="2"} 5', [['a', { x: '1' }, 5]]],
    [
      'a NaN\nb nan\nc +Inf\nd -Inf\ne Inf',
      [
        ['c', {}, Infinity],
        ['d', {}, -Infinity],
        ['e', {}, Infinity],
      ],
    ],
    [
      'a 1e999\nb -0.5e-3\nc .5\nd 1_000\ne 0x',
      [
        ['a', {}, Infinity],
        ['b', {}, -0.0005],
        ['c', {}, 0.5],
      ],
    ],
    [
      'a 9007199254740993\nb 18446744073709551615',
      [
        ['a', {}, 9007199254740992],
        ['b', {}, 18446744073709552000],
      ],
    ],
    ['# EOF\na 1 # {} 2', [['a', {}, 1]]],
    [
      'aa 1\na 2\naaa 3\naa{} 4',
      [
        ['aa', {}, 1],
        ['a', {}, 2],
        ['aaa', {}, 3],
        ['aa', {}, 4],
      ],
    ],
  ];
  for (const [page, expected] of rows)
    assert.deepEqual(
      fed([bytes(page)]).map((s) => [s.name, s.labels, s.value]),
      expected,
      JSON.stringify(page),
    );
  const proto = fed([bytes('a{__proto__="x",constructor="y"} 1')])[0];
  assert.equal(Object.getPrototypeOf(proto?.labels), Object.prototype);
  assert.deepEqual(Object.entries(proto?.labels ?? {}).sort(), [
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ]);
  assert.equal(fed([Buffer.from('a{x="\xff\xfe"} 1', 'latin1')])[0]?.labels.x, '\ufffd\ufffd');
});

test('a value of a megabyte and a line without end are skipped; what comes after them is read', () => {
  const long = 'x'.repeat(1024 * 1024);
  const page = bytes(`a 1\nb{x="${long}"} 2\nc{x="${'y'.repeat(20_000)}"} 3\n${long}${long}\nd 4\n# ${long}\ne 5`);
  for (const step of [page.length, 65_536, 4_001]) {
    const chunks = Array.from({ length: Math.ceil(page.length / step) }, (_, i) =>
      page.subarray(i * step, (i + 1) * step),
    );
    const read = fed(chunks);
    assert.deepEqual(
      read.map((s) => s.name),
      ['a', 'c', 'd', 'e'],
    );
    assert.equal(read[1]?.labels.x?.length, 4096);
  }
});

test('memory stays flat: 64 MiB without a newline, then a million different values', () => {
  const parser = expositionParser(all, (line) => void line.label('x'));
  const chunk = Buffer.alloc(65_536, 'z');
  const before = process.memoryUsage();
  for (let i = 0; i < 1024; i++) parser.feed(chunk);
  parser.feed(Buffer.from('\n'));
  for (let i = 0; i < 1000; i++)
    parser.feed(
      Buffer.from(Array.from({ length: 1000 }, (_, j) => `a${i}_${j}{x="value-${i}-${j}"} 1\n`).join(''), 'latin1'),
    );
  parser.end();
  const after = process.memoryUsage();
  assert.ok(after.external + after.arrayBuffers - before.external - before.arrayBuffers < 32e6);
  assert.ok(after.heapUsed - before.heapUsed < 64e6, `${(after.heapUsed - before.heapUsed) / 1e6} MB`);
});

test('only wanted names are handed over, also where one name begins with the other', () => {
  const page = bytes('a_total 1\na 2\na_total{x="1"} 3\nb 4\na 5\n');
  assert.deepEqual(
    fed([page], (name) => name === 'a').map((s) => s.value),
    [2, 5],
  );
});
