import assert from 'node:assert/strict';
import test from 'node:test';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { readFrame, writeFrame } from '../../workers/recorder/frame.ts';
import { replay } from '../../workers/recorder/store.ts';
import { Writer } from '../../workers/recorder/varint.ts';
import { aSample } from '../proxy/history/samples.ts';

const window = { from: '2026-11-21T00:00:00.000Z', to: '2026-11-22T00:00:00.000Z' };
const id = Buffer.from(`${Date.parse('2026-11-21T12:00:00Z')}-0`);
const replayed = (...frames: Uint8Array[]) =>
  replay(
    [],
    frames.map((bytes) => [id, [Buffer.from('f'), Buffer.from(bytes)]]),
    window,
    15_000,
  );

/** A key frame whose parts are as we write them, and whose content is not. */
function frame(fresh: string, numbers: number[]): Buffer {
  const [head, body] = [new Writer(), new Writer()];
  head.varint(Buffer.byteLength(fresh));
  for (const one of numbers) body.varint(one);
  return Buffer.concat([
    Buffer.from([1, 1]),
    deflateRawSync(Buffer.concat([head.done(), Buffer.from(fresh), body.done()])),
  ]);
}
const series = (template: unknown, numbers = [2]): Buffer => frame(JSON.stringify([template, '1']), numbers);

test('frames that decode into something else than a sample are passed over', () => {
  const deep = `["",${'{"a":['.repeat(20_000)}1${']}'.repeat(20_000)}]`;
  for (const template of [
    'no JSON',
    'null',
    '5',
    deep,
    5,
    {},
    JSON.stringify(['', { o: { v: 1 } }]),
    JSON.stringify(['', { o: { ...aSample(0), requests: 5 } }]),
    JSON.stringify(['__proto__', { o: { polluted: 1 } }]),
  ])
    assert.equal(replayed(series(template)), null, String(template).slice(0, 60));
  assert.equal(({} as { polluted?: 1 }).polluted, undefined);
  const ours = writeFrame(null, aSample(Number(id.toString().split('-')[0]) / 1000)).bytes;
  assert.equal(
    replayed(series('no JSON'), ours)?.samples.length ?? 0,
    replayed(ours)?.samples.length ?? 0,
    'ours are still read',
  );
});

test('a few bytes that speak of billions of numbers are not believed', () => {
  const fresh = Array.from({ length: 40_000 }, (_, i) => (i % 2 ? '100000' : '["a",null]'));
  assert.equal(readFrame(null, frame(JSON.stringify(fresh), [0, 2e9])).is, 'unknown');
});

test('property: no bytes make a reading throw', () => {
  const ours = writeFrame(null, aSample(60)).bytes;
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.nat(ours.length - 1),
      fc.nat(255),
      fc.json(),
      (noise, at, byte, json) => {
        const bent = Uint8Array.from(ours);
        bent[at] = byte;
        replayed(noise, bent, Uint8Array.from([1, 1, ...noise]), series(json), frame(json, [...noise]));
      },
    ),
    { numRuns: 300 },
  );
});
