import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ProxySample } from '../../diagnostics/io/proxy-sample.ts';
import { sampleOfPage } from '../../proxy/adapters/metrics/sample.ts';
import { OTHERS } from '../../proxy/history/scope.ts';
import { bounded } from '../../workers/recorder/bound.ts';
import { readFrame, resumed, type State, writeFrame, writeGap } from '../../workers/recorder/frame.ts';
import { Reader, readDifference, Writer, writeDifference } from '../../workers/recorder/varint.ts';
import { aSample, at, served } from '../proxy/history/samples.ts';

function sampleIn(before: State | null, bytes: Uint8Array): { sample: ProxySample; state: State } {
  const entry = readFrame(before, bytes);
  assert.equal(entry.is, 'sample');
  if (entry.is !== 'sample') throw new Error('no sample');
  const sample = entry.sample();
  assert.ok(sample);
  return { sample, state: entry.state };
}

/** A sample with something in every list. */
const full = (n: number): ProxySample =>
  aSample(n * 15, {
    clock: at(n * 15 + 1),
    requests: [
      ...served('shop@file', { 200: 100 * n, 502: n }),
      ...served(null, { 404: 3 }, { host: 'shop.example.test' }),
    ],
    latency: [
      {
        host: null,
        service: 'shop@file',
        endpoint: null,
        kind: 'total',
        seconds: 0.03125 * n,
        count: 10 * n,
        buckets: [
          [0.005, n],
          [0.1, 9 * n],
          [null, 10 * n],
        ],
      },
    ],
    endpoints: [
      {
        service: 'shop',
        endpoint: '10.0.0.1:80',
        up: n % 2 === 0,
        weight: 1.5,
        zone: null,
        connections: n > 1 ? n : null,
        inflight: 2,
        queued: 0,
        connectErrors: null,
        responseErrors: null,
        retries: 0,
      },
    ],
    tls: [{ version: 'TLS 1.3', cipher: null, count: 7 * n }],
    retries: [{ service: 'shop@file', count: n }],
    reloads: { ok: n, failed: 0, lastOk: true, lastAt: at(0), hash: '9.1e18' },
    process: {
      startedAt: at(-60),
      processes: 4,
      residentBytes: 1e8 + n,
      cpuSeconds: 0.25 * n,
      openFiles: 10,
      maxFiles: null,
    },
    certificates: [{ names: ['shop.example.test'], notAfter: '2027-01-01T00:00:00.000Z' }],
    cannotTell: [{ what: 'hosts', hint: 'an access log' }],
  });

test('what is written comes back: whole, as differences, and from a state that another process reads back', () => {
  let [written, read]: [State | null, State | null] = [null, null];
  for (let n = 1; n <= 6; n++) {
    // Every third frame is written by a process that has only what stands in Redis.
    if (n % 3 === 0 && read) written = resumed(read);
    const frame = writeFrame(written, full(n));
    const back = sampleIn(read, frame.bytes);
    assert.deepEqual(back.sample, full(n));
    [written, read] = [frame.state, back.state];
    if (n > 3) assert.ok(frame.bytes.length < 120, `${frame.bytes.length} bytes for a few numbers`);
  }
});

test('samples of real pages come back, but for 10 µs in sums of seconds', async () => {
  for (const file of [
    'ingress-nginx/06-after-traffic.prom',
    'traefik/3.7.9/json.metrics.txt',
    'envoy/1.40.0/stats.prometheus.txt',
    'haproxy/2.6.12/metrics.txt',
  ]) {
    const text = readFileSync(new URL(`../fixtures/${file}`, import.meta.url), 'utf8');
    const page = { page: async () => text };
    const sample = await sampleOfPage('http://127.0.0.1:9100/metrics', page, AbortSignal.timeout(5000));
    assert.ok(sample.requests.length > 0, file);
    const rounded = JSON.parse(JSON.stringify(sample), (key, value) =>
      /seconds$/i.test(key) && typeof value === 'number' ? Math.round(value * 1e5) / 1e5 : value,
    );
    const whole = writeFrame(null, sample);
    assert.deepEqual(sampleIn(null, whole.bytes).sample, rounded, file);
    assert.ok(whole.bytes.length < JSON.stringify(sample).length / 2, `${file}: ${whole.bytes.length} bytes`);
  }
});

test('a series that goes away and comes back is away in between', () => {
  const first = writeFrame(null, aSample(0, { requests: served('a', { 200: 5, 500: 1 }) }));
  const second = writeFrame(first.state, aSample(15, { requests: served('a', { 200: 6 }) }));
  const third = writeFrame(second.state, aSample(30, { requests: served('a', { 200: 7, 500: 0 }) }));
  const one = sampleIn(null, first.bytes);
  const two = sampleIn(one.state, second.bytes);
  const three = sampleIn(two.state, third.bytes);
  assert.deepEqual(
    two.sample.requests.map((row) => row.count),
    [6],
  );
  assert.deepEqual(
    three.sample.requests.map((row) => [row.status, row.count]),
    [
      ['200', 7],
      ['500', 0],
    ],
  );
});

test('entries of a newer version, cut ones and bytes of nobody are unknown, and never throw', () => {
  const { bytes } = writeFrame(null, full(1));
  assert.equal(readFrame(null, Buffer.concat([Buffer.from([2]), bytes.subarray(1)])).is, 'unknown');
  assert.equal(readFrame(null, bytes.subarray(0, bytes.length >> 1)).is, 'unknown');
  const delta = writeFrame(writeFrame(null, full(1)).state, full(2)).bytes;
  assert.equal(readFrame(null, delta).is, 'unknown', 'a difference from something that is not there');
  assert.deepEqual(readFrame(null, writeGap('refused')), { is: 'gap', why: 'refused' });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (noise, ours) => {
      const entry = readFrame(null, ours ? Buffer.concat([Buffer.from([1, 1]), noise]) : noise);
      if (entry.is === 'sample') entry.sample();
    }),
  );
});

test('any whole numbers survive as differences', () => {
  const numbers = fc.array(fc.integer({ min: -(2 ** 50), max: 2 ** 50 }), { minLength: 0, maxLength: 40 });
  fc.assert(
    fc.property(numbers, numbers, (before, after) => {
      const writer = new Writer();
      writeDifference(writer, before, after);
      const back = readDifference(new Reader(writer.done()), before, after.length);
      // Differences beyond 2^51 are cut: no counter of a proxy moves that far in one step.
      if (after.every((n, i) => Math.abs(n - (before[i] ?? 0)) < 2 ** 51)) assert.deepEqual(back, after);
    }),
  );
});

test('a page with a million names keeps the busiest, sums the rest, says so, and keeps to its choice', () => {
  const page = (n: number) =>
    aSample(n * 15, {
      requests: Array.from({ length: 5000 }, (_, i) => served(`s${i}`, { 200: i + n })).flat(),
    });
  const first = bounded(page(1), null, { requests: 100 });
  assert.equal(first.sample.requests.length, 101);
  const sum = (one: ProxySample) => one.requests.reduce((total, row) => total + row.count, 0);
  assert.equal(sum(first.sample), sum(page(1)));
  assert.equal(first.sample.requests.at(-1)?.service, OTHERS);
  assert.match(first.sample.cannotTell[0]?.what ?? '', /^4900 of 5000 series/);
  // Another order of traffic: the choice stays, so that differences stay differences.
  const turned = page(2);
  for (const row of turned.requests) row.count = 10_000 - row.count;
  const second = bounded(turned, first.sample, { requests: 100 });
  assert.equal(second.brokenOff, false);
  assert.deepEqual(
    second.sample.requests.map((row) => row.service).sort(),
    first.sample.requests.map((row) => row.service).sort(),
  );
  // Most of the chosen are gone: the new choice says that it cannot be compared.
  const other = page(3);
  other.requests = other.requests.filter((row) => Number(row.service?.slice(1)) < 4000);
  assert.equal(bounded(other, second.sample, { requests: 100 }).brokenOff, true);
});

test('names of a hostile length are cut', () => {
  const long = bounded(aSample(0, { requests: served('x'.repeat(1_000_000), { 200: 1 }) }), null);
  assert.equal(long.sample.requests[0]?.service?.length, 300);
});
