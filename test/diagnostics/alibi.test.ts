import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { judge } from '../../diagnostics/judge.ts';
import type { Verdict } from '../../diagnostics/types.ts';

const FOLDER = join(import.meta.dirname, 'golden');
const CASES = readdirSync(FOLDER).filter((name) => name.endsWith('.json.gz'));
type Kept = Parameters<typeof judge>[0];
const kept = (name: string): Kept => JSON.parse(gunzipSync(readFileSync(join(FOLDER, name))).toString()) as Kept;
const accusing = (one: Kept, suspect: string): Verdict =>
  judge({ ...one, case: { ...one.case, symptoms: { ...one.case.symptoms, suspects: [suspect] } } });
const CLEARED = / (It is not|Nothing that I saw speaks against) /;

test('whoever is convicted, or has more than a stray line against it, is never cleared by name', () => {
  for (const name of CASES) {
    const one = kept(name);
    for (const { hop, kind, name: named } of one.path.hops) {
      const verdict = accusing(one, kind);
      const against = verdict.findings.some(
        (f) => f.direction === 'implicates' && f.hop === hop && f.about.hop === named && !(Number(f.facts.count) < 3),
      );
      if (hop === verdict.hop || against || verdict.answer === 'inconclusive')
        assert.doesNotMatch(verdict.headline, CLEARED, `${name}: ${kind}`);
    }
  }
});

test('an accused proxy is cleared once, in the first line, and nothing else changes with the accusation', () => {
  const application = kept('app-errors.json.gz');
  const verdict = accusing(application, 'nginx');
  assert.match(verdict.headline, /^Not the ingress: .* It is not nginx\.$/);
  assert.deepEqual({ ...verdict, headline: '' }, { ...accusing(application, 'squid'), headline: '' });
  assert.doesNotMatch(accusing(application, 'squid').headline, CLEARED);
  assert.match(
    accusing(kept('lb-no-healthy-target.json.gz'), 'nginx').headline,
    /^It is the ingress: .* It is not nginx\.$/,
  );
});

test('what announces an address is not cleared of an address that nobody announces', () => {
  for (const name of ['vip-conflict.json.gz', 'vip-conflict.two-announcers.json.gz'])
    assert.doesNotMatch(accusing(kept(name), 'metallb').headline, CLEARED);
});
