import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Judged, judge } from '../../../diagnostics/judge.ts';
import type { Case, Change, EvidenceRow, Path, Verdict } from '../../../diagnostics/types.ts';

interface Saved {
  expect: { answer: string; hop: string; cause: string };
  case: Case;
  path: Path;
  evidence: EvidenceRow[];
  changes: Change[];
}
const FOLDER = new URL('../../fixtures/cases/', import.meta.url);
const SAVED = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.json'))
  .map((name) => ({
    name: name.replace('.json', ''),
    saved: JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as Saved,
  }));

const judged = ({ case: triage, path, evidence, changes }: Saved, over: Partial<Judged> = {}): Verdict =>
  judge({ case: triage, path, evidence, changes, durationMs: 100, ...over });
const essence = (v: Verdict): object => ({
  answer: v.answer,
  hop: v.hop,
  cause: v.cause,
  confidence: v.confidence,
  because: [...v.because].sort(),
});

const blinded = (row: EvidenceRow): EvidenceRow => {
  const { data: _, ...rest } = row as EvidenceRow & { data?: unknown };
  return { ...rest, blind: { reason: 'deadline', detail: 'not finished within the time it had' } } as EvidenceRow;
};

/** How the first line of a finished case may begin (DESIGN 7). */
const BEGINNINGS: { [answer: string]: RegExp } = {
  ingress: /^(It is the ingress|Most likely the ingress)\b/,
  'not-ingress': /^(Not the ingress|Most likely not the ingress|Nothing wrong)\b/,
  inconclusive: /^Can't tell yet\b/,
};

test('real faults that were looked at: answer, hop and cause', async (t) => {
  for (const { name, saved } of SAVED) {
    await t.test(name, () => {
      const verdict = judged(saved);
      const { answer, hop, cause } = verdict;
      assert.deepEqual({ answer, hop, cause }, saved.expect, verdict.headline);
    });
  }
});

test('the shape of a verdict holds for each, and with any part of what was seen taken away', () => {
  for (const { name, saved } of SAVED) {
    fc.assert(
      fc.property(fc.subarray(saved.evidence), (evidence) => {
        const verdict = judged(saved, { evidence });
        assert.ok(verdict.confidence >= 0 && verdict.confidence <= 1, name);
        assert.ok(verdict.answer === 'inconclusive' || verdict.confidence >= 0.7, `${name}: ${verdict.headline}`);
        assert.match(verdict.headline, BEGINNINGS[verdict.answer] as RegExp, name);
        assert.equal(verdict.hop === null, verdict.answer === 'inconclusive', name);
        if (verdict.answer === 'inconclusive') assert.deepEqual([verdict.cause, verdict.because], [null, []]);
        else assert.ok(verdict.because.length > 0, `${name}: ${verdict.headline}`);
        assert.equal(verdict.answer === 'ingress', ['load-balancer', 'node', 'proxy'].includes(verdict.hop ?? ''));
        const codes = new Set(verdict.findings.map((f) => f.code));
        for (const code of verdict.because) assert.ok(codes.has(code), `${name} cites ${code}, which nobody found`);
        assert.ok(verdict.nextStep.length > 10 && verdict.durationMs === 100, name);
        for (const text of [verdict.headline, ...verdict.says, ...verdict.cleared, verdict.nextStep])
          assert.ok(!/undefined|NaN|\[object/.test(text), `${name}: ${text}`);
        for (const { hop } of verdict.ruledOut) assert.notEqual(hop, verdict.hop, name);
        assert.deepEqual(JSON.parse(JSON.stringify(verdict)), verdict, name);
      }),
      { numRuns: 40, seed: 7 },
    );
  }
});

test('same evidence, same verdict; the order of looks is nothing', () => {
  for (const { name, saved } of SAVED) {
    const first = judged(saved);
    assert.deepEqual(judged(structuredClone(saved)), first, name);
    fc.assert(
      fc.property(fc.shuffledSubarray(saved.evidence, { minLength: saved.evidence.length }), (evidence) => {
        assert.deepEqual(essence(judged(saved, { evidence })), essence(first), name);
      }),
      { numRuns: 30, seed: 7 },
    );
  }
});

test('the input of a judgement is not touched by it', () => {
  for (const { name, saved } of SAVED) {
    const before = JSON.stringify(saved);
    judged(saved);
    assert.equal(JSON.stringify(saved), before, name);
  }
});

/** Saved cases whose verdict still shifts when the one look that shows the fault is blind. */
const SHIFTING = new Set<string>([]);

test('blind widens and never shifts: what was not seen makes no other party guilty', async (t) => {
  for (const { name, saved } of SAVED.filter((one) => !SHIFTING.has(one.name))) {
    await t.test(name, () => {
      const { answer } = judged(saved);
      const flips = (rows: EvidenceRow[]): boolean =>
        ![answer, 'inconclusive'].includes(judged(saved, { evidence: rows }).answer);
      const checks = [...new Set(saved.evidence.map((row) => row.look.check))];
      for (const check of checks) {
        const rows = saved.evidence.map((row) => (row.look.check === check ? blinded(row) : row));
        assert.ok(!flips(rows), `${check} is blind: ${judged(saved, { evidence: rows }).headline}`);
      }
      fc.assert(
        fc.property(
          fc.array(fc.boolean(), { minLength: saved.evidence.length, maxLength: saved.evidence.length }),
          (mask) => {
            const rows = saved.evidence.map((row, i) => (mask[i] ? blinded(row) : row));
            assert.ok(!flips(rows), judged(saved, { evidence: rows }).headline);
          },
        ),
        { numRuns: 100, seed: 7 },
      );
    });
  }
});

test('everything blind: nobody is accused and nobody cleared', () => {
  for (const { name, saved } of SAVED) {
    const verdict = judged(saved, { evidence: saved.evidence.map(blinded) });
    assert.deepEqual(
      [verdict.answer, verdict.hop, verdict.cause, verdict.ruledOut],
      ['inconclusive', null, null, []],
      name,
    );
    assert.ok(verdict.confidence < 0.7 && verdict.blind.length > 0, name);
  }
});

test('a change nearby is context: it convicts nobody and clears nobody', () => {
  for (const { name, saved } of SAVED) {
    const at = (minutes: number): string => new Date(Date.parse(saved.case.at) - minutes * 60_000).toISOString();
    const changes: Change[] = [
      ...saved.path.hops.map((hop) => ({ at: at(2), kind: 'reload', object: hop.name, summary: 'reloaded' })),
      ...saved.path.hops.map((hop) => ({ at: at(4), kind: 'rollout', object: hop.name, summary: 'a new image' })),
    ];
    assert.deepEqual(essence(judged(saved, { changes })), essence(judged(saved, { changes: [] })), name);
    assert.ok(judged(saved, { changes }).timeline.length >= changes.length, name);
  }
});
