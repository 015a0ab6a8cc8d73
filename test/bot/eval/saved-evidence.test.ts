import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { judgeAgain, readRun, saveRun } from '../../../bot/eval/saved.ts';
import { scoreMasked, scoreOne } from '../../../bot/eval/score.ts';
import { biteOfCodes, causesWithoutTeeth, teethOf, variantsOf } from '../../../bot/eval/teeth.ts';
import { unseen } from '../../../bot/eval/unseen.ts';
import { VARIANTS } from '../../../bot/eval/variants.ts';
import { codesNamedIn, weightOfCodes } from '../../../bot/eval/weight.ts';
import { planLooks } from '../../../diagnostics/plan.ts';
import type { SavedCase } from '../../../diagnostics/types.ts';
import { keptCase } from './kept.ts';

const dir = mkdtempSync(join(tmpdir(), 'iti-saved-'));
after(() => rmSync(dir, { recursive: true }));

const appErrors = keptCase('app-errors');
const expired = keptCase('tls-certificate-expired');
const storm = keptCase('reload-storm');
const closing = keptCase('app-keepalive-shorter');
const variant = (name: string, saved: SavedCase): SavedCase | null =>
  VARIANTS.find((one) => one.name === name)?.of(saved) ?? assert.fail(`no variant ${name} of ${saved.case.id}`);

test('a run is kept and judged again by the code of today', async () => {
  const stale = { ...appErrors.saved, verdict: { ...appErrors.saved.verdict, cause: 'lb-slow', durationMs: 77 } };
  await saveRun(dir, appErrors.incident, { saved: stale, durationMs: 99 });
  const run = await readRun(dir, appErrors.incident);
  assert.deepEqual([run?.durationMs, run?.saved.verdict.cause, run?.saved.verdict.durationMs], [99, 'app-errors', 77]);
  assert.deepEqual(run?.saved.evidence, appErrors.saved.evidence);
  assert.equal(await readRun(dir, expired.incident), null, 'nothing was kept of it');
});

test('a name with slashes stays in the folder, a file that cannot be read names itself', async () => {
  const strange = { ...appErrors.incident, id: '../a b' };
  await saveRun(dir, strange, { saved: appErrors.saved, durationMs: 1 });
  assert.equal((await readRun(dir, strange))?.durationMs, 1);
  for (const content of [Buffer.from('no gzip'), gzipSync('no JSON'), gzipSync('{}')]) {
    const broken = { ...appErrors.incident, id: 'broken' };
    writeFileSync(join(dir, 'broken.json.gz'), content);
    await assert.rejects(readRun(dir, broken), /broken\.json\.gz/);
  }
});

test('a variant changes what it names and nothing else, and leaves the evidence that it was made from alone', () => {
  const before = JSON.stringify(storm.saved);
  const looks = (saved: SavedCase | null) => saved?.evidence.map(({ look }) => look);
  const blinded = variant('the look tls is blind', storm.saved);
  assert.deepEqual(looks(blinded), looks(storm.saved));
  const changed = blinded?.evidence.filter((row, i) => row !== storm.saved.evidence[i]) ?? [];
  assert.ok(changed.length > 0 && changed.every((row) => row.look.check === 'tls' && row.blind && !('data' in row)));
  const half = variant('half of the looks blind (1)', storm.saved);
  const dark = half?.evidence.filter((row) => row.blind).length ?? 0;
  assert.ok(dark > storm.saved.evidence.length / 4 && dark < storm.saved.evidence.length, `${dark} blind`);
  assert.deepEqual(half, variant('half of the looks blind (1)', storm.saved), 'the same looks each time');
  assert.notDeepEqual(half, variant('half of the looks blind (2)', storm.saved));
  const accused = variant('the wrong proxy is accused', storm.saved);
  assert.ok(accused?.case.symptoms.suspects.every((kind) => !storm.saved.path.hops.some((hop) => hop.kind === kind)));
  assert.equal(variant('a reload and a deploy just before', storm.saved)?.changes.at(-1)?.kind, 'deploy');
  assert.equal(JSON.stringify(storm.saved), before);
});

test('without telemetry: only looks that would be made then, and the judge never sees what was taken away', () => {
  for (const { saved } of [appErrors, storm]) {
    const without = variant('without logs', saved) as SavedCase;
    assert.deepEqual(
      without.evidence.map(({ look }) => look.check).sort(),
      planLooks(without.case, without.path)
        .map(({ look }) => look.check)
        .sort(),
    );
    assert.ok(without.path.hops.every((hop) => hop.instances.every((one) => one.accessLog === null)));
    assert.ok(!judgeAgain(without).findings.some((finding) => finding.check === 'upstream-attribution'));
  }
  const bare = variant('without changes', {
    ...appErrors.saved,
    changes: [{ at: '', kind: 'a', object: 'b', summary: '' }],
  });
  assert.deepEqual(bare?.changes, []);
});

test('the reported time moves by so much, never into the time to come, and only where one was reported', () => {
  const since = '2026-11-21T10:00:00.000Z';
  const at = '2026-11-21T10:05:00.000Z';
  const timed = { ...storm.saved, case: { ...storm.saved.case, since, at } };
  const moved = (name: string, saved = timed): string | null | undefined => variant(name, saved)?.case.since;
  assert.equal(moved('reported 60 s too early'), '2026-11-21T09:59:00.000Z');
  assert.equal(moved('reported 60 s too late'), '2026-11-21T10:01:00.000Z');
  assert.equal(moved('reported 10 min too late'), '2026-11-21T10:04:50.000Z');
  const untimed = { ...timed, case: { ...timed.case, since: null } };
  assert.equal(VARIANTS.find((one) => one.name === 'reported 60 s too late')?.of(untimed), null);
});

test('variants of four real faults: none turns wrong', () => {
  for (const { incident, saved } of [appErrors, expired, storm, closing])
    for (const { name, of } of VARIANTS) {
      const changed = of(saved);
      if (changed === null) continue;
      const { outcome } = scoreMasked(scoreOne(incident, judgeAgain(changed), 0), name);
      assert.notEqual(outcome, 'wrong', `${incident.id}: ${name}`);
    }
});

test('without the rule of its cause a fault is unseen: the cause is not named, and nobody is accused instead', () => {
  const blindTo = unseen(expired.incident, expired.saved);
  assert.notEqual(blindTo?.verdict.cause, 'tls-certificate-expired');
  assert.notEqual(blindTo?.scored.outcome, 'wrong');
  assert.equal(blindTo?.scored.mask, 'no rule for tls-certificate-expired');
  const nothing = keptCase('no-fault-found');
  assert.equal(unseen(nothing.incident, nothing.saved), null, 'there is no rule to take out');
});

test('teeth: a code that convicts alone bites, one that is only said beside it does not, one that is nowhere is told', () => {
  const all = [expired, storm, closing];
  const bites = biteOfCodes(all, ['CERTIFICATE_EXPIRED', 'NAME_RESOLVES', 'NAME_MISSING']);
  const mine = (damage: string) => bites.find((bite) => bite.damage === damage);
  assert.deepEqual(mine('CERTIFICATE_EXPIRED')?.fails, [expired.incident.id]);
  assert.deepEqual(mine('NAME_RESOLVES')?.fails, []);
  assert.deepEqual(mine('NAME_MISSING'), { damage: 'NAME_MISSING', fails: [], seen: 0 });
  const misjudged = { ...expired, incident: { ...expired.incident, expect: storm.incident.expect } };
  assert.equal(biteOfCodes([misjudged], ['CERTIFICATE_EXPIRED'])[0]?.seen, 0, 'what is wrong anyhow shows nothing');
});

test('teeth: where two findings say the same, a variant without the other one shows what each is worth', () => {
  const crash = keptCase('proxy-restarting');
  const teeth = teethOf([crash], ['WORKERS_CRASH', 'WORKER_DIED', 'VIP_MOVED']);
  assert.deepEqual(teeth.bites, []);
  assert.deepEqual(teeth.inVariants.map((bite) => bite.damage).sort(), ['WORKERS_CRASH', 'WORKER_DIED']);
  assert.deepEqual([teeth.unnoticed, teeth.unseen.map((bite) => bite.damage)], [[], ['VIP_MOVED']]);
  assert.ok(variantsOf([crash]).every(({ incident }) => incident.id.startsWith(`${crash.incident.id}, `)));
});

test('teeth: two causes that no incident tells apart are named, and those that none has', () => {
  const apart = causesWithoutTeeth([expired, storm]);
  assert.deepEqual(apart.pairs, []);
  assert.ok(apart.never.includes('lb-slow') && !apart.never.includes('reload-storm'));
  const either = ['tls-certificate-expired', 'reload-storm'];
  const loose = [expired, storm].map(({ incident, saved }) => ({
    saved,
    incident: { ...incident, expect: { ...incident.expect, cause: either } },
  }));
  assert.deepEqual(causesWithoutTeeth(loose).pairs, ['tls-certificate-expired and reload-storm']);
});

test('a code has weight where a rule names it', async () => {
  const codes = new Set(['NAME_MISSING', 'LB']);
  assert.deepEqual(codesNamedIn("has('NAME_MISSING') || 'NAME_MISSING_NOT' // LB", codes), ['NAME_MISSING']);
  const { rules, keepsFromFine, notes } = await weightOfCodes();
  assert.ok(rules.includes('CERTIFICATE_EXPIRED') && notes.includes('NO_OVERFLOWS'));
  assert.equal(
    new Set([...rules, ...keepsFromFine, ...notes]).size,
    rules.length + keepsFromFine.length + notes.length,
  );
});
